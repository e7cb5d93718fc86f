"""What a field may be asked for beyond plain values: negation, nulls, ranges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Not:
    """Everything but this value, or none of these values; rows without a value match too.

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
    """Numbers (or texts, by code point) that are this or more."""

    value: float | str


@dataclass(frozen=True)
class AtMost:
    """Numbers (or texts, by code point) that are this or less."""

    value: float | str


@dataclass(frozen=True)
class Between:
    """Numbers (or texts) from `low` to `high`, both included."""

    low: float | str
    high: float | str


#: Every special condition; anything else is a value to be equal to.
Condition = Not | IsNull | NotNull | AtLeast | AtMost | Between
