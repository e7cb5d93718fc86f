"""Run work in several threads: requests to a server, or compiled code on all cores."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from graphapi.errors import InputError, QueryTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Answer = TypeVar("Answer")

#: Seconds between two checks while a thread is waited for.
_STEP = 0.05


class StoppedError(Exception):
    """Work ended because `Stop` was set; never raised out of `in_order`."""


#: The stop of the work that this thread does for somebody else, such as a visitor of a server.
_AROUND: ContextVar[Stop | None] = ContextVar("around", default=None)


class Stop:
    """Tells threads to stop, because they were asked to or because time is up.

    Parameters
    ----------
    timeout
        Seconds from now; None for no limit.
    within
        Stop of the work that this is a part of: when that ends, so does this. None for the one
        set by `stopped_by`, if any.

    Attributes
    ----------
    flag
        int64, (1,): 1 after `set`. Compiled code reads it.
    """

    def __init__(self, timeout: float | None = None, *, within: Stop | None = None) -> None:
        self.flag = np.zeros(1, dtype=np.int64)
        self._within = _AROUND.get() if within is None else within
        self.timeout = timeout
        if timeout is None and self._within is not None:
            self.timeout = self._within.timeout
        self._end = math.inf if timeout is None else time.monotonic() + timeout

    def set(self) -> None:
        """Ask all threads to stop at their next check."""
        self.flag[0] = 1

    def check(self) -> None:
        """Raise an error if this work has to stop.

        Raises
        ------
        QueryTimeoutError
            The time limit was reached.
        StoppedError
            `set` was called.
        """
        if self._within is not None:
            self._within.check()
        if time.monotonic() > self._end:
            raise QueryTimeoutError(
                f"the computation was stopped after {self.timeout} s",
                hint="ask for less (more conditions, limit=, a higher threshold, fewer neurons), "
                "or allow more time: timeout= of Connectome.open, or of the call if it has one",
            )
        if self.flag[0]:
            raise StoppedError

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit; infinite without one."""
        return self._end - time.monotonic()


@contextmanager
def stopped_by(stop: Stop) -> Iterator[None]:
    """Make a stop hold for every query and computation that this thread starts meanwhile."""
    token = _AROUND.set(stop)
    try:
        yield
    finally:
        _AROUND.reset(token)


def stop_around() -> Stop | None:
    """Return the stop set by `stopped_by`; None if there is none."""
    return _AROUND.get()


def worker_count(workers: int | None) -> int:
    """Return the number of threads to use; None means one for each available core.

    Raises
    ------
    InputError
        `workers` is less than 1.
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
) -> Iterator[Answer]:
    """Call a function for each item, several at a time, in threads.

    Parameters
    ----------
    call
        Function of one item.
    items
        The items, read lazily.
    at_once
        How many calls may run at the same time. With 1 they run in the calling thread, unless
        `stop` is given.
    ahead
        How many items may be in progress or waiting in memory; None for `at_once`.
    stop
        Checked while waiting. Set when the answers end for any reason: a failure, Ctrl-C, or a
        caller that stops early. Long calls check it too.

    Yields
    ------
    object
        The results, in the order of the items.

    Raises
    ------
    Exception
        The first failure in the order of the items. Calls that have not started are dropped;
        running calls are waited for.
    """
    if at_once <= 1 and stop is None:
        yield from map(call, items)
        return
    pending: deque[Future[Answer]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="cavegraph") as pool:
        try:
            for item in items:
                pending.append(pool.submit(call, item))
                if len(pending) >= (ahead or at_once):
                    yield _answer(pending.popleft(), stop)
            while pending:
                yield _answer(pending.popleft(), stop)
        finally:
            if stop is not None:
                stop.set()
            for future in pending:
                future.cancel()


def _answer(future: Future[Answer], stop: Stop | None) -> Answer:
    """Wait in short steps, because on some systems Ctrl-C does not reach a waiting thread."""
    while not wait([future], timeout=_STEP).done:
        if stop is not None:
            stop.check()
    return future.result()
