"""Connections with the sign of their presynaptic neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphapi.errors import InputError, UnknownFieldError
from graphapi.graph.reader import Reader
from graphapi.graph.results import Connections
from graphapi.graph.terms import Terms
from graphapi.network.signs import SignTable, sign_attrs, signs_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt
    import pandas as pd

    from graphapi.network.signs import Signs

#: The property of neurons that decides about signs.
TRANSMITTER = "transmitter"


class SignedReader(Reader):
    """A reader that can give connections their signs."""

    def get_signs(self, signs: Signs | SignTable) -> pd.Series[int]:
        """Return the sign of every neuron: whether its connections excite or inhibit.

        Parameters
        ----------
        signs
            The name of a table of `graphapi.SIGNS`, or a table of your own.

        Returns
        -------
        pandas.Series
            `sign`, int64: 1 (excites), -1 (inhibits) or 0; index `root_id`, all neurons,
            ascending. `.attrs['signs']` holds the table, its choice for neurons of unknown
            transmitter, and their number.

        Raises
        ------
        UnknownFieldError
            The graph has no transmitters.
        InputError
            The table lacks a transmitter that occurs.
        """
        import pandas as pd

        table = SignTable.of(signs)
        names = self._transmitters()
        roots = pd.Index(self.root_ids(), name="root_id")
        made = pd.Series(signs_of(names, table), index=roots, name="sign")
        unknown = sum(name is None for name in names)
        made.attrs = self._provenance(Terms()).attrs() | {"signs": sign_attrs(table, unknown, 0)}
        return made

    def _signed(
        self, found: Connections, signs: Signs | None, terms: Terms
    ) -> tuple[Connections, dict[str, Any]]:
        """Give weights the sign of the pre neuron, leave out those without, and say so."""
        table = SignTable.of(signs)
        if not self._own_version(terms):
            raise InputError(
                f"signed: transmitters are those of version {self.materialization.version}",
                hint="leave out materialization, or signed",
            )
        roots, names = self.root_ids(), self._transmitters()
        pre, place = np.unique(found.pre, return_inverse=True)
        at = np.minimum(np.searchsorted(roots, pre), max(len(roots) - 1, 0))
        # with clean=False, an end may be background, which is not a neuron
        mine = [
            names[k] if len(roots) and roots[k] == root else None
            for k, root in zip(at.tolist(), pre.tolist(), strict=True)
        ]
        sign = signs_of(mine, table)[place]
        kept = found.where(sign != 0)
        signed = Connections(kept.pre, kept.post, kept.weight * sign[sign != 0])
        unknown = sum(name is None for name in mine)
        return signed, sign_attrs(table, unknown, len(found) - len(signed))

    def _signs_of_all(
        self, signed: bool, signs: Signs | None
    ) -> tuple[npt.NDArray[np.int64] | None, dict[Hashable | None, Any]]:
        """Return the sign of each neuron, and what a result says of it; nothing if not signed."""
        if not signed:
            if signs is not None:
                raise InputError("signs are given, but signed is False", hint="add signed=True")
            return None, {}
        found = self.get_signs(SignTable.of(signs))
        values: npt.NDArray[np.int64] = np.array(found, dtype=np.int64)
        return values, {"signs": found.attrs["signs"]}

    def _transmitters(self) -> list[str | None]:
        if TRANSMITTER not in self.annotations.neuron_types:
            raise UnknownFieldError(
                f"{self.name} has no transmitters, so connections have no signs",
                hint="load it with a table that has a column of transmitters; name the column "
                "with --annotations 'FILE?transmitter=COLUMN'",
            )
        names = self.annotations.neuron_column(TRANSMITTER)
        return [None if name is None else str(name) for name in names]
