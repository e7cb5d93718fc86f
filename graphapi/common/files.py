"""Write files atomically: a file is either complete or not there at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

_HINT = "check the folder and the disk space"


def cache_folder(name: str) -> Path:
    """Return a folder in `$CAVEGRAPH_CACHE`, else in the user's cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("CAVEGRAPH_CACHE")
    return (Path(chosen).expanduser() if chosen else user_cache_path("cavegraph")) / name


def write_whole(
    target: Path, write: Callable[[str], Any], *, private: bool = False, hint: str = _HINT
) -> None:
    """Write a temporary file beside the target, then rename it; an old file stays until then.

    Parameters
    ----------
    target
        The file to write; replaced if it exists.
    write
        Function that writes to the path it is given. The path has the suffix of `target`.
    private
        Whether only the owner may read the file, from the start; else the usual permissions.
    hint
        Hint of the error if the file cannot be written.

    Raises
    ------
    InputError
        The file cannot be written; no temporary file is left behind.
    """
    try:
        draft = _draft(target, 0o600 if private else 0o666)
        try:
            write(str(draft))
            put_in_place(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write '{target}': {error.strerror or error}", hint=hint
        ) from error


def write_bytes_whole(
    target: Path, content: bytes, *, private: bool = False, hint: str = _HINT
) -> None:
    """Write bytes to a file atomically; see `write_whole`."""
    write_whole(target, lambda place: Path(place).write_bytes(content), private=private, hint=hint)


def is_private(told: os.stat_result) -> bool:
    """Return whether something is this user's and nobody else may write to it."""
    if not hasattr(os, "getuid"):  # Windows: what is meant is within the user's profile
        return True
    return told.st_uid == os.getuid() and not told.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def put_in_place(draft: Path, target: Path) -> None:
    """Flush a finished file to disk, then rename it over the target."""
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(target)


def _draft(target: Path, mode: int) -> Path:
    """Create an empty file with a new name beside the target; the umask applies."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}{target.suffix}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    return draft
