"""Copy rows into LadybugDB in pieces that fit into the memory limit.

`COPY` keeps all rows of its file in the engine's buffer pool. If they do not fit, a connectome is
copied in the largest pieces that do: each piece takes longer than the one before, because it is
merged into the existing rows (docs/decisions/0160).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphapi.errors import LoadError
from loader.work.parquet import reading
from loader.work.room import PYTHON_BYTES, as_bytes, as_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Bytes of the pool that `COPY` needs per connection; 80 to 105 measured with LadybugDB 0.20.4.
CONNECTION_BYTES = 115
#: The same for a text of a connection.
_TEXT_BYTES = 16
#: A later piece needs this many times more: pieces at 0.9 of the pool crashed the engine.
_MERGED = 1.75
#: The same per node, plus four times the size of its values.
_NODE_BYTES = 100
#: Memory of a `COPY` of a whole table, in and outside the pool, relative to the pool.
_TIMES_POOL = 1.65
#: Merging a piece reads a whole group of neurons again: bytes per connection of the largest group,
#: in and outside the pool, and the share of all memory that the piece itself takes.
_IN_POOL, _OUTSIDE, _PIECE = 53, 48, 0.15
#: Neurons per group of the engine, in the order of writing.
_GROUP = 131_072
_SMALLEST_POOL = 128 * 2**20
#: Bytes per neuron: outside the pool while writing, in and outside it while verifying; 9, 177 and
#: 71 measured with 8 million neurons.
_NEURON_WRITTEN, _NEURON_JOINED, _NEURON_READ = 16, 190, 80
#: The same, outside the pool, while a piece is merged: 129 measured with 3 million neurons.
_NEURON_MERGED = 135


@dataclass(frozen=True)
class Room:
    """Memory for the engine, in bytes.

    Parameters
    ----------
    pool
        Size of its buffer pool.
    at_once
        Part of the pool that one `COPY` may need.
    verifying
        Size of the buffer pool when the graph is verified.
    limit
        Memory limit of all processes of the load.
    """

    pool: int
    at_once: int
    verifying: int
    limit: int


def room_for(memory_limit: str, connections: int, neurons: Path, in_regions: int = 0) -> Room:
    """Divide a memory limit for writing a graph.

    Parameters
    ----------
    memory_limit
        Memory limit of all processes of the load.
    connections
        Number of connections.
    neurons
        Parquet file of the neurons, in the order of writing, with their numbers of partners.
    in_regions
        Number of rows of connections by region, which are written after them.

    Raises
    ------
    LoadError
        Even in pieces, the connections do not fit.
    """
    import pyarrow.parquet as pq

    number = int(pq.read_metadata(neurons).num_rows)
    limit = as_bytes(memory_limit)
    left = limit - PYTHON_BYTES
    _require(number * (_NEURON_JOINED + _NEURON_READ), left, f"{number:,} neurons", memory_limit)
    verifying = max(_SMALLEST_POOL, int(left / _TIMES_POOL), number * _NEURON_JOINED)
    rows = max(connections, in_regions)
    at_once = max(_SMALLEST_POOL, int((left - number * _NEURON_WRITTEN) / _TIMES_POOL))
    if rows * CONNECTION_BYTES <= at_once:
        return Room(at_once, at_once, verifying, limit)
    group = -(-_largest_group(neurons) * rows // max(1, connections))
    outside = number * (_NEURON_WRITTEN + _NEURON_MERGED)
    needed = outside + int(group * (_OUTSIDE + _IN_POOL) / (1 - _PIECE))
    _require(needed, left, f"{connections:,} connections", memory_limit)
    left -= outside
    pool = max(_SMALLEST_POOL, int(left * (1 - _PIECE)) - group * _OUTSIDE)
    at_once = min(pool, max(_SMALLEST_POOL, int(left / _TIMES_POOL)))
    return Room(pool, at_once, verifying, limit)


def _require(needed: int, left: int, what: str, memory_limit: str) -> None:
    if needed > left:
        needed += PYTHON_BYTES
        enough = f"{-(-needed // 10**8) / 10:.1f}GB"
        raise LoadError(
            f"writing and verifying {what} needs about {as_text(needed)} of memory, and "
            f"--memory allows {memory_limit}",
            hint=f"allow more (--memory {enough}), keep fewer connections (--only), or write files "
            "for Neo4j's offline import (--to neo4j-import:FOLDER), which need less; the stages "
            "are kept",
        )


def _largest_group(neurons: Path) -> int:
    """Return the largest number of incoming or outgoing connections of any group of neurons."""
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
        return at_once // (CONNECTION_BYTES + _TEXT_BYTES * _texts(path))
    _, width = _rows_and_width(path)
    return at_once // (_NODE_BYTES + 4 * width)


def _texts(path: Path) -> int:
    """Count the columns of texts: a transmitter, a region."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    return sum(pa.types.is_string(field.type) for field in pq.read_schema(path))


def copy_in_pieces(
    path: Path, rows: int, part: Path, copy: Callable[[Path, int, int, int], None], halved: int = 0
) -> None:
    """Copy a Parquet file, whole if it has at most `rows` rows, else in pieces.

    Parameters
    ----------
    path
        The file.
    rows
        Largest number of rows for an empty table; pieces are smaller, because they are merged.
    part
        Temporary file for one piece.
    copy
        Called with the path of the file or piece, the piece's number, the number of pieces, and
        the number of rows.
    halved
        How often pieces are halved, because larger ones failed.
    """
    import pyarrow.parquet as pq

    with reading(path) as file:
        total = int(file.metadata.num_rows)
        pieces = 1 if total <= rows else -(-total // max(1, int(rows / _MERGED)))
        pieces = max(1, min(total, pieces << halved))
        if pieces == 1:
            copy(path, 1, 1, total)
            return
        most, longer = divmod(total, pieces)  # all of one size, because the last one takes longest
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
    """Estimate the size of a graph file while it is written, in bytes."""
    size = (64 << 20) + connections * 30
    for path in others:
        rows, width = _rows_and_width(path)
        size += rows * (32 + 2 * width)
    return size


def _rows_and_width(path: Path) -> tuple[int, int]:
    """Return the number of rows of a Parquet file, and the bytes per row before compression."""
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    rows = int(metadata.num_rows)
    size = sum(int(metadata.row_group(i).total_byte_size) for i in range(metadata.num_row_groups))
    return rows, size // max(1, rows)
