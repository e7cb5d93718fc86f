"""Estimate memory and disk before a long step, and refuse at once what cannot fit."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from graphapi.common.memory import machine_memory, read_size
from graphapi.errors import InputError, LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Numbers of the system's errors for a full disk, a full quota, and a file that is too large.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: Memory of Python and its libraries in a load, including the writing process: 330 MB measured.
PYTHON_BYTES = 400_000_000
#: The smallest memory limit of DuckDB.
_LEAST = 100_000_000


def as_bytes(text: str) -> int:
    """Read a memory limit such as `2GB`; see `read_size`."""
    return read_size(text, "memory limit")


def refuse_more_than_there_is(memory_limit: str) -> None:
    """Refuse a memory limit above this machine's memory: the system would kill the load.

    Raises
    ------
    InputError
        The limit is above the machine's memory.
    """
    there = machine_memory()
    if there and as_bytes(memory_limit) > there:
        raise InputError(
            f"memory limit: {memory_limit} is more than the {as_text(there)} of this machine",
            hint=f"use at most about {there * 3 // 4 // 10**6}MB, to leave some for other programs",
        )


def beside_python(memory_limit: str) -> str:
    """Return the part of a memory limit that is for DuckDB, as DuckDB reads it."""
    return f"{max(_LEAST, as_bytes(memory_limit) - PYTHON_BYTES) // 10**6}MB"


def as_text(size: int) -> str:
    """Return a size as readable text."""
    return f"{size / 1e9:.1f} GB" if size >= 10**9 else f"{max(1, size // 10**6)} MB"


def require_disk(folder: Path, needed: int, what: str, else_: str) -> None:
    """Refuse a step that would fill the disk; `else_` says what helps besides more space.

    Raises
    ------
    LoadError
        The step needs more bytes than are free.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise LoadError(
            f"{what} need about {as_text(needed)} on the disk of '{folder}', but only "
            f"{as_text(free)} are free",
            hint=f"free some space, {else_}; finished steps are kept",
        )


def is_full(error: BaseException) -> bool:
    """Return whether an error of the system or a library means a full disk or quota."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in _FULL
    return any(os.strerror(code) in str(error) for code in _FULL)


def full_disk(folder: Path | None) -> LoadError:
    """Return the error for a full disk; `folder` is on it, if known."""
    disk = "the disk" if folder is None else f"the disk of '{folder}'"
    return LoadError(
        f"{disk} is full, or a file may not grow further",
        hint="a graph that already existed is unchanged; free some space, then run the same load "
        "again: it continues after its last finished step. For another disk use --work",
    )


@contextmanager
def told_if_full(folder: Path) -> Iterator[None]:
    """Turn the system's error for a full disk into ours.

    Raises
    ------
    LoadError
        The disk of the folder is full.
    """
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise full_disk(folder) from error
