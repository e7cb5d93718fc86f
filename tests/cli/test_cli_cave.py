"""The command line and a CAVE server: loads, raw rows, and every way in which it can go wrong.

The server is the stand-in, driven by the real `caveclient`; expected rows are those of the table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from commands import Run, run_ok

from graphapi.cave.connection import Cave
from graphapi.errors import CaveError
from loader.sandbox.standin import RunningServer, serve, write_folder

A, B, C = (576460752700000000 + i for i in (1, 2, 3))
TOKEN = "0123456789abcdef0123456789abcdef"
ROWS = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 6],
        "pre_pt_root_id": [A, A, A, B, B, C],
        "post_pt_root_id": [B, B, C, A, B, A],
        "pre_pt_supervoxel_id": [11, 12, 13, 21, 22, 31],
        "post_pt_supervoxel_id": [23, 24, 32, 14, 25, 15],
        "size": [5, 50, 10, 20, 7, 9],
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cave") / "served"
    held = [ROWS[[f"{side}_pt_supervoxel_id", f"{side}_pt_root_id"]] for side in ("pre", "post")]
    spans = pd.concat([part.set_axis(["supervoxel_id", "root_id"], axis=1) for part in held])
    spans["start"] = pd.Timestamp("2020-01-01", tz="UTC")
    spans["end"] = pd.Series(pd.NaT, index=spans.index, dtype="datetime64[us, UTC]")
    return write_folder(
        place,
        {"synapses": pa.Table.from_pandas(ROWS, preserve_index=False)},
        datastack="tiny",
        supervoxels=spans.sort_values("supervoxel_id"),
    )


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RunningServer]:
    with serve(folder, token=TOKEN, row_limit=4) as running:
        yield running


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CAVEGRAPH_TOKEN", TOKEN)
    monkeypatch.delenv("CAVEGRAPH_URI", raising=False)
    monkeypatch.delenv("CAVEGRAPH_SERVER", raising=False)


@pytest.fixture
def run(run: Run) -> Run:
    """Run a command, and check that it keeps the token to itself."""

    def hiding(*arguments: str) -> tuple[int, str, str]:
        code, printed, problem = run(*arguments)
        assert TOKEN not in printed + problem
        return code, printed, problem

    return hiding


@pytest.fixture(scope="module")
def graph(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = str(tmp_path_factory.mktemp("graph") / "tiny.lbug")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAVEGRAPH_TOKEN", TOKEN)
        patch.setenv("HOME", str(Path(place).parent))
        run_ok("load", "tiny", "--server", server.url, "--to", place)
    return place


def test_raw_rows_come_from_cave(run: Run, graph: str) -> None:
    code, said, problem = run("synapses", "--pre", str(A), "-g", graph, "--json", "-")
    assert code == 0, problem
    found = json.loads(said)
    assert [row["id"] for row in found] == ["1", "2", "3"]
    assert [row["post_pt_root_id"] for row in found] == [str(B), str(B), str(C)]
    _, said, _ = run("synapses", "--pre", str(A), "--post", str(B), "-g", graph, "--csv", "-")
    assert [line.split(",")[2] for line in said.splitlines()] == ["id", "1", "2"]


def test_raw_rows_on_either_side_of_a_neuron(run: Run, graph: str) -> None:
    """A row between the neurons comes once; autapses and rows of others do not come."""
    for ids, expected in (([A], ["1", "2", "3", "4", "6"]), ([B, C], ["1", "2", "3", "4", "6"])):
        code, said, problem = run("synapses", *map(str, ids), "-g", graph, "--json", "-")
        assert code == 0, problem
        assert [row["id"] for row in json.loads(said)] == expected
    code, _, problem = run("synapses", str(A), "--post", str(B), "-g", graph)
    assert code == 2
    assert "--pre and --post" in problem


def test_what_the_graph_cannot_answer_is_computed_from_rows(run: Run, graph: str) -> None:
    for more in (["--min-size", "10"], ["--min-size", "10", "-m", "1"]):
        code, said, problem = run("downstream", str(A), *more, "-g", graph, "--csv", "-")
        assert code == 0, problem
        assert said.split() == ["pre,post,weight", f"{A},{B},1", f"{A},{C},1"]
    _, said, _ = run("counts", str(A), "--min-size", "10", "-g", graph, "--json", "-")
    (counted,) = json.loads(said)
    assert (counted["output_synapses"], counted["input_synapses"]) == (2, 1)


LOAD_ERRORS = [
    (3, ["tinny"], {}, "its datastacks: tiny"),
    (3, ["tiny", "--version", "9"], {}, "versions that can be queried: 1"),
    (3, ["tiny", "-a", "cell_types"], {}, "its tables: synapses"),
    (3, ["tiny", "--synapse-table", "nope"], {}, "its tables: synapses"),
    (3, ["tiny", "--soma-table", "nope"], {}, "no soma table 'nope'"),
    (6, ["tiny", "--size-column", "nope"], {}, "no column 'nope'"),
    (2, ["tiny", "--version", "newest"], {}, "a number, or latest"),
    (5, ["tiny"], {"CAVEGRAPH_TOKEN": "feedfeedfeedfeedfeedfeedfeedfeed"}, "cavegraph token"),
    (5, ["tiny"], {"CAVEGRAPH_TOKEN": ""}, "cavegraph token"),
    (2, ["tiny", "--server", "no server"], {}, "is not the address of a server"),
]


@pytest.mark.parametrize(("code", "arguments", "environment", "says"), LOAD_ERRORS)
def test_loads_that_cannot_be(
    run: Run,
    server: RunningServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    arguments: list[str],
    environment: dict[str, str],
    says: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    place = tmp_path / "x.lbug"
    given = arguments if "--server" in arguments else [*arguments, "--server", server.url]
    found, _, problem = run("load", *given, "--to", str(place))
    assert found == code, problem
    assert says in problem
    assert "feedfeed" not in problem
    assert not place.exists()


def test_only_finished_steps_are_said_to_be_kept(
    run: Run, server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_rows(*_: object) -> None:
        raise CaveError("the server is down")

    place = ("load", "tiny", "--to", str(tmp_path / "g.lbug"), "--work", str(tmp_path / "work"))
    with monkeypatch.context() as before_any_step:
        before_any_step.setattr("loader.sources.cavesynapses.id_ranges", no_rows)
        code, _, problem = run(*place, "--server", server.url)
    assert (code, "finished steps" in problem) == (5, False)
    monkeypatch.setattr("loader.sources.cavesynapses.fetch_range", no_rows)
    code, _, problem = run(*place, "--server", server.url)
    assert (code, "finished steps are kept" in problem) == (5, True)


def test_ids_that_never_were(run: Run, graph: str) -> None:
    code, _, problem = run("synapses", "--pre", str(A + 100), "-g", graph)
    assert code == 3
    assert str(A + 100) in problem


def test_a_graph_whose_server_is_gone_still_answers(
    run: Run, graph: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(folder, token=TOKEN) as gone:
        address = gone.url
    monkeypatch.setenv("CAVEGRAPH_SERVER", address)
    defaults = Cave.connect.__func__.__kwdefaults__  # the waits between its many tries
    monkeypatch.setitem(defaults, "pause", lambda _: None)
    code, _, problem = run("synapses", "--pre", str(A), "-g", graph)
    assert code == 5
    assert address.removeprefix("http://") in problem
    assert run("downstream", str(A), "-g", graph)[0] == 0
    assert run("info", "-g", graph)[0] == 0
    assert run("verify", "-g", graph)[0] == 0
