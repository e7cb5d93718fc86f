"""Warnings that point at the caller's line, or that a server puts into its answer."""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = ("graphapi", "loader")
#: Where notices of this thread's question go instead of `warnings`; None: nowhere else.
_COLLECTED: ContextVar[list[tuple[type[Warning], str]] | None] = ContextVar(
    "collected", default=None
)


@contextmanager
def collected() -> Iterator[list[tuple[type[Warning], str]]]:
    """Collect the notices of this thread, as category and text, instead of issuing warnings."""
    found: list[tuple[type[Warning], str]] = []
    token = _COLLECTED.set(found)
    try:
        yield found
    finally:
        _COLLECTED.reset(token)


def notice(warning: Warning | str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the innermost line outside our packages.

    Parameters
    ----------
    warning
        The warning, or its text.
    category
        Category of the warning if a text is given.
    """
    if (collecting := _COLLECTED.get()) is not None:
        kind = type(warning) if isinstance(warning, Warning) else category
        collecting.append((kind, str(warning)))
        return
    level, frame = 1, inspect.currentframe()
    while frame and str(frame.f_globals.get("__name__")).partition(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, category, stacklevel=level)
