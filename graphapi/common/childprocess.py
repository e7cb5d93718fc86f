"""Start this Python again, to run one of our modules in a separate process, and talk to it."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from pathlib import Path
from typing import IO, Any

_START = (
    "import json, sys; from importlib import import_module; "
    "sys.path[:] = json.loads(sys.argv[1]); import_module(sys.argv[2]).main()"
)
#: The folder that holds our packages.
_OURS = Path(__file__).resolve().parents[2]


def python_command(module: str) -> list[str]:
    """Return the command that runs `main()` of one of our modules in a new Python.

    The new Python is isolated: it ignores `PYTHONPATH` and the current folder. It imports from
    the folders that this Python imports from, except the current folder, which may hold anyone's
    files. The current folder stays if our packages are in it, as in a checkout.

    Parameters
    ----------
    module
        Full name of the module.
    """
    return [sys.executable, "-I", "-c", _START, json.dumps(_folders()), module]


def own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Keep standard input and output of this process for messages; what else prints is dropped."""
    told, said = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return told, said


def send(pipe: IO[bytes], message: object) -> None:
    """Send a message to a process that this one has started."""
    packed = pickle.dumps(message)
    pipe.write(len(packed).to_bytes(8, "little") + packed)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Wait for a message of the process that started this one; EOFError if that is gone."""
    size = pipe.read(8)
    packed = pipe.read(int.from_bytes(size, "little")) if len(size) == 8 else b""
    if not packed:
        raise EOFError
    return pickle.loads(packed)  # noqa: S301 - from the process that started this one


def how_it_ended(code: int) -> str:
    """Return a process's exit code, or the signal that ended it, for a message."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _folders() -> list[str]:
    """Return the folders this Python imports from, without one that is only the current one."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # deleted: nothing can be imported from it
        return [entry for entry in sys.path if Path(entry).is_absolute()]
    folders = [here / entry for entry in sys.path]  # an empty entry is the current folder
    return [str(f) for f in folders if f.resolve() == _OURS or f.resolve() != here.resolve()]
