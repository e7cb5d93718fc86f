"""Saved queries on the command line: listed, printed, and run as printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from commands import BASE, fails, run_out

CYPHER = Path(__file__).resolve().parents[2] / "cypher"


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    listed = [line.split()[0] for line in run_out(capsys, "saved").splitlines()]
    files = [sorted(CYPHER.glob(f"{folder}/*.cypher")) for folder in ("explore", "motifs")]
    assert listed == [path.stem for folder in files for path in folder]
    for_files = [line.split()[0] for line in run_out(capsys, "saved", "-e", "ladybug").splitlines()]
    assert "strongest_paths" in for_files
    assert "schema_picture" not in for_files


def test_a_query_runs_as_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edges = pd.DataFrame([(1, 2, 5), (2, 3, 4), (1, 3, 1)], columns=["pre", "post", "weight"])
    edges[["pre", "post"]] += BASE
    edges.to_csv(tmp_path / "edges.csv", index=False)
    graph = str(tmp_path / "g.lbug")
    run_out(capsys, "load", str(tmp_path / "edges.csv"), "--to", graph)
    text = run_out(capsys, "saved", "strongest_paths", "--engine", "ladybug")
    assert text.startswith("// strongest paths\n")
    text = re.sub("576460752702328878", str(BASE + 1), text)
    text = re.sub("576460752732847432", str(BASE + 3), text).replace(">= 5", ">= 1")
    place = tmp_path / "paths.json"
    run_out(capsys, "cypher", text, "--graph", graph, "--json", str(place))
    rows = json.loads(place.read_text())
    assert [(row["weakest"], row["weights"]) for row in rows] == [(4, [5, 4]), (1, [1])]
    assert rows[0]["root_ids"] == [str(BASE + 1), str(BASE + 2), str(BASE + 3)]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["nosuch"], "lists them"),
        (["schema_picture", "--engine", "ladybug"], "for graph files"),
        (["--engine", "oracle"], "neo4j, ladybug"),
    ],
)
def test_errors(capsys: pytest.CaptureFixture[str], arguments: list[str], hint: str) -> None:
    assert hint in fails(capsys, 2, "saved", *arguments)
