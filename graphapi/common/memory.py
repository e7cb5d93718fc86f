"""The memory of this machine and of processes, and sizes in bytes as people write them."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from graphapi.errors import InputError

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT])(I?)B?\s*", re.ASCII | re.IGNORECASE)
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def read_size(text: str, what: str) -> int:
    """Read a size such as `2GB`, `500M` or `1.5GiB`; `G` and `GB` are 10**9 bytes.

    Parameters
    ----------
    text
        The size; a unit is required.
    what
        What the size is of, for the message.

    Raises
    ------
    InputError
        The text is not a size above 0.
    """
    match = _SIZE.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise InputError(f"{what}: {text!r} is not a size", hint="for example 4GB or 500MB")
    base = 1024 if match[3] else 1000
    return int(float(match[1]) * base ** _POWERS[match[2].upper()])


def machine_memory() -> int:
    """Return how many bytes of memory this machine or container has; 0 if that is not known."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on this platform
        return 0
    with contextlib.suppress(OSError, ValueError):  # the word "max" means no limit
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


def resident(pid: int) -> int:
    """Return the bytes of memory that a process takes (Linux); 0 if it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
