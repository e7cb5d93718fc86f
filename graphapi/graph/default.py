"""The one default connectome that notebooks expect; the only state of this package."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphapi.graph.door import Graph


@dataclass
class _Default:
    graph: Graph | None = None
    opener: Callable[[], Graph] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_default = _Default()


def open_default_by(opener: Callable[[], Graph]) -> None:
    """Say what opens the default graph; `graphapi.connectome` does, which stands above."""
    _default.opener = opener


def default_graph() -> Graph:
    """Return the default graph; it is opened at the first use."""
    with _default.lock:
        if _default.graph is None:
            if _default.opener is None:
                raise RuntimeError("nothing has said how to open the default graph")
            _default.graph = _default.opener()
        return _default.graph


def set_default(graph: Graph | None) -> None:
    """Make a graph the default; None opens one at the next use."""
    with _default.lock:
        _default.graph = graph
