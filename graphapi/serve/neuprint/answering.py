"""Answer a client's query: by our own calls, or by the database through its read-only door."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.threads import Stop, stopped_by
from graphapi.errors import NotFoundError, QueryRejectedError
from graphapi.serve.neuprint.enginetext import for_engine
from graphapi.serve.neuprint.interpreter import Result, properties_in, run
from graphapi.serve.neuprint.meta import dataset_name, meta_of
from graphapi.serve.neuprint.neurons import NeuronTable
from graphapi.serve.neuprint.parser import column_names, parse, unboxed
from graphapi.serve.neuprint.tree import NotUnderstoodError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from graphapi.connectome import Connectome
    from graphapi.serve.neuprint.names import Meaning
    from graphapi.serve.neuprint.regions import Regions
    from graphapi.serve.neuprint.tree import Query

#: Longest query, in characters: neuprint-python writes lists of ids into the text.
_MOST_CHARACTERS = 8_000_000


@dataclass(frozen=True)
class Clerk:
    """Answers the queries of neuPrint's clients.

    Parameters
    ----------
    connectome
        The open graph.
    meanings
        What neuPrint's names mean.
    regions
        The regions of the graph, and larger ones.
    seconds
        Time limit of a query.
    """

    connectome: Connectome
    meanings: Mapping[str, Meaning]
    regions: Regions
    seconds: float

    def table(self, wanted: Collection[str] = ()) -> NeuronTable:
        """Return the properties of neurons, not yet read; `wanted` are read together."""
        return NeuronTable(self.connectome, self.meanings, self.regions, wanted)

    def check_dataset(self, name: str) -> None:
        """Refuse another dataset's name.

        Raises
        ------
        NotFoundError
            The server has another dataset.
        """
        made = self.connectome.materialization
        mine = dataset_name(made)
        if name not in ("", mine, made.datastack):
            raise NotFoundError(
                f"this server has no dataset {name[:200]!r}", hint=f"it has {mine!r}"
            )

    def ask(self, cypher: str) -> Result:
        """Answer a query.

        Parameters
        ----------
        cypher
            What the client sent.

        Returns
        -------
        Result
            The table.

        Raises
        ------
        CavegraphError
            It cannot be answered; the message says why.
        """
        try:
            return self._run(parse(cypher, _MOST_CHARACTERS))
        except NotUnderstoodError as error:
            return self._by_engine(cypher, error)

    def own(self, cypher: str, given: Mapping[str, object]) -> Result:
        """Answer a query of this server's own, with values for its parameters."""
        return self._run(parse(cypher, _MOST_CHARACTERS, given))

    def _run(self, query: Query) -> Result:
        stop = Stop(min(self.seconds, query.seconds or self.seconds))
        table = self.table(properties_in(query))
        with stopped_by(stop):
            return run(query, table, meta_of(table), stop)

    def _by_engine(self, cypher: str, reason: NotUnderstoodError) -> Result:
        import pandas as pd

        text, seconds, renamed = unboxed(cypher)
        table = self.table()
        sent = for_engine(text, table, self.connectome.engine.name)
        try:
            with stopped_by(Stop(min(self.seconds, seconds or self.seconds))):
                frame = self.connectome.cypher(sent)
        except QueryRejectedError as error:
            raise QueryRejectedError(
                f"this query cannot be answered: {reason.message}; and the database does not run "
                f"it: {error.message}",
                hint=error.hint,
            ) from error
        written = column_names(text, _MOST_CHARACTERS)
        if len(written) == len(set(written)) == frame.shape[1]:
            frame.columns = pd.Index(written)
        columns = {str(name): [_plain(value) for value in frame[name]] for name in frame.columns}
        names = renamed or tuple((name, name) for name in columns)
        if missing := [old for old, _ in names if old not in columns]:
            raise QueryRejectedError(f"the inner query has no column {missing[0]}")
        rows = zip(*(columns[old] for old, _ in names), strict=True)
        return Result([new for _, new in names], [list(row) for row in rows])


def _plain(value: Any) -> Any:
    """Return a value of the database's answer as a value for JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if type(value).__name__ in ("NAType", "NaTType") else str(value)
