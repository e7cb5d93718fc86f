"""Estimate memory and disk before a long step, and refuse at once what cannot fit."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from graphapi.errors import InputError, LoadError

if TYPE_CHECKING:
    from pathlib import Path

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*", re.IGNORECASE)
#: Memory of Python and its libraries in a load, including the writing process: 330 MB measured.
PYTHON_BYTES = 400_000_000
#: The smallest memory limit of DuckDB.
_LEAST = 100_000_000
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def as_bytes(text: str) -> int:
    """Read a size such as `2GB`, `500MB` or `1.5GiB`.

    Raises
    ------
    InputError
        The text is not a size.
    """
    match = _SIZE.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise InputError(f"memory limit: {text!r} cannot be used", hint="for example 2GB")
    base = 1024 if match[3] else 1000
    return int(float(match[1]) * base ** _POWERS[match[2].upper()])


def refuse_more_than_there_is(memory_limit: str) -> None:
    """Refuse a memory limit above this machine's memory: the system would kill the load.

    Raises
    ------
    InputError
        The limit is above the machine's memory.
    """
    if not hasattr(os, "sysconf"):  # this system does not report its memory
        return
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if as_bytes(memory_limit) > there:
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
