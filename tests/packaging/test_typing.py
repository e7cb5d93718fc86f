"""The installed package type-checks as a user would write it, and refuses his mistakes.

mypy looks at the wheel, away from the checkout: without `py.typed` in it, it would see no types.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "tests" / "typing" / "as_a_user_writes_it.py"
BAD = """\
import graphapi as cp
cp.get_connectivity([1], treshold=3)
cp.get_adjacency([1], form='matrix')
cp.get_partners([1], 'sideways')
cp.get_connectivity([1]).to_networkx()
cp.get_subgraph([1]).to_sparse()
"""
SETTINGS = """\
[mypy]
strict = True
ignore_missing_imports = True
[mypy-pyvista.plotting.lookup_table]
follow_imports = skip
"""  # that module takes mypy ten seconds
pytest.importorskip("mypy")
pytestmark = [pytest.mark.xdist_group("wheel"), pytest.mark.slow]


def test_good_code_passes_and_mistakes_are_found(installed) -> None:
    good, bad = installed.folder / "good.py", installed.folder / "bad.py"
    good.write_text(GOOD.read_text())
    bad.write_text(BAD)
    settings = installed.folder / "settings.ini"
    settings.write_text(SETTINGS)
    checker = [sys.executable, "-m", "mypy", "--config-file", str(settings), "--no-error-summary"]
    checker += ["--python-executable", str(installed.python)]
    done = subprocess.run(
        [*checker, "good.py", "bad.py"], capture_output=True, text=True, cwd=installed.folder
    )
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line for line in lines if not line.startswith("bad.py:")] == []
    assert {int(line.split(":")[1]) for line in lines} == {2, 3, 4, 5, 6}
