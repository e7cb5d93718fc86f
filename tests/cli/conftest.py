"""One small graph for the tests of the command line, and ways to run a command.

::

    1 ==5=> 2 ==1=> 1      1 ==5=> 3 ==2=> 4 ==3=> 1      5 ==7=> 1
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from commands import BASE, run_any, run_ok

if TYPE_CHECKING:
    from pathlib import Path

    from commands import Run

EDGES = [(1, 2, 5), (2, 1, 1), (1, 3, 5), (3, 4, 2), (4, 1, 3), (5, 1, 7)]
CLASSES = {1: "ER", 2: "EBc", 3: "ER", 4: "PFN?"}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `edges.csv` and `annotations.csv`."""
    folder = tmp_path_factory.mktemp("cli")
    edges = pd.DataFrame(EDGES, columns=["pre", "post", "weight"])
    edges[["pre", "post"]] += BASE
    edges.to_csv(folder / "edges.csv", index=False)
    rows = pd.DataFrame({"root_id": [BASE + k for k in CLASSES], "cell_class": CLASSES.values()})
    rows.to_csv(folder / "annotations.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def graph(files: Path) -> str:
    """The graph made of them, by the command itself."""
    place = str(files / "g.lbug")
    run_ok("load", str(files / "edges.csv"), "-a", str(files / "annotations.csv"), "--to", place)
    return place


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; its exit code, output and errors."""
    return partial(run_any, capsys)
