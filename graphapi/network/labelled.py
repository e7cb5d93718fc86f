"""Count which cell classes take which role in which motif."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphapi.common.threads import worker_count
from graphapi.errors import InputError
from graphapi.network.census import role_table
from graphapi.network.labels import Labels
from graphapi.network.neighbours import Neighbours, UpwardLists, seen_from_other
from graphapi.network.triads import CONNECTED, NAMES, ROLES, TRIADS, codes, pair_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from graphapi.common.threads import Stop
    from graphapi.network.graph import DirectedGraph

    Ints = npt.NDArray[np.int64]

#: With more labels than this, a table of labels in three places is too large to be of use.
MAX_LABELS = 100
_CLOSED = tuple(k for k, triad in enumerate(TRIADS) if triad.closed)


def label_roles(
    graph: DirectedGraph,
    labels: Mapping[int, Any] | pd.Series[Any],
    *,
    stop: Stop | None = None,
) -> pd.DataFrame:
    """Count how often the neurons of each label take each role of the 13 connected classes.

    Parameters
    ----------
    graph
        Any graph.
    labels
        Labels by root id; see `Labels.of`. Any number of them.
    stop
        See `triad_census`.

    Returns
    -------
    pandas.DataFrame
        int64; index `label`, sorted; columns a MultiIndex `triad`, `role`. A column adds up to
        the census of its class, times the number of places with that role.
    """
    import pandas as pd

    groups = Labels.of(graph, labels)
    table = role_table(graph, stop=stop)
    summed = np.zeros((len(groups.names), len(ROLES)), dtype=np.int64)
    np.add.at(summed, groups.code, table)
    kept = [k for k, (name, _) in enumerate(ROLES) if name in CONNECTED]
    return pd.DataFrame(
        summed[:, kept],
        index=pd.Index(groups.names, name="label"),
        columns=pd.MultiIndex.from_tuples([ROLES[k] for k in kept], names=["triad", "role"]),
    )


def labelled_census(
    graph: DirectedGraph,
    labels: Mapping[int, Any] | pd.Series[Any],
    *,
    workers: int | None = None,
    stop: Stop | None = None,
) -> pd.DataFrame:
    """Count the connected triads of each class by the labels of all three neurons.

    Parameters
    ----------
    graph
        Any graph.
    labels
        Labels by root id; see `Labels.of`. At most `MAX_LABELS` different ones.
    workers, stop
        See `triad_census`.

    Returns
    -------
    pandas.DataFrame
        `triad`, `label_0`, `label_1`, `label_2`, `count` (int64), the most frequent first. Label
        k is that of the neuron at place k of the class (`TRIADS` names the roles); labels of
        interchangeable places are sorted. Combinations that do not occur are left out.

    Raises
    ------
    InputError
        There are too many labels.
    """
    groups = Labels.of(graph, labels)
    if len(groups.names) > MAX_LABELS:
        raise InputError(
            f"labels: {len(groups.names)} different ones, at most {MAX_LABELS} can be combined",
            hint="use coarser labels, or label_roles, which takes any number",
        )
    lists = Neighbours.of(graph)
    triangles = _triangles(lists, groups, worker_count(workers), stop)
    wedges = _wedges(lists, groups)
    closed = [_wedge_within(triangles, p) for p in range(3)]
    table = _Tally.joined([triangles, wedges, *closed], len(groups.names))
    return table.to_frame(groups.names)


class _Tally:
    """Counts by class and three labels, as rows of arrays."""

    def __init__(self, triad: Ints, labels: Ints, count: Ints) -> None:
        self.triad, self.labels, self.count = triad, labels, count

    @classmethod
    def joined(cls, parts: list[_Tally], size: int) -> _Tally:
        """Add up parts, equal combinations as one."""
        triad = np.concatenate([part.triad for part in parts])
        labels = np.concatenate([part.labels for part in parts])
        count = np.concatenate([part.count for part in parts])
        keys, rows = np.unique(_keys(triad, labels, size), return_inverse=True)
        total = np.zeros(keys.size, dtype=np.int64)
        np.add.at(total, rows, count)
        keys, total = keys[total != 0], total[total != 0]
        digits = np.column_stack([keys // size**2 % size, keys // size % size, keys % size])
        return cls(keys // size**3, digits, total)

    def to_frame(self, names: tuple[str, ...]) -> pd.DataFrame:
        import pandas as pd

        order = np.lexsort((*self.labels.T[::-1], self.triad, -self.count))
        texts = np.array(names, dtype=object)
        columns: dict[str, Any] = {"triad": np.array(NAMES, dtype=object)[self.triad[order]]}
        columns |= {f"label_{p}": texts[self.labels[order, p]] for p in range(3)}
        return pd.DataFrame(columns | {"count": self.count[order]})


def _keys(triad: Ints, labels: Ints, size: int) -> Ints:
    """Give each row a number; rows that a symmetry of the class makes equal have the same one."""
    best = np.full(triad.size, np.iinfo(np.int64).max)
    for order in permutations(range(3)):
        a, b, c = (labels[:, p] for p in order)
        key = ((triad * size + a) * size + b) * size + c
        keeps = np.array([_is_symmetry(each.edges, order) for each in TRIADS])[triad]
        best = np.where(keeps, np.minimum(best, key), best)
    return best


def _is_symmetry(edges: tuple[tuple[int, int], ...], order: tuple[int, ...]) -> bool:
    return {(order[a], order[b]) for a, b in edges} == set(edges)


def _triangles(lists: Neighbours, groups: Labels, workers: int, stop: Stop | None) -> _Tally:
    from graphapi.network.census_kernel import count_labelled

    up = UpwardLists.of(lists)
    label = groups.code[up.order]
    size = len(groups.names)
    place = np.zeros((64, 4), dtype=np.int64)
    for code in range(64):
        which = int(codes().triad[code])
        if which in _CLOSED:
            place[code] = [*codes().place[code], _CLOSED.index(which)]
    (found,) = up.each_piece(
        workers,
        lambda: (np.zeros((len(_CLOSED), size, size, size), dtype=np.int64),),
        lambda lo, hi, mark, mine: count_labelled(
            lo, hi, up.ptr, up.idx, up.code, label, place, mark, *mine
        ),
        stop,
    )
    triad, *three = np.nonzero(found)
    return _Tally(np.array(_CLOSED)[triad], np.column_stack(three), found[found != 0])


def _wedges(lists: Neighbours, groups: Labels) -> _Tally:
    """Count neurons with two of their partners, whether or not these are connected."""
    from scipy.sparse import csr_array

    size = len(groups.names)
    kind = (lists.code.astype(np.int64) - 1) * size + groups.code[lists.idx]
    ones = np.ones(kind.size, dtype=np.int64)
    partners = csr_array((ones, kind, lists.ptr), shape=(lists.n, 3 * size))
    partners.sum_duplicates()
    parts = []
    for centre in range(size):
        mine = partners[np.flatnonzero(groups.code == centre)]
        pairs = (mine.T @ mine).tocoo()
        one, other, count = pairs.row.astype(np.int64), pairs.col.astype(np.int64), pairs.data
        # These are ordered pairs of distinct partners: count each unordered pair once.
        own = np.asarray(mine.sum(axis=0), dtype=np.int64)
        count = np.where(one == other, (count - own[one]) // 2, count)
        kept = one <= other
        parts.append(_wedge_rows(one[kept], other[kept], count[kept], centre, size))
    return _Tally.joined(parts, size) if parts else _Tally(ones, np.empty((0, 3), int), ones)


def _wedge_rows(one: Ints, other: Ints, count: Ints, centre: int, size: int) -> _Tally:
    """Turn pairs of (kind, label) around a centre into classes with labels in their places."""
    turned = np.array([0, *(seen_from_other(kind) for kind in (1, 2, 3))])
    code = turned[one // size + 1] | (other // size + 1) << 2
    three = np.column_stack([one % size, np.full(one.size, centre), other % size])
    placed = np.take_along_axis(three, codes().place[code].astype(np.int64), axis=1)
    return _Tally(codes().triad[code].astype(np.int64), placed, count)


def _wedge_within(triangles: _Tally, centre: int) -> _Tally:
    """Return minus the wedges around one place of each triangle."""
    x, y = (p for p in range(3) if p != centre)
    code = np.array(
        [
            pair_type(triad.edges, x, centre) | pair_type(triad.edges, centre, y) << 2
            for triad in TRIADS
        ]
    )[triangles.triad]
    three = triangles.labels[:, [x, centre, y]]
    placed = np.take_along_axis(three, codes().place[code].astype(np.int64), axis=1)
    return _Tally(codes().triad[code].astype(np.int64), placed, -triangles.count)
