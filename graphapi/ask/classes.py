"""The class of each neuron, and the colour of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphapi.ask.neurons import NeuronQuestions
from graphapi.common.palette import class_colors
from graphapi.engines.queries import catalog
from graphapi.errors import InputError, UnknownFieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from graphapi.graph.selection import Selection
    from graphapi.graph.terms import Terms
    from graphapi.network.labels import Labels

#: The property that groups neurons by default; a graph may lack it.
CLASS = "cell_class"


class ClassQuestions(NeuronQuestions):
    """Questions about the classes of neurons."""

    def get_class_colors(self, by: str = CLASS) -> dict[str, str]:
        """Return the colour of each class, the same in every figure, page, scene and link.

        Parameters
        ----------
        by
            The neuron property that holds the class.

        Returns
        -------
        dict
            `#RRGGBB` by class, the classes with most neurons first, then by name. It depends on
            the classes of the whole graph and on nothing else. Beyond 48 classes, the smallest
            ones share the grey of neurons without a class.

        Raises
        ------
        UnknownFieldError
            Neurons have no property `by`.
        """
        self._need_property(by)
        table = self.run(catalog()["type_sizes"].with_property(by))
        sizes: dict[str, int] = {}
        for row in table.to_pylist():
            name = "" if row["type"] is None else str(row["type"])
            if name.strip():
                sizes[name] = sizes.get(name, 0) + row["neurons"]
        return class_colors(sorted(sizes, key=lambda name: (-sizes[name], name)))

    def _colors_by(self, by: str) -> dict[str, str]:
        """Return the colours of a figure's classes; empty if the graph has no classes."""
        if by == CLASS and not self._has_property(by):
            return {}
        return self.get_class_colors(by)

    def _classes_of(self, neuron_ids: Iterable[int], by: str) -> pd.Series[Any]:
        """Return the class of each neuron, by root id; missing where it has none."""
        import pandas as pd

        self._need_property(by)
        roots = sorted({int(root) for root in neuron_ids})
        if not roots:  # nobody is left at this threshold
            return pd.Series([], index=pd.Index([], dtype="int64"), dtype=object)
        frame = self.get_neurons(roots)
        classes: pd.Series[Any] = frame.set_index("root_id")[by]
        return classes

    def _labels_of_all(self, by: str) -> Labels:
        """Return a property of all neurons, in the order of root ids; `Unknown` where missing."""
        from graphapi.network.labels import Labels

        self._need_property(by)
        if self.annotations.neuron_types[by].startswith("list"):
            raise InputError(
                f"by: a neuron can have several values of '{by}', so they are not groups",
                hint="choose a property with one value for each neuron",
            )
        return Labels.of_values(self.annotations.neuron_column(by))

    def _select_groups(
        self, groups: Mapping[Any, object], what: str, terms: Terms
    ) -> dict[str, Selection]:
        """Read groups of neurons by name; each is root ids or criteria."""
        if not groups:
            raise InputError(f"{what}: no groups given", hint="a dict from a name to root ids")
        return {
            str(name): self._select(ids, f"{what}[{name!r}]", terms) for name, ids in groups.items()
        }

    def _note(self, threshold: int | None = None, min_size: float | None = None) -> str:
        """Return the note of a figure: the graph, and the thresholds of its connections."""
        made = self.materialization
        parts = [f"{made.datastack} v{made.version}"]
        if made.synthetic:
            parts.append("synthetic data")
        if threshold is not None:
            parts.append(f"weight \u2265 {threshold}")
        if min_size is not None:
            parts.append(f"size \u2265 {min_size:g}")
        return ", ".join(parts)

    def _has_property(self, name: str) -> bool:
        return name in self.annotations.neuron_types

    def _need_property(self, name: str) -> None:
        if not self._has_property(name):
            raise UnknownFieldError(
                f"neurons of {self.name} have no property '{name}'",
                hint=f"name one of these: {', '.join(sorted(self.annotations.neuron_types))}",
            )
