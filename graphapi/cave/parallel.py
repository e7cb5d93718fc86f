"""Several requests at a time, answers in order, and nothing left running after a failure."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def in_order(
    call: Callable[[Item], Answer], items: Iterable[Item], *, at_once: int
) -> Iterator[Answer]:
    """Call a function for every item, a few at a time.

    Items are taken as room appears, so at most `at_once` answers wait in memory.

    Parameters
    ----------
    call
        Called in a thread of its own.
    items
        In any number; read lazily.
    at_once
        How many calls may run together.

    Yields
    ------
    object
        The answers, in the order of the items.

    Raises
    ------
    Exception
        The first failure in that order; calls not yet begun are then dropped, and those
        that run are waited for.
    """
    if at_once <= 1:
        yield from map(call, items)
        return
    pending: deque[Future[Answer]] = deque()
    source = iter(items)
    with ThreadPoolExecutor(at_once, thread_name_prefix="cave") as pool:
        try:
            for item in source:
                pending.append(pool.submit(call, item))
                if len(pending) >= at_once:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
