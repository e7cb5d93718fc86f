"""Find the neurons whose annotation rows match criteria.

Fields of one table must match in one of its rows, also if other tables have some of them. A
neuron's rows in different tables are independent of each other: each condition is about the rows
of the tables that have its field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphapi.graph.matching import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphapi.graph.annotations import AnnotationRows
    from graphapi.graph.matching import Mask, Rule
    from graphapi.ids import IdArray


def roots_matching(table: AnnotationRows, wanted: Mapping[str, object], rule: Rule) -> IdArray:
    """Return the annotated neurons that match criteria.

    Parameters
    ----------
    table
        The graph's annotation rows.
    wanted
        Annotation fields and what to match. A neuron that is annotated, but not by a table with
        these fields, counts as having a row without values there.
    rule
        How to compare.

    Returns
    -------
    numpy.ndarray
        Root ids, int64, sorted, without repeats.
    """
    roots = table.roots()
    groups: dict[str, dict[str, object]] = {}
    for name, value in wanted.items():
        groups.setdefault(table.sources[name], {})[name] = value
    # every row has the fields without a table, such as its root id
    fits = _fitting(table, groups.pop("", {}), rule, np.ones(len(roots), dtype=bool))
    found = np.unique(roots[fits])
    rows = {sources: table.rows_from(sources) for sources in groups}
    for sources, fields in groups.items():
        there = rows[sources]
        # what all these tables have, such as who wrote a row, is about these rows too
        everywhere = [groups[more] for more, own in rows.items() if not (there & ~own).any()]
        asked = {name: value for group in everywhere for name, value in group.items()}
        here = np.unique(roots[_fitting(table, asked, rule, there & fits)])
        if all(matches([None], value, rule, name).all() for name, value in fields.items()):
            here = np.union1d(here, np.setdiff1d(roots[fits], roots[there]))
        found = np.intersect1d(found, here)
    return found[found > 0]


def _fitting(table: AnnotationRows, fields: Mapping[str, object], rule: Rule, among: Mask) -> Mask:
    """Return which of some rows match all fields."""
    fits = among.copy()
    for name, value in fields.items():
        places, column = np.flatnonzero(fits), table.column(name)
        fits[places] = matches([column[i] for i in places.tolist()], value, rule, name)
    return fits
