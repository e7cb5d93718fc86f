"""Write a pattern and its plan as one parameterised Cypher query.

Every constant is a parameter, every variable has a name of ours (`n0`, `e0`), and property
names come from the graph's schema, quoted. Each connection is a MATCH of its own: within
one MATCH, databases differ in whether two variables may be bound to one edge. Neurons that
must differ are compared explicitly.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.engines.queries import Item, Query, quoted

if TYPE_CHECKING:
    from graphapi.motifs.pattern import Comparison, Condition, Edge, Pattern, Value
    from graphapi.motifs.plan import Plan

#: Neo4j 5.26 plans some patterns with `NOT EXISTS` wrongly (its own check then refuses them);
#: compared with false, the subquery stays out of the planner's hands.
_ABSENT = re.compile(r"NOT EXISTS \{([^{}]*)\}")
_OPERATORS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compile_query(
    pattern: Pattern, plan: Plan, *, count: bool = False, limit: int | None = None
) -> tuple[Query, dict[str, object]]:
    """Write the query for a bound pattern.

    Parameters
    ----------
    pattern, plan
        From `bind` and `make_plan`.
    count
        Ask for the number of matches only: one column, `matches`.
    limit
        Largest number of matches to return.

    Returns
    -------
    Query
        Columns `id_0..` in the order of the pattern's nodes, then `weight_0..` in the order
        of its connections.
    dict
        Its parameters.

    Raises
    ------
    MotifError
        The pattern ignores direction and has a condition on a connection that must not
        exist, which Cypher cannot express.
    """
    writer = _Writer(pattern, plan)
    text = writer.matches() + "\n" + writer.returned(count)
    params = writer.params
    if limit is not None and not count:
        # A number, not a parameter: LadybugDB keeps the first value of a parameter in LIMIT
        # for every later query of the same text.
        text += f"LIMIT {int(limit)}\n"
    columns = [Item("matches", "int")] if count else writer.columns()
    query = Query(
        name="motif",
        text=text,
        summary="A motif, written by graphapi.motifs.compile.",
        params=tuple(Item(name, _type_of(value)) for name, value in params.items()),
        columns=tuple(columns),
        overrides={"neo4j": _ABSENT.sub(r"EXISTS {\1} = false", text)},
    )
    return query, params


class _Writer:
    def __init__(self, pattern: Pattern, plan: Plan) -> None:
        self.params: dict[str, object] = {}
        self._pattern = pattern
        self._plan = plan
        self._bound: set[int] = set()
        self._edges_done: set[int] = set()
        self._said: set[object] = set()

    def matches(self) -> str:
        """Write a MATCH for each connection, with the conditions that can be checked by then."""
        clauses = []
        for number in self._edge_order():
            edge = self._pattern.edges[number]
            ends = self._end(edge.pre), self._end(edge.post)
            arrow = "-" if self._pattern.undirected else "->"
            clauses.append(f"MATCH ({ends[0]})-[e{number}:CONNECTS]{arrow}({ends[1]})")
            self._edges_done.add(number)
            if self._pattern.undirected:
                clauses += self._summed(number)
            clauses += self._where()
        for node in range(len(self._pattern.nodes)):
            if node not in self._bound:  # only in connections that must not exist
                clauses.append(f"MATCH ({self._end(node)})")
                clauses += self._where()
        return "\n".join(clauses)

    def returned(self, count: bool) -> str:
        if count:
            return "RETURN count(*) AS matches\n"
        ids = [f"n{i}.root_id AS id_{i}" for i in range(len(self._pattern.nodes))]
        weights = [
            f"{self._edge_field(i, 'weight')} AS weight_{i}"
            for i in range(len(self._pattern.edges))
        ]
        return "RETURN " + ", ".join([*ids, *weights]) + "\n"

    def columns(self) -> list[Item]:
        ids = [Item(f"id_{i}", "int") for i in range(len(self._pattern.nodes))]
        return ids + [Item(f"weight_{i}", "int") for i in range(len(self._pattern.edges))]

    def _edge_order(self) -> list[int]:
        """Order the connections as the plan's nodes complete them."""
        depth = {node: d for d, node in enumerate(self._plan.order)}

        def key(number: int) -> tuple[int, int, int]:
            edge = self._pattern.edges[number]
            a, b = depth[edge.pre], depth[edge.post]
            return max(a, b), min(a, b), number

        return sorted(range(len(self._pattern.edges)), key=key)

    def _end(self, node: int) -> str:
        if node in self._bound:
            return f"n{node}"
        self._bound.add(node)
        return f"n{node}:Neuron"

    def _summed(self, number: int) -> list[str]:
        """Sum both directions of a connection in one row."""
        kept = [f"n{i}" for i in sorted(self._bound)]
        fields = self._fields_of_edges()
        for done in sorted(self._edges_done - {number}):
            kept += [self._edge_field(done, name) for name in fields]
        sums = [
            f"sum(e{number}.{quoted(name)}) AS {self._edge_field(number, name)}" for name in fields
        ]
        return ["WITH " + ", ".join([*kept, *sums])]

    def _fields_of_edges(self) -> list[str]:
        return sorted({"weight"} | self._pattern.edge_fields)

    def _edge_field(self, number: int, name: str) -> str:
        if self._pattern.undirected:
            return quoted(f"sum_{number}_{name}")
        return f"e{number}.{quoted(name)}"

    def _where(self) -> list[str]:
        decidable = self._decidable()
        conditions = [text for key, text in decidable if key not in self._said]
        self._said |= {key for key, _ in decidable}
        return ["WHERE " + "\n  AND ".join(conditions)] if conditions else []

    def _decidable(self) -> list[tuple[object, str]]:
        """Return the conditions on what is bound so far, with keys to write each only once."""
        pattern = self._pattern
        found: list[tuple[object, str]] = []
        for i in sorted(self._bound):
            for k, one in enumerate(pattern.nodes[i].where):
                found.append(self._once(("node", i, k), one, f"n{i}.{quoted(one.field)}"))
        for i in sorted(self._edges_done):
            edge = pattern.edges[i]
            for k, one in enumerate(edge.where):
                found.append(self._once(("edge", i, k), one, self._edge_field(i, one.field)))
            for k, one in enumerate(edge.pre_where):
                owner = f"n{edge.pre}.{quoted(one.field)}"
                found.append(self._once(("sign", i, k), one, owner))
        found += self._decidable_pairs()
        return found

    def _decidable_pairs(self) -> list[tuple[object, str]]:
        pattern, plan = self._pattern, self._plan
        found: list[tuple[object, str]] = []
        bound, done = self._bound, self._edges_done
        for a, b in plan.orders:
            if {a, b} <= bound:
                found.append((("order", a, b), f"n{a}.root_id < n{b}.root_id"))
        for a, b in plan.different:
            if {a, b} <= bound:
                found.append((("different", a, b), f"n{a}.root_id <> n{b}.root_id"))
        for a, b in plan.unconnected:
            if {a, b} <= bound:
                found.append((("far", a, b), _missing(a, b)))
        for k, edge in enumerate(pattern.absent):
            if {edge.pre, edge.post} <= bound:
                found.append((("absent", k), self._absent(k, edge)))
        for k, one in enumerate(pattern.node_comparisons):
            if {one.left, one.right} <= bound:
                left, right = f"n{one.left}", f"n{one.right}"
                text = _compared(
                    one,
                    f"{left}.{quoted(one.left_field)}",
                    f"{right}.{quoted(one.right_field)}",
                )
                found.append((("nodes", k), text))
        for k, one in enumerate(pattern.edge_comparisons):
            if {one.left, one.right} <= done:
                left = self._edge_field(one.left, one.left_field)
                right = self._edge_field(one.right, one.right_field)
                found.append((("edges", k), _compared(one, left, right)))
        if len(bound) == len(pattern.nodes):
            for k, twin in enumerate(plan.relabelings):
                found.append((("twin", k), self._not_larger(twin)))
        return found

    def _once(self, key: object, one: Condition, left: str) -> tuple[object, str]:
        """Write a condition, unless it is written already: its parameters must not repeat."""
        return key, "" if key in self._said else self._condition(one, left)

    def _condition(self, one: Condition, left: str) -> str:
        if one.op in ("!in", "!contains", "!has"):
            if one.value == ():
                return f"{left} IS NOT NULL"
            return f"NOT ({self._positive(one.op[1:], one.value, left)})"
        return self._positive(one.op, one.value, left)

    def _positive(self, op: str, value: Value, left: str) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = list(value) if isinstance(value, tuple) else value
        right = f"${name}"
        if op == "in":
            return f"{left} IN {right}" if isinstance(value, tuple) else f"{right} CONTAINS {left}"
        if op == "contains":
            return f"{left} CONTAINS {right}"
        if op == "has":
            return f"{right} IN {left}"
        return f"{left} {_OPERATORS[op]} {right}"

    def _absent(self, number: int, edge: Edge) -> str:
        if ("absent", number) in self._said:
            return ""
        if self._pattern.undirected:
            if edge.where:
                raise self._pattern.error(
                    edge.line,
                    "Cypher cannot check a condition on a connection that must not exist "
                    "when direction is ignored",
                    hint="use method='compiled'",
                )
            return f"{_missing(edge.pre, edge.post)} AND {_missing(edge.post, edge.pre)}"
        variable = f"x{number}"
        conditions = [self._condition(c, f"{variable}.{quoted(c.field)}") for c in edge.where]
        conditions += [self._condition(c, f"n{edge.pre}.{quoted(c.field)}") for c in edge.pre_where]
        return _missing(edge.pre, edge.post, variable, conditions)

    def _not_larger(self, twin: tuple[int, ...]) -> str:
        """Require that this mapping's tuple of ids is not larger than its image's."""
        text = ""
        for node in reversed(self._plan.order):
            if twin[node] == node:
                continue
            a, b = f"n{node}.root_id", f"n{twin[node]}.root_id"
            tail = f" OR ({a} = {b} AND {text})" if text else f" OR {a} = {b}"
            text = f"({a} < {b}{tail})"
        return text


def _missing(a: int, b: int, variable: str = "", conditions: list[str] | None = None) -> str:
    variable = variable or f"x{a}_{b}"
    where = " WHERE " + " AND ".join(conditions) if conditions else ""
    return f"NOT EXISTS {{ MATCH (n{a})-[{variable}:CONNECTS]->(n{b}){where} }}"


def _compared(one: Comparison, left: str, right: str) -> str:
    return f"{left} {_OPERATORS[one.op]} {right}"


def _type_of(value: object) -> str:
    if isinstance(value, list):
        return f"list[{_type_of(value[0])}]"
    return {bool: "bool", int: "int", float: "float", str: "string"}[type(value)]
