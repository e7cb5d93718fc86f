"""The default connectome; the only global state of this package."""

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
    """Set the function that opens the default graph; called by `graphapi.connectome`."""
    _default.opener = opener


def default_graph() -> Graph:
    """Return the default graph, which is opened on first use."""
    with _default.lock:
        if _default.graph is None:
            if _default.opener is None:
                raise RuntimeError("no function to open the default graph was set")
            _default.graph = _default.opener()
        return _default.graph


def set_default(graph: Graph | None) -> None:
    """Set the default graph; None opens one on next use."""
    with _default.lock:
        _default.graph = graph
