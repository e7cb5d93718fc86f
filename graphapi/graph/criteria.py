"""NeuronCriteria: select neurons by their annotations."""

from __future__ import annotations

import difflib
from html import escape
from keyword import iskeyword
from typing import TYPE_CHECKING

import numpy as np

from graphapi.common.notices import notice
from graphapi.errors import InputError, UnknownFieldError
from graphapi.graph.conditions import Condition
from graphapi.graph.default import default_graph
from graphapi.graph.fieldvalues import count_values, listed, near
from graphapi.graph.matching import Rule, as_list, check_wanted, matches
from graphapi.graph.rowmatching import roots_matching
from graphapi.ids import IdArray, parse_root_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from graphapi.graph.door import Graph


#: Arguments that are not fields.
_OPTIONS = ("regex", "case", "exact", "match_all", "connectome")


class NoMatchWarning(UserWarning):
    """Warning that criteria match no neurons; it lists the values of the field."""


class NeuronCriteria:
    """A selection of neurons by annotation; can be passed wherever neuron ids can.

    Combine criteria with `&` (both), `|` (either) and `-` (the first without the second).
    `criteria[:5]` returns the first five root ids. Criteria that match nothing return empty
    results, with a `NoMatchWarning` that lists the values of the field.

    Parameters
    ----------
    regex
        Texts are Python regular expressions, searched for anywhere in a value.
    case
        Whether upper and lower case differ. False: `'er'` matches `'ER'`, also with `regex`.
    exact
        Whether a text must equal the whole value. False: it may be a part of it.
    match_all
        For fields that hold lists (such as regions): all given values must be in the list.
        False: one of them is enough.
    connectome
        The connectome to search; None for the default connectome.
    **fields
        Field name and what to match: a value, a list of values (any of them), or a condition
        (`Not`, `IsNull`, `NotNull`, `AtLeast`, `AtMost`, `Between`). All fields must match;
        fields of one annotation table must match in the same row. Fields are the annotation
        fields and the properties that a load adds to every neuron, for example
        `out_synapses=AtLeast(1000)`.

    Raises
    ------
    UnknownFieldError
        The graph has no such field. The error lists its fields.
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
        rule = Rule(regex=regex, case=case, exact=exact, match_all=match_all)
        self._ask(fields, rule, connectome)

    @classmethod
    def of(
        cls,
        fields: Mapping[str, object],
        *,
        regex: bool = False,
        case: bool = False,
        exact: bool = True,
        match_all: bool = False,
        connectome: Graph | None = None,
    ) -> NeuronCriteria:
        """Return criteria on fields with any name, also one that Python has: `{'class': 'KC'}`.

        Parameters
        ----------
        fields
            Field name and what to match.
        regex, case, exact, match_all, connectome
            See the class.
        """
        made = cls.__new__(cls)
        rule = Rule(regex=regex, case=case, exact=exact, match_all=match_all)
        made._ask(fields, rule, connectome)  # noqa: SLF001  (its own class)
        return made

    def _ask(self, fields: Mapping[str, object], rule: Rule, connectome: Graph | None) -> None:
        if connectome is None:
            connectome = default_graph()
        if not fields:
            raise InputError(
                "NeuronCriteria needs at least one field",
                hint=f"fields here: {', '.join(known_fields(connectome))}",
            )
        self.connectome = connectome
        self._fields = dict(fields)
        self._rule = rule
        self._roots: IdArray | None = None
        self._words = as_python(fields)
        for name, wanted in fields.items():
            check_field(name, connectome)
            check_wanted(wanted, name)

    @classmethod
    def available_fields(cls, connectome: Graph | None = None) -> list[str]:
        """Return the names of all fields that criteria can use, sorted."""
        if connectome is None:
            connectome = default_graph()
        return known_fields(connectome)

    def get_roots(self) -> IdArray:
        """Return the root ids of all matching neurons.

        Returns
        -------
        numpy.ndarray
            int64, sorted, without repeats; empty if nothing matches.
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
                f"criteria can only be combined with criteria, not with a {type(other).__name__}",
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
        """Suggest values for each plain value that the field lacks; empty if it lacks none."""
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
            found = roots_matching(table, by_row, self._rule)
        if by_neuron:
            fits = [matches(table.neuron_column(n), v, self._rule, n) for n, v in by_neuron.items()]
            roots = self.connectome.root_ids()[np.logical_and.reduce(fits)]
            found = roots if found is None else np.intersect1d(found, roots)
        return np.array([], dtype=np.int64) if found is None else found


def is_argument(name: str) -> bool:
    """Return whether a field can be an argument of `NeuronCriteria`: `class` cannot."""
    return name.isidentifier() and not iskeyword(name) and name not in _OPTIONS


def as_python(fields: Mapping[str, object]) -> str:
    """Return criteria as Python code; a name that cannot be an argument stands in a dict."""
    if all(is_argument(name) for name in fields):
        return f"NeuronCriteria({', '.join(f'{n}={v!r}' for n, v in fields.items())})"
    return f"NeuronCriteria.of({dict(fields)!r})"


class _Combined(NeuronCriteria):
    """Criteria combined from others, with the root ids already known."""

    def __init__(self, words: str, connectome: Graph, roots: IdArray) -> None:
        self.connectome = connectome
        self._words = words
        self._roots = roots


def known_fields(connectome: Graph) -> list[str]:
    """Return the names of all fields that criteria can use on a graph, sorted."""
    return sorted({*connectome.annotations.types, *connectome.annotations.neuron_types})


def check_field(name: str, connectome: Graph) -> None:
    """Raise an error that lists a graph's fields if the graph does not have this one."""
    known = known_fields(connectome)
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=3)
    meant = f"did you mean {', '.join(near)}? " if near else ""
    raise UnknownFieldError(
        f"there is no field '{name}' in {connectome.name}",
        hint=f"{meant}fields here: {', '.join(known) or 'none'}",
    )
