"""A disk that is full: the old graph stays, leftovers go, the stages are taken up again.

A limit on the size of files stands for the disk: a write that passes it fails as one on a full
disk does, with another number.
"""

from __future__ import annotations

import bz2
import os
import resource
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import readback

from graphapi.errors import CavegraphError
from loader import load

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no limits on files there")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    pairs = np.unique(np.random.default_rng(9).integers(1, 4000, (60_000, 2)), axis=0)
    frame = pd.DataFrame(pairs, columns=["pre", "post"]).assign(weight=1)
    frame[frame["pre"] != frame["post"]].to_parquet(path)
    return path


def in_a_process(work) -> str:
    """Run in a forked process, whose limits are its own; return what it says."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            told = work()
        except CavegraphError as error:
            told = f"{type(error).__name__}: {error}"
        except BaseException as error:  # noqa: BLE001 - told to the test
            told = f"FOREIGN {type(error).__name__}: {error}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    os.waitpid(child, 0)
    return told


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("most", [20_000, 600_000])
def test_a_full_disk_while_the_graph_is_written(tmp_path, rows, old, most) -> None:
    place, work = tmp_path / "place" / "g.lbug", tmp_path / "w"
    first = tmp_path / "first.csv"
    first.write_text("pre,post,weight\n5,6,7\n")
    if old:
        load(first, place, work=tmp_path / "v", progress=False)
    before = place.read_bytes() if old else b""

    def full() -> str:
        def on_step(step: str) -> None:
            if step == "aggregate":
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

        load(rows, place, work=work, replace=True, on_step=on_step, progress=False)
        return "loaded"

    told = in_a_process(full)
    assert told.startswith("LoadError"), told
    assert "is full" in told
    assert "stages are kept" in told
    assert not {"durable", "recovered"} & set(told.replace(",", " ").split())
    assert sorted(p.name for p in place.parent.iterdir()) == (["g.lbug"] if old else [])
    if old:
        assert place.read_bytes() == before
    steps: list[str] = []
    load(rows, place, work=work, replace=True, on_step=steps.append, progress=False)
    assert steps == ["written", "verified", "published"]
    assert len(readback.edges(str(place))) == len(pd.read_parquet(rows))


def test_a_full_disk_while_stages_are_written(tmp_path, rows) -> None:
    work = tmp_path / "w"

    def full() -> str:
        def on_step(step: str) -> None:
            if step == "extracted":
                resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))

        load(rows, tmp_path / "g.lbug", work=work, on_step=on_step, progress=False)
        return "loaded"

    told = in_a_process(full)
    assert told.startswith("LoadError"), told
    assert "is full" in told
    assert not (tmp_path / "g.lbug").exists()
    left = [p.name for p in work.rglob("*") if p.name.endswith(".part") or p.name == "scratch"]
    assert left == []
    load(rows, tmp_path / "g.lbug", work=work, progress=False)


def packed(rows: Path, kind: str) -> Path:
    """Write the rows as text, in a format that has to be unpacked or rewritten first."""
    text, target = rows.with_suffix(".csv"), rows.with_name(f"given.{kind}")
    pd.read_parquet(rows).to_csv(text, index=False)
    if kind == "csv.bz2":
        target.write_bytes(bz2.compress(text.read_bytes()))
    elif kind == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(text, "rows.csv")
    elif kind == "tar.gz":
        with tarfile.open(target, "w:gz") as tar:
            tar.add(text, "rows.csv")
    else:
        text.rename(target)
    return target


@pytest.mark.parametrize("kind", ["csv", "csv.bz2", "zip", "tar.gz", "annotations"])
def test_a_full_disk_while_files_are_read(tmp_path, rows, kind) -> None:
    """The file that is read is not to blame: it is not called damaged."""
    work, to = tmp_path / "w", tmp_path / "g.lbug"
    source, annotations = rows, []
    if kind == "annotations":
        ids = np.arange(1, 4000)
        names = [f"{number * 7919 % 999_983:x}" * 4 for number in ids]
        annotations = [tmp_path / "names.parquet"]
        pd.DataFrame({"root_id": ids, "cell_type": names}).to_parquet(annotations[0])
    else:
        source = packed(rows, kind)
    given = f"{source}::rows.csv" if kind in ("zip", "tar.gz") else source

    def full() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
        load(given, to, annotations=annotations, work=work, progress=False)
        return "loaded"

    told = in_a_process(full)
    assert told.startswith("LoadError"), told
    assert "is full" in told
    assert "same load again" in told
    assert "download it again" not in told
    assert not to.exists()
    left = [p.name for p in work.rglob("*") if p.name.endswith(".part") or p.name == "scratch"]
    assert left == []
    load(given, to, annotations=annotations, work=work, progress=False)
    assert len(readback.edges(str(to))) == len(pd.read_parquet(rows))


def test_a_full_disk_while_files_for_neo4j_are_written(tmp_path, rows) -> None:
    work, to = tmp_path / "w", tmp_path / "import"

    def full() -> str:
        def on_step(step: str) -> None:
            if step == "aggregate":
                resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))

        load(rows, f"neo4j-import:{to}", work=work, on_step=on_step, progress=False)
        return "loaded"

    told = in_a_process(full)
    assert told.startswith("LoadError"), told
    assert "is full" in told
    steps: list[str] = []
    load(rows, f"neo4j-import:{to}", work=work, on_step=steps.append, progress=False)
    assert steps == ["written", "verified", "published"]


@pytest.mark.parametrize("name", ["~nobody-of-this-name.lbug", "~nobody-of-this-name/g.lbug"])
def test_a_home_folder_of_nobody_is_refused(tmp_path, name, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("pre,post,weight\n5,6,7\n")
    for given in ({"to": name}, {"to": f"neo4j-import:{name}"}, {"to": "g.lbug", "work": name}):
        with pytest.raises(ValueError, match="home folder of an unknown user") as caught:
            load("rows.csv", **given)
        assert f"'{tmp_path / name}'" in str(caught.value)
    load("rows.csv", tmp_path / name, work=tmp_path / "w")
    assert (tmp_path / name).exists()
