"""The properties of neurons and connections under neuPrint's names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.common.regions import NO_REGION
from graphapi.engines.queries import catalog
from graphapi.errors import UnknownFieldError
from graphapi.serve.neuprint.names import Meaning

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from graphapi.connectome import Connectome
    from graphapi.ids import IdArray
    from graphapi.serve.neuprint.frame import Edges
    from graphapi.serve.neuprint.regions import Regions

#: More ids than this are not sent as a list: all neurons are read instead.
MOST_LISTED = 20_000
#: A property of more than this share of all neurons is read for all: one part in so many.
_SHARE = 50


class NeuronTable:
    """Properties of an open graph's neurons, read once for each query.

    Parameters
    ----------
    connectome
        The open graph.
    meanings
        What neuPrint's names mean; see `graphapi.serve.neuprint.names.meanings`.
    regions
        The regions of the graph, and larger ones.
    wanted
        Properties that the query names: they are read together.
    """

    def __init__(
        self,
        connectome: Connectome,
        meanings: Mapping[str, Meaning],
        regions: Regions,
        wanted: Collection[str] = (),
    ) -> None:
        self.connectome, self.regions = connectome, regions
        self._meanings = meanings
        self._regions_named = frozenset(regions.names)
        self._types = connectome.annotations.neuron_types
        self._wanted = {
            meaning.field
            for meaning in map(self._meaning, wanted)
            if meaning is not None and meaning.field
        }
        self._read: dict[str, dict[int, Any]] = {}
        self._in_regions: dict[int, dict[str, list[int]]] = {}

    @property
    def names(self) -> list[str]:
        """All properties of neurons: neuPrint's names, then the graph's own."""
        own = [name for name in self._types if name not in self._meanings]
        return ["bodyId", *self._meanings, "roiInfo", *own]

    def type_of(self, name: str) -> str:
        """Return the type of a property, as neuPrint's `neuronProperties` says it."""
        if name in ("bodyId", "roiInfo"):
            return {"bodyId": "integer", "roiInfo": "string"}[name]
        meaning = self._meaning(name)
        kind = self._types.get(meaning.field, "string") if meaning is not None else "string"
        if meaning is not None and meaning.true is not None:
            kind = "string"
        return {"int": "integer", "bool": "boolean"}.get(kind, kind)

    def constant(self, name: str) -> str:
        """Return the value of a property that is the same for all neurons; else an empty text."""
        meaning = self._meaning(name)
        return "" if meaning is None or meaning.field else meaning.constant

    def field_of(self, name: str) -> str:
        """Return the field that holds a property as it is; empty if it is computed."""
        meaning = self._meaning(name)
        return "" if meaning is None or meaning.true is not None else meaning.field

    def require(self, name: str) -> None:
        """Refuse a name for which the graph has nothing.

        Raises
        ------
        UnknownFieldError
            A condition on it would find nothing, and look like an answer.
        """
        if name in ("bodyId", "roiInfo") or name in self._regions_named:
            return
        if self._meaning(name) is None:
            raise UnknownFieldError(
                f"neurons of {self.connectome.name} have no property {name!r}",
                hint=f"they have: {', '.join(self.names)}",
            )

    def of(self, ids: IdArray, name: str) -> list[Any]:
        """Return one property of neurons; None where there is no value, or no such property."""
        if name == "bodyId":
            return list(ids.tolist())
        if name == "roiInfo" or name in self._regions_named:
            return self._of_regions(ids, name)
        meaning = self._meaning(name)
        if meaning is None:
            return [None] * len(ids)
        if not meaning.field:
            return [meaning.constant] * len(ids)
        values = self._values(ids, meaning.field)
        if meaning.true is not None:
            return [meaning.true if value else None for value in values]
        return values

    def maps(self, ids: IdArray) -> list[dict[str, Any]]:
        """Return neurons as neuPrint's maps of properties, without those that have no value."""
        names = self.names
        self._wanted |= set(self._types)
        columns = [self.of(ids, name) for name in names]
        return [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in zip(*columns, strict=True)
        ]

    def of_edges(self, edges: Edges, name: str) -> list[Any]:
        """Return one property of connections; None where there is no such property."""
        if name == "weight":
            return list(edges.weight.tolist())
        if name != "roiInfo":
            return [None] * len(edges)
        if not self.regions.primary:
            return ["{}"] * len(edges)
        found: dict[tuple[int, int], dict[str, list[int]]] = {}
        for pre, post, region, weight in self._by_region(edges):
            found.setdefault((pre, post), {})[region] = [weight]
        known = {
            pair: _as_json(("pre", "post"), {name: both * 2 for name, both in counts.items()})
            for pair, counts in ((p, self.regions.with_larger(c)) for p, c in found.items())
        }
        pairs = zip(edges.pre.tolist(), edges.post.tolist(), strict=True)
        return [known.get(pair, "{}") for pair in pairs]

    def _by_region(self, edges: Edges) -> list[tuple[int, int, str, int]]:
        pre, post = np.unique(edges.pre).tolist(), np.unique(edges.post).tolist()
        listed = {"regions": list(self.regions.primary)}
        if max(len(pre), len(post)) <= MOST_LISTED:
            query = catalog()["between_in_regions"]
            rows = self.connectome.run(query, {"pre_ids": pre, "post_ids": post, **listed})
        else:
            rows = self.connectome.run(catalog()["all_in_regions"], listed)
        names = ("pre", "post", "region", "weight")
        return list(zip(*(rows.column(name).to_pylist() for name in names), strict=True))

    def _meaning(self, name: str) -> Meaning | None:
        if name in self._meanings:
            return self._meanings[name]
        return Meaning(name) if name in self._types else None

    def _values(self, ids: IdArray, field: str) -> list[Any]:
        """Return one property of neurons; of many, it is read for all and kept by the graph."""
        roots = self.connectome.root_ids()
        distinct = np.unique(ids)
        if len(distinct) > min(MOST_LISTED, len(roots) // _SHARE):
            column = self.connectome.annotations.neuron_column(field)
            places = np.minimum(np.searchsorted(roots, ids), len(roots) - 1)
            there = (roots[places] == ids).tolist()
            return [
                column[place] if found else None
                for place, found in zip(places.tolist(), there, strict=True)
            ]
        known = self._read.setdefault(field, {})
        if missing := [one for one in distinct.tolist() if one not in known]:
            fields = {field, *self._wanted}
            query = catalog()["neurons_of"].with_properties(
                {name: kind for name, kind in self._types.items() if name in fields}
            )
            rows = self.connectome.run(query, {"ids": missing})
            read = rows.column("root_id").to_pylist()
            for name in fields:
                values = rows.column(name).to_pylist()
                self._read.setdefault(name, {}).update(zip(read, values, strict=True))
        return [known.get(one) for one in ids.tolist()]

    def _of_regions(self, ids: IdArray, name: str) -> list[Any]:
        if not self.regions.primary:
            return ["{}"] * len(ids)
        missing = [one for one in np.unique(ids).tolist() if one not in self._in_regions]
        if missing:
            found: dict[int, dict[str, list[int]]] = {one: {} for one in missing}
            rows = self.connectome.get_regions(np.array(missing, dtype=np.int64))
            columns = [
                rows[part].tolist() for part in ("root_id", "region", "out_synapses", "in_synapses")
            ]
            for root, region, out, into in zip(*columns, strict=True):
                if region != NO_REGION:
                    found[root][region] = [out, into]
            self._in_regions.update(
                (one, self.regions.with_larger(counts)) for one, counts in found.items()
            )
        if name == "roiInfo":
            counted = ("pre", "post", "downstream", "upstream")
            return [
                _as_json(counted, {r: c * 2 for r, c in self._in_regions[one].items()})
                for one in ids.tolist()
            ]
        return [True if name in self._in_regions[one] else None for one in ids.tolist()]


def _as_json(counted: tuple[str, ...], regions: Mapping[str, list[int]]) -> str:
    """Return neuPrint's `roiInfo` of a neuron or a connection."""
    counts = {name: dict(zip(counted, values, strict=True)) for name, values in regions.items()}
    return json.dumps(counts, ensure_ascii=False)
