"""Loads from CAVE: the real client, against the stand-in, into both engines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import readback
from oracle_load import expected

from graphapi.engines import open_engine
from graphapi.errors import (
    CavegraphError,
    IncompleteAnswerError,
    StageError,
    TableNotFoundError,
    VersionNotFoundError,
)
from graphapi.graph.materialization import read_materialization
from loader import AnnotationFile, CaveSource, load, verify_graph
from loader.sandbox.standin import Faults, Rule, Version, serve, write_folder

DATA = Path(__file__).parents[3] / "shared" / "data"
BASE = 576460752700000000
THEN = datetime(2024, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def synapses(rows: int = 700, seed: int = 3) -> pd.DataFrame:
    """Rows with gaps in their ids, background, not looked up, null roots and autapses."""
    rng = np.random.default_rng(seed)
    roots = np.array([0, 1, *(BASE + np.arange(30))])
    frame = pd.DataFrame(
        {
            "id": np.cumsum(rng.integers(1, 9, rows)),
            "pre_pt_root_id": pd.array(rng.choice(roots, rows), "Int64"),
            "post_pt_root_id": pd.array(rng.choice(roots, rows), "Int64"),
            "size": rng.integers(1, 60, rows).astype("float32"),
        }
    )
    frame.loc[::101, "post_pt_root_id"] = pd.NA
    for end in ("pre", "post", "ctr"):
        for axis in "xyz":
            frame[f"{end}_pt_position_{axis}"] = rng.integers(0, 5000, rows)
    return frame


def nuclei() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [7, 3, 5, 9],
            "volume": [30.5, None, 20.0, 1.0],
            "pt_supervoxel_id": [1007, 1003, 1005, 1009],
            "pt_root_id": [BASE + 1, BASE + 1, BASE + 2, 0],
            "pt_position_x": [10, 20, 30, 40],
            "pt_position_y": [11, 21, 31, 41],
            "pt_position_z": [12, 22, 32, 42],
        }
    )


def types_of_cells() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [20, 3, 11, 12],
            "classification_system": ["a", "b", "a", "a"],
            "cell_type": ["ER", "FBt", "PBt", "EBc"],
            "pt_supervoxel_id": [1020, 1003, 1011, 1],
            "pt_root_id": [BASE + 1, BASE + 1, BASE + 99, 1],
            "pt_position_x": [1, 2, 3, 4],
            "pt_position_y": [1, 2, 3, 4],
            "pt_position_z": [1, 2, 3, 4],
        }
    )


def notes_on_nuclei() -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 2, 3], "target_id": [5, 7, 9], "tag": ["big", "odd", "lost"]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    supervoxels = pd.DataFrame(
        {
            "supervoxel_id": [1020, 1003, 1011, 1005, 2001],
            "root_id": [BASE + 1, BASE + 1, BASE + 99, BASE + 2, BASE + 4],
            "start": pd.Series([THEN.replace(year=2023)] * 5).astype("datetime64[us, UTC]"),
            "end": pd.Series([None] * 5).astype("datetime64[us, UTC]"),
        }
    )
    return write_folder(
        tmp_path / "served",
        {
            "synapses": synapses(),
            "nuclei": nuclei(),
            "cells": types_of_cells(),
            "notes": notes_on_nuclei(),
        },
        datastack="toy_stack",
        versions=[Version(number=4, timestamp=THEN, is_merged=True)],
        metadata={
            "nuclei": {"schema_type": "nucleus_detection"},
            "notes": {"schema_type": "reference_tag", "reference_table": "nuclei"},
        },
        synapse_table="synapses",
        soma_table="nuclei",
        supervoxels=supervoxels,
    )


def source(server, **more) -> CaveSource:
    return CaveSource(server.datastack, server=server.url, token="0" * 32, **more)


def oracle(rows: pd.DataFrame, known: set[int], min_size: float = 0):
    plain = rows.rename(columns={"pre_pt_root_id": "pre", "post_pt_root_id": "post"})
    plain = plain.dropna(subset=["pre", "post"])
    plain = plain[(plain["pre"] > 1) & (plain["post"] > 1) & (plain["size"] >= min_size)]
    plain = plain.astype({"pre": "int64", "post": "int64", "size": "int64"})
    return expected(plain[["pre", "post", "size"]], known, weighted=False)


KNOWN = {BASE + 1, BASE + 2, BASE + 99}


def test_a_datastack_becomes_the_graph_that_pandas_says(tmp_path, place, folder):
    with serve(folder, row_limit=90) as server:
        report = load(
            source(server, annotations=["cells", "notes"]), place, work=tmp_path / "w", min_size=5
        )
    want = oracle(synapses(), KNOWN, min_size=5)
    assert readback.edges(place) == want.edges
    assert readback.totals(place) == want.totals
    rows = synapses()
    assert report.counts["rows"] == len(rows)
    lost = rows["pre_pt_root_id"].isna() | rows["post_pt_root_id"].isna()
    lost |= (rows["pre_pt_root_id"] == 1).fillna(False) | (rows["post_pt_root_id"] == 1).fillna(
        False
    )
    assert report.counts["rows_unresolved"] == int(lost.sum())
    engine = open_engine(place)
    record = read_materialization(engine)
    assert verify_graph(engine).ok
    engine.close()
    assert (record.datastack, record.version, record.source) == ("toy_stack", 4, "cave")
    assert record.when == THEN
    assert (record.synapse_table, record.soma_table) == ("synapses", "nuclei")
    assert record.min_size == 5
    assert record.viewer_resolution == (4.0, 4.0, 40.0)


def test_annotation_tables_keep_every_column(tmp_path, folder):
    place = tmp_path / "g.lbug"
    with serve(folder) as server:
        load(source(server, annotations=["cells", "notes"]), place, work=tmp_path / "w")
    rows = readback.annotations(
        place,
        ["annotation_table", "id", "cell_type", "pt_position", "tag", "target_id", "volume_ref"],
    )
    got = [(r["annotation_table"], r["row_id"] if "row_id" in r else r["id"]) for r in rows]
    assert len(got) == 7
    cells = readback.ask(
        place,
        "MATCH (a:Annotation) WHERE a.annotation_table = 'cells' RETURN a.id AS id, "
        "a.root_id AS root_id, a.pt_root_id AS raw, a.cell_type AS cell_type, "
        "a.pt_position AS at ORDER BY id",
    )
    assert [(r["id"], r["root_id"], r["raw"], r["cell_type"], list(r["at"])) for r in cells] == [
        (3, BASE + 1, BASE + 1, "FBt", [2, 2, 2]),
        (11, BASE + 99, BASE + 99, "PBt", [3, 3, 3]),
        (12, None, 1, "EBc", [4, 4, 4]),
        (20, BASE + 1, BASE + 1, "ER", [1, 1, 1]),
    ]
    notes = readback.ask(
        place,
        "MATCH (a:Annotation) WHERE a.annotation_table = 'notes' RETURN a.target_id AS target, "
        "a.root_id AS root_id, a.tag AS tag ORDER BY a.id",
    )
    assert [(r["target"], r["root_id"], r["tag"]) for r in notes] == [
        (5, BASE + 2, "big"),
        (7, BASE + 1, "odd"),
        (9, None, "lost"),
    ]
    merged = readback.neurons(
        place, ["cell_type", "tag", "nucleus_id", "soma_position", "soma_volume", "supervoxel_id"]
    )
    assert merged[BASE + 1]["cell_type"] == "FBt"  # row 3 before row 20
    assert merged[BASE + 2]["tag"] == "big"
    assert merged[BASE + 2]["nucleus_id"] == 5
    assert merged[BASE + 1]["nucleus_id"] == 3  # the lowest of two
    assert merged[BASE + 1]["soma_volume"] is None
    assert list(merged[BASE + 1]["soma_position"]) == [80.0, 84.0, 880.0]
    assert merged[BASE + 1]["supervoxel_id"] == 1003
    assert merged[BASE + 5]["nucleus_id"] is None


def test_rows_of_files_are_brought_to_the_graphs_moment(tmp_path, folder):
    table = tmp_path / "seatable.csv"
    table.write_text(
        "root_id,supervoxel_id,side,status\n"
        f"{BASE + 50},1020,left,a\n"  # stale; its supervoxel is in BASE + 1
        f"{BASE + 2},1005,right,b\n"
        f"{BASE + 3},,left,c\n"  # no supervoxel: the root id itself is asked for
        f",2001,left,d\n"
        f"{BASE + 51},999999,left,e\n"  # a supervoxel that nobody has
    )
    dump = tmp_path / "dump.csv"  # with a row that CAVE has deleted
    dump.write_text(f"id,valid,pt_root_id,status\n1,t,{BASE + 2},f\n2,f,{BASE + 3},g\n")
    place = tmp_path / "g.lbug"
    with serve(folder) as server:
        report = load(source(server, annotations=[table, dump]), place, work=tmp_path / "w")
    rows = readback.ask(
        place,
        "MATCH (a:Annotation) RETURN a.status AS status, a.root_id AS root_id, "
        "a.raw_root_id AS raw ORDER BY status",
    )
    got = {r["status"]: (r["root_id"], r["raw"]) for r in rows}
    assert got["a"] == (BASE + 1, BASE + 50)
    assert got["b"] == (BASE + 2, BASE + 2)
    assert got["d"] == (BASE + 4, None)
    assert got["e"] == (None, BASE + 51)
    said = "\n".join(report.record.notes)
    assert "1 rows had an outdated root id" in said
    assert "1 supervoxels belong to no root" in said
    assert "dump: 1 rows are not valid, so they were left out" in said


class Stopped(Exception):  # noqa: N818
    pass


def test_a_load_that_was_stopped_fetches_nothing_twice(tmp_path, folder, monkeypatch):
    from loader.sources import cavesynapses as cave

    fetched: list[tuple[int, int]] = []
    honest = cave.fetch_range

    def noting(*arguments: object):
        fetched.append((arguments[3].lo, arguments[3].hi))
        return honest(*arguments)

    def stop_at_second() -> object:
        seen: list[str] = []

        def on_step(name: str) -> None:
            seen.append(name)
            if len(seen) == 2:
                raise Stopped

        return on_step

    monkeypatch.setattr(cave, "fetch_range", noting)
    place = tmp_path / "g.lbug"
    stops = 0
    with serve(folder, row_limit=50) as server:
        while stops < 60:
            try:
                load(
                    source(server, annotations=["cells"]),
                    place,
                    work=tmp_path / "w",
                    in_flight=1,
                    on_step=stop_at_second() if stops < 9 else None,
                )
                break
            except Stopped:
                stops += 1
    assert stops == 9
    assert len(fetched) == len(set(fetched)) > 9
    assert readback.edges(str(place)) == oracle(synapses(), KNOWN).edges


@pytest.mark.parametrize(
    "faults",
    [
        {"unavailable": {"count": 3}},
        {"drop": {"count": 2, "after": 4}},
        {"cut": {"count": 2, "after": 6}},
        {"wrapped_rate_limit": {"count": 2, "after": 2}},
        {"limit_warning": False},
    ],
)
def test_faults_lose_no_row(tmp_path, folder, faults):
    rules = {k: v if isinstance(v, bool) else Rule(**v) for k, v in faults.items()}
    from graphapi.cave.connection import Cave

    place = tmp_path / "g.lbug"
    with serve(folder, row_limit=120, faults=Faults(**rules)) as server:
        cave = Cave.connect(
            server.datastack, server=server.url, token="0" * 32, pause=lambda _: None
        )
        load(CaveSource(server.datastack, cave=cave), place, work=tmp_path / "w")
    assert readback.edges(str(place)) == oracle(synapses(), set()).edges


@pytest.mark.parametrize(
    ("row_limit", "after"), [(200_000, 0), (200_000, 1), (100, 0), (100, 2), (100, 5)]
)
def test_a_count_that_was_wrong_once_does_not_stay(tmp_path, folder, after, row_limit):
    """It may be an error, but not one that the same load meets again."""
    faults = Faults(wrong_count=Rule(after=after, path="/synapses/query"))
    place = tmp_path / "g.lbug"
    with serve(folder, row_limit=row_limit, faults=faults) as server:
        for _ in range(2):
            try:
                load(source(server), place, work=tmp_path / "w")
                break
            except IncompleteAnswerError:
                assert not place.exists()
    assert readback.edges(str(place)) == oracle(synapses(), set()).edges
    assert faults.counts["wrong_count"] == 1


def test_rows_that_are_not_all_there_are_fetched_anew(tmp_path, folder, monkeypatch):
    from loader.sources import cavesynapses as cave

    honest, lost = cave.fetch_range, []

    def losing_one(*arguments: object):
        rows = honest(*arguments)
        if not lost:
            lost.append(1)
            return rows.slice(1)
        return rows

    monkeypatch.setattr(cave, "fetch_range", losing_one)
    place = tmp_path / "g.lbug"
    with serve(folder, row_limit=100) as server:
        with pytest.raises(IncompleteAnswerError, match="699 rows read, 700") as caught:
            load(source(server), place, work=tmp_path / "w")
        assert "run the same load again" in str(caught.value)
        assert not place.exists()
        load(source(server), place, work=tmp_path / "w")
    assert readback.edges(str(place)) == oracle(synapses(), set()).edges


def test_a_version_that_expires_during_a_load_is_an_error(tmp_path, folder):
    place = tmp_path / "g.lbug"
    faults = Faults(expire=Rule(after=12, count=1))
    with (
        serve(folder, row_limit=40, faults=faults) as server,
        pytest.raises(CavegraphError, match=r"version 4|expired"),
    ):
        load(source(server), place, work=tmp_path / "w")
    assert not place.exists()


def test_unknown_tables_and_versions_are_named(tmp_path, folder):
    with serve(folder) as server:
        with pytest.raises(TableNotFoundError, match="nothing"):
            load(source(server, annotations=["nothing"]), tmp_path / "g", work=tmp_path / "w")
        with pytest.raises(VersionNotFoundError, match="17"):
            load(source(server, version=17), tmp_path / "g", work=tmp_path / "w")
        with pytest.raises(TableNotFoundError, match="soma table 'x'"):
            load(source(server, soma_table="x"), tmp_path / "g", work=tmp_path / "w")


def test_latest_is_pinned_by_the_working_folder(tmp_path, folder):
    with serve(folder) as server:
        load(source(server), tmp_path / "a.lbug", work=tmp_path / "w")
    record = json.loads((folder / "datastack.json").read_text())
    newer = {**record["versions"][0], "version": 5, "timestamp": "2024-04-01T00:00:00+00:00"}
    record["versions"].append(newer)
    (folder / "datastack.json").write_text(json.dumps(record))
    for table in (folder / "tables").iterdir():
        pq.write_table(pq.read_table(table / "v4.parquet"), table / "v5.parquet")
    with serve(folder) as server, pytest.raises(StageError, match="version: there 4, asked 5"):
        load(source(server), tmp_path / "b.lbug", work=tmp_path / "w")


def test_an_empty_synapse_table_gives_the_annotated_neurons(tmp_path):
    folder = write_folder(
        tmp_path / "served",
        {"synapses": synapses()[:0], "cells": types_of_cells()},
        synapse_table="synapses",
    )
    with serve(folder) as server:
        load(source(server, annotations=["cells"]), tmp_path / "g.lbug", work=tmp_path / "w")
    assert set(readback.totals(str(tmp_path / "g.lbug"))) == {BASE + 1, BASE + 99}


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
def test_microns_rows_through_cave(tmp_path, place):
    rows = pd.read_parquet(DATA / "microns_pinky100_v185" / "synapses.parquet")
    folder = write_folder(tmp_path / "served", {"pinky": rows}, datastack="pinky100")
    with serve(folder, row_limit=500) as server:
        report = load(source(server), place, work=tmp_path / "w")
    want = oracle(rows, set())
    assert report.counts["rows"] == 1736
    assert report.counts["rows_autapse"] == 2
    assert readback.edges(place) == want.edges
    assert readback.totals(place) == want.totals


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
def test_the_same_rows_from_files_and_from_cave_are_the_same_graph(tmp_path):
    path = DATA / "microns_pinky100_v185" / "synapses.parquet"
    folder = write_folder(tmp_path / "served", {"pinky": pd.read_parquet(path)})
    with serve(folder) as server:
        one = load(source(server), tmp_path / "a.lbug", work=tmp_path / "wa")
    two = load(path, tmp_path / "b.lbug", work=tmp_path / "wb")
    assert one.record.checksums == two.record.checksums


def test_a_file_annotation_of_a_datastack_can_be_configured(tmp_path, folder):
    table = tmp_path / "t.csv"
    table.write_text(f"segment,voxel,kind\n{BASE + 50},1003,x\n")
    spec = AnnotationFile(table, columns={"root_id": "segment", "supervoxel_id": "voxel"})
    with serve(folder) as server:
        load(source(server, annotations=[spec]), tmp_path / "g.lbug", work=tmp_path / "w")
    got = readback.ask(
        tmp_path / "g.lbug", "MATCH (a:Annotation) RETURN a.root_id AS r, a.segment AS s"
    )
    assert got == [{"r": BASE + 1, "s": BASE + 50}]
