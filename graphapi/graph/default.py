"""The one default connectome that notebooks expect; the only state of this package."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphapi.connectome import Connectome


@dataclass
class _Default:
    connectome: Connectome | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_default = _Default()


def default_connectome() -> Connectome:
    """Give the connectome that the module-level functions use.

    It is opened at the first use: `$CAVEGRAPH_URI`, else the graph in the user's data
    folder. `use` puts another in its place.

    Raises
    ------
    GraphNotFoundError, GraphIncompleteError, EngineError
        It cannot be opened.
    """
    from graphapi.connectome import Connectome

    with _default.lock:
        if _default.connectome is None:
            _default.connectome = Connectome.open()
        return _default.connectome


def use(connectome: Connectome | None) -> None:
    """Make a connectome the default; None goes back to opening `$CAVEGRAPH_URI`.

    The connectome that was the default before is not closed.
    """
    with _default.lock:
        _default.connectome = connectome
