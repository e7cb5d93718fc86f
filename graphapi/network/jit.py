"""How this package compiles: without the interpreter lock, once for each machine.

The compiled code is kept beside the module, or, where that folder cannot be written, in the
user's cache folder (`NUMBA_CACHE_DIR` names another). Where neither can, it is compiled anew in
each process: slower by seconds, otherwise the same.
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
