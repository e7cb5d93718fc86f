"""Values as JSON: ids are strings, because JSON numbers round them."""

from __future__ import annotations

import math
from typing import Any

#: Columns whose whole numbers are ids, whatever their size.
_ID_NAMES = frozenset(
    {"pre", "post", "id", "root_ids", "partner", "neuron", "source", "target", "other"}
)
#: JavaScript and many JSON readers round larger whole numbers.
SAFE_IN_JSON = 2**53


def is_id(name: str) -> bool:
    """Return whether a column of this name holds ids."""
    return name in _ID_NAMES or name.endswith("_id")


def cell(value: Any, *, ids: bool = False) -> Any:
    """Return one value as JSON: ids and large whole numbers as strings, missing ones as null."""
    import numpy as np
    import pandas as pd

    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (list, tuple, np.ndarray)):
        return [cell(element, ids=ids) for element in value]
    if isinstance(value, dict):
        return {str(name): cell(one, ids=is_id(str(name))) for name, one in value.items()}
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value) if ids or abs(value) > SAFE_IN_JSON else value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return str(value) if math.isinf(value) else value
    return str(value)
