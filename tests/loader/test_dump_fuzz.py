"""Dumps with a column renamed, dropped, moved or of another type: right or refused, never else.

Each change is made by pandas or pyarrow alone; what a load sums up is summed here once more.
"""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError
from loader import FileSource
from loader.sources.annotationfile import AnnotationFile, stage_annotations
from loader.stages.make import make
from loader.stages.plausible import check_plausible
from loader.work.duck import database
from loader.work.settings import Settings
from loader.work.steps import ROWS
from loader.work.workspace import Workspace
from support.samples import NO_SAMPLES, SAMPLES, make_samples

CONNECT = duckdb.connect
SETTINGS = Settings(progress=False, threads=1)
#: Loads of one table that is read without an option.
TABLES = (
    "banc", "codex", "codex_forward_filled", "codex_synapse_table", "hemibrain", "hemibrain_roi",
    "male_cns", "microns_csv", "shiu", "sjcabs_split", "zenodo", "zenodo_synapses",
)  # fmt: skip
#: Annotation tables, the load whose connections they belong to, and their column of ids.
ANNOTATIONS = {
    "codex/neurons.csv.gz": ("codex", "root_id"),
    "codex/classification.csv.gz": ("codex", "root_id"),
    "codex/consolidated_cell_types.csv.gz": ("codex", "root_id"),
    "codex/labels.csv.gz": ("codex", "root_id"),
    "hemibrain/traced-neurons.csv": ("hemibrain", "bodyId"),
    "male_cns/body-annotations-male-cns-v1.0-minconf-0.5.feather": ("male_cns", "bodyId"),
    "male_cns/body-neurotransmitters-male-cns-v1.0.feather": ("male_cns", "body"),
    "banc/banc_888_meta.feather": ("banc", "banc_888_id"),
    "banc/codex_annotations_flat_table.tsv": ("banc", "pt_root_id"),
}

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason=NO_SAMPLES)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dumps")
    return folder, make_samples(folder, 7)


class KeptOpen:
    """A DuckDB connection whose `close` only empties it: opening one costs more than a load."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(config={"threads": 1})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        views = self._connection.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal")
        for (view,) in views.fetchall():
            self._connection.unregister(view)
            self._connection.execute(f'DROP VIEW IF EXISTS "{view}"')


@pytest.fixture(scope="module")
def kept_open() -> Any:
    return KeptOpen()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, kept_open: KeptOpen) -> None:
    """Hundreds of loads of a few rows share a database, and none has to survive a power cut."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(duckdb, "connect", lambda: kept_open)


def separator(path: Path) -> str:
    return "\t" if path.suffix == ".tsv" else ","


def read(path: Path) -> pa.Table:
    if path.suffix == ".feather":
        return feather.read_table(path)
    if path.suffix == ".parquet":
        return pq.read_table(path)
    texts = pd.read_csv(path, dtype=str, keep_default_na=False, sep=separator(path))
    return pa.Table.from_pandas(texts, preserve_index=False)


def write(table: pa.Table, like: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / like.name
    if path.suffix == ".feather":
        feather.write_feather(table, path, compression="uncompressed")
    elif path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        text = table.to_pandas().to_csv(index=False, sep=separator(path)).encode()
        path.write_bytes(gzip.compress(text, 1) if path.suffix == ".gz" else text)
    return path


def outcome(path: Path, work: Path) -> list[list[int]] | None:
    """The weights of a load, autapses left out; None where it is refused."""
    try:
        source = FileSource(path)
        with Workspace(work, source.origin().key) as workspace:
            source.extract(workspace, SETTINGS)
            info = workspace.info(ROWS)
            paths = info["paths"] or workspace.files(ROWS)
            rows = pa.concat_tables(pq.read_table(p) for p in paths).to_pandas()
    except CavegraphError:
        return None
    columns = info["columns"]
    rows = rows.rename(columns={theirs: ours for ours, theirs in columns.items()})
    rows = rows[rows.pre.notna() & rows.post.notna() & (rows.pre != rows.post)]
    rows = rows[(rows.pre != 0) & (rows.post != 0)]
    rows = rows.assign(n=rows["weight"] if info["layout"] == "pairs" else 1)
    summed = rows.groupby(["pre", "post"])["n"].sum().reset_index()
    return sorted([int(a), int(b), int(n)] for a, b, n in summed.itertuples(index=False))


def changes(table: pa.Table) -> list[tuple[str, str, pa.Table]]:
    """What is changed, in which column, and the table with the change."""
    names = table.column_names
    order = np.random.default_rng(3).permutation(len(names))
    made = [
        ("", "moved", table.select([names[i] for i in order])),
        ("", "turned", table.select(names[::-1])),
    ]
    for name in names:
        place = names.index(name)
        other = [*names[:place], f"my_{name}s", *names[place + 1 :]]
        made.append((name, "renamed", table.rename_columns(other)))
        made.append((name, "dropped", table.drop_columns([name])))
        for kind in (pa.string(), pa.float64()):
            if kind == table[name].type:
                continue  # the table as it is
            try:
                column = table[name].cast(kind)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                continue
            made.append((name, f"as {kind}", table.set_column(place, name, column)))
    return made


@pytest.mark.parametrize("name", TABLES)
def test_a_changed_dump_is_right_or_refused(samples, tmp_path, name):
    folder, expected = samples
    told: dict[str, Any] = expected[name]
    path = folder / told["files"][0]
    right = sorted(told["weights"])
    assert outcome(path, tmp_path / "as it is") == right
    wrong, same = [], 0
    for column, what, changed in changes(read(path)):
        found = outcome(write(changed, path, tmp_path / "changed"), tmp_path / "work")
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
        same += found == right
        if found not in (None, right):
            wrong.append(f"{column} {what}")
    assert not wrong
    assert same >= 2  # in another order of columns it is still the same table


def annotated(path: Path, connected: Path, work: Path) -> pa.Table | None:
    """The rows of an annotation table as they are staged; None where it is refused."""
    try:
        with database(ordered=True, threads=1) as connection, Workspace(work, {}) as workspace:
            file = AnnotationFile.of(path)
            stage_annotations(connection, workspace, "annotations", file, connected=connected)
            return pq.read_table(workspace.files("annotations")[0])
    except CavegraphError:
        return None


def texts(column: pa.ChunkedArray) -> list[Any]:
    """Values; lists as the text that they are in a table that is not known to have any."""
    return [",".join(map(str, v)) if isinstance(v, list) else v for v in column.to_pylist()]


def is_refused(rows: Path, annotations: Path, work: Path) -> bool:
    """Whether the whole load is refused, which looks at what has connections besides."""
    source = FileSource(rows, annotations=[annotations])
    try:
        # Ibis wants a connection of its own.
        with patch.object(duckdb, "connect", CONNECT), Workspace(work, {}) as workspace:
            source.extract(workspace, SETTINGS)
            check_plausible(make(workspace, None, SETTINGS))
    except CavegraphError:
        return True
    return False


@pytest.mark.parametrize("name", ANNOTATIONS)
def test_a_changed_annotation_table_is_right_or_refused(samples, tmp_path, name):
    folder, expected = samples
    load, id_column = ANNOTATIONS[name]
    path, rows = folder / name, folder / expected[load]["files"][0]
    table = read(path)
    ends = {end for pair in expected[load]["weights"] for end in pair[:2]}
    connected = tmp_path / "ids.parquet"
    pq.write_table(pa.table({"id": pa.array(sorted(ends), pa.int64())}), connected)
    right = annotated(path, connected, tmp_path / "as it is")
    assert right is not None
    assert right["root_id"].to_pylist() == [int(v) for v in table[id_column].to_pylist()]
    wrong, same = [], 0
    for column, what, changed in changes(table):
        file = write(changed, path, tmp_path / "changed")
        found = annotated(file, connected, tmp_path / "work")
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
        if found is None:
            continue
        own = {column, f"raw_{column}"} - {"root_id"}  # that one is our own, not the table's
        kept = [n for n in right.column_names if n in found.column_names and n not in own]
        if all(texts(found[n]) == texts(right[n]) for n in kept):
            same += 1
        elif not is_refused(rows, file, tmp_path / "whole"):
            wrong.append(f"{column} {what}")
        shutil.rmtree(tmp_path / "whole", ignore_errors=True)
    assert not wrong
    assert same >= 2
