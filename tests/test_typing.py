"""The public API type-checks as a user would write it, and refuses what a user would get wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
mypy = pytest.importorskip("mypy")


def check(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *more, str(path)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def test_good_code_passes() -> None:
    done = check(ROOT / "tests" / "typing" / "as_a_user_writes_it.py")
    assert done.stdout == ""


def test_mistakes_are_found(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import graphapi as cp\n"
        "cp.get_connectivity([1], treshold=3)\n"
        "cp.get_adjacency([1], form='matrix')\n"
        "cp.get_partners([1], 'sideways')\n"
        "cp.get_connectivity([1]).to_networkx()\n"
    )
    lines = {
        int(line.split(":")[1])
        for line in check(bad).stdout.splitlines()
        if ": error:" in line and line.startswith(str(bad))
    }
    assert lines == {2, 3, 4, 5}
