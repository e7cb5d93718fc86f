"""Conditions written as text: `field=value`, `field>=5`, as people type them."""

from __future__ import annotations

import math
import re
from typing import Any

from graphapi.errors import InputError
from graphapi.graph.conditions import AtLeast, AtMost, IsNull, Not, NotNull

#: A whole number in its usual form; `007` or a very long number is a text.
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
#: The name ends in no space, so that no run of spaces is read more than once.
_WHERE = re.compile(
    r"(?P<field>[^=!<>]*[^=!<>\s])\s*(?P<sign>!=|>=|<=|=)\s*(?P<value>.*)", re.DOTALL
)
#: A part of a list: in double quotes (quotes inside are doubled), or up to the next comma.
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(,|$)')


def condition(text: str, before: str = "") -> tuple[str, Any]:
    """Read one condition.

    Parameters
    ----------
    text
        `field=value`, `field=a,b` (any of them), `field!=value`, `field>=n`, `field<=n`,
        `field=` (empty) or `field!=` (not empty). Double quotes keep a comma in a value.
    before
        What stands before the condition in an error message, such as the name of an option.

    Returns
    -------
    str, object
        The field, and what `NeuronCriteria` takes for it.

    Raises
    ------
    InputError
        The text is not a condition.
    """
    match = _WHERE.fullmatch(text)
    if match is None:
        raise InputError(f"{before}'{text}'", hint="write it as field=value")
    sign, value = match["sign"], match["value"]
    if sign in (">=", "<="):
        number = _number(value, f"{before}'{text}'")
        return match["field"], (AtLeast if sign == ">=" else AtMost)(number)
    if value == "":
        return match["field"], IsNull() if sign == "=" else NotNull()
    values = listed(value)
    return match["field"], Not(values) if sign == "!=" else values


def listed(text: str) -> list[Any]:
    """Split at commas; a part in double quotes stays one text, commas included."""
    values: list[Any] = []
    place, more = 0, True
    while more:
        part = _PART.match(text, place)
        assert part is not None  # noqa: S101  (the pattern matches the empty text too)
        quoted, plain, comma = part.groups()
        values.append(_value(plain.strip()) if quoted is None else quoted.replace('""', '"'))
        place, more = part.end(), comma == ","
    return values


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if WHOLE.fullmatch(text) else text


def _number(text: str, where: str) -> float | int:
    if WHOLE.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise InputError(f"{where}: '{text}' is not a number")
    return number
