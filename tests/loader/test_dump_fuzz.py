"""Dumps with a column renamed, dropped, moved or of another type: right or refused, never else.

Each change is made by pandas or pyarrow alone; what a load sums up is summed here once more.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from graphapi.errors import CavegraphError
from loader import FileSource
from loader.work.settings import Settings
from loader.work.steps import ROWS
from loader.work.workspace import Workspace

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "dumps" / "make_samples.py"
#: Loads of one table that is read without an option.
TABLES = (
    "banc", "codex", "codex_forward_filled", "codex_synapse_table", "hemibrain", "hemibrain_roi",
    "male_cns", "microns_csv", "shiu", "sjcabs_split", "zenodo", "zenodo_synapses",
)  # fmt: skip

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not beside this")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dumps")
    subprocess.run([sys.executable, SAMPLES, folder, "7"], check=True)
    return folder, json.loads((folder / "expected.json").read_text())


def read(path: Path) -> pa.Table:
    if path.suffix == ".feather":
        return feather.read_table(path)
    if path.suffix == ".parquet":
        return pq.read_table(path)
    texts = pd.read_csv(path, dtype=str, keep_default_na=False)
    return pa.Table.from_pandas(texts, preserve_index=False)


def write(table: pa.Table, like: Path, folder: Path) -> Path:
    path = folder / like.name
    if path.suffix == ".feather":
        feather.write_feather(table, path)
    elif path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "wt", newline="") as file:
            table.to_pandas().to_csv(file, index=False)
    return path


def outcome(path: Path, work: Path) -> list[list[int]] | None:
    """The weights of a load, autapses left out; None where it is refused."""
    try:
        source = FileSource(path)
        with Workspace(work, source.origin().key) as workspace:
            source.extract(workspace, Settings(progress=False, threads=1))
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


def changes(table: pa.Table) -> list[tuple[str, pa.Table]]:
    names = table.column_names
    order = np.random.default_rng(3).permutation(len(names))
    made = [
        ("moved", table.select([names[i] for i in order])),
        ("turned", table.select(names[::-1])),
    ]
    for name in names:
        place = names.index(name)
        other = [*names[:place], f"my_{name}s", *names[place + 1 :]]
        made.append((f"{name} renamed", table.rename_columns(other)))
        made.append((f"{name} dropped", table.drop_columns([name])))
        for kind in (pa.string(), pa.float64()):
            try:
                column = table[name].cast(kind)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                continue
            made.append((f"{name} as {kind}", table.set_column(place, name, column)))
    return made


@pytest.mark.parametrize("name", TABLES)
def test_a_changed_dump_is_right_or_refused(samples, tmp_path, name):
    folder, expected = samples
    told: dict[str, Any] = expected[name]
    path = folder / told["files"][0]
    right = sorted(told["weights"])
    table = read(path)
    assert outcome(path, tmp_path / "as it is") == right
    wrong, same = [], 0
    for what, changed in changes(table):
        work = Path(mkdtemp(dir=tmp_path))
        found = outcome(write(changed, path, work), work / "w")
        same += found == right
        if found not in (None, right):
            wrong.append(what)
    assert not wrong
    assert same >= 2  # in another order of columns it is still the same table
