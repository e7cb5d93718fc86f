"""Conditions on a field beyond plain values: negation, missing values, ranges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Not:
    """Any value except this one, or except these; rows without a value match too.

    Examples
    --------
    >>> Not("Kenyon cell")
    Not(value='Kenyon cell')
    """

    value: object


@dataclass(frozen=True)
class IsNull:
    """Rows that have no value in this field."""


@dataclass(frozen=True)
class NotNull:
    """Rows that have a value in this field."""


@dataclass(frozen=True)
class AtLeast:
    """Numbers (or texts, by code point) that are at least this value."""

    value: float | str


@dataclass(frozen=True)
class AtMost:
    """Numbers (or texts, by code point) that are at most this value."""

    value: float | str


@dataclass(frozen=True)
class Between:
    """Numbers (or texts) from `low` to `high`, both included."""

    low: float | str
    high: float | str


#: All conditions; anything else is a plain value.
Condition = Not | IsNull | NotNull | AtLeast | AtMost | Between
