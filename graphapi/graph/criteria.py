"""NeuronCriteria: neurons chosen by what their annotations say."""

from __future__ import annotations

import difflib
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.notices import notice
from graphapi.errors import InputError, UnknownFieldError
from graphapi.graph.conditions import Condition
from graphapi.graph.default import default_graph
from graphapi.graph.fieldvalues import count_values, listed, near
from graphapi.graph.matching import Rule, as_list, check_wanted, matches
from graphapi.ids import IdArray, parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from graphapi.graph.door import Graph


class NoMatchWarning(UserWarning):
    """Criteria match no neuron; the message lists the values that the field has."""


class NeuronCriteria:
    """A choice of neurons; can be passed wherever neuron ids can.

    Combine choices with `&` (both), `|` (either) and `-` (the first without the second);
    `criteria[:5]` takes root ids from the front. Criteria that match nothing give empty
    results and a `NoMatchWarning` that names the values of the field.

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
        connectome: Graph | None = None,
        **fields: object,
    ) -> None:
        if connectome is None:
            connectome = default_graph()
        if not fields:
            raise InputError(
                "NeuronCriteria needs at least one field",
                hint=f"fields here: {_listed(known_fields(connectome))}",
            )
        self.connectome = connectome
        self._fields = fields
        self._rule = Rule(regex=regex, case=case, exact=exact, match_all=match_all)
        self._roots: IdArray | None = None
        asked = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        self._words = f"NeuronCriteria({asked})"
        for name, wanted in fields.items():
            check_field(name, connectome)
            check_wanted(wanted, name)

    @classmethod
    def available_fields(cls, connectome: Graph | None = None) -> list[str]:
        """Name the fields that can be asked for, sorted."""
        if connectome is None:
            connectome = default_graph()
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
            if not len(self._roots):
                notice(f"{self!r} matches no neuron{self._why_empty()}", NoMatchWarning)
        self.connectome.check_unchanged()
        return self._roots.copy()

    def __and__(self, other: NeuronCriteria) -> NeuronCriteria:
        return self._combined(other, "&", np.intersect1d)

    def __or__(self, other: NeuronCriteria) -> NeuronCriteria:
        return self._combined(other, "|", np.union1d)

    def __sub__(self, other: NeuronCriteria) -> NeuronCriteria:
        return self._combined(other, "-", np.setdiff1d)

    def __getitem__(self, place: int | slice) -> IdArray | int:
        found = self.get_roots()[place]
        return found if isinstance(place, slice) else int(found)

    def __iter__(self) -> Iterator[int]:
        return (int(root) for root in self.get_roots())

    def __len__(self) -> int:
        return len(self.get_roots())

    def __contains__(self, root_id: object) -> bool:
        return bool(np.isin(parse_root_ids(root_id), self.get_roots()).all())

    def __repr__(self) -> str:
        return self._words

    def _repr_html_(self) -> str:
        roots = self.get_roots()
        first = ", ".join(str(root) for root in roots[:5]) + (", ..." if len(roots) > 5 else "")
        where = escape(self.connectome.name)
        return f"<code>{escape(repr(self))}</code><br>{len(roots):,} neurons of {where}" + (
            f": {first}" if first else ""
        )

    def _combined(
        self, other: NeuronCriteria, sign: str, join: Callable[[IdArray, IdArray], IdArray]
    ) -> NeuronCriteria:
        if not isinstance(other, NeuronCriteria):
            raise InputError(
                f"criteria combine with criteria, not with a {type(other).__name__}",
                hint="combine ids with numpy: np.union1d(criteria.get_roots(), ids)",
            )
        if other.connectome is not self.connectome:
            raise InputError(
                f"these criteria belong to {self.connectome.name} and {other.connectome.name}",
                hint="combine criteria of one connectome",
            )
        words = f"({self!r} {sign} {other!r})"
        return _Combined(words, self.connectome, join(self.get_roots(), other.get_roots()))

    def _why_empty(self) -> str:
        """Name what each plain value could have meant; empty where every value is there."""
        parts = []
        for name, wanted in self._fields.items():
            if isinstance(wanted, Condition) or self._rule.regex:
                continue
            counts = count_values(self.connectome.annotations, self.connectome.root_ids(), name)
            here = {str(count.value).casefold() for count in counts}
            for value in as_list(wanted):
                if isinstance(value, Condition) or str(value).casefold() in here:
                    continue
                meant = near(value, counts)
                parts.append(
                    f"'{name}' has no value {value!r}"
                    + (f" (did you mean {' or '.join(meant)}?)" if meant else "")
                    + f"; it has {listed(counts) or 'no values'}"
                )
        return ": " + "; ".join(parts) if parts else ""

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


class _Combined(NeuronCriteria):
    """Criteria put together from others: the roots are known from the start."""

    def __init__(self, words: str, connectome: Graph, roots: IdArray) -> None:
        self.connectome = connectome
        self._words = words
        self._roots = roots


def known_fields(connectome: Graph) -> list[str]:
    """Name every field that criteria may use on a graph, sorted."""
    return sorted({*connectome.annotations.types, *connectome.annotations.neuron_types})


def check_field(name: str, connectome: Graph) -> None:
    """Refuse a field that a graph does not have, and name those it has."""
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
