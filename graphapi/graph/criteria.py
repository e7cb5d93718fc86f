"""NeuronCriteria: neurons chosen by what their annotations say."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from graphapi.errors import InputError, UnknownFieldError
from graphapi.graph.matching import Rule, matches
from graphapi.ids import IdArray, parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphapi.opengraph import OpenGraph


class NeuronCriteria:
    """A choice of neurons; can be passed wherever neuron ids can.

    Parameters
    ----------
    regex
        Texts are regular expressions (Python's), searched for anywhere in a value.
    case
        Upper and lower case differ. Off: `'er'` matches `'ER'`, also with `regex`.
    exact
        A text must be the whole value. Off: a part of it is enough.
    match_all
        In fields that hold lists (say, regions): all given values must be in the list. Off:
        one of them is enough.
    connectome
        Whose neurons; the default connectome when not given.
    **fields
        Field name and what it must be: a value, a list of values of which one must fit, or
        a condition (`Not`, `IsNull`, `NotNull`, `AtLeast`, `AtMost`, `Between`). Several
        fields must all fit, for annotation fields in one and the same row.
        Besides the annotation fields, the properties that a load adds to every neuron can be
        asked for, for example `out_synapses=AtLeast(1000)`.

    Raises
    ------
    UnknownFieldError
        A field is not in this graph; the message names those that are.
    InputError
        No field is given.

    Examples
    --------
    >>> NeuronCriteria(cell_class=["ER", "EBc"], side="left").get_roots()  # doctest: +SKIP
    array([576460752641833774, 576460752655220911])
    """

    def __init__(
        self,
        *,
        regex: bool = False,
        case: bool = False,
        exact: bool = True,
        match_all: bool = False,
        connectome: OpenGraph | None = None,
        **fields: object,
    ) -> None:
        if connectome is None:
            from graphapi.graph.default import default_connectome

            connectome = default_connectome()
        if not fields:
            raise InputError(
                "NeuronCriteria needs at least one field",
                hint=f"fields here: {_listed(known_fields(connectome))}",
            )
        self.connectome = connectome
        self._fields = fields
        self._rule = Rule(regex=regex, case=case, exact=exact, match_all=match_all)
        self._roots: IdArray | None = None
        for name in fields:
            _check_field(name, connectome)

    @classmethod
    def available_fields(cls, connectome: OpenGraph | None = None) -> list[str]:
        """Name the fields that can be asked for, sorted."""
        if connectome is None:
            from graphapi.graph.default import default_connectome

            connectome = default_connectome()
        return known_fields(connectome)

    def get_roots(self) -> IdArray:
        """Give the root ids of all matching neurons.

        Returns
        -------
        numpy.ndarray
            int64, ascending, each once; empty when nothing matches.
        """
        if self._roots is None:
            self._roots = self._find()
        return self._roots.copy()

    def __iter__(self) -> Iterator[int]:
        return (int(root) for root in self.get_roots())

    def __len__(self) -> int:
        return len(self.get_roots())

    def __contains__(self, root_id: object) -> bool:
        return bool(np.isin(parse_root_ids(root_id), self.get_roots()).all())

    def __repr__(self) -> str:
        asked = ", ".join(f"{name}={value!r}" for name, value in self._fields.items())
        return f"NeuronCriteria({asked})"

    def _find(self) -> IdArray:
        table = self.connectome.annotations
        by_row = {name: v for name, v in self._fields.items() if name in table.types}
        by_neuron = {name: v for name, v in self._fields.items() if name not in table.types}
        found: IdArray | None = None
        if by_row:
            fits = [matches(table.column(n), v, self._rule, n) for n, v in by_row.items()]
            roots = np.unique(table.roots()[np.logical_and.reduce(fits)])
            found = roots[roots > 0]
        if by_neuron:
            fits = [matches(table.neuron_column(n), v, self._rule, n) for n, v in by_neuron.items()]
            roots = self.connectome.root_ids()[np.logical_and.reduce(fits)]
            found = roots if found is None else np.intersect1d(found, roots)
        return np.array([], dtype=np.int64) if found is None else found


def known_fields(connectome: OpenGraph) -> list[str]:
    """Name every field that criteria may use on a graph, sorted."""
    return sorted({*connectome.annotations.types, *connectome.annotations.neuron_types})


def _check_field(name: str, connectome: OpenGraph) -> None:
    known = known_fields(connectome)
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3)
    meant = f"did you mean {_listed(near)}? " if near else ""
    raise UnknownFieldError(
        f"there is no field '{name}' in {connectome.name}",
        hint=f"{meant}fields here: {_listed(known) or 'none'}",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names)
