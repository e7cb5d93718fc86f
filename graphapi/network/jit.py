"""Compile functions with numba: without the interpreter lock, and once per machine.

The compiled code is kept beside the module or, if that folder is not writable, in the user's
cache folder (`NUMBA_CACHE_DIR` names another). If neither is writable, each process compiles
anew, which takes some seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError as error:
        if "cannot cache function" not in str(error):
            raise
        return njit(nogil=True)(function)
