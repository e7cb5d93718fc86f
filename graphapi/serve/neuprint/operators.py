"""Cypher's operators and functions on single values, with null as None."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError
from graphapi.serve.neuprint.frame import Synapse
from graphapi.serve.neuprint.tree import NotUnderstoodError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NUMBERS = (int, float)


def conjunction(values: Sequence[Any]) -> Any:
    """Return AND: false if one is, null if one is unknown."""
    if any(one is False for one in values):
        return False
    return None if any(one is None for one in values) else _true(values)


def disjunction(values: Sequence[Any]) -> Any:
    """Return OR: true if one is, null if one is unknown."""
    if any(one is True for one in values):
        return True
    if any(one is None for one in values):
        return None
    _true(values)
    return False


def negation(value: Any) -> Any:
    """Return NOT."""
    return None if value is None else not _true([value])


def _true(values: Sequence[Any]) -> bool:
    for one in values:
        if not isinstance(one, bool):
            raise InputError(f"{one!r} is used as a condition, but is not true or false")
    return all(values)


def equal(left: Any, right: Any) -> Any:
    """Return whether two values are equal; null if one is unknown."""
    if left is None or right is None:
        return None
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    return bool(left == right)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def compare(left: Any, right: Any) -> Any:
        numbers = all(isinstance(x, _NUMBERS) and not isinstance(x, bool) for x in (left, right))
        if numbers or (isinstance(left, str) and isinstance(right, str)):
            return test(left, right)
        return None

    return compare


def _on_texts(test: Callable[[str, str], bool]) -> Callable[[Any, Any], Any]:
    def compare(left: Any, right: Any) -> Any:
        if isinstance(left, str) and isinstance(right, str):
            return test(left, right)
        return None

    return compare


def _sum(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    if isinstance(left, list) or isinstance(right, list):
        return [*_as_list(left), *_as_list(right)]
    if isinstance(left, str) or isinstance(right, str):
        return f"{left}{right}"
    return _arithmetic(lambda a, b: a + b)(left, right)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _arithmetic(make: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def compute(left: Any, right: Any) -> Any:
        if left is None or right is None:
            return None
        if not all(isinstance(x, _NUMBERS) and not isinstance(x, bool) for x in (left, right)):
            raise InputError(f"{left!r} and {right!r} are not two numbers")
        try:
            return make(left, right)
        except (ZeroDivisionError, OverflowError) as error:
            raise InputError(f"{left!r} and {right!r}: {error}") from error

    return compute


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    return left - right * _divide(left, right) if isinstance(left, int) else left % right


#: Operators with two operands.
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "=": equal,
    "<>": lambda a, b: None if (same := equal(a, b)) is None else not same,
    "<": _ordered(lambda a, b: a < b),
    ">": _ordered(lambda a, b: a > b),
    "<=": _ordered(lambda a, b: a <= b),
    ">=": _ordered(lambda a, b: a >= b),
    "STARTS WITH": _on_texts(lambda a, b: a.startswith(b)),
    "ENDS WITH": _on_texts(lambda a, b: a.endswith(b)),
    "CONTAINS": _on_texts(lambda a, b: b in a),
    "+": _sum,
    "-": _arithmetic(lambda a, b: a - b),
    "*": _arithmetic(lambda a, b: a * b),
    "/": _arithmetic(_divide),
    "%": _arithmetic(_remainder),
}
COMPARISONS = frozenset(
    ("=", "<>", "<", ">", "<=", ">=", "=~", "IN", "STARTS WITH", "ENDS WITH", "CONTAINS")
)


def full_matches(texts: Sequence[Any], pattern: Any) -> list[Any]:
    """Return whether each text matches a regular expression as a whole.

    RE2 does it, in a time that grows only with the text: no expression can hold the server.

    Raises
    ------
    InputError
        RE2 does not have the expression.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not isinstance(pattern, str):
        return [None] * len(texts)
    distinct = sorted({one for one in texts if isinstance(one, str)})
    try:
        found = pc.match_substring_regex(pa.array(distinct, pa.string()), rf"\A(?:{pattern})\z")
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{pattern[:200]!r} is not a regular expression that this server has",
            hint="it has RE2's: no look-ahead, no references to groups",
        ) from error
    known = dict(zip(distinct, found.to_pylist(), strict=True))
    return [known.get(one) if isinstance(one, str) else None for one in texts]


def _from_json(kind: type) -> Callable[[Any], Any]:
    def read(text: Any) -> Any:
        if text is None:
            return None
        try:
            value = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError("a text is not JSON") from error
        if not isinstance(value, kind):
            raise InputError(f"a text is not the JSON of a {kind.__name__}")
        return value

    return read


def _without(given: Any, names: Any) -> Any:
    if not isinstance(given, dict) or not isinstance(names, list):
        return None
    return {name: value for name, value in given.items() if name not in names}


def _text_of(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _size(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, (list, str)):
        raise InputError("size() of something that is neither a list nor a text")
    return len(value)


def _type_of(value: Any) -> str:
    kinds = {bool: "BOOLEAN", int: "INTEGER", float: "FLOAT", str: "STRING", list: "LIST"}
    return "NULL" if value is None else kinds.get(type(value), "MAP")


def _has_duplicates(values: Any) -> Any:
    return None if values is None else len(unique(values)) < len(values)


def _on_text(make: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: make(value) if isinstance(value, str) else None


def _on_number(make: Callable[[float], Any]) -> Callable[[Any], Any]:
    def compute(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, _NUMBERS):
            raise InputError(f"{value!r} is not a number")
        return make(value)

    return compute


#: Functions of one row.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exists": lambda value: value is not None,
    "size": _size,
    "tostring": _text_of,
    "tolower": _on_text(str.lower),
    "toupper": _on_text(str.upper),
    "abs": _on_number(abs),
    "head": lambda value: value[0] if isinstance(value, list) and value else None,
    "last": lambda value: value[-1] if isinstance(value, list) and value else None,
    "apoc.coll.containsduplicates": _has_duplicates,
    "apoc.convert.fromjsonmap": _from_json(dict),
    "apoc.convert.fromjsonlist": _from_json(list),
    "apoc.map.removekeys": _without,
    "apoc.meta.type": _type_of,
}


def coalesced(columns: Sequence[list[Any]], size: int) -> list[Any]:
    """Return coalesce() of whole columns: in each row the first value that is not null."""
    found: list[Any] = [None] * size
    for column in columns:
        found = [b if a is None else a for a, b in zip(found, column, strict=True)]
        if None not in found:
            break
    return found


def item(owner: Any, index: Any) -> Any:
    """Return `owner[index]`: an element of a list, or a value of a map."""
    if owner is None or index is None:
        return None
    if isinstance(owner, dict):
        return owner.get(index) if isinstance(index, str) else None
    if isinstance(owner, list) and isinstance(index, int):
        return owner[index] if -len(owner) <= index < len(owner) else None
    raise InputError(f"[{index!r}] of something that is neither a list nor a map")


def aggregate(name: str, values: list[Any], *, distinct: bool) -> Any:
    """Return count, sum, avg, min, max or collect of a group's values; null is left out."""
    there = [one for one in values if one is not None]
    if distinct:
        there = unique(there)
    if name == "count":
        return len(there)
    if name == "collect":
        return there
    if name in ("min", "max"):
        try:
            return (min if name == "min" else max)(there, default=None)
        except TypeError as error:
            raise InputError(f"{name}() of values that have no order") from error
    if not all(isinstance(x, _NUMBERS) and not isinstance(x, bool) for x in there):
        raise InputError(f"{name}() of values that are not numbers")
    if name == "sum":
        return sum(there)
    return sum(there) / len(there) if there else None


AGGREGATES = frozenset(("count", "sum", "avg", "min", "max", "collect"))


def unique(values: list[Any]) -> list[Any]:
    """Return distinct values, in order of first appearance."""
    seen: dict[Any, Any] = {}
    for one in values:
        seen.setdefault(key(one), one)
    return list(seen.values())


def key(value: Any) -> Any:
    """Return what tells values apart, hashable."""
    if isinstance(value, Synapse):
        return ("synapse", value["id"], value["type"])
    if isinstance(value, dict):
        return ("map", tuple(sorted((name, key(one)) for name, one in value.items())))
    if isinstance(value, (list, tuple)):
        return ("list", *map(key, value))
    if isinstance(value, bool):
        return ("bool", value)
    return value


def order_key(value: Any) -> tuple[bool, int, Any]:
    """Return the key by which values sort: numbers, texts, null last."""
    if value is None:
        return True, 0, 0
    if isinstance(value, (bool, *_NUMBERS)):
        return False, 0, value
    if isinstance(value, str):
        return False, 1, value
    raise NotUnderstoodError("ORDER BY values that are neither numbers nor texts")
