"""Effective connectivity over several hops, and the types of neurons that carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.ask.classes import CLASS, ClassQuestions
from graphapi.ask.paths import CutOffWarning
from graphapi.ask.signed import SignedReader
from graphapi.common.notices import notice
from graphapi.common.threads import Stop
from graphapi.errors import InputError
from graphapi.graph.results import MOST_DENSE_CELLS
from graphapi.graph.terms import Terms, check_count

if TYPE_CHECKING:
    import pandas as pd
    import scipy.sparse as sp

    from graphapi.graph.selection import Selection
    from graphapi.ids import IdArray
    from graphapi.network.labels import Labels
    from graphapi.network.signs import Signs


class EffectiveQuestions(ClassQuestions, SignedReader):
    """Questions about connectivity over several hops."""

    def get_effective_connectivity(
        self,
        pre_ids: object = None,
        post_ids: object = None,
        hops: int = 2,
        threshold: int = 1,
        *,
        signed: bool = False,
        signs: Signs | None = None,
        by: str | None = None,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """Return the effective connectivity from neurons to neurons, by hop and summed.

        The share of input of a connection is its weight divided by all synapses that the
        postsynaptic neuron receives at this threshold, from annotated neurons or others. Shares
        are multiplied along a walk and summed over all walks of that length, as in
        connectome_interpreter. The result is the share of a neuron's input that comes from
        another neuron that many hops upstream. Walks may visit a neuron twice.

        Parameters
        ----------
        pre_ids, post_ids
            Root ids or `NeuronCriteria`; None for all neurons. Or groups, as a dict from a name
            to root ids or criteria.
        hops
            Largest number of hops.
        threshold
            Smallest weight of a connection, in synapses, inclusive; applied before all else.
        signed, signs
            Give connections the sign of the presynaptic neuron, by a table that you choose; see
            `get_adjacency`. The shares are of all input, whatever its sign.
        by
            A property of neurons, such as `cell_class`, that groups both sides, except where a
            dict gives groups. Between groups, the value is the sum over the pre neurons and the
            mean over the post neurons: the share of an average post neuron's input.
        limit
            Largest number of rows; None for all. If there are more, a `CutOffWarning` is issued,
            and `.attrs` tell what was left out.

        Returns
        -------
        pandas.DataFrame
            `pre` and `post`; `pre_type` and `post_type` with `by`; `pre_group` and `post_group`
            for groups. Then `hop_1`, `hop_2`, and so on, and their sum `total`, float64. Pairs
            that are not connected have no row. The largest total first, then by pre and post.
            `.attrs` adds `threshold`, `hops`, `complete` and `left_out` (`rows` and `total`).

        Raises
        ------
        InputError
            The result would not fit in memory.
        UnknownFieldError
            Neurons have no property `by`.
        """
        from graphapi.network.effective import effective_by_hop
        from graphapi.network.passing import passed_on

        terms = Terms(threshold=threshold)
        check_count("hops", hops)
        if limit is not None:
            check_count("limit", limit)
        matrix, roots = self.whole.matrix(terms.threshold)
        of_neurons, told = self._signs_of_all(signed, signs)
        labels = None if by is None else self._labels_of_all(by)
        pre = self._side("pre", pre_ids, roots, labels, terms)
        post = self._side("post", post_ids, roots, labels, terms)
        if len(pre.names) * len(post.names) * hops > MOST_DENSE_CELLS // 8:
            raise InputError(
                f"{len(pre.names):,} x {len(post.names):,} pairs at {hops} hops do not fit in "
                "memory",
                hint="choose fewer neurons, or group them with by=",
            )
        shares = passed_on(matrix, "share_of_input", of_neurons)
        by_hop = effective_by_hop(shares, pre.sums(), post.means(), hops, Stop(self.timeout))
        frame = _pairs(np.stack(list(by_hop)), pre, post)
        total = float(frame["total"].sum())
        attrs = self._provenance(terms, *pre.selections, *post.selections).attrs()
        rows = len(frame)
        if limit is not None and rows > limit:
            frame = frame.head(limit)
            notice(
                f"there are {rows} pairs: these are the {limit} with the largest total, not all; "
                "raise limit",
                CutOffWarning,
            )
        left = {"rows": rows - len(frame), "total": total - float(frame["total"].sum())}
        attrs |= {**told, "threshold": terms.threshold, "hops": hops}
        frame.attrs = {**attrs, "complete": not left["rows"], "left_out": left}
        return frame

    def get_contributing_paths(
        self,
        pre_ids: object,
        post_ids: object,
        hops: int = 2,
        threshold: int = 1,
        *,
        signed: bool = False,
        signs: Signs | None = None,
        by: str = CLASS,
        limit: int = 20,
    ) -> pd.DataFrame:
        """Return the types of neurons that carry effective connectivity, as paths of types.

        All walks of neurons that pass through the same types are one path. The contributions of
        all paths add up to the effective connectivity from `pre_ids`, summed, to `post_ids`,
        averaged.

        Parameters
        ----------
        pre_ids, post_ids
            Root ids or `NeuronCriteria` where paths start and end.
        hops, threshold, signed, signs
            See `get_effective_connectivity`. Paths are sorted by the size of their contribution.
        by
            The property of neurons that is their type. Neurons without it are `Unknown`.
        limit
            Largest number of paths. They are exactly those that contribute most.

        Returns
        -------
        pandas.DataFrame
            `hops`, `path` (types from pre to post), `contribution` and `share` (of the effective
            connectivity over all hops together), the largest contribution first. `.attrs` adds
            `threshold`, `by`, `totals` (effective connectivity by number of hops), `complete`
            and `left_out`: the sum of the paths beyond `limit`.

        Raises
        ------
        UnknownFieldError
            Neurons have no property `by`.
        QueryTimeoutError
            The time limit was reached.
        """
        import pandas as pd

        from graphapi.network.effective import PathSearch
        from graphapi.network.passing import passed_on

        terms = Terms(threshold=threshold)
        check_count("hops", hops)
        check_count("limit", limit)
        labels = self._labels_of_all(by)
        pre = self._select(pre_ids, "pre_ids", terms)
        post = self._select(post_ids, "post_ids", terms)
        matrix, roots = self.whole.matrix(terms.threshold)
        of_neurons, told = self._signs_of_all(signed, signs)
        start, end = np.zeros(roots.size), np.zeros(roots.size)
        start[roots.searchsorted(pre.unique)] = 1
        end[roots.searchsorted(post.unique)] = 1 / max(1, post.unique.size)
        shares = passed_on(matrix, "share_of_input", of_neurons)
        stop = Stop(self.timeout)
        answer = PathSearch(shares, start, end, labels.code, hops, stop).strongest(limit)
        total = sum(answer.totals)
        values = np.array([path.contribution for path in answer.paths], dtype=np.float64)
        frame = pd.DataFrame(
            {
                "hops": np.array([len(path.groups) - 1 for path in answer.paths], dtype=np.int64),
                "path": pd.Series(
                    [[labels.names[k] for k in path.groups] for path in answer.paths],
                    dtype=object,
                ),
                "contribution": values,
                "share": values / total if total else values,
            }
        )
        frame.attrs = {
            **self._provenance(terms, pre, post).attrs(),
            **told,
            "threshold": terms.threshold,
            "by": by,
            "totals": dict(enumerate(answer.totals, 1)),
            "complete": answer.complete,
            "left_out": 0.0 if answer.complete else total - float(values.sum()),
        }
        return frame

    def _side(
        self, way: str, neuron_ids: object, roots: IdArray, labels: Labels | None, terms: Terms
    ) -> _Side:
        """Read the neurons or groups of one side."""
        if isinstance(neuron_ids, Mapping):
            groups = self._select_groups(neuron_ids, f"{way}_ids", terms)
            places = [roots.searchsorted(group.unique) for group in groups.values()]
            return _Side(
                f"{way}_group",
                np.array(list(groups), dtype=object),
                np.repeat(np.arange(len(places)), [part.size for part in places]),
                np.concatenate(places),
                roots.size,
                tuple(groups.values()),
            )
        selection = None
        chosen = np.arange(roots.size)
        if neuron_ids is not None:
            selection = self._select(neuron_ids, f"{way}_ids", terms)
            chosen = roots.searchsorted(selection.unique)
        if labels is None:
            row = np.arange(chosen.size)
            return _Side(way, roots[chosen], row, chosen, roots.size, (selection,))
        there, row = np.unique(labels.code[chosen], return_inverse=True)
        names = np.array(labels.names, dtype=object)[there]
        return _Side(f"{way}_type", names, row, chosen, roots.size, (selection,))


@dataclass(frozen=True)
class _Side:
    """The neurons or groups of one side.

    Attributes
    ----------
    column
        Name of the result's column.
    names
        Ids or names.
    row, place
        For each neuron of each group: the group's place in `names`, the neuron's among all.
    n
        Number of all neurons.
    selections
        What was selected, for the provenance.
    """

    column: str
    names: Any
    row: IdArray
    place: IdArray
    n: int
    selections: tuple[Selection | None, ...]

    def sums(self) -> sp.csr_array:
        """Return a matrix whose product is the sum over each group."""
        import scipy.sparse as sp

        ones = np.ones(self.row.size)
        return sp.csr_array((ones, (self.row, self.place)), shape=(len(self.names), self.n))

    def means(self) -> sp.csr_array:
        """Return a matrix whose product is the mean over each group."""
        import scipy.sparse as sp

        sizes = np.bincount(self.row, minlength=len(self.names))
        values = 1 / sizes[self.row]
        return sp.csr_array((values, (self.row, self.place)), shape=(len(self.names), self.n))


def _pairs(found: Any, pre: _Side, post: _Side) -> pd.DataFrame:
    """Return a row for each pair that is connected, the largest total first."""
    import pandas as pd

    rows, columns = np.nonzero((found != 0).any(axis=0))
    values = found[:, rows, columns]
    data = {pre.column: pre.names[rows], post.column: post.names[columns]}
    data |= {f"hop_{hop}": values[hop - 1] for hop in range(1, len(values) + 1)}
    data["total"] = values.sum(axis=0)
    frame = pd.DataFrame(data)
    return frame.iloc[np.argsort(-np.abs(data["total"]), kind="stable")].reset_index(drop=True)
