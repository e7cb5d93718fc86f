"""The fields of a graph as attributes, for tab completion in notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from graphapi.graph.criteria import check_field, known_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from graphapi.graph.reader import Reader


class Fields:
    """All fields that criteria can use; each attribute is the table of a field's values.

    Parameters
    ----------
    connectome
        The graph that has these fields.
    values
        Function that returns the table of a field's values.
    """

    def __init__(self, connectome: Reader, values: Callable[[str], pd.DataFrame]) -> None:
        self._connectome = connectome
        self._values = values

    def __dir__(self) -> list[str]:
        return known_fields(self._connectome)

    def __iter__(self) -> Iterator[str]:
        return iter(known_fields(self._connectome))

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> pd.DataFrame:
        check_field(name, self._connectome)
        return self._values(name)

    def __repr__(self) -> str:
        return f"<Fields of {self._connectome.name}: {', '.join(self)}>"

    def _repr_html_(self) -> str:
        record = self._connectome.materialization
        items = (*record.annotation_fields, *record.neuron_fields)
        kinds = {item.name: (item.type, item.source or "the load") for item in items}
        rows = "".join(
            f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td>"
            f"<td>{escape(source)}</td></tr>"
            for name, (kind, source) in sorted(kinds.items())
        )
        return f"<table><tr><th>field</th><th>type</th><th>from</th></tr>{rows}</table>"
