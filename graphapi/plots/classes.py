"""Read the class of each neuron from a dict, a Series or annotation rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from graphapi.common.palette import UNKNOWN
from graphapi.errors import InputError
from graphapi.ids import parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    #: Root id -> class, a Series with root ids as index, or annotation rows.
    Classes = Mapping[int, str] | pd.Series[Any] | pd.DataFrame

#: Words for the values of common properties.
_WORDS = {"cell_class": "class", "super_class": "superclass", "cell_type": "type"}


def word_for(by: str) -> str:
    """Return the word for the values of a property: 'class', 'type', 'side', ..."""
    return _WORDS.get(by, by.replace("_", " "))


def read_classes(classes: Classes | None, by: str) -> dict[int, str]:
    """Read the class of each neuron.

    Parameters
    ----------
    classes
        A mapping from root id to class, a Series whose index is root ids, or annotation rows with
        the columns `root_id` and `by`; None for no classes.
    by
        The column with the class in annotation rows.

    Returns
    -------
    dict
        Class by root id, without neurons that have none. A neuron with several classes has all of
        them, sorted and joined by ' / ', because a figure cannot know which one is right.

    Raises
    ------
    InputError
        A column is missing, or the classes are none of these.
    """
    if classes is None:
        return {}
    found: dict[int, set[str]] = {}
    for root_id, name in _pairs(classes, by):
        if _is_known(name):
            found.setdefault(root_id, set()).add(str(name))
    return {root_id: " / ".join(sorted(names)) for root_id, names in found.items()}


def group_sorted(ids: Iterable[int], classes: Mapping[int, str]) -> list[tuple[str, list[int]]]:
    """Group ids by class: the largest first, then by name, unknown ones last; ids sorted."""
    groups: dict[str, list[int]] = {}
    for root_id in sorted(int(i) for i in ids):
        groups.setdefault(classes.get(root_id, UNKNOWN), []).append(root_id)
    return sorted(groups.items(), key=lambda item: (item[0] == UNKNOWN, -len(item[1]), item[0]))


def _pairs(classes: object, by: str) -> list[tuple[int, object]]:
    if isinstance(classes, pd.DataFrame):
        missing = [name for name in ("root_id", by) if name not in classes.columns]
        if missing:
            raise InputError(
                f"the classes lack the column(s) {', '.join(missing)}",
                hint=f"they have: {', '.join(map(str, classes.columns))}; choose one with by=",
            )
        known = classes[classes["root_id"].notna()]
        return list(zip(_ids(known["root_id"]), known[by].tolist(), strict=True))
    if isinstance(classes, pd.Series):
        return list(zip(_ids(classes.index), classes.tolist(), strict=True))
    if isinstance(classes, Mapping):
        return list(zip(_ids(list(classes)), classes.values(), strict=True))
    raise InputError(
        f"classes cannot be read from {type(classes).__name__}",
        hint="pass a dict or Series by root id, or annotation rows",
    )


def _ids(values: Any) -> list[int]:
    ids: list[int] = parse_root_ids(values, what="ids of the classes").tolist()
    return ids


def _is_known(name: object) -> bool:
    # Only NaN differs from itself.
    return name is not None and name == name and str(name).strip() != ""
