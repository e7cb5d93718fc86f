"""Frames as users get them: strict dtypes, one order, and where they come from."""

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
#: Most cells of a matrix that is still made as a frame: 3.2 GB of int64.
MOST_DENSE_CELLS = 400_000_000


@dataclass(frozen=True)
class Provenance:
    """Where an answer comes from; every frame carries it in `.attrs`.

    Parameters
    ----------
    datastack, version, timestamp
        What was asked: name, materialization version (or `live`), ISO 8601 UTC.
    source
        `graph` or `cave`.
    id_mapping
        Stale ids that were asked for, and the current ids that were used instead.
    """

    datastack: str
    version: int | str
    timestamp: str
    source: Source
    id_mapping: Mapping[int, int] = field(default_factory=dict)

    def attrs(self) -> dict[Hashable | None, Any]:
        """Give the values as `.attrs` of a frame."""
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

    Parameters
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
        """Take the columns `pre`, `post` and `weight` of an engine's answer."""
        pre, post, weight = (table.column(name).to_numpy() for name in ("pre", "post", "weight"))
        return cls(pre, post, weight)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Connections:
        """Take the columns `pre`, `post` and `weight` of a frame."""
        pre, post, weight = (
            frame[name].to_numpy(dtype=np.int64) for name in ("pre", "post", "weight")
        )
        return cls(pre, post, weight)

    def __len__(self) -> int:
        return len(self.pre)

    def where(self, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Connections:
        """Keep the connections where `mask` is true."""
        return Connections(self.pre[mask], self.post[mask], self.weight[mask])

    def joined(self, other: Connections) -> Connections:
        """Put two lists of connections one after the other."""
        return Connections(
            np.concatenate([self.pre, other.pre]),
            np.concatenate([self.post, other.post]),
            np.concatenate([self.weight, other.weight]),
        )

    def sorted(self) -> Connections:
        """Order by weight, largest first, then pre, then post."""
        order = np.lexsort((self.post, self.pre, -self.weight))
        return Connections(self.pre[order], self.post[order], self.weight[order])

    def to_frame(self) -> pd.DataFrame:
        """Give the columns `pre`, `post`, `weight`, int64, in this order."""
        import pandas as pd

        return pd.DataFrame({"pre": self.pre, "post": self.post, "weight": self.weight})


@dataclass(frozen=True)
class Adjacency:
    """A matrix of weights with its labels.

    Parameters
    ----------
    pre_ids, post_ids
        Row and column labels, int64, ascending.
    connections
        The non-zero cells.
    attrs
        Where the weights come from, as in the `.attrs` of frames.
    """

    pre_ids: IdArray
    post_ids: IdArray
    connections: Connections
    attrs: dict[Hashable | None, Any] = field(default_factory=dict)

    def to_sparse(self) -> sp.csr_array:
        """Give the weights as int64 CSR, rows = `pre_ids`, columns = `post_ids`."""
        import scipy.sparse as sp

        rows = np.searchsorted(self.pre_ids, self.connections.pre)
        columns = np.searchsorted(self.post_ids, self.connections.post)
        shape = (len(self.pre_ids), len(self.post_ids))
        return sp.csr_array((self.connections.weight, (rows, columns)), shape=shape)

    def to_arrow(self) -> pa.Table:
        """Give the non-zero cells as an Arrow table `pre, post, weight`, int64.

        The schema's metadata holds `attrs` as JSON, under `cavegraph`.
        """
        import json

        import pyarrow as pa

        columns = {
            "pre": self.connections.pre,
            "post": self.connections.post,
            "weight": self.connections.weight,
        }
        # ids in JSON are texts
        told = {str(name): value for name, value in self.attrs.items()}
        if mapping := told.get("id_mapping"):
            told["id_mapping"] = {str(old): str(new) for old, new in mapping.items()}
        return pa.table(columns, metadata={"cavegraph": json.dumps(told)})

    def to_frame(self) -> pd.DataFrame:
        """Give the dense matrix, int64, index and columns without a name; with `attrs`.

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
                hint="ask for form='sparse' or form='arrow'",
            )
        values = np.zeros((len(self.pre_ids), len(self.post_ids)), dtype=np.int64)
        rows = np.searchsorted(self.pre_ids, self.connections.pre)
        values[rows, np.searchsorted(self.post_ids, self.connections.post)] = (
            self.connections.weight
        )
        frame = pd.DataFrame(values, index=pd.Index(self.pre_ids), columns=pd.Index(self.post_ids))
        frame.attrs = dict(self.attrs)
        return frame
