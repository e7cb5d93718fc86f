"""Signs of connections: excitatory or inhibitory, from the transmitter of the pre neuron.

A transmitter has no sign of its own: the receptors of the post neuron decide. Glutamate mostly
inhibits in flies and excites in mammals. So signs are a table that a person chooses: one of
`SIGNS`, or one of their own. Neurons of unknown transmitter are part of that choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graphapi.common.transmitters import TRANSMITTERS, transmitter
from graphapi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

#: What may be given as a table of signs: the name of one of `SIGNS`, or a table.
Signs: TypeAlias = "str | Mapping[str, int]"
#: The key for neurons whose transmitter is not known.
UNKNOWN = "unknown"
_MODULATORS = dict.fromkeys(
    ("dopamine", "norepinephrine", "octopamine", "serotonin", "tyramine"), 0
)
#: Tables of signs by name. 1 excites, -1 inhibits, 0 leaves a connection out. Modulators act
#: through receptors of both signs, and are left out, as are neurons of unknown transmitter.
SIGNS: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "fly": MappingProxyType(
            {
                "acetylcholine": 1,
                "gaba": -1,
                "glutamate": -1,
                "glycine": -1,
                "histamine": -1,
                **_MODULATORS,
                UNKNOWN: 0,
            }
        ),
        "mammal": MappingProxyType(
            {
                "acetylcholine": 1,
                "gaba": -1,
                "glutamate": 1,
                "glycine": -1,
                "histamine": 0,
                **_MODULATORS,
                UNKNOWN: 0,
            }
        ),
    }
)
_HOW = (
    "signs='fly' (glutamate inhibits), signs='mammal' (glutamate excites), or a table of your "
    "own such as {**graphapi.SIGNS['fly'], 'unknown': 1}"
)


@dataclass(frozen=True)
class SignTable:
    """A table of signs, checked.

    Attributes
    ----------
    name
        Its name in `SIGNS`; `given` for a person's own.
    signs
        Transmitter to 1, -1 or 0; `unknown` for neurons without a known transmitter.
    """

    name: str
    signs: Mapping[str, int]

    @classmethod
    def of(cls, signs: Signs | SignTable | None) -> SignTable:
        """Read a table of signs.

        Raises
        ------
        InputError
            None was given, there is no such table, or an entry is not a transmitter or a sign.
        """
        if isinstance(signs, SignTable):
            return signs
        if signs is None:
            raise InputError(
                "signed connections need a table of signs: what glutamate does, and what "
                "neurons of unknown transmitter count as, are choices",
                hint=_HOW,
            )
        if isinstance(signs, str):
            if signs not in SIGNS:
                raise InputError(f"signs: there is no table '{signs}'", hint=_HOW)
            return cls(signs, SIGNS[signs])
        table: dict[str, int] = {}
        for key, sign in signs.items():
            ours = UNKNOWN if key == UNKNOWN else transmitter(str(key))
            if ours is None:
                raise InputError(
                    f"signs: '{key}' is not a transmitter",
                    hint=f"transmitters: {', '.join(TRANSMITTERS)}; or {UNKNOWN}",
                )
            if isinstance(sign, bool) or sign not in (-1, 0, 1):
                raise InputError(
                    f"signs: {sign!r} for '{key}' is not a sign",
                    hint="1 excites, -1 inhibits, 0 leaves connections out",
                )
            table[ours] = int(sign)
        return cls("given", table)


def signs_of(transmitters: Iterable[str | None], signs: Signs | SignTable) -> npt.NDArray[np.int64]:
    """Return the sign of each neuron from its transmitter.

    Parameters
    ----------
    transmitters
        In our words (`acetylcholine`, `gaba`, ...), as in the neurons' property `transmitter`;
        None or NaN where it is not known.
    signs
        The name of a table of `SIGNS`, or a table: transmitter to 1, -1 or 0, and `unknown`.

    Returns
    -------
    numpy.ndarray
        int64: 1, -1 or 0.

    Raises
    ------
    InputError
        A transmitter that occurs, or `unknown`, is not in the table. Nothing is assumed.
    """
    table = SignTable.of(signs)
    keys = [UNKNOWN if _is_missing(value) else str(value) for value in transmitters]
    if missing := sorted(set(keys) - table.signs.keys()):
        raise InputError(
            f"signs: no sign for {', '.join(missing)}, which neurons here have",
            hint=f"add it to the table, or use {_HOW}",
        )
    return np.array([table.signs[key] for key in keys], dtype=np.int64)


def sign_attrs(table: SignTable, unknown: int, left_out: int) -> dict[str, Any]:
    """Return what a signed result says of its signs, for `.attrs`."""
    return {
        "table": table.name,
        "signs": dict(table.signs),
        "unknown": table.signs.get(UNKNOWN),
        "neurons_unknown": unknown,
        "connections_left_out": left_out,
    }


def _is_missing(value: object) -> bool:
    return value is None or value == UNKNOWN or value != value
