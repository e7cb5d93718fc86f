"""Asks a question without an end, and is interrupted; run by `test_serving.py`."""

from __future__ import annotations

import signal
import sys

import graphapi

ENDLESS = (
    "UNWIND range(1, 7001) AS a UNWIND range(1, 7001) AS b UNWIND range(1, 7001) AS c "
    "WITH a, b, c WHERE a * b * c % 7 = 3 RETURN count(*) AS n"
)


def main(uri: str) -> None:
    # a shell's background job, and what `nohup` starts, inherits an ignored Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with graphapi.Connectome.open(uri) as opened:
        sys.stdout.write("asking\n")
        sys.stdout.flush()
        try:
            opened.cypher(ENDLESS)
        except KeyboardInterrupt:
            sys.stdout.write(f"stopped; {len(opened.root_ids())} neurons\n")


if __name__ == "__main__":
    main(sys.argv[1])
