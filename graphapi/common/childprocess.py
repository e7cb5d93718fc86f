"""Start this Python again, to run one of our modules in a separate process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

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


def _folders() -> list[str]:
    """Return the folders this Python imports from, without one that is only the current one."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # deleted: nothing can be imported from it
        return [entry for entry in sys.path if Path(entry).is_absolute()]
    folders = [here / entry for entry in sys.path]  # an empty entry is the current folder
    return [str(f) for f in folders if f.resolve() == _OURS or f.resolve() != here.resolve()]
