"""Which neurons a call is about: ids are read, stale ones mapped, unknown ones refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.notices import notice
from graphapi.engines.queries import catalog
from graphapi.errors import InputError, InvalidRootIdError, UnknownRootIdError
from graphapi.graph.criteria import NeuronCriteria
from graphapi.graph.fieldvalues import count_values
from graphapi.ids import IdArray, parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphapi.graph.door import Graph


class StaleRootIdWarning(UserWarning):
    """Ids were not current at the graph's version and have been mapped to current ones."""


@dataclass(frozen=True)
class Selection:
    """The neurons of one argument.

    Parameters
    ----------
    requested
        Ids as they were asked for, in input order, repeats kept.
    resolved
        The ids used instead; the same ids where these are current.
    mapping
        Only what changed: stale id to current id.
    """

    requested: IdArray
    resolved: IdArray
    mapping: dict[int, int] = field(default_factory=dict)

    @property
    def unique(self) -> IdArray:
        """Resolved ids, ascending, each once."""
        return np.unique(self.resolved)


class Selector:
    """Reads arguments that name neurons, against one graph.

    An id that the graph holds costs one look-up, once; the ids found are remembered.

    Parameters
    ----------
    graph
        The open graph.
    map_stale
        Finds what ids that the graph does not hold are at its version.
    """

    def __init__(self, graph: Graph, map_stale: Callable[[list[int]], dict[int, int]]) -> None:
        self._graph = graph
        self._map_stale = map_stale
        self._known: set[int] = set()

    def select(self, neuron_ids: object, *, what: str, update_ids: bool = True) -> Selection:
        """Read one argument, and find what its ids are at the graph's version.

        Parameters
        ----------
        neuron_ids
            Ids of any integer-like kind, or `NeuronCriteria`.
        what
            The argument's name, for messages.
        update_ids
            Map ids that are not current at the graph's version; False refuses them.

        Raises
        ------
        InvalidRootIdError, InputError
            The argument is no id, is empty, or is criteria of another connectome.
        UnknownRootIdError
            Ids that neither the graph nor, where it can be asked, CAVE knows.
        """
        requested = self.read(neuron_ids, what=what)
        if isinstance(neuron_ids, NeuronCriteria):
            return Selection(requested, requested)
        absent = self._absent(requested)
        mapping = self._map_stale(absent) if absent else {}
        return mapped(requested, mapping, what=what, where=self._graph.name, update_ids=update_ids)

    def read(self, neuron_ids: object, *, what: str) -> IdArray:
        """Read the ids of one argument as they are.

        Raises
        ------
        InvalidRootIdError, InputError
            See `select`.
        """
        if isinstance(neuron_ids, NeuronCriteria):
            if neuron_ids.connectome is not self._graph:
                raise InputError(
                    f"{what}: these criteria belong to {neuron_ids.connectome.name}, "
                    f"the call is on {self._graph.name}",
                    hint="make them with connectome=..., or use connectome.criteria(...)",
                )
            return neuron_ids.get_roots()
        try:
            requested = parse_root_ids(neuron_ids, what=what)
        except InvalidRootIdError as error:
            if meant := self._as_criteria(neuron_ids):
                raise InvalidRootIdError(error.message, hint=f"did you mean {meant}?") from None
            raise
        if not len(requested):
            raise InputError(
                f"{what}: no ids given", hint="pass at least one id, or leave the argument out"
            )
        return requested

    def _as_criteria(self, value: object) -> str:
        """Write the criteria that a text given for an id could stand for; empty for none."""
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, (list, tuple)) or not all(isinstance(t, str) for t in texts):
            return ""
        wanted = {text.casefold() for text in texts}
        table = self._graph.annotations
        for name, kind in table.types.items():
            if kind in ("string", "list[string]"):
                counts = count_values(table, self._graph.root_ids(), name)
                here = {str(count.value).casefold() for count in counts}
                if wanted and wanted <= here:
                    return f"NeuronCriteria({name}={value!r})"
        return ""

    def _absent(self, neuron_ids: IdArray) -> list[int]:
        unseen = sorted(set(neuron_ids.tolist()) - self._known)
        if unseen:
            found = self._graph.run(catalog()["known_neurons"], {"ids": unseen})
            self._known.update(found.column("root_id").to_pylist())
        return [root for root in unseen if root not in self._known]


def mapped(
    requested: IdArray, mapping: dict[int, int], *, what: str, where: str, update_ids: bool
) -> Selection:
    """Put current ids in the place of stale ones, and warn of it.

    Parameters
    ----------
    requested
        Ids as they were asked for.
    mapping
        Stale id to current id.
    what
        The argument's name, for messages.
    where
        Datastack and version, for messages.
    update_ids
        False refuses stale ids.

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
            hint="they are of another version; update_ids=True maps them to this one",
        )
    shown = ", ".join(f"{old} -> {new}" for old, new in list(mapping.items())[:5])
    more = f" and {len(mapping) - 5} more" if len(mapping) > 5 else ""
    notice(
        f"{what}: {len(mapping)} id(s) not current in {where} were mapped: {shown}{more}",
        StaleRootIdWarning,
    )
    resolved = np.array([mapping.get(i, i) for i in requested.tolist()], dtype=np.int64)
    return Selection(requested, resolved, mapping)
