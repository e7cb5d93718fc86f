"""`cavegraph synthetic` prints the command that loads what it made."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from commands import run_out

from graphapi import Connectome
from loader.sandbox.synthetic import brain


def printed_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    printed = run_out(capsys, "synthetic", str(folder), "--connections", "1200")
    program, *arguments = shlex.split(printed.splitlines()[-1])
    assert program == "cavegraph"
    return arguments


def test_the_printed_command_loads_the_brain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "a brain"
    arguments = printed_command(folder, capsys)
    run_out(capsys, *arguments)
    made = brain.SyntheticBrain.read(folder)
    with Connectome.open(arguments[-1]) as connectome:
        assert connectome.materialization.counts["connections"] == made.connections
        assert "cell_class" in [
            field.name for field in connectome.materialization.annotation_fields
        ]


def test_of_several_parts_it_names_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brain, "_CONNECTIONS_A_CHUNK", 500)
    arguments = printed_command(tmp_path / "brain", capsys)
    assert len(list(Path(arguments[1]).glob("*.parquet"))) > 1
    assert Path(arguments[3]).is_file()
