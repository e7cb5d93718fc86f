"""The working folder of a load: files with checksums, and a manifest of finished steps.

A load is a sequence of named steps. A step's files are written under temporary names, flushed to
disk and renamed. Only then the step enters the manifest, so a step is either finished or has not
happened. The manifest's key says exactly what is loaded, so a load never uses the stages of
another load.

The user may choose the folder. So it must be empty or have our manifest, and each name is listed
before its first byte is written: files that are not listed are never overwritten or removed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

from graphapi.common.files import put_in_place
from graphapi.errors import InputError, StageError
from loader.work.listing import Listing, remove_if_empty
from loader.work.lock import FileLock, make_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_MANIFEST = "manifest.json"
_LOCK = ".lock"
_LISTED = "listed.txt"
_SCRATCH = "scratch"
#: Files that a load may leave behind if it is killed before its first manifest.
_FIRST = {_LOCK, _LISTED, _MANIFEST + ".part"}
#: Layout of the working folder; stages of another layout are refused.
_LAYOUT = 3
_ANOTHER_FOLDER = "choose another folder with --work, and load again"
_START_AGAIN = "remove the folder, or choose another one with --work, and load again"


class Workspace:
    """The stages of one load; a context manager that locks the folder.

    Parameters
    ----------
    folder
        Working folder; created if missing.
    key
        What is loaded, as JSON values: source, version, tables, filters, checksums of files.
    on_step
        Called with the name of each step when it is finished.

    Raises
    ------
    StageError
        Another load is using the folder, or the folder holds stages of another load or
        foreign files. Nothing in it was changed.
    InputError
        The folder cannot be created or written to.
    """

    def __init__(
        self,
        folder: Path,
        key: Mapping[str, Any],
        *,
        on_step: Callable[[str], None] | None = None,
    ) -> None:
        self.folder = folder
        self.key = json.loads(json.dumps(key, sort_keys=True))
        self.load_id = load_id(key)
        self._on_step = on_step or (lambda _: None)
        self._mutex = RLock()
        if odd := sorted(set("*?[") & set(str(folder))):
            # Engines read such a path as a pattern, and may find the files of another load.
            raise InputError(
                f"the working folder '{folder}' has {' '.join(odd)} in its path, which may mean "
                "other files too",
                hint="choose another with --work",
            )
        make_folder(folder)
        self._read_manifest()  # before anything is written
        self._lock = FileLock(folder / _LOCK)
        self._lock.acquire()
        try:
            self._steps = self._read_manifest()
            self._checked: set[str] = set()
            self._listing = Listing(folder, _LISTED)
            self._write_manifest()
            self._remove_leftovers()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        if self.folder.is_dir():
            self._remove_leftovers()
        self._lock.release()

    def is_done(self, step: str) -> bool:
        """Return whether a step is finished; its files are checked once.

        Raises
        ------
        StageError
            It is finished, but one of its files is missing or has changed.
        """
        with self._mutex:
            if step not in self._steps:
                return False
            if step not in self._checked:
                for name, recorded in self._steps[step]["files"].items():
                    self._check(step, name, recorded)
                self._checked.add(step)
            return True

    def info(self, step: str) -> dict[str, Any]:
        """Return the record of a finished step."""
        noted: dict[str, Any] = self._steps[step]["info"]
        return noted

    def files(self, step: str) -> list[Path]:
        """Return the files of a finished step, in order; they are checked as in `is_done`.

        Raises
        ------
        StageError
            A file is missing or has changed, or the step is not finished.
        """
        if not self.is_done(step):
            raise StageError(f"'{self.folder}' has no finished step '{step}'", hint=_START_AGAIN)
        return [self.folder / name for name in self._steps[step]["files"]]

    def done_under(self, prefix: str) -> list[str]:
        """Return the names of finished steps that start with `prefix`, sorted."""
        with self._mutex:
            return sorted(step for step in self._steps if step.startswith(prefix))

    def forget(self, prefix: str) -> None:
        """Forget the finished steps that start with `prefix`; their files are written again."""
        with self._mutex:
            self._steps = {n: step for n, step in self._steps.items() if not n.startswith(prefix)}
            self._write_manifest()

    def finish(
        self, step: str, files: Sequence[str] = (), info: Mapping[str, Any] | None = None
    ) -> None:
        """Record a step as finished.

        Parameters
        ----------
        step
            Name of the step.
        files
            Files written with `new_file`, by their names in the folder.
        info
            JSON values to record.
        """
        entry = {
            "files": {name: _fingerprint(self.folder / name) for name in files},
            "info": dict(info or {}),
        }
        with self._mutex:
            self._steps[step] = entry
            self._checked.add(step)
            self._write_manifest()
        self._on_step(step)

    @contextmanager
    def new_file(self, name: str) -> Iterator[Path]:
        """Yield a path to write to; the file gets its name when the block ends without error.

        Raises
        ------
        StageError
            A foreign file has this name.
        """
        final = self.folder / name
        temporary = final.with_name(f"{final.name}.part")
        if final.parent != self.folder:
            self._listing.add_folder(final.parent.relative_to(self.folder).as_posix())
        self._listing.add(name, f"{name}.part")
        temporary.unlink(missing_ok=True)
        yield temporary
        put_in_place(temporary, final)

    def scratch(self) -> Path:
        """Return a folder for spilled data; it is emptied when a load starts."""
        return self._listing.add_folder(_SCRATCH)

    def remove(self) -> None:
        """Remove all stages, and the folder if nothing else is in it."""
        with self._mutex:
            # The manifest is removed last: after an interrupted removal, the folder is still ours.
            self._steps = {}
            self._write_manifest()
            self._remove_leftovers()
            self._listing.remove_all()
            (self.folder / _MANIFEST).unlink(missing_ok=True)
            self._lock.remove()
            remove_if_empty(self.folder)

    def _read_manifest(self) -> dict[str, Any]:
        path = self.folder / _MANIFEST
        if not path.exists():
            others = sorted(p.name for p in self.folder.iterdir() if p.name not in _FIRST)
            if others:
                raise StageError(
                    f"'{self.folder}' holds foreign files: {', '.join(others[:3])}"
                    + (f" and {len(others) - 3} more" if len(others) > 3 else ""),
                    hint="choose an empty or new folder with --work",
                )
            return {}
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            key, layout, steps = manifest["key"], manifest["layout"], manifest["steps"]
            checksum = manifest["checksum"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise StageError(
                f"'{path}' is damaged, or is not from a load", hint=_ANOTHER_FOLDER
            ) from error
        if layout != _LAYOUT or key != self.key:
            raise StageError(
                f"'{self.folder}' holds stages of another load: {_difference(key, self.key)}",
                hint=f"to continue that load, give the same arguments; else {_START_AGAIN}",
            )
        if checksum != _checksum(steps):
            raise StageError(f"'{path}' has been changed since", hint=_START_AGAIN)
        found: dict[str, Any] = steps
        return found

    def _write_manifest(self) -> None:
        path = self.folder / _MANIFEST
        temporary = path.with_name(_MANIFEST + ".part")
        manifest = {
            "layout": _LAYOUT,
            "key": self.key,
            "checksum": _checksum(self._steps),
            "steps": self._steps,
        }
        temporary.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        put_in_place(temporary, path)

    def _remove_leftovers(self) -> None:
        if f"{_SCRATCH}/" in self._listing:
            shutil.rmtree(self.folder / _SCRATCH, ignore_errors=True)
        for name in self._listing.files:
            (self.folder / f"{name}.part").unlink(missing_ok=True)

    def _check(self, step: str, name: str, recorded: Mapping[str, Any]) -> None:
        path = self.folder / name
        if not path.is_file():
            raise StageError(f"'{path}' of the finished step '{step}' is gone", hint=_START_AGAIN)
        if _fingerprint(path) != recorded:
            raise StageError(
                f"'{path}' of the finished step '{step}' has been changed since",
                hint=_START_AGAIN,
            )


def load_id(key: Mapping[str, Any]) -> str:
    """Return a short name for a key: equal keys have equal names."""
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checksum(steps: object) -> str:
    """Return the SHA-256 of the steps; it shows that this program wrote the manifest."""
    return hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()


def _fingerprint(path: Path) -> dict[str, Any]:
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _difference(theirs: Any, ours: Any) -> str:
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        return "its key cannot be read"
    names = [n for n in sorted({*theirs, *ours}) if theirs.get(n) != ours.get(n)]
    return "; ".join(f"{n}: there {theirs.get(n)!r}, asked {ours.get(n)!r}" for n in names[:3])
