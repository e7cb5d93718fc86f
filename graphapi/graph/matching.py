"""Match field values against criteria, with the same rule for every engine.

Values are matched here and not in Cypher. The engines' regular expressions and letter cases
differ (Java, RE2), but a criterion must have one meaning (docs/decisions/0002).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from graphapi.errors import InputError, InvalidRootIdError
from graphapi.graph.conditions import AtLeast, AtMost, Condition, IsNull, Not, NotNull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Mask = npt.NDArray[np.bool_]
#: Below this, every whole number has a distinct float.
_FLOATS_ARE_EXACT = 2**53
#: Types that a field's values can be compared with.
_VALUES = (str, bool, int, float, np.bool_, np.integer, np.floating)


@dataclass(frozen=True)
class Rule:
    """How values are compared.

    Attributes
    ----------
    regex
        Texts are Python regular expressions, searched for anywhere in a value.
    case
        Whether upper and lower case differ.
    exact
        Whether a text must equal the whole value. False: it may be a part of it.
    match_all
        For fields that hold lists: all given values must be in the list, not just one.
    """

    regex: bool = False
    case: bool = False
    exact: bool = True
    match_all: bool = False


def matches(values: Sequence[object], wanted: object, rule: Rule, name: str) -> Mask:
    """Return whether each value matches.

    Parameters
    ----------
    values
        One field of all rows; None where there is no value, a list in list fields.
    wanted
        A value, a list of values (any of them), or a condition.
    rule
        How to compare.
    name
        The field's name, for error messages.

    Returns
    -------
    numpy.ndarray
        bool, one for each value.

    Raises
    ------
    InputError
        A regular expression is not valid, or a value cannot be compared with the field.
    InvalidRootIdError
        A float is so large that it represents several ids.
    """
    check_wanted(wanted, name)
    test = _test(wanted, rule, name)
    return np.fromiter((test(value) for value in values), dtype=bool, count=len(values))


def check_wanted(wanted: object, name: str) -> None:
    """Check the value of a criterion before any row is read.

    Raises
    ------
    InputError
        It is a condition without parentheses (`NotNull` for `NotNull()`), a missing value (None,
        NaN, NA), an empty list, or a value of a type that no field has.
    """
    if isinstance(wanted, (IsNull, NotNull)):
        return
    if isinstance(wanted, Not):
        check_wanted(wanted.value, name)
        return
    if isinstance(wanted, Condition):
        for limit in vars(wanted).values():
            _check_value(limit, name)
        return
    listed = as_list(wanted)
    if not listed:
        raise InputError(f"criterion '{name}': the list of values is empty")
    for value in listed:
        if isinstance(value, Condition):
            check_wanted(value, name)
        else:
            _check_value(value, name)


def _check_value(value: object, name: str) -> None:
    if isinstance(value, type) and issubclass(value, Condition):
        raise InputError(
            f"criterion '{name}': {value.__name__} is a condition without parentheses",
            hint=f"add parentheses: {value.__name__}()",
        )
    missing = value is None or type(value).__name__ in ("NAType", "NaTType")
    if missing or (isinstance(value, (float, np.floating)) and np.isnan(value)):
        raise InputError(
            f"criterion '{name}': {value!r} is not a value",
            hint=f"use {name}=IsNull() or {name}=NotNull()",
        )
    if not isinstance(value, _VALUES):
        raise InputError(
            f"criterion '{name}': a {type(value).__name__} cannot be the value of a field",
            hint="use a text, a number, True or False, a list of these, or a condition",
        )


def _test(wanted: object, rule: Rule, name: str) -> Callable[[object], bool]:
    if isinstance(wanted, Condition):
        return _special(wanted, rule, name)
    listed = as_list(wanted)
    tests = [_scalar(value, rule, name) for value in listed]

    def fits(value: object) -> bool:
        if value is None:
            return False
        if isinstance(value, (list, tuple, np.ndarray)):
            found = (any(test(element) for element in value) for test in tests)
            return all(found) if rule.match_all else any(found)
        return any(test(value) for test in tests)

    return fits


def _special(condition: Condition, rule: Rule, name: str) -> Callable[[object], bool]:
    if isinstance(condition, IsNull):
        return _is_empty
    if isinstance(condition, NotNull):
        return lambda value: not _is_empty(value)
    if isinstance(condition, Not):
        inner = _test(condition.value, rule, name)
        return lambda value: not inner(value)
    if isinstance(condition, AtLeast):
        return _range(condition.value, None, name)
    if isinstance(condition, AtMost):
        return _range(None, condition.value, name)
    return _range(condition.low, condition.high, name)


def _range(low: object, high: object, name: str) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        if value is None:
            return False
        try:
            return (low is None or value >= low) and (  # type: ignore[operator]
                high is None or value <= high  # type: ignore[operator]
            )
        except TypeError as error:
            raise InputError(
                f"criterion '{name}': {type(value).__name__} values cannot be compared "
                f"with {low if low is not None else high!r}"
            ) from error

    return fits


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, (list, tuple, np.ndarray)) and len(value) == 0)


def as_list(wanted: object) -> list[object]:
    """Return the values of a criterion as a list; a single value becomes a list of one."""
    if isinstance(wanted, (str, bytes)) or not hasattr(wanted, "__iter__"):
        return [wanted]
    return list(wanted)


def _scalar(wanted: object, rule: Rule, name: str) -> Callable[[object], bool]:
    if isinstance(wanted, Condition):
        return _special(wanted, rule, name)
    if isinstance(wanted, (float, np.floating)) and abs(float(wanted)) >= _FLOATS_ARE_EXACT:
        raise InvalidRootIdError(
            f"criterion '{name}': {wanted!r} is a float that represents several ids",
            hint="keep ids as int64; floats cannot hold them exactly",
        )
    if isinstance(wanted, str) and rule.regex:
        return _pattern(wanted, rule, name)
    if isinstance(wanted, str):
        return _text(wanted, rule)
    if isinstance(wanted, (bool, np.bool_)):
        return lambda value: isinstance(value, (bool, np.bool_)) and value == wanted
    return lambda value: value == wanted or str(value) == str(wanted)


def _pattern(wanted: str, rule: Rule, name: str) -> Callable[[object], bool]:
    try:
        pattern = re.compile(wanted, 0 if rule.case else re.IGNORECASE)
    except re.error as error:
        raise InputError(
            f"criterion '{name}': {wanted!r} is not a regular expression: {error}",
            hint="escape special characters with re.escape, or use regex=False",
        ) from error
    return lambda value: pattern.search(str(value)) is not None


def _text(wanted: str, rule: Rule) -> Callable[[object], bool]:
    asked = wanted if rule.case else wanted.casefold()

    def fits(value: object) -> bool:
        text = str(value) if rule.case else str(value).casefold()
        return text == asked if rule.exact else asked in text

    return fits
