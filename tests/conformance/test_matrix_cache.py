"""The matrix on disk: right for every engine, and never trusted where it must not be."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy import ANNOTATIONS, ROWS, ids

import graphapi
from graphapi.errors import InputError
from graphapi.graph import matrixcache
from graphapi.graph.matrixcache import MatrixCache


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that also keeps small graphs."""
    monkeypatch.setenv("CAVEGRAPH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CAVEGRAPH_MATRIX_CACHE", "8G")
    monkeypatch.setattr(matrixcache, "SMALLEST", 1)
    return tmp_path / "cache" / "matrices"


@pytest.fixture
def other(toy: graphapi.Connectome, opened_again):
    return lambda: opened_again(toy)


def rows_of(connectome: graphapi.Connectome, threshold: int = 1) -> list[tuple[int, int, int]]:
    found = connectome.to_sparse(threshold).connections
    return sorted(
        zip(found.pre.tolist(), found.post.tolist(), found.weight.tolist(), strict=True)
    )  # fmt: skip


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.exists() else []


READS = {"all_connections", "connections_from", "all_neurons"}


def test_another_process_reads_nothing(toy, other, folder: Path) -> None:
    expected = rows_of(toy)
    assert len(expected) == 8
    (path,) = files(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again, reads = other()
    assert rows_of(again) == expected
    assert rows_of(again, 3) == rows_of(toy, 3) == [row for row in expected if row[2] >= 3]
    assert again.motifs.census() == toy.motifs.census()
    assert again.get_influence(ids(1)).equals(toy.get_influence(ids(1)))
    assert not READS & set(reads)
    matrix, roots = again.to_matrix()
    matrix.data[:] = 7
    roots[:] = 0
    assert rows_of(again) == expected


def test_only_what_is_cheap_is_read_ahead(toy, other, folder: Path, monkeypatch) -> None:
    monkeypatch.setattr("graphapi.graph.whole.machine_memory", lambda: 4 * 8 * 40)
    again, reads = other()
    assert not again.whole.read_ahead()
    assert not READS & set(reads)
    monkeypatch.undo()
    monkeypatch.setenv("CAVEGRAPH_CACHE", str(folder.parent))
    monkeypatch.setenv("CAVEGRAPH_MATRIX_CACHE", "8G")
    monkeypatch.setattr(matrixcache, "SMALLEST", 1)
    again, reads = other()
    assert again.whole.read_ahead() is not again.is_served
    assert again.whole.is_read is not again.is_served
    assert bool(READS & set(reads)) is not again.is_served
    expected = rows_of(toy)
    again, reads = other()
    assert again.whole.read_ahead()
    assert rows_of(again) == expected
    assert not READS & set(reads)


def test_a_lower_threshold_replaces_a_higher_one(toy, other, folder: Path) -> None:
    strong = rows_of(toy, 3)
    assert [path.stem.rpartition("-")[2] for path in files(folder)] == ["3"]
    again, reads = other()
    assert rows_of(again, 4) == [row for row in strong if row[2] >= 4]
    assert not READS & set(reads)
    assert len(rows_of(again)) == 8
    assert [path.stem.rpartition("-")[2] for path in files(folder)] == ["1"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-70] ^= 1
    path.write_bytes(content)


def link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


SPOILT = {
    "a bit of the weights": flip,
    "cut short": lambda path: os.truncate(path, path.stat().st_size - 8),
    "made longer": lambda path: path.write_bytes(path.read_bytes() + bytes(64)),
    "empty": lambda path: path.write_bytes(b""),
    "something else": lambda path: path.write_bytes(b"x" * 9000),
    "a header that is no JSON": lambda path: path.write_bytes(
        path.read_bytes().replace(b"{", b"[", 1)
    ),
    "writable by others": lambda path: path.chmod(0o666),
    "a link": link,
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_spoilt_is_read_again(
    toy, other, folder: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = rows_of(toy)
    (path,) = files(folder)
    SPOILT[how](path)
    again, reads = other()
    assert rows_of(again) == expected
    assert READS & set(reads)
    assert "cannot be used and will be made again" in caplog.text
    third, reads = other()
    assert rows_of(third) == expected
    assert not READS & set(reads)


def test_a_folder_of_everybody_is_not_used(
    toy, other, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = rows_of(toy)
    folder.chmod(0o777)
    again, reads = other()
    assert rows_of(again) == expected
    assert READS & set(reads)
    assert "nobody else may write to it" in caplog.text


def test_somebody_elses_file_is_not_used(
    toy, other, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows_of(toy)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    again, reads = other()
    assert len(rows_of(again)) == 8
    assert READS & set(reads)


def test_nothing_is_kept_where_it_is_not_wanted(
    toy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAVEGRAPH_MATRIX_CACHE", "0")
    assert len(rows_of(toy)) == 8
    assert files(folder) == []


def test_a_small_graph_is_not_kept(toy, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrixcache, "SMALLEST", 9)
    assert len(rows_of(toy)) == 8
    assert files(folder) == []


def test_a_folder_that_cannot_be_written_is_no_error(
    toy, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.write_text("a file where the folder should be")
    assert len(rows_of(toy)) == 8
    assert "not kept on disk" in caplog.text


@pytest.mark.parametrize("size", ["4", "lots", "-1G", ""])
def test_a_size_that_is_none(toy, folder: Path, monkeypatch, size: str) -> None:
    monkeypatch.setenv("CAVEGRAPH_MATRIX_CACHE", size)
    with pytest.raises(InputError, match="CAVEGRAPH_MATRIX_CACHE"):
        rows_of(toy)


def test_a_replaced_graph_leaves_no_matrix_behind(toy, folder: Path) -> None:
    """Another load at the same place, as its record says, is another graph."""
    matrix, roots = toy.whole.matrix()
    record = toy.materialization
    for changed in (
        replace(record, load_id="another"),
        replace(record, loaded_at="later"),
        replace(record, counts={**record.counts, "connections": 9}),
        replace(record, checksums={"connections": "another"}),
    ):
        old, new = (MatrixCache(folder, "here", made, 8 << 30) for made in (record, changed))
        assert old.write(1, roots, matrix)
        assert old.read(1) is not None
        before = len(files(folder))
        assert new.read(1) is None
        assert len(files(folder)) == before - 1
        assert old.read(1) is None


def test_the_longest_unused_goes_first(toy, folder: Path) -> None:
    matrix, roots = toy.whole.matrix()
    record = toy.materialization
    for path in files(folder):
        path.unlink()
    size = None
    for number in range(4):
        limit = 8 << 30 if size is None else 3 * size
        cache = MatrixCache(folder, f"place {number}", record, limit)
        assert cache.write(1, roots, matrix)
        size = size or files(folder)[0].stat().st_size
        for path in files(folder):
            if path.name.startswith(cache._place()):
                os.utime(path, (1000 + number, 1000 + number))
        if number == 2:  # the first is used again
            assert MatrixCache(folder, "place 0", record, limit).read(1) is not None
    kept = [
        k for k in range(4)
        if MatrixCache(folder, f"place {k}", record, 8 << 30).read(1) is not None
    ]  # fmt: skip
    assert kept == [0, 2, 3]
    assert not MatrixCache(folder, "place 9", record, size - 1).write(1, roots, matrix)


def test_sizes_follow_a_mapped_matrix(toy, other, folder: Path) -> None:
    motif = "A -> B [weight >= 5]"
    expected = toy.motifs.count(motif, method="compiled")
    again, _ = other()
    assert again.motifs.count(motif, method="compiled") == expected > 0
    mapped, _ = again.whole.matrix()
    assert not mapped.data.flags.writeable
    assert mapped.data.dtype == np.int64


def test_every_connection_of_the_rows(put, folder: Path) -> None:
    del folder
    with put(ROWS, ANNOTATIONS) as connectome:
        assert (
            sum(weight for *_, weight in rows_of(connectome)) == len(ROWS) - 2 - 2
        )  # without autapses and background
