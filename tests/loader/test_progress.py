"""Progress bars: counts and the time left where somebody watches, nothing elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import loader
from graphapi.common.progress import Progress
from graphapi.engines import open_engine


def last_states(said: str) -> dict[str, str]:
    """Give each bar's last state: `done/total`, by its title."""
    found = re.findall(r"([^\r\n|]+?):\s+\d+%\|[^|]*\| (\S+) \[\d\d:\d\d<", said)
    return dict(found)


@pytest.fixture
def edges(tmp_path: Path) -> Path:
    path = tmp_path / "edges.csv"
    pd.DataFrame({"pre": [5, 6], "post": [6, 7], "weight": [3, 1]}).to_csv(path, index=False)
    return path


def test_a_load_and_a_verification_are_followed_to_their_end(
    edges: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "1")
    loader.load(edges, tmp_path / "g.lbug", work=tmp_path / "w")
    assert last_states(capsys.readouterr().err) == {
        "Summing synapses": "4/4",
        "Writing g.lbug": "5/5",
    }
    engine = open_engine(tmp_path / "g.lbug")
    assert loader.verify_graph(engine).ok
    assert last_states(capsys.readouterr().err) == {"Verifying": "11/11"}
    assert loader.verify_graph(engine, progress=False).ok
    engine.close()
    loader.load(edges, tmp_path / "h.lbug", work=tmp_path / "w2", progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("total", "shown"), [(7, "7/7"), (20_000, "20.0k/20.0k")])
def test_small_counts_are_whole_and_large_ones_short(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], total: int, shown: str
) -> None:
    monkeypatch.setenv("CAVEGRAPH_PROGRESS", "1")
    with Progress("Counting", total) as bar:
        bar.advance(total)
    assert last_states(capsys.readouterr().err) == {"Counting": shown}


TAKEN = """\
edges.csv: taken for connections
  each row is a connection with its weight; rows of the same pair are summed
  columns guessed by their names: pre = pre, post = post, weight = weight
  if this is wrong: --column pre=NAME --column post=NAME --column weight=NAME (or weight=none); \
in Python, columns={...}
"""


def test_nobody_watches_a_pipe(
    edges: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CAVEGRAPH_PROGRESS", raising=False)
    loader.load(edges, tmp_path / "g.lbug", work=tmp_path / "w")
    assert capsys.readouterr().err == TAKEN  # what the file is taken for, and no bar


def test_notebooks_are_watched_and_imports_of_their_machinery_are_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import ipykernel  # noqa: F401
    import IPython

    monkeypatch.delenv("CAVEGRAPH_PROGRESS", raising=False)
    with Progress("Counting", 7) as bar:
        bar.advance(7)
    assert capsys.readouterr().err == ""
    notebook = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setattr(IPython, "get_ipython", lambda: notebook)
    with Progress("Counting", 7) as bar:
        bar.advance(7)
    assert last_states(capsys.readouterr().err) == {"Counting": "7/7"}
