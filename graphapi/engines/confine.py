"""Confine this process: no other files, no network, and limited memory.

Linux offers all of this without privileges: Landlock (5.13) for files, seccomp for sockets and
new programs, resource limits for memory. Each function says if the system does not offer it. Call
them before starting the threads that they are meant to confine.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_READ_FILE = 1 << 2
#: The rights over files in each version of Landlock; all of them are taken away.
_FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP_RIGHTS = 0b11  # from version 4
_SCOPES = 0b11  # from version 6: abstract sockets and signals
#: By machine: its number, and the numbers of the system calls socket, socketpair, execve, execveat,
#: kill, ptrace, process_vm_readv, process_vm_writev and io_uring_setup.
_REFUSED = {
    "x86_64": (0xC000003E, (41, 53, 59, 322, 62, 101, 310, 311, 425)),
    "aarch64": (0xC00000B7, (198, 199, 221, 281, 129, 117, 270, 271, 425)),
}
_LOAD, _IF_EQUAL, _IF_ABOVE, _ANSWER = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _X32 = 0x7FFF0000, 0x00050000 | 1, 0x40000000


def keep_from_other_files(path: Path) -> str:
    """Let this process read one file, and write none.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        Empty, or why the system cannot do it.
    """
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no Landlock"
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return f"this kernel has no Landlock ({os.strerror(ctypes.get_errno())})"
    handled = _FILE_RIGHTS[max(known for known in _FILE_RIGHTS if known <= version)]
    rules = struct.pack(
        "QQQ", handled, _TCP_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(_LANDLOCK_CREATE, rules, size, 0)
    if ruleset < 0:
        return _why("landlock_create_ruleset")
    file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", _READ_FILE, file)
        if libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0) != 0:
            return _why("landlock_add_rule")
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return _why("prctl")
        if libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) != 0:
            return _why("landlock_restrict_self")
    finally:
        os.close(file)
        os.close(ruleset)
    return ""


def keep_from_network() -> str:
    """Forbid this process sockets, new programs, and signals to other processes.

    Returns
    -------
    str
        Empty, or why the system cannot do it.
    """
    machine = platform.machine()
    if not sys.platform.startswith("linux") or machine not in _REFUSED:
        return f"no filter of system calls for {sys.platform} on {machine}"
    architecture, numbers = _REFUSED[machine]
    to_refusal = len(numbers) + 1  # the last step, counted from the first that checks a number
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_IF_EQUAL, 1, 0, architecture),
        (_ANSWER, 0, 0, _REFUSE),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_IF_ABOVE, to_refusal, 0, _X32),
        *((_IF_EQUAL, to_refusal - place, 0, n) for place, n in enumerate(numbers, 1)),
        (_ANSWER, 0, 0, _ALLOW),
        (_ANSWER, 0, 0, _REFUSE),
    ]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return _why("prctl")
    if libc.prctl(_SECCOMP, _FILTER, described, 0, 0) != 0:
        return _why("seccomp")
    return ""


class MemoryBound:
    """A limit on the memory of this process; create it before `keep_from_other_files`."""

    def __init__(self) -> None:
        self._pages = -1
        if sys.platform.startswith("linux") and Path("/proc/self/statm").exists():
            import resource  # now, while it can still be read

            self._resource = resource
            self._pages = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def set(self, more: int) -> str:
        """Let this process take this many more bytes than it has now.

        Returns
        -------
        str
            Empty, or why the system cannot do it.
        """
        if self._pages < 0:
            return f"memory of a process cannot be limited ({sys.platform})"
        unit = self._resource.getpagesize()
        limit = int(os.pread(self._pages, 200, 0).split()[0]) * unit + more
        self._resource.setrlimit(self._resource.RLIMIT_AS, (limit, limit))
        self._resource.setrlimit(self._resource.RLIMIT_CORE, (0, 0))
        return ""


def _why(call: str) -> str:
    return f"{call}: {os.strerror(ctypes.get_errno())}"
