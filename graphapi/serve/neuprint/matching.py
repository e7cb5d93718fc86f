"""Answer MATCH by the calls and query files of `graphapi`; values are parameters."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from graphapi.errors import InputError
from graphapi.graph.frommatrix import places_among
from graphapi.serve.neuprint.frame import Edges, Frame, Nodes, Path
from graphapi.serve.neuprint.neurons import MOST_LISTED
from graphapi.serve.neuprint.synapsepatterns import (
    NotHereError,
    asked,
    foreign,
    is_about_synapses,
    sides_of,
)
from graphapi.serve.neuprint.synapserows import read_rows
from graphapi.serve.neuprint.trails import Trails, only_edges
from graphapi.serve.neuprint.tree import (
    Call,
    Comprehension,
    Constant,
    Item,
    Node,
    NotUnderstoodError,
    Operation,
    Property,
    Variable,
    both,
    conjuncts,
    names_in,
    replaced,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphapi.common.threads import Stop
    from graphapi.ids import IdArray
    from graphapi.serve.neuprint.evaluate import Evaluator
    from graphapi.serve.neuprint.frame import Column
    from graphapi.serve.neuprint.tree import Expression, Match, Pattern


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
        within = [one for one in patterns if is_about_synapses(one)]
        if within and self._connectome.cave_source is None:
            raise NotHereError(
                f"there are no {foreign(within)} in this graph, which was made from files",
                hint="synapse rows are in those files; of graphs from CAVE, get_synapses and this "
                "server ask CAVE for synapses",
            )
        for pattern in patterns:
            self._stop.check()
            if pattern not in within:
                frame = self._pattern(frame, pattern, conditions)
        if within:
            frame = self._synapses(frame, within, conditions)
        return frame if where is None else frame.where(self._evaluator.holds(where, frame))

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
        if not pattern.edges and not pattern.name:
            return self._node(frame, pattern.nodes[0], conditions)
        if len(pattern.edges) != 1:
            raise NotUnderstoodError("a pattern has more than one relationship")
        if pattern.finder or pattern.edges[0].varies:
            return self._paths(frame, pattern, conditions)
        if not pattern.edges[0].types:
            raise NotUnderstoodError("a relationship has no type")
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
        named = self._named_by_rows(frame, node.name, conditions)
        if named is not None:
            rows = np.flatnonzero(np.isin(named, ids))
            return frame.take(rows).and_({node.name: Nodes(named[rows])})
        rows, places = frame.meet({node.name: ids})
        return frame.take(rows).and_({node.name: Nodes(ids[places])})

    def _edge(self, frame: Frame, pattern: Pattern, conditions: list[Expression]) -> Frame:
        edge = pattern.edges[0]
        first, second = (node.name for node in pattern.nodes)
        pre, post = (first, second) if edge.forward else (second, first)
        frame = self._bound_by_rows(frame, (pre, post), conditions)
        ends = [self._end(frame, name, conditions) for name in (pre, post)]
        found = self._fetch(ends[0], ends[1], self._threshold(frame, edge.name, conditions))
        rows, places = frame.meet({pre: found.pre, post: found.post})
        made = found.take(places)
        return frame.take(rows).and_(
            {pre: Nodes(made.pre), post: Nodes(made.post), edge.name: made}
        )

    def _synapses(
        self, frame: Frame, patterns: list[Pattern], conditions: list[Expression]
    ) -> Frame:
        """Return the rows with the synapses that CAVE has for them."""
        what = asked(patterns)
        regions = self._evaluator.table.regions
        if what.post:
            pre, post = what.pre_neuron, what.post_neuron
            frame = self._bound_by_rows(frame, (pre, post), conditions)
            ends = [self._end(frame, name, conditions) for name in (pre, post)]
            found = read_rows(self._connectome, regions, ends[0], ends[1])
            rows, places = frame.meet({pre: found.pre, post: found.post})
            self._stop.check()
            made: dict[str, Column] = {
                pre: Nodes(found.pre[places]),
                post: Nodes(found.post[places]),
                what.pre: found.ends("pre", places),
                what.post: found.ends("post", places),
            }
            return frame.take(rows).and_(made)
        frame = self._bound(frame, what.pre_neuron, conditions)
        ids = np.unique(cast("Nodes", frame.columns[what.pre_neuron]).ids)
        parts: list[IdArray] = []
        synapses: list[Any] = []
        for side in sides_of(what.pre, conditions):
            self._stop.check()
            of_pre = side == "pre"
            found = read_rows(
                self._connectome, regions, ids if of_pre else None, None if of_pre else ids
            )
            rows, places = frame.meet({what.pre_neuron: found.pre if of_pre else found.post})
            parts.append(rows)
            synapses += found.ends(side, places)
        chosen = np.concatenate([np.array([], dtype=np.int64), *parts])
        return frame.take(chosen).and_({what.pre: synapses})

    def _named_by_rows(
        self, frame: Frame, name: str, conditions: list[Expression]
    ) -> IdArray | None:
        """Return the id that each row has for a neuron: `n.bodyId = bodyId` after an UNWIND."""
        wanted = Property(Variable(name), "bodyId")
        lists = {n for n, c in frame.columns.items() if isinstance(c, list)}
        if frame.size < 2 or name in frame.columns:
            return None
        for one in conditions:
            if isinstance(one, Operation) and one.sign == "=" and wanted in one.operands:
                other = one.operands[one.operands[0] == wanted]
                if names_in(other) and names_in(other) <= lists:
                    values = self._evaluator.values(other, frame)
                    _refuse_floats(values)
                    whole = [v if type(v) is int and 0 <= v < 2**63 else -1 for v in values]
                    return np.array(whole, dtype=np.int64)
        return None

    def _bound_by_rows(
        self, frame: Frame, names: tuple[str, str], conditions: list[Expression]
    ) -> Frame:
        """Return the rows with those neurons that each row names by an id of its own."""
        for name in names:
            if self._named_by_rows(frame, name, conditions) is not None:
                frame = self._bound(frame, name, conditions)
        return frame

    def _end(self, frame: Frame, name: str, conditions: list[Expression]) -> IdArray | None:
        """Return the neurons that can be at one end; None for all."""
        bound = frame.columns.get(name)
        if bound is None:
            return self._candidates(frame, name, conditions)
        if not isinstance(bound, Nodes):
            raise InputError(f"{name} is not a neuron")
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
        return max([1, *(self._least(one, weight, frame) or 1 for one in conditions)])

    def _least(self, condition: Expression, weight: Property, frame: Frame) -> int | None:
        """Return the smallest weight that a condition allows; None if it says something else."""
        if isinstance(condition, Operation) and condition.sign in (">=", ">"):
            left, right = condition.operands
            if left == weight and not names_in(right) and frame.size:
                value = self._evaluator.values(right, _first(frame))[0]
                if isinstance(value, int) and not isinstance(value, bool):
                    return min(value + (condition.sign == ">"), 2**62)
        return None

    def _candidates(self, frame: Frame, name: str, conditions: list[Expression]) -> IdArray | None:
        """Return the neurons that meet the conditions on them alone; None for all."""
        fixed = _first(frame) if frame.size == 1 else Frame({}, 1)
        known = {n for n, c in fixed.columns.items() if isinstance(c, list)}
        alone = [
            one for one in conditions if name in names_in(one) and names_in(one) <= {name, *known}
        ]
        if not alone:
            return None
        ids, others = self._connectome.root_ids(), []
        for one in alone:
            wanted = self._wanted_ids(one, name, fixed)
            if wanted is None:
                others.append(one)
            else:
                ids = ids[places_among(ids, np.unique(wanted))]
        constants = {n: c * len(ids) for n, c in fixed.columns.items() if isinstance(c, list)}
        rows = Frame({**constants, name: Nodes(ids)}, len(ids))
        for one in others:
            self._stop.check()
            rows = rows.where(self._evaluator.holds(one, rows))
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
        _refuse_floats(listed)
        return np.array(whole, dtype=np.int64)

    def _paths(self, frame: Frame, pattern: Pattern, conditions: list[Expression]) -> Frame:
        edge = pattern.edges[0]
        names = [node.name for node in pattern.nodes]
        conditions = [replaced(one, _ends_of(pattern.name, names)) for one in conditions]
        about = [one for one in conditions if pattern.name in names_in(one)]
        nodes = [one for one in about if _universal(one, pattern.name) == "nodes"]
        edges = [one for one in about if _universal(one, pattern.name) == "relationships"]
        if pattern.finder and len(nodes) + len(edges) < len(about):
            raise NotUnderstoodError("a condition on a shortest path as a whole")
        threshold, tests = self._of_edges(cast("list[Comprehension]", edges), frame)
        if not edge.types and threshold is None:
            raise NotUnderstoodError("a relationship has no type")
        matrix, roots = self._connectome.whole.matrix(threshold or 1)
        for name, test in tests:
            every = Edges(roots.repeat(np.diff(matrix.indptr)), roots[matrix.indices], matrix.data)
            matrix = only_edges(matrix, self._holds(test, name, every, frame))
        allowed = np.ones(len(roots), dtype=bool)
        for each in cast("list[Comprehension]", nodes):
            allowed &= self._holds(each.test, each.name, Nodes(roots), frame)
        trails = Trails(matrix, roots, allowed, self._stop)
        pre, post = names if edge.forward else names[::-1]
        frame = self._bound(self._bound(frame, pre, conditions), post, conditions)
        for one in conditions:
            if names_in(one) <= set(frame.columns):
                frame = frame.where(self._evaluator.holds(one, frame))
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
        return self._node(frame, Node(name, ("Neuron",)), conditions)

    def _of_edges(
        self, conditions: list[Comprehension], frame: Frame
    ) -> tuple[int | None, list[tuple[str, Expression]]]:
        """Return the smallest weight that all connections of a path need, and other conditions."""
        threshold: int | None = None
        tests = []
        for one in conditions:
            for part in conjuncts(one.test):
                least = self._least(part, Property(Variable(one.name), "weight"), frame)
                if least is None:
                    tests.append((one.name, part))
                else:
                    threshold = max(threshold or 1, least)
        return threshold, tests

    def _holds(self, test: Expression | None, name: str, each: Column, frame: Frame) -> Any:
        """Return which neurons or connections meet a condition on all of a path's."""
        lists = {n: c for n, c in frame.columns.items() if isinstance(c, list)}
        if test is None or not names_in(test) <= {name, *lists}:
            raise NotUnderstoodError("a condition on all of a path that names others")
        if set(lists) & names_in(test) and frame.size != 1:
            raise NotUnderstoodError("a condition on all of a path that differs by row")
        constants = {n: c * len(each) for n, c in lists.items() if n in names_in(test)}
        rows = Frame({**constants, name: each}, len(each))
        return np.array([v is True for v in self._evaluator.holds(test, rows)], dtype=bool)


def _refuse_floats(values: list[Any]) -> None:
    if any(isinstance(one, float) for one in values):
        raise InputError(
            "a bodyId is written as a float, which represents several ids",
            hint="write it as a whole number",
        )


def _first(frame: Frame) -> Frame:
    return frame.take(np.zeros(1, dtype=np.int64))


def _universal(condition: Expression, path: str) -> str:
    """Return `nodes` or `relationships` if a condition is about all of a path's."""
    if isinstance(condition, Comprehension) and condition.kind == "all":
        source = condition.source
        if isinstance(source, Call) and source.arguments == (Variable(path),):
            return source.name if source.name in ("nodes", "relationships") else ""
    return ""


def _ends_of(path: str, names: list[str]) -> list[tuple[Expression, Expression]]:
    """Return the ways to write the first and the last neuron of a path, and their names."""
    nodes = Call("nodes", (Variable(path),))
    first, last = map(Variable, names)
    return [
        (Call("head", (nodes,)), first),
        (Item(nodes, Constant(0)), first),
        (Call("last", (nodes,)), last),
    ]
