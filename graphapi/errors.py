"""All errors that this project raises.

::

    CavegraphError
      InputError (ValueError)          an argument is not valid
        InvalidRootIdError             a value is not an integer-like id, or is a float
        UnknownFieldError              no such annotation field; lists the known fields
        MotifError                     a motif cannot be read, or can never match
      NotFoundError (LookupError)      something the caller named does not exist
        UnknownRootIdError             neither the graph nor CAVE knows the ids
        DatastackNotFoundError         the CAVE server has no such datastack
        VersionNotFoundError           no such materialization version, or it has expired
        TableNotFoundError             the datastack has no such table
        GraphNotFoundError             no graph at this path or address
        ImageryNotFoundError           no EM data or mesh at the place requested
          MissingMeshError             neurons without a mesh; lists their ids
      EngineError                      the graph database failed
        EngineUnavailableError         [transient] it does not answer
        EngineAuthError                it refuses the user name or password
        QueryTimeoutError              [transient] a query reached its time limit
        QueryRejectedError             it does not accept the query
        ReadOnlyError                  a query tried to write
        GraphFileError                 the file is not a graph, or has another format version
        GraphIncompleteError           a load has not finished, so the graph must not be read
      CaveError                        CAVE failed
        CaveUnavailableError           [transient] it does not answer, or answers 5xx
        CaveRateLimitError             [transient] it limits the rate of requests
        CaveAuthError                  it refuses the token, or there is none
        CaveResponseError              its answer breaks the contract
        IncompleteAnswerError          rows are missing from an answer
      LoadError                        a load failed
        SourceSchemaError              a table or file lacks a column, or has a wrong type
        StageError                     a stage on disk is damaged or belongs to another load
        VerificationError              the graph differs from its source
        FullScanError                  a query about given neurons would read the whole graph
        GraphExistsError               a load would replace a graph without being allowed to
      ConvergenceError                 a computation did not become accurate enough
      QueryFileError                   a file in `cypher/` does not match its header
      StandinError                     the CAVE stand-in cannot serve a folder, or use a port
      MissingExtraError (ImportError)  an optional package is not installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class CavegraphError(Exception):
    """Base class of all errors of this project.

    Parameters
    ----------
    message
        What went wrong, and where.
    hint
        What to do next; printed on a separate line.
    """

    #: True if the same call may succeed later without any change.
    transient = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n  -> {self.hint}"


class InputError(CavegraphError, ValueError):
    """An argument has the wrong value or type."""


class InvalidRootIdError(InputError):
    """A value cannot be a root id.

    Attributes
    ----------
    meant
        The annotation field that has the value, and the value, where a name was passed for ids.
    """

    meant: tuple[str, str | list[str]] | None = None


class UnknownFieldError(InputError):
    """A criterion names a field that the graph's annotations do not have."""


class MotifError(InputError):
    """A motif cannot be read, contradicts itself, or cannot be searched."""


class NotFoundError(CavegraphError, LookupError):
    """Something that the caller named does not exist."""


class UnknownRootIdError(NotFoundError):
    """Root ids that neither the graph nor CAVE knows.

    Parameters
    ----------
    root_ids
        All unknown ids; kept as `root_ids`.
    where
        The graph or segmentation that was searched.
    """

    def __init__(self, root_ids: Iterable[int], where: str, *, hint: str | None = None) -> None:
        self.root_ids = tuple(int(i) for i in root_ids)
        shown = ", ".join(str(i) for i in self.root_ids[:10])
        more = f" and {len(self.root_ids) - 10} more" if len(self.root_ids) > 10 else ""
        super().__init__(f"unknown root id(s) in {where}: {shown}{more}", hint=hint)


class DatastackNotFoundError(NotFoundError):
    """The CAVE server has no datastack with this name."""


class VersionNotFoundError(NotFoundError):
    """The datastack has no such materialization version, or it has expired."""


class TableNotFoundError(NotFoundError):
    """The datastack has no such table at this version."""


class GraphNotFoundError(NotFoundError):
    """There is no graph at this path or address."""


class ImageryNotFoundError(NotFoundError):
    """There is no EM image, segmentation or mesh at the place requested."""


class MissingMeshError(ImageryNotFoundError):
    """Neurons have no mesh, or only a part of one.

    Parameters
    ----------
    root_ids
        Root ids of all these neurons; kept as `root_ids`.
    where
        The source that was searched.
    """

    def __init__(self, root_ids: Iterable[int], where: str, *, hint: str | None = None) -> None:
        self.root_ids = tuple(int(i) for i in root_ids)
        listed = ", ".join(str(i) for i in self.root_ids)
        super().__init__(
            f"no mesh in {where} for {len(self.root_ids)} neuron(s): {listed}", hint=hint
        )


class EngineError(CavegraphError):
    """The graph database refused or failed."""


class EngineUnavailableError(EngineError):
    """The graph database cannot be reached."""

    transient = True


class EngineAuthError(EngineError):
    """The graph database refuses the user name or password."""


class QueryTimeoutError(EngineError):
    """A query or computation reached its time limit and was stopped."""

    transient = True


class QueryRejectedError(EngineError):
    """The graph database does not accept the query."""


class ReadOnlyError(EngineError):
    """A query tried to write through a read-only connection."""


class GraphFileError(EngineError):
    """A file is not a graph, is damaged, or was made by another version of this program."""


class GraphIncompleteError(EngineError):
    """The graph has no complete `:Materialization`: a load is running or has failed."""


class CaveError(CavegraphError):
    """CAVE refused or failed."""


class CaveUnavailableError(CaveError):
    """CAVE does not answer, or reports that it is not available now."""

    transient = True


class CaveRateLimitError(CaveError):
    """CAVE limits the rate of requests."""

    transient = True


class CaveAuthError(CaveError):
    """CAVE refuses the token, or there is no token."""


class CaveResponseError(CaveError):
    """CAVE sent an answer that breaks its contract."""


class IncompleteAnswerError(CaveError):
    """An answer lacks rows that the server counted."""


class LoadError(CavegraphError):
    """A load failed."""


class SourceSchemaError(LoadError):
    """A source table lacks a column, or a column has a type that is not supported."""


class StageError(LoadError):
    """A stage on disk is damaged, or belongs to another load."""


class VerificationError(LoadError):
    """The graph differs from its source."""


class FullScanError(LoadError):
    """A query about given neurons reads the whole graph: no index, or a wrong query."""


class GraphExistsError(LoadError):
    """A load would replace a graph without being allowed to."""


class ConvergenceError(CavegraphError):
    """A computation did not become accurate enough, so there is no answer."""


class QueryFileError(CavegraphError):
    """A query file does not match its header."""


class StandinError(CavegraphError):
    """The CAVE stand-in cannot serve: its folder has the wrong format, or the port is taken."""


class MissingExtraError(CavegraphError, ImportError):
    """An optional package is needed but not installed.

    Parameters
    ----------
    package
        The package that could not be imported.
    extra
        The extra of this distribution that installs it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs the package '{package}', which is not installed",
            hint=f"pip install 'cavegraph[{extra}]'",
        )
