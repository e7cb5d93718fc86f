"""The DotMotif language: text in, pattern out.

The language is DotMotif's (Matelsky et al. 2021), read by a parser of our own, which keeps
line numbers and evaluates nothing (docs/decisions/0045). Beyond it, `in` takes a list:
`A.type in ["KC", "PN"]`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from graphapi.errors import InputError, MissingExtraError, MotifError
from graphapi.motifs.build import build_pattern
from graphapi.motifs.pattern import Condition, located
from graphapi.motifs.statements import (
    Call,
    ComparisonStatement,
    ConditionStatement,
    EdgeStatement,
    Macro,
    SameStatement,
)

if TYPE_CHECKING:
    from graphapi.motifs.pattern import Kind, Op, Pattern, Scalar, Value
    from graphapi.motifs.statements import Statement

_GRAMMAR = r"""
start: (_statement | ";")*
_statement: edge | condition | comparison | same | macro | call

edge: NAME RELATION NAME [clauses] ["as" NAME]
clauses: "[" clause ("," clause)* "]"
clause: (NAME | STRING) op value
condition: field op value
comparison: field op field
same: NAME "===" NAME
macro: NAME "(" names ")" "{" body "}"
body: (_inner | ";")*
_inner: edge | condition | comparison | same | call
call: NAME "(" names ")"
names: NAME ("," NAME)*

field: NAME "." NAME | NAME "[" (NAME | STRING) "]"
op: OPERATOR | "in" -> inside | "!in" -> outside | "contains" -> contains | "!contains" -> lacks
value: NAME -> word | STRING -> text | NUMBER -> number | "[" value ("," value)* "]" -> values

RELATION: /[-!~][>+|-]/
OPERATOR: /==|!=|<>|<=|>=|=|<|>/
NAME: /[^\W\d]\w*/
NUMBER: /[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
STRING: /"[^"\n]*"|'[^'\n]*'/
COMMENT: /#[^\n]*/
%import common.WS
%ignore WS
%ignore COMMENT
"""

_MOST_CHARACTERS = 100_000
#: What every program holds and no usual path does: a connection, or a sign of another statement.
_PROGRAM = re.compile(r"[-!~][>+|-]|[\n;#=<>{}()\[\]]")

#: Two connections in one, or an arrow to the left: as other languages write paths.
_CHAIN = re.compile(r"[-!~][>+|-][^;]*[-!~]>|<[-!~]")
_OPERATORS: dict[str, Op] = {"==": "=", "<>": "!="}
_KINDS: dict[str, Kind] = {">": "any", "+": "excitatory", "-": "inhibitory", "|": "inhibitory"}
_SPOKEN = {
    "RELATION": "a connection such as '->'",
    "OPERATOR": "an operator such as '>='",
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": "a text in quotes",
    "$END": "the end",
}


def parse(program: str | Path, *, ignore_direction: bool = False) -> Pattern:
    """Read a DotMotif program.

    Parameters
    ----------
    program
        The text itself, or the path of a file that holds it: text without a connection or any
        other statement is taken as a path.
    ignore_direction
        Match connections in either direction.

    Returns
    -------
    Pattern
        Every node, connection and condition, with its line.

    Raises
    ------
    MotifError
        The program cannot be read or contradicts itself. The message points at the line.
    InputError
        There is no such file.
    MissingExtraError
        The package `lark` is not installed.

    Examples
    --------
    >>> parse("A -> B; B -> C; A -> C").names
    ('A', 'B', 'C')
    """
    source = _text_of(program)
    return build_pattern(statements(source), source, undirected=ignore_direction)


def statements(source: str) -> list[Statement]:
    """Read a program into its statements, macros not yet expanded.

    Raises
    ------
    MotifError
        The text cannot be parsed, or is too long.
    """
    import lark

    if len(source) > _MOST_CHARACTERS:
        raise MotifError(f"the motif has more than {_MOST_CHARACTERS:,} characters")
    parser = _parser()
    try:
        tree = parser.parse(source)
    except lark.exceptions.UnexpectedInput as error:
        raise _syntax_error(source, error) from error
    return [_READERS[child.data](child, source) for child in tree.children]


@cache
def _parser() -> Any:
    try:
        import lark
    except ImportError as error:
        raise MissingExtraError("lark", "dotmotif") from error
    return lark.Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _text_of(program: str | Path) -> str:
    if isinstance(program, str):
        if not program.strip() or _PROGRAM.search(program):
            return program
        program = Path(program)
    if not isinstance(program, Path):
        raise InputError(
            f"a motif is a program, a path or a Pattern, not {type(program).__name__}",
            hint='for example "A -> B; B -> C; A -> C"',
        )
    try:
        return program.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(
            f"there is no motif file '{program}'",
            hint='a motif is a program such as "A -> B; B -> C", or the path of a file with one',
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the motif file '{program}': {error}") from error


def _syntax_error(source: str, error: Any) -> MotifError:
    line = error.line if isinstance(error.line, int) and error.line > 0 else 0
    token = getattr(error, "token", None)
    if token is None:
        found = repr(source[error.pos_in_stream])
    elif token.type == "$END":
        found, line = "the end of the program", max(1, len(source.rstrip().splitlines()))
    else:
        found = repr(str(token))
    wanted = sorted({_spoken(name) for name in _accepted(error)} - {""})
    where = f" at column {error.column}" if line == error.line else ""
    hint = f"expected {' or '.join(wanted)}" if wanted else None
    if line and _CHAIN.search(source.splitlines()[line - 1]):
        hint = "write one connection after the other, each from pre to post: A -> B; B -> C"
    return MotifError(located(source, line, f"did not expect {found}{where}"), hint=hint)


def _accepted(error: Any) -> set[str]:
    return set(getattr(error, "accepts", None) or getattr(error, "allowed", None) or ())


def _spoken(terminal: str) -> str:
    if terminal in _SPOKEN:
        return _SPOKEN[terminal]
    pattern = next((t.pattern.value for t in _parser().terminals if t.name == terminal), "")
    return f"'{pattern}'" if pattern and terminal not in ("WS", "COMMENT") else ""


def _edge(tree: Any, source: str) -> EdgeStatement:
    pre, relation, post, clauses, alias = tree.children
    where = tuple(_clause(c, source) for c in clauses.children) if clauses is not None else ()
    return EdgeStatement(
        line=pre.line,
        pre=str(pre),
        post=str(post),
        exists=relation[0] == "-",
        kind=_KINDS[relation[1]],
        where=where,
        alias=None if alias is None else str(alias),
    )


def _clause(tree: Any, source: str) -> Condition:
    key, op, value = tree.children
    return _make_condition(_unquoted(key), op, value, key.line, source)


def _condition(tree: Any, source: str) -> ConditionStatement:
    target, op, value = tree.children
    owner, key = target.children
    condition = _make_condition(_unquoted(key), op, value, owner.line, source)
    return ConditionStatement(owner.line, str(owner), condition)


def _comparison(tree: Any, source: str) -> ComparisonStatement:
    left, op, right = tree.children
    owner, key = left.children
    other, other_key = right.children
    operator = _op(op)
    if operator not in ("=", "!=", "<", "<=", ">", ">="):
        raise MotifError(
            located(source, owner.line, f"'{operator}' cannot compare two fields"),
            hint="between fields use = != < <= > >=",
        )
    return ComparisonStatement(
        owner.line, str(owner), _unquoted(key), operator, str(other), _unquoted(other_key)
    )


def _same(tree: Any, source: str) -> SameStatement:  # noqa: ARG001
    a, b = tree.children
    return SameStatement(a.line, str(a), str(b))


def _call(tree: Any, source: str) -> Call:  # noqa: ARG001
    name, arguments = tree.children
    return Call(name.line, str(name), tuple(map(str, arguments.children)))


def _macro(tree: Any, source: str) -> Macro:
    name, parameters, body = tree.children
    inner = tuple(_READERS[child.data](child, source) for child in body.children)
    return Macro(name.line, str(name), tuple(map(str, parameters.children)), inner)


_READERS: dict[str, Any] = {
    "edge": _edge,
    "condition": _condition,
    "comparison": _comparison,
    "same": _same,
    "macro": _macro,
    "call": _call,
}


def _make_condition(field: str, op: Any, value: Any, line: int, source: str) -> Condition:
    operator, constant = _op(op), _value(value)
    if isinstance(constant, tuple) and operator not in ("in", "!in"):
        raise MotifError(
            located(source, line, f"'{operator}' takes one value, not a list"),
            hint="lists go with 'in' and '!in'",
        )
    return Condition(field, operator, constant, line)


def _op(tree: Any) -> Op:
    named = {"inside": "in", "outside": "!in", "contains": "contains", "lacks": "!contains"}
    if tree.data in named:
        return cast("Op", named[tree.data])
    text = str(tree.children[0])
    return _OPERATORS.get(text, cast("Op", text))


def _value(tree: Any) -> Value:
    if tree.data == "values":
        flat: list[Scalar] = []
        for child in tree.children:
            value = _value(child)
            flat.extend(value if isinstance(value, tuple) else (value,))
        return tuple(flat)
    token = tree.children[0]
    if tree.data == "text":
        return _unquoted(token)
    if tree.data == "number":
        digits = str(token).lstrip("+-")
        return int(token) if digits.isdigit() else float(token)
    return str(token)


def _unquoted(token: Any) -> str:
    return str(token)[1:-1] if token.type == "STRING" else str(token)
