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


class Point(dict[str, int]):
    """A place among other values, in voxels: x, y and z."""

    def __init__(self, x: int, y: int, z: int) -> None:
        super().__init__(x=x, y=y, z=z)


class Synapse(dict[str, Any]):
    """One end of a synapse among other values: its properties.

    Parameters
    ----------
    properties
        What it has; `id` and `type` tell it from others.
    names
        What synapses of its table can have.
    """

    def __init__(self, properties: Mapping[str, Any], names: frozenset[str]) -> None:
        super().__init__(properties)
        self.names = names


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
        _check_size(size)
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
        flags = [one is True for one in kept]
        return self if all(flags) else self.take(np.flatnonzero(flags))

    def and_(self, columns: Mapping[str, Column]) -> Frame:
        """Return the rows with further columns."""
        return Frame({**self.columns, **columns}, self.size)

    def meet(self, keys: Mapping[str, IdArray]) -> tuple[IdArray, IdArray]:
        """Join the rows with others that name neurons.

        Parameters
        ----------
        keys
            Root ids of the others, by the name of the column. They meet the rows that have the
            same neurons in the columns of these names; where there is no such column, all rows.

        Returns
        -------
        tuple
            Places of rows, and of the others that they meet.
        """
        import pandas as pd

        count = len(next(iter(keys.values())))
        bound = {name: self.columns[name] for name in keys if name in self.columns}
        if not bound:
            _check_size(self.size * count)
            return np.repeat(np.arange(self.size), count), np.tile(np.arange(count), self.size)
        ours = pd.DataFrame({name: _ids(name, one) for name, one in bound.items()})
        theirs = pd.DataFrame({name: keys[name] for name in bound})
        met = ours.assign(**{" row": np.arange(self.size)}).merge(
            theirs.assign(**{" place": np.arange(count)}), on=list(bound)
        )
        return met[" row"].to_numpy(), met[" place"].to_numpy()


def _ids(name: str, one: Column) -> IdArray:
    if not isinstance(one, Nodes):
        raise InputError(f"{name} is not a neuron")
    return one.ids


def _check_size(size: int) -> None:
    if size > MOST_ROWS:
        raise InputError(
            f"the query makes {size:,} rows; {MOST_ROWS:,} are allowed",
            hint="ask for fewer neurons at a time, or open the graph with graphapi",
        )
