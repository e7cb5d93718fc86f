"""Read lists of root ids from files, and the option `--only`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError, NotFoundError, SourceSchemaError
from loader.sources import dumps, places
from loader.sources.idcolumns import find_column
from loader.sources.tablefile import TableFile, fetch, header_numbers, view
from loader.stages.only import ANNOTATED, Only
from loader.work.duck import database
from loader.work.workspace import sha256_of

if TYPE_CHECKING:
    import numpy as np


def read_only(text: str | Path) -> Only:
    """Read the value of `--only`.

    Parameters
    ----------
    text
        A file of root ids (`.npy`, a table with a column of root ids, or a text file with one id
        per line and no header), `annotated`, or `FIELD=VALUE[,VALUE...]`.

    Raises
    ------
    NotFoundError, InputError, SourceSchemaError
        It is none of these, or the file cannot be read.
    """
    path = Path(text).expanduser()
    if path.is_file():
        return Only(str(text), ids=read_ids(path), checksum=sha256_of(path))
    if str(text) == ANNOTATED:
        return Only(ANNOTATED)
    field, sign, values = str(text).partition("=")
    if sign and field and values:
        return Only(str(text), field=field, values=tuple(v.strip() for v in values.split(",")))
    raise NotFoundError(
        f"--only '{text}' is not a file",
        hint=f"give a file of root ids, {ANNOTATED}, or FIELD=VALUE",
    )


def read_ids(path: Path) -> np.ndarray[Any, Any]:
    """Read a list of root ids, int64.

    Raises
    ------
    SourceSchemaError, InputError
        The file has no whole numbers, or no column that is recognised as ids.
    """
    import numpy as np

    if path.suffix.lower() == ".npy":
        try:
            ids = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise SourceSchemaError(
                f"'{path}' cannot be read as an array: {error}", hint="save the ids as int64"
            ) from error
        if ids.dtype.kind not in "iu" or (ids.size and int(ids.max()) >= 2**63):
            raise SourceSchemaError(
                f"'{path}' contains {ids.dtype}, not whole root ids", hint="save them as int64"
            )
        listed: np.ndarray[Any, Any] = ids.astype(np.int64).ravel()
        return listed
    return _of_table(path)


def _of_table(path: Path) -> np.ndarray[Any, Any]:
    import numpy as np

    with TemporaryDirectory() as folder, database() as connection:
        scratch = Path(folder)
        file = places.table(path)
        if header_numbers(file, scratch):
            file = TableFile(file.path, names=("root_id",))
        types = view(connection, file, "ids", scratch)
        known = list(types) if len(types) == 1 else dumps.named("root_id", types)
        if not known:
            raise InputError(
                f"'{path}': no column of root ids among {list(types)}",
                hint="name the column root_id",
            )
        column = find_column(connection, "ids", known[0], types, file.where, ids="numbers")
        found = fetch(connection, f"SELECT {column.sql} AS id FROM ids", file)  # noqa: S608
        listed: np.ndarray[Any, Any] = found["id"].drop_null().to_numpy().astype(np.int64)
        return listed
