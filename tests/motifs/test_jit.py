"""Compiled code is kept in the user's cache, once per machine, and never believed blindly."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
from graphapi.network.jit import compiled

@compiled
def inner(x):
    return 2 * x

@compiled
def doubled(x):
    return inner(x)
"""
CODE = """
import logging, kernel
logging.basicConfig(level="WARNING", format="%(message)s")
print(kernel.doubled(21), kernel.doubled(4))
"""


class Processes:
    """New processes that call the function, with a cache folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.module, self.cache = folder / "kernel.py", folder / "cache" / "cavegraph"
        self.module.write_text(MODULE)
        root = str(Path(__file__).resolve().parents[2])
        self._env = {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{folder}"}
        self._env |= {"NUMBA_CACHE_DIR": str(folder / "cache"), "CAVEGRAPH_PROGRESS": "1"}

    def start(self, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-B", "-c", CODE],
            env=self._env | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, **more: str) -> tuple[str, str]:
        """Return what a process printed, and its messages."""
        process = self.start(**more)
        printed, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return printed.strip(), said

    def code(self) -> list[Path]:
        return sorted(self.cache.iterdir())


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    return Processes(tmp_path)


SAID = "Compiling doubled, once on this machine"


def test_the_first_process_says_so_and_the_second_is_silent(processes: Processes) -> None:
    answer, said = processes.run()
    assert answer == "42 8"
    assert SAID in said
    assert "inner" not in said  # compiled as a part of the other
    assert processes.run() == ("42 8", "")
    names = [path.name.rpartition("-")[0] for path in processes.code()]
    assert names == ["kernel.doubled", "kernel.inner"]
    assert stat.S_IMODE(processes.cache.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in processes.code()} == {0o600}
    beside = {path.name for path in processes.module.parent.iterdir()}
    assert beside == {"kernel.py", "cache"}

    # A changed source is another function, whatever the file's time and length.
    before = processes.module.stat()
    processes.module.write_text(MODULE.replace("2 * x", "3 * x"))
    os.utime(processes.module, ns=(before.st_atime_ns, before.st_mtime_ns))
    answer, said = processes.run(CAVEGRAPH_PROGRESS="0")
    assert (answer, said) == ("63 12", "")  # nobody who watches nothing is told


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _let_others_write(path: Path) -> None:
    path.chmod(0o666)


def _pickle_a_command(path: Path) -> None:
    path.write_bytes(b"cos\nsystem\n(S'touch " + str(path.parent).encode() + b"/x'\ntR.")


def test_code_that_cannot_be_trusted_is_compiled_again(processes: Processes) -> None:
    processes.run()
    for damage in (_cut, _flip_one_bit, _let_others_write, _pickle_a_command):
        for path in processes.code():
            damage(path)
        answer, said = processes.run()
        assert answer == "42 8"
        assert SAID in said
        assert "cannot be used and is compiled again" in said
        assert len(processes.code()) == 2
    assert processes.run() == ("42 8", "")


def test_without_a_folder_each_process_compiles(processes: Processes) -> None:
    processes.cache.parent.write_text("a file where the folder should be")
    answer, said = processes.run()
    assert answer == "42 8"
    assert SAID in said
    assert "compiled code is not kept" in said


def test_two_processes_at_once(processes: Processes) -> None:
    both = [processes.start() for _ in range(2)]
    for process in both:
        printed, said = process.communicate(timeout=120)
        assert (process.returncode, printed.strip()) == (0, "42 8"), said
    assert processes.run() == ("42 8", "")
    assert len(processes.code()) == 2
