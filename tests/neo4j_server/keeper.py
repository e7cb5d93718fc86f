"""Runs a command and ends it when the process that started this one is gone.

A test run that is killed outright cannot stop its server; this does it in its place, on the
end of standard input. Usage: ``python keeper.py COMMAND ...``.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command; give its exit code."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGUSR1, lambda *_: child.kill())

    def end_with_parent() -> None:
        sys.stdin.buffer.read()
        child.kill()

    threading.Thread(target=end_with_parent, daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main())
