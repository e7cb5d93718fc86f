"""Queries that can be stopped while they run."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from graphapi.common.threads import stop_around

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds between checks while a query runs.
_STEP = 0.05


def interruptibly(work: Callable[[], Any], interrupt: Callable[[], object]) -> Any:
    """Run a query so that Ctrl-C stops it, or the stop of the work that it is a part of.

    Python handles Ctrl-C only in the main thread, and only between calls: the query therefore runs
    in another thread, and this one waits in short steps.

    Parameters
    ----------
    work
        Runs the query.
    interrupt
        Makes the database stop it.
    """
    stop = stop_around()
    if stop is None and threading.current_thread() is not threading.main_thread():
        return work()
    with ThreadPoolExecutor(1, thread_name_prefix="query") as pool:
        future = pool.submit(work)
        try:
            while not wait([future], timeout=_STEP).done:
                if stop is not None:
                    stop.check()
        except BaseException:
            interrupt()
            raise
        return future.result()
