"""Compressed files (gzip, bzip2, zstandard), and tables in archives."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from graphapi.errors import InputError, NotFoundError, SourceSchemaError
from loader.sources.signature import HEAD, require_format
from loader.work.room import full_disk, is_full

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Extensions of compressed files, and pyarrow's names of the compression.
PACKINGS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
#: Extensions of archives, and the packing of the whole archive.
_ARCHIVES = {
    ".zip": "zip",
    ".tar": "",
    ".tar.gz": "gzip",
    ".tgz": "gzip",
    ".tar.bz2": "bz2",
    ".tar.xz": "xz",
}
#: What libraries raise for damaged files.
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile)
_PIECE = 1 << 20


def is_archive(path: Path) -> bool:
    """Return whether a file's name has the extension of an archive."""
    return path.name.lower().endswith(tuple(_ARCHIVES))


def members(path: Path) -> list[str]:
    """Return the names of all files in an archive, in its order.

    Raises
    ------
    SourceSchemaError
        The file is damaged, or is not an archive.
    """
    packing = _packing_of_archive(path)
    if packing in ("zip", "gzip"):
        require_format(first_bytes(path, HEAD, packed=False), packing, f"'{path}'")
    try:
        if packing == "zip" or zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return [i.filename for i in archive.infolist() if not i.is_dir()]
        with tarfile.open(path) as tar:
            return [i.name for i in tar if i.isfile()]
    except _DAMAGE as error:
        raise _damaged(f"'{path}'", "archive", error) from error


def find_member(path: Path, wanted: str) -> str:
    """Return the full name of an archive's member, given its name or the end of its path.

    Raises
    ------
    NotFoundError, InputError
        There is no such member, or more than one.
    """
    there = members(path)
    found = [m for m in there if m == wanted] or [m for m in there if m.endswith(f"/{wanted}")]
    if len(found) != 1:
        error = InputError if found else NotFoundError
        raise error(
            f"'{path}' has {'more than one' if found else 'no'} member '{wanted}'",
            hint=f"its members: {listed(found or there)}",
        )
    return found[0]


def listed(names: Sequence[str]) -> str:
    """Return names for a message; at most the first twenty."""
    more = f", and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more


def readable(
    path: Path, member: str, scratch: Path, *, as_it_is: Sequence[str], odd: bool, where: str
) -> Path:
    """Return a file with only the table, decompressed, and with a plain name.

    Parameters
    ----------
    path, member
        The file, and the table in it if it is an archive.
    scratch
        Folder for decompressed copies.
    as_it_is
        Compressions that can be read directly, as extensions without the dot.
    odd
        Whether the path has characters of a pattern, such as `*`.
    where
        The file, for messages.

    Raises
    ------
    SourceSchemaError
        The file is not complete.
    LoadError
        The disk is full.
    """
    ending = Path(member or path.name).suffix.lower()
    unpack = ending in PACKINGS and ending[1:] not in as_it_is
    if not member and not unpack and not odd:
        if ending in PACKINGS:
            _require_whole(path, PACKINGS[ending], scratch, where)
        return path
    mark = hashlib.sha256(f"{path}::{member}".encode()).hexdigest()[:16]
    name = Path(member or path.name).name
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
    target = scratch / mark / (safe.removesuffix(ending) if unpack else safe)
    if target.exists():
        return target
    if member:
        _require_whole(path, _packing_of_archive(path), scratch, where)
    target.parent.mkdir(exist_ok=True)
    packing = PACKINGS[ending] if unpack else ""
    try:
        for source in _opened(path, member):
            with target.open("wb") as file:
                shutil.copyfileobj(_unpacked(source, packing, where), file, _PIECE)
    except RuntimeError as error:  # of a password, or of a compression that zipfile does not know
        target.unlink(missing_ok=True)
        raise SourceSchemaError(
            f"{where} cannot be unpacked: {error}", hint="unpack it with another program first"
        ) from error
    except _DAMAGE as error:
        target.unlink(missing_ok=True)
        if is_full(error):
            raise full_disk(scratch) from error
        raise _damaged(where, f"{packing} file".strip(), error) from error
    if ending in PACKINGS and not unpack:
        _require_whole(target, PACKINGS[ending], scratch, where)
    return target


def first_bytes(path: Path, size: int, *, packed: bool) -> bytes:
    """Return the beginning of a file; if it is packed, of what a `.gz` file contains."""
    if packed and path.suffix.lower() == ".gz":
        with gzip.open(path) as inner:
            return inner.read(size)
    with path.open("rb") as plain:
        return plain.read(size)


def _packing_of_archive(path: Path) -> str:
    name = path.name.lower()
    return next((kind for ending, kind in _ARCHIVES.items() if name.endswith(ending)), "")


def _require_whole(path: Path, packing: str, scratch: Path, where: str) -> None:
    """Read a packed file to its end once, because its checksum is there.

    DuckDB does not compare the checksum of a gzip file, and an archive is read only as far as
    its member.
    """
    if packing in ("", "zip"):  # the checksum of a member in a zip archive is read with it
        return
    mark = scratch / f"{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.whole"
    if mark.exists():
        return
    try:
        with path.open("rb") as source:
            plain = _unpacked(source, packing, where)
            while plain.read(_PIECE):
                pass
    except _DAMAGE as error:
        raise _damaged(where, f"{packing} file", error) from error
    mark.touch()


def _unpacked(source: IO[bytes], packing: str, where: str) -> IO[bytes]:
    """Return a file's content decompressed; reading it to the end compares its checksum."""
    import pyarrow as pa

    if not packing:
        return source
    if packing == "xz":
        return lzma.open(source)
    if source.seekable():
        require_format(source.read(HEAD), packing, where)
        source.seek(0)
    stream: IO[bytes] = pa.CompressedInputStream(pa.PythonFile(source), packing)
    return stream


def _damaged(where: str, kind: str, error: Exception) -> SourceSchemaError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return SourceSchemaError(
        f"{where} is damaged: it is not a complete {kind} ({reason})", hint="get it again"
    )


def _opened(path: Path, member: str) -> Iterator[IO[bytes]]:
    if not member:
        with path.open("rb") as file:
            yield file
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            yield file
    else:
        with tarfile.open(path) as tar:
            found = tar.extractfile(member)
            if found is None:
                raise tarfile.TarError(f"'{member}' is not a file")
            with found:
                yield found
