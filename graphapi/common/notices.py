"""Warnings that point at the caller's line, not at a line inside this package."""

from __future__ import annotations

import inspect
import warnings


def notice(warning: Warning | str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points at the innermost line outside this package.

    Parameters
    ----------
    warning
        The warning, or its text.
    category
        Category of the warning if a text is given.
    """
    level, frame = 1, inspect.currentframe()
    while frame and str(frame.f_globals.get("__name__")).partition(".")[0] == "graphapi":
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, category, stacklevel=level)
