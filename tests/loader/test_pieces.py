"""A memory limit holds for the writing too: pieces, counted, and equal to one copy."""

from __future__ import annotations

import dataclasses
import random
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import ladybug
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import readback

from graphapi.engines.ladybug import LadybugEngine
from graphapi.errors import EngineError, InputError, LoadError
from graphapi.graph import ranges
from loader import load
from loader.checks import verify
from loader.work import room
from loader.writers import embedded, pieces
from loader.writers.fill import Task, fill

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    pairs = np.unique(np.random.default_rng(3).integers(1, 3000, (80_000, 2)), axis=0)
    frame = pd.DataFrame(pairs, columns=["pre", "post"])
    frame = frame[frame["pre"] != frame["post"]].assign(weight=lambda f: 1 + f["pre"] % 7)
    frame.to_parquet(path)
    return path


@pytest.fixture
def copied(monkeypatch) -> list[tuple[str, int]]:
    seen: list[tuple[str, int]] = []
    real = LadybugEngine.copy_parquet

    def copy(engine, table, path, columns=None):
        seen.append((table, pq.read_metadata(path).num_rows))
        real(engine, table, path, columns)

    def here(task: Task, written: Callable[[int], None]) -> None:
        fill(task, lambda told: written(int(told.get("rows", 0))))

    monkeypatch.setattr(LadybugEngine, "copy_parquet", copy)
    monkeypatch.setattr(embedded, "fill_apart", here)
    return seen


@pytest.mark.parametrize("needed", [115, 2_000, 6_000, 40_000])
def test_pieces_make_the_same_graph_as_one_copy(tmp_path, rows, copied, monkeypatch, needed):
    want = pd.read_parquet(rows)
    monkeypatch.setattr(pieces, "CONNECTION_BYTES", needed)
    load(rows, tmp_path / "g.lbug", work=tmp_path / "w", memory_limit="500MB", progress=False)
    most = (128 * 2**20) // needed
    sizes = [number for table, number in copied if table == "CONNECTS"]
    assert sum(sizes) == len(want)
    assert len(sizes) == (1 if len(want) <= most else -(-len(want) // int(most / 1.75)))
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) < len(sizes)
    edges = {(r.pre, r.post): (r.weight, 0) for r in want.itertuples()}
    assert readback.edges(str(tmp_path / "g.lbug")) == edges
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_what_one_copy_cannot_hold_pieces_can(tmp_path):
    """Three million connections do not fit into the pool of the smallest limit."""
    chance = np.random.default_rng(5)
    number = 3_000_000
    pairs = np.unique(
        chance.integers(0, 60_000, number) * 60_000 + chance.integers(0, 60_000, number)
    )
    pre, post = pairs // 60_000, pairs % 60_000
    keep = pre != post
    table = pa.table(
        {"pre": pre[keep], "post": post[keep], "weight": np.ones(keep.sum(), np.int64)}
    )
    pq.write_table(table, tmp_path / "c.parquet")
    pq.write_table(pa.table({"root_id": np.arange(60_000)}), tmp_path / "n.parquet")
    pool = 128 * 2**20  # that of the smallest limit
    for name, most, fits in (
        ("one", len(table), False),
        ("pieces", pieces.rows_at_once(tmp_path / "c.parquet", pool, nodes=False), True),
    ):
        engine = LadybugEngine.create(tmp_path / f"{name}.lbug", threads=2, buffer_bytes=pool)
        engine.execute_ddl("CREATE NODE TABLE Neuron(root_id INT64, PRIMARY KEY(root_id))")
        engine.execute_ddl("CREATE REL TABLE CONNECTS(FROM Neuron TO Neuron, weight INT64)")
        engine.copy_parquet("Neuron", tmp_path / "n.parquet", ["root_id"])

        seen: list[int] = []

        def copy(
            path: Path, *told: int, engine: LadybugEngine = engine, seen: list[int] = seen
        ) -> None:
            engine.copy_parquet("CONNECTS", path, ["weight"])
            seen.append(told[1])

        if fits:
            pieces.copy_in_pieces(tmp_path / "c.parquet", most, tmp_path / "part.parquet", copy)
            number = -(-len(table) // int(most / 1.75))
            assert number > 1
            assert seen == [number] * number
            answer = engine.run_text("MATCH ()-[c:CONNECTS]->() RETURN count(*) AS n")
            assert answer.to_pylist() == [{"n": len(table)}]
        else:
            with pytest.raises(EngineError, match="Buffer manager"):
                copy(tmp_path / "c.parquet", 1, 1)
        engine.close()


def test_any_number_of_rows_in_any_pieces(tmp_path):
    chance = random.Random(8)  # noqa: S311 - a seeded test
    for _ in range(30):
        number, most = chance.randint(0, 500), chance.randint(1, 200)
        table = pa.table({"a": list(range(number))})
        pq.write_table(table, tmp_path / "t.parquet", row_group_size=chance.randint(1, 90))
        seen: list[list[int]] = []
        halved = chance.randint(0, 2)

        def copy(path: Path, *told: int, seen: list[list[int]] = seen) -> None:
            seen.append(pq.read_table(path)["a"].to_pylist())
            number, pieces, rows = told
            assert number == len(seen) <= pieces
            assert rows == len(seen[-1])

        pieces.copy_in_pieces(tmp_path / "t.parquet", most, tmp_path / "part", copy, halved)
        assert [one for part in seen for one in part] == list(range(number))
        merged = max(1, int(most / 1.75))
        whole = 1 if number <= most else -(-number // merged)
        assert len(seen) == max(1, min(number, whole * 2**halved))
        assert all(len(part) <= most for part in seen)
        assert not (tmp_path / "part").exists()


def test_too_little_disk_is_told_before_the_step(tmp_path, rows, monkeypatch):
    steps: list[str] = []
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 10**5, 10**5))
    with pytest.raises(LoadError, match="only 1 MB are free") as caught:
        load(rows, tmp_path / "g.lbug", work=tmp_path / "w", on_step=steps.append, progress=False)
    assert "--work" in str(caught.value)
    assert steps == ["rows", "extracted", "annotations"]
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 10**7, 10**7))
    with pytest.raises(LoadError, match="only 10 MB are free"):
        load(rows, tmp_path / "g.lbug", work=tmp_path / "w", on_step=steps.append, progress=False)
    assert steps[-1] == "aggregate"
    assert [p.name for p in tmp_path.iterdir() if "lbug" in p.name] == []
    monkeypatch.undo()
    load(rows, tmp_path / "g.lbug", work=tmp_path / "w", on_step=steps.append, progress=False)
    assert steps.count("aggregate") == 1


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("500MB", 5 * 10**8), ("1.5GiB", 1_610_612_736), ("7 gb", 7 * 10**9)],
)
def test_a_size_is_read(text, size):
    assert room.as_bytes(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "0GB", "2XB", "GB"])
def test_what_is_no_size_is_refused(text, rows, tmp_path):
    with pytest.raises(InputError, match="memory limit"):
        load(rows, tmp_path / "g.lbug", work=tmp_path / "w", memory_limit=text)


def test_more_memory_than_the_machine_has_is_refused(rows, tmp_path):
    with pytest.raises(InputError, match=r"100TB is more than the .* GB of this machine"):
        load(rows, tmp_path / "g.lbug", work=tmp_path / "w", memory_limit="100TB")
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("spread", [True, False])
def test_connections_that_meet_in_one_group_of_neurons_need_more(tmp_path, spread):
    """A piece is merged into its groups of 131,072 neurons."""
    number, connections = 1_000_000, 10_000_000
    partners = np.full(number, connections // number)
    if not spread:
        partners[:] = 0
        partners[7] = connections
    table = pa.table({"in_partners": partners, "out_partners": np.ones(number, np.int64)})
    pq.write_table(table, tmp_path / "n.parquet")
    if spread:
        room = pieces.room_for("800MB", connections, tmp_path / "n.parquet")
        assert room.at_once <= room.pool < 300_000_000
        return
    with pytest.raises(LoadError, match=r"needs about 1\.7 GB of memory.*allows 800MB") as caught:
        pieces.room_for("800MB", connections, tmp_path / "n.parquet")
    for way in ("--memory 1.8GB", "--only", "neo4j-import:"):
        assert way in str(caught.value)
    pieces.room_for("1.8GB", connections, tmp_path / "n.parquet")


def test_what_does_not_fit_is_refused_before_it_is_written(tmp_path, rows, monkeypatch):
    steps: list[str] = []
    given = {"work": tmp_path / "w", "on_step": steps.append, "progress": False}
    with monkeypatch.context() as patched:
        patched.setattr(pieces, "CONNECTION_BYTES", 40_000)
        patched.setattr(pieces, "_OUTSIDE", 40_000)
        with pytest.raises(LoadError, match="of memory, and --memory allows 500MB"):
            load(rows, tmp_path / "g.lbug", memory_limit="500MB", **given)
    assert steps[-1] == "aggregate"
    load(rows, tmp_path / "g.lbug", memory_limit="500MB", **given)
    assert steps.count("aggregate") == 1


def test_neurons_that_cannot_be_verified_are_refused_before_they_are_written(tmp_path):
    """A check of all connections holds all neurons in the pool: 8 million failed with 2 GB."""
    number = 3_000_000
    zeros = pa.table({n: np.zeros(number, np.int64) for n in ("in_partners", "out_partners")})
    pq.write_table(zeros, tmp_path / "n.parquet")
    with pytest.raises(LoadError, match=r"3,000,000 neurons needs about 1\.2 GB") as caught:
        pieces.room_for("1GB", 10, tmp_path / "n.parquet")
    assert "--memory 1.3GB" in str(caught.value)
    room = pieces.room_for("1.3GB", 10, tmp_path / "n.parquet")
    assert 177 * number <= room.verifying <= 900_000_000 - 71 * number


def test_too_little_memory_to_verify_says_what_helps(tmp_path, rows, monkeypatch):
    def little(*given: object) -> pieces.Room:
        return dataclasses.replace(pieces.room_for(*given), verifying=2**20)

    monkeypatch.setattr(embedded, "room_for", little)
    with pytest.raises(LoadError, match=r"verifying 'g\.lbug' needs more memory") as caught:
        load(rows, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert "allow more with --memory" in str(caught.value)
    assert "CAVEGRAPH_QUERY_MEMORY" not in str(caught.value)


def test_many_neurons_are_verified_a_column_and_a_range_at_a_time(tmp_path, rows, monkeypatch):
    graph = tmp_path / "g.lbug"
    neurons = load(rows, graph, work=tmp_path / "w", progress=False).counts["neurons"]
    monkeypatch.setattr(verify, "_READ_AT_ONCE", 100)
    monkeypatch.setattr(ranges, "_NEURONS", 250)
    seen: list[tuple[str, int]] = []
    real = LadybugEngine.run

    def run(engine, query, params=None, **given):
        table = real(engine, query, params, **given)
        seen.append((query.name, table.num_columns))
        return table

    monkeypatch.setattr(LadybugEngine, "run", run)
    for _ in range(2):
        engine = LadybugEngine.open(graph)
        report = verify.verify_graph(engine, progress=False)
        engine.close()
        if not report.ok:
            break
        assert {n for name, n in seen if name == "all_neuron_properties"} == {1, 2}
        for side in ("out", "in"):
            assert seen.count((f"wrong_{side}_totals", 1)) == -(-neurons // 250) > 10
        assert [n for n, _ in seen].count("connections_checksum") == -(-neurons // 250)
        database = ladybug.Database(str(graph))
        raw = ladybug.Connection(database)
        for root in (1, 2999):  # the first and the last range
            raw.execute(f"MATCH (n:Neuron) WHERE n.root_id = {root} SET n.in_partners = 0")
        raw.execute("MATCH (n:Neuron) WHERE n.root_id = 1500 SET n.out_synapses = 1")
        raw.close()
        database.close()
    found = {check.name: check.found for check in report.failed}
    assert found["neurons.wrong_in_totals"] == "2"
    assert found["neurons.wrong_out_totals"] == "1"
    assert "neurons.content" in found
