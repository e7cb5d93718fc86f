"""Keep an open graph usable in a forked process.

A fork copies the memory but not the threads: an engine whose threads are gone waits forever, and
two processes that share a connection read each other's answers. After a fork, each engine
therefore starts anew in the child, before anything else runs there.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def after_fork(method: Callable[[], None]) -> None:
    """Call a method in every child that is forked from this process.

    Parameters
    ----------
    method
        Method of an object, which is not kept alive by this.
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
    """Never delete an object of the parent here: its finalizer would wait for missing threads."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
