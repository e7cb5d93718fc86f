"""A sample of neurons is asked of CAVE itself, at the load and any time later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import graphapi
from graphapi.errors import CaveError, VerificationError, VersionNotFoundError
from loader import CaveSource, load
from loader.cli import main
from loader.sandbox.standin import Faults, Rule, serve, write_folder
from loader.sources import spotcheck
from support import build_graph, connections_frame

BASE = 576460752700000000
TOKEN = "0123456789abcdef0123456789abcdef"


def rows(count: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    roots = np.array([0, 1, *(BASE + np.arange(9))])
    return pd.DataFrame(
        {
            "id": np.arange(1, count + 1),
            "pre_pt_root_id": rng.choice(roots, count),
            "post_pt_root_id": rng.choice(roots, count),
            "size": rng.integers(1, 9, count).astype("float32"),
        }
    )


def expected(root: int, min_size: float) -> tuple[int, ...]:
    kept = rows()
    kept = kept[(kept["pre_pt_root_id"] > 1) & (kept["post_pt_root_id"] > 1)]
    kept = kept[kept["size"] >= min_size]
    out = kept.loc[kept["pre_pt_root_id"] == root, "post_pt_root_id"]
    into = kept.loc[kept["post_pt_root_id"] == root, "pre_pt_root_id"]
    loops = int((out == root).sum())
    return (
        len(into) - loops, len(out) - loops,
        into[into != root].nunique(), out[out != root].nunique(), loops,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "served", {"synapses": rows()})


def source(server) -> CaveSource:
    return CaveSource(server.datastack, server=server.url, token=TOKEN)


@pytest.mark.parametrize("min_size", [None, 4])
def test_cave_sums_up_to_the_totals(folder, min_size):
    with serve(folder, row_limit=90, token=TOKEN) as server:
        roots = BASE + np.arange(10)
        found = spotcheck.totals_by_cave(
            source(server).cave, "synapses", 1, roots, min_size=min_size
        )
    assert {r: spotcheck.Totals(*expected(r, min_size or 0)) for r in roots.tolist()} == found
    assert found[BASE + 9] == spotcheck.Totals(0, 0, 0, 0, 0)


def test_a_load_says_how_many_neurons_it_compared(tmp_path, folder):
    with serve(folder, row_limit=90, token=TOKEN) as server:
        steps: list[str] = []
        report = load(source(server), tmp_path / "g.lbug", work=tmp_path / "w", min_size=3)
        again = load(
            source(server), tmp_path / "h.lbug", work=tmp_path / "w", min_size=3,
            on_step=steps.append,
        )  # fmt: skip
    assert report.compared == again.compared == 9
    assert "9 neurons have the same totals in CAVE" in str(report)
    assert "compared" not in steps


def test_a_row_that_the_ranges_do_not_give_is_found(tmp_path, folder, monkeypatch):
    """Counts agree, ids agree: only the neurons themselves tell."""
    from loader.sources import cavetables

    honest = cavetables.synapse_rows

    def other_ends(*arguments):
        table = honest(*arguments)
        return table.set_column(1, "pre", table["post"])

    monkeypatch.setattr(cavetables, "synapse_rows", other_ends)
    with (
        serve(folder, token=TOKEN) as server,
        pytest.raises(VerificationError, match="other totals in CAVE") as caught,
    ):
        load(source(server), tmp_path / "g.lbug", work=tmp_path / "w")
    assert "--work" in str(caught.value)
    assert not (tmp_path / "g.lbug").exists()


def test_verify_asks_cave_any_time_later(tmp_path, folder, capsys, monkeypatch):
    place = str(tmp_path / "g.lbug")
    monkeypatch.setenv("CAVEGRAPH_TOKEN", TOKEN)
    with serve(folder, token=TOKEN) as server:
        load(source(server), place, work=tmp_path / "w")
        assert _verify(place) == 0
        assert "9 neurons have the same totals in CAVE" in capsys.readouterr().out
        with graphapi.Connectome.open(place, token=TOKEN) as connectome:
            monkeypatch.setattr(spotcheck, "_sample", _with_one_synapse_less(spotcheck._sample))
            with pytest.raises(VerificationError, match="1 of 9 neurons"):
                spotcheck.compare_graph(connectome)
        server.faults.expire = Rule(path="/query")
        assert _verify(place) == 3
        with (
            graphapi.Connectome.open(place, token=TOKEN) as connectome,
            pytest.raises(VersionNotFoundError, match="expired"),
        ):
            spotcheck.compare_graph(connectome)


def _verify(place: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--graph", place, "--cave"])
    return int(ended.value.code or 0)


def _with_one_synapse_less(honest):
    def sample(*arguments):
        found = honest(*arguments)
        root, totals = next(iter(found.items()))
        found[root] = spotcheck.Totals(
            totals.in_synapses - 1, totals.out_synapses, totals.in_partners,
            totals.out_partners, totals.autapses,
        )  # fmt: skip
        return found

    return sample


def test_a_graph_from_files_has_no_cave_to_ask(tmp_path):
    place = build_graph(tmp_path, connections_frame([(11, 12, 3)]))
    with (
        graphapi.Connectome.open(place) as connectome,
        pytest.raises(CaveError, match="made from files"),
    ):
        spotcheck.compare_graph(connectome)


def test_faults_on_the_way_cost_no_neuron(tmp_path, folder):
    faults = Faults(drop=Rule(count=2, after=25), wrong_count=Rule(after=8))
    with serve(folder, row_limit=40, token=TOKEN, faults=faults) as server:
        report = load(source(server), tmp_path / "g.lbug", work=tmp_path / "w")
    assert report.compared == 9
