"""How much LadybugDB copies at once: as much as the memory limit holds.

`COPY` keeps all rows of its file in the engine's buffer pool. Where they do not fit, a
connectome is copied in the largest pieces that do: every piece costs more than the one
before, because it is merged into what is there (docs/decisions/0160).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import LoadError
from loader.work.room import PYTHON_BYTES, as_bytes, as_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: What `COPY` needs of the pool for a connection, measured with LadybugDB 0.20.4: 80 to 105.
CONNECTION_BYTES = 115
#: A later piece needs as many times that: pieces at 0.9 of the pool ended the engine's process.
_MERGED = 1.75
#: The same for a node, besides four times its values.
_NODE_BYTES = 100
#: `COPY` of a whole table takes so many times the pool, with its own work outside of the pool.
_TIMES_POOL = 1.65
#: Merging a piece reads a whole group of neurons anew: bytes for each connection of the largest
#: group, in the pool and outside of it, and the share of all memory that the piece takes besides.
_IN_POOL, _OUTSIDE, _PIECE = 53, 48, 0.15
#: So many neurons, in the order they were written, are a group of the engine's.
_GROUP = 131_072
_SMALLEST_POOL = 128 * 2**20


@dataclass(frozen=True)
class Room:
    """What a memory limit leaves to the engine.

    Parameters
    ----------
    pool
        Bytes of its buffer pool.
    at_once
        Bytes that one `COPY` may need of it.
    """

    pool: int
    at_once: int


def room_for(memory_limit: str, connections: int, neurons: Path) -> Room:
    """Divide a memory limit for the writing of so many connections.

    Parameters
    ----------
    memory_limit
        For all processes of the load.
    connections
        How many there are.
    neurons
        Parquet file of the neurons, in the order of writing, with their numbers of partners.

    Raises
    ------
    LoadError
        Not even pieces fit.
    """
    left = as_bytes(memory_limit) - PYTHON_BYTES
    at_once = max(_SMALLEST_POOL, int(left / _TIMES_POOL))
    if connections * CONNECTION_BYTES <= at_once:
        return Room(at_once, at_once)
    group = _largest_group(neurons)
    pool = int(left * (1 - _PIECE)) - group * _OUTSIDE
    if pool < group * _IN_POOL:
        needed = PYTHON_BYTES + int(group * (_OUTSIDE + _IN_POOL) / (1 - _PIECE))
        enough = f"{-(-needed // 10**8) / 10:.1f}GB"
        raise LoadError(
            f"writing {connections:,} connections needs about {as_text(needed)} of memory, and "
            f"--memory allows {memory_limit}",
            hint=f"allow more (--memory {enough}), keep fewer connections (--only), or write files "
            "for Neo4j's offline import (--to neo4j-import:FOLDER), which need less; the stages "
            "are kept",
        )
    return Room(pool, at_once)


def _largest_group(neurons: Path) -> int:
    """Count the connections, incoming or outgoing, of that group of neurons which has the most."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    most = 0
    table = pq.read_table(neurons, columns=["in_partners", "out_partners"])
    for start in range(0, table.num_rows, _GROUP):
        part = table.slice(start, _GROUP)
        most = max(most, *(pc.sum(column).as_py() for column in part.columns))
    return most


def rows_at_once(path: Path, at_once: int, *, nodes: bool) -> int:
    """Return how many rows of a Parquet file one `COPY` can take."""
    if not nodes:
        return at_once // CONNECTION_BYTES
    _, width = _rows_and_width(path)
    return at_once // (_NODE_BYTES + 4 * width)


def copy_in_pieces(
    path: Path, rows: int, part: Path, copy: Callable[[Path, int, int, int], None], halved: int = 0
) -> None:
    """Copy a Parquet file, whole where it has at most `rows` rows, else piece by piece.

    Parameters
    ----------
    path
        The file.
    rows
        Most rows at once where there is nothing yet; pieces are smaller, as they are merged.
    part
        Where a piece is put meanwhile.
    copy
        Called with the file, or with each piece: its number, of how many, and its rows.
    halved
        How many times pieces are halved, as larger ones have failed.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        total = int(file.metadata.num_rows)
        pieces = 1 if total <= rows else -(-total // max(1, int(rows / _MERGED)))
        pieces = max(1, min(total, pieces << halved))
        if pieces == 1:
            copy(path, 1, 1, total)
            return
        most, longer = divmod(total, pieces)  # of one size: the last one costs most
        batches = file.iter_batches(batch_size=min(most + 1, 122_880))
        rest = next(batches)
        for number in range(pieces):
            wanted = left = most + (number < longer)
            with pq.ParquetWriter(part, file.schema_arrow) as writer:
                while left:
                    if not rest.num_rows:
                        rest = next(batches)
                    taken = rest.slice(0, left)
                    writer.write_batch(taken)
                    left -= taken.num_rows
                    rest = rest.slice(taken.num_rows)
            copy(part, number + 1, pieces, wanted)
    part.unlink()


def graph_bytes(connections: int, *others: Path) -> int:
    """Estimate what a graph file takes while it is written."""
    size = (64 << 20) + connections * 30
    for path in others:
        rows, width = _rows_and_width(path)
        size += rows * (32 + 2 * width)
    return size


def _rows_and_width(path: Path) -> tuple[int, int]:
    """Return the rows of a Parquet file, and the bytes of one before compression."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    rows = int(metadata.num_rows)
    size = sum(int(metadata.row_group(i).total_byte_size) for i in range(metadata.num_row_groups))
    return rows, size // max(1, rows)
