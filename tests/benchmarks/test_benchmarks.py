"""The benchmarks run, and compare equal answers; what they measure is never asserted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import graphapi
from benchmarks import anysize, loads, measure, neuprint, page, reads
from benchmarks.bare import BareLadybug
from benchmarks.places import Run
from benchmarks.rivals import InDuckDB, InPandas, InScipy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A brain of 32,000 connections, loaded by hand and by us."""
    made = Run(tmp_path_factory.mktemp("benchmarks"), 32_000)
    made.keep("raw-embedded", loads.raw_embedded(made))
    made.keep("our-embedded", loads.our_embedded(made))
    return made


@pytest.fixture(scope="module")
def systems(run: Run) -> dict[str, Any]:
    pandas = InPandas(run.brain())
    return {
        "cavegraph": reads.Ours(graphapi.Connectome.open(run.graph())),
        "bare": BareLadybug(run.graph()),
        "pandas": pandas,
        "duckdb": InDuckDB(run.brain()),
        "scipy": InScipy(run.brain(), pandas.edges),
    }


def triples(frame: pd.DataFrame) -> set[tuple[int, ...]]:
    return set(frame[["pre", "post", "weight"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("number", [1, 10, 200])
def test_all_systems_give_the_same_connections(
    systems: dict[str, Any], run: Run, number: int
) -> None:
    ids = reads.Sample(systems["pandas"].neurons["root_id"].to_numpy()).draw(number)
    found = {name: triples(system.connectivity(ids)) for name, system in systems.items()}
    assert len(found["pandas"]) > number
    assert {name for name, rows in found.items() if rows != found["pandas"]} == set()


def test_all_systems_give_the_same_matrix_and_numbers(systems: dict[str, Any], run: Run) -> None:
    sample = reads.Sample(systems["pandas"].neurons["root_id"].to_numpy())
    pre, post = sample.draw(100), sample.draw(100)
    wanted = systems["pandas"].adjacency(pre, post).to_numpy()
    assert wanted.sum() > 0
    assert np.array_equal(systems["cavegraph"].adjacency(pre, post).to_numpy(), wanted)
    assert np.array_equal(systems["scipy"].adjacency(pre, post).to_numpy(), wanted)
    assert systems["duckdb"].adjacency(pre, post)["weight"].sum() == wanted.sum()
    assert systems["bare"].adjacency(pre, post)["weight"].sum() == wanted.sum()
    partners = systems["cavegraph"].counts(pre)["pre"].to_numpy()
    assert np.array_equal(partners, systems["scipy"].counts(pre)["out"].to_numpy())
    assert np.array_equal(partners, systems["pandas"].counts(pre)["size_out"].fillna(0).to_numpy())
    synapses = {
        "cavegraph": systems["cavegraph"].types()["synapses"].sum(),
        "bare": systems["bare"].types()["synapses"].sum(),
        "pandas": systems["pandas"].types()["sum"].sum(),
        "duckdb": systems["duckdb"].types().iloc[:, 3].sum(),
        "scipy": systems["scipy"].types().sum(),
    }
    assert set(synapses.values()) == {run.brain().kept_rows}
    root = int(pre[0])
    hops = {int(systems[name].two_hops(root)) for name in ("pandas", "duckdb", "scipy")}
    assert hops == {int(systems["bare"].two_hops(root)["n"].iloc[0])}
    assert hops == {int(systems["cavegraph"].two_hops(root)["n"].iloc[0])}


def test_a_page_is_written_of_what_was_measured(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "QUESTIONS", dict.fromkeys(reads.QUESTIONS, 1))
    run.keep("machine", {**measure.machine(), "minutes": 0})
    run.keep("cold", reads.cold(run.graph()))
    run.keep("reads-embedded", reads.embedded(run))
    opened = lambda: graphapi.Connectome.open(run.graph())  # noqa: E731
    with opened() as connectome:
        roots = connectome.root_ids()
    run.keep("readers-embedded", reads.readers(opened, roots, seconds=0.2))
    target = tmp_path / "benchmarks.md"
    page.write_page(target, run)
    text = target.read_text("utf-8")
    assert "synthetic" in text
    for heading in ("Targets", "Loads", "Questions to the graph file", "Cold"):
        assert f"## {heading}" in text
    assert len(page.targets(run.results())) == 8
    assert "Questions to Neo4j" not in text


@pytest.mark.parametrize(("ours", "bare", "holds"), [(0.012, 0.010, True), (0.014, 0.010, False)])
def test_a_target_that_is_missed_is_said_to_be(ours: float, bare: float, holds: bool) -> None:
    one = {
        "cavegraph": {"median": ours},
        reads.AT_HAND: {"median": ours / 4},
        "bare LadybugDB": {"median": bare},
        "pandas in memory": {"median": ours / 2},
        "DuckDB over Parquet": {"median": ours / 3},
    }
    asked = (
        "connectivity of 1",
        "adjacency 333 x 333",
        "counts of 1,000",
        "connectivity of 1,000",
        "adjacency 5,000 x 5,000",
        "type matrix of the whole brain",
    )
    found = page.targets({"reads-embedded": dict.fromkeys(asked, one)})
    assert [target.holds for target in found] == [holds, False, False, True, True, False]


def test_a_load_of_any_size_goes_on_where_it_stopped(tmp_path: Path) -> None:
    arguments = [str(tmp_path / "f"), "--scale", "20000", "--memory", "1GB", "--keep"]
    assert anysize.main(arguments) == 0
    made = {p: p.stat().st_mtime_ns for p in (tmp_path / "f").rglob("*.parquet")}
    assert anysize.main(arguments) == 0
    lines = (tmp_path / "f" / "results.jsonl").read_text("utf-8").splitlines()
    first, again = map(json.loads, lines)
    assert [p["name"] for p in first["phases"]][-4:] == [
        "written", "verified", "published", "the rest",
    ]  # fmt: skip
    assert first["counts"]["rows"] == anysize.ROWS // 20_000
    assert first["peak_mb"] > 100
    assert [p["name"] for p in again["phases"]] == ["the rest"]
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "f").rglob("*.parquet")} == made
    with pytest.raises(SystemExit, match="another run"):
        anysize.main([str(tmp_path / "f"), "--scale", "30000"])


def test_neuprints_client_finds_what_graphapi_finds(run: Run) -> None:
    lines = neuprint.measured(run.graph(), 40, rounds=1)
    assert [line.count("|") for line in lines] == [8, 8, 8]
    assert all(int(line.split("|")[2].replace(",", "")) > 40 for line in lines[1:])
