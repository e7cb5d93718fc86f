"""`--only`: load only chosen neurons and the connections between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphapi.errors import InputError, NotFoundError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

#: The value of `--only` for all annotated neurons.
ANNOTATED = "annotated"


@dataclass(frozen=True)
class Only:
    """The neurons that are loaded.

    Parameters
    ----------
    text
        The option as the user wrote it.
    ids
        Root ids, if a file lists them.
    field, values
        An annotation field and values as text: neurons with a row that has one of the values.
        If these are empty and there are no ids: all annotated neurons.
    checksum
        SHA-256 of the file.
    """

    text: str
    ids: np.ndarray[Any, Any] | None = None
    field: str = ""
    values: tuple[str, ...] = ()
    checksum: str = ""

    def key(self) -> list[str]:
        """Return what determines the neurons, for the key of a load."""
        return [self.text, self.checksum]

    def roots(self, rows: pa.Table) -> pa.Array:
        """Return the root ids of the chosen neurons.

        Parameters
        ----------
        rows
            All annotation rows: `root_id` (null for none) and their fields.

        Returns
        -------
        pyarrow.Array
            int64, ascending, each once.

        Raises
        ------
        InputError
            There are no annotations, or none has the field.
        NotFoundError
            No neuron has any of the values.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.ids is not None:
            return pc.unique(pa.array(self.ids, pa.int64())).sort()
        if not rows.num_rows:
            raise InputError(
                f"--only {self.text}: there are no annotations", hint="add --annotations"
            )
        if self.field:
            rows = rows.filter(pa.array(self._met(rows)))
        roots = pc.unique(rows.column("root_id").drop_null().combine_chunks())
        if not len(roots):
            raise NotFoundError(f"--only {self.text}: no neuron matches")
        return roots.sort()

    def _met(self, rows: pa.Table) -> list[bool]:
        if self.field not in rows.column_names:
            raise InputError(
                f"--only {self.text}: no annotation field '{self.field}'",
                hint=f"columns: {', '.join(rows.column_names)}",
            )
        column = rows.column(self.field).to_pylist()
        wanted = set(self.values)
        met = [
            bool(wanted & set(map(str, value)) if isinstance(value, list) else str(value) in wanted)
            for value in column
        ]
        if not any(met):
            there = sorted({str(v) for v in column if v is not None})
            raise NotFoundError(
                f"--only {self.text}: no annotation row matches",
                hint=f"values of '{self.field}': {', '.join(there[:15])}",
            )
        return met
