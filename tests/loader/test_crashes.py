"""The engine ends its process while it writes: an error of ours, once more in smaller pieces."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import readback

from graphapi.common import childprocess
from graphapi.errors import EngineError
from loader import load
from loader.writers.base import PieceError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")

#: What runs in the writing process when it has copied a table, or a piece of it.
_HOOK = """
import os, signal, time, pathlib
import pyarrow.parquet as pq
from graphapi.engines.ladybug import LadybugEngine
from graphapi.errors import EngineError
real = LadybugEngine.copy_parquet
def copy(engine, table, path, columns=None):
    real(engine, table, path, columns)
    rows = pq.read_metadata(path).num_rows
    {what}
LadybugEngine.copy_parquet = copy
"""
#: Where a new process starts what it is for.
_BEGINS = "import_module(sys.argv[2])"
_START = childprocess._START
Hook = Callable[[str], None]


def _hooked(what: str) -> str:
    return _START.replace(_BEGINS, _HOOK.format(what=what) + _BEGINS)


@pytest.fixture
def hook(monkeypatch) -> Hook:
    return lambda what: monkeypatch.setattr(childprocess, "_START", _hooked(what))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    pairs = np.unique(np.random.default_rng(4).integers(1, 900, (9_000, 2)), axis=0)
    frame = pd.DataFrame(pairs, columns=["pre", "post"]).assign(weight=1)
    frame[frame["pre"] != frame["post"]].to_parquet(path)
    return path


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT"])
def test_a_crash_at_a_piece_leaves_the_old_graph_and_the_stages(
    tmp_path, rows, hook, name, monkeypatch, caplog
):
    place, work = tmp_path / "place" / "g.lbug", tmp_path / "w"
    first = tmp_path / "first.csv"
    first.write_text("pre,post,weight\n5,6,7\n")
    load(first, place, progress=False)
    before = place.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(
            childprocess,
            "_START",
            _hooked(f"if table == 'CONNECTS': os.kill(os.getpid(), signal.{name})"),
        )
        with caplog.at_level(logging.WARNING), pytest.raises(PieceError) as caught:
            load(rows, place, work=work, replace=True, progress=False)
    assert f"({name}) at piece 1 of 2 of CONNECTS" in str(caught.value)  # the second attempt
    assert "the same command continues" in str(caught.value)
    assert [r.message for r in caplog.records] == [
        f"the process that writes the graph ended ({name}) at piece 1 of 1 of CONNECTS; "
        "writing again, in pieces half the size"
    ]
    assert place.read_bytes() == before
    assert [p.name for p in place.parent.iterdir()] == ["g.lbug"]
    steps: list[str] = []
    hook("if table == 'CONNECTS' and rows > 2500: os.kill(os.getpid(), signal.SIGKILL)")
    load(rows, place, work=work, replace=True, on_step=steps.append, progress=False)
    assert steps == ["written", "verified", "published"]  # at once in four: two have failed
    assert len(readback.edges(str(place))) == len(pd.read_parquet(rows))


@pytest.mark.parametrize(
    "failure",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "raise EngineError('COPY: Buffer manager exception: no room')",
        "os._exit(0)",
    ],
)
def test_pieces_half_the_size_pass(tmp_path, rows, hook, caplog, failure):
    number = len(pd.read_parquet(rows))
    hook(f"if table == 'CONNECTS' and rows > {number // 2 + 1}: {failure}")
    with caplog.at_level(logging.WARNING):
        report = load(rows, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert "pieces half the size" in caplog.text
    assert report.checks is not None
    assert report.checks.ok
    assert len(readback.edges(str(tmp_path / "g.lbug"))) == number


def test_another_memory_limit_starts_with_whole_pieces(tmp_path, rows, hook, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(childprocess, "_START", _hooked("os.kill(os.getpid(), signal.SIGKILL)"))
        with pytest.raises(PieceError):
            load(rows, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    number = len(pd.read_parquet(rows))
    hook(f"if table == 'CONNECTS' and rows != {number}: os._exit(3)")
    load(rows, tmp_path / "g.lbug", work=tmp_path / "w", memory_limit="3GB", progress=False)


def test_what_is_no_matter_of_size_is_not_tried_again(tmp_path, rows, hook, caplog):
    hook("raise EngineError('it is broken', hint='mend it')")
    with pytest.raises(EngineError, match="it is broken") as caught:
        load(rows, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert caught.value.hint == "mend it"
    assert caplog.text == ""
    hook("raise ZeroDivisionError('by zero')")
    with pytest.raises(EngineError, match="ZeroDivisionError: by zero"):
        load(rows, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)


def test_what_the_engine_left_when_it_was_ended_is_removed(tmp_path, rows):
    for suffix in ("", ".wal", ".shadow", ".checkpoint.apply.lock", ".checkpoint.intent.lock"):
        (tmp_path / f".g.lbug.0123456789abcdef.loading{suffix}").touch()
    load(rows, tmp_path / "g.lbug", work=tmp_path / "w", progress=False)
    assert [path.name for path in tmp_path.iterdir() if ".loading" in path.name] == []


def test_the_writing_ends_with_the_load(tmp_path, rows):
    """A load that is killed leaves no process that writes where the next one does."""
    told = tmp_path / "pid"
    what = f"pathlib.Path({str(told)!r}).write_text(str(os.getpid())); time.sleep(600)"
    process = get_context("spawn").Process(target=_load, args=(rows, tmp_path, _hooked(what)))
    process.start()
    child = int(_wait(lambda: told.exists() and told.read_text()))
    os.kill(child, 0)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    _wait(lambda: not _runs(child))


def _load(rows: Path, folder: Path, start: str) -> None:
    childprocess._START = start
    load(rows, folder / "g.lbug", work=folder / "w", progress=False)


def _wait(look: Callable[[], object]) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := look():
            return str(found)
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
