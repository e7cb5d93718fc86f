"""Compile functions with numba: without the interpreter lock, and once per machine.

The compiled code is kept beside the module or, if that folder is not writable, in the user's
cache folder (`NUMBA_CACHE_DIR` names another). If neither is writable, each process compiles
anew, which takes some seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import njit
from numba.core import event

from graphapi.common.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called; a progress bar says so if it takes place."""
    try:
        made = njit(nogil=True, cache=True)(function)
    except RuntimeError as error:
        if "cannot cache function" not in str(error):
            raise
        made = njit(nogil=True)(function)
    event.register("numba:compile", _Announcement(made))  # type: ignore[no-untyped-call]
    return made


class _Announcement(event.Listener):
    """Shows that a function is being compiled, which can take many seconds.

    Parameters
    ----------
    dispatcher
        The function, as numba calls it. Code that is read from the cache is not announced.
    """

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher
        self._bars: list[Progress] = []

    def on_start(self, event: Any) -> None:
        """Show the bar."""
        if event.data["dispatcher"] is self._dispatcher:
            name = self._dispatcher.py_func.__name__
            self._bars.append(Progress(f"Compiling {name}, once per machine", 1, unit="functions"))

    def on_end(self, event: Any) -> None:
        """Close the bar."""
        if event.data["dispatcher"] is self._dispatcher and self._bars:
            with self._bars.pop() as bar:
                bar.advance()
