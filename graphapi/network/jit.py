"""Compile functions with numba: without the interpreter lock, and once per machine."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from numba import njit
from numba.core import event

from graphapi.common.progress import Progress
from graphapi.network.jitcache import CodeCache, code_folder

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, and keep the code for later processes.

    A progress bar says so if it takes place. Functions that it calls are compiled with it.
    """
    made: Any = njit(nogil=True)(function)
    made._cache = CodeCache(code_folder(), function)  # noqa: SLF001 - `cache=True` knows no folder
    event.register("numba:compile", _Announcement(made))  # type: ignore[no-untyped-call]
    return made


class _Announcement(event.Listener):
    """Shows that a function is being compiled, which can take many seconds.

    Parameters
    ----------
    dispatcher
        The function, as numba calls it. Code that is read from the cache is not announced, nor a
        function that is compiled as a part of another.
    """

    #: Of each thread: whether a bar is shown.
    _shown = threading.local()

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher
        self._bars: list[Progress] = []

    def on_start(self, event: Any) -> None:
        """Show the bar."""
        if event.data["dispatcher"] is self._dispatcher and not vars(self._shown).get("bar"):
            name = self._dispatcher.py_func.__name__.strip("_")
            title = f"Compiling {name}, once on this machine"
            _LOG.info("%s", title)
            self._shown.bar = True
            self._bars.append(Progress(title, 1, unit="functions"))

    def on_end(self, event: Any) -> None:
        """Close the bar."""
        if event.data["dispatcher"] is self._dispatcher and self._bars:
            self._shown.bar = False
            with self._bars.pop() as bar:
                bar.advance()
