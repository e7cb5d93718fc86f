"""A graph and its CAVE server; the only module that decides which of them answers."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeVar

import numpy as np

from graphapi.engines import is_neo4j, open_engine
from graphapi.engines.queries import catalog
from graphapi.errors import CaveAuthError, CaveError, UnknownRootIdError
from graphapi.graph.door import Graph, default_uri
from graphapi.graph.frommatrix import FEWEST
from graphapi.graph.results import Adjacency, Connections, Provenance
from graphapi.graph.selection import Selection, Selector, mapped
from graphapi.graph.soundfiles import require_sound
from graphapi.graph.terms import Terms
from graphapi.graph.whole import WholeGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from graphapi.engines.base import Engine
    from graphapi.engines.queries import Query
    from graphapi.graph.fallback import CaveAccess
    from graphapi.graph.frommatrix import HeldMatrix
    from graphapi.ids import IdArray

_Answer = TypeVar("_Answer")


class Reader(Graph):
    """An open graph, with CAVE for what it cannot answer; base class of `Connectome`.

    Parameters
    ----------
    engine
        The database that holds the graph, or its path or address; see `open`.
    token
        CAVE token for calls that need CAVE; None to find a stored one when needed.
    server
        CAVE server; None for the one that the graph was loaded from.
    timeout
        Seconds after which a query, or a computation in memory such as a motif search, is
        stopped; None for no limit.
    """

    def __init__(
        self,
        engine: Engine | str | Path,
        *,
        token: str | None = None,
        server: str | None = None,
        timeout: float | None = None,
    ) -> None:
        if isinstance(engine, (str, Path)):
            engine = _opened(engine)
        super().__init__(engine, timeout=timeout)
        self.selector = Selector(self, self._map_stale)
        self._token = token
        self._server = server
        self.whole = WholeGraph(self)

    @classmethod
    def open(
        cls,
        uri: str | Path | None = None,
        *,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        token: str | None = None,
        server: str | None = None,
        timeout: float | None = None,
    ) -> Self:
        """Open a graph made by `cavegraph load`.

        Parameters
        ----------
        uri
            `bolt://host` or `neo4j://host` (with `+s` for encryption) for Neo4j, else the
            path of a graph file. None: `$CAVEGRAPH_URI`, else the file in the user's
            data folder.
        user, password, database
            For Neo4j. None: `$CAVEGRAPH_NEO4J_USER` and `$CAVEGRAPH_NEO4J_PASSWORD`.
        token
            CAVE token for calls that need CAVE. None: a stored one.
        server
            CAVE server. None: the one that the graph was loaded from.
        timeout
            Seconds after which a query, or a computation in memory such as a motif search, is
            stopped; None for no limit.

        Returns
        -------
        Connectome
            The open graph.

        Raises
        ------
        GraphNotFoundError, GraphFileError, GraphIncompleteError
            There is no graph, it cannot be read, or its load has not finished.
        EngineUnavailableError, EngineAuthError
            Neo4j does not answer, or refuses the password.
        """
        engine = _opened(uri or default_uri(), user=user, password=password, database=database)
        try:
            return cls(engine, token=token, server=server, timeout=timeout)
        except Exception:
            engine.close()
            raise

    @cached_property
    def cave_source(self) -> CaveAccess | None:
        """Access to CAVE for this graph; None for graphs made from files."""
        if self.materialization.source != "cave":
            return None
        from graphapi.graph.fallback import CaveAccess

        return CaveAccess(self.materialization, token=self._token, server=self._server)

    def require_cave(self) -> CaveAccess:
        """Return the access to CAVE, or raise an error that says why there is none.

        Raises
        ------
        CaveError
            The graph was made from files.
        """
        if self.cave_source is None:
            raise CaveError(
                f"{self.name} was made from files and has no CAVE server",
                hint="the graph itself answers calls with materialization='latest', clean=True "
                "and no min_size; synapse rows are in your files",
            )
        return self.cave_source

    def _own_version(self, terms: Terms) -> bool:
        return terms.materialization in ("latest", self.materialization.version)

    def _in_graph(self, terms: Terms) -> bool:
        """Return whether the graph itself can give the exact answer."""
        own_size = terms.min_size is None or terms.min_size == self.materialization.min_size
        return self._own_version(terms) and own_size and terms.clean

    def _moment(self, terms: Terms) -> tuple[int | Literal["live"], str]:
        """Return the version that a call uses, and its ISO 8601 timestamp in UTC."""
        if self._own_version(terms):
            return self.materialization.version, self.materialization.timestamp
        cave = self.require_cave()
        if terms.materialization == "live":
            return "live", terms.moment.isoformat()
        return cave.moment(int(terms.materialization))

    def _select(self, neuron_ids: object, what: str, terms: Terms | None = None) -> Selection:
        """Read an argument that names neurons, as ids at the version that the call uses."""
        asked = terms or Terms()
        if self._own_version(asked):
            return self.selector.select(neuron_ids, what=what, update_ids=asked.update_ids)
        requested = self.selector.read(neuron_ids, what=what)
        _, timestamp = self._moment(asked)
        mapping = self.require_cave().map_stale(sorted(set(requested.tolist())), timestamp)
        where = f"{self.materialization.datastack}, version {asked.materialization}"
        return mapped(requested, mapping, what=what, where=where, update_ids=asked.update_ids)

    def _select_ends(
        self, pre_ids: object, post_ids: object, terms: Terms
    ) -> tuple[Selection | None, Selection | None]:
        pre = None if pre_ids is None else self._select(pre_ids, "pre_ids", terms)
        return pre, None if post_ids is None else self._select(post_ids, "post_ids", terms)

    def _select_by(
        self,
        ask: Callable[..., tuple[_Answer, Sequence[IdArray]]],
        terms: Terms,
        **arguments: object,
    ) -> tuple[_Answer, dict[str, Selection]]:
        """Ask about neurons first, and look up only those ids that the answer does not show.

        Parameters
        ----------
        ask
            Function of the distinct ids of each argument, by name. It returns an answer, and the
            root ids that are in it.
        terms
            What counts as a connection.
        arguments
            What names neurons, by the name of the argument.

        Returns
        -------
        tuple
            The answer for ids at the version that the call uses, and the arguments, read.
        """
        chosen: dict[str, Selection] = {}
        if not self._in_graph(terms):
            chosen = {what: self._select(given, what, terms) for what, given in arguments.items()}
            return ask(**_distinct(chosen))[0], chosen
        read = {what: self.selector.read(given, what=what) for what, given in arguments.items()}
        answer, shown = ask(**{what: np.unique(ids) for what, ids in read.items()})
        for what, ids in read.items():
            self.selector.note(ids, shown)
            chosen[what] = self.selector.resolve(
                arguments[what], ids, what=what, update_ids=terms.update_ids
            )
        if any(one.mapping for one in chosen.values()):
            answer, _ = ask(**_distinct(chosen))
        return answer, chosen

    def _map_stale(self, neuron_ids: list[int]) -> dict[int, int]:
        if self.cave_source is None:
            raise UnknownRootIdError(
                neuron_ids,
                self.name,
                hint="give root ids of this dataset at this version, not supervoxels; older ids "
                "cannot be looked up, since the graph was made from files",
            )
        if not self.cave_source.answers():
            raise UnknownRootIdError(
                neuron_ids,
                self.name,
                hint=f"they are not in this graph. They may be older ids of its neurons, but CAVE "
                f"at {self.cave_source.server} cannot be reached to look them up",
            )
        try:
            return self.cave_source.map_stale(neuron_ids, self.materialization.timestamp)
        except CaveAuthError as error:
            missing = ", ".join(str(one) for one in neuron_ids[:5])
            missing += f" and {len(neuron_ids) - 5:,} more" if len(neuron_ids) > 5 else ""
            raise CaveAuthError(
                f"root id(s) not in {self.name}: {missing}. They may be older ids of its neurons, "
                f"but CAVE cannot be asked: {error.message}",
                hint=error.hint,
            ) from error

    def _fetch(self, terms: Terms, *, pre: IdArray | None, post: IdArray | None) -> Connections:
        """Return the connections from `pre` to `post`; None stands for all neurons.

        Parameters
        ----------
        terms
            What counts as a connection.
        pre, post
            Distinct current root ids. Both None: the whole graph.

        Returns
        -------
        Connections
            Sorted by weight, largest first, then pre, then post.
        """
        if (pre is not None and not len(pre)) or (post is not None and not len(post)):
            nothing = np.array([], dtype=np.int64)
            return Connections(nothing, nothing, nothing)
        if not self._in_graph(terms):
            version = self._cave_version(terms)
            return self.require_cave().connections(terms, version, pre, post).sorted()
        if pre is None and post is None:
            return self._whole(terms).connections
        if (held := self._at_hand(terms, pre, post)) is not None:
            found = held.between(terms.threshold, pre, post)
            if found is not None:
                return found
        return Connections.from_arrow(self.run(*_asked(terms, pre, post)))

    def _at_hand(self, terms: Terms, *neuron_ids: IdArray | None) -> HeldMatrix | None:
        """Return the whole-graph matrix if it is at hand, and there are neurons enough for it."""
        enough = any(ids is not None and len(ids) >= FEWEST for ids in neuron_ids)
        return self.whole.at_hand(terms.threshold) if enough else None

    def _whole(self, terms: Terms) -> Adjacency:
        """Return the whole graph; it is read once and kept for all calls that need it."""
        matrix, roots = self.whole.matrix(terms.threshold)
        pre = roots.repeat(np.diff(matrix.indptr))
        found = Connections(pre, roots[matrix.indices], matrix.data.copy())
        return Adjacency(roots, roots, found, self._provenance(terms).attrs())

    def _fetch_around(self, terms: Terms, neuron_ids: IdArray) -> Connections:
        """Return all connections from and onto neurons, each once; in the order of `_fetch`."""
        if not len(neuron_ids) or not self._in_graph(terms):
            out = self._fetch(terms, pre=neuron_ids, post=None)
            into = self._fetch(terms, pre=None, post=neuron_ids)
        else:
            if (held := self._at_hand(terms, neuron_ids)) is not None:
                found = held.around(terms.threshold, neuron_ids)
                if found is not None:
                    return found
            ends = ((neuron_ids, None), (None, neuron_ids))
            asked = [_asked(terms, pre, post) for pre, post in ends]
            out, into = (Connections.from_arrow(answer) for answer in self.run_together(asked))
        # connections between the given neurons are already in the first part
        return out.joined(into.where(~np.isin(into.pre, neuron_ids))).sorted()

    def _fetch_synapses(
        self, terms: Terms, pre: Selection | None, post: Selection | None, *, return_pixels: bool
    ) -> pd.DataFrame:
        """Fetch synapse rows, which only CAVE has."""
        rows = self.require_cave().synapses(
            terms,
            self._cave_version(terms),
            None if pre is None else pre.unique,
            None if post is None else post.unique,
            return_pixels=return_pixels,
        )
        rows.attrs = self._provenance(terms, pre, post, source="cave").attrs()
        return rows

    def _cave_version(self, terms: Terms) -> int | datetime:
        version, timestamp = self._moment(terms)
        return datetime.fromisoformat(timestamp) if version == "live" else version

    def _provenance(
        self,
        terms: Terms,
        *selections: Selection | None,
        source: Literal["graph", "cave"] | None = None,
    ) -> Provenance:
        """Return the provenance of an answer."""
        mapping: dict[int, int] = {}
        for selection in selections:
            mapping |= selection.mapping if selection else {}
        version, timestamp = self._moment(terms)
        by_rule: Literal["graph", "cave"] = "graph" if self._in_graph(terms) else "cave"
        datastack = self.materialization.datastack
        return Provenance(datastack, version, timestamp, source or by_rule, mapping)


def _distinct(chosen: Mapping[str, Selection]) -> dict[str, IdArray]:
    return {what: one.unique for what, one in chosen.items()}


def _asked(
    terms: Terms, pre: IdArray | None, post: IdArray | None
) -> tuple[Query, dict[str, object]]:
    """Choose the query for connections from `pre` to `post`, one of which may be None for all.

    For a single neuron there is a faster one.
    """
    params: dict[str, object] = {"threshold": int(terms.threshold)}
    if pre is not None and post is not None:
        return catalog()["between"], {
            "pre_ids": pre.tolist(),
            "post_ids": post.tolist(),
            **params,
        }
    way, ids = ("upstream", post) if pre is None else ("downstream", pre)
    neuron_ids = [] if ids is None else ids.tolist()
    if len(neuron_ids) == 1:
        return catalog()[f"{way}_of_one"], {"id": neuron_ids[0], **params}
    return catalog()[way], {"ids": neuron_ids, **params}


def _opened(
    uri: str | Path,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
) -> Engine:
    """Open a graph; a file that is not known is first read through in a separate process."""
    if not is_neo4j(str(uri)) and "://" not in str(uri):
        require_sound(uri)
    return open_engine(uri, user=user, password=password, database=database)
