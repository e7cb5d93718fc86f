"""What a file is taken for is said before the work on it starts, and once."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pandas as pd
import pytest
from commands import Run

import loader

PRINCETON = pd.DataFrame(
    {
        "pre_root_id": [11, 11, 12],
        "post_root_id": [12, 12, 13],
        "neuropil": ["A", "B", "A"],
        "syn_count": [3, 4, 5],
        "nt_type": ["GABA", "GABA", "ACH"],
    }
)
TYPES = pd.DataFrame({"root_id": [11, 12], "primary_type": ["x", "y"], "additional_type(s)": ""})


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    PRINCETON.to_csv("connections.csv", index=False)
    TYPES.to_csv("types.csv", index=False)
    return tmp_path


def place(said: str, text: str) -> int:
    assert said.count(text) == 1, said
    return said.index(text)


def test_python_says_it_before_any_step_and_the_report_does_not_repeat_it(files, capsys):
    report = loader.load(
        loader.FileSource("connections.csv", annotations=["types.csv"]),
        "g.lbug",
        on_step=lambda step: sys.stderr.write(f"step {step}\n"),
    )
    said = capsys.readouterr().err
    first = place(said, "connections.csv: taken for Codex (FlyWire FAFB): connections by neuropil")
    assert first < place(said, "each row is a connection with its weight")
    assert first < place(said, "pre = pre_root_id, post = post_root_id, weight = syn_count")
    assert place(said, "--column weight=NAME (or weight=none)") < place(said, "step rows\n")
    second = place(said, "types.csv: taken for annotations (Codex (FlyWire FAFB): cell types)")
    assert place(said, "step rows\n") < second
    assert place(said, "root_id = root_id") < place(said, "step annotations/000\n")
    assert "connections.csv read as Codex" in str(report)
    assert "syn_count" not in str(report)
    assert "weight=NAME" not in str(report)


def test_nothing_is_said_if_progress_is_off(files, capsys):
    loader.load("connections.csv", "g.lbug", progress=False)
    assert capsys.readouterr().err == ""


def test_it_is_said_even_if_the_rows_are_refused(files, run: Run):
    PRINCETON.assign(syn_count=[3, 4, -5]).to_csv("connections.csv", index=False)
    code, _, said = run("load", "connections.csv", "--to", "g.lbug")
    assert code == 6
    assert place(said, "connections.csv: taken for") < place(said, "not whole numbers >= 0")


@pytest.mark.parametrize(
    ("table", "options", "lines"),
    [
        (
            pd.DataFrame({"from": [1, 2], "to": [2, 3], "weight": [4, 5]}),
            ["--column", "pre=from", "--column", "post=to"],
            [
                "rows.csv: taken for connections\n",
                "  columns you named: pre = from, post = to\n",
                "  columns guessed by their names: weight = weight\n",
            ],
        ),
        (
            pd.DataFrame({"pre": [1, 1, 2], "post": [2, 2, 3], "x": [4, 5, 6], "y": [1, 2, 3]}),
            [],
            [
                "rows.csv: taken for synapses\n",
                "  each row is one synapse: no column is known as a weight (guessed",
                "  columns guessed by their names: pre = pre, post = post\n",
            ],
        ),
        (
            pd.DataFrame({"pre": [1, 2], "post": [2, 3], "many": [4, 5]}),
            ["--column", "weight=none"],
            ["  each row is one synapse, as you specified\n"],
        ),
        (
            pd.DataFrame([[0, 2], [3, 0]], index=[17, 19], columns=[17, 19]).reset_index(),
            [],
            ["taken for a matrix: rows are presynaptic", "--column pre=columns"],
        ),
        (
            pd.DataFrame({"pre_root_id_720575940": ["600000001", "600000002"],
                          "post_root_id_720575940": ["600000002", "600000001"],
                          "ctr_x": 1, "ctr_y": 2, "ctr_z": 3}),
            [],
            ["each row is one synapse\n", "ids begin with 720575940, from the column names"],
        ),
        (
            pd.DataFrame({"pre": [1, 2], "post": [2, 3], "weight": [4, 5], "a\x1b[31m": 1}),
            ["--column", "size_sum=a\x1b[31m"],
            ["you named: size_sum = a\\x1b[31m\n"],
        ),
    ],
    ids=["said", "synapses", "none", "matrix", "prefix", "steering"],
)  # fmt: skip
def test_what_was_guessed_and_what_the_user_said(files, run: Run, table, options, lines):
    table.to_csv("rows.csv", index=False)
    code, out, said = run("load", "rows.csv", *options, "--to", "g.lbug")
    assert code == 0, said
    for line in lines:
        place(said, line)
    assert "\x1b" not in said + out


def test_the_record_keeps_the_checksum_of_each_file(files):
    report = loader.load(
        loader.FileSource("connections.csv", annotations=["types.csv"]), "g.lbug", progress=False
    )
    assert report.record.reading["sha256"] == [
        [name, hashlib.sha256(Path(name).read_bytes()).hexdigest()]
        for name in ("connections.csv", "types.csv")
    ]
