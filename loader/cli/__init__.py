"""The command `cavegraph`: every error becomes one clear message and an exit code."""

from __future__ import annotations

import io
import sys
import warnings

from graphapi.errors import (
    CaveError,
    CavegraphError,
    EngineError,
    InputError,
    InvalidRootIdError,
    LoadError,
    NotFoundError,
)
from loader.work.visible import visible

#: The exit code of each kind of error; the first match counts. Everything else exits with 1.
EXIT_CODES: tuple[tuple[type[CavegraphError], int], ...] = (
    (InputError, 2),
    (NotFoundError, 3),
    (EngineError, 4),
    (CaveError, 5),
    (LoadError, 6),
)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; our own errors and those of the disk never show a traceback."""
    from loader.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a character, as cp1252 lacks alpha, shows its escape.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            app(args=arguments, prog_name="cavegraph")
    except CavegraphError as error:
        if isinstance(error, InvalidRootIdError) and error.meant:
            field, value = error.meant
            named = value if isinstance(value, str) else ",".join(value)
            error.hint = f"did you mean --where {field}={named}?"
        _complain(error)
        raise SystemExit(exit_code(error)) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(141) from None
    except OSError as error:
        place = f"'{error.filename}': " if error.filename else ""
        _complain(
            f"{place}{error.strerror or error}\n"
            "  -> check the path, its permissions, and the free disk space"
        )
        raise SystemExit(1) from None


def exit_code(error: CavegraphError) -> int:
    """Return the exit code of an error."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)


def _show_warning(message: Warning | str, *_place: object, **_more: object) -> None:
    """Show a warning's message without its place in the source."""
    _complain(message)


def _complain(message: object) -> None:
    said = visible(str(message), keep="\n")
    sys.stderr.write(f"cavegraph: {said}\n")
