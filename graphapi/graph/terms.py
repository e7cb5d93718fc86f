"""What counts as a connection in a call, and at which version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np

from graphapi.errors import InputError

#: A materialization version as callers name it.
Version: TypeAlias = int | Literal["latest", "live"] | str
_MOST_SYNAPSES = np.iinfo(np.int64).max


def check_min_size(min_size: object) -> None:
    """Check that a value is a synapse size; None means no minimum.

    Raises
    ------
    InputError
        The value is negative, infinite, NaN or not a number.
    """
    if min_size is None:
        return
    number = isinstance(min_size, (int, float, np.integer, np.floating))
    if not number or isinstance(min_size, bool) or not 0 <= min_size < np.inf:  # type: ignore[operator]
        raise InputError(
            f"min_size: {min_size!r} is not a size",
            hint="pass a number, 0 or more, in the units of the synapse table's size column",
        )


def check_count(name: str, value: object) -> None:
    """Check that an argument is a whole number of 1 or more.

    Raises
    ------
    InputError
        It is not.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InputError(f"{name}: {value!r} is not a whole number of 1 or more")


@dataclass(frozen=True)
class Terms:
    """What counts as a connection in a call.

    Attributes
    ----------
    threshold
        Smallest weight of a connection, in synapses, inclusive.
    min_size
        Smallest size of a synapse, inclusive; None for the size the graph was loaded with.
    materialization
        A version; `latest` for the graph's version; `live` for now.
    clean
        Drop autapses and rows with background on either side.
    update_ids
        Map stale ids to current ones.
    moment
        The time of `live`: the same for the whole call, even if it queries CAVE several times.
    """

    threshold: int = 1
    min_size: float | None = None
    materialization: Version = "latest"
    clean: bool = True
    update_ids: bool = True
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if isinstance(self.threshold, bool) or not isinstance(self.threshold, (int, np.integer)):
            raise InputError(f"threshold: {self.threshold!r} is not a whole number of synapses")
        if self.threshold < 1:
            raise InputError(
                f"threshold: {self.threshold} is less than 1",
                hint="1 keeps every connection; a pair without synapses is not a connection",
            )
        if self.threshold > _MOST_SYNAPSES:
            raise InputError(f"threshold: {self.threshold} is more synapses than any pair can have")
        check_min_size(self.min_size)
        named = self.materialization in ("latest", "live")
        number = isinstance(self.materialization, (int, np.integer))
        if not named and (not number or isinstance(self.materialization, bool)):
            raise InputError(
                f"materialization: {self.materialization!r} is not a version",
                hint="use 'latest' (the graph's version), 'live', or a version number",
            )
