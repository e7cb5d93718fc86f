"""Run a command of the command line, and tell what it should come to."""

from __future__ import annotations

import pytest

from loader.cli import main

#: Root ids of the small graph are this and a small number more.
BASE = 576460752700000000


def run_ok(*arguments: str) -> None:
    """Run a command that must work."""
    with pytest.raises(SystemExit) as done:
        main(list(arguments))
    assert done.value.code in (0, None)


def run_out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must work; what it prints."""
    capsys.readouterr()
    run_ok(*arguments)
    return capsys.readouterr().out


def fails(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """Run a command that must fail with a code and no traceback; what it says."""
    with pytest.raises(SystemExit) as done:
        main(list(arguments))
    said = capsys.readouterr().err
    assert done.value.code == code, said
    assert "Traceback" not in said
    return said
