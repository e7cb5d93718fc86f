"""Narrow a motif search: to synapses in some regions, or to signs by a table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError, UnknownFieldError
from graphapi.motifs.pattern import Condition
from graphapi.network.signs import UNKNOWN, SignTable, signs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import pyarrow as pa

    from graphapi.graph.results import Adjacency
    from graphapi.ids import IdArray
    from graphapi.motifs.binding import MotifSchema
    from graphapi.network.signs import Signs

#: The property of neurons that decides about signs.
TRANSMITTER = "transmitter"


@dataclass(frozen=True)
class Narrowing:
    """What a search is narrowed to.

    Attributes
    ----------
    regions
        Count only synapses in these; empty for all.
    signs
        Meaning of excitatory and inhibitory connections; None if none are asked for.
    """

    regions: tuple[str, ...] = ()
    signs: SignTable | None = None

    @classmethod
    def of(
        cls, regions: str | Sequence[str] | None, signs: Signs | SignTable | None = None
    ) -> Narrowing:
        """Read the arguments of a search."""
        named = (regions,) if isinstance(regions, str) else tuple(regions or ())
        if regions is not None and not named:
            raise InputError("regions: the list is empty", hint="None counts all regions")
        return cls(named, None if signs is None else SignTable.of(signs))

    def attrs(self) -> dict[Hashable | None, Any]:
        """Return what a result says of it, for `.attrs`."""
        told: dict[Hashable | None, Any] = {}
        if self.regions:
            told["regions"] = list(self.regions)
        if self.signs is not None:
            told["signs"] = {"table": self.signs.name, "signs": dict(self.signs.signs)}
        return told


@dataclass
class PartOfGraph:
    """The connections in some regions, as `graphapi.graph.whole.WholeGraph` has all of them.

    Parameters
    ----------
    found
        All connections in these regions, with their weights there.
    """

    found: Adjacency
    is_read: bool = True
    _kept: dict[int, Any] = field(default_factory=dict)

    def matrix(self, threshold: int = 1, timeout: float | None = None) -> tuple[Any, IdArray]:  # noqa: ARG002
        """Return weights in the regions, and root ids; see `WholeGraph.matrix`."""
        if threshold not in self._kept:
            strong = self.found.connections.where(self.found.connections.weight >= threshold)
            matrix = replace(self.found, connections=strong).to_sparse()
            matrix.sum_duplicates()
            for values in (matrix.indptr, matrix.indices, matrix.data):
                values.setflags(write=False)
            self._kept = {threshold: matrix}  # one at a time: it may be large
        return self._kept[threshold], self.found.pre_ids.copy()

    def sizes(self, timeout: float | None = None) -> pa.Array:  # noqa: ARG002
        """Refuse sizes, which are known for whole connections only."""
        raise InputError(
            "size_sum is not known by region", hint="use weight in the motif, or leave out regions"
        )


def with_signs(
    schema: MotifSchema, table: SignTable, transmitters: Callable[[], pa.Array]
) -> MotifSchema:
    """Return a schema that knows which connections are excitatory and inhibitory.

    Parameters
    ----------
    schema
        The graph's.
    table
        Signs of transmitters.
    transmitters
        Returns the property `transmitter` of all neurons.

    Raises
    ------
    UnknownFieldError
        The graph has no transmitters.
    InputError
        The table lacks a transmitter that occurs, or gives neurons of unknown transmitter a sign.
    """
    if TRANSMITTER not in schema.nodes:
        raise UnknownFieldError(
            "this graph has no transmitters, so connections have no signs",
            hint="load it with a table that has a column of transmitters; name the column with "
            "--annotations 'FILE?transmitter=COLUMN'",
        )
    signs_of(transmitters().unique().to_pylist(), table)  # nothing is assumed
    if table.signs.get(UNKNOWN):
        raise InputError(
            "signs: in a motif, neurons of unknown transmitter have no sign",
            hint="use a table with 'unknown': 0",
        )
    words = {
        sign: tuple(word for word, known in table.signs.items() if known == sign)
        for sign in (1, -1)
    }
    return replace(
        schema,
        signs={
            "excitatory": (Condition(TRANSMITTER, "in", words[1]),),
            "inhibitory": (Condition(TRANSMITTER, "in", words[-1]),),
        },
    )
