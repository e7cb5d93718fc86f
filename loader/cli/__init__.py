"""The command `cavegraph`: errors become one clear message and an exit code of their own."""

from __future__ import annotations

import io
import sys
import warnings
from typing import TextIO

from graphapi.errors import (
    CaveError,
    CavegraphError,
    EngineError,
    InputError,
    LoadError,
    NotFoundError,
)
from loader.cli.terminal import visible

#: Exit code per kind of error; the first that fits. 1 is left for everything else.
EXIT_CODES: tuple[tuple[type[CavegraphError], int], ...] = (
    (InputError, 2),
    (NotFoundError, 3),
    (EngineError, 4),
    (CaveError, 5),
    (LoadError, 6),
)

#: What stays of the control characters of a message.
_LINES = "\n"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; never shows a traceback for an error of our own or of the disk."""
    from loader.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a sign, as cp1252 lacks alpha, shows its escape.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            app(args=arguments, prog_name="cavegraph")
    except CavegraphError as error:
        sys.stderr.write(f"cavegraph: {visible(str(error), keep=_LINES)}\n")
        raise SystemExit(exit_code(error)) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(141) from None
    except OSError as error:
        place = f"'{error.filename}': " if error.filename else ""
        sys.stderr.write(
            f"cavegraph: {place}{error.strerror or error}\n"
            "  -> check the path, its rights, and the space on the disk\n"
        )
        raise SystemExit(1) from None


def exit_code(error: CavegraphError) -> int:
    """Give the exit code of an error."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show what a warning says, not where in the source it comes from."""
    del category, filename, lineno, line
    (file or sys.stderr).write(f"cavegraph: {visible(str(message), keep=_LINES)}\n")
