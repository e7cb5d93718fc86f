"""Progress with one look: a bar in a terminal or a notebook, or what a server tells a page."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Listener = Callable[[str, int, int | None], None]

#: Called with title, units done and total by the work of this thread.
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)
#: Totals from this size on are shown as `12.3k`.
_MANY = 10_000


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Tell a function of the progress of this thread's work: title, units done, total or None."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


class Progress:
    """A progress bar with a count and the time left; use it as a context manager.

    It is shown if standard error is a terminal or the code runs in a notebook. Set
    `CAVEGRAPH_PROGRESS` to 0 to never show it, or to 1 to always show it.

    Parameters
    ----------
    title
        Title of the bar.
    total
        Number of units; None if not known.
    unit
        Name of the unit.
    shown
        Set this to False to never show it.
    """

    def __init__(
        self, title: str, total: int | None = None, *, unit: str = "rows", shown: bool = True
    ) -> None:
        self._title, self._total, self._done = title, total, 0
        self._listener = _LISTENER.get()
        self._tell()
        many = total is None or total >= _MANY
        hidden = not (shown and _watched())
        self._bar: Any = tqdm(
            total=total, desc=title, unit=f" {unit}", unit_scale=many, disable=hidden
        )

    def advance(self, amount: int = 1) -> None:
        """Count `amount` more units as done."""
        self._bar.update(amount)
        self._done += amount
        self._tell()

    def _tell(self) -> None:
        if self._listener is not None:
            self._listener(self._title, self._done, self._total)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.close()


def _watched() -> bool:
    asked = os.environ.get("CAVEGRAPH_PROGRESS")
    if asked is not None:
        return asked not in ("0", "false", "no", "")
    return sys.stderr.isatty() or _in_a_notebook()


def _in_a_notebook() -> bool:
    """Return whether this process runs a notebook; importing IPython is not enough."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config
