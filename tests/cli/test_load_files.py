"""`cavegraph load` of files: what may be typed, and what is answered at once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pandas as pd
import pytest
from commands import Run

from graphapi.connectome import Connectome

ROWS = pd.DataFrame({"pre": [11, 12, 13], "post": [12, 13, 11], "weight": [3, 4, 5]})


@pytest.fixture
def run(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in the test's own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    return run


def weights(path: Path) -> list[int]:
    with Connectome.open(path) as connectome:
        rows = connectome.cypher("MATCH (:Neuron)-[c:CONNECTS]->(:Neuron) RETURN c.weight AS w")
    return sorted(rows["w"].tolist())


@pytest.mark.parametrize("given", [["a.parquet", "b.parquet"], ["*.parquet"], ["."]])
def test_several_files_a_pattern_or_a_folder(tmp_path, run, given):
    ROWS[:2].to_parquet(tmp_path / "a.parquet")
    ROWS[2:].to_parquet(tmp_path / "b.parquet")
    code, out, err = run("load", *given, "--to", str(tmp_path / "g.lbug"))
    assert code == 0, err
    assert "a.parquet and 1 more read as" in out
    assert weights(tmp_path / "g.lbug") == [3, 4, 5]


@pytest.mark.parametrize("name", ["book.xlsx", "minnie65", "rows.npz"])
def test_what_exists_is_answered_without_the_network(tmp_path, run, name, monkeypatch):
    import socket

    def none(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", none)
    monkeypatch.setattr(socket, "getaddrinfo", none)
    path = tmp_path / name
    path.mkdir() if name == "minnie65" else path.write_bytes(b"PK")
    begun = time.perf_counter()
    code, _, err = run("load", name)
    assert code in (2, 3)
    assert name in err
    assert "->" in err
    assert time.perf_counter() - begun < 10


def test_options_of_one_annotation_file(tmp_path, run):
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "one.csv").write_text('segment,tags,state\n11,"a,b",none\n12,c,ok\n')
    (tmp_path / "two.csv").write_text("root_id,state2\n11,NA\n12,none\n")
    code, out, err = run(
        "load", "rows.csv", "-a", "one.csv?root_id=segment&list=tags&na=none", "-a", "two.csv",
        "--to", "g.lbug",
    )  # fmt: skip
    assert code == 0, err
    assert "one.csv: ids in 'segment', 2 of 2 neurons with connections" in out
    with Connectome.open(tmp_path / "g.lbug") as connectome:
        rows = connectome.cypher(
            "MATCH (n:Neuron) WHERE n.root_id < 13 "
            "RETURN n.tags AS tags, n.state AS state, n.state2 AS state2 ORDER BY n.root_id"
        )
    assert [list(t) for t in rows["tags"]] == [["a", "b"], ["c"]]
    assert rows["state"].tolist() == [None, "ok"]
    assert rows["state2"].tolist() == [None, "none"]


def test_an_option_that_no_file_can_use_is_an_error(tmp_path, run):
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "one.csv").write_text("root_id,tags\n11,x\n")
    code, _, err = run("load", "rows.csv", "-a", "one.csv", "--list", "tag", "--to", "g.lbug")
    assert code == 2
    assert "no annotation file has a column 'tag'" in err


def test_columns_of_all_files_go_to_those_that_have_them(tmp_path, run):
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "one.csv").write_text("segment,kind\n11,x\n")
    (tmp_path / "two.csv").write_text("root_id,size\n12,y\n")
    code, _, err = run(
        "load", "rows.csv", "-a", "one.csv", "-a", "two.csv",
        "--annotation-column", "root_id=segment", "--to", "g.lbug",
    )  # fmt: skip
    assert code == 0, err


def test_the_record_says_what_was_left_out(tmp_path, run):
    ROWS.assign(score=[1, 2, 3], note="n").to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "ids.csv").write_text("12\n13\n11\n")
    code, out, err = run(
        "load", "rows.csv", "--keep", "score>1", "--only", "ids.csv", "--to", "g.lbug"
    )
    assert code == 0, err
    for said in (
        "1 left out by --keep",
        "columns not used: note",
        "rows kept: score>1",
        "of ids.csv",
    ):
        assert said in out
    with Connectome.open(tmp_path / "g.lbug") as connectome:
        record = connectome.materialization
    assert record.reading["only"] == "ids.csv"
    assert record.reading["connections"]["keep"] == ["score>1"]
    assert record.reading["connections"]["not_used"] == ["note"]
    assert json.loads(record.to_json())["counts"]["rows_filtered"] == 1
    code, out, _ = run("info", "--graph", "g.lbug")
    assert "columns not used: note" in out
