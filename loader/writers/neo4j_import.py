"""Load Neo4j while it is stopped: ten times faster than over Bolt for a whole brain.

A load to `neo4j-import:FOLDER` writes data files and option files, and runs
`neo4j-admin database import full` if that tool is available. The imported graph is not finished
yet: its record has status `imported`, and it cannot be read. When the server is running,
`finish_import` creates constraints and indexes, verifies every connection and property, and
completes the record.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from graphapi.engines.neo4j import Neo4jEngine
from graphapi.engines.queries import catalog
from graphapi.errors import GraphExistsError, GraphIncompleteError, LoadError
from graphapi.graph.materialization import Materialization
from loader.checks.indexes import SCHEMA, refuse_indexes_in_the_way
from loader.checks.verify import Check, VerifyReport, verify_against
from loader.work.duck import database
from loader.work.listing import Listing
from loader.work.lock import FileLock, expanded, make_folder
from loader.work.room import beside_python, told_if_full
from loader.writers import importfiles
from loader.writers.base import Existing
from loader.writers.neo4j import complete
from loader.writers.neo4j_explore import make_explorable
from loader.writers.neo4j_hold import Hold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loader.stages.make import Stages
    from loader.work.settings import Settings

#: Prefix of a target that is a folder of import files.
SCHEME = "neo4j-import:"
#: Command of the tool, with arguments if needed, if it is not in `$NEO4J_HOME/bin`.
ADMIN_VARIABLE = "CAVEGRAPH_NEO4J_ADMIN"
_DONE = "imported.txt"
#: Lists all files that we wrote to the folder; a folder without it is not ours.
_LISTED = "cavegraph-files.txt"
_OWN = ("import.args", "docker.args", "import.log", "import.report", _DONE)
#: Printed if the import may not replace a database.
_NOT_NEW = (
    "(a server that has run before has a database already: to replace it, load with --replace)\n"
)
_BUSY = "another load is writing import files to '{}'"


class Neo4jImportWriter:
    """Writes files for `neo4j-admin`, and runs it if it is available.

    Parameters
    ----------
    folder
        Folder for the files; created if missing.
    database
        Name of the new database.
    replace
        Replace a database of this name.
    """

    def __init__(self, folder: Path, *, database: str | None = None, replace: bool = False) -> None:
        self.folder = expanded(folder).resolve()
        self.uri = f"{SCHEME}{self.folder}"
        self._admin = admin_from_environment()
        self._database = database or "neo4j"
        self._lock = FileLock(
            self.folder.with_name(f".{self.folder.name}.lock"),
            (_BUSY.format(self.folder), "wait until it ends, or choose another folder"),
        )
        self._written: dict[str, int] = {}
        self._overwrite = ["--overwrite-destination=true"] if replace else []

    def take(self) -> None:
        """Lock the folder; see `loader.writers.base.Writer`.

        Raises
        ------
        GraphExistsError
            It contains something other than an earlier export.
        """
        make_folder(self.folder.parent)
        self._lock.acquire()
        if self.existing() is not None and not (self.folder / _LISTED).exists():
            raise GraphExistsError(
                f"'{self.folder}' is not empty, and does not hold an earlier export",
                hint="choose a new folder; only earlier exports are replaced",
            )

    def existing(self) -> Existing | None:
        """Return an earlier export, if there is one; an unfinished one is written again."""
        if not self.folder.exists() or not any(self.folder.iterdir()):
            return None
        if (self.folder / _LISTED).exists() and not (self.folder / "import.args").exists():
            return None
        return Existing(None, "files of an earlier export")

    def write(self, stages: Stages, record: Materialization, settings: Settings) -> None:
        """Write the files; see `loader.writers.base.Writer`."""
        make_folder(self.folder)
        made = importfiles.parts(stages, record)
        listing = Listing(self.folder, _LISTED)
        for name in (*_OWN, *(name for part in made for name in (part.header, part.rows))):
            listing.add(name)
        for last in (_DONE, "import.args"):
            (self.folder / last).unlink(missing_ok=True)
        limit = beside_python(settings.memory_limit)
        with (
            told_if_full(self.folder),
            database(memory_limit=limit, threads=settings.threads) as connection,
            settings.bar(f"Writing {self.folder.name}", len(made), unit="files") as bar,
        ):
            importfiles.refuse_awkward_data(connection, stages)
            importfiles.number_neurons(connection, stages)
            importfiles.name_neurons(connection, stages)
            for part in made:
                self._written[part.rows] = importfiles.write_part(connection, self.folder, part)
                bar.advance()
            breaks = importfiles.has_line_breaks(connection, stages)
        self._write_options(made, breaks)

    def verify(self, record: Materialization) -> VerifyReport:
        """Compare the number of written rows with the record; `finish_import` checks the rest."""
        expected = {
            "neurons.csv": record.counts["neurons"],
            "connects.csv": record.counts["connections"],
            "annotations.csv": record.counts["annotation_rows"],
            "annotates.csv": record.counts["annotation_rows_attached"],
        }
        checks = tuple(
            Check(name, f"rows of {name}", str(rows), str(self._written[name]))
            for name, rows in expected.items()
        )
        report = VerifyReport(self.uri, checks)
        report.raise_if_wrong()
        return report

    def publish(self, record: Materialization) -> None:  # noqa: ARG002
        """Run the import if the tool is available.

        Raises
        ------
        LoadError
            The tool cannot be started, refused a row, or found an existing database.
        """
        if not self._admin:
            return
        run_admin([*self._admin, *self._arguments(self.folder / "import.args")], self.folder)
        (self.folder / _DONE).write_text(self._database + "\n", encoding="utf-8")

    def close(self) -> None:
        """Unlock the folder."""
        self._lock.remove()

    @property
    def was_imported(self) -> bool:
        """Return whether the tool has imported everything."""
        return (self.folder / _DONE).exists()

    def next_steps(self) -> str:
        """Return what is left to do, with the commands."""
        finish = "cavegraph finish-import bolt://localhost:7687"
        if self.was_imported:
            done = f"imported into database '{self._database}'"
            return f"{done}; start the server, then run\n  {finish}"
        local = shlex.join(["neo4j-admin", *self._arguments(self.folder / "import.args")])
        compose = ["docker", "compose", "run", "--rm", "import", *self._overwrite]
        compose.append("@/import/docker.args")
        kept = "" if self._overwrite else _NOT_NEW
        return (
            f"import files are in {self.folder}. With the server stopped, run one of\n"
            f"  {local}\n"
            f"  CAVEGRAPH_NEO4J_IMPORT={shlex.quote(str(self.folder))} {shlex.join(compose)}\n"
            f"{kept}then start the server and run\n  {finish}"
        )

    def _arguments(self, options: Path) -> list[str]:
        start = ("database", "import", "full", self._database, "--id-type=integer")
        return [*start, *self._overwrite, f"@{options}"]

    def _write_options(self, made: Sequence[importfiles.Part], line_breaks: bool) -> None:
        common = [
            "--bad-tolerance=0",
            "--skip-bad-relationships=false",
            "--skip-duplicate-nodes=false",
            f"--array-delimiter={importfiles.LIST_SEPARATOR}",
            f"--multiline-fields={'true' if line_breaks else 'false'}",
        ]
        for name, folder in (("import.args", str(self.folder)), ("docker.args", "/import")):
            lines = [*common]
            if name == "import.args":
                lines.append(f"--report-file={folder}/import.report")
            else:
                lines.append("--report-file=/logs/import.report")
            lines += [f"{p.option}={folder}/{p.header},{folder}/{p.rows}" for p in made]
            text = "".join(f'"{line}"\n' for line in lines)
            (self.folder / name).write_text(text, encoding="utf-8")


def admin_from_environment() -> list[str]:
    """Return the command of `neo4j-admin`; empty if it is not available."""
    if named := os.environ.get(ADMIN_VARIABLE):
        return shlex.split(named)
    home = os.environ.get("NEO4J_HOME")
    tool = Path(home) / "bin" / "neo4j-admin" if home else None
    return [str(tool)] if tool is not None and tool.is_file() else []


def run_admin(command: Sequence[str], folder: Path) -> None:
    """Run the tool; its output goes to `import.log` in the folder.

    Raises
    ------
    LoadError
        The tool cannot be started, or failed.
    """
    log = folder / "import.log"
    try:
        with log.open("wb") as file:
            done = subprocess.run(  # noqa: S603 - the user's own tool
                list(command), stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False
            )
    except OSError as error:
        raise LoadError(
            f"'{command[0]}' cannot be started: {error}",
            hint=f"set ${ADMIN_VARIABLE} to the command of neo4j-admin, or unset it",
        ) from error
    if done.returncode != 0:
        told = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise LoadError(
            f"neo4j-admin failed with exit code {done.returncode}: {' / '.join(told[-4:])}",
            hint=f"its output is in '{log}'; the server must be stopped, and --replace is needed "
            "if the database has been used before",
        )


def finish_import(
    uri: str,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
) -> VerifyReport:
    """Make an imported graph readable: create indexes, verify it, complete its record.

    Safe to call again.

    Parameters
    ----------
    uri, user, password, database
        The running server; see `graphapi.engines.neo4j`.

    Returns
    -------
    VerifyReport
        The checks of a load.

    Raises
    ------
    GraphIncompleteError
        The database does not hold an imported graph.
    VerificationError
        The graph is not what was exported; it stays unreadable.
    """
    engine = Neo4jEngine.connect(
        uri, user=user, password=password, database=database, read_only=False
    )
    hold = Hold(engine, database or "")
    try:
        hold.take()
        queries = catalog()
        rows = engine.run(queries["materialization"]).to_pylist()
        states = (importfiles.IMPORTED, "complete")
        if len(rows) != 1 or rows[0]["status"] not in states:
            raise GraphIncompleteError(
                f"'{engine.uri}' does not hold an imported graph",
                hint="first load to neo4j-import:FOLDER, then run neo4j-admin",
            )
        record = Materialization.from_json(rows[0]["record"])
        refuse_indexes_in_the_way(engine.indexes(), record.neuron_fields)
        for name in SCHEMA:
            engine.write(queries[name])
        make_explorable(engine, record.neuron_fields)
        report = verify_against(engine, record)
        report.raise_if_wrong()
        complete(hold, record, rows[0]["status"])
    finally:
        hold.release()
        engine.close()
    return report
