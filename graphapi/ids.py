"""Parse root ids, and refuse values that cannot be one.

Root ids are about 5.8e17. They are exact in int64 but not in float64, so a float is refused even
if its value is whole: it may already be another neuron's id.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, Union

import numpy as np
import numpy.typing as npt

from graphapi.errors import InvalidRootIdError

if TYPE_CHECKING:
    import pandas as pd

IdArray: TypeAlias = npt.NDArray[np.int64]
#: Anything that names neurons by id.
RootIds: TypeAlias = Union[
    int, np.integer, str, Sequence[int], Sequence[str], Iterable[int], "pd.Series[int]", IdArray
]

#: Root ids up to this one are not neurons: 0 is background, 1 is CAVE's for not looked up yet.
UNRESOLVED = 1

_INT64_MAX = np.iinfo(np.int64).max
#: Characters of a wrong id, or bits of a number, that a message shows.
_MOST_SHOWN = 64
_MOST_DIGITS = len(str(_INT64_MAX))


def parse_root_ids(ids: object, *, what: str = "neuron ids") -> IdArray:
    """Convert integer-like ids of any kind to an array.

    Parameters
    ----------
    ids
        One id (int, numpy integer, decimal string) or any iterable of them: list, tuple,
        set, range, dict keys, numpy array, pandas Series or Index, Arrow array.
    what
        Name of the ids in the error message.

    Returns
    -------
    numpy.ndarray
        int64, in input order, with repeats. An empty iterable gives an empty array.

    Raises
    ------
    InvalidRootIdError
        A value is a float, a bool, missing, negative, zero, beyond int64 or not a number.

    Examples
    --------
    >>> parse_root_ids(["576460752773799604", 7])
    array([576460752773799604,                  7])
    """
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        return _checked(ids.ravel(), what)
    if hasattr(ids, "columns"):
        raise InvalidRootIdError(
            f"{what}: a whole table is not a list of ids", hint="pass one column: table['root_id']"
        )
    if isinstance(ids, (str, bytes, numbers.Number, np.generic)) or ids is None:
        values: list[object] = [ids]
    elif isinstance(ids, Iterable):
        values = list(ids)
    else:
        raise InvalidRootIdError(
            f"{what}: cannot read ids from {type(ids).__name__}",
            hint="pass an int, a string of digits, a list, an array, a Series or NeuronCriteria",
        )
    return np.array([_one(value, what) for value in values], dtype=np.int64)


def unique_ids(ids: IdArray) -> IdArray:
    """Return sorted ids without repeats."""
    return np.unique(ids)


def _checked(array: npt.NDArray[np.integer], what: str) -> IdArray:
    if array.size and (int(array.min()) <= 0 or int(array.max()) > _INT64_MAX):
        bad = int(array.min()) if int(array.min()) <= 0 else int(array.max())
        raise _refused(bad, what)
    return array.astype(np.int64)


def _one(value: object, what: str) -> int:
    if hasattr(value, "as_py"):  # an Arrow scalar
        value = value.as_py()
    if isinstance(value, (bool, np.bool_)):
        raise _refused(value, what)
    if isinstance(value, (int, np.integer)) or _is_digits(value) or _is_whole_decimal(value):
        number = int(value)
    else:
        raise _refused(value, what)
    if not 0 < number <= _INT64_MAX:
        raise _refused(value, what)
    return number


def _is_digits(value: object) -> TypeGuard[str]:
    if not isinstance(value, str):
        return False
    text = value.strip()
    return text.isascii() and text.isdigit() and len(text.lstrip("0")) <= _MOST_DIGITS


def _is_whole_decimal(value: object) -> TypeGuard[Decimal]:
    """Return whether a value is an exact, whole decimal, as some databases return ids."""
    return isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value()


def _refused(value: object, what: str) -> InvalidRootIdError:
    hint = "root ids are positive whole numbers below 2**63; 0 is background, not a neuron"
    if isinstance(value, (float, np.floating)):
        hint = (
            "a float cannot hold a root id exactly; keep ids as int64, "
            "for example df['root_id'].astype('int64') on the original column"
        )
    if not isinstance(value, (str, int, float, np.generic)) and value is not None:
        hint = "pass one id, a flat list, array or Series of ids, or NeuronCriteria by itself"
    return InvalidRootIdError(
        f"{what}: {_shown(value)} ({type(value).__name__}) is not an id", hint=hint
    )


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > _MOST_SHOWN:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
