"""Work on all cores by threads: compiled code lets go of the interpreter lock."""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")
Result = TypeVar("Result")


class StoppedError(Exception):
    """Work was given up because `Stop` was set; never leaves `in_threads`."""


class Stop:
    """A flag that tells threads to give up."""

    def __init__(self) -> None:
        self._event = Event()

    def set(self) -> None:
        """Ask all threads to give up at their next check."""
        self._event.set()

    def check(self) -> None:
        """Give up if asked to."""
        if self._event.is_set():
            raise StoppedError


def worker_count(workers: int | None) -> int:
    """Give the number of threads: as asked, or one for each core this process may use.

    Raises
    ------
    InputError
        Fewer than one was asked for.
    """
    if workers is None:
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:  # not on this platform
            return os.cpu_count() or 1
    if workers < 1:
        raise InputError(f"workers: {workers}", hint="pass 1 or more, or None for all cores")
    return workers


def in_threads(
    work: Callable[[Item, Stop], Result],
    items: Iterable[Item],
    *,
    workers: int,
    on_done: Callable[[], None] | None = None,
) -> list[Result]:
    """Do `work` for each item.

    Parameters
    ----------
    work
        Called with an item and a flag that it must check between steps of a second or less.
    items
        What to work on.
    workers
        Number of threads; with 1, everything runs in the calling thread.
    on_done
        Called in the calling thread after each item.

    Returns
    -------
    list
        Results in the order of the items.

    Raises
    ------
    BaseException
        The first one raised by `work`, or `KeyboardInterrupt`; all threads have ended by then.
    """
    stop = Stop()
    if workers == 1:
        results = []
        for item in items:
            results.append(work(item, stop))
            if on_done:
                on_done()
        return results
    with ThreadPoolExecutor(workers, thread_name_prefix="cavegraph") as pool:
        futures = [pool.submit(work, item, stop) for item in items]
        try:
            _collect(futures, on_done)
        except BaseException:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _collect(futures: list[Future[Result]], on_done: Callable[[], None] | None) -> None:
    pending = set(futures)
    while pending:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
            if on_done:
                on_done()
