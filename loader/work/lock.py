"""Create the folders that a load works in, and lock them for one process at a time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from graphapi.errors import InputError, StageError

if TYPE_CHECKING:
    from pathlib import Path


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, if missing.

    Raises
    ------
    InputError
        The folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(folder, error) from error


def expanded(path: Path) -> Path:
    """Replace a leading `~` by the home folder.

    Raises
    ------
    InputError
        The path starts with `~` and an unknown user name, or has a null character.
    """
    if "\0" in str(path):
        raise InputError(f"{str(path)!r} cannot be a path: it has a null character")
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise InputError(
            f"'{path}': '{path.parts[0]}' is the home folder of an unknown user",
            hint=f"write '~/{str(path)[1:]}' for your home folder, or "
            f"'{path.absolute()}' for a file of this name",
        ) from error


def unusable(folder: Path, error: OSError) -> InputError:
    """Return the error of a folder that cannot be written to."""
    return InputError(
        f"the folder '{folder}' cannot be used: {error.strerror or error}",
        hint="check the path, its permissions, and the free disk space",
    )


class FileLock:
    """A lock that the operating system releases when the process ends, in any way.

    Parameters
    ----------
    path
        The file to lock; its contents do not matter.
    busy
        Message and hint of the error if another load holds the lock.
    """

    def __init__(self, path: Path, busy: tuple[str, str] | None = None) -> None:
        self._path = path
        self._busy = busy or (
            f"another load is working in '{path.parent}'",
            "wait until it ends, or choose another folder with --work",
        )
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        StageError
            Another process, or another load of this one, holds it.
        InputError
            The folder cannot be written to.
        """
        while self._handle is None:  # we hold it already
            try:
                handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise unusable(self._path.parent, error) from error
            try:
                _lock(handle)
            except OSError as error:
                os.close(handle)
                message, hint = self._busy
                raise StageError(message, hint=hint) from error
            if _is_file_at(handle, self._path):
                self._handle = handle
            else:  # its holder removed it between our two steps
                os.close(handle)

    def release(self) -> None:
        """Release the lock; safe to call twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def remove(self) -> None:
        """Release the lock and remove its file; safe to call twice."""
        if self._handle is None:
            return
        if os.name == "nt":  # pragma: no cover - an open file cannot be removed there
            self.release()
        self._path.unlink(missing_ok=True)
        self.release()


def _is_file_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if os.name == "nt":  # pragma: no cover

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
