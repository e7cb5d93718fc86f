"""`cavegraph demo` and `cavegraph serve-demo`: figures, counts, and what to export."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest

from graphapi import Connectome
from loader.sandbox.demo import make_demo, run, tour

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 576460752732847432


@dataclass(frozen=True)
class Ran:
    """A demo that has run, and what it said."""

    folder: Path
    said: list[str]
    figures: list[Path]
    port: int

    def after(self, title: str) -> list[str]:
        """Lines of the text that follows a title."""
        at = next(i for i, line in enumerate(self.said) if title in line)
        return self.said[at + 1].splitlines()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The demo on a machine with matplotlib, but without pyvista and cloud-volume."""

    def find_spec(name: str) -> object:
        return None if name in ("pyvista", "cloudvolume") else importlib.util.find_spec(name)

    folder = tmp_path_factory.mktemp("ran") / "the demo"
    said: list[str] = []
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tour, "find_spec", find_spec)
        patch.setattr(run, "PORT", port)
        patch.delenv("CAVEGRAPH_SERVER", raising=False)
        figures = run.run_demo(folder, say=said.append)
    return Ran(folder, said, figures, port)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_what_cannot_be_drawn_is_named_and_the_rest_is_drawn(ran: Ran) -> None:
    drawn = ["synapse_sizes", "inputs_of_projection_neurons", "central_complex"]
    drawn += ["partner_classes", "synapse_counts"]
    assert [path.stem for path in ran.figures] == drawn
    assert all(path.stat().st_size > 5_000 for path in ran.figures)
    text = "\n".join(ran.said)
    assert "Not drawn: em_of_largest_synapses.png, which needs cloud-volume" in text
    assert "Not drawn: brain_scene.png, which needs pyvista and cloud-volume" in text
    assert "cavegraph[viz]" in text
    assert "Strongest paths from 3 ER neurons" in text, "tables need none of them"


def test_counts_on_one_screen_agree(ran: Ran) -> None:
    """Rows and neurons are told apart; expected values come from the annotation file."""
    rows = pd.read_parquet(ran.folder / "datastack" / "annotations.parquet")
    chosen = rows["cell_class"].isin(tour.CENTRAL_COMPLEX)
    chosen &= rows["region"].map(lambda found: found is not None and "CX" in found)
    in_file = rows[chosen]["cell_class"].value_counts()
    assert any("Central complex: 333 neurons with 339 annotation rows" in one for one in ran.said)
    head, *lines = ran.after("Central complex: 333 neurons")
    assert head.split() == ["cell_class", "rows", "neurons", "in_figure"]
    table = {name: [int(n) for n in numbers] for name, *numbers in map(str.split, lines)}
    assert {name: counts[0] for name, counts in table.items()} == in_file.to_dict()
    assert sum(counts[0] for counts in table.values()) == 339
    assert sum(counts[2] for counts in table.values()) == 333
    title = next(line for line in ran.said if "In the brain:" in line)
    assert f"{table['EBc'][1]} neurons with an EBc row" in title
    assert f"{table['PBt'][1]} with a PBt row" in title


def test_the_demo_says_how_to_ask_on(ran: Ran) -> None:
    exported = [line.strip() for line in ran.said if line.strip().startswith("export ")]
    graph = (ran.folder / "demo_ant.lbug").resolve()
    assert exported == [f"export CAVEGRAPH_URI={shlex.quote(str(graph))}"]
    assert f"  cavegraph explore {shlex.quote(str(graph))}" in ran.said


@pytest.fixture
def told(ran: Ran) -> Iterator[dict[str, str]]:
    """What `cavegraph serve-demo` says to export, while it runs."""
    command = [sys.executable, "-c", "from loader.cli import main; main()", "serve-demo"]
    server = subprocess.Popen(
        [*command, "--folder", str(ran.folder), "--port", str(free_port())],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    exports: dict[str, str] = {}
    end = time.monotonic() + 60
    assert server.stdout
    for line in server.stdout:
        if found := re.match(r" +export (\w+)=(.*)", line):
            exports[found[1]] = shlex.split(found[2])[0]
        if "CAVEclient(" in line or time.monotonic() > end:
            break
    yield exports
    server.terminate()
    server.wait(10)
    server.stdout.close()


def test_a_new_terminal_asks_cave_again_with_what_serve_demo_says(
    ran: Ran, told: dict[str, str], tmp_path: Path
) -> None:
    assert set(told) == {"CAVEGRAPH_URI", "CAVEGRAPH_SERVER", "CAVEGRAPH_TOKEN"}
    code = f"import graphapi as cp; print(len(cp.get_synapses(pre_ids=[{SAMPLE}])))"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CAVEGRAPH")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**kept, **told, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    rows = pd.read_parquet(ran.folder / "datastack/tables/synapses_v2/v3.parquet")
    mine = rows[(rows["pre_pt_root_id"] == SAMPLE) & (rows["post_pt_root_id"] > 1)]
    mine = mine[mine["post_pt_root_id"] != SAMPLE]
    assert int(done.stdout) == len(mine)


def test_the_demo_is_served_where_its_graph_remembers_it(
    ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Connectome.open(ran.folder / "demo_ant.lbug") as connectome:
        assert connectome.materialization.server == f"http://127.0.0.1:{ran.port}"
    monkeypatch.setattr(run, "PORT", ran.port)
    places = run.Places(ran.folder)
    with run.serve_demo(places) as first, run.serve_demo(places) as second:
        assert first.url == f"http://127.0.0.1:{ran.port}"
        assert second.url != first.url, "the usual port is taken: any other will do"
        assert run.exports(places, second.url)["CAVEGRAPH_SERVER"] == second.url


def test_strings_as_pandas_3_has_them_change_no_file(demo_datastack: Path, tmp_path: Path) -> None:
    """pandas 3 infers a text type in which None becomes nan; this option does so in pandas 2."""
    with pd.option_context("future.infer_string", True):
        make_demo(tmp_path, progress=False, volumes=False)
    tables = sorted(demo_datastack.rglob("*.parquet"))
    assert len(tables) > 10
    for path in tables:
        other = tmp_path / path.relative_to(demo_datastack)
        assert pq.read_table(path).equals(pq.read_table(other)), path.name
    texts = "annotations.csv"
    assert (demo_datastack / texts).read_bytes() == (tmp_path / texts).read_bytes()
