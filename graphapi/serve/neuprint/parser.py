"""Read the Cypher of neuPrint's clients; what else Cypher has is `NotUnderstoodError`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from graphapi.engines.tokens import Token, split
from graphapi.serve.neuprint.expressionparser import ExpressionParser
from graphapi.serve.neuprint.tree import (
    Clause,
    Column,
    Edge,
    Match,
    Node,
    NotUnderstoodError,
    Pattern,
    Project,
    Query,
    Unwind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphapi.serve.neuprint.tree import Expression

_FINDERS = ("SHORTESTPATH", "ALLSHORTESTPATHS")
#: neuPrint's way to limit a query's time: the query is a text inside another. Its last parts are
#: possessive, so that no run of spaces is read more than once.
_BOXED = re.compile(
    r"""\s*CALL\s+apoc\.cypher\.runTimeboxed\(\s*"(?P<inner>(?:\\.|[^"\\])*)"\s*,\s*\{\s*\}\s*,
    \s*(?P<limit>\d{1,9})\s*\)\s*YIELD\s+value\s+RETURN\s++(?P<columns>[^;]++);?\s*""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_RENAMED = re.compile(r"value\.(\w+)(?:\s+AS\s+(\w+))?", re.IGNORECASE)


def unboxed(text: str) -> tuple[str, float | None, tuple[tuple[str, str], ...]]:
    """Take a query out of `runTimeboxed`.

    Parameters
    ----------
    text
        What a client sent.

    Returns
    -------
    str, float or None, tuple
        The query itself; its time limit in seconds; and its columns with their names in the
        answer, empty for its own.
    """
    found = _BOXED.fullmatch(text)
    if found is None:
        return text, None, ()
    columns = []
    for part in found["columns"].split(","):
        one = _RENAMED.fullmatch(part.strip())
        if one is None:
            return text, None, ()
        columns.append((one[1], one[2] or f"value.{one[1]}"))
    # neuprint-python escapes the quotes of the inner text and nothing else
    inner = found["inner"].replace(r"\"", '"')
    return inner, int(found["limit"]) / 1000, tuple(columns)


def parse(text: str, most: int, given: Mapping[str, object] | None = None) -> Query:
    """Read a query.

    Parameters
    ----------
    text
        What a client sent, or a query of our own.
    most
        Most characters of it.
    given
        Values of its parameters, by name, or expressions; None for a query without any.

    Raises
    ------
    NotUnderstoodError
        It is Cypher of another shape, or not Cypher.
    QueryRejectedError, InputError
        It could be split in more than one way, or is too long or too deep.
    """
    inner, seconds, renamed = unboxed(text)
    tokens, _ = split(inner, resolves_escapes=True, most=most, lists=True)
    return Query(_Parser(tokens, given or {}).clauses(), seconds, renamed)


def column_names(text: str, most: int) -> list[str]:
    """Return the names of a query's columns, as Neo4j gives them; empty if they are not written.

    Parameters
    ----------
    text
        Any query that can be split into tokens.
    most
        Most characters of it.
    """
    tokens, _ = split(text, resolves_escapes=True, most=most)
    depth, items, inside = 0, list[list[Token]](), False
    for token in tokens:
        depth += (token.text in "([{") - (token.text in ")]}")
        word = token.upper if token.kind == "word" and not depth else ""
        if word in ("RETURN", "UNION"):
            items, inside = [[]], word == "RETURN"
        elif word in ("ORDER", "SKIP", "LIMIT"):
            inside = False
        elif token.text == "," and not depth:
            items.append([])
        elif inside and not (word == "DISTINCT" and not items[-1]):
            items[-1].append(token)
    if any(not item or item[0].text == "*" for item in items):
        return []
    return [
        item[-1].name if len(item) == 1 or item[-2].upper == "AS" else _written(item)
        for item in items
    ]


class _Parser(ExpressionParser):
    """Reads clauses and patterns."""

    def clauses(self) -> tuple[Clause, ...]:
        found: list[Clause] = []
        while self.at < len(self.tokens):
            if self.takes("MATCH"):
                patterns = [self.pattern()]
                while self.takes(","):
                    patterns.append(self.pattern())
                found.append(Match(tuple(patterns), self.where()))
            elif self.takes("UNWIND"):
                value = self.expression()
                self.needs("AS")
                found.append(Unwind(value, self.name()))
            elif self.takes("WITH"):
                found.append(self.projection(is_last=False))
            elif self.takes("RETURN"):
                found.append(self.projection(is_last=True))
                if self.at < len(self.tokens):
                    raise self.odd()
                return tuple(found)
            else:
                raise self.odd()
        raise NotUnderstoodError("the query has no RETURN")

    def where(self) -> Expression | None:
        return self.expression() if self.takes("WHERE") else None

    def projection(self, *, is_last: bool) -> Project:
        distinct = self.takes("DISTINCT")
        columns = [self.column(is_last=is_last)]
        while self.takes(","):
            columns.append(self.column(is_last=is_last))
        order = []
        if self.takes("ORDER"):
            self.needs("BY")
            order.append(self.sort_key())
            while self.takes(","):
                order.append(self.sort_key())
        skip = self.expression() if self.takes("SKIP") else None
        limit = self.expression() if self.takes("LIMIT") else None
        where = None if is_last else self.where()
        return Project(tuple(columns), distinct, tuple(order), skip, limit, where)

    def sort_key(self) -> tuple[Expression, bool]:
        value = self.expression()
        if self.takes("DESC") or self.takes("DESCENDING"):
            return value, True
        if not self.takes("ASC"):
            self.takes("ASCENDING")
        return value, False

    def column(self, *, is_last: bool) -> Column:
        start = self.at
        value = self.expression()
        end = self.at
        if self.takes("AS"):
            return Column(self.name(), value)
        written = _written(self.tokens[start:end])
        if not is_last and self.at - start > 1:
            raise NotUnderstoodError(f"WITH needs a name for {written}")
        return Column(self.tokens[start].name if self.at - start == 1 else written, value)

    def pattern(self) -> Pattern:
        name, finder = "", ""
        if self.peek(1) == "=":
            name = self.name()
            self.needs("=")
        if self.peek() in _FINDERS and self.peek(1) == "(" and self.peek(2) == "(":
            finder = self.take().upper.lower()
            self.needs("(")
        nodes = [self.node()]
        edges: list[Edge] = []
        while self.peek() in ("-", "<"):
            edges.append(self.edge())
            nodes.append(self.node())
        if finder:
            self.needs(")")
        return Pattern(name, finder, tuple(nodes), tuple(edges))

    def node(self) -> Node:
        self.needs("(")
        name = self.name() if self.is_name() else ""
        labels = self.labels()
        properties = self.map_entries() if self.peek() == "{" else ()
        self.needs(")")
        return Node(name, labels, properties)

    def labels(self) -> tuple[str, ...]:
        found = []
        while self.takes(":"):
            found.append(self.label())
        return tuple(found)

    def edge(self) -> Edge:
        backward = self.takes("<")
        self.needs("-")
        name, types = "", tuple[str, ...]()
        hops: tuple[int, int | None, bool] = (1, 1, False)
        if self.takes("["):
            name = self.name() if self.is_name() else ""
            types = self.labels()
            if self.takes("*"):
                hops = self.hops()
            self.needs("]")
        self.needs("-")
        forward = self.takes(">")
        if forward == backward:
            raise NotUnderstoodError("a relationship has no direction")
        least, most, varies = hops
        return Edge(name, types, forward, least, most, varies)

    def hops(self) -> tuple[int, int | None, bool]:
        least = self.whole()
        if self.takes(".."):
            return 1 if least is None else least, self.whole(), True
        return (1, None, True) if least is None else (least, least, True)

    def whole(self) -> int | None:
        if self.at < len(self.tokens) and self.tokens[self.at].text.isdecimal():
            return int(self.take().text)
        return None


def _written(tokens: list[Token]) -> str:
    """Return tokens as a column's name, as Neo4j writes it for `n.type` or `count(*)`."""
    text = ""
    for token in tokens:
        words = token.kind != "sign" and text[-1:].isalnum()
        text += (" " if words or text[-1:] == "," else "") + token.text
    return text
