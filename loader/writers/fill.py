"""Fill a graph file from the stages of a load, with the engine's bulk copy.

This runs in a separate process, started by `loader.writers.fillapart`: if the engine crashes while
it copies, only that process ends.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from graphapi.common.childprocess import own_pipes, receive
from graphapi.engines.ladybug import LadybugEngine
from graphapi.engines.queries import catalog, quoted
from graphapi.errors import CavegraphError, EngineError
from graphapi.graph.materialization import Field
from loader.stages.record import record_params
from loader.writers.pieces import copy_in_pieces, rows_at_once
from loader.writers.resident import give_back_freed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from graphapi.graph.materialization import Materialization
    from loader.stages.make import Stages
    from loader.writers.pieces import Room

    Tell = Callable[[dict[str, object]], None]

#: Suffix of the file that holds one piece.
PART = ".part.parquet"
#: The engine's message if something does not fit into its buffer pool.
TOO_LARGE = "Buffer manager exception"
_TYPES = {
    "int": "INT64",
    "float": "DOUBLE",
    "string": "STRING",
    "bool": "BOOL",
    "list[int]": "INT64[]",
    "list[float]": "DOUBLE[]",
    "list[string]": "STRING[]",
}
_RECORD = (
    "slot STRING", "load_id STRING", "status STRING", "record STRING", "checksum STRING",
    "datastack STRING", "version INT64", "timestamp STRING", "server STRING", "source STRING",
    "synapse_table STRING", "soma_table STRING", "loaded_at STRING", "cavegraph_version STRING",
    "synthetic BOOL", "neurons INT64", "connections INT64", "synapses INT64",
    "format_version INT64", "PRIMARY KEY(slot)",
)  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What to write, and with which limits.

    Parameters
    ----------
    path
        The new file.
    stages, record
        Its contents.
    threads
        Limit of threads; 0 for all cores.
    room
        Memory for the engine.
    halved
        How often pieces are halved, because larger ones failed.
    """

    path: Path
    stages: Stages
    record: Materialization
    threads: int
    room: Room
    halved: int


def main() -> None:
    """Read a task from standard input, do it, and report progress as lines of JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides
    told, said = own_pipes()  # the engine may print

    def tell(what: dict[str, object]) -> None:
        said.write(json.dumps(what).encode() + b"\n")
        said.flush()

    task: Task = receive(told)
    threading.Thread(target=_end_with, args=(told,), daemon=True).start()
    give_back_freed(task.room.limit)
    try:
        fill(task, tell)
    except CavegraphError as error:
        kind = "PieceError" if TOO_LARGE in error.message else type(error).__name__
        tell({"error": kind, "message": error.message, "hint": error.hint})
    except OSError as error:
        tell({"error": "OSError", "errno": error.errno, "message": error.strerror or str(error)})
    except Exception as error:  # noqa: BLE001 - every error is reported
        tell({"error": EngineError.__name__, "message": f"{type(error).__name__}: {error}"})
    else:
        tell({"finished": True})


def _end_with(told: IO[bytes]) -> None:
    """End this process when its parent is gone."""
    told.read(1)
    os._exit(1)


def fill(task: Task, tell: Tell) -> None:
    """Write the stages to a new file.

    `tell` is called with `at` before each piece, and with its number of `rows` after it.
    """
    stages, record = task.stages, task.record
    engine = LadybugEngine.create(task.path, threads=task.threads, buffer_bytes=task.room.pool)

    def copy(table: str, file: Path, columns: list[str], *, nodes: bool) -> None:
        def one(path: Path, number: int, pieces: int, rows: int) -> None:
            tell({"at": f"piece {number} of {pieces} of {table}"})
            engine.copy_parquet(table, path, columns)
            tell({"rows": rows})

        part = task.path.with_name(task.path.name + PART)
        most = rows_at_once(file, task.room.at_once, nodes=nodes)
        copy_in_pieces(file, most, part, one, halved=task.halved)

    _create_tables(engine, stages)
    neuron_columns = ["root_id", *(f.name for f in stages.neuron_fields)]
    copy("Neuron", stages.neurons, neuron_columns, nodes=True)
    edge_columns = ["weight", "size_sum", *(f.name for f in stages.connection_fields)]
    copy("CONNECTS", stages.connections, edge_columns, nodes=False)
    if stages.regions is not None:
        copy("CONNECTS_IN", stages.regions, ["region", "weight"], nodes=False)
    if record.counts["annotation_rows"]:
        names = [f.name for f in _annotation_columns(stages)]
        copy("Annotation", stages.annotations, ["annotation_id", *names], nodes=True)
    if record.counts["annotation_rows_attached"]:
        copy("ANNOTATES", stages.annotates, [], nodes=False)
    tell({"at": "the record"})
    engine.write(catalog()["write_record"], record_params(record, "complete"))
    engine.checkpoint()
    engine.close()  # not after an error: it would write once more


def _create_tables(engine: LadybugEngine, stages: Stages) -> None:
    neuron = _listed(stages.neuron_fields)
    annotation = _listed(_annotation_columns(stages))
    edge = _listed((Field("weight", "int"), Field("size_sum", "int"), *stages.connection_fields))
    regions = "CREATE REL TABLE CONNECTS_IN(FROM Neuron TO Neuron, region STRING, weight INT64)"
    for statement in (
        f"CREATE NODE TABLE Neuron(root_id INT64, {neuron}PRIMARY KEY(root_id))",
        (
            f"CREATE NODE TABLE Annotation(annotation_id INT64, {annotation}"
            "PRIMARY KEY(annotation_id))"
        ),
        f"CREATE NODE TABLE Materialization({', '.join(_RECORD)})",
        f"CREATE REL TABLE CONNECTS(FROM Neuron TO Neuron, {edge.removesuffix(', ')})",
        *([regions] if stages.regions is not None else []),
        "CREATE REL TABLE ANNOTATES(FROM Annotation TO Neuron)",
    ):
        engine.execute_ddl(statement)


def _annotation_columns(stages: Stages) -> list[Field]:
    """Return the fields in the order of the stage's columns."""
    import pyarrow.parquet as pq

    by_name = {field.name: field for field in stages.annotation_fields}
    names = pq.read_schema(stages.annotations).names
    return [by_name[name] for name in names if name != "annotation_id"]


def _listed(fields: Iterable[Field]) -> str:
    return "".join(f"{quoted(f.name)} {_TYPES[f.type]}, " for f in fields)
