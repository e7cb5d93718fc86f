"""Admit queries that users write: what is listed is allowed, all else is refused by name.

Nothing here lists what is dangerous. A word is refused if it is neither a listed keyword nor in a
place where only a name can be, because it would start a clause. A call of a function or procedure
that is not listed is refused too. The rules work on tokens that each engine splits as we do
(`graphapi.engines.tokens`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphapi.engines.tokens import Token, split
from graphapi.errors import EngineError, InputError, QueryRejectedError, ReadOnlyError

if TYPE_CHECKING:
    from collections.abc import Container

    from graphapi.engines.allowed import Dialect

_OPERANDS = ("word", "quoted name", "text", "number", "parameter")
_CLOSING = (")", "]", "}")
#: What may follow the first word after the `{` of a map, a projection or a pattern's path.
_BEHIND_A_KEY = (":", ",", "}", "=")
#: Keywords that end an expression.
_ENDING = frozenset(("ASC", "ASCENDING", "DESC", "DESCENDING", "END"))
#: Words that are keywords only after certain others; both belong to Neo4j's index hints.
_KEYWORDS_BEHIND = {"INDEX": ("USING",), "SEEK": ("INDEX",)}
_CLAUSES = (
    "allowed are MATCH, OPTIONAL MATCH, WHERE, WITH, UNWIND, RETURN, ORDER BY, SKIP, LIMIT, UNION "
    "and CALL; save results with --csv or --parquet"
)
#: Only for the message: these are refused like any other word that is not allowed.
_WRITING = frozenset(
    ("CREATE", "MERGE", "SET", "DELETE", "DETACH", "REMOVE", "DROP", "ALTER", "INSERT", "FOREACH")
)


def admit(text: str, dialect: Dialect, given: Container[str]) -> tuple[list[Token], str]:
    """Admit a user's query, or refuse it.

    Parameters
    ----------
    text
        The query.
    dialect
        What queries of the engine may use.
    given
        Names of the parameters that have a value.

    Returns
    -------
    list of Token, str
        Its tokens, and the text to send to the engine.

    Raises
    ------
    InputError
        There is no query, or more than one, or a parameter has no value.
    ReadOnlyError
        The query would do more than read this graph.
    QueryRejectedError
        It uses something that is not listed, or cannot be read.
    """
    tokens, sent = split(text, resolves_escapes=dialect.resolves_escapes)
    explains = tokens[0].kind == "word" and tokens[0].upper in ("EXPLAIN", "PROFILE")
    _check_start(tokens, 1 if explains else 0, dialect)
    for place, token in enumerate(tokens):
        if _is_keyword(tokens, place, dialect):
            _check_keyword(tokens, place, explains=explains, dialect=dialect)
        if _would_start_clause(tokens, place, dialect):
            raise _beyond(_culprit(tokens, place, dialect))
        if token.text == "(" and place:
            _check_function(tokens, place, dialect)
    _refuse_missing(tokens, given)
    return tokens, sent


def _check_start(tokens: list[Token], place: int, dialect: Dialect) -> None:
    """Check the word that a query starts with, or the second part of a UNION."""
    start = tokens[place] if place < len(tokens) else tokens[-1]
    if start.kind != "word" or start.upper not in dialect.starts:
        raise _beyond(start)


def _would_start_clause(tokens: list[Token], place: int, dialect: Dialect) -> bool:
    """Return whether a word is where neither a name nor a value can be.

    Between two operands there is a sign or a keyword. A word right after an operand, or after
    something that ends one, would therefore be a clause. So would a word that opens a subquery.
    """
    token = tokens[place]
    if place == 0 or token.kind not in _OPERANDS or _is_keyword(tokens, place, dialect):
        return False
    before = tokens[place - 1]
    may_be_clause = _may_be_name(token)
    if before.text == "{":
        after = tokens[place + 1].text if place + 1 < len(tokens) else ""
        return token.kind == "word" and after not in _BEHIND_A_KEY
    if before.text in _CLOSING or _is_all_columns(tokens, place - 1, dialect):
        return may_be_clause
    if before.kind not in _OPERANDS:
        return False
    return not _is_keyword(tokens, place - 1, dialect) or (
        may_be_clause and before.upper in _ENDING
    )


def _is_all_columns(tokens: list[Token], place: int, dialect: Dialect) -> bool:
    """Return whether a `*` is that of `RETURN *`, not a product."""
    return (
        tokens[place].text == "*"
        and place > 0
        and _is_keyword(tokens, place - 1, dialect)
        and tokens[place - 1].upper in ("RETURN", "WITH", "DISTINCT", "YIELD")
    )


def _is_keyword(tokens: list[Token], place: int, dialect: Dialect) -> bool:
    token = tokens[place]
    if token.kind != "word" or (place > 0 and tokens[place - 1].text == "."):
        return False
    before = _KEYWORDS_BEHIND.get(token.upper)
    if before is not None:
        return place > 0 and tokens[place - 1].upper in before and "USING" in dialect.keywords
    return token.upper in dialect.keywords


def _culprit(tokens: list[Token], place: int, dialect: Dialect) -> Token:
    """Return which of two neighbours to name: `x LOAD`, but `RETURN LOAD FROM`."""
    before = tokens[place - 1]
    starts_there = place < 2 or _is_keyword(tokens, place - 2, dialect)
    if before.kind == "word" and starts_there and tokens[place - 2].upper != "AS":
        return before
    return tokens[place]


def _check_keyword(tokens: list[Token], place: int, *, explains: bool, dialect: Dialect) -> None:
    word = tokens[place].upper
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if word == "CALL":
        _check_call(tokens, place, dialect)
    elif word == "UNION":
        skipped = after is not None and after.upper in ("ALL", "DISTINCT")
        _check_start(tokens, place + (2 if skipped else 1), dialect)
    elif word in ("EXPLAIN", "PROFILE") and (place or not explains):
        raise _beyond(tokens[place])


def _check_call(tokens: list[Token], place: int, dialect: Dialect) -> None:
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is None or after.text in ("{", "("):
        if dialect.subqueries:
            return
        raise QueryRejectedError(f"{dialect.engine} has no CALL of a query in braces")
    name = _dotted_from(tokens, place + 1)
    if name.upper() not in dialect.procedures:
        raise ReadOnlyError(
            f"the procedure {name} is not allowed in queries on {dialect.engine}",
            hint="allowed are " + ", ".join(sorted(dialect.procedures)).lower(),
        )


def _check_function(tokens: list[Token], place: int, dialect: Dialect) -> None:
    """Check the function called by the `(` at a place, if it is a call."""
    last = tokens[place - 1]
    if not _may_be_name(last) or _is_keyword(tokens, place - 1, dialect):
        return
    first = place - 1
    while first >= 2 and tokens[first - 1].text == "." and _may_be_name(tokens[first - 2]):
        first -= 2
    name = _dotted_from(tokens, first)
    if first and _is_keyword(tokens, first - 1, dialect) and tokens[first - 1].upper == "CALL":
        return  # a procedure, checked by `_check_call`
    if "." not in name and _is_index_hint(tokens, first, dialect):
        return
    if dialect.allows_function(name.upper()):
        return
    if name.upper() in _WRITING:
        raise _beyond(Token("word", name))
    message = f"the function {name} is not allowed in queries on {dialect.engine}"
    allowed = [*sorted(dialect.functions), *(f"{room}*" for room in dialect.function_rooms)]
    hint = f"allowed are {', '.join(allowed).lower()}"
    if "." in name:
        raise ReadOnlyError(message, hint=hint)
    raise QueryRejectedError(message, hint=hint)


def _is_index_hint(tokens: list[Token], place: int, dialect: Dialect) -> bool:
    """Return whether a label is part of `USING INDEX [SEEK] n:Label(property)`."""
    return (
        place > 3
        and tokens[place - 1].text == ":"
        and tokens[place - 3].upper in _KEYWORDS_BEHIND
        and _is_keyword(tokens, place - 3, dialect)
    )


def _may_be_name(token: Token) -> bool:
    return token.kind in ("word", "quoted name")


def _dotted_from(tokens: list[Token], start: int) -> str:
    parts, place = [tokens[start].name], start + 1
    while place + 1 < len(tokens) and tokens[place].text == "." and _may_be_name(tokens[place + 1]):
        parts.append(tokens[place + 1].name)
        place += 2
    return ".".join(parts)


def _beyond(word: Token) -> EngineError:
    if word.upper in _WRITING:
        return ReadOnlyError(
            f"a query with {word.upper} would write, but graphs are opened read-only",
            hint="graphs are written by `cavegraph load`",
        )
    return ReadOnlyError(
        f"queries can only read the graph; {word.text} is not allowed here",
        hint=_CLAUSES,
    )


def _refuse_missing(tokens: list[Token], given: Container[str]) -> None:
    """Refuse a `$name` without a value: LadybugDB takes it as null and silently finds nothing."""
    asked = {token.name for token in tokens if token.kind == "parameter"}
    missing = sorted(name for name in asked if name not in given)
    if missing:
        raise InputError(
            f"no value is given for {', '.join('$' + name for name in missing)}",
            hint="pass params={'name': value}, or -p name=value on the command line",
        )
