"""The program of a query worker: one graph file, one query after the other, nothing else.

`graphapi.engines.worker` starts it. It first loads everything that is loaded late. Then it gives
up other files, the network and programs, opens the graph, and limits its memory.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from graphapi.common.childprocess import own_pipes, receive
from graphapi.engines.confine import MemoryBound, keep_from_network, keep_from_other_files
from graphapi.engines.ladybug import LadybugEngine, warm_up
from graphapi.engines.worker import (
    DONE,
    READY,
    ROWS,
    Asked,
    Settings,
    frame,
    packed_error,
    refuse_replaced,
)
from graphapi.errors import CavegraphError, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Address space that the engine reserves and hardly uses: 3 GB for a query that needs 70 MB were
#: seen, and a crash if it cannot get them. The memory in use is watched from outside.
_SET_ASIDE = 8 << 30
_ROWS_A_FRAME = 65_536
_BYTES_A_FRAME = 16 << 20


def main() -> None:
    """Answer queries until the parent process is gone."""
    told, said = own_pipes()  # the engine may print, but the parent expects frames
    settings: Settings = receive(told)
    queries: queue.Queue[Asked] = queue.Queue()
    try:
        engine = _open(settings, said)
    except CavegraphError as error:
        said.write(packed_error(error))
        said.flush()
        return
    threading.Thread(target=_answer_all, args=(engine, queries, said), daemon=True).start()
    try:
        while True:
            queries.put(receive(told))
    except EOFError:
        os._exit(0)  # the parent is gone; a running query must not keep this process


def _open(settings: Settings, said: IO[bytes]) -> LadybugEngine:
    path = Path(settings.path)
    warm_up()
    bound = MemoryBound()
    missing = [keep_from_other_files(path), keep_from_network()]
    engine = LadybugEngine.open(path, threads=settings.threads, buffer_bytes=settings.memory // 2)
    refuse_replaced(path, settings.seen)
    missing.append(bound.set(settings.memory + _SET_ASIDE))
    ready = {"missing": [reason for reason in missing if reason]}
    said.write(frame(READY, json.dumps(ready).encode()))
    said.flush()
    return engine


def _answer_all(
    engine: LadybugEngine,
    queries: queue.Queue[Asked],
    said: IO[bytes],
) -> None:
    while True:
        asked = queries.get()
        try:
            table = engine.run_admitted(
                asked.text, asked.params, timeout=asked.timeout, name=asked.name
            )
            table.validate(full=True)  # what a damaged file holds may not be text
            for part in _parts(table.slice(0, 0) if asked.discard else table):
                said.write(frame(ROWS, _packed(part)))
            said.write(frame(DONE, b""))
        except CavegraphError as error:
            said.write(packed_error(error))
        except Exception as error:  # noqa: BLE001 - any error is the answer
            kind = type(error).__name__
            said.write(packed_error(EngineError(f"'{asked.name}' ended in {kind}: {error}")))
        said.flush()


def _parts(table: pa.Table) -> Iterator[pa.Table]:
    """Cut a table into pieces of limited size; at least one, for the columns."""
    rows = max(1, min(_ROWS_A_FRAME, table.num_rows * _BYTES_A_FRAME // max(1, table.nbytes)))
    for start in range(0, max(1, table.num_rows), rows):
        yield table.slice(start, rows)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed
