"""Run a command of the command line, and check how it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loader.cli import main

#: Root ids of the small graph are this and a small number more.
BASE = 576460752700000000
#: Runs a command; its exit code, what it prints, and what it says on standard error.
Run = Callable[..., tuple[int, str, str]]


def run_ok(*arguments: str) -> None:
    """Run a command that must work."""
    with pytest.raises(SystemExit) as done:
        main(list(arguments))
    assert done.value.code in (0, None)


def run_any(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command; return its exit code, its output and its errors. No traceback is allowed."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as done:
        main(list(arguments))
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return int(done.value.code or 0), printed.out, printed.err


def run_out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must work; return its output."""
    code, printed, problem = run_any(capsys, *arguments)
    assert code == 0, problem
    return printed


def fails(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """Run a command that must fail with a code; return its errors."""
    found, _, problem = run_any(capsys, *arguments)
    assert found == code, problem
    return problem
