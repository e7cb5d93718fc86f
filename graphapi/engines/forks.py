"""What a process does that was forked from one with an open graph.

A fork copies the memory and none of the threads: an engine whose threads are gone waits for ever,
and two processes that share a connection read each other's answers. So an engine is told of a
fork, in the child and before anything else runs there, and starts anew.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def after_fork(method: Callable[[], None]) -> None:
    """Have a method called in every child that is forked from this process.

    Parameters
    ----------
    method
        Of an object; it is not kept alive by this.
    """
    if not hasattr(os, "register_at_fork"):  # a platform without fork
        return
    known = weakref.WeakMethod(method)

    def call() -> None:
        here = known()
        if here is not None:
            here()

    os.register_at_fork(after_in_child=call)


def never_end(thing: object) -> None:
    """Keep a thing of the parent from being taken down here: its end would wait for threads."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
