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
#: Queries of one engine that may run at once in threads of their own; more wait for them.
_MOST = 256


class Interruptible:
    """Run queries so that Ctrl-C stops them, or the stop of the work that they are a part of.

    Python handles Ctrl-C only in the main thread, and only between calls: a query therefore runs
    in another thread, and this one waits in short steps. Threads are kept for the next query,
    because starting one takes a tenth of a short query's time.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MOST, thread_name_prefix="query")

    def run(self, work: Callable[[], Any], interrupt: Callable[[], object]) -> Any:
        """Run a query.

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
        future = self._threads.submit(work)
        try:
            while not wait([future], timeout=_STEP).done:
                if stop is not None:
                    stop.check()
        except BaseException:
            interrupt()
            wait([future])
            raise
        return future.result()

    def close(self) -> None:
        """End the threads, each when its query has ended."""
        self._threads.shutdown(wait=False)
