"""Find and count motifs."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
import pandas as pd

from graphapi.common.memory import machine_memory
from graphapi.common.notices import notice
from graphapi.engines.queries import catalog
from graphapi.errors import InputError, MotifError, UnknownFieldError
from graphapi.graph.criteria import NoMatchWarning
from graphapi.motifs.binding import MotifSchema, bind
from graphapi.motifs.bycensus import count_by_class, matches_by_class
from graphapi.motifs.compile import compile_query
from graphapi.motifs.dsl import parse
from graphapi.motifs.memory import (
    BYTES_PER_CONNECTION,
    MemoryGraph,
    count_connections,
)
from graphapi.motifs.narrowed import TRANSMITTER, Narrowing, PartOfGraph, with_signs
from graphapi.motifs.pattern import Pattern
from graphapi.motifs.plan import Rules, make_plan
from graphapi.network.analysis import NetworkAnalysis
from graphapi.network.census import triad_census
from graphapi.network.graph import DirectedGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pyarrow as pa

    from graphapi.graph.reader import Reader
    from graphapi.graph.results import Adjacency
    from graphapi.ids import IdArray
    from graphapi.motifs.compiled import CompiledSearch
    from graphapi.network.signs import Signs

Method: TypeAlias = Literal["auto", "compiled", "cypher"]
Motif: TypeAlias = str | Path | Pattern

#: The candidates that two cores look at in about ten minutes.
_MOST_CANDIDATES = 5e10


class MotifSearch(NetworkAnalysis):
    """Motif search in one graph.

    Parameters
    ----------
    connectome
        The open graph.
    schema
        The fields that motifs can refer to; None for those in the graph's record.
    max_matches
        A search without a limit that would return more is refused.
    memory_bytes
        Most memory that connections may take in the compiled matcher; None for a quarter of
        the machine's.
    in_regions
        Returns all connections with their weights in some regions; None if `regions` is never
        asked for.
    narrowed
        What all searches of this object are narrowed to, and the connections that count.

    Notes
    -----
    Two methods give the same matches. `compiled` holds all connections in memory (read once, and
    shared with census and statistics) and runs on all cores; `cypher` asks the database. `auto`
    takes `compiled` if the graph fits in memory, except for a search that names neurons by root
    id before the graph has been read: the database is faster then.
    """

    def __init__(
        self,
        connectome: Reader,
        schema: MotifSchema | None = None,
        *,
        max_matches: int = 20_000_000,
        memory_bytes: int | None = None,
        in_regions: Callable[[Sequence[str]], Adjacency] | None = None,
        narrowed: tuple[Narrowing, PartOfGraph | None] = (Narrowing(), None),
    ) -> None:
        super().__init__(connectome)
        self._in_regions = in_regions
        self.narrowing, self._part = narrowed
        self._narrower: Self | None = None
        self._schema = MotifSchema.of(connectome.materialization) if schema is None else schema
        self._max_matches = max_matches
        self._memory_bytes = memory_bytes if memory_bytes is not None else machine_memory() // 4
        self._graphs: dict[tuple[bool, bool], MemoryGraph] = {}
        self._fits: bool | None = None

    def search(
        self,
        motif: Motif,
        limit: int | None = None,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        annotate: Iterable[str] | None = None,
        timeout: float | None = None,
        method: Method = "auto",
        *,
        regions: str | Sequence[str] | None = None,
        signs: Signs | None = None,
    ) -> pd.DataFrame:
        """Find all subgraphs that match a motif.

        Parameters
        ----------
        motif
            A DotMotif program (`"A -> B; B -> C; C -> A"`), the path of a file that holds
            one, or a `Pattern`.
        limit
            Return at most this many matches, any of them; None for all.
        unique
            Return each match once, however many symmetries the motif has. Symmetries respect
            conditions: if only A must be a Kenyon cell, A and B are not exchangeable.
            False returns every mapping, except those that `===` statements call the same.
        induced
            The neurons of a match have no connections among them but the motif's.
        distinct
            Different nodes of the motif are different neurons.
        annotate
            Neuron properties to add for every node, as columns `<node>.<field>`.
        timeout
            Seconds that the search may take; None for the limit given to `open`, if any.
        method
            `'compiled'` (in memory), `'cypher'` (in the database) or `'auto'`.
        regions
            Count only synapses in these regions: `weight` is that in them, and a connection
            without synapses there does not exist. Searched in memory.
        signs
            What `-+` (excitatory) and `-|` (inhibitory) mean: `'fly'`, `'mammal'`, or a table of
            your own, as for `get_adjacency`. Neurons of unknown transmitter have no sign.

        Returns
        -------
        pandas.DataFrame
            One row for each match, ascending by the nodes' columns. A column of root ids (int64)
            for each node, by its name in the motif. Then `weight_<pre>_<post>` (int64) for each
            connection that must exist; if direction is ignored, the sum of both ways. Empty if
            nothing matches. `.attrs` also holds the method and the rules.

        Raises
        ------
        MotifError
            The motif cannot be read, can never match, or has too many matches to list.
        UnknownFieldError
            A condition or `annotate` names a field that the graph does not have.
        QueryTimeoutError
            The time limit was reached.
        """
        narrowing = Narrowing.of(regions, signs)
        if narrowing != self.narrowing:
            return self._narrowed(narrowing).search(
                motif, limit, unique, induced, distinct, annotate, timeout, method,
                regions=regions, signs=signs,
            )  # fmt: skip
        if limit is not None and (isinstance(limit, bool) or limit < 0):
            raise InputError(f"limit must be a whole number from 0 up, not {limit!r}")
        fields = self._known_fields(annotate)
        pattern = bind(read_motif(motif), self._schema)
        rules = Rules(unique, induced, distinct)
        chosen = self._choose(pattern, method)
        if chosen == "compiled":
            frame = self._search_compiled(pattern, rules, limit, timeout)
        else:
            frame = self._search_cypher(pattern, rules, limit, timeout)
        if frame.empty and limit != 0:
            self._warn_of_unknown_values(pattern)
        frame = frame.sort_values(list(pattern.names), ignore_index=True)
        frame = self._annotated(frame, pattern, fields)
        frame.attrs = (
            self._attrs({}) | narrowing.attrs() | {"method": chosen, **vars(rules), "limit": limit}
        )
        return frame

    def count(
        self,
        motif: Motif,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        timeout: float | None = None,
        method: Method = "auto",
        *,
        regions: str | Sequence[str] | None = None,
        signs: Signs | None = None,
    ) -> int:
        """Count the matches of a motif without listing them; see `search`.

        Raises
        ------
        MotifError
            The motif cannot be read, can never match, or would take very long to count without
            a time limit.
        UnknownFieldError, QueryTimeoutError
            As for `search`.
        """
        narrowing = Narrowing.of(regions, signs)
        if narrowing != self.narrowing:
            return self._narrowed(narrowing).count(
                motif, unique, induced, distinct, timeout, method, regions=regions, signs=signs
            )
        pattern = bind(read_motif(motif), self._schema)
        found = self._counted(pattern, Rules(unique, induced, distinct), timeout, method)
        if not found:
            self._warn_of_unknown_values(pattern)
        return found

    def to_cypher(
        self,
        motif: Motif,
        unique: bool = True,
        induced: bool = False,
        distinct: bool = True,
        count: bool = False,
    ) -> tuple[str, dict[str, object]]:
        """Write a motif as Cypher, to change it or to run it elsewhere.

        Parameters
        ----------
        motif, unique, induced, distinct
            See `search`.
        count
            Ask only for the number of matches.

        Returns
        -------
        tuple
            The query in the dialect of this graph's database, and its parameters: what
            `connectome.cypher(*motifs.to_cypher(motif))` runs.
        """
        pattern = bind(read_motif(motif), self._schema)
        plan = make_plan(pattern, Rules(unique, induced, distinct))
        query, params = compile_query(pattern, plan, count=count)
        return query.text_for(self._connectome.engine.name), params

    @property
    def _whole(self) -> Any:
        return self._connectome.whole if self._part is None else self._part

    def _narrowed(self, narrowing: Narrowing) -> Self:
        """Return a search that is narrowed to regions and signs, kept for the next call."""
        if self._narrower is None or self._narrower.narrowing != narrowing:
            schema, part = self._schema, None
            if narrowing.signs is not None:
                schema = with_signs(
                    schema, narrowing.signs, lambda: self._node_field(TRANSMITTER, "string")
                )
            if narrowing.regions:
                if self._in_regions is None:
                    raise InputError("regions: this search was made without regions")
                part = PartOfGraph(self._in_regions(narrowing.regions))
            self._narrower = type(self)(
                self._connectome,
                schema,
                max_matches=self._max_matches,
                memory_bytes=self._memory_bytes,
                narrowed=(narrowing, part),
            )
        return self._narrower

    def _counted(
        self, pattern: Pattern, rules: Rules, timeout: float | None, method: Method
    ) -> int:
        if self._choose(pattern, method) == "cypher":
            query, params = compile_query(pattern, make_plan(pattern, rules), count=True)
            table = self._connectome.run(query, params, timeout=timeout)
            return int(table.column("matches")[0].as_py())
        by_class = matches_by_class(pattern, rules) if pattern.edges else None
        if by_class is not None:
            matrix, roots = self._whole.matrix(timeout=timeout)
            graph = DirectedGraph(roots, matrix.copy())
            return count_by_class(by_class, triad_census(graph, stop=self._stop(timeout)))
        compiled, _ = self._compiled(pattern, rules, timeout)
        if (stop := self._stop(timeout)).timeout is None:
            self._refuse_large(pattern, compiled)
        return compiled.count(stop)

    def _warn_of_unknown_values(self, pattern: Pattern) -> None:
        """Warn of values that no neuron has, which may be why nothing matches."""
        for node in pattern.nodes:
            for one in node.where:
                if one.op != "=" or not isinstance(one.value, str):
                    continue
                column = self._node_field(one.field, self._schema.nodes[one.field])
                known = {value for value in column.to_pylist() if value is not None}
                if one.value not in known:
                    meant = difflib.get_close_matches(one.value, known, n=3)
                    near = f"did you mean {' or '.join(meant)}?" if meant else "no value is similar"
                    notice(
                        f"no match: no neuron has {one.field} = {one.value!r}; {near}",
                        NoMatchWarning,
                    )

    def _search_compiled(
        self, pattern: Pattern, rules: Rules, limit: int | None, timeout: float | None
    ) -> pd.DataFrame:
        compiled, graph = self._compiled(pattern, rules, timeout, limited=limit is not None)
        stop = self._stop(timeout)
        if limit is None:
            timed = stop.timeout is not None
            self._refuse_large(pattern, compiled, 2 * self._max_matches, timed=timed)
        cap = self._max_matches + 1 if limit is None else limit
        rows = compiled.matches(limit=cap, stop=stop)
        if limit is None and len(rows) > self._max_matches:
            raise self._too_many(pattern, f"more than {self._max_matches:,}", None)
        frame = pd.DataFrame(
            {name: graph.root_ids[rows[:, i]] for i, name in enumerate(pattern.names)}
        )
        for edge, name in zip(pattern.edges, _weight_names(pattern), strict=True):
            frame[name] = graph.weights(rows[:, edge.pre], rows[:, edge.post])
        return frame

    def _search_cypher(
        self, pattern: Pattern, rules: Rules, limit: int | None, timeout: float | None
    ) -> pd.DataFrame:
        cap = self._max_matches + 1 if limit is None else limit
        plan = make_plan(pattern, rules, limited=limit is not None)
        query, params = compile_query(pattern, plan, limit=cap)
        table = self._connectome.run(query, params, timeout=timeout)
        if limit is None and table.num_rows > self._max_matches:
            raise self._too_many(pattern, f"more than {self._max_matches:,}", None)
        names = [*pattern.names, *_weight_names(pattern)]
        return pd.DataFrame(
            {
                name: column.to_numpy().astype(np.int64, copy=False)
                for name, column in zip(names, table.columns, strict=True)
            }
        )

    def _compiled(
        self, pattern: Pattern, rules: Rules, timeout: float | None, *, limited: bool = False
    ) -> tuple[CompiledSearch, MemoryGraph]:
        from graphapi.motifs.compiled import CompiledSearch

        graph = self._graph(pattern, timeout)
        plan = make_plan(pattern, rules, limited=limited)
        return CompiledSearch(graph, pattern, plan, self._schema), graph

    def _graph(self, pattern: Pattern, timeout: float | None) -> MemoryGraph:
        """Return the connections, with their sizes only if the pattern asks for them."""
        matrix, roots = self._whole.matrix(timeout=timeout)
        sized = "size_sum" in pattern.edge_fields
        key = (pattern.undirected, sized)
        if key not in self._graphs:
            fields = {"size_sum": self._whole.sizes(timeout)} if sized else {}
            graph = MemoryGraph.of(matrix, roots, fields, self._node_field)
            self._graphs[key] = graph.undirected() if pattern.undirected else graph
        return self._graphs[key]

    def _node_field(self, name: str, kind: str) -> pa.Array:
        asked = catalog()["all_neuron_properties"].with_properties({name: kind})
        return self._connectome.run(asked).column(name).combine_chunks()

    def _choose(self, pattern: Pattern, method: Method) -> Literal["compiled", "cypher"]:
        if method == "cypher" and self._part is not None:
            raise InputError(
                "method: motifs in regions are searched in memory", hint="leave it out"
            )
        if method in ("compiled", "cypher"):
            return method
        if method != "auto":
            raise InputError(f"method is 'auto', 'compiled' or 'cypher', not {method!r}")
        if self._whole.is_read:
            return "compiled"
        pinned = any(
            one.field == "root_id" and one.op in ("=", "in")
            for node in pattern.nodes
            for one in node.where
        )
        if pinned and not (pattern.undirected and any(edge.where for edge in pattern.absent)):
            return "cypher"
        if self._fits is None:
            needed = count_connections(self._connectome) * BYTES_PER_CONNECTION
            self._fits = needed <= self._memory_bytes
        return "compiled" if self._fits else "cypher"

    def _refuse_large(
        self, pattern: Pattern, compiled: CompiledSearch, most: float = np.inf, timed: bool = False
    ) -> None:
        if compiled.widest_search <= min(most, _MOST_CANDIDATES):
            return
        estimate = compiled.estimate()
        if estimate.matches > most:
            raise self._too_many(pattern, f"about {estimate.matches:.2g}", estimate.widest)
        if not timed and estimate.candidates > _MOST_CANDIDATES:
            node = pattern.nodes[estimate.widest]
            raise pattern.error(
                node.line,
                f"the search would look at about {estimate.candidates:.2g} neurons; "
                f"it grows most at '{node.name}'",
                hint="add conditions, or set a time limit: timeout=3600",
            )

    def _too_many(self, pattern: Pattern, matches: str, widest: int | None) -> MotifError:
        line, where = 0, ""
        if widest is not None:
            line = pattern.nodes[widest].line
            where = f"; the search grows most at '{pattern.nodes[widest].name}'"
        return pattern.error(
            line,
            f"it has {matches} matches{where}",
            hint="add conditions, ask for some with limit=, or use count()",
        )

    def _known_fields(self, annotate: Iterable[str] | None) -> dict[str, str]:
        asked = [annotate] if isinstance(annotate, str) else list(annotate or ())
        for name in asked:
            if name not in self._schema.nodes:
                raise UnknownFieldError(
                    f"annotate: the graph has no field '{name}'",
                    hint=f"known fields: {', '.join(sorted(self._schema.nodes))}",
                )
        return {name: self._schema.nodes[name] for name in asked if name != "root_id"}

    def _annotated(
        self, frame: pd.DataFrame, pattern: Pattern, fields: dict[str, str]
    ) -> pd.DataFrame:
        if not fields:
            return frame
        names = list(pattern.names)
        ids: IdArray = np.unique(frame[names].to_numpy(dtype=np.int64))
        query = catalog()["neurons_of"].with_properties(fields)
        known = self._connectome.run(query, {"ids": ids.tolist()}).to_pandas().set_index("root_id")
        added = {
            f"{node}.{field}": known[field].reindex(frame[node]).to_numpy()
            for node in names
            for field in fields
        }
        return pd.concat([frame, pd.DataFrame(added, index=frame.index)], axis=1)


def read_motif(motif: Motif) -> Pattern:
    """Return a motif as a pattern."""
    return motif if isinstance(motif, Pattern) else parse(motif)


def _weight_names(pattern: Pattern) -> list[str]:
    names = pattern.names
    return [f"weight_{names[edge.pre]}_{names[edge.post]}" for edge in pattern.edges]
