"""A separate process imports from where this one does, except from the current folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphapi.common import childprocess
from support.graphs import build_graph, connections_frame

ROOT = Path(__file__).parents[2]
#: Imported by each of our processes; in a stranger's folder they say that they ran.
PLANTED = ("pickle", "pyarrow", "ladybug")
SCRIPT = f"""
import os, sys
import {", ".join(PLANTED)}
from graphapi.engines.ladybug import LadybugEngine
from loader import load
graph, stranger, rows = sys.argv[1:]
os.chdir(stranger)
sys.path.insert(0, '')  # as in an interactive session
os.environ['PYTHONPATH'] = stranger
"""
STARTED = {
    "query": (
        "engine = LadybugEngine.open(graph)\n"
        "print(engine.run_text('MATCH (n:Neuron) RETURN count(n) AS n').to_pylist()[0]['n'])"
    ),
    "check": "import graphapi; print(len(graphapi.Connectome.open(graph).root_ids()))",
    "load": (
        "report = load(rows, graph + '2', work=graph + '.work', progress=False)\n"
        "print(report.record.counts['neurons'])"
    ),
}


@pytest.mark.parametrize("what", STARTED)
def test_a_strangers_module_is_not_imported(tmp_path: Path, what: str) -> None:
    graph = build_graph(tmp_path, connections_frame([(5, 6, 7)]))
    os.utime(graph)  # changed since its load, so opening it starts a process
    (rows := tmp_path / "rows.csv").write_text("pre,post,weight\n5,6,7\n")
    (stranger := tmp_path / "stranger").mkdir()
    for name in PLANTED:
        (stranger / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + STARTED[what], str(graph), str(stranger), str(rows)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.split() == ["2"], done.stderr
    assert not (tmp_path / "ran").exists()


def folders() -> list[str]:
    command = childprocess.python_command("a.module")
    assert command[:2] == [sys.executable, "-I"]
    assert command[-1] == "a.module"
    found: list[str] = json.loads(command[-2])
    return found


def test_the_current_folder_is_left_out_unless_it_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = str(tmp_path / "library")
    monkeypatch.setattr(sys, "path", ["", library, str(tmp_path), "."])
    monkeypatch.chdir(tmp_path)
    assert folders() == [library]
    monkeypatch.setattr(childprocess, "_OURS", tmp_path)
    assert folders() == [str(tmp_path), library, str(tmp_path), str(tmp_path)]


def test_a_current_folder_that_was_deleted_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (gone := tmp_path / "gone").mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path)])
    gone.rmdir()
    assert folders() == [str(tmp_path)]
