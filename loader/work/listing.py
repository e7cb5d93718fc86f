"""The list of our files in a folder; each name is listed before its first byte is written."""

from __future__ import annotations

import os
from pathlib import PurePath
from threading import RLock
from typing import TYPE_CHECKING

from graphapi.errors import StageError

if TYPE_CHECKING:
    from pathlib import Path

_ELSEWHERE = "move it away, or choose another folder"


class Listing:
    """The names of all files that we ever wrote to a folder, in a file of that folder.

    Parameters
    ----------
    folder
        An existing folder.
    name
        Name of the file with the names, one per line; names of folders end in a slash.

    Raises
    ------
    StageError
        The file lists names outside the folder.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._file = folder / name
        self._mutex = RLock()
        self._names = self._read()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    @property
    def files(self) -> list[str]:
        """Return the listed files, sorted."""
        return sorted(name for name in self._names if not name.endswith("/"))

    def add(self, name: str, *others: str) -> None:
        """List a name, and the `others`, before anything is written under them.

        Raises
        ------
        StageError
            A foreign file has one of the names.
        """
        with self._mutex:
            if name in self._names:
                return
            for path in (self._folder / n for n in (name, *others)):
                if os.path.lexists(path):
                    raise StageError(f"'{path}' was not written by this program", hint=_ELSEWHERE)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(name + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._names.add(name)

    def add_folder(self, name: str) -> Path:
        """Create and list a folder; an existing folder is not listed."""
        self.add(f"{name}/")
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def remove_all(self) -> None:
        """Remove the listed files, then empty folders, then the list itself."""
        with self._mutex:
            for name in self.files:
                (self._folder / name).unlink(missing_ok=True)
            for name in sorted(self._names, reverse=True):
                if name.endswith("/"):
                    remove_if_empty(self._folder / name)
            self._file.unlink(missing_ok=True)
            self._names = set()

    def _read(self) -> set[str]:
        if not self._file.exists():
            return set()
        names = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        if not all(self._is_inside(name) for name in names):
            raise StageError(f"'{self._file}' is damaged", hint=_ELSEWHERE)
        return set(names)

    def _is_inside(self, name: str) -> bool:
        """Return whether a name is below the folder, and is not reached through a link."""
        pure = PurePath(name)
        if pure.is_absolute() or ".." in pure.parts or "\0" in name:
            return False
        return not any((self._folder / folder).is_symlink() for folder in list(pure.parents)[:-1])


def remove_if_empty(folder: Path) -> None:
    """Remove a folder if it is empty."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
