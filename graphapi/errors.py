"""Every error this project raises on purpose.

::

    CavegraphError
      InputError (ValueError)          what the caller passed in
        InvalidRootIdError             not an integer-like id, or a float
        UnknownFieldError              no such annotation field; names the known ones
        MotifError                     a motif that cannot be read or can never match
      NotFoundError (LookupError)      what the caller named is not there
        UnknownRootIdError             ids that are in no version of the segmentation we know of
        DatastackNotFoundError
        VersionNotFoundError           no such materialization version, or it has expired
        TableNotFoundError
        GraphNotFoundError             no graph at this place
        ImageryNotFoundError           no EM data or mesh where one was asked for
          MissingMeshError             neurons without a mesh; lists their ids
      EngineError                      the graph database
        EngineUnavailableError         [transient] it does not answer
        EngineAuthError                it refuses the user name or password
        QueryTimeoutError              [transient] the time limit was reached
        QueryRejectedError             it does not accept the query
        ReadOnlyError                  a write came through the read door
        GraphFileError                 the file is not a graph, or not one of this version
        GraphIncompleteError           a load did not finish: the graph must not be read
      CaveError                        the CAVE service
        CaveUnavailableError           [transient] it does not answer, or answers 5xx
        CaveRateLimitError             [transient] it asks for fewer requests
        CaveAuthError                  it refuses the token
        CaveResponseError              it answers something that the contract does not allow
        IncompleteAnswerError          rows are missing from an answer
      LoadError                        the loader
        SourceSchemaError              a table or file lacks a column, or has a wrong type
        StageError                     a stage on disk is damaged or of another load
        VerificationError              the graph does not hold what the source holds
        FullScanError                  a query about given neurons would read the whole graph
        GraphExistsError               a load would replace a graph and was not told to
      QueryFileError                   a file under `cypher/` breaks its own header
      StandinError                     the CAVE stand-in cannot serve a folder, or not at this port
      MissingExtraError (ImportError)  an optional package is not installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CaveAuthError",
    "CaveError",
    "CaveRateLimitError",
    "CaveResponseError",
    "CaveUnavailableError",
    "CavegraphError",
    "DatastackNotFoundError",
    "EngineAuthError",
    "EngineError",
    "EngineUnavailableError",
    "FullScanError",
    "GraphExistsError",
    "GraphFileError",
    "GraphIncompleteError",
    "GraphNotFoundError",
    "ImageryNotFoundError",
    "IncompleteAnswerError",
    "InputError",
    "InvalidRootIdError",
    "LoadError",
    "MissingExtraError",
    "MissingMeshError",
    "MotifError",
    "NotFoundError",
    "QueryFileError",
    "QueryRejectedError",
    "QueryTimeoutError",
    "ReadOnlyError",
    "SourceSchemaError",
    "StageError",
    "StandinError",
    "TableNotFoundError",
    "UnknownFieldError",
    "UnknownRootIdError",
    "VerificationError",
    "VersionNotFoundError",
]


class CavegraphError(Exception):
    """Base of all errors of this project.

    Parameters
    ----------
    message
        What went wrong, and where.
    hint
        What to do next; printed on a line of its own.
    """

    #: True where the same call may succeed later without any change.
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
    """A value cannot be a root id."""


class UnknownFieldError(InputError):
    """A criterion names a field that the graph's annotations do not have."""


class MotifError(InputError):
    """A motif cannot be read, contradicts itself, or cannot be searched for."""


class NotFoundError(CavegraphError, LookupError):
    """Something that was named is not there."""


class UnknownRootIdError(NotFoundError):
    """Root ids that neither the graph nor CAVE knows.

    Parameters
    ----------
    root_ids
        All unknown ids, kept as `root_ids`.
    where
        Where they were looked for.
    """

    def __init__(self, root_ids: Iterable[int], where: str, *, hint: str | None = None) -> None:
        self.root_ids = tuple(int(i) for i in root_ids)
        shown = ", ".join(str(i) for i in self.root_ids[:10])
        more = f" and {len(self.root_ids) - 10} more" if len(self.root_ids) > 10 else ""
        super().__init__(f"unknown root id(s) in {where}: {shown}{more}", hint=hint)


class DatastackNotFoundError(NotFoundError):
    """The CAVE server has no datastack of this name."""


class VersionNotFoundError(NotFoundError):
    """The datastack has no such materialization version, or it has expired."""


class TableNotFoundError(NotFoundError):
    """The datastack has no such table at this version."""


class GraphNotFoundError(NotFoundError):
    """There is no graph where one was to be opened."""


class ImageryNotFoundError(NotFoundError):
    """There is no EM image data, segmentation or mesh at the place asked for."""


class MissingMeshError(ImageryNotFoundError):
    """Neurons have no mesh, or not a whole one.

    Parameters
    ----------
    root_ids
        All of them, kept as `root_ids`.
    where
        Where meshes were looked for.
    """

    def __init__(self, root_ids: Iterable[int], where: str, *, hint: str | None = None) -> None:
        self.root_ids = tuple(int(i) for i in root_ids)
        listed = ", ".join(str(i) for i in self.root_ids)
        super().__init__(f"no mesh in {where} of {len(self.root_ids)}: {listed}", hint=hint)


class EngineError(CavegraphError):
    """The graph database refused or failed."""


class EngineUnavailableError(EngineError):
    """The graph database cannot be reached."""

    transient = True


class EngineAuthError(EngineError):
    """The graph database refuses the user name or password."""


class QueryTimeoutError(EngineError):
    """A query was stopped at its time limit."""

    transient = True


class QueryRejectedError(EngineError):
    """The graph database does not accept the query."""


class ReadOnlyError(EngineError):
    """A query that writes came through the read-only door."""


class GraphFileError(EngineError):
    """A file is not a graph, is damaged, or is a graph of another version of this program."""


class GraphIncompleteError(EngineError):
    """The graph has no complete `:Materialization`: a load is under way or has failed."""


class CaveError(CavegraphError):
    """CAVE refused or failed."""


class CaveUnavailableError(CaveError):
    """CAVE does not answer, or answers that it cannot at present."""

    transient = True


class CaveRateLimitError(CaveError):
    """CAVE asks for fewer requests in a time."""

    transient = True


class CaveAuthError(CaveError):
    """CAVE refuses the token, or there is none."""


class CaveResponseError(CaveError):
    """CAVE answers something that its contract does not allow."""


class IncompleteAnswerError(CaveError):
    """An answer lacks rows that the server has counted."""


class LoadError(CavegraphError):
    """A load failed."""


class SourceSchemaError(LoadError):
    """A source table lacks a column, or a column has a type that cannot be used."""


class StageError(LoadError):
    """A stage on disk is damaged, or belongs to another load."""


class VerificationError(LoadError):
    """What is in the graph is not what the source holds."""


class FullScanError(LoadError):
    """A query about given neurons reads the whole graph: no index, or the wrong text."""


class GraphExistsError(LoadError):
    """A load would replace a graph and was not told to."""


class QueryFileError(CavegraphError):
    """A query file breaks the contract of its own header."""


class StandinError(CavegraphError):
    """The CAVE stand-in cannot serve: its folder is not in the format, or the port is taken."""


class MissingExtraError(CavegraphError, ImportError):
    """An optional package is needed and not installed.

    Parameters
    ----------
    package
        The package that could not be imported.
    extra
        The extra of this distribution that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs the package '{package}', which is not installed",
            hint=f"pip install 'cavegraph[{extra}]'",
        )
