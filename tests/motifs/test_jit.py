"""Compiling says so once per machine, and is silent when the code is in the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
from graphapi.network.jit import compiled

@compiled
def doubled(x):
    return 2 * x
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run the function in a new process; returns what it printed, and its messages."""
    (tmp_path / "kernel.py").write_text(MODULE)
    root = str(Path(__file__).resolve().parents[2])
    env = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}"}
    env |= {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "CAVEGRAPH_PROGRESS": "1"}

    def once(**more: str) -> tuple[str, str]:
        code = "import kernel; print(kernel.doubled(21), kernel.doubled(4))"
        done = subprocess.run(
            [sys.executable, "-c", code], env=env | more, capture_output=True, text=True, check=True
        )
        return done.stdout.strip(), done.stderr

    return once


def test_the_first_process_says_so_and_the_second_is_silent(run) -> None:
    answer, said = run()
    assert answer == "42 8"
    assert "Compiling doubled, once per machine" in said
    assert run() == ("42 8", "")


def test_nobody_who_watches_nothing_is_told(run) -> None:
    assert run(CAVEGRAPH_PROGRESS="0") == ("42 8", "")
