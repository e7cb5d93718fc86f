"""Suggest the right name for a misspelt argument."""

from __future__ import annotations

import difflib
import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

C = TypeVar("C", bound=type)


def with_suggestions(kind: C) -> C:
    """Make every public method of a class suggest names for unknown arguments.

    The class inherits its methods from classes that users do not know, so messages give only the
    method's name.
    """
    for name, method in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            setattr(kind, name, _suggesting(kind, name, method))
    return kind


def _suggesting(kind: type, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(method)
    takes = [one for one in signature.parameters if one != "self"]
    takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        wrong = [] if takes_any else [one for one in kwargs if one not in takes]
        if wrong:
            raise TypeError(_message(name, wrong[0], takes))
        return method(*args, **kwargs)

    call.__qualname__ = f"{kind.__name__}.{name}"
    return call


def _message(name: str, wrong: str, takes: list[str]) -> str:
    near = difflib.get_close_matches(wrong, takes, n=2)
    meant = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"{name}() has no argument '{wrong}'{meant} It takes: {', '.join(takes) or 'none'}"
