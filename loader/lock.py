"""One process at a time in a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from graphapi.errors import StageError

if TYPE_CHECKING:
    from pathlib import Path


class FileLock:
    """A lock that the operating system lets go when the process ends, however it ends.

    Parameters
    ----------
    path
        The file that is locked; its contents do not matter.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        StageError
            Another process, or another load of this one, holds it.
        """
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            raise StageError(
                f"another load is working in '{self._path.parent}'",
                hint="wait until it has ended, or name another folder with --work",
            ) from error
        self._handle = handle

    def release(self) -> None:
        """Let the lock go; safe to call twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


if os.name == "nt":  # pragma: no cover

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
