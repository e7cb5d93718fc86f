"""The values of a field with their counts, and suggestions for misspelt values."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.graph.annotations import AnnotationRows
    from graphapi.ids import IdArray

#: Most values that a message lists.
_SHOWN = 12


class ValueCount(NamedTuple):
    """One value of a field, with its numbers of annotation rows and neurons."""

    value: object
    rows: int
    neurons: int


def count_values(table: AnnotationRows, roots: IdArray, name: str) -> list[ValueCount]:
    """Count the values of a field; each element of a list counts as a value.

    Parameters
    ----------
    table
        The graph's annotations.
    roots
        The root ids of all neurons, sorted; used for properties that a load computes.
    name
        A field that the graph has.

    Returns
    -------
    list of ValueCount
        Most neurons first, then by value as text. Annotation fields are counted over annotation
        rows, computed properties over neurons (`rows` then equals `neurons`).
    """
    in_rows = name in table.types
    values = table.column(name) if in_rows else table.neuron_column(name)
    owners = table.roots() if in_rows else roots
    if (table.types if in_rows else table.neuron_types)[name] == "string":
        return _sorted(_count_texts(values, owners))
    rows: Counter[object] = Counter()
    neurons: dict[object, set[int]] = {}
    for value, root in zip(values, owners.tolist(), strict=True):
        for element in set(_elements(value)):
            rows[element] += 1
            neurons.setdefault(element, set()).add(root)
    return _sorted([ValueCount(v, n, len(neurons[v] - {0})) for v, n in rows.items()])


def _count_texts(values: Sequence[object], owners: IdArray) -> list[ValueCount]:
    """Count texts, a whole column at a time; as `count_values` does one by one."""
    import pandas as pd

    codes, texts = pd.factorize(np.array(values, dtype=object))
    owned = np.flatnonzero((codes >= 0) & (owners != 0))
    pairs = pd.DataFrame({"code": codes[owned], "root": owners[owned]}).drop_duplicates()
    rows = np.bincount(codes[codes >= 0], minlength=len(texts))
    neurons = np.bincount(pairs["code"], minlength=len(texts))
    return [ValueCount(*each) for each in zip(texts, rows.tolist(), neurons.tolist(), strict=True)]


def _sorted(counts: list[ValueCount]) -> list[ValueCount]:
    return sorted(counts, key=lambda count: (-count.neurons, str(count.value)))


def near(wanted: object, counts: Sequence[ValueCount]) -> list[str]:
    """Return the values of a field that look like `wanted`, the closest first."""
    by_folded: dict[str, str] = {str(c.value).casefold(): str(c.value) for c in counts}
    asked = str(wanted).casefold()
    starts = [text for text in by_folded if asked and text.startswith(asked)]
    alike = difflib.get_close_matches(asked, by_folded, n=3, cutoff=0.6)
    return [by_folded[text] for text in dict.fromkeys([*starts[:3], *alike])]


def listed(counts: Sequence[ValueCount]) -> str:
    """Format values with their numbers of neurons, and the number of values not shown."""
    shown = ", ".join(f"{c.value} ({c.neurons:,})" for c in counts[:_SHOWN])
    rest = len(counts) - _SHOWN
    return shown + (f" and {rest:,} more" if rest > 0 else "")


def _elements(value: object) -> list[object]:
    if value is None:
        return []
    if isinstance(value, (list, tuple, np.ndarray)):
        return [element for element in value if element is not None]
    return [value]
