"""Detect whether there is a screen, and prepare drawing without one."""

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
    """Return whether a window can be opened; always assumed on macOS and Windows."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def prepare_off_screen() -> None:
    """Make VTK draw into memory on a machine without a screen.

    VTK would do this by itself, but it first complains about the missing screen, and it ends the
    process if no library can draw. A choice set in the environment is kept.

    Raises
    ------
    InputError
        The machine has no library that can draw without a screen.
    """
    if has_display() or os.environ.get(_CHOICE):
        return
    for window, libraries in _WINDOWS.items():
        if any(_loads(library) for library in libraries):
            os.environ[_CHOICE] = window
            return
    raise InputError(
        "cannot draw scenes: this machine has no screen, and neither EGL nor OSMesa is installed",
        hint="install one of them; on Debian or Ubuntu: apt-get install libegl1 libgl1-mesa-dri",
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
