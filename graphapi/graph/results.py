"""Frames as users get them: strict dtypes, one order, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd
    import pyarrow as pa

    from graphapi.ids import IdArray

Source = Literal["graph", "cave"]


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
