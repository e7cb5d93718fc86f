"""Read the expressions of Cypher."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from graphapi.errors import InputError
from graphapi.serve.neuprint.tree import (
    Call,
    Comprehension,
    Constant,
    Item,
    Listed,
    Mapped,
    NotUnderstoodError,
    Operation,
    Property,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphapi.engines.tokens import Token
    from graphapi.serve.neuprint.tree import Expression

#: What may stand in the place of a parameter, beside values.
_EXPRESSIONS = (Constant, Operation, Property)
_COMPARISONS = ("=", "<>", "<", ">", "<=", ">=", "=~")
#: Deeper expressions are refused: they would need as deep a stack.
_DEEPEST = 60
#: Longer chains of an operator that nests are refused for the same reason.
_LONGEST = 100
_MOST_DIGITS = 19
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
#: Words that end an expression, so none of them is a variable.
_ENDING = frozenset(
    (
        *("AND", "OR", "XOR", "NOT", "IN", "IS", "AS", "WHERE", "RETURN", "WITH", "MATCH"),
        *("UNWIND", "ORDER", "BY", "SKIP", "LIMIT", "CALL", "UNION", "OPTIONAL", "STARTS", "ENDS"),
        *("CONTAINS", "ASC", "DESC", "ASCENDING", "DESCENDING", "CASE", "WHEN", "THEN", "ELSE"),
        *("END", "YIELD", "DISTINCT"),
    )
)


class ExpressionParser:
    """Reads tokens from left to right.

    Parameters
    ----------
    tokens
        The query.
    given
        Values of its parameters; or expressions that stand in their places.
    """

    def __init__(self, tokens: list[Token], given: Mapping[str, object]) -> None:
        self.tokens, self.at, self.depth, self.given = tokens, 0, 0, given

    def peek(self, ahead: int = 0) -> str:
        """Return a token to come: a word in capitals, anything else as it is."""
        if self.at + ahead >= len(self.tokens):
            return ""
        token = self.tokens[self.at + ahead]
        return token.upper if token.kind == "word" else token.text

    def take(self) -> Token:
        """Return the next token, and go on."""
        if self.at >= len(self.tokens):
            raise NotUnderstoodError("the query ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def takes(self, expected: str) -> bool:
        """Go on if the next token is this one."""
        if self.peek() != expected:
            return False
        self.at += 1
        return True

    def needs(self, expected: str) -> None:
        """Go on; the next token must be this one."""
        if not self.takes(expected):
            raise self.odd()

    def odd(self) -> NotUnderstoodError:
        """Return the error that names the next token."""
        near = " ".join(token.text[:40] for token in self.tokens[self.at : self.at + 4])
        return NotUnderstoodError(f"this server does not take this part of the query: {near!r}")

    def is_name(self) -> bool:
        """Return whether the next token is a name."""
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.kind == "quoted name" or (token.kind == "word" and token.upper not in _ENDING)

    def name(self) -> str:
        """Return the next token, which must be a name."""
        if not self.is_name():
            raise self.odd()
        return self.take().name

    def label(self) -> str:
        """Return the name behind a colon; it may be a keyword, as in `:Contains`."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind not in ("word", "quoted name"):
            raise self.odd()
        return self.take().name

    def expression(self) -> Expression:
        """Read an expression."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotUnderstoodError("the query is nested too deeply")
        found = self._many("OR", lambda: self._many("AND", self._negation))
        self.depth -= 1
        return found

    def _many(self, sign: str, part: Callable[[], Expression]) -> Expression:
        operands = [part()]
        while self.takes(sign):
            operands.append(part())
        return operands[0] if len(operands) == 1 else Operation(sign, tuple(operands))

    def _negation(self) -> Expression:
        times = 0
        while self.takes("NOT"):
            times += 1
        found = self._comparison()
        for _ in range(min(times, 2 - times % 2)):
            found = Operation("NOT", (found,))
        return found

    def _comparison(self) -> Expression:
        left = self._chain(("+", "-"), lambda: self._chain(("*", "/", "%"), self._signed))
        word = self.peek()
        if word in _COMPARISONS:
            self.take()
            right = self._chain(("+", "-"), lambda: self._chain(("*", "/", "%"), self._signed))
            if self.peek() in _COMPARISONS:
                raise NotUnderstoodError("a comparison has three sides")
            return Operation(word, (left, right))
        if word in ("IN", "CONTAINS"):
            self.take()
            return Operation(word, (left, self._signed()))
        if word in ("STARTS", "ENDS") and self.peek(1) == "WITH":
            self.at += 2
            return Operation(f"{word} WITH", (left, self._signed()))
        if self.takes("IS"):
            sign = "IS NOT NULL" if self.takes("NOT") else "IS NULL"
            self.needs("NULL")
            return Operation(sign, (left,))
        return left

    def _chain(self, signs: tuple[str, ...], part: Callable[[], Expression]) -> Expression:
        left, length = part(), 0
        while (sign := self.peek()) in signs:
            self.take()
            left, length = Operation(sign, (left, part())), length + 1
            if length > _LONGEST:
                raise NotUnderstoodError("the query has too long a sum")
        return left

    def _signed(self) -> Expression:
        if self.takes("-"):
            return Operation("-", (Constant(0), self._postfix()))
        return self._postfix()

    def _postfix(self) -> Expression:
        found, length = self._atom(), 0
        while self.peek() in (".", "["):
            length += 1
            if length > _LONGEST:
                raise NotUnderstoodError("the query has too long a chain of names")
            if self.takes("."):
                found = Property(found, self.take().name)
            else:
                self.needs("[")
                found = Item(found, self.expression())
                self.needs("]")
        return found

    def _atom(self) -> Expression:
        if self.at >= len(self.tokens):
            raise NotUnderstoodError("the query ends too early")
        token = self.tokens[self.at]
        if token.kind == "number":
            return Constant(_number(self.take().text))
        if token.kind == "numbers":
            return Constant([int(one) for one in self.take().text[1:-1].split(",")])
        if token.kind == "text":
            return Constant(_unquoted(self.take().text))
        if token.kind == "parameter":
            if token.name not in self.given:
                raise NotUnderstoodError(f"the query has no value for {token.text}")
            value = self.given[self.take().name]
            return value if isinstance(value, _EXPRESSIONS) else Constant(value)
        if token.text == "(":
            self.take()
            found = self.expression()
            self.needs(")")
            return found
        if token.text == "[":
            return self._list()
        if token.text == "{":
            return Mapped(self.map_entries())
        if not self.is_name():
            raise self.odd()
        if self.peek() in ("TRUE", "FALSE", "NULL") and self.peek(1) != "(":
            return Constant({"TRUE": True, "FALSE": False, "NULL": None}[self.take().upper])
        return self._named()

    def _named(self) -> Expression:
        """Read a variable or the call of a function, whose name may have dots."""
        ahead = 1
        while self.peek(ahead) == "." and self.peek(ahead + 2) in (".", "("):
            ahead += 2
        if self.peek(ahead) != "(":
            return Variable(self.name())
        name = ".".join(token.name for token in self.tokens[self.at : self.at + ahead : 2]).lower()
        self.at += ahead + 1
        if name in ("all", "any", "none", "single"):
            made = self._comprehension(cast("Literal['all', 'any', 'none', 'single']", name))
            self.needs(")")
            return made
        distinct = self.takes("DISTINCT")
        arguments: list[Expression] = []
        if name == "count" and self.takes("*"):
            self.needs(")")
            return Call(name, ())
        while not self.takes(")"):
            if arguments:
                self.needs(",")
            arguments.append(self.expression())
        return Call(name, tuple(arguments), distinct)

    def _list(self) -> Expression:
        self.needs("[")
        if self.is_name() and self.peek(1) == "IN":
            made = self._comprehension("list")
            self.needs("]")
            return made
        elements: list[Expression] = []
        while not self.takes("]"):
            if elements:
                self.needs(",")
            elements.append(self.expression())
        if all(isinstance(one, Constant) for one in elements):
            return Constant([cast("Constant", one).value for one in elements])
        return Listed(tuple(elements))

    def _comprehension(
        self, kind: Literal["list", "all", "any", "none", "single"]
    ) -> Comprehension:
        name = self.name()
        self.needs("IN")
        source = self.expression()
        test = self.expression() if self.takes("WHERE") else None
        made = self.expression() if kind == "list" and self.takes("|") else None
        return Comprehension(kind, name, source, test, made)

    def map_entries(self) -> tuple[tuple[str, Expression], ...]:
        """Read `{a: b, c: d}`."""
        self.needs("{")
        found: list[tuple[str, Expression]] = []
        while not self.takes("}"):
            if found:
                self.needs(",")
            name = self.take().name
            self.needs(":")
            found.append((name, self.expression()))
        return tuple(found)


def _number(text: str) -> int | float:
    if not text.isdecimal():
        return float(text)
    if len(text.lstrip("0")) > _MOST_DIGITS:
        raise InputError(f"a number of {len(text):,} digits", hint="ids have up to 19")
    return int(text)


def _unquoted(text: str) -> str:
    made, inside = [], iter(text[1:-1])
    for sign in inside:
        if sign == "\\":
            escaped = next(inside)
            made.append(_ESCAPES.get(escaped, escaped))
        else:
            made.append(sign)
    return "".join(made)
