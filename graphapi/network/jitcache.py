"""Keep compiled functions on disk for the next process, in the user's cache folder.

One file for each function and types of arguments. Its name says which source and which versions of
numba, llvmlite and Python it was compiled from; a file is used only if it belongs to this user,
nobody else may write to it, and its checksum is right. Anything else is compiled again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import stat
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphapi.common.files import cache_folder, is_private, write_bytes_whole
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

_MAGIC = b"cavegraph code 1\n"
_DIGEST = 32
#: Code that was not used for so long is deleted.
_DAYS = 90
_LOG = logging.getLogger(__name__)


def code_folder() -> Path:
    """Return the folder of compiled functions.

    `$NUMBA_CACHE_DIR/cavegraph`, else `$CAVEGRAPH_CACHE/compiled`, else in the user's cache.
    """
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(named).expanduser() / "cavegraph"
    return cache_folder("compiled")


class CodeCache:
    """Compiled code of one function on disk; numba asks it as it asks its own caches.

    It never makes a call fail: what cannot be used or kept is logged, and compiled again.

    Parameters
    ----------
    folder
        Folder of all functions; made when code is kept.
    function
        The function. What it calls must be in the same source file.
    """

    def __init__(self, folder: Path, function: Callable[..., Any]) -> None:
        self._folder = folder
        self._source = Path(function.__code__.co_filename)
        self._name = f"{self._source.stem}.{function.__name__}"
        self._is_on = True

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(self._folder)

    def enable(self) -> None:
        """Use the files."""
        self._is_on = True

    def disable(self) -> None:
        """Leave the files alone."""
        self._is_on = False

    def flush(self) -> None:
        """Delete the code of this function."""
        for path in self._folder.glob(f"{self._name}-*"):
            path.unlink(missing_ok=True)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the code for some types of arguments; None if it must be compiled."""
        from numba.core.compiler import CompileResult

        if not self._is_on:
            return None
        target_context.refresh()
        key = sig, target_context.codegen().magic_tuple()
        path = self._path(key)
        try:
            kept = self._read(path, key)
            rebuild: Any = CompileResult._rebuild  # noqa: SLF001 - as numba's own cache does
            return None if kept is None else rebuild(target_context, *kept)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - code of a newer numba may raise anything
            _LOG.warning("%s cannot be used and is compiled again: %r", path, error)
            return None

    def save_overload(self, sig: Any, made: Any) -> None:
        """Keep code; if the folder cannot be written, that is logged."""
        from numba.core.serialize import dumps

        if not self._is_on or made.library.has_dynamic_globals or any(made.lifted):
            return
        key = sig, made.codegen.magic_tuple()
        reduced = made._reduce()  # noqa: SLF001 - as numba's own cache does
        body = dumps((key, reduced))  # type: ignore[no-untyped-call]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._require_own_folder()
            content = _MAGIC + hashlib.sha256(body).digest() + body
            write_bytes_whole(self._path(key), content, private=True)
            self._delete_old()
        except (OSError, ValueError, InputError) as error:
            _LOG.warning("compiled code is not kept, so each process compiles again: %s", error)

    def _read(self, path: Path, key: Any) -> Any:
        told = path.lstat()
        self._require_own_folder()
        if not stat.S_ISREG(told.st_mode) or not is_private(told):
            raise ValueError("others may write to it")
        content = path.read_bytes()
        body = content[len(_MAGIC) + _DIGEST :]
        if content[: len(_MAGIC) + _DIGEST] != _MAGIC + hashlib.sha256(body).digest():
            raise ValueError("its checksum is wrong")
        kept_key, kept = pickle.loads(body)  # noqa: S301 - a file of this user
        os.utime(path)
        return kept if kept_key == key else None

    def _require_own_folder(self) -> None:
        told = self._folder.lstat()
        if not stat.S_ISDIR(told.st_mode) or not is_private(told):
            raise ValueError(f"{self._folder} must be a folder of yours that only you can write to")

    def _path(self, key: Any) -> Path:
        """Return the file of a key; another source, version or processor has another one."""
        made_by = [version("numba"), version("llvmlite"), sys.version, key]
        told = hashlib.sha256(self._source.read_bytes() + repr(made_by).encode()).hexdigest()
        return self._folder / f"{self._name}-{told[:32]}"

    def _delete_old(self) -> None:
        before = time.time() - _DAYS * 86_400
        for path in self._folder.iterdir():
            if path.lstat().st_mtime < before:
                path.unlink(missing_ok=True)
