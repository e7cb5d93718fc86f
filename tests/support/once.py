"""What is made once for all workers of a run of the tests, because it is dear to make."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker to ask fills; tests only read it.

    Parameters
    ----------
    factory
        pytest's own.
    name
        The same name is the same folder.
    make
        Called with a path at which nothing is yet.
    """
    import fcntl

    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker has its own in there
    folder = base / f"once-{name}"
    with (base / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            made = Path(tempfile.mkdtemp(dir=base, prefix=f"making-{name}-")) / name
            make(made)
            made.rename(folder)  # whole or not at all
    return folder
