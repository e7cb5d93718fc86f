"""What a load needs from the source of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from graphapi.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

#: The steps of a source. `rows` records a `RowsInfo`, each `annotations/<n>` an
#: `AnnotationInfo`. `names` and `nuclei` exist only if the source has names or nuclei.
ROWS = "rows"
ANNOTATIONS = "annotations/"
NUCLEI = "nuclei"
NAMES = "names"
EXTRACTED = "extracted"
#: The step of a `Countable` source; records how many `neurons` were compared.
COMPARED = "compared"


@dataclass(frozen=True)
class Origin:
    """The identity of a source, resolved once: the version is a number, never 'latest'.

    Parameters
    ----------
    kind
        `cave` or `files`.
    datastack, version, timestamp, server
        As in the graph's record; the timestamp is ISO text in UTC, empty for files.
    key
        Everything that determines the rows, as JSON values; loads with equal keys are equal.
    record
        More fields of `graphapi.graph.materialization.Materialization`.
    sha256
        Name and SHA-256 of each file, for the graph's record.
    """

    kind: Literal["cave", "files"]
    datastack: str
    version: int
    timestamp: str = ""
    server: str = ""
    key: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    sha256: tuple[tuple[str, str], ...] = ()


def read_version(version: int | str) -> int | Literal["latest"]:
    """Read a materialization version: a number, also as text, or `latest`."""
    if isinstance(version, int):
        return version
    if version == "latest":
        return "latest"
    if version.isascii() and version.isdigit():
        return int(version)
    raise InputError(f"version '{version}' is not a number", hint="give a number, or latest")


class Source(Protocol):
    """Where rows come from."""

    def origin(self) -> Origin:
        """Return the identity of the source; only the first call may query a server."""
        ...

    def extract(self, workspace: Workspace, settings: Settings) -> None:
        """Finish all extraction steps that are not finished yet.

        Afterwards the step `extracted` is finished, and with it:

        - `rows`: Parquet files of synapse rows or weighted pairs;
        - `annotations/<n>`: one Parquet file per annotation table, in the order given, with
          `root_id` int64 (null for none), `row_id` string and the table's fields;
        - `nuclei`, if there is a soma table: `nucleus_id`, `root_id`, `supervoxel_id` int64,
          `soma_position` list<double> in nm, `soma_volume` double.
        """
        ...


@runtime_checkable
class Countable(Protocol):
    """A source that can count the synapses of single neurons, independently of the extraction."""

    def compare(self, workspace: Workspace, neurons: Path, min_size: float | None) -> None:
        """Finish the step `compared`: compare the totals of some neurons with the source.

        Raises
        ------
        VerificationError
            The totals differ.
        """
        ...


@dataclass(frozen=True)
class RowsInfo:
    """The record of the step `rows`.

    Parameters
    ----------
    layout
        `synapses` or `pairs`, as in `loader.stages.aggregate`.
    columns
        Our name (`pre`, `post`, `size`, `valid`, `weight`, `size_sum`) to the files' column.
    extras
        What else the rows say to the files' column: `region`, `transmitter`, or `nt_gaba`, ...
        for the scores of transmitters.
    paths
        Files outside the working folder that are read in place; their checksums are part of
        the load's key. Empty if the step has its own files.
    one_is_unresolved
        Root id 1 means "not looked up".
    rows_counted
        Number of rows by the source's own count; None if it has none.
    rows_filtered
        Rows that the user's filter has left out already.
    rows_repeated
        Rows that repeat a connection and have been left out already.
    reading
        How the source was read, as JSON values, for the graph's record.
    """

    layout: Literal["synapses", "pairs"]
    columns: dict[str, str]
    extras: dict[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    one_is_unresolved: bool = False
    rows_counted: int | None = None
    rows_filtered: int = 0
    rows_repeated: int = 0
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def has_size(self) -> bool:
        """Return whether rows have sizes."""
        return "size" in self.columns or "size_sum" in self.columns


@dataclass(frozen=True)
class AnnotationInfo:
    """The record of a step `annotations/<n>`.

    Parameters
    ----------
    table
        The table's name.
    merged
        Fields that are also merged into neurons.
    supervoxel
        The field with supervoxel ids; empty for none.
    transmitter
        The fields that say the transmitter, as in `loader.stages.transmitters.Told.columns`;
        empty for none.
    notes
        Notes for the user, such as rows that could not be resolved.
    reading
        How the table was read, as JSON values, for the graph's record.
    """

    table: str
    merged: tuple[str, ...]
    supervoxel: str = ""
    transmitter: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reading: dict[str, Any] = field(default_factory=dict)
