"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

_HINT = "check the folder and the disk space"


def write_whole(
    target: Path, write: Callable[[str], Any], *, private: bool = False, hint: str = _HINT
) -> None:
    """Write beside a file, then put it in its place at once; what was there stays until then.

    Parameters
    ----------
    target
        The file; replaced when it is there.
    write
        Writes to the path that it is given, which ends as `target` does.
    private
        Whether only the owner may read it, from its first byte on; else as files usually are.
    hint
        What to do where it cannot be written.

    Raises
    ------
    InputError
        The file cannot be written; nothing is left behind.
    """
    try:
        draft = _draft(target, 0o600 if private else 0o666)
        try:
            write(str(draft))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write '{target}': {error.strerror or error}", hint=hint
        ) from error


def write_bytes_whole(
    target: Path, content: bytes, *, private: bool = False, hint: str = _HINT
) -> None:
    """Put bytes into a file at once; see `write_whole`."""
    write_whole(target, lambda place: Path(place).write_bytes(content), private=private, hint=hint)


def _draft(target: Path, mode: int) -> Path:
    """Make an empty file of a new name beside the target; the umask applies to its rights."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}{target.suffix}")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    return draft
