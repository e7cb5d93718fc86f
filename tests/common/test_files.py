"""Files that are there whole or not at all, with the rights that they should have."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from graphapi.common.files import write_bytes_whole, write_whole
from graphapi.errors import InputError


@pytest.mark.parametrize(("mask", "private", "rights"), [(0o022, False, 0o644), (0, True, 0o600)])
def test_rights_from_the_first_byte_on(
    tmp_path: Path, mask: int, private: bool, rights: int
) -> None:
    seen: list[int] = []

    def write(place: str) -> None:
        seen.append(stat.S_IMODE(Path(place).stat().st_mode))
        Path(place).write_text("x")

    before = os.umask(mask)
    try:
        write_whole(tmp_path / "a.txt", write, private=private)
    finally:
        os.umask(before)
    assert [*seen, stat.S_IMODE((tmp_path / "a.txt").stat().st_mode)] == [rights] * 2


def test_the_process_wide_umask_is_never_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread that makes a file meanwhile would make it writable by everybody."""
    monkeypatch.setattr(os, "umask", lambda _: pytest.fail("the umask was changed"))
    write_bytes_whole(tmp_path / "a", b"x")


def test_a_failure_keeps_what_was_there_and_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail(place: str) -> None:
        Path(place).write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"a\.txt.*No space left"):
        write_whole(target, fail)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_writers_at_once_leave_one_of_their_files(tmp_path: Path) -> None:
    target = tmp_path / "a"
    contents = [bytes([i]) * 100_000 for i in range(8)]
    writers = [threading.Thread(target=write_bytes_whole, args=(target, c)) for c in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert target.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [target]
