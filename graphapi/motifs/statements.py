"""The statements of a DotMotif program, as written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphapi.motifs.pattern import Condition, Kind, Op


@dataclass(frozen=True)
class EdgeStatement:
    """`pre -> post [clauses] as alias`."""

    line: int
    pre: str
    post: str
    exists: bool
    kind: Kind
    where: tuple[Condition, ...]
    alias: str | None


@dataclass(frozen=True)
class ConditionStatement:
    """`owner.field op value`; the owner is a node or the alias of a connection."""

    line: int
    owner: str
    condition: Condition


@dataclass(frozen=True)
class ComparisonStatement:
    """`owner.field op other.field`."""

    line: int
    owner: str
    field: str
    op: Op
    other: str
    other_field: str


@dataclass(frozen=True)
class SameStatement:
    """`a === b`."""

    line: int
    a: str
    b: str


@dataclass(frozen=True)
class Call:
    """`name(arguments)`."""

    line: int
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Macro:
    """`name(parameters) { body }`."""

    line: int
    name: str
    parameters: tuple[str, ...]
    body: tuple[Statement, ...]


Statement = EdgeStatement | ConditionStatement | ComparisonStatement | SameStatement | Call | Macro
