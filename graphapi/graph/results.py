"""Results with strict dtypes, a fixed order and their provenance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd
    import pyarrow as pa
    import scipy.sparse as sp

    from graphapi.ids import IdArray

Source = Literal["graph", "cave"]
#: Most cells of a dense matrix: 3.2 GB of int64.
MOST_DENSE_CELLS = 400_000_000


@dataclass(frozen=True)
class Provenance:
    """Where an answer comes from; every DataFrame has it in `.attrs`.

    Attributes
    ----------
    datastack, version, timestamp
        Name, materialization version (or `live`), and time in ISO 8601, UTC.
    source
        `graph` or `cave`.
    id_mapping
        Stale ids that were passed, and the current ids used instead.
    """

    datastack: str
    version: int | str
    timestamp: str
    source: Source
    id_mapping: Mapping[int, int] = field(default_factory=dict)

    def attrs(self) -> dict[Hashable | None, Any]:
        """Return the values as `.attrs` of a DataFrame."""
        return {
            "datastack": self.datastack,
            "version": self.version,
            "timestamp": self.timestamp,
            "source": self.source,
            "id_mapping": dict(self.id_mapping),
        }


@dataclass(frozen=True)
class Connections:
    """Connections as three arrays of equal length.

    Attributes
    ----------
    pre, post
        Root ids, int64.
    weight
        Number of synapses, int64.
    """

    pre: IdArray
    post: IdArray
    weight: IdArray

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Connections:
        """Return the connections in the columns `pre`, `post` and `weight` of an answer."""
        pre, post, weight = (table.column(name).to_numpy() for name in ("pre", "post", "weight"))
        return cls(pre, post, weight)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Connections:
        """Return the connections in the columns `pre`, `post` and `weight` of a DataFrame."""
        pre, post, weight = (
            frame[name].to_numpy(dtype=np.int64) for name in ("pre", "post", "weight")
        )
        return cls(pre, post, weight)

    def __len__(self) -> int:
        return len(self.pre)

    def where(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Connections:
        """Return the connections where `mask` is true."""
        return Connections(self.pre[mask], self.post[mask], self.weight[mask])

    def joined(self, other: Connections) -> Connections:
        """Return these connections followed by others."""
        return Connections(
            np.concatenate([self.pre, other.pre]),
            np.concatenate([self.post, other.post]),
            np.concatenate([self.weight, other.weight]),
        )

    def sorted(self) -> Connections:
        """Return the connections sorted by weight, largest first, then pre, then post."""
        order = np.lexsort((self.post, self.pre, -self.weight))
        return Connections(self.pre[order], self.post[order], self.weight[order])

    def to_frame(self) -> pd.DataFrame:
        """Return a DataFrame `pre`, `post`, `weight`, int64, in the same order."""
        import pandas as pd

        return pd.DataFrame({"pre": self.pre, "post": self.post, "weight": self.weight})


@dataclass(frozen=True)
class Adjacency:
    """An adjacency matrix of weights with its labels.

    Attributes
    ----------
    pre_ids, post_ids
        Root ids of rows and columns, int64, sorted.
    connections
        The non-zero cells.
    attrs
        Provenance, as in `.attrs` of a DataFrame.
    """

    pre_ids: IdArray
    post_ids: IdArray
    connections: Connections
    attrs: dict[Hashable | None, Any] = field(default_factory=dict)

    def to_sparse(self) -> sp.csr_array:
        """Return the weights as an int64 CSR array, rows = `pre_ids`, columns = `post_ids`."""
        import scipy.sparse as sp

        rows = np.searchsorted(self.pre_ids, self.connections.pre)
        columns = np.searchsorted(self.post_ids, self.connections.post)
        shape = (len(self.pre_ids), len(self.post_ids))
        return sp.csr_array((self.connections.weight, (rows, columns)), shape=shape)

    def to_arrow(self) -> pa.Table:
        """Return the non-zero cells as an Arrow table `pre, post, weight`, int64.

        The key `cavegraph` of the schema's metadata holds `attrs` as JSON.
        """
        import json

        import pyarrow as pa

        columns = {
            "pre": self.connections.pre,
            "post": self.connections.post,
            "weight": self.connections.weight,
        }
        # ids are strings in JSON
        origin = {str(name): value for name, value in self.attrs.items()}
        if mapping := origin.get("id_mapping"):
            origin["id_mapping"] = {str(old): str(new) for old, new in mapping.items()}
        return pa.table(columns, metadata={"cavegraph": json.dumps(origin)})

    def to_frame(self) -> pd.DataFrame:
        """Return the dense matrix as a DataFrame, int64, with `attrs`; index and columns unnamed.

        Raises
        ------
        InputError
            The matrix would be larger than 3.2 GB.
        """
        import pandas as pd

        if len(self.pre_ids) * len(self.post_ids) > MOST_DENSE_CELLS:
            raise InputError(
                f"a dense matrix of {len(self.pre_ids):,} x {len(self.post_ids):,} neurons "
                "does not fit in memory",
                hint="use form='sparse' or form='arrow'",
            )
        values = np.zeros((len(self.pre_ids), len(self.post_ids)), dtype=np.int64)
        rows = np.searchsorted(self.pre_ids, self.connections.pre)
        values[rows, np.searchsorted(self.post_ids, self.connections.post)] = (
            self.connections.weight
        )
        frame = pd.DataFrame(values, index=pd.Index(self.pre_ids), columns=pd.Index(self.post_ids))
        frame.attrs = dict(self.attrs)
        return frame
