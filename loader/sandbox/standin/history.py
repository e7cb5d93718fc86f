"""Root ids over time: which root each supervoxel belongs to, and when.

Times are microseconds since 1970, UTC, throughout this module.
"""

# ruff: noqa: S608 - SQL is made of names out of the folder, quoted; what clients send is bound

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from loader.sandbox.standin.lineage import Edit, Lineage, read_edits
from loader.sandbox.standin.store import Store, microseconds, parquet
from loader.work.duck import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loader.sandbox.standin.folder import Folder

#: The start of a root whose start is unknown: 2000-01-01.
LONG_AGO: Final = 946_684_800_000_000


class History:
    """The segmentation over time.

    Parameters
    ----------
    folder
        Folder with the `chunkedgraph` files. Without these files, every root in the tables is
        current at all times.
    store
        Runs SQL over the files.

    Attributes
    ----------
    lineage
        The edits.
    """

    def __init__(self, folder: Folder, store: Store) -> None:
        self._store = store
        self._writing = threading.Lock()
        self.lineage = Lineage([] if folder.edits is None else read_edits(folder.edits))
        self._make_pieces(folder)
        self._make_roots(folder)

    # -- queries -------------------------------------------------------------------------

    def roots_of(self, node_ids: list[int], time: int) -> list[int]:
        """Return the root of each supervoxel at a time; a root is its own root.

        Returns
        -------
        list
            As long as `node_ids`; 0 if the root is unknown.
        """
        rows = self._store.arrow(
            "SELECT supervoxel_id AS node, root_id AS root FROM pieces"
            " WHERE supervoxel_id IN (SELECT unnest(?::BIGINT[]))"
            " AND start_us <= ? AND (end_us IS NULL OR end_us > ?)"
            " UNION ALL SELECT root_id, root_id FROM roots"
            " WHERE root_id IN (SELECT unnest(?::BIGINT[]))",
            [node_ids, time, time, node_ids],
        )
        found = dict(zip(rows["node"].to_pylist(), rows["root"].to_pylist(), strict=True))
        return [found.get(node, 0) for node in node_ids]

    def lifetimes(self, root_ids: Iterable[int]) -> dict[int, tuple[int, int | None]]:
        """Return the start and end of each root; the end is None for a current root.

        Ids that never were roots are left out.
        """
        rows = self._store.arrow(
            "SELECT root_id, start_us, end_us FROM roots"
            " WHERE root_id IN (SELECT unnest(?::BIGINT[]))",
            [list(root_ids)],
        )
        return {r["root_id"]: (r["start_us"], r["end_us"]) for r in rows.to_pylist()}

    def current(self, root_ids: list[int], time: int) -> list[bool]:
        """Return whether each id is a root at a time."""
        lives = self.lifetimes(root_ids)
        return [i in lives and _lives(lives[i], time) for i in root_ids]

    def known(self, node_ids: list[int], start: int, end: int) -> list[int]:
        """Return the ids that are roots or supervoxels from between two times."""
        rows = self._store.arrow(
            "SELECT DISTINCT node FROM (SELECT supervoxel_id AS node, start_us FROM pieces"
            " UNION ALL SELECT root_id, start_us FROM roots)"
            " WHERE node IN (SELECT unnest(?::BIGINT[])) AND start_us BETWEEN ? AND ?",
            [node_ids, start, end],
        )
        return sorted(rows["node"].to_pylist())

    def supervoxels_of(self, root_id: int) -> list[int]:
        """Return the supervoxels of a current or past root, ascending."""
        rows = self._store.arrow(
            "SELECT DISTINCT supervoxel_id FROM pieces WHERE root_id = ? ORDER BY 1", [root_id]
        )
        found: list[int] = rows["supervoxel_id"].to_pylist()
        return found

    def changed(self, past: int, future: int) -> tuple[list[int], list[int]]:
        """Return the roots at `past` that are gone at `future`, and the new roots at `future`."""
        old = "start_us <= $1 AND (end_us IS NULL OR end_us > $1)"
        new = "start_us <= $2 AND (end_us IS NULL OR end_us > $2)"
        rows = self._store.arrow(
            f"SELECT root_id, ({old}) AS is_old FROM roots"
            f" WHERE ({old}) <> ({new}) ORDER BY root_id",
            [past, future],
        )
        pairs = list(zip(rows["root_id"].to_pylist(), rows["is_old"].to_pylist(), strict=True))
        return [i for i, is_old in pairs if is_old], [i for i, is_old in pairs if not is_old]

    def oldest(self) -> int:
        """Return when the first root began."""
        return self._store.number(f"SELECT coalesce(min(start_us), {LONG_AGO}) FROM roots")

    def highest_layer(self) -> int:
        """Return the layer of the roots: the highest layer in any root id."""
        return self._store.number("SELECT coalesce(max(root_id >> 56), 0) FROM roots")

    # -- changes ---------------------------------------------------------------------------

    def replace(self, root_id: int, time: int) -> int:
        """Replace a current root by a new one, as an edit would, and return the new one."""
        with self._writing:
            self._load_pieces()
            new = self._store.number("SELECT max(root_id) + 1 FROM roots")
            self._store.run(
                "INSERT INTO loaded_pieces SELECT supervoxel_id, ?, ?, NULL FROM loaded_pieces"
                " WHERE root_id = ? AND end_us IS NULL",
                [new, time, root_id],
            )
            self._store.run(
                "UPDATE loaded_pieces SET end_us = ? WHERE root_id = ? AND end_us IS NULL",
                [time, root_id],
            )
            self._store.run("UPDATE roots SET end_us = ? WHERE root_id = ?", [time, root_id])
            self._store.run("INSERT INTO roots VALUES (?, ?, NULL)", [new, time])
            number = self.lineage.next_operation_id()
            self.lineage.add(Edit(number, time, "merge", (root_id,), (new,)))
        return new

    def _load_pieces(self) -> None:
        """Copy the supervoxels into memory, where they can change."""
        self._store.run("CREATE TABLE IF NOT EXISTS loaded_pieces AS SELECT * FROM pieces")
        self._store.run("CREATE OR REPLACE VIEW pieces AS SELECT * FROM loaded_pieces")

    # -- reading ---------------------------------------------------------------------------

    def _make_pieces(self, folder: Folder) -> None:
        """Define `pieces`: supervoxel_id, root_id, start_us, end_us."""
        if folder.supervoxels is not None:
            sql = (
                "SELECT supervoxel_id::BIGINT AS supervoxel_id, root_id::BIGINT AS root_id,"
                f" {microseconds(identifier('start'))} AS start_us,"
                f" {microseconds(identifier('end'))} AS end_us"
                f" FROM {parquet(folder.supervoxels)}"
            )
        else:
            pairs = " UNION ".join(_pairs_of_tables(folder)) or "SELECT 0 AS sv, 0 AS root"
            sql = (
                "SELECT sv::BIGINT AS supervoxel_id, max(root)::BIGINT AS root_id,"
                f" {LONG_AGO} AS start_us, NULL::BIGINT AS end_us FROM ({pairs})"
                " WHERE sv > 1 AND root > 1 GROUP BY sv"
            )
        self._store.run(f"CREATE OR REPLACE VIEW pieces AS {sql}")

    def _make_roots(self, folder: Folder) -> None:
        """Make `roots`: root_id, start_us, end_us; from pieces and edits, else from tables."""
        parts = ["SELECT root_id, start_us, end_us FROM pieces"]
        if folder.supervoxels is None:
            parts += [
                f"SELECT DISTINCT root, {LONG_AGO}, NULL::BIGINT FROM ({roots})"
                for roots in _roots_of_tables(folder)
            ]
        self._store.run(
            "CREATE TABLE roots AS SELECT root_id, min(start_us) AS start_us,"
            " CASE WHEN count(*) = count(end_us) THEN max(end_us) END AS end_us"
            f" FROM ({' UNION ALL '.join(parts)}) WHERE root_id > 1 GROUP BY root_id"
        )
        self._add_edited_roots()

    def _add_edited_roots(self) -> None:
        """Add the roots that appear only in the edits."""
        spans = self.lineage.spans()
        known = self.lifetimes(spans)
        for root, (made, unmade) in spans.items():
            if root not in known:
                start = LONG_AGO if made is None else made
                self._store.run("INSERT INTO roots VALUES (?, ?, ?)", [root, start, unmade])


def _lives(life: tuple[int, int | None], time: int) -> bool:
    start, end = life
    return start <= time and (end is None or end > time)


def _pairs_of_tables(folder: Folder) -> list[str]:
    found = []
    for table in folder.tables.values():
        names = table.newest.columns
        for name in names:
            supervoxel = name.removesuffix("root_id") + "supervoxel_id"
            if name.endswith("_root_id") and supervoxel in names:
                found.append(
                    f"SELECT {identifier(supervoxel)} AS sv, {identifier(name)} AS root"
                    f" FROM {parquet(table.newest.path)}"
                )
    return found


def _roots_of_tables(folder: Folder) -> list[str]:
    return [
        f"SELECT {identifier(name)} AS root FROM {parquet(file.path)}"
        for table in folder.tables.values()
        for file in table.files.values()
        for name, column in file.columns.items()
        if name.endswith("_root_id") and column.kind == "integer"
    ]
