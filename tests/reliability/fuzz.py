"""Files and answers of any content: they are read, or refused by an error of ours.

Each target takes one drawn input and says which of the two it was; any other exception is a
finding and ends the run with hypothesis's smallest example. What is read must also be right
as far as the target can tell.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from graphapi.cave.arrow import read_answer
from graphapi.cave.records import DatastackInfo, TableInfo, VersionInfo
from graphapi.cave.retries import Patience
from graphapi.cave.token import find_token
from graphapi.errors import CavegraphError
from graphapi.graph.materialization import Materialization
from loader import FileSource, read_preset
from loader.sandbox.standin import serve
from loader.sandbox.standin.question import JOINED, read_question
from loader.sandbox.standin.replies import RefusalError
from loader.sources import cavetables
from loader.sources.annotationfile import AnnotationFile, stage_annotations
from loader.sources.annotationtable import AnnotationTable
from loader.work.duck import database
from loader.work.settings import Settings
from loader.work.workspace import Workspace

from . import drawn

READ, REFUSED = "read", "refused"


@dataclass(frozen=True)
class Target:
    """Something that reads what others wrote.

    Parameters
    ----------
    name
        For people.
    inputs
        What it is given.
    run
        Reads one input in an empty folder; raises one of `errors`, or nothing.
    share
        Of all cases, relative to the other targets.
    errors
        What a refusal is.
    """

    name: str
    inputs: SearchStrategy[Any]
    run: Callable[[Any, Path], None]
    share: int = 1
    errors: tuple[type[Exception], ...] = (CavegraphError,)


def run_fuzz(cases: int, at_once: int = 4) -> dict[str, Any]:
    """Run all targets, `cases` inputs together, and count what happened."""
    whole = sum(target.share for target in TARGETS)
    jobs = [(number, 1 + cases * t.share // whole) for number, t in enumerate(TARGETS)]
    found = {}
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn")) as pool:
        for target, counts in zip(TARGETS, pool.map(_run_one, jobs), strict=True):
            found[target.name] = counts
            print(f"{target.name}: {counts}", flush=True)
    return {"cases": sum(sum(counts.values()) for counts in found.values()), "targets": found}


def _run_one(job: tuple[int, int]) -> dict[str, int]:
    number, cases = job
    return dict(fuzz(TARGETS[number], cases))


def fuzz(target: Target, cases: int) -> Counter[str]:
    """Run one target.

    Raises
    ------
    Exception
        Whatever is neither an answer nor a refusal.
    """
    counts: Counter[str] = Counter({READ: 0, REFUSED: 0})
    scratch = Path(tempfile.mkdtemp(prefix="cavegraph-fuzz"))

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(value=target.inputs)
    def case(value: Any) -> None:
        place = Path(tempfile.mkdtemp(dir=scratch))
        try:
            target.run(value, place)
            counts[READ] += 1
        except target.errors as error:
            counts[REFUSED if str(error).strip() else "refused without a word"] += 1
        finally:
            shutil.rmtree(place)

    try:
        case()
    finally:
        shutil.rmtree(scratch)
    return counts


def _rows_file(value: tuple[str, bytes], place: Path) -> None:
    ending, content = value
    path = place / f"rows{ending}"
    path.write_bytes(content)
    with Workspace(place / "work", {"fuzz": 1}) as workspace:
        FileSource(path).extract(workspace, Settings(progress=False, threads=1))
        noted = workspace.info("rows")
        paths = noted["paths"] or [str(p) for p in workspace.files("rows")]
        with database() as connection:
            connection.read_parquet(paths).fetchall()


def _annotation_file(value: tuple[str, bytes], place: Path) -> None:
    ending, content = value
    path = place / f"table{ending}"
    path.write_bytes(content)
    with (
        Workspace(place / "work", {"fuzz": 1}) as workspace,
        database(workspace.scratch(), threads=1, ordered=True) as connection,
    ):
        stage_annotations(connection, workspace, "annotations/000", AnnotationFile.of(path))


def _preset(text: bytes, place: Path) -> None:
    path = place / "own.toml"
    path.write_bytes(text)
    read_preset(path)


def _manifest(content: bytes, place: Path) -> None:
    (place / "manifest.json").write_bytes(content)
    with Workspace(place, drawn.KEY) as workspace:
        if workspace.is_done("rows"):
            workspace.info("rows")
            workspace.files("rows")


def _arrow(body: bytes, _place: Path) -> None:
    patience = Patience("http://x", None, max_retries=1, pause=lambda _: None)
    patience.ask("rows", lambda: read_answer(body))


def _tables(table: pa.Table, _place: Path) -> None:
    """Any columns of any types, as three kinds of table; each is read or refused."""
    refused: list[CavegraphError] = []
    for read in (
        lambda: cavetables.synapse_rows(
            table.select(cavetables.synapse_columns(table.schema, "t", "size")), "size"
        ),
        lambda: cavetables.annotation_rows(AnnotationTable("t").reshape(table), "t"),
        lambda: cavetables.nuclei(table, "t", (4, 4, 40)),
    ):
        try:
            read()
        except CavegraphError as error:
            refused.append(error)
    if len(refused) == 3:
        raise refused[0]


def _records(value: object, _place: Path) -> None:
    patience = Patience("http://x", None, max_retries=0)
    for read in (
        lambda: DatastackInfo.from_answer("x", value),  # type: ignore[arg-type]
        lambda: VersionInfo.from_answer(value),  # type: ignore[arg-type]
        lambda: TableInfo.from_answer(value),  # type: ignore[arg-type]
    ):
        patience.ask("a record", read)


def _graph_record(text: str, _place: Path) -> None:
    Materialization.from_json(text)


def _served_folder(content: bytes, place: Path) -> None:
    shutil.copytree(drawn.served_folder(), place / "served")
    (place / "served" / "datastack.json").write_bytes(content)
    with serve(place / "served"):
        pass


def _question(body: bytes, _place: Path) -> None:
    read_question(body, JOINED)


def _token_file(content: bytes, place: Path) -> None:
    import os

    home, named = os.environ.get("HOME"), os.environ.pop("CAVEGRAPH_TOKEN", None)
    folder = place / ".cloudvolume" / "secrets"
    folder.mkdir(parents=True)
    (folder / "cave-secret.json").write_bytes(content)
    os.environ["HOME"] = str(place)
    try:
        found = find_token("http://x")
        assert found is None or found == json.loads(content)["token"]
    finally:
        os.environ.update({"HOME": home} if home else {})
        os.environ.update({"CAVEGRAPH_TOKEN": named} if named else {})


TARGETS = (
    Target("synapse files as text", drawn.text_files("rows"), _rows_file),
    Target("synapse files with columns", drawn.column_files("rows"), _rows_file),
    Target("annotation files as text", drawn.text_files("table"), _annotation_file),
    Target("annotation files with columns", drawn.column_files("table"), _annotation_file),
    Target("presets", drawn.presets(), _preset, 3),
    Target("manifests of working folders", drawn.manifests(), _manifest),
    Target("bodies of answers in Arrow", drawn.arrow_bodies(), _arrow, 10),
    Target("answers with any columns", drawn.cave_tables(), _tables, 10),
    Target("JSON answers", drawn.cave_records(), _records, 10),
    Target("records of graphs", drawn.graph_records(), _graph_record, 6),
    Target("folders for the stand-in", drawn.folder_records(), _served_folder, 1),
    Target("questions to the stand-in", drawn.questions(), _question, 6, (RefusalError,)),
    Target("token files", drawn.token_files(), _token_file, 1),
)
