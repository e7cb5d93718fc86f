"""Turn statements into a pattern: expand macros, resolve names, merge repeated connections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from graphapi.errors import MotifError
from graphapi.motifs.pattern import Comparison, Condition, Edge, Group, Node, Pattern, located
from graphapi.motifs.statements import (
    Call,
    ComparisonStatement,
    ConditionStatement,
    EdgeStatement,
    Macro,
    SameStatement,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graphapi.motifs.statements import Statement

_DEEPEST = 50
#: Of a program, and of what its macros stand for: each can double what the one before it holds.
_MOST_STATEMENTS = 1000


def build_pattern(
    program: Sequence[Statement], source: str, *, undirected: bool = False
) -> Pattern:
    """Build a pattern from the statements of a program.

    Raises
    ------
    MotifError
        A name is undefined, a macro is used wrongly, or statements contradict each
        other. The message points at the line.
    """
    flat = _Expander(program, source).expand()
    return _Builder(flat, source, undirected).build()


class _Expander:
    """Replaces macro calls by the macros' bodies.

    Aliases of connections are local to their macro: each call gets names of its own, with a
    dot, which no author can write.
    """

    def __init__(self, program: Sequence[Statement], source: str) -> None:
        self._source = source
        self._macros: dict[str, Macro] = {}
        self._program = program
        self._uses = 0
        self._statements = 0

    def expand(self) -> list[Statement]:
        flat: list[Statement] = []
        for one in self._program:
            if isinstance(one, Macro):
                self._define(one)
            else:
                flat += self._expand(one, depth=0)
        return flat

    def _expand(self, one: Statement, depth: int) -> list[Statement]:
        self._statements += 1
        if self._statements > _MOST_STATEMENTS:
            raise self._error(one.line, f"the motif has more than {_MOST_STATEMENTS:,} statements")
        return self._expand_call(one, depth) if isinstance(one, Call) else [one]

    def _define(self, macro: Macro) -> None:
        if macro.name in self._macros:
            raise self._error(macro.line, f"macro '{macro.name}' is already defined")
        if len(set(macro.parameters)) < len(macro.parameters):
            raise self._error(macro.line, f"macro '{macro.name}' repeats a parameter")
        self._macros[macro.name] = macro

    def _expand_call(self, call: Call, depth: int) -> list[Statement]:
        macro = self._macros.get(call.name)
        if macro is None:
            raise self._error(
                call.line,
                f"there is no macro '{call.name}' above this line",
                hint=f"macros known here: {', '.join(sorted(self._macros)) or 'none'}",
            )
        if len(call.arguments) != len(macro.parameters):
            raise self._error(
                call.line,
                f"macro '{call.name}' takes {len(macro.parameters)} names "
                f"({', '.join(macro.parameters)}), not {len(call.arguments)}",
            )
        if depth > _DEEPEST:
            raise self._error(call.line, f"macro '{call.name}' calls itself")
        self._uses += 1
        renamed = dict(zip(macro.parameters, call.arguments, strict=True))
        aliases = {
            s.alias: f"{s.alias}.{self._uses}"
            for s in macro.body
            if isinstance(s, EdgeStatement) and s.alias is not None
        }
        return [
            each
            for one in macro.body
            for each in self._expand(self._rename(one, macro, renamed, aliases), depth + 1)
        ]

    def _rename(
        self,
        one: Statement,
        macro: Macro,
        nodes: Mapping[str, str],
        aliases: Mapping[str, str],
    ) -> Statement:
        def node(name: str) -> str:
            if name not in nodes:
                raise self._error(
                    one.line,
                    f"'{name}' is not a parameter of macro '{macro.name}'",
                    hint=f"its parameters: {', '.join(macro.parameters)}",
                )
            return nodes[name]

        def owner(name: str) -> str:
            # A name that is neither a parameter nor an alias here may be an alias of the program.
            return aliases.get(name) or nodes.get(name) or name

        if isinstance(one, EdgeStatement):
            alias = None if one.alias is None else aliases[one.alias]
            return replace(one, pre=node(one.pre), post=node(one.post), alias=alias)
        if isinstance(one, ConditionStatement):
            return replace(one, owner=owner(one.owner))
        if isinstance(one, ComparisonStatement):
            return replace(one, owner=owner(one.owner), other=owner(one.other))
        if isinstance(one, SameStatement):
            return replace(one, a=node(one.a), b=node(one.b))
        if isinstance(one, Call):
            return replace(one, arguments=tuple(node(name) for name in one.arguments))
        raise self._error(one.line, "a macro cannot be defined inside another")

    def _error(self, line: int, message: str, *, hint: str | None = None) -> MotifError:
        return MotifError(located(self._source, line, message), hint=hint)


@dataclass
class _Drafted:
    """A connection while conditions are still being added to it."""

    edge: Edge
    exists: bool


class _Builder:
    def __init__(self, flat: Iterable[Statement], source: str, undirected: bool) -> None:
        self._flat = list(flat)
        self._source = source
        self._undirected = undirected
        self._nodes: dict[str, Node] = {}
        self._drafts: list[_Drafted] = []
        self._aliases: dict[str, int] = {}

    def build(self) -> Pattern:
        for one in self._flat:
            if isinstance(one, EdgeStatement):
                self._add_edge(one)
        if not self._drafts:
            raise self._error(0, "it has no connection", hint="for example: A -> B")
        for one in self._flat:
            if isinstance(one, ConditionStatement):
                self._add_condition(one)
        numbers = self._edge_numbers()
        between_nodes, between_edges = self._comparisons(numbers)
        groups = self._groups()
        self._share_conditions(groups)
        return Pattern(
            nodes=tuple(self._nodes.values()),
            edges=tuple(d.edge for d in self._drafts if d.exists),
            absent=tuple(d.edge for d in self._drafts if not d.exists),
            node_comparisons=tuple(between_nodes),
            edge_comparisons=tuple(between_edges),
            groups=groups,
            undirected=self._undirected,
            source=self._source,
        )

    def _node(self, name: str, line: int) -> int:
        self._nodes.setdefault(name, Node(name, line=line))
        return list(self._nodes).index(name)

    def _add_edge(self, one: EdgeStatement) -> None:
        if one.pre == one.post:
            raise self._error(
                one.line,
                f"'{one.pre}' cannot connect to itself: the graph has no self edges",
                hint=f"autapses are counted on the neuron: {one.pre}.autapses > 0",
            )
        pre, post = self._node(one.pre, one.line), self._node(one.post, one.line)
        number = self._merge(Edge(pre, post, one.where, one.kind, line=one.line), one.exists)
        if one.alias is None:
            return
        if self._aliases.setdefault(one.alias, number) != number:
            raise self._error(one.line, f"'{one.alias}' already names another connection")

    def _merge(self, edge: Edge, exists: bool) -> int:
        """Merge repeated statements of a connection: the graph has one per ordered pair."""
        for number, draft in enumerate(self._drafts):
            if not (exists and draft.exists and self._alike(draft.edge, edge)):
                continue
            kinds = {draft.edge.kind, edge.kind} - {"any"}
            if len(kinds) > 1:
                raise self._error(
                    edge.line,
                    "this connection is both excitatory and inhibitory "
                    f"(see line {draft.edge.line})",
                )
            where = (*draft.edge.where, *(c for c in edge.where if c not in draft.edge.where))
            draft.edge = replace(draft.edge, where=where, kind=next(iter(kinds), "any"))
            return number
        self._drafts.append(_Drafted(edge, exists))
        return len(self._drafts) - 1

    def _alike(self, a: Edge, b: Edge) -> bool:
        if (a.pre, a.post) == (b.pre, b.post):
            return True
        return self._undirected and (a.pre, a.post) == (b.post, b.pre)

    def _add_condition(self, one: ConditionStatement) -> None:
        if one.owner in self._aliases and one.owner not in self._nodes:
            draft = self._drafts[self._aliases[one.owner]]
            if one.condition not in draft.edge.where:
                draft.edge = replace(draft.edge, where=(*draft.edge.where, one.condition))
            return
        node = self._known(one.owner, one.line)
        if one.condition not in node.where:
            self._nodes[one.owner] = replace(node, where=(*node.where, one.condition))

    def _known(self, name: str, line: int) -> Node:
        if name not in self._nodes:
            raise self._error(
                line,
                f"'{name}' is neither a node nor a connection of this motif",
                hint=f"nodes: {', '.join(self._nodes)}; named connections: "
                f"{', '.join(a for a in self._aliases if '.' not in a) or 'none'}",
            )
        return self._nodes[name]

    def _edge_numbers(self) -> dict[str, int | None]:
        """Return each alias's place among the existing connections; None if it must not exist."""
        order = [number for number, draft in enumerate(self._drafts) if draft.exists]
        return {
            alias: order.index(number) if number in order else None
            for alias, number in self._aliases.items()
        }

    def _comparisons(
        self, numbers: Mapping[str, int | None]
    ) -> tuple[list[Comparison], list[Comparison]]:
        nodes: list[Comparison] = []
        edges: list[Comparison] = []
        names = list(self._nodes)
        for one in self._flat:
            if not isinstance(one, ComparisonStatement):
                continue
            sides = [name in numbers and name not in names for name in (one.owner, one.other)]
            if sides[0] != sides[1]:
                raise self._error(one.line, "a node's field cannot be compared with a connection's")
            if not sides[0]:
                for name in (one.owner, one.other):
                    self._known(name, one.line)
                ends = [names.index(one.owner), names.index(one.other)]
            else:
                ends = [self._existing(name, numbers, one.line) for name in (one.owner, one.other)]
            made = Comparison(ends[0], one.field, one.op, ends[1], one.other_field, one.line)
            (edges if sides[0] else nodes).append(made)
        return nodes, edges

    def _existing(self, alias: str, numbers: Mapping[str, int | None], line: int) -> int:
        number = numbers[alias]
        if number is None:
            raise self._error(line, f"'{alias}' must not exist and has nothing to compare")
        return number

    def _groups(self) -> tuple[Group, ...]:
        groups: list[Group] = []
        names = list(self._nodes)
        for one in self._flat:
            if not isinstance(one, SameStatement):
                continue
            for name in (one.a, one.b):
                self._known(name, one.line)
            members = {names.index(one.a), names.index(one.b)}
            for group in [g for g in groups if g.members & members]:
                members |= group.members
                groups.remove(group)
            groups.append(Group(frozenset(members), one.line))
        return tuple(group for group in groups if len(group.members) > 1)

    def _share_conditions(self, groups: Iterable[Group]) -> None:
        """Give nodes that are declared interchangeable each other's conditions."""
        names = list(self._nodes)
        for group in groups:
            shared: list[Condition] = []
            for member in sorted(group.members):
                shared += [c for c in self._nodes[names[member]].where if c not in shared]
            for member in group.members:
                node = self._nodes[names[member]]
                self._nodes[node.name] = replace(node, where=tuple(shared))

    def _error(self, line: int, message: str, *, hint: str | None = None) -> MotifError:
        return MotifError(located(self._source, line, message), hint=hint)
