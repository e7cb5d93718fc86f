"""Which graph files are sound: read through once in a separate process, then remembered.

A damaged file can crash the process that opens it (`graphapi.engines.ladybugapart`). A file is
therefore opened in this process only if this user's own load wrote it, or if it has been read
through and has not changed since.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from graphapi.common.files import write_bytes_whole
from graphapi.common.notices import notice
from graphapi.errors import GraphIncompleteError, InputError

#: Most files that are remembered; the one remembered longest ago is dropped first.
_MOST = 1000


def require_sound(path: str | Path) -> None:
    """Read a graph file through, unless it is known to be sound; then remember it.

    Raises
    ------
    GraphNotFoundError
        There is no such file.
    GraphFileError
        The file is damaged, or is not a graph of this format.
    GraphIncompleteError
        Its load has not finished, or the file changed while it was read.
    """
    from graphapi.engines.ladybug import graph_file

    place = graph_file(path)
    state = _state(place)
    if _remembered(place) == state:
        return
    from graphapi.graph.readthrough import read_through

    read_through(place)
    if not place.exists() or _state(place) != state:
        raise GraphIncompleteError(
            f"'{place}' changed while it was read", hint="open it again when nothing writes to it"
        )
    remember(place)


def remember(path: Path) -> None:
    """Remember that a file is sound: it was read through, or a load has just verified it."""
    entry = _entry(path)
    content = json.dumps({"file": str(path.resolve()), "state": _state(path)}).encode()
    try:
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_bytes_whole(entry, content, private=True)
        _drop_oldest(entry.parent)
    except (OSError, InputError) as error:
        notice(
            f"graph files are read through each time they are opened, because '{entry.parent}' "
            f"cannot be written to ({getattr(error, 'strerror', None) or error}); make "
            "it writable or, on Linux, set XDG_DATA_HOME to a folder that is"
        )


def _remembered(path: Path) -> list[int] | None:
    """Return the state in which a file was sound; None if it is not known."""
    try:
        known = json.loads(_entry(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None  # none yet, or damaged: the file is read through again
    state: list[int] | None = known.get("state") if isinstance(known, dict) else None
    return state


def _state(path: Path) -> list[int]:
    """Return what differs between this file, another one, and this one after a change."""
    found = path.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _entry(path: Path) -> Path:
    """Return the file that remembers a graph file: one each, so that processes do not collide."""
    import platformdirs

    name = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return Path(platformdirs.user_data_dir("cavegraph")) / "sound-files" / f"{name}.json"


def _drop_oldest(folder: Path) -> None:
    entries = list(folder.iterdir())
    if len(entries) > _MOST:
        ages = []
        for entry in entries:
            with suppress(FileNotFoundError):  # another process has dropped it
                ages.append((entry.stat().st_mtime_ns, entry))
        for _, entry in sorted(ages)[: len(entries) - _MOST]:
            entry.unlink(missing_ok=True)
