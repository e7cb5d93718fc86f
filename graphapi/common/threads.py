"""Work in several threads: requests to a server, or compiled code on all cores."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Answer = TypeVar("Answer")

#: Seconds between two looks at the clock.
_STEP = 0.05


class StoppedError(Exception):
    """Work was given up because `Stop` was set; never leaves `in_order`."""


class Stop:
    """A flag that tells threads to give up; compiled code reads `flag[0]`."""

    def __init__(self) -> None:
        self.flag = np.zeros(1, dtype=np.int64)

    def set(self) -> None:
        """Ask all threads to give up at their next check."""
        self.flag[0] = 1

    def check(self) -> None:
        """Give up if asked to."""
        if self.flag[0]:
            raise StoppedError


def worker_count(workers: int | None) -> int:
    """Return the number of threads: as asked, or one for each core this process may use.

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


def in_order(
    call: Callable[[Item], Answer],
    items: Iterable[Item],
    *,
    at_once: int,
    ahead: int | None = None,
    stop: Stop | None = None,
    while_waiting: Callable[[], None] | None = None,
) -> Iterator[Answer]:
    """Call a function for each item, a few at a time, in threads.

    Parameters
    ----------
    call
        Called with an item.
    items
        In any number; read lazily.
    at_once
        How many calls may run together; with 1 they run in the calling thread, unless
        there is something to do while waiting.
    ahead
        How many items may be taken and answers wait in memory; None for `at_once`.
    stop
        Set when the answers end, for whatever reason: a failure, Ctrl-C, or a caller who wants
        no more. Long calls check it.
    while_waiting
        Called in the calling thread some times a second; what it raises ends the work.

    Yields
    ------
    object
        The answers, in the order of the items.

    Raises
    ------
    Exception
        The first failure in that order; calls that have not begun are then dropped, and
        those that run are waited for.
    """
    if at_once <= 1 and while_waiting is None:
        yield from map(call, items)
        return
    pending: deque[Future[Answer]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="cavegraph") as pool:
        try:
            for item in items:
                pending.append(pool.submit(call, item))
                if len(pending) >= (ahead or at_once):
                    yield _answer(pending.popleft(), while_waiting)
            while pending:
                yield _answer(pending.popleft(), while_waiting)
        finally:
            if stop is not None:
                stop.set()
            for future in pending:
                future.cancel()


def _answer(future: Future[Answer], while_waiting: Callable[[], None] | None) -> Answer:
    """Wait in short steps: on some systems Ctrl-C does not reach a thread that waits."""
    while not wait([future], timeout=_STEP).done:
        if while_waiting is not None:
            while_waiting()
    return future.result()
