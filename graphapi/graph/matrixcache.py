"""The whole-graph matrix on disk, so that another process maps it instead of reading the graph.

One file for each graph and threshold, in a folder that only its owner may use. A file is used only
if it and its folder belong to this user and nobody else may write to them, its length is right,
its checksum is right, and it was made from a graph with the same record. Anything else is deleted
and read again from the graph (docs/decisions/0171).
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import stat
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.files import cache_folder, is_private, write_whole
from graphapi.common.memory import read_size
from graphapi.errors import InputError
from graphapi.graph.frommatrix import HeldMatrix

if TYPE_CHECKING:
    import numpy.typing as npt
    import scipy.sparse as sp

    from graphapi.graph.materialization import Materialization
    from graphapi.ids import IdArray

_MAGIC = b"cavegraph matrix 1\n"
#: Size of the header; the arrays start after it, aligned.
_HEAD = 4096
#: Below this number of connections, reading the graph again is as fast.
SMALLEST = 100_000
_DEFAULT_BYTES = 8 * 10**9
_WORDS = 8192
_LOG = logging.getLogger(__name__)


def cache_bytes() -> int:
    """Return the size limit of all matrices together: `$CAVEGRAPH_MATRIX_CACHE`, else 8 GB.

    Raises
    ------
    InputError
        The variable is neither 0 nor a size.
    """
    given = os.environ.get("CAVEGRAPH_MATRIX_CACHE")
    if given is None:
        return _DEFAULT_BYTES
    if given.strip() == "0":
        return 0
    return read_size(given, "CAVEGRAPH_MATRIX_CACHE (0 for no cache)")


@dataclass(frozen=True)
class MatrixCache:
    """Matrices of one graph on disk.

    Parameters
    ----------
    folder
        Folder of all matrices.
    uri
        Address or path of the graph.
    record
        The graph's record; a matrix of another load is not used.
    limit
        Largest size of all files together, in bytes; 0: nothing is read or written.
    """

    folder: Path
    uri: str
    record: Materialization
    limit: int

    @classmethod
    def of(cls, uri: str, record: Materialization) -> MatrixCache:
        """Return the cache of a graph, with the user's limit; nothing is kept of a small graph."""
        small = record.counts.get("connections", 0) < SMALLEST
        return cls(cache_folder("matrices"), uri, record, 0 if small else cache_bytes())

    def read(self, threshold: int) -> HeldMatrix | None:
        """Map a matrix; None if there is none that can be trusted.

        Parameters
        ----------
        threshold
            Smallest weight needed. The matrix with the highest threshold up to this is returned.

        Returns
        -------
        HeldMatrix or None
            Its arrays are mapped, and read-only.
        """
        if not self.limit or not self._is_own_folder():
            return None
        self._delete_stale()
        for found in sorted(self._mine(), reverse=True):
            if found <= threshold:
                path = self._path(found)
                try:
                    roots, matrix = self._mapped(path, found)
                except (OSError, ValueError, KeyError, TypeError) as error:
                    _LOG.warning("%s cannot be used and will be made again: %s", path, error)
                    path.unlink(missing_ok=True)
                    continue
                os.utime(path)
                return HeldMatrix(roots, matrix, found)
        return None

    def write(self, threshold: int, roots: IdArray, matrix: sp.csr_array) -> bool:
        """Keep a matrix, and return whether it was kept.

        A small matrix, or one larger than the limit, is not kept. Matrices of this graph with a
        higher threshold are deleted. If all matrices together exceed the limit, those unused for
        longest are deleted too. If the folder is not writable, a warning is logged.
        """
        parts = (roots, matrix.indptr.astype(np.int64), matrix.indices, matrix.data)
        size = _HEAD + sum(_padded(part.nbytes) for part in parts)
        if matrix.nnz < SMALLEST or size > self.limit:
            return False
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._is_own_folder():
                return False
            self._make_room(size, threshold)
            path = self._path(threshold)
            write_whole(path, partial(_write, self._head(threshold, parts), parts), private=True)
        except (OSError, InputError) as error:
            _LOG.warning("the matrix of the graph is not kept on disk: %s", error)
            return False
        return True

    def _path(self, threshold: int) -> Path:
        return self.folder / f"{self._place()}-{self._load()}-{threshold}.matrix"

    def _place(self) -> str:
        text = json.dumps([self.uri, self.record.datastack])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _load(self) -> str:
        """Return a name for the load, which differs if the connections may differ."""
        made = self.record
        told = [made.load_id, made.datastack, made.version, made.loaded_at, made.checksums]
        text = json.dumps([*told, made.counts], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _mine(self) -> list[int]:
        """Return the thresholds of this graph's matrices."""
        start = f"{self._place()}-{self._load()}-"
        names = [path.name for path in self.folder.glob(f"{start}*.matrix")]
        texts = [name.removeprefix(start).removesuffix(".matrix") for name in names]
        return [int(text) for text in texts if text.isdecimal()]

    def _delete_stale(self) -> None:
        """Delete the matrices of earlier graphs at this place."""
        for path in self.folder.glob(f"{self._place()}-*.matrix"):
            if not path.name.startswith(f"{self._place()}-{self._load()}-"):
                path.unlink(missing_ok=True)

    def _make_room(self, size: int, threshold: int) -> None:
        self._delete_stale()
        for found in self._mine():
            if found > threshold:
                self._path(found).unlink(missing_ok=True)
        files = [(path.stat(), path) for path in self.folder.glob("*.matrix")]
        total = size + sum(told.st_size for told, _ in files)
        for told, path in sorted(files, key=lambda item: item[0].st_mtime):
            if total <= self.limit:
                break
            path.unlink(missing_ok=True)
            total -= told.st_size

    def _is_own_folder(self) -> bool:
        """Return whether the folder exists, is this user's, and nobody else may write to it."""
        try:
            told = self.folder.lstat()
        except OSError:
            return False
        if stat.S_ISDIR(told.st_mode) and is_private(told):
            return True
        _LOG.warning(
            "%s is not used: it must be your own folder, and nobody else may write to it",
            self.folder,
        )
        return False

    def _head(self, threshold: int, parts: tuple[npt.NDArray[Any], ...]) -> dict[str, Any]:
        return {
            "load": self._load(),
            "load_id": self.record.load_id,
            "threshold": threshold,
            "order": sys.byteorder,
            "types": [part.dtype.str for part in parts],
            "lengths": [int(part.size) for part in parts],
            "checksums": [_checksum(part) for part in parts],
        }

    def _mapped(self, path: Path, threshold: int) -> tuple[IdArray, sp.csr_array]:
        """Map the arrays of a file, after all checks."""
        import scipy.sparse as sp

        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as file:
            told = os.fstat(handle)
            if not stat.S_ISREG(told.st_mode) or not is_private(told):
                raise ValueError("it belongs to somebody else, or others may write to it")
            start = file.read(_HEAD)
            if len(start) != _HEAD or not start.startswith(_MAGIC):
                raise ValueError("it is not a matrix")
            head = json.loads(start.removeprefix(_MAGIC).rstrip(b"\0"))
            types, lengths = [np.dtype(text) for text in head["types"]], head["lengths"]
            sizes = [_padded(kind.itemsize * n) for kind, n in zip(types, lengths, strict=True)]
            if told.st_size != _HEAD + sum(sizes):
                raise ValueError("its length is wrong")
            whole = _map(handle)
        parts, place = [], _HEAD
        for kind, n, size in zip(types, lengths, sizes, strict=True):
            # Each array has the map as its base: scipy would copy a small part of an array.
            parts.append(np.frombuffer(whole, kind, n, place))
            place += size
        if head != self._head(threshold, tuple(parts)):
            raise ValueError("its checksum is wrong, or it is from another load")
        roots, indptr, indices, data = parts
        if indptr.size != roots.size + 1 or data.size != indices.size or data.dtype != np.int64:
            raise ValueError("its arrays do not fit together")
        kind = indices.dtype if indices.size < np.iinfo(np.int32).max else np.dtype(np.int64)
        shape = (roots.size, roots.size)
        matrix = sp.csr_array((data, indices, indptr.astype(kind)), shape=shape)
        matrix.has_canonical_format = True
        return roots, matrix


def _map(handle: int) -> mmap.mmap:
    """Map a whole file for reading; its pages are loaded at once if the system can."""
    if not hasattr(mmap, "PROT_READ"):  # Windows
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
    return mmap.mmap(handle, 0, flags=flags, prot=mmap.PROT_READ)


def _padded(size: int) -> int:
    return -(-size // 64) * 64


def _checksum(values: npt.NDArray[Any]) -> str:
    """Return a checksum of an array, as fast as memory is read.

    The 64-bit words are summed in blocks of 64 kB, and the sums are hashed. This detects damage,
    but not forgery: against that, only the user's own files are used.
    """
    raw = values.view(np.uint8)
    count = raw.size // (8 * _WORDS)
    blocks = raw[: count * 8 * _WORDS].view(np.uint64).reshape(count, _WORDS)
    sums = blocks.sum(axis=1, dtype=np.uint64)
    return hashlib.sha256(sums.tobytes() + raw[count * 8 * _WORDS :].tobytes()).hexdigest()


def _write(head: dict[str, Any], parts: tuple[npt.NDArray[Any], ...], place: str) -> None:
    text = _MAGIC + json.dumps(head, sort_keys=True).encode()
    if len(text) > _HEAD:
        raise ValueError("the header of the matrix is too long")
    with Path(place).open("wb") as file:
        file.write(text.ljust(_HEAD, b"\0"))
        for part in parts:
            file.write(np.ascontiguousarray(part).data)
            file.write(bytes(_padded(part.nbytes) - part.nbytes))
