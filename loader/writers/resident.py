"""Give memory that was freed back to the system before a process reaches its memory limit.

The C library keeps freed memory for later. LadybugDB counts it as free and fills its buffer pool
instead, so that a process takes it twice: 11.5 GB where 7 were allowed.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from typing import Any

from graphapi.common.memory import resident

#: Share of the limit from which freed memory is given back. It is done again as soon as another
#: share is taken, else after a rest, in times of what it took.
_FROM, _AGAIN, _REST = 0.85, 0.02, 10
#: Seconds between two looks.
_LOOK = 0.1


def give_back_freed(limit: int) -> None:
    """Watch the memory of this process and its parent from now on, in a thread.

    Only glibc (Linux) keeps much freed memory; with another C library there is nothing to do.

    Parameters
    ----------
    limit
        Memory limit of both processes, in bytes.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        threading.Thread(target=_watch, args=(limit, trim), daemon=True).start()


def _watch(limit: int, trim: Any) -> None:
    pids, remained, rested = (os.getpid(), os.getppid()), 0, 0.0
    while True:
        time.sleep(_LOOK)
        start, taken = time.monotonic(), sum(map(resident, pids))
        remained = min(remained, taken)
        if taken > limit * _FROM and (taken > remained + limit * _AGAIN or start > rested):
            trim(0)
            end, remained = time.monotonic(), sum(map(resident, pids))
            rested = end + _REST * (end - start)
