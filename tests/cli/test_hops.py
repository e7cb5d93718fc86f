"""Influence and effective connectivity on the command line: values counted by hand.

::

    1 ==5=> 2 ==1=> 1      1 ==5=> 3 ==2=> 4 ==3=> 1      5 ==7=> 1
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import BASE, fails, run_ok

from loader import FileSource, load


def asked(graph: str, folder: Path, *arguments: str) -> list[dict]:
    """Run a command; give its rows from JSON, where ids are texts."""
    place = folder / "answer.json"
    run_ok(*arguments, "--graph", graph, "--json", str(place))
    return json.loads(place.read_text())


def root(number: int) -> str:
    return str(BASE + number)


def test_influence_without_a_loop(graph: str, tmp_path: Path) -> None:
    rows = asked(graph, tmp_path, "influence", root(5))  # from 5 synapses up
    found = {row["neuron_id"]: row["influence"] for row in rows if row["influence"]}
    assert found == pytest.approx({root(5): 1, root(1): 7, root(2): 35, root(3): 35})
    assert [row["neuron_id"] for row in rows if row["is_seed"]] == [root(5)]


def test_influence_with_silenced_neurons_and_shares(graph: str, tmp_path: Path) -> None:
    quiet = ["influence", root(5), "--silence", root(1)]
    found = {r["neuron_id"]: r["influence"] for r in asked(graph, tmp_path, *quiet)}
    assert {key: value for key, value in found.items() if value} == {root(5): 1, root(1): 7}
    where = asked(graph, tmp_path, "influence", root(5), "--silence-where", "cell_class=ER")
    assert {r["neuron_id"]: r["influence"] for r in where}[root(1)] == 7
    shares = asked(graph, tmp_path, "influence", root(5), "--share-of-input")
    assert {r["neuron_id"]: r["influence"] for r in shares}[root(2)] == pytest.approx(1)


def test_influence_by_class(graph: str, tmp_path: Path) -> None:
    rows = asked(graph, tmp_path, "influence", root(5), "--by", "cell_class")
    assert set(rows[0]) == {
        "cell_class", "neurons", "seeds", "influence", "mean_influence", "adjusted_influence",
    }  # fmt: skip


def test_effective(graph: str, tmp_path: Path) -> None:
    (row,) = asked(graph, tmp_path, "effective", root(5), "--to", root(3), "--hops", "2")
    assert (row["pre"], row["post"]) == (root(5), root(3))
    # 5 gives 7 of the 11 synapses onto 1, which gives all onto 3
    assert [row["hop_1"], row["hop_2"]] == pytest.approx([0, 7 / 11])


def test_effective_paths(graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["effective", root(5), "--to", root(3), "--by", "cell_class", "--paths"]
    (row,) = asked(graph, tmp_path, *arguments)
    assert row["hops"] == 2
    assert row["contribution"] == pytest.approx(7 / 11)
    assert len(row["path"]) == 3
    said = fails(capsys, 2, "effective", root(5), "--to", root(3), "--paths", "--graph", graph)
    assert "--paths needs --by" in said


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """1 ==6=> 2 ==6=> 3, 1 ==2=> 3: 1 excites and 2 inhibits; all in AL but 1 => 3."""
    folder = tmp_path_factory.mktemp("signed")
    rows = folder / "rows.csv"
    rows.write_text("pre,post,neuropil,weight\n11,12,AL,6\n12,13,AL,6\n11,13,LH,2\n")
    cells = folder / "cells.csv"
    cells.write_text("root_id,nt_type\n11,ACH\n12,GLUT\n13,\n")
    load(FileSource(rows, annotations=[cells]), folder / "g.lbug", progress=False)
    return str(folder / "g.lbug")


def test_signs_of_influence_and_effective_connectivity(signed: str, tmp_path: Path) -> None:
    for table, sign in (("fly", -1), ("mammal", 1)):
        rows = asked(signed, tmp_path, "influence", "11", "--signed", table)
        assert {r["neuron_id"]: r["influence"] for r in rows} == pytest.approx(
            {"11": 1, "12": 6, "13": 36 * sign}
        )
        arguments = ["effective", "11", "--to", "13", "--hops", "2", "--signed", table]
        (row,) = asked(signed, tmp_path, *arguments)
        assert [row["hop_1"], row["hop_2"]] == pytest.approx([2 / 8, sign * 6 / 8])
    own = tmp_path / "own.json"
    own.write_text('{"acetylcholine": -1, "glutamate": 0, "unknown": 0}')
    (row,) = asked(signed, tmp_path, *arguments[:-1], str(own))
    assert [row["hop_1"], row["hop_2"]] == pytest.approx([-2 / 8, 0])


def test_motifs_of_signs_and_in_regions(
    signed: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    search = ["motifs", "search", "A -| B", "--graph", signed]
    capsys.readouterr()
    run_ok(*search, "--signed", "fly", "--count")
    assert capsys.readouterr().out.strip() == "1"
    assert "give a table of signs" in fails(capsys, 2, *search)
    assert asked(signed, tmp_path, "motifs", "search", "A -> B", "--region", "LH") == [
        {"A": "11", "B": "13", "weight_A_B": 2}
    ]
    rows = asked(signed, tmp_path, "motifs", "census", "--region", "AL")
    assert {r["triad"]: r["count"] for r in rows if r["count"]} == {"021C": 1}
    rows = asked(signed, tmp_path, "counts", "13", "--by-region")
    assert [(r["region"], r["input_synapses"]) for r in rows] == [("AL", 6), ("LH", 2)]
