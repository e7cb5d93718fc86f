"""Samples of published files, which are beside this repository, and their right answers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from .connectomes import DATA

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = DATA / "dumps" / "make_samples.py"
NO_SAMPLES = "the samples are not beside this"


def make_samples(folder: Path, seed: int) -> dict[str, Any]:
    """Write the samples of a seed into a folder, and return what each load must give."""
    if not SAMPLES.exists():
        pytest.skip(NO_SAMPLES)
    subprocess.run([sys.executable, SAMPLES, folder, str(seed)], check=True)
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text())
    return expected
