"""What the graph cannot answer, asked of CAVE: raw rows, other versions, live data."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.cave.connection import Cave
from graphapi.cave.ids import map_to, roots_of
from graphapi.cave.synapses import connectivity_from_rows, synapse_rows
from graphapi.cave.token import find_token
from graphapi.cave.trust import require_trust, same_place
from graphapi.common.http import answers
from graphapi.errors import UnknownRootIdError
from graphapi.graph.results import Connections

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from graphapi.graph.materialization import Materialization
    from graphapi.graph.terms import Terms
    from graphapi.ids import IdArray


class CaveSource:
    """Asks the CAVE server of a graph's datastack; connects at the first question.

    Parameters
    ----------
    made
        The record of the graph on whose behalf CAVE is asked.
    token
        CAVE token; None for a saved one.
    server
        In place of the server that the graph was loaded from.
    """

    def __init__(self, made: Materialization, *, token: str | None, server: str | None) -> None:
        self._made = made
        self._token = token
        named = server or os.environ.get("CAVEGRAPH_SERVER")
        self._is_named = bool(named)
        self._server = named or self._made.server

    @cached_property
    def cave(self) -> Cave:
        """The connection, made once."""
        return Cave.connect(self._made.datastack, server=self._server, token=self.token)

    @property
    def server(self) -> str:
        """The address that is asked."""
        return self._server

    @property
    def token(self) -> str | None:
        """The token that is shown to the server: the given one, else a saved one.

        Raises
        ------
        CaveAuthError
            Only the graph names this server, and nobody vouches for it.
        """
        found = self._token or find_token(self._server)
        if found and not self._is_named:
            require_trust(self._server)
        return found

    def token_for(self, volume: str) -> str | None:
        """Return the token that is shown to a volume's place, which only the graph names.

        Raises
        ------
        CaveAuthError
            Nobody vouches for the place.
        """
        if same_place(volume, self._server):
            return self.token
        found = self._token or find_token(self._server)
        if found:
            require_trust(volume)
        return found

    def answers(self) -> bool:
        """Tell whether the server can be reached, within seconds and without a token."""
        return answers(self._server)

    def client(self) -> Any:
        """Return the raw `CAVEclient`, at the graph's version."""
        client = self.cave.client
        client.materialize.version = self._made.version
        return client

    def moment(self, version: int) -> tuple[int, str]:
        """Return a version that CAVE has, and its timestamp in ISO 8601, UTC."""
        found = self.cave.resolve_version(version)
        return found.version, found.timestamp.isoformat()

    def map_stale(self, neuron_ids: list[int], timestamp: str) -> dict[int, int]:
        """Find what ids are at a moment.

        Parameters
        ----------
        neuron_ids
            Root ids of any version.
        timestamp
            ISO 8601.

        Returns
        -------
        dict
            Stale id to current id. An id that is current is left out.

        Raises
        ------
        UnknownRootIdError
            Ids that never existed.
        """
        if not neuron_ids:
            return {}
        when = datetime.fromisoformat(timestamp)
        found = map_to(self.cave, np.array(neuron_ids, dtype=np.int64), when)
        if len(found.unknown):
            raise UnknownRootIdError(
                found.unknown,
                f"{self._made.datastack} (neither the graph nor CAVE's segmentation)",
                hint="check the ids for typing errors, or for a pass through a float",
            )
        return found.changed()

    def roots_of(self, supervoxels: npt.NDArray[np.integer]) -> IdArray:
        """Return the roots of supervoxels at the graph's moment; 0 where there is none."""
        return roots_of(self.cave, supervoxels.astype(np.int64), self._made.when)

    def connections(
        self, terms: Terms, version: int | datetime, pre: IdArray | None, post: IdArray | None
    ) -> Connections:
        """Compute connections from complete synapse rows; see `synapses`."""
        rows = self.synapses(replace(terms, threshold=1), version, pre, post, return_pixels=False)
        frame = connectivity_from_rows(rows, threshold=terms.threshold)
        return Connections.from_frame(frame)

    def synapses(
        self,
        terms: Terms,
        version: int | datetime,
        pre: IdArray | None,
        post: IdArray | None,
        *,
        return_pixels: bool,
    ) -> pd.DataFrame:
        """Fetch synapse rows, all of them.

        Parameters
        ----------
        terms
            What counts.
        version
            A materialization version, or a moment for live data.
        pre, post
            Root ids at that version, each once; None for all neurons.
        return_pixels
            Positions in voxels; False: in nanometres.
        """
        return synapse_rows(
            self.cave,
            version,
            pre,
            post,
            threshold=terms.threshold,
            min_size=self._made.min_size if terms.min_size is None else terms.min_size,
            clean=terms.clean,
            return_pixels=return_pixels,
            synapse_table=self._made.synapse_table or None,
        )
