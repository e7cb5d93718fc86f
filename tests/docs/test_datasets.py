"""Each command of docs/datasets.md, typed in a folder of samples with the files' own names."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
from examples import ROOT, blocks

from graphapi import IsNull, Not, NotNull
from graphapi.connectome import Connectome
from loader.cli import main
from support.samples import NO_SAMPLES, SAMPLES, make_samples

COMMANDS = [
    line
    for block in blocks(ROOT / "docs" / "datasets.md")
    if "test_datasets.py runs it" in block.notes
    for line in block.code.splitlines()
]
#: The load of the samples whose weights each command must give, by the graph that it makes.
RIGHT = {
    "codex": "codex", "flywire": "zenodo", "proofread": "zenodo_only_listed",
    "cleft50": "zenodo_synapses_cleft_50", "hemibrain": "hemibrain", "banc": "banc",
    "microns": "microns_csv", "cells": "microns_view", "h01": "h01_json_lines",
    "larva": "square_matrix", "malecns": "male_cns", "worm": "chemical_only",
}  # fmt: skip

ANNOTATIONS = {
    "codex": {"classification.csv.gz": "root_id", "consolidated_cell_types.csv.gz": "root_id"},
    "malecns": {"body-annotations-male-cns-v1.0-minconf-0.5.feather": "bodyId",
                "body-neurotransmitters-male-cns-v1.0.feather": "body"},
}  # fmt: skip
#: Criteria on fields of different annotation tables, and the same by hand: text or condition, test.
TABLES = {
    "codex": (
        {
            "primary_type": ("T1a", lambda text: text == "T1a"),
            "side": ("left", lambda text: text == "left"),
        },
        {"class": (Not("kenyon_cell"), lambda text: text != "Kenyon_Cell")},
        {
            "class": (IsNull(), lambda text: text != text),
            "primary_type": ("t0A", lambda text: text == "T0a"),
        },
    ),
    "malecns": (
        {
            "type": ("A1", lambda text: text == "A1"),
            "consensus_nt": (NotNull(), lambda text: text == text),
        },
    ),
}


def read_together(folder, files: dict[str, str]) -> pd.DataFrame:
    """A row for each neuron: these tables have one row for each."""
    read = {".gz": pd.read_csv, ".feather": pd.read_feather}
    tables = [read[Path(f).suffix](folder / f).set_index(root) for f, root in files.items()]
    here = tables[0].join(tables[1:])
    return here[here["status"] == "Traced"] if "status" in here else here


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    made, folder = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("flat")
    expected = make_samples(made, 5)
    for path in made.rglob("*"):
        if path.is_file() and path.parent.name not in ("shards", "microns_lone"):
            shutil.copy(path, folder / path.name)
    return folder, expected


def graph_of(command: str) -> str:
    return Path(shlex.split(command)[-1]).stem


def test_every_family_has_a_command() -> None:
    assert {graph_of(command) for command in COMMANDS} == set(RIGHT)


@pytest.mark.skipif(not SAMPLES.exists(), reason=NO_SAMPLES)
@pytest.mark.parametrize("command", COMMANDS, ids=graph_of)
def test_a_command_makes_the_right_graph(flat, command, monkeypatch, capsys) -> None:
    folder, expected = flat
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "0")
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command)[1:])
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    assert "read as" in printed.out
    name = graph_of(command)
    told = expected[RIGHT[name]]
    with Connectome.open(folder / f"{name}.lbug") as connectome:
        rows = connectome.cypher(
            "MATCH (a:Neuron)-[c:CONNECTS]->(b:Neuron) "
            "RETURN a.root_id AS pre, b.root_id AS post, c.weight AS weight"
        )
        found = sorted(rows[["pre", "post", "weight"]].values.tolist())
        for fields in TABLES.get(name, ()):
            asked = {field: wanted for field, (wanted, _) in fields.items()}
            here = read_together(folder, ANNOTATIONS[name])
            fits = [here[field].map(test) for field, (_, test) in fields.items()]
            assert any(map(all, zip(*fits, strict=True))), "the samples have such a neuron"
            chosen = here.index[[all(row) for row in zip(*fits, strict=True)]]
            assert connectome.criteria(**asked).get_roots().tolist() == sorted(chosen)
    if name == "worm":
        assert [row[2] for row in found] == [row[2] for row in told["named_weights"]]
        return
    right = sorted(told["weights"])
    if name == "malecns":  # without the two that are not traced
        roots = sorted(map(int, told["fields"]))
        right = [row for row in right if row[0] in roots[:10] and row[1] in roots[:10]]
    assert found == right
