"""Answer MATCH by the calls and query files of `graphapi`; values are parameters."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from graphapi.errors import InputError
from graphapi.serve.neuprint.frame import Edges, Frame, Nodes, Path
from graphapi.serve.neuprint.neurons import MOST_LISTED
from graphapi.serve.neuprint.trails import Trails
from graphapi.serve.neuprint.tree import (
    Call,
    Comprehension,
    NotUnderstoodError,
    Operation,
    Property,
    Variable,
    both,
    conjuncts,
    names_in,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.common.threads import Stop
    from graphapi.ids import IdArray
    from graphapi.serve.neuprint.evaluate import Evaluator
    from graphapi.serve.neuprint.tree import Edge, Expression, Match, Node, Pattern

_NEURONS = frozenset(("Neuron", "Segment", "Cell"))
_CONNECTS = "ConnectsTo"


class NotHereError(InputError):
    """The query is about something that the graph does not have."""


class Matcher:
    """Answers MATCH clauses of one query."""

    def __init__(self, evaluator: Evaluator, meta: dict[str, Any], stop: Stop) -> None:
        self._evaluator, self._meta, self._stop = evaluator, meta, stop
        self._connectome = evaluator.table.connectome
        self._anonymous = itertools.count()

    def match(self, frame: Frame, clause: Match, later: Sequence[Expression]) -> Frame:
        """Return the rows with those that a MATCH finds for them.

        Parameters
        ----------
        frame
            The rows so far.
        clause
            The MATCH.
        later
            Conditions that are applied to the result anyway: neurons and connections that cannot
            meet them need not be fetched.
        """
        where = clause.where
        patterns = []
        for pattern in clause.patterns:
            named, inline = self._named(pattern)
            patterns.append(named)
            where = both(where, inline)
        conditions = [*conjuncts(where), *later]
        for pattern in patterns:
            self._stop.check()
            frame = self._pattern(frame, pattern, conditions)
        return frame if where is None else frame.where(self._evaluator.values(where, frame))

    def _named(self, pattern: Pattern) -> tuple[Pattern, Expression | None]:
        """Give names to all parts of a pattern, and take out its `{name: value}`."""
        from dataclasses import replace

        inline: Expression | None = None
        nodes = []
        for node in pattern.nodes:
            name = node.name or f" {next(self._anonymous)}"
            for key, value in node.properties:
                inline = both(inline, Operation("=", (Property(Variable(name), key), value)))
            nodes.append(replace(node, name=name, properties=()))
        edges = [
            replace(edge, name=edge.name or f" {next(self._anonymous)}") for edge in pattern.edges
        ]
        return replace(pattern, nodes=tuple(nodes), edges=tuple(edges)), inline

    def _pattern(self, frame: Frame, pattern: Pattern, conditions: list[Expression]) -> Frame:
        for node in pattern.nodes:
            _check_labels(node)
        for edge in pattern.edges:
            _check_type(edge)
        if not pattern.edges and not pattern.name:
            return self._node(frame, pattern.nodes[0], conditions)
        if len(pattern.edges) != 1:
            raise NotUnderstoodError("a pattern has more than one relationship")
        if pattern.finder or pattern.edges[0].varies:
            return self._paths(frame, pattern, conditions)
        if pattern.name:
            raise NotUnderstoodError("a path of one relationship")
        return self._edge(frame, pattern, conditions)

    def _node(self, frame: Frame, node: Node, conditions: list[Expression]) -> Frame:
        if node.name in frame.columns:
            return frame
        if node.labels == ("Meta",):
            return frame.and_({node.name: [self._meta] * frame.size})
        if not node.labels:
            raise NotUnderstoodError("a node has no label")
        ids = self._candidates(frame, node.name, conditions)
        ids = self._connectome.root_ids() if ids is None else ids
        rows = np.repeat(np.arange(frame.size), len(ids))
        return frame.take(rows).and_({node.name: Nodes(np.tile(ids, frame.size))})

    def _edge(self, frame: Frame, pattern: Pattern, conditions: list[Expression]) -> Frame:
        import pandas as pd

        edge = pattern.edges[0]
        first, second = (node.name for node in pattern.nodes)
        pre, post = (first, second) if edge.forward else (second, first)
        ends = [self._end(frame, name, conditions) for name in (pre, post)]
        found = self._fetch(ends[0], ends[1], self._threshold(frame, edge.name, conditions))
        bound = [
            (name, side) for name, side in ((pre, "pre"), (post, "post")) if name in frame.columns
        ]
        if not bound:
            rows = np.repeat(np.arange(frame.size), len(found))
            every = np.tile(np.arange(len(found)), frame.size)
            made = found.take(every)
        else:
            have = pd.DataFrame(
                {side: cast("Nodes", frame.columns[name]).ids for name, side in bound}
            )
            have["row"] = np.arange(frame.size)
            got = pd.DataFrame({"pre": found.pre, "post": found.post, "weight": found.weight})
            joined = have.merge(got, on=[side for _, side in bound])
            rows = joined["row"].to_numpy()
            made = Edges(*(joined[name].to_numpy() for name in ("pre", "post", "weight")))
        return frame.take(rows).and_(
            {pre: Nodes(made.pre), post: Nodes(made.post), edge.name: made}
        )

    def _end(self, frame: Frame, name: str, conditions: list[Expression]) -> IdArray | None:
        """Return the neurons that can be at one end; None for all."""
        bound = frame.columns.get(name)
        if bound is None:
            return self._candidates(frame, name, conditions)
        if not isinstance(bound, Nodes):
            raise NotUnderstoodError(f"{name} is not a neuron")
        return np.unique(bound.ids)

    def _fetch(self, pre: IdArray | None, post: IdArray | None, threshold: int) -> Edges:
        sides = [None if one is None or len(one) > MOST_LISTED else one for one in (pre, post)]
        if any(one is not None and not len(one) for one in (pre, post)):
            nothing = np.array([], dtype=np.int64)
            return Edges(nothing, nothing, nothing)
        if sides[0] is None and sides[1] is None:
            matrix, roots = self._connectome.whole.matrix(threshold)
            found = Edges(roots.repeat(np.diff(matrix.indptr)), roots[matrix.indices], matrix.data)
        else:
            table = self._connectome.get_adjacency(
                sides[0], sides[1], threshold, update_ids=False, form="arrow"
            )
            found = Edges(*(table.column(name).to_numpy() for name in ("pre", "post", "weight")))
        for ids, side in ((pre, "pre"), (post, "post")):
            if ids is not None and len(ids) > MOST_LISTED:
                found = found.take(np.flatnonzero(np.isin(getattr(found, side), ids)))
        return found

    def _threshold(self, frame: Frame, edge: str, conditions: list[Expression]) -> int:
        """Return the smallest weight that the conditions allow."""
        weight = Property(Variable(edge), "weight")
        return max([1, *(self._least(one, weight, frame) for one in conditions)])

    def _least(self, condition: Expression, weight: Property, frame: Frame) -> int:
        if isinstance(condition, Operation) and condition.sign in (">=", ">"):
            left, right = condition.operands
            if left == weight and not names_in(right) and frame.size:
                value = self._evaluator.values(right, _first(frame))[0]
                if isinstance(value, int) and not isinstance(value, bool):
                    return min(value + (condition.sign == ">"), 2**62)
        return 1

    def _candidates(self, frame: Frame, name: str, conditions: list[Expression]) -> IdArray | None:
        """Return the neurons that meet the conditions on them alone; None for all."""
        fixed = _first(frame) if frame.size == 1 else Frame({}, 1)
        known = {n for n, c in fixed.columns.items() if isinstance(c, list)}
        alone = [
            one for one in conditions if name in names_in(one) and names_in(one) <= {name, *known}
        ]
        if not alone:
            return None
        ids = self._connectome.root_ids()
        for one in alone:
            wanted = self._wanted_ids(one, name, fixed)
            if wanted is not None:
                ids = ids[np.isin(ids, wanted)]
        constants = {n: c * len(ids) for n, c in fixed.columns.items() if isinstance(c, list)}
        rows = Frame({**constants, name: Nodes(ids)}, len(ids))
        for one in alone:
            self._stop.check()
            rows = rows.where(self._evaluator.values(one, rows))
        return cast("Nodes", rows.columns[name]).ids

    def _wanted_ids(self, condition: Expression, name: str, fixed: Frame) -> IdArray | None:
        """Return the ids that `n.bodyId = 1` or `n.bodyId IN [1, 2]` asks for."""
        if not isinstance(condition, Operation) or condition.sign not in ("=", "IN"):
            return None
        left, right = condition.operands
        if left != Property(Variable(name), "bodyId") or name in names_in(right):
            return None
        value = self._evaluator.values(right, fixed)[0]
        listed = value if condition.sign == "IN" else [value]
        if not isinstance(listed, list):
            return None
        whole = [v for v in listed if type(v) is int and 0 <= v < 2**63]
        if any(isinstance(v, float) for v in listed):
            raise InputError(
                "a bodyId is written as a float, which represents several ids",
                hint="write it as a whole number",
            )
        return np.array(whole, dtype=np.int64)

    def _paths(self, frame: Frame, pattern: Pattern, conditions: list[Expression]) -> Frame:
        edge = pattern.edges[0]
        about = [one for one in conditions if pattern.name in names_in(one)]
        threshold, rest = 1, 0
        allowed: list[Comprehension] = []
        for one in about:
            kind = _universal(one, pattern.name)
            if kind == "nodes":
                allowed.append(cast("Comprehension", one))
            elif kind == "relationships":
                threshold = max(threshold, self._path_threshold(cast("Comprehension", one), frame))
            else:
                rest += 1
        if pattern.finder and rest:
            raise NotUnderstoodError("a condition on a shortest path as a whole")
        matrix, roots = self._connectome.whole.matrix(threshold)
        trails = Trails(matrix, roots, self._allowed(allowed, roots, frame), self._stop)
        names = [node.name for node in pattern.nodes]
        pre, post = names if edge.forward else names[::-1]
        frame = self._bound(self._bound(frame, pre, conditions), post, conditions)
        rows: list[int] = []
        paths: list[Path] = []
        ends = zip(
            *(cast("Nodes", frame.columns[n]).ids.tolist() for n in (pre, post)), strict=True
        )
        for row, (source, target) in enumerate(ends):
            if pattern.finder:
                found = trails.shortest(source, target, edge.most)
                found = found[:1] if pattern.finder == "shortestpath" else found
            else:
                found = trails.all(source, target, edge.least, edge.most)
            rows += [row] * len(found)
            paths += found
        made: list[Any] = list(paths)
        return frame.take(np.array(rows, dtype=np.int64)).and_({pattern.name or " p": made})

    def _bound(self, frame: Frame, name: str, conditions: list[Expression]) -> Frame:
        from graphapi.serve.neuprint.tree import Node

        return self._node(frame, Node(name, ("Neuron",)), conditions)

    def _path_threshold(self, condition: Comprehension, frame: Frame) -> int:
        weight = Property(Variable(condition.name), "weight")
        parts = conjuncts(condition.test)
        return max([1, *(self._least(one, weight, frame) for one in parts)])

    def _allowed(self, conditions: list[Comprehension], roots: IdArray, frame: Frame) -> Any:
        """Return which neurons meet the conditions on all neurons of a path."""
        allowed = np.ones(len(roots), dtype=bool)
        for one in conditions:
            lists = {n: c for n, c in frame.columns.items() if isinstance(c, list)}
            known = set(lists)
            if one.test is None or not names_in(one.test) <= {one.name, *known}:
                raise NotUnderstoodError("a condition on a path's neurons that names others")
            if known & names_in(one.test) and frame.size != 1:
                raise NotUnderstoodError("a condition on a path's neurons that differs by row")
            constants = {n: c * len(roots) for n, c in lists.items()}
            rows = Frame({**constants, one.name: Nodes(roots)}, len(roots))
            allowed &= np.array([v is True for v in self._evaluator.values(one.test, rows)])
        return allowed


def _first(frame: Frame) -> Frame:
    return frame.take(np.zeros(1, dtype=np.int64))


def _universal(condition: Expression, path: str) -> str:
    """Return `nodes` or `relationships` if a condition is about all of a path's."""
    if isinstance(condition, Comprehension) and condition.kind == "all":
        source = condition.source
        if isinstance(source, Call) and source.arguments == (Variable(path),):
            return source.name if source.name in ("nodes", "relationships") else ""
    return ""


def _check_labels(node: Node) -> None:
    for label in node.labels:
        if label not in _NEURONS and label != "Meta":
            raise NotHereError(
                f"there are no nodes with the label {label} in this graph; "
                "it has neurons, and connections with the number of their synapses",
                hint="graphapi.get_synapses asks CAVE for synapses"
                if label.startswith("Synapse")
                else "ask about :Neuron, :Segment or :Meta",
            )


def _check_type(edge: Edge) -> None:
    if not edge.types:
        raise NotUnderstoodError("a relationship has no type")
    if edge.types != (_CONNECTS,):
        raise NotHereError(
            f"there are no relationships {':'.join(edge.types)} in this graph",
            hint=f"ask about :{_CONNECTS}",
        )
