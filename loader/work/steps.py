"""What a load needs from where its rows come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from loader.work.settings import Settings
    from loader.work.workspace import Workspace

#: Steps that every source finishes. `rows` notes a `RowsInfo`; each `annotations/<n>` an
#: `AnnotationInfo`; `names` and `nuclei` are there only where the source has such a thing.
ROWS = "rows"
ANNOTATIONS = "annotations/"
NUCLEI = "nuclei"
NAMES = "names"
EXTRACTED = "extracted"
#: The step of a source that is `Countable`; notes down how many `neurons` were compared.
COMPARED = "compared"


@dataclass(frozen=True)
class Origin:
    """What a source is, resolved once: the version is a number, never 'latest'.

    Parameters
    ----------
    kind
        `cave` or `files`.
    datastack, version, timestamp, server
        As in the graph's record; timestamp is ISO text in UTC, empty for files.
    key
        All that decides which rows come, as JSON values; loads with equal keys are equal.
    record
        Further fields of `graphapi.graph.materialization.Materialization`.
    """

    kind: Literal["cave", "files"]
    datastack: str
    version: int
    timestamp: str = ""
    server: str = ""
    key: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """Where rows come from."""

    def origin(self) -> Origin:
        """Say what this is; the first call may ask a server, later ones do not."""
        ...

    def extract(self, workspace: Workspace, settings: Settings) -> None:
        """Finish all extraction steps that are not finished yet.

        Afterwards the step `extracted` is finished, and with it:

        - `rows`: Parquet files of synapse rows or weighted pairs;
        - `annotations/<n>`: one Parquet file an annotation table, in the order given, with
          `root_id` int64 (null for none), `row_id` string and the table's fields;
        - `nuclei`, where there is a soma table: `nucleus_id`, `root_id`, `supervoxel_id`
          int64, `soma_position` list<double> in nm, `soma_volume` double.
        """
        ...


@runtime_checkable
class Countable(Protocol):
    """A source that can be asked about single neurons, apart from the extraction."""

    def compare(self, workspace: Workspace, neurons: Path, min_size: float | None) -> None:
        """Finish the step `compared`: a sample of neurons has the totals that the source says.

        Raises
        ------
        VerificationError
            It has others.
        """
        ...


@dataclass(frozen=True)
class RowsInfo:
    """What the step `rows` notes down.

    Parameters
    ----------
    layout
        `synapses` or `pairs`, as in `loader.stages.aggregate`.
    columns
        Our name (`pre`, `post`, `size`, `valid`, `weight`, `size_sum`) to the files' column.
    paths
        Files outside the working folder that are read in place; their checksums are part
        of the load's key. Empty where the step has files of its own.
    one_is_unresolved
        Root id 1 stands for "not looked up".
    rows_counted
        How many rows the source itself counts; None where it does not say.
    rows_filtered
        Rows that were left out already, by a filter that the user gave.
    reading
        What the source was taken for, as JSON values, for the graph's record.
    """

    layout: Literal["synapses", "pairs"]
    columns: dict[str, str]
    paths: tuple[str, ...] = ()
    one_is_unresolved: bool = False
    rows_counted: int | None = None
    rows_filtered: int = 0
    reading: dict[str, Any] = field(default_factory=dict)

    @property
    def has_size(self) -> bool:
        """True where rows have sizes."""
        return "size" in self.columns or "size_sum" in self.columns


@dataclass(frozen=True)
class AnnotationInfo:
    """What a step `annotations/<n>` notes down.

    Parameters
    ----------
    table
        The table's name.
    merged
        Fields that are put on neurons too.
    supervoxel
        The field with supervoxel ids; empty for none.
    notes
        What a person should know, such as rows that could not be resolved.
    reading
        What the table was taken for, as JSON values, for the graph's record.
    """

    table: str
    merged: tuple[str, ...]
    supervoxel: str = ""
    notes: tuple[str, ...] = ()
    reading: dict[str, Any] = field(default_factory=dict)
