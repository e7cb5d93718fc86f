"""The stand-in's state: one folder, served at one address."""

# ruff: noqa: S608 - SQL is made of names out of the folder, quoted; what clients send is bound

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loader.sandbox.standin.history import History
from loader.sandbox.standin.replies import RefusalError, failed, wrapped
from loader.sandbox.standin.store import Store, parquet

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from loader.sandbox.standin.faults import Faults
    from loader.sandbox.standin.folder import Folder, Table, Version


@dataclass
class Standin:
    """What the request handlers share.

    Attributes
    ----------
    folder
        The served folder.
    store
        Runs SQL over the folder.
    faults
        Faults to inject.
    url
        Address of the server, without a slash at the end.
    row_limit
        Largest number of rows in an answer.
    token
        The valid token; None to accept any client.
    """

    folder: Folder
    store: Store
    faults: Faults
    url: str
    row_limit: int
    token: str | None
    _expired: set[int] = field(default_factory=set)
    _history: History | None = None
    _row_counts: dict[Path, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def history(self) -> History:
        """Return the root ids over time; they are read once, on first use."""
        with self._lock:
            if self._history is None:
                self._history = History(self.folder, self.store)
            return self._history

    def usable(self, version: Version) -> bool:
        """Return whether a version's rows are served."""
        good = version.valid and version.status.upper() == "AVAILABLE"
        return good and version.number not in self._expired

    def expire(self, number: int) -> None:
        """Make a version expire permanently."""
        self._expired.add(number)

    def newest(self) -> Version:
        """Return the newest version whose rows are served.

        Raises
        ------
        RefusalError
            There is none.
        """
        usable = [version for version in self.folder.versions.values() if self.usable(version)]
        if not usable:
            raise wrapped(404, "No valid versions found")
        return max(usable, key=lambda version: version.timestamp)

    def check_datastack(self, request: Request) -> None:
        """Refuse a path that names another datastack."""
        name = request.path_params["datastack"]
        if name != self.folder.datastack:
            raise failed(f"datastack {name} not found")

    def version(self, request: Request, refusal: RefusalError | None = None) -> Version:
        """Return the version that a path names.

        Parameters
        ----------
        request
            The request; its path has `datastack` and `version`.
        refusal
            The error for an unknown version; by default that of most requests.

        Raises
        ------
        RefusalError
            There is no such version.
        """
        self.check_datastack(request)
        number = request.path_params["version"]
        found = self.folder.versions.get(number)
        if found is None:
            raise refusal or wrapped(404, f"version {number} not found in {self.folder.datastack}")
        return found

    def table(self, name: str, version: Version) -> Table:
        """Return a table of a version.

        Raises
        ------
        RefusalError
            The version does not have the table.
        """
        table = self.folder.tables.get(name)
        if table is None or version.number not in table.files:
            raise wrapped(
                404,
                f"Analysis table '{name}' not found for version {version.number} "
                f"in datastack {self.folder.datastack}",
            )
        return table

    def rows_of(self, name: str, version: Version) -> Table:
        """Return a table to read rows from.

        Raises
        ------
        RefusalError
            The version does not have it or has expired, or only the owner may read it.
        """
        table = self.table(name, version)
        if table.read_permission == "PRIVATE":
            raise wrapped(401, "Unauthorized: The table can only be read by its owner")
        if not self.usable(version):
            raise wrapped(410, "This materialization version is not available")
        return table

    def row_count(self, table: Table, number: int) -> int:
        """Return the number of rows that a table or view has at a version."""
        file = table.files[number]
        if file.path not in self._row_counts:
            only = "valid" in file.columns and not table.is_view
            where = ' WHERE CAST("valid" AS BOOLEAN)' if only else ""
            self._row_counts[file.path] = self.store.number(
                f"SELECT count(*) FROM {parquet(file.path)}{where}"
            )
        return self._row_counts[file.path]
