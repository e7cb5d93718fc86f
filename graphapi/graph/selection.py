"""Which neurons a call is about: ids are read, stale ones mapped, unknown ones refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.notices import notice
from graphapi.engines.queries import catalog
from graphapi.errors import InputError, UnknownRootIdError
from graphapi.graph.criteria import NeuronCriteria
from graphapi.ids import IdArray, parse_root_ids

if TYPE_CHECKING:
    from graphapi.opengraph import OpenGraph


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
    connectome
        The open graph.
    """

    def __init__(self, connectome: OpenGraph) -> None:
        self._connectome = connectome
        self._known: set[int] = set()

    def select(self, ids: object, *, what: str, update_ids: bool = True) -> Selection:
        """Read one argument.

        Parameters
        ----------
        ids
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
        if isinstance(ids, NeuronCriteria):
            return self._from_criteria(ids, what)
        requested = parse_root_ids(ids, what=what)
        if not len(requested):
            raise InputError(
                f"{what}: no ids given", hint="pass at least one id, or leave the argument out"
            )
        absent = self._absent(requested)
        if not absent:
            return Selection(requested, requested)
        return self._mapped(requested, absent, what, update_ids)

    def _from_criteria(self, criteria: NeuronCriteria, what: str) -> Selection:
        if criteria.connectome is not self._connectome:
            raise InputError(
                f"{what}: these criteria belong to {criteria.connectome.name}, "
                f"the call is on {self._connectome.name}",
                hint="make them with connectome=..., or use connectome.criteria(...)",
            )
        roots = criteria.get_roots()
        return Selection(roots, roots)

    def _absent(self, ids: IdArray) -> list[int]:
        unseen = sorted(set(ids.tolist()) - self._known)
        if unseen:
            found = self._connectome.run(catalog()["known_neurons"], {"ids": unseen})
            self._known.update(found.column("root_id").to_pylist())
        return [root for root in unseen if root not in self._known]

    def _mapped(
        self, requested: IdArray, absent: list[int], what: str, update_ids: bool
    ) -> Selection:
        source = self._connectome.cave_source
        if source is None:
            raise UnknownRootIdError(
                absent,
                self._connectome.name,
                hint="the graph was made from files and has no CAVE to ask about older ids",
            )
        mapping = source.map_stale(absent)
        if mapping and not update_ids:
            raise UnknownRootIdError(
                sorted(mapping),
                self._connectome.name,
                hint="they are of another version; update_ids=True maps them to this one",
            )
        report_mapped(mapping, what, self._connectome.name)
        resolved = np.array([mapping.get(i, i) for i in requested.tolist()], dtype=np.int64)
        return Selection(requested, resolved, mapping)


def report_mapped(mapping: dict[int, int], what: str, where: str) -> None:
    """Warn of ids that were mapped, if any were."""
    if not mapping:
        return
    shown = ", ".join(f"{old} -> {new}" for old, new in list(mapping.items())[:5])
    more = f" and {len(mapping) - 5} more" if len(mapping) > 5 else ""
    notice(
        f"{what}: {len(mapping)} id(s) not current in {where} were mapped: {shown}{more}",
        StaleRootIdWarning,
    )
