"""Read arguments that name neurons: map stale ids, refuse unknown ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from graphapi.common.notices import notice
from graphapi.engines.queries import catalog
from graphapi.errors import InputError, InvalidRootIdError, UnknownRootIdError
from graphapi.graph.criteria import NeuronCriteria, as_python
from graphapi.graph.fieldvalues import count_values
from graphapi.ids import IdArray, parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from graphapi.graph.door import Graph


class StaleRootIdWarning(UserWarning):
    """Warning that stale ids were mapped to current ones."""


@dataclass(frozen=True)
class Selection:
    """The neurons of one argument.

    Attributes
    ----------
    requested
        Ids as passed, in input order, with repeats.
    resolved
        Current ids, in the same order.
    mapping
        Stale id to current id, only for ids that changed.
    """

    requested: IdArray
    resolved: IdArray
    mapping: dict[int, int] = field(default_factory=dict)

    @property
    def unique(self) -> IdArray:
        """Resolved ids, sorted, without repeats."""
        return np.unique(self.resolved)


class Selector:
    """Reader of arguments that name neurons, for one graph.

    Each id is looked up in the graph once; ids that were found are remembered, and so are those
    that an answer of the graph has shown to exist, which are not looked up at all.

    Parameters
    ----------
    graph
        The open graph.
    map_stale
        Function that maps ids missing from the graph to ids at its version.
    """

    def __init__(self, graph: Graph, map_stale: Callable[[list[int]], dict[int, int]]) -> None:
        self._graph = graph
        self._map_stale = map_stale
        self._known: set[int] = set()

    def select(self, neuron_ids: object, *, what: str, update_ids: bool = True) -> Selection:
        """Read one argument, and map its ids to the graph's version.

        Parameters
        ----------
        neuron_ids
            Ids of any integer-like kind, or `NeuronCriteria`.
        what
            Name of the argument, for messages.
        update_ids
            Map stale ids to ids at the graph's version; False raises an error for them.

        Raises
        ------
        InvalidRootIdError, InputError
            The argument is not an id, is empty, or is criteria of another connectome.
        UnknownRootIdError
            Neither the graph nor CAVE (if it can be reached) knows some ids.
        """
        requested = self.read(neuron_ids, what=what)
        return self.resolve(neuron_ids, requested, what=what, update_ids=update_ids)

    def resolve(
        self, neuron_ids: object, requested: IdArray, *, what: str, update_ids: bool
    ) -> Selection:
        """Map the ids that `read` has read to the graph's version; see `select`."""
        if isinstance(neuron_ids, NeuronCriteria):
            return Selection(requested, requested)
        absent = self._absent(requested)
        mapping = self._map_stale(absent) if absent else {}
        return mapped(requested, mapping, what=what, where=self._graph.name, update_ids=update_ids)

    def read(self, neuron_ids: object, *, what: str) -> IdArray:
        """Read the ids of one argument without mapping them.

        Raises
        ------
        InvalidRootIdError, InputError
            See `select`.
        """
        if isinstance(neuron_ids, NeuronCriteria):
            if neuron_ids.connectome is not self._graph:
                raise InputError(
                    f"{what}: these criteria belong to {neuron_ids.connectome.name}, "
                    f"but the call is on {self._graph.name}",
                    hint="create them with connectome=..., or use connectome.criteria(...)",
                )
            return neuron_ids.get_roots()
        try:
            requested = parse_root_ids(neuron_ids, what=what)
        except InvalidRootIdError as error:
            if (field := self._field_with(neuron_ids)) is None:
                raise
            error.meant = field, cast("str | list[str]", neuron_ids)
            error.hint = f"did you mean {as_python({field: neuron_ids})}?"
            raise
        if not len(requested):
            raise InputError(
                f"{what}: no ids given", hint="pass at least one id, or omit the argument"
            )
        return requested

    def note(self, requested: IdArray, shown: Iterable[IdArray]) -> None:
        """Remember those ids that an answer shows to exist, so that they are not looked up.

        Parameters
        ----------
        requested
            Ids as passed.
        shown
            Root ids in the answer of the graph, with repeats.
        """
        import pandas as pd

        unseen = pd.Index(list(set(requested.tolist()) - self._known), dtype=np.int64)
        if unseen.empty:
            return
        is_seen = np.zeros(len(unseen), dtype=np.bool_)
        for ids in shown:
            places = unseen.get_indexer(pd.Index(ids))
            is_seen[places[places >= 0]] = True
        self._known.update(unseen[is_seen].tolist())

    def _field_with(self, value: object) -> str | None:
        """Return the annotation field that has the texts passed as ids; None if there is none."""
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, (list, tuple)) or not all(isinstance(t, str) for t in texts):
            return None
        wanted = {text.casefold() for text in texts}
        table = self._graph.annotations
        for name, kind in table.types.items():
            if kind in ("string", "list[string]"):
                counts = count_values(table, self._graph.root_ids(), name)
                here = {str(count.value).casefold() for count in counts}
                if wanted and wanted <= here:
                    return name
        return None

    def _absent(self, neuron_ids: IdArray) -> list[int]:
        unseen = sorted(set(neuron_ids.tolist()) - self._known)
        if unseen:
            found = self._graph.run(catalog()["known_neurons"], {"ids": unseen})
            self._known.update(found.column("root_id").to_pylist())
        return [root for root in unseen if root not in self._known]


def mapped(
    requested: IdArray, mapping: dict[int, int], *, what: str, where: str, update_ids: bool
) -> Selection:
    """Replace stale ids with current ones, and warn about it.

    Parameters
    ----------
    requested
        Ids as passed.
    mapping
        Stale id to current id.
    what
        Name of the argument, for messages.
    where
        Datastack and version, for messages.
    update_ids
        False raises an error for stale ids.

    Raises
    ------
    UnknownRootIdError
        There are stale ids and `update_ids` is False.
    """
    if not mapping:
        return Selection(requested, requested)
    if not update_ids:
        raise UnknownRootIdError(
            sorted(mapping),
            where,
            hint="they belong to another version; pass update_ids=True to map them to this one",
        )
    shown = ", ".join(f"{old} -> {new}" for old, new in list(mapping.items())[:5])
    more = f" and {len(mapping) - 5} more" if len(mapping) > 5 else ""
    notice(
        f"{what}: {len(mapping)} id(s) not current in {where} were mapped: {shown}{more}",
        StaleRootIdWarning,
    )
    resolved = np.array([mapping.get(i, i) for i in requested.tolist()], dtype=np.int64)
    return Selection(requested, resolved, mapping)
