"""Which files belong to the newest version of a Delta Lake table, by its log."""

from __future__ import annotations

import json
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from graphapi.errors import NotFoundError, SourceSchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN = "write it as plain Parquet files"
_AGAIN = "get the table again"


def newest_files(folder: Path) -> list[Path]:
    """Return the files of a Delta Lake table's newest version, in the order of its log.

    Raises
    ------
    NotFoundError
        The newest version has no files.
    SourceSchemaError
        The log is damaged, a part of it is missing, it names a file outside the folder, or the
        table has what is not supported: partitions, deletion vectors, newer protocols.
    """
    there: dict[str, None] = {}
    for action in _actions(folder / "_delta_log"):
        protocol, added = action.get("protocol"), action.get("add")
        if protocol and protocol.get("minReaderVersion", 1) > 1:
            raise _unsupported(folder, f"unsupported features: {protocol}")
        if added and added.get("path"):
            if added.get("partitionValues"):
                raise _unsupported(folder, "partitions, which are not supported")
            if added.get("deletionVector"):
                raise _unsupported(folder, "deleted rows in its files")
            there[unquote(added["path"])] = None
        removed = action.get("remove")
        if removed and removed.get("path"):
            there.pop(unquote(removed["path"]), None)
    if not there:
        raise NotFoundError(f"the Delta Lake table '{folder}' has no files", hint=_AGAIN)
    return [_inside(folder, name) for name in there]


def _actions(log: Path) -> Iterator[dict[str, Any]]:
    """Yield what the log records, from its newest checkpoint on."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    checkpoint = max(log.glob("*.checkpoint.parquet"), default=None)
    version = -1
    if checkpoint:
        try:
            version = int(checkpoint.name[:20])
            yield from pq.read_table(checkpoint).to_pylist()
        except (ValueError, OSError, pa.ArrowException) as error:
            raise _damaged(checkpoint, error) from error
    for commit in sorted(log.glob("*.json")):
        number = commit.name.removesuffix(".json")
        if not number.isdigit() or int(number) <= version:
            continue  # the checkpoint has it
        version += 1
        if int(number) != version:
            raise SourceSchemaError(
                f"'{log}', the log of a Delta Lake table, lacks version {version}", hint=_AGAIN
            )
        try:
            actions = [json.loads(line) for line in commit.read_text("utf-8").splitlines() if line]
        except (ValueError, RecursionError) as error:
            raise _damaged(commit, error) from error
        if not all(isinstance(action, dict) for action in actions):
            raise _damaged(commit, "a line is not an object")
        yield from actions


def _inside(folder: Path, name: str) -> Path:
    """Return a file of the table; another address or a path that leaves the folder is refused."""
    if not Path(normpath(folder / name)).is_relative_to(normpath(folder)):
        raise SourceSchemaError(
            f"'{folder}' is a Delta Lake table whose log names a file outside it: {name!r}",
            hint="copy its files into one folder, or write it as plain Parquet files",
        )
    return folder / name


def _unsupported(folder: Path, what: str) -> SourceSchemaError:
    return SourceSchemaError(f"'{folder}' is a Delta Lake table with {what}", hint=_PLAIN)


def _damaged(file: Path, error: object) -> SourceSchemaError:
    return SourceSchemaError(
        f"'{file}', the log of a Delta Lake table, is damaged: {error}", hint=_AGAIN
    )
