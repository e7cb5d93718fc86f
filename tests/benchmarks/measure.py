"""Times, memory and the machine."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("ladybug", "neo4j", "duckdb", "ibis-framework", "pandas", "pyarrow", "numpy", "scipy")


def alternating(
    calls: Mapping[str, Callable[[], object]], *, rounds: int, most_seconds: float = 40.0
) -> dict[str, dict[str, float]]:
    """Time calls in turns, so that what else the machine does falls on all of them alike.

    Returns
    -------
    dict
        For each call its `first` time, the `median` and the `best` of the rounds after it, in
        seconds, and their number; and the median of this process's `processor` time. A call that
        is slow is repeated less often.
    """
    first, times = {}, {name: list[float]() for name in calls}
    processor = {name: list[float]() for name in calls}
    for name, call in calls.items():
        first[name] = _seconds(call)
    start = time.perf_counter()
    for _ in range(rounds):
        for name, call in calls.items():
            if sum(times[name]) <= most_seconds / 4:
                before = time.process_time()
                times[name].append(_seconds(call))
                processor[name].append(time.process_time() - before)
        if time.perf_counter() - start > most_seconds:
            break
    return {
        name: {
            "first": first[name],
            "median": statistics.median(times[name]),
            "best": min(times[name]),
            "processor": statistics.median(processor[name]),
            "rounds": len(times[name]),
        }
        for name in calls
    }


@contextmanager
def costs(into: dict[str, float]) -> Iterator[None]:
    """Note seconds on the clock and seconds of processor, children included."""
    start, before = time.perf_counter(), _processor()
    yield
    into["seconds"] = time.perf_counter() - start
    into["processor"] = _processor() - before


def peak_bytes() -> int:
    """Most memory this process has had, or a child of it that has ended."""
    own, child = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return max(own, child) * 1024


def machine() -> dict[str, Any]:
    """Describe the machine and the versions of what is measured."""
    info = Path("/proc/cpuinfo")
    models = [
        line.split(":", 1)[1].strip()
        for line in (info.read_text().splitlines() if info.exists() else [])
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "began": time.strftime("%Y-%m-%d"),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "java": _java(),
        "packages": {name: version(name) for name in PACKAGES},
        "load_average": round(os.getloadavg()[0], 1),
    }


def forget(path: Path) -> None:
    """Ask the system to drop a file from its cache, as after a restart."""
    if not hasattr(os, "posix_fadvise"):
        return
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    sys.stderr.write(f"[{time.strftime('%H:%M:%S')}] {text}\n")


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        return "no Java"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    return told.splitlines()[0] if told else "Java"


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
