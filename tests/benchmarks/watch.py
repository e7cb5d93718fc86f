"""Watch a command and all processes below it: time, memory and disk of each of its phases."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .measure import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Seconds between two looks at the processes, at the disk, and between two signs of life.
_LOOK, _DISK, _ALIVE = 0.2, 2.0, 60.0


@dataclass
class Phase:
    """What one phase took.

    Parameters
    ----------
    name
        Its name; the last one is named by how the command ended.
    seconds
        On the clock.
    processor
        Seconds of processor, of all processes, those that ended included.
    peak_mb
        Most resident memory of all processes together. Shared pages count once for each.
    disk_mb
        Most that the folder held.
    """

    name: str = ""
    seconds: float = 0.0
    processor: float = 0.0
    peak_mb: int = 0
    disk_mb: int = 0


@dataclass
class Watched:
    """What a command did: its phases, its last line, and its exit code."""

    code: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    phases: list[Phase] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON values, with the sums and peaks of the phases."""
        return {
            **self.answer,
            "wall_s": round(sum(p.seconds for p in self.phases), 1),
            "processor_s": round(sum(p.processor for p in self.phases), 1),
            "peak_mb": max((p.peak_mb for p in self.phases), default=0),
            "disk_mb": max((p.disk_mb for p in self.phases), default=0),
            "phases": [asdict(phase) for phase in self.phases],
        }


def watched(
    command: Sequence[str],
    folder: Path,
    environment: dict[str, str],
    finished: Callable[[Phase], None] = lambda _: None,
) -> Watched:
    """Run a command that prints a line of JSON after each phase: `{"phase": NAME}`.

    Its last line is its answer. The command ends with this process, and nothing else does.
    """
    found = Watched()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    watcher = _Watcher(process.pid, folder)
    assert process.stdout is not None
    try:
        watcher.start()
        for line in process.stdout:
            if not line.startswith("{"):  # a library may print too
                sys.stderr.write(line)
                continue
            told = json.loads(line)
            if "phase" in told:
                found.phases.append(watcher.phase(told["phase"]))
                finished(found.phases[-1])
            else:
                found.answer = told
        found.code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        watcher.stop()
    found.phases.append(watcher.phase("the rest" if found.code == 0 else "ended early"))
    return found


class _Watcher:
    def __init__(self, root: int, folder: Path) -> None:
        self._root, self._folder = root, folder
        self._ended = threading.Event()
        self._mutex = threading.Lock()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._since, self._used = time.perf_counter(), 0.0
        self._phase, self._processor, self._now = Phase(), 0.0, 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def phase(self, name: str) -> Phase:
        """End a phase, and begin the next one."""
        with self._mutex:
            now, ended = time.perf_counter(), self._phase
            ended.name = name
            ended.seconds = round(now - self._since, 1)
            ended.processor = round(self._processor - self._used, 1)
            self._since, self._used, self._phase = now, self._processor, Phase()
        return ended

    def _watch(self) -> None:
        disk_at = alive_at = time.perf_counter()
        while not self._ended.wait(_LOOK):
            memory, processor = _tree(self._root)
            now = time.perf_counter()
            disk = 0
            if now - disk_at >= _DISK:
                disk, disk_at = size_of(self._folder), now
            with self._mutex:
                self._processor = max(self._processor, processor)
                self._phase.peak_mb = max(self._phase.peak_mb, memory // 10**6)
                self._phase.disk_mb = max(self._phase.disk_mb, disk // 10**6)
            if now - alive_at >= _ALIVE:
                alive_at = now
                say(
                    f"  {now - self._since:,.0f} s in this phase, memory {memory / 1e9:.1f} GB, "
                    f"disk {size_of(self._folder) / 1e9:.1f} GB"
                )


def _tree(root: int) -> tuple[int, float]:
    """Sum the resident bytes and the seconds of processor of a process and all below (Linux)."""
    parents, sizes, ticks = {}, {}, {}
    page = os.sysconf("SC_PAGE_SIZE")
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            pid = int(folder.name)
            parents[pid], sizes[pid] = int(fields[1]), int(fields[21]) * page
            ticks[pid] = sum(map(int, fields[11:15]))  # with those of children that have ended
    below = {root}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    seconds = sum(ticks.get(pid, 0) for pid in below) / os.sysconf("SC_CLK_TCK")
    return sum(sizes.get(pid, 0) for pid in below), seconds


def size_of(folder: Path) -> int:
    """Return the bytes that the files of a folder take on the disk."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # it has just been removed
            total += path.lstat().st_blocks * 512
    return total
