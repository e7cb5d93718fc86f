"""Rows in the making: a column of neurons, of connections or of values for each name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from graphapi.ids import IdArray

#: Most rows that a query may make on its way.
MOST_ROWS = 5_000_000


class Neuron(int):
    """One neuron among other values, by its root id."""


class Connection(tuple[int, int, int]):
    """One connection among other values: pre, post, weight."""

    __slots__ = ()


@dataclass(frozen=True)
class Path:
    """A path: its neurons, and the weights between them."""

    neurons: tuple[int, ...]
    weights: tuple[int, ...]


@dataclass(frozen=True)
class Nodes:
    """A column of neurons."""

    ids: IdArray

    def take(self, rows: npt.NDArray[np.int64]) -> Nodes:
        """Return some rows."""
        return Nodes(self.ids[rows])

    def values(self) -> list[Any]:
        """Return one `Neuron` for each row."""
        return [Neuron(one) for one in self.ids.tolist()]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Edges:
    """A column of connections."""

    pre: IdArray
    post: IdArray
    weight: IdArray

    def take(self, rows: npt.NDArray[np.int64]) -> Edges:
        """Return some rows."""
        return Edges(self.pre[rows], self.post[rows], self.weight[rows])

    def values(self) -> list[Any]:
        """Return one `Connection` for each row."""
        parts = zip(self.pre.tolist(), self.post.tolist(), self.weight.tolist(), strict=True)
        return [Connection(one) for one in parts]

    def __len__(self) -> int:
        return len(self.pre)


Values: TypeAlias = list[Any]
Column: TypeAlias = Nodes | Edges | Values


def column(values: Values) -> Column:
    """Return values as a column; of neurons or of connections, if they all are."""
    if values and all(isinstance(one, Neuron) for one in values):
        return Nodes(np.array(values, dtype=np.int64))
    if values and all(isinstance(one, Connection) for one in values):
        pre, post, weight = (np.array(part, dtype=np.int64) for part in zip(*values, strict=True))
        return Edges(pre, post, weight)
    return values


def as_values(one: Column) -> Values:
    """Return a column as a list."""
    return one if isinstance(one, list) else one.values()


class Frame:
    """Rows: columns of one length, by name."""

    def __init__(self, columns: Mapping[str, Column], size: int) -> None:
        if size > MOST_ROWS:
            raise InputError(
                f"the query makes {size:,} rows; {MOST_ROWS:,} are allowed",
                hint="ask for fewer neurons at a time, or open the graph with graphapi",
            )
        self.columns, self.size = dict(columns), size

    def take(self, rows: npt.NDArray[np.int64]) -> Frame:
        """Return some rows, in this order."""
        listed: list[int] | None = None
        made: dict[str, Column] = {}
        for name, one in self.columns.items():
            if isinstance(one, list):
                listed = rows.tolist() if listed is None else listed
                made[name] = [one[place] for place in listed]
            else:
                made[name] = one.take(rows)
        return Frame(made, len(rows))

    def where(self, kept: Values) -> Frame:
        """Return the rows where a condition is true."""
        if all(one is True for one in kept):
            return self
        return self.take(np.flatnonzero([one is True for one in kept]))

    def and_(self, columns: Mapping[str, Column]) -> Frame:
        """Return the rows with further columns."""
        return Frame({**self.columns, **columns}, self.size)
