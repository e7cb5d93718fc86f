"""How much LadybugDB copies at once: as much as the memory limit holds.

`COPY` keeps all rows of its file in the engine's buffer pool. Where they do not fit, a
connectome is copied in the largest pieces that do: every piece costs more than the one
before, because it is merged into what is there (docs/decisions/0160).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.work.room import PYTHON_BYTES, as_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: What `COPY` needs of the pool for a connection, measured with LadybugDB 0.20.4: 80 to 105.
CONNECTION_BYTES = 115
#: A later piece is merged into what is there, and needs as many times that. Measured at 1.1 of
#: the need alone, the engine ended the process; at 1.35 and 1.4 it did not.
_MERGED = 1.75
#: The same for a node, besides four times its values.
_NODE_BYTES = 100
#: `COPY` holds this many times the pool, its own work outside of the pool included.
_TIMES_POOL = 1.65
_SMALLEST_POOL = 128 * 2**20


def pool_bytes(memory_limit: str) -> int:
    """Return the size of the engine's buffer pool under a memory limit."""
    return max(_SMALLEST_POOL, int((as_bytes(memory_limit) - PYTHON_BYTES) / _TIMES_POOL))


def rows_at_once(path: Path, pool: int, *, nodes: bool) -> int:
    """Return how many rows of a Parquet file one `COPY` can take."""
    if not nodes:
        return pool // CONNECTION_BYTES
    _, width = _rows_and_width(path)
    return pool // (_NODE_BYTES + 4 * width)


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
