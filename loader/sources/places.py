"""Find files by path, folder, pattern, member of an archive, or address."""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.errors import InputError, NotFoundError
from loader.sources.addresses import fetched, fetched_if_there, is_address
from loader.sources.delta import newest_files
from loader.sources.endings import known_ending
from loader.sources.packed import find_member, is_archive, listed, members
from loader.sources.tablefile import TableFile
from loader.sources.textfile import read_names

if TYPE_CHECKING:
    from collections.abc import Sequence

_MEMBER = "::"
_HEADER = "_header.csv"
_SIGNS = "*?["
#: Files that come with tables, and are none.
_ABOUT = re.compile(
    r"(read_?me|licen[cs]e|change_?log|citation|(md5|sha\d+)(_?sums?)?|checksums?)[\w.-]*\.txt$",
    re.I,
)


def is_place(text: str) -> bool:
    """Return whether a text means a file or files, not the name of a table or datastack.

    It does if it exists on disk, or looks like a path, a pattern, a member of an archive, an
    address, or a file name.
    """
    return (
        is_address(text)
        or any(sign in text for sign in ("/", "\\", _MEMBER, *_SIGNS))
        or known_ending(text)
        or is_archive(Path(text))
        or Path(text).expanduser().exists()
    )


def tables(places: Sequence[str | Path], header: str | Path | None = None) -> list[TableFile]:
    """Find table files.

    Parameters
    ----------
    places
        Paths of files, folders or Delta Lake folders; patterns; `ARCHIVE::member`; addresses. A
        path that exists is never read as a pattern.
    header
        File with the column names for text tables without a header. By default
        `NAME_header.csv` beside a text table `NAME.csv`, if it exists.

    Raises
    ------
    NotFoundError, InputError
        There are no such files, or none that can be read.
    """
    found = [file for place in places for file in _at(str(place))]
    if not found:
        raise InputError("no file to load", hint="name a file of synapse rows or connections")
    names = read_names(_existing(Path(header).expanduser())) if header is not None else ()
    return [_with_names(file, names) for file in found]


def table(place: str | Path) -> TableFile:
    """Find one table file.

    Raises
    ------
    NotFoundError, InputError
        There is none, or more than one.
    """
    found = tables([place])
    if len(found) != 1:
        raise InputError(
            f"'{place}' is {len(found)} files, but one table is needed",
            hint="repeat --annotations, once for each file",
        )
    return found[0]


def _at(text: str) -> list[TableFile]:
    if is_address(text):
        return _at_address(text)
    path = Path(text).expanduser()
    if path.is_dir():
        return [TableFile(p.resolve()) for p in _in_folder(path)]
    if not path.exists() and _MEMBER in text:
        archive, _, member = text.partition(_MEMBER)
        file = _existing(Path(archive).expanduser())
        if not is_archive(file):
            raise InputError(
                f"'{file}' is not an archive, so it has no member '{member}'",
                hint="leave out '::', or name a .zip or .tar file",
            )
        return [TableFile(file, find_member(file, member))]
    if not path.exists() and any(sign in text for sign in _SIGNS):
        # The shell has replaced unquoted patterns; quoted ones arrive here.
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  (absolute ones too)
        if not matches:
            raise NotFoundError(f"nothing matches '{text}'", hint="check the path and the pattern")
        if logged := [m for m in map(Path, matches) if (m.parent / "_delta_log").is_dir()]:
            raise InputError(
                f"'{logged[0].parent}' is a Delta Lake table: not all of its files count",
                hint="name the folder, not its files",
            )
        return [file for match in matches for file in _at(match) if _is_rows(file.path)]
    path = _existing(path)
    return [_only_member(path)] if is_archive(path) else [TableFile(path)]


def _at_address(text: str) -> list[TableFile]:
    address, _, member = text.partition(_MEMBER)
    path = fetched(address)
    if member:
        return [TableFile(path, find_member(path, member))]
    if is_archive(path):
        return [_only_member(path)]
    beside = fetched_if_there(_header_beside(address)) if _is_text(path) else None
    return [TableFile(path, names=read_names(beside) if beside else ())]


def _only_member(path: Path) -> TableFile:
    there = [name for name in members(path) if known_ending(name) and not _is_hidden(name)]
    if len(there) != 1:
        raise InputError(
            f"'{path}' is an archive with {len(there)} tables, not one",
            hint=f"name one as '{path}{_MEMBER}MEMBER'; its tables: {listed(there)}"
            if there
            else f"its members: {listed(members(path))}",
        )
    return TableFile(path, there[0])


def _in_folder(folder: Path) -> list[Path]:
    if (folder / "_delta_log").is_dir():
        return newest_files(folder)
    files = [p for p in sorted(folder.iterdir()) if p.is_file() and _is_rows(p)]
    below = [p for p in sorted(folder.glob("*/**/*")) if p.is_file() and _is_shard(p, folder)]
    if files and below:
        raise InputError(
            f"the folder '{folder}' has table files, and its subfolders have more, such as "
            f"'{below[0]}'",
            hint="name the files that belong together, or a pattern such as 'FOLDER/*.parquet'",
        )
    files = files or [p for p in below if p.suffix == ".parquet"]
    if not files:
        raise NotFoundError(
            f"the folder '{folder}' has no table files",
            hint="name those in its subfolders, or a pattern such as 'FOLDER/*/*.csv'"
            if below
            else "check the path",
        )
    kinds = {TableFile(p).format for p in files}
    if len(kinds) > 1:
        raise InputError(
            f"the folder '{folder}' has files in several formats: {', '.join(sorted(kinds))}",
            hint="name the files that belong together, or a pattern such as 'FOLDER/*.parquet'",
        )
    return files


def _with_names(file: TableFile, names: tuple[str, ...]) -> TableFile:
    if not file.is_text or file.names:
        return file
    if names:
        return TableFile(file.path, file.member, names)
    beside = file.path.with_name(f"{file.path.name.split('.')[0]}{_HEADER}")
    if file.member or not beside.is_file():
        return file
    return TableFile(file.path, names=read_names(beside))


def _header_beside(address: str) -> str:
    folder, _, name = address.rpartition("/")
    return f"{folder}/{name.split('.')[0]}{_HEADER}"


def _is_text(path: Path) -> bool:
    return TableFile(path).is_text


def _is_rows(path: Path) -> bool:
    name = path.name
    return known_ending(name) and not _is_hidden(name) and not name.endswith(_HEADER)


def _is_shard(path: Path, folder: Path) -> bool:
    """Return whether a file in a subfolder is a table, and nothing on its way is hidden."""
    return _is_rows(path) and not any(map(_is_hidden, path.relative_to(folder).parts))


def _is_hidden(name: str) -> bool:
    """Return whether a file is hidden, or tells about the others."""
    own = Path(name).name
    return own.startswith((".", "_")) or "__MACOSX" in name or bool(_ABOUT.match(own))


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise NotFoundError(f"there is no file '{path}'", hint="check the path")
    return path.resolve()
