"""Query CAVE for what the graph cannot answer: synapse rows, other versions, live data."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.cave.connection import Cave
from graphapi.cave.ids import map_to, roots_of
from graphapi.cave.regions import regions_of, weights_by_region
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


class CaveAccess:
    """Access to the CAVE server of a graph's datastack; connects on first use.

    Parameters
    ----------
    made
        The graph's record.
    token
        CAVE token; None for a stored one.
    server
        CAVE server; None for the one that the graph was loaded from.
    """

    def __init__(self, made: Materialization, *, token: str | None, server: str | None) -> None:
        self._made = made
        self._token = token
        named = server or os.environ.get("CAVEGRAPH_SERVER")
        self._is_named = bool(named)
        self._server = named or self._made.server

    @cached_property
    def cave(self) -> Cave:
        """The connection, created on first use."""
        return Cave.connect(self._made.datastack, server=self._server, token=self.token)

    @property
    def server(self) -> str:
        """Address of the CAVE server."""
        return self._server

    @property
    def token(self) -> str | None:
        """The token to send to the server: the given one, else a stored one.

        Raises
        ------
        CaveAuthError
            Only the graph names this server, and the user has not trusted it.
        """
        return self._token_at(self._server, is_named=self._is_named)

    def token_for(self, volume: str) -> str | None:
        """Return the token to send to a volume's server, which only the graph names.

        Raises
        ------
        CaveAuthError
            The user has not trusted that server.
        """
        return self._token_at(volume, is_named=self._is_named and same_place(volume, self._server))

    def _token_at(self, address: str, *, is_named: bool) -> str | None:
        """Return the token for a place, which the user named or must have trusted."""
        found = self._token or find_token(self._server)
        if found and not is_named:
            require_trust(address)
        return found

    def answers(self) -> bool:
        """Return whether the server answers within seconds; sends no token."""
        return answers(self._server)

    def client(self) -> Any:
        """Return the plain `CAVEclient`, set to the graph's version."""
        client = self.cave.client
        client.materialize.version = self._made.version
        return client

    def moment(self, version: int) -> tuple[int, str]:
        """Return a version that CAVE has, and its ISO 8601 timestamp in UTC."""
        found = self.cave.resolve_version(version)
        return found.version, found.timestamp.isoformat()

    def map_stale(self, neuron_ids: list[int], timestamp: str) -> dict[int, int]:
        """Map stale root ids to the ids at a given time.

        Parameters
        ----------
        neuron_ids
            Root ids of any version.
        timestamp
            The time, in ISO 8601.

        Returns
        -------
        dict
            Stale id to current id. Ids that are current are not included.

        Raises
        ------
        UnknownRootIdError
            Some ids never existed.
        """
        if not neuron_ids:
            return {}
        when = datetime.fromisoformat(timestamp)
        found = map_to(self.cave, np.array(neuron_ids, dtype=np.int64), when)
        if len(found.unknown):
            raise UnknownRootIdError(
                found.unknown,
                f"{self._made.datastack} (neither the graph nor CAVE's segmentation)",
                hint="check whether the ids were mistyped or converted to float",
            )
        return found.changed()

    def roots_of(self, supervoxels: npt.NDArray[np.integer]) -> IdArray:
        """Return the root ids of supervoxels at the graph's version; 0 where there is none."""
        return roots_of(self.cave, supervoxels.astype(np.int64), self._made.when)

    def connections(
        self, terms: Terms, version: int | datetime, pre: IdArray | None, post: IdArray | None
    ) -> Connections:
        """Compute connections from complete synapse rows; see `synapses`."""
        rows = self.synapses(replace(terms, threshold=1), version, pre, post, return_pixels=False)
        frame = connectivity_from_rows(rows, threshold=terms.threshold)
        return Connections.from_frame(frame)

    def in_regions(
        self, terms: Terms, version: int | datetime, pre: IdArray | None, post: IdArray | None
    ) -> pd.DataFrame:
        """Compute connections by region from complete synapse rows; see `synapses`.

        Returns
        -------
        pandas.DataFrame
            `pre`, `post`, `region`, `weight`. `terms.threshold` is not applied.
        """
        rows = self.synapses(replace(terms, threshold=1), version, pre, post, return_pixels=False)
        # Regions of synapses do not change with their roots.
        number = (
            version if isinstance(version, int) else self.cave.resolve_version("latest").version
        )
        return weights_by_region(self.cave, number, rows, self._made.region_source)

    def regions_of(self, rows: pd.DataFrame) -> pd.Series:
        """Return the region of each synapse row of the graph's version.

        Parameters
        ----------
        rows
            Rows of `synapses`.
        """
        return regions_of(self.cave, self._made.version, rows, self._made.region_source)

    def synapses(
        self,
        terms: Terms,
        version: int | datetime,
        pre: IdArray | None,
        post: IdArray | None,
        *,
        return_pixels: bool,
    ) -> pd.DataFrame:
        """Fetch all synapse rows between some neurons.

        Parameters
        ----------
        terms
            What counts as a connection.
        version
            A materialization version, or a time for live data.
        pre, post
            Distinct root ids at that version; None for all neurons.
        return_pixels
            Return positions in voxels; False for nanometres.
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
