"""Warnings that point at the line of the caller, wherever in this package they come from."""

from __future__ import annotations

import inspect
import warnings


def notice(warning: Warning | str, category: type[Warning] = UserWarning) -> None:
    """Warn, as from the first line outside this package that led here.

    Parameters
    ----------
    warning
        What to say.
    category
        Its kind, where a text is given.
    """
    level, frame = 1, inspect.currentframe()
    while frame and str(frame.f_globals.get("__name__")).partition(".")[0] == "graphapi":
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, category, stacklevel=level)
