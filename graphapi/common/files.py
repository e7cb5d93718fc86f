"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


def write_whole(target: Path, write: Callable[[str], Any]) -> None:
    """Write beside a file, then put it in its place at once; what was there stays until then.

    Parameters
    ----------
    target
        The file; replaced when it is there. Readable by others as files usually are.
    write
        Writes to the path that it is given, which ends as `target` does.

    Raises
    ------
    InputError
        The file cannot be written; nothing is left behind.
    """
    try:
        handle, unfinished = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix
        )
        os.close(handle)
        try:
            write(unfinished)
            Path(unfinished).chmod(0o666 & ~_umask())
            Path(unfinished).replace(target)
        finally:
            Path(unfinished).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write '{target}': {error.strerror or error}",
            hint="check the folder and the disk space",
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
