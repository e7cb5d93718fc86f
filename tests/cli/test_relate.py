"""Paths, partners, types and similarity on the command line: values counted by hand.

::

    1 ==5=> 2 ==1=> 1      1 ==5=> 3 ==2=> 4 ==3=> 1      5 ==7=> 1
"""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import pytest
from commands import BASE, Run, fails, run_ok


def root(number: int) -> str:
    return str(BASE + number)


def asked(graph: str, folder: Path, *arguments: str) -> list[dict]:
    """Run a command; give its rows from JSON, where ids are texts."""
    place = folder / "answer.json"
    run_ok(*arguments, "--graph", graph, "--json", str(place))
    return json.loads(place.read_text())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("shortest", [([5, 1, 3], [7, 5])]),
        ("strongest", [([5, 1, 3], [7, 5])]),
        ("all", [([5, 1, 3], [7, 5])]),
    ],
)
def test_paths(graph: str, tmp_path: Path, kind: str, expected: list) -> None:
    rows = asked(graph, tmp_path, "paths", root(5), "--to", root(3), "--kind", kind)
    found = [(row["root_ids"], row["weights"], row["hops"], row["weakest"]) for row in rows]
    assert found == [
        ([root(n) for n in path], weights, len(weights), min(weights)) for path, weights in expected
    ]


def test_paths_of_classes_and_thresholds(graph: str, tmp_path: Path) -> None:
    arguments = ["paths", "-w", "cell_class=EBc", "--to-where", "cell_class=ER", "--kind", "all"]
    rows = asked(graph, tmp_path, *arguments)
    assert [row["root_ids"] for row in rows] == [[root(2), root(1)], [root(2), root(1), root(3)]]
    assert asked(graph, tmp_path, *arguments, "--threshold", "2") == []
    assert len(asked(graph, tmp_path, *arguments, "--max-hops", "1")) == 1


def test_a_list_of_paths_that_is_cut_says_so(
    graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["paths", root(2), "--to", root(1), "--to", root(3), "-k", "all", "--limit", "1"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # as for a user, not as for this suite
        rows = asked(graph, tmp_path, *arguments)
    assert len(rows) == 1
    said = capsys.readouterr().err
    assert "cavegraph: there are more than 1 paths" in said
    assert ".py" not in said


def test_partners_with_shares(graph: str, tmp_path: Path) -> None:
    rows = asked(graph, tmp_path, "partners", root(1), "-d", "upstream")
    found = [(r["partner"], r["weight"], r["share_of_output"], r["share_of_input"]) for r in rows]
    assert found == [
        (root(5), 7, 1.0, pytest.approx(7 / 11)),
        (root(4), 3, 1.0, pytest.approx(3 / 11)),
        (root(2), 1, 1.0, pytest.approx(1 / 11)),
    ]
    down = asked(graph, tmp_path, "partners", root(1))
    assert [(r["partner"], r["weight"], r["share_of_output"]) for r in down] == [
        (root(2), 5, 0.5),
        (root(3), 5, 0.5),
    ]


def test_common_partners(graph: str, tmp_path: Path) -> None:
    rows = asked(graph, tmp_path, "common", root(2), root(3))
    assert rows == [
        {"partner": root(1), "shared_by": 2, "weight": 10, root(2): 5, root(3): 5},
    ]
    loose = asked(graph, tmp_path, "common", root(2), root(4), "--at-least", "1")
    assert [(r["partner"], r["shared_by"]) for r in loose] == [(root(1), 1), (root(3), 1)]


def test_types(graph: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = asked(graph, tmp_path, "types", "--by", "cell_class")
    found = {(r["pre_type"], r["post_type"]): r for r in rows}
    assert {pair: r["synapses"] for pair, r in found.items()} == {
        ("ER", "EBc"): 5,
        ("EBc", "ER"): 1,
        ("ER", "ER"): 5,
        ("ER", "PFN?"): 2,
        ("PFN?", "ER"): 3,
        ("Unknown", "ER"): 7,
    }
    assert found["Unknown", "ER"]["mean_weight"] == 7.0
    assert found["ER", "ER"]["share_of_output"] == pytest.approx(5 / 12)
    assert found["ER", "ER"]["share_of_input"] == pytest.approx(5 / 16)
    assert [r["synapses"] for r in rows] == sorted((r["synapses"] for r in rows), reverse=True)
    matrix = asked(graph, tmp_path, "types", "-w", "cell_class=ER", "--matrix", "synapses")
    assert [r["ER"] for r in matrix if r["pre_type"] == "ER"] == [5]
    assert "share_of_input" in fails(capsys, 2, "types", "--graph", graph, "--matrix", "median")


def test_similarity(graph: str, tmp_path: Path) -> None:
    ids = [root(2), root(4), root(1)]
    rows = asked(graph, tmp_path, "similarity", *ids)
    assert (rows[0]["neuron"], rows[0]["other"]) == (root(2), root(4))
    assert [r["similarity"] for r in rows] == [pytest.approx(1), 0, 0]
    up = asked(graph, tmp_path, "similarity", root(2), root(1), "-d", "upstream")
    assert [r["similarity"] for r in up] == [0]
    both = asked(graph, tmp_path, "similarity", root(2), root(3), "-d", "upstream", "--matrix")
    assert [r["neuron_id"] for r in both] == [root(2), root(3)]
    assert both[0][root(3)] == pytest.approx(5 * 5 / math.sqrt(5**2 * 5**2))


@pytest.mark.parametrize(
    "arguments",
    [
        ["paths", root(1)],
        ["paths", root(1), "--to", root(2), "--max-hops", "0"],
        ["paths", root(1), "--to", root(2), "--limit", "0"],
        ["partners"],
        ["common", root(1), "--at-least", "0"],
        ["types", "--by", "weight"],
    ],
)
def test_errors(graph: str, run: Run, arguments: list[str]) -> None:
    code, _, said = run(*arguments, "--graph", graph)
    assert code in (2, 3)
    assert said.startswith("cavegraph: ")
