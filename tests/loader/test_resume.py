"""kill -9 after every step, then the same load again: the same graph, nothing done twice."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import readback
from loading_process import run_load
from oracle_load import expected

from graphapi.engines import open_engine
from graphapi.errors import GraphIncompleteError, StageError
from graphapi.graph.materialization import read_materialization
from loader import FileSource, load, verify_graph
from loader.checks.verify import measure
from support import build_graph, connections_frame, example_frames

STAGES = ["rows", "annotations/000", "extracted", "annotations", "aggregate"]
STEPS = [*STAGES, "written", "verified", "published"]


def run(inputs, target: str, work: Path, deadly: str) -> tuple[int, list[str]]:
    arguments = {"rows": inputs[0], "table": inputs[1], "to": target, "work": work}
    code, steps = run_load(arguments, deadly, work.with_suffix(".log"))
    assert code in (0, -signal.SIGKILL)
    return code, steps


@pytest.fixture
def inputs(tmp_path: Path) -> tuple[Path, Path]:
    connections, annotations = example_frames()
    rows, table = tmp_path / "rows.csv", tmp_path / "table.parquet"
    connections.to_csv(rows, index=False)
    annotations.to_parquet(table)
    return rows, table


def _old_graph(tmp_path: Path, place: str) -> None:
    build_graph(tmp_path, connections_frame([(11, 12, 13)]), to=place, datastack="old")


def test_killed_after_any_step_a_load_goes_on(tmp_path, place, inputs):
    """One process a step: each goes on where the one before was killed."""
    _old_graph(tmp_path, place)
    work = tmp_path / "work"
    seen: list[str] = []
    for step in STEPS:
        code, steps = run(inputs, place, work, step)
        assert code == -signal.SIGKILL
        assert steps[-1] == step
        assert set(steps).isdisjoint(seen)
        seen += [name for name in steps if name in STAGES]
        if step in STAGES:
            assert readback.edges(place) == {(11, 12): (13, 0)}  # the old graph answers
    code, _ = run(inputs, place, work, "-")
    assert code == 0
    _check(place)


@pytest.mark.parametrize("step", ["written", "verified"])
def test_killed_before_publishing_nobody_reads_a_mixture(tmp_path, place, inputs, step):
    _old_graph(tmp_path, place)
    code, _ = run(inputs, place, tmp_path / "work", step)
    assert code == -signal.SIGKILL
    if place.startswith("bolt"):
        engine = open_engine(place)
        with pytest.raises(GraphIncompleteError):
            read_materialization(engine)
        engine.close()
    else:
        assert readback.edges(place) == {(11, 12): (13, 0)}
    run(inputs, place, tmp_path / "work", "-")
    _check(place)
    if not place.startswith("bolt"):
        assert not [p for p in tmp_path.iterdir() if p.name.endswith(".loading")]


def test_killed_anywhere_in_the_swap_of_neo4j(tmp_path, neo4j_place, inputs):
    """It has one database: the old graph, then none that may be read, then the new one."""
    _old_graph(tmp_path, neo4j_place)
    seen, number = [], 0
    while not seen or seen[-1] != "new":
        number += 1
        code, _ = run(inputs, neo4j_place, tmp_path / "work", f"write:{number}")
        seen.append(_readable(neo4j_place))
        assert number < 40
    assert code == -signal.SIGKILL  # the last change but the mark's removal completes the record
    assert seen == sorted(seen, key=["old", "nothing", "new"].index)
    assert seen.count("old") >= 4
    assert seen.count("nothing") >= 5
    run(inputs, neo4j_place, tmp_path / "work", "-")
    _check(neo4j_place)


def _readable(place: str) -> str:
    engine = open_engine(place)
    try:
        name = read_materialization(engine).datastack
    except GraphIncompleteError:
        return "nothing"
    finally:
        engine.close()
    if name == "old":
        assert readback.edges(place) == {(11, 12): (13, 0)}
        return "old"
    _check(place)
    return "new"


def test_both_engines_hold_the_same_by_every_checksum(tmp_path, neo4j_place, inputs):
    rows, table = inputs
    found = []
    for place in (tmp_path / "g.lbug", neo4j_place):
        source = FileSource(rows, annotations=[table])
        report = load(source, place, work=tmp_path / "w", replace=True, progress=False)
        engine = open_engine(str(place))
        measured = measure(engine, read_materialization(engine))
        engine.close()
        assert report.checks.ok
        assert {n: measured[n] for n in report.record.checksums} == report.record.checksums
        found.append(measured)
    assert found[0] == found[1]
    assert len(found[0]) >= 20


def _check(place: str) -> None:
    connections, annotations = example_frames()
    known = set(annotations["root_id"].dropna().astype("int64"))
    want = expected(connections, known, weighted=True)
    assert readback.edges(place) == want.edges
    assert readback.totals(place) == want.totals
    engine = open_engine(place)
    assert read_materialization(engine).datastack == "killed"
    assert verify_graph(engine).ok
    engine.close()


def test_finished_steps_are_not_done_again(tmp_path, inputs):
    rows, table = inputs
    source = FileSource(rows, annotations=[table])
    first: list[str] = []
    load(source, tmp_path / "a.lbug", work=tmp_path / "w", on_step=first.append)
    again: list[str] = []
    load(source, tmp_path / "b.lbug", work=tmp_path / "w", on_step=again.append)
    assert first == STEPS
    assert again == ["written", "verified", "published"]


def test_stages_of_another_load_are_refused(tmp_path, inputs):
    rows, table = inputs
    load(rows, tmp_path / "a.lbug", work=tmp_path / "w")
    with pytest.raises(StageError, match="another load") as caught:
        load(rows, tmp_path / "b.lbug", annotations=[table], work=tmp_path / "w")
    assert "--work" in str(caught.value)
    rows.write_text("pre,post,weight\n1,2,3\n")
    with pytest.raises(StageError, match="another load"):
        load(rows, tmp_path / "b.lbug", work=tmp_path / "w")


class Stopped(Exception):  # noqa: N818
    pass


def _stop_after(wanted: str):
    def on_step(name: str) -> None:
        if name == wanted:
            raise Stopped

    return on_step


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("rows", "rows.parquet"),
        ("extracted", "rows.parquet"),
        ("extracted", "annotations/000.parquet"),
        ("annotations", "merged.parquet"),
        ("annotations", "rows.parquet"),
        ("aggregate", "connections.parquet"),
        ("aggregate", "neurons.parquet"),
    ],
)
def test_a_damaged_stage_is_refused(tmp_path, inputs, step, name):
    def again(on_step=None):
        load(
            inputs[0], tmp_path / "a.lbug", annotations=[inputs[1]], work=tmp_path / "w",
            on_step=on_step,
        )  # fmt: skip

    with pytest.raises(Stopped):
        again(_stop_after(step))
    path = tmp_path / "w" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StageError, match="changed"):
        again()
    path.unlink()
    with pytest.raises(StageError, match="is gone"):
        again()
    assert not (tmp_path / "a.lbug").exists()


def test_a_damaged_manifest_is_refused(tmp_path, inputs):
    load(inputs[0], tmp_path / "a.lbug", work=tmp_path / "w")
    (tmp_path / "w" / "manifest.json").write_text("{")
    with pytest.raises(StageError, match="damaged"):
        load(inputs[0], tmp_path / "b.lbug", work=tmp_path / "w")


def test_two_loads_do_not_share_a_folder(tmp_path, inputs):
    def second(step: str) -> None:
        if step == "rows":
            with pytest.raises(StageError, match="another load is working"):
                load(inputs[0], tmp_path / "b.lbug", work=tmp_path / "w")
            tried.append(step)

    tried: list[str] = []
    load(inputs[0], tmp_path / "a.lbug", work=tmp_path / "w", on_step=second)
    assert tried
