"""What the graph cannot answer, asked of CAVE: raw rows, other versions, live data."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphapi.cave.connection import Cave
from graphapi.cave.ids import map_to, roots_of
from graphapi.cave.synapses import connectivity_from_rows, synapse_rows
from graphapi.cave.token import find_token
from graphapi.cave.trust import host_of, require_trust
from graphapi.errors import InputError, UnknownRootIdError
from graphapi.graph.results import Connections, Provenance
from graphapi.graph.selection import Selection, report_mapped
from graphapi.ids import IdArray, parse_root_ids

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from graphapi.connectivity import Terms
    from graphapi.opengraph import OpenGraph


class CaveSource:
    """Asks the CAVE server of a graph's datastack; connects at the first question.

    Parameters
    ----------
    connectome
        The graph on whose behalf CAVE is asked.
    token
        CAVE token; None for a saved one.
    server
        In place of the server that the graph was loaded from.
    """

    def __init__(self, connectome: OpenGraph, *, token: str | None, server: str | None) -> None:
        self._made = connectome.materialization
        self._connectome = connectome
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
        """Give the token that is shown to a volume's place, which only the graph names.

        Raises
        ------
        CaveAuthError
            Nobody vouches for the place.
        """
        if host_of(volume) == host_of(self._server):
            return self.token
        found = self._token or find_token(self._server)
        if found:
            require_trust(volume)
        return found

    def client(self) -> Any:
        """Give the raw `CAVEclient`, at the graph's version."""
        client = self.cave.client
        client.materialize.version = self._made.version
        return client

    def moment(self, terms: Terms) -> tuple[int | Literal["live"], str]:
        """Give the version that a call is about, and its timestamp in ISO 8601, UTC."""
        if terms.materialization == "live":
            return "live", terms.moment.isoformat()
        if terms.materialization in ("latest", self._made.version):
            return self._made.version, self._made.timestamp
        found = self.cave.resolve_version(_as_version(terms.materialization))
        return found.version, found.timestamp.isoformat()

    def map_stale(self, ids: list[int]) -> dict[int, int]:
        """Find what ids that the graph does not hold are at the graph's version.

        Parameters
        ----------
        ids
            Root ids that are no neurons of the graph.

        Returns
        -------
        dict
            Stale id to current id. An id that is current, but has neither annotation nor
            synapse, is left out.

        Raises
        ------
        UnknownRootIdError
            Ids that never existed.
        """
        return self._map(ids, self._made.when)

    def roots_of(self, supervoxels: npt.NDArray[np.integer]) -> IdArray:
        """Give the roots of supervoxels at the graph's moment; 0 where there is none."""
        return roots_of(self.cave, supervoxels.astype(np.int64), self._made.when)

    def select(self, ids: object, *, what: str, terms: Terms) -> Selection:
        """Read an argument for a question about another version than the graph's."""
        from graphapi.graph.criteria import NeuronCriteria

        if isinstance(ids, NeuronCriteria):
            requested = ids.get_roots()
        else:
            requested = parse_root_ids(ids, what=what)
            if not len(requested):
                raise InputError(f"{what}: no ids given", hint="pass at least one id")
        at = datetime.fromisoformat(self.moment(terms)[1])
        mapping = self._map(sorted(set(requested.tolist())), at)
        where = f"{self._made.datastack}, version {terms.materialization}"
        if mapping and not terms.update_ids:
            raise UnknownRootIdError(
                sorted(mapping), where, hint="update_ids=True maps them to that version"
            )
        report_mapped(mapping, what, where)
        resolved = np.array([mapping.get(i, i) for i in requested.tolist()], dtype=np.int64)
        return Selection(requested, resolved, mapping)

    def connections(
        self, terms: Terms, *, pre: IdArray | None, post: IdArray | None
    ) -> Connections:
        """Compute connections from complete synapse rows."""
        rows = self._rows(terms, pre, post, return_pixels=False, threshold=1)
        frame = connectivity_from_rows(rows, threshold=terms.threshold)
        return Connections.from_frame(frame)

    def synapses(
        self, pre_ids: object, post_ids: object, terms: Terms, *, return_pixels: bool
    ) -> pd.DataFrame:
        """See `Connectome.get_synapses`."""
        pre = self._select(pre_ids, "pre_ids", terms)
        post = self._select(post_ids, "post_ids", terms)
        rows = self._rows(
            terms,
            None if pre is None else pre.unique,
            None if post is None else post.unique,
            return_pixels=return_pixels,
            threshold=terms.threshold,
        )
        mapping = {**(pre.mapping if pre else {}), **(post.mapping if post else {})}
        version, timestamp = self.moment(terms)
        rows.attrs = Provenance(self._made.datastack, version, timestamp, "cave", mapping).attrs()
        return rows

    def _select(self, ids: object, what: str, terms: Terms) -> Selection | None:
        if ids is None:
            return None
        if terms.materialization in ("latest", self._made.version):
            return self._connectome.selector.select(ids, what=what, update_ids=terms.update_ids)
        return self.select(ids, what=what, terms=terms)

    def _rows(
        self,
        terms: Terms,
        pre: IdArray | None,
        post: IdArray | None,
        *,
        return_pixels: bool,
        threshold: int,
    ) -> pd.DataFrame:
        version, _ = self.moment(terms)
        return synapse_rows(
            self.cave,
            terms.moment if version == "live" else version,
            pre,
            post,
            threshold=threshold,
            min_size=self._made.min_size if terms.min_size is None else terms.min_size,
            clean=terms.clean,
            return_pixels=return_pixels,
            synapse_table=self._made.synapse_table or None,
        )

    def _map(self, ids: list[int], timestamp: datetime | None) -> dict[int, int]:
        if not ids:
            return {}
        found = map_to(self.cave, np.array(ids, dtype=np.int64), timestamp)
        if len(found.unknown):
            raise UnknownRootIdError(
                found.unknown,
                f"{self._made.datastack} (neither the graph nor CAVE's segmentation)",
                hint="check the ids for typing errors, or for a pass through a float",
            )
        return found.changed()


def _as_version(materialization: object) -> int:
    if isinstance(materialization, bool) or not isinstance(materialization, (int, np.integer)):
        raise InputError(
            f"materialization: {materialization!r} is no version",
            hint="use 'latest' (the graph's version), 'live', or a version's number",
        )
    return int(materialization)
