"""Compressed files (gzip, bzip2, zstandard), and tables in archives."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from graphapi.errors import InputError, NotFoundError, SourceSchemaError
from loader.work.room import full_disk, is_full

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Extensions of compressed files, and pyarrow's names of the compression.
PACKINGS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_PIECE = 1 << 20


def is_archive(path: Path) -> bool:
    """Return whether a file's name has the extension of an archive."""
    return path.name.lower().endswith(_ARCHIVES)


def members(path: Path) -> list[str]:
    """Return the names of all files in an archive, in its order.

    Raises
    ------
    SourceSchemaError
        The file is damaged, or is not an archive.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return [i.filename for i in archive.infolist() if not i.is_dir()]
        with tarfile.open(path) as tar:
            return [i.name for i in tar if i.isfile()]
    except (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        raise SourceSchemaError(
            f"'{path}' is not a complete archive: {error}", hint="download it again"
        ) from error


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
        return path
    mark = hashlib.sha256(f"{path}::{member}".encode()).hexdigest()[:16]
    name = Path(member or path.name).name
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
    target = scratch / mark / (safe.removesuffix(ending) if unpack else safe)
    if target.exists():
        return target
    target.parent.mkdir(exist_ok=True)
    try:
        _write(path, member, PACKINGS[ending] if unpack else None, target)
    except (OSError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        target.unlink(missing_ok=True)
        if is_full(error):
            raise full_disk(scratch) from error
        kind = f"complete {PACKINGS.get(ending, '')} file".replace("  ", " ")
        raise SourceSchemaError(
            f"{where} is not a {kind}: {error}", hint="download it again"
        ) from error
    return target


def _write(path: Path, member: str, packing: str | None, target: Path) -> None:
    import pyarrow as pa

    for source in _opened(path, member):
        plain = pa.CompressedInputStream(pa.PythonFile(source), packing) if packing else source
        with target.open("wb") as file:
            shutil.copyfileobj(plain, file, _PIECE)


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
