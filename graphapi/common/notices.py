"""Warnings that point at the caller's line, not at a line inside these packages."""

from __future__ import annotations

import inspect
import warnings

_OURS = ("graphapi", "loader")


def notice(warning: Warning | str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the innermost line outside our packages.

    Parameters
    ----------
    warning
        The warning, or its text.
    category
        Category of the warning if a text is given.
    """
    level, frame = 1, inspect.currentframe()
    while frame and str(frame.f_globals.get("__name__")).partition(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, category, stacklevel=level)
