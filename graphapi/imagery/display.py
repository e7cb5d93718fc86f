"""Whether there is a screen, and what draws where there is none."""

from __future__ import annotations

import ctypes
import os
import sys

from graphapi.errors import InputError

_CHOICE = "VTK_DEFAULT_OPENGL_WINDOW"
_WINDOWS = {
    "vtkEGLRenderWindow": ("libEGL.so.1", "libEGL.so"),
    "vtkOSOpenGLRenderWindow": ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"),
}


def has_display() -> bool:
    """Tell whether a window can be opened: always assumed of macOS and Windows."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def prepare_off_screen() -> None:
    """Have VTK draw into memory on a machine without a screen.

    VTK would find this out by itself, but complains of the missing screen first, and ends the
    process where no library can draw. A choice made by the user in the environment is kept.

    Raises
    ------
    InputError
        The machine has no library that draws without a screen.
    """
    if has_display() or os.environ.get(_CHOICE):
        return
    for window, libraries in _WINDOWS.items():
        if any(_loads(library) for library in libraries):
            os.environ[_CHOICE] = window
            return
    raise InputError(
        "scenes cannot be drawn: this machine has no screen, and neither EGL nor OSMesa",
        hint="install one of them; on Debian or Ubuntu: apt-get install libegl1 libgl1-mesa-dri",
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
