"""Split Cypher into tokens, so strictly that an engine cannot split it in another way.

Text that engines read differently is refused: a number that runs into a word (LadybugDB reads
`1LOAD` as `1 LOAD`), backslash-u escapes, which Neo4j resolves before it splits the text, and signs
and spaces outside ASCII. Comments are blanked before the text is sent, because engines may disagree
on where one ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from graphapi.errors import InputError, QueryRejectedError

Kind = Literal["word", "quoted name", "text", "number", "numbers", "parameter", "sign"]

_MOST_CHARACTERS = 100_000
_MOST_BRACKETS = 100
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_TOKENS = r"""(?P<space>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:\\[\\'"nrtbf]|[^'\\])*'|"(?:\\[\\'"nrtbf]|[^"\\])*")
    |(?P<quoted>(?:`[^`]+`)+)
    |(?P<parameter>\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+|`[^`]+`)(?![A-Za-z0-9_`$]))
    |(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_`$'"]|\.(?!\.)))
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*(?![`'"$]))
    |(?P<sign>\.\.|<=|>=|<>|=~|::|\|\||/(?!\*)|[-+*%^=<>!()\[\]{},.:;|&?])"""
#: A list of two or more whole numbers; its parts are possessive, so that no list is read twice.
_NUMBERS = r"(?P<numbers>\[[ \n]*+[0-9]{1,19}+(?:[ \n]*+,[ \n]*+[0-9]{1,19}+)++[ \n]*+\])|"
_SHAPES = re.compile(_TOKENS, re.DOTALL | re.VERBOSE)
_WITH_NUMBERS = re.compile(_NUMBERS + _TOKENS, re.DOTALL | re.VERBOSE)
_ODD = re.compile("[\0\ud800-\udfff]")
_KINDS: dict[str, Kind] = {
    "text": "text",
    "quoted": "quoted name",
    "parameter": "parameter",
    "number": "number",
    "numbers": "numbers",
    "word": "word",
    "sign": "sign",
}


@dataclass(frozen=True)
class Token:
    """One token of a query.

    Parameters
    ----------
    kind
        Kind of the token.
    text
        The token as written.
    """

    kind: Kind
    text: str

    @property
    def name(self) -> str:
        """The name as the engine reads it: without quotes and `$`."""
        bare = self.text.removeprefix("$")
        return bare[1:-1].replace("``", "`") if bare.startswith("`") else bare

    @property
    def upper(self) -> str:
        """The name in capitals, in which keywords and functions are compared."""
        return self.name.upper()


def split(
    text: str,
    *,
    resolves_escapes: bool,
    most: int = _MOST_CHARACTERS,
    lists: bool = False,
) -> tuple[list[Token], str]:
    """Split a query.

    Parameters
    ----------
    text
        One query; a `;` at its end is dropped.
    resolves_escapes
        Whether the engine resolves backslash-u escapes before it splits the text.
    most
        Most characters of the query.
    lists
        Whether a list of whole numbers is one token, of kind `numbers`: one of 10,000 root ids is
        read 20 times as fast.

    Returns
    -------
    list of Token, str
        The tokens, and the text to send, with spaces instead of comments.

    Raises
    ------
    InputError
        The text is empty, too long, or holds several queries.
    QueryRejectedError
        Part of it could be split in more than one way, or is nested too deeply.
    """
    if len(text) > most:
        raise InputError(
            f"the query has {len(text):,} characters; {most:,} are allowed",
            hint="pass long lists as parameters",
        )
    _refuse_odd_characters(text, resolves_escapes=resolves_escapes)
    tokens, sent, place = list[Token](), list[str](), 0
    shapes = _WITH_NUMBERS if lists else _SHAPES
    while place < len(text):
        found = shapes.match(text, place)
        if found is None:
            raise _unclear(text, place)
        kind, piece = str(found.lastgroup), found.group()
        if kind == "space" and piece != " ":
            piece = "".join(sign if sign in "\n\t" else " " for sign in piece)
        elif kind != "space":
            tokens.append(Token(_KINDS[kind], piece))
        sent.append(piece)
        place = found.end()
    while tokens and tokens[-1].text == ";":
        tokens.pop()
        last = len(sent) - 1 - sent[::-1].index(";")
        sent[last] = " "
    if not tokens:
        raise InputError("the query is empty")
    if any(token.text == ";" for token in tokens):
        raise InputError("only one query at a time", hint="remove the ';' in between")
    _refuse_deep(tokens)
    return tokens, "".join(sent)


def _refuse_odd_characters(text: str, *, resolves_escapes: bool) -> None:
    if odd := _ODD.search(text):
        raise QueryRejectedError(f"the query holds the character {odd[0]!r}", hint="remove it")
    if resolves_escapes and re.search(r"\\u", text, re.IGNORECASE):
        raise QueryRejectedError(
            "the query holds a \\u escape, which Neo4j resolves before it reads the query",
            hint="write the character itself, or pass the text as a parameter",
        )


def _unclear(text: str, place: int) -> QueryRejectedError:
    near = text[place : place + 20].split("\n", maxsplit=1)[0]
    line = text.count("\n", 0, place) + 1
    sign = text[place]
    if sign in "'\"`" or text.startswith("/*", place):
        hint = (
            r"close it; the escapes allowed in a text are \\ \' \" \n \r \t \b \f, any other "
            "character is written as it is or passed as a parameter"
        )
    elif sign.isdigit():
        hint = "put a space after the number"
    elif not sign.isascii():
        hint = "put backticks around names with such letters: `é`"
    else:
        hint = "put spaces around it, or remove it"
    return QueryRejectedError(f"the query cannot be read at line {line}: {near}", hint=hint)


def _refuse_deep(tokens: list[Token]) -> None:
    depth = 0
    for token in tokens:
        depth += (token.text in _CLOSES) - (token.text in _CLOSES.values())
        if depth > _MOST_BRACKETS:
            raise QueryRejectedError(
                f"the query has more than {_MOST_BRACKETS} nested brackets",
                hint="split it into steps with WITH",
            )
