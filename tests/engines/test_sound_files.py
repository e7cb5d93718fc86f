"""Graph files are read through once in a separate process, and again after every change."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import ladybug
import pandas as pd
import pytest

from graphapi.connectome import Connectome
from graphapi.errors import GraphFileError, GraphIncompleteError
from graphapi.graph import readthrough, soundfiles
from loader import FileSource, load
from support.graphs import build_graph, connections_frame, example_frames

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    return Path(build_graph(folder, *example_frames(), to=folder / "g.lbug"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test its own, empty list of sound files."""
    folder = tmp_path / "home"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the files that are read through."""
    names: list[str] = []
    whole = readthrough.read_through

    def listed(path: Path) -> None:
        names.append(path.name)
        whole(path)

    monkeypatch.setattr(readthrough, "read_through", listed)
    return names


@pytest.fixture
def foreign(tmp_path: Path, whole: Path) -> Path:
    """Copy a graph file, as if it came from elsewhere."""
    return Path(shutil.copy(whole, tmp_path / "foreign.lbug"))


def open_once(path: Path) -> int:
    with Connectome.open(path) as connectome:
        return len(connectome.root_ids())


def entries(home: Path) -> list[Path]:
    return list((home / "cavegraph" / "sound-files").iterdir())


def test_a_load_of_ones_own_is_not_read_again(tmp_path: Path, read: list[str]) -> None:
    graph = Path(build_graph(tmp_path, connections_frame([(5, 6, 7)])))
    assert open_once(graph) == 2
    assert read == []
    shutil.copy(graph, tmp_path / "copy")
    (tmp_path / "copy").replace(graph)
    assert open_once(graph) == 2
    assert read == [graph.name]


def test_a_file_from_elsewhere_is_read_through_once(foreign: Path, read: list[str]) -> None:
    assert open_once(foreign) == open_once(foreign)
    assert read == ["foreign.lbug"]
    with Connectome(str(foreign)) as connectome:
        assert connectome.materialization.datastack
    assert read == ["foreign.lbug"]


@pytest.mark.parametrize("change", ["time", "copy of the same times", "another place", "link"])
def test_a_file_is_read_through_again_after_a_change(
    tmp_path: Path, foreign: Path, read: list[str], change: str
) -> None:
    open_once(foreign)
    before = foreign.stat()
    if change == "time":
        os.utime(foreign, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    elif change == "copy of the same times":
        shutil.copy2(foreign, tmp_path / "copy")
        (tmp_path / "copy").replace(foreign)
        assert foreign.stat().st_mtime_ns == before.st_mtime_ns
    elif change == "another place":
        foreign = foreign.rename(tmp_path / "moved.lbug")
    else:
        (tmp_path / "other.lbug").write_bytes(foreign.read_bytes())
        foreign.unlink()
        foreign.symlink_to(tmp_path / "other.lbug")
    open_once(foreign)
    assert len(read) == 2
    open_once(foreign)
    assert len(read) == 2


def test_bytes_written_in_place_with_the_old_time_are_read_through(
    foreign: Path, read: list[str]
) -> None:
    open_once(foreign)
    before = foreign.stat()
    with foreign.open("rb+") as file:
        file.seek(4096)
        file.write(bytes(3 * 4096))
    os.utime(foreign, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(GraphFileError, match=r"foreign\.lbug"):
        open_once(foreign)
    assert len(read) == 2


def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    foreign: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readthrough, "read_through", os.utime)
    with pytest.raises(GraphIncompleteError, match="changed while it was read"):
        open_once(foreign)
    assert not home.exists()


@pytest.mark.parametrize(
    "damage",
    [b"", b"\xff\x00", b"[]", b'{"state": "x"}', b"[" * 100_000],
    ids=["empty", "no text", "a list", "no state", "deep"],
)
def test_a_damaged_list_only_costs_another_reading(
    foreign: Path, home: Path, read: list[str], damage: bytes
) -> None:
    open_once(foreign)
    for entry in entries(home):
        entry.write_bytes(damage)
    open_once(foreign)
    assert read == ["foreign.lbug"] * 2
    open_once(foreign)
    assert len(read) == 2


def test_the_list_is_private(foreign: Path, home: Path) -> None:
    open_once(foreign)
    (entry,) = entries(home)
    for place in (entry.parent, entry):
        assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0
    assert json.loads(entry.read_text())["file"] == str(foreign.resolve())


def test_the_list_is_bounded(
    tmp_path: Path, whole: Path, home: Path, monkeypatch: pytest.MonkeyPatch, read: list[str]
) -> None:
    monkeypatch.setattr(soundfiles, "_MOST", 5)
    for number in range(9):
        soundfiles.remember(Path(shutil.copy(whole, tmp_path / f"{number}.lbug")))
    assert len(entries(home)) == 5
    for number in (8, 0):  # the newest stayed, the oldest went
        open_once(tmp_path / f"{number}.lbug")
    assert read == ["0.lbug"]


def test_processes_at_once_lose_nothing(tmp_path: Path, whole: Path, read: list[str]) -> None:
    copies = [Path(shutil.copy(whole, tmp_path / f"{number}.lbug")) for number in range(20)]
    script = (
        "import sys; from pathlib import Path; from graphapi.graph.soundfiles import remember\n"
        "for name in sys.argv[1:]: remember(Path(name))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, *map(str, copies[number::4]), str(whole)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for number in range(4)
    ]
    assert [process.wait(60) for process in started] == [0] * 4
    for place in (*copies, whole):
        open_once(place)
    assert read == []


def test_without_a_folder_to_write_to_a_warning_tells_once(
    tmp_path: Path, foreign: Path, monkeypatch: pytest.MonkeyPatch, read: list[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(3):
            assert open_once(foreign)
    assert len(read) == 3
    assert [one.category for one in told] == [UserWarning]
    assert "cannot be written to" in str(told[0].message)
    assert told[0].filename == __file__


def rewrite(path: Path, query: str, **values: object) -> list[list[object]]:
    database = ladybug.Database(path)
    connection = ladybug.Connection(database)
    found = connection.execute(query, values).get_all()
    connection.execute("CHECKPOINT")
    connection.close()
    database.close()
    return found


def test_a_field_of_lists_that_no_row_has_is_read(tmp_path: Path, read: list[str]) -> None:
    """As Codex's `additional_type(s)`: its texts have unset offsets in the engine's answer."""
    cells = pd.DataFrame({"root_id": [5, 6], "region": [[], None]})
    cells.to_parquet(tmp_path / "cells.parquet")
    connections_frame([(5, 6, 7)]).to_csv(tmp_path / "rows.csv", index=False)
    source = FileSource(tmp_path / "rows.csv", annotations=[tmp_path / "cells.parquet"])
    load(source, tmp_path / "own.lbug", work=tmp_path / "work", progress=False)
    copy = Path(shutil.copy(tmp_path / "own.lbug", tmp_path / "copy.lbug"))
    assert open_once(copy) == 2
    assert read == [copy.name]


def test_a_file_of_another_format_says_so(foreign: Path) -> None:
    """Also where the tables of that format lack what today's queries read."""
    ((text,),) = rewrite(foreign, "MATCH (m:Materialization) RETURN m.record")
    record = {**json.loads(text), "format_version": 1, "cavegraph_version": "0.0.9"}
    del record["reading"], record["checksums"]
    rewrite(foreign, "MATCH (m:Materialization) SET m.record = $r", r=json.dumps(record))
    rewrite(foreign, "ALTER TABLE Materialization DROP checksum")
    with pytest.raises(GraphFileError, match="format 1, but this program reads format 2") as found:
        open_once(foreign)
    assert "foreign.lbug" in found.value.message
    assert "0.0.9" in (found.value.hint or "")


@pytest.mark.parametrize("record", ["", "[]", "{", "[" * 100_000], ids=["", "[]", "{", "deep"])
def test_a_damaged_record_says_so(foreign: Path, record: str) -> None:
    rewrite(foreign, "MATCH (m:Materialization) SET m.record = $r", r=record)
    with pytest.raises(GraphFileError, match=r"foreign\.lbug.*record is damaged"):
        open_once(foreign)


@pytest.mark.parametrize(
    "change",
    [
        "MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) WITH c LIMIT 1 SET c.weight = c.weight + 1",
        "MATCH (n:Neuron) WITH n LIMIT 1 SET n.out_synapses = n.out_synapses + 1",
        "MATCH (:Annotation)-[a:ANNOTATES]->(:Neuron) WITH a LIMIT 1 DELETE a",
    ],
)
def test_a_graph_that_holds_something_else_is_refused(foreign: Path, change: str) -> None:
    rewrite(foreign, change)
    with pytest.raises(GraphFileError, match="when loaded") as found:
        open_once(foreign)
    assert "--replace" in (found.value.hint or "")


def test_other_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.lbug"
    rewrite(path, "CREATE NODE TABLE Person(name STRING, PRIMARY KEY(name))")
    with pytest.raises(GraphFileError, match="holds no cavegraph graph"):
        open_once(path)


def test_a_file_that_cannot_be_a_graph_starts_no_process(tmp_path: Path, read: list[str]) -> None:
    (empty := tmp_path / "empty.lbug").touch()
    with pytest.raises(GraphFileError, match="is not a graph file"):
        open_once(empty)
    assert read == []
