"""Run DotMotif's own `Motif` objects on our graph.

::

    from dotmotif import Motif
    from graphapi.motifs.executor import CavegraphExecutor

    executor = CavegraphExecutor(connectome.motifs)
    executor.find(Motif("A -> B; B -> C; C -> A", exclude_automorphisms=True))

The package `dotmotif` is needed only to make `Motif` objects, not by this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError
from graphapi.motifs.build import build_pattern
from graphapi.motifs.pattern import Condition
from graphapi.motifs.statements import (
    ComparisonStatement,
    ConditionStatement,
    EdgeStatement,
    SameStatement,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphapi.motifs.pattern import Kind, Op, Pattern, Value
    from graphapi.motifs.search import Method, MotifSearch
    from graphapi.motifs.statements import Statement

_KINDS: dict[str, Kind] = {"SYN": "any", "EXC": "excitatory", "INH": "inhibitory"}
_OPERATORS: dict[str, Op] = {"==": "=", "<>": "!="}


class CavegraphExecutor:
    """Runs `dotmotif.Motif` objects on a graph, in place of DotMotif's executors.

    Parameters
    ----------
    search
        A `MotifSearch`, such as `connectome.motifs`.
    distinct
        Whether different nodes of a motif are different neurons, as in DotMotif's
        in-memory executors. With False, `Motif(enforce_inequality=True)` still asks for it.
    timeout
        Seconds that one search may take.
    method
        As for `MotifSearch.search`.
    """

    def __init__(
        self,
        search: MotifSearch,
        *,
        distinct: bool = True,
        timeout: float | None = None,
        method: Method = "auto",
    ) -> None:
        self._search = search
        self._distinct = distinct
        self._timeout = timeout
        self._method: Method = method

    def find(self, motif: Any, limit: int | None = None) -> list[dict[str, int]]:
        """Find the matches of a motif.

        Parameters
        ----------
        motif
            A `dotmotif.Motif`. Its `limit`, `ignore_direction`, `enforce_inequality` and
            `exclude_automorphisms` are honoured; the last returns each match once, rotations
            included. `===` statements always hold, as in DotMotif's Neo4j executor.
        limit
            Largest number of matches to return; by default the motif's own limit.

        Returns
        -------
        list of dict
            One dict per match: root id by the name of the motif's node.

        Raises
        ------
        MotifError, UnknownFieldError, QueryTimeoutError
            As for `MotifSearch.search`.
        """
        pattern = from_dotmotif(motif)
        frame = self._search.search(
            pattern,
            limit=limit if limit is not None else motif.limit,
            unique=bool(motif.exclude_automorphisms),
            distinct=self._is_distinct(motif),
            timeout=self._timeout,
            method=self._method,
        )
        names = list(pattern.names)
        rows = frame[names].to_numpy().tolist()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def count(self, motif: Any, limit: int | None = None) -> int:
        """Count the matches of a motif, at most `limit` of them."""
        found = self._search.count(
            from_dotmotif(motif),
            unique=bool(motif.exclude_automorphisms),
            distinct=self._is_distinct(motif),
            timeout=self._timeout,
            method=self._method,
        )
        most = limit if limit is not None else motif.limit
        return found if most is None else min(found, most)

    def _is_distinct(self, motif: Any) -> bool:
        return self._distinct or bool(motif.enforce_inequality)


def from_dotmotif(motif: Any) -> Pattern:
    """Convert a `dotmotif.Motif` to a pattern; it has no line numbers, and errors name none.

    Raises
    ------
    InputError
        The object is not a motif.
    MotifError
        The motif has no connection, or a node that no connection binds.
    """
    if not hasattr(motif, "to_nx") or not hasattr(motif, "list_node_constraints"):
        raise InputError(
            f"expected a dotmotif.Motif, not {type(motif).__name__}",
            hint="pass programs as text to connectome.motifs.search(...)",
        )
    return build_pattern(
        list(_statements(motif)), source="", undirected=bool(motif.ignore_direction)
    )


def _statements(motif: Any) -> Iterator[Statement]:
    edges = list(motif.to_nx().edges(data=True))
    constraints = motif.list_edge_constraints()
    for pre, post, data in edges:
        where = tuple(_conditions(constraints.get((pre, post), {})))
        exists = bool(data.get("exists", True))
        kind = _KINDS.get(data.get("action", "SYN"), "any")
        # DotMotif knows connections by their ends: these are our alias for comparisons.
        alias = f"{pre}->{post}" if exists else None
        yield EdgeStatement(0, str(pre), str(post), exists, kind, where, alias)
    for node, fields in motif.list_node_constraints().items():
        for condition in _conditions(fields):
            yield ConditionStatement(0, str(node), condition)
    for node, key, op, (other, other_key) in _leaves(motif.list_dynamic_node_constraints()):
        yield ComparisonStatement(0, node, key, op, other, other_key)
    for ends, key, op, (pre, post, other) in _leaves(motif.list_dynamic_edge_constraints()):
        yield ComparisonStatement(0, "->".join(ends), key, op, f"{pre}->{post}", other)
    if not motif.exclude_automorphisms:
        for a, b in motif.list_automorphisms():
            yield SameStatement(0, str(a), str(b))


def _conditions(fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    for field, operators in fields.items():
        for op, values in operators.items():
            for value in values if isinstance(values, list) else [values]:
                constant: Value = tuple(value) if isinstance(value, (list, set)) else value
                yield Condition(_unquoted(field), _operator(op), constant)


def _leaves(comparisons: Mapping[Any, Mapping[str, Mapping[str, Any]]]) -> Iterator[Any]:
    for owner, fields in comparisons.items():
        for field, operators in fields.items():
            for op, targets in operators.items():
                for target in targets:
                    *others, other_field = target
                    yield owner, _unquoted(field), _operator(op), (*others, _unquoted(other_field))


def _operator(op: str) -> Any:
    return _OPERATORS.get(op, op)


def _unquoted(field: str) -> str:
    quotes = ("'", '"')
    return field[1:-1] if len(field) > 1 and field[0] == field[-1] in quotes else field
