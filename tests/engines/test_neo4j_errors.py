"""Every failure of a Neo4j driver or server is one of ours, and no password is ever shown."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import neo4j.exceptions
import pytest

from graphapi.engines.address import read_address
from graphapi.engines.neo4j import Neo4jEngine, _translate
from graphapi.engines.neo4jfailures import Occasion, error_for_code
from graphapi.errors import (
    CavegraphError,
    EngineAuthError,
    EngineError,
    EngineUnavailableError,
    GraphNotFoundError,
    InputError,
    QueryRejectedError,
    QueryTimeoutError,
    ReadOnlyError,
)

if TYPE_CHECKING:
    from neo4j_server import Neo4jServer

AT = Occasion("probe", "bolt://host:7687", "ada", "brains", 2.0)

#: What each class of the driver becomes, when it carries no code of a server.
EXPECTED: dict[str, type[CavegraphError]] = {
    "AuthConfigurationError": EngineAuthError,
    "BrokenRecordError": EngineError,
    "CertificateConfigurationError": InputError,
    "ConfigurationError": InputError,
    "ConnectionAcquisitionTimeoutError": EngineUnavailableError,
    "ConnectionPoolError": EngineUnavailableError,
    "DriverError": EngineError,
    "GqlError": EngineError,
    "IncompleteCommit": EngineUnavailableError,
    "ReadServiceUnavailable": EngineUnavailableError,
    "ResultConsumedError": EngineError,
    "ResultError": EngineError,
    "ResultFailedError": EngineError,
    "ResultNotSingleError": EngineError,
    "RoutingServiceUnavailable": EngineUnavailableError,
    "ServiceUnavailable": EngineUnavailableError,
    "SessionError": EngineError,
    "SessionExpired": EngineUnavailableError,
    "TransactionError": EngineError,
    "TransactionNestingError": EngineError,
    "UnsupportedServerProduct": EngineError,
    "WriteServiceUnavailable": EngineUnavailableError,
}

#: Codes of the server: those seen from a real one, and one of each remaining kind.
CODES: dict[str, type[CavegraphError]] = {
    "Neo.ClientError.Statement.AccessMode": ReadOnlyError,
    "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase": ReadOnlyError,
    "Neo.ClientError.Transaction.TransactionTimedOut": QueryTimeoutError,
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration": QueryTimeoutError,
    "Neo.ClientError.Transaction.LockClientStopped": QueryRejectedError,
    "Neo.TransientError.Transaction.LockAcquisitionTimeout": QueryTimeoutError,
    "Neo.ClientError.Security.Unauthorized": EngineAuthError,
    "Neo.ClientError.Security.AuthenticationRateLimit": EngineAuthError,
    "Neo.ClientError.Security.CredentialsExpired": EngineAuthError,
    "Neo.ClientError.Security.Forbidden": EngineAuthError,
    "Neo.ClientError.Security.TokenExpired": EngineAuthError,
    "Neo.ClientError.Database.DatabaseNotFound": GraphNotFoundError,
    "Neo.ClientError.Statement.SyntaxError": QueryRejectedError,
    "Neo.ClientError.Statement.TypeError": QueryRejectedError,
    "Neo.ClientError.Schema.ConstraintValidationFailed": QueryRejectedError,
    "Neo.ClientError.Procedure.ProcedureNotFound": QueryRejectedError,
    "Neo.ClientError.Cluster.NotALeader": EngineError,
    "Neo.TransientError.Transaction.DeadlockDetected": EngineUnavailableError,
    "Neo.TransientError.General.DatabaseUnavailable": EngineUnavailableError,
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError": EngineError,
    "Neo.DatabaseError.General.UnknownError": EngineError,
    "": EngineError,
}


def driver_classes() -> dict[str, type[Exception]]:
    found = vars(neo4j.exceptions).items()
    return {n: c for n, c in found if isinstance(c, type) and issubclass(c, Exception)}


@pytest.mark.parametrize("name", sorted(driver_classes()))
def test_every_class_of_the_driver_is_known_here(name: str) -> None:
    kind = driver_classes()[name]
    if issubclass(kind, neo4j.exceptions.Neo4jError):
        expected: type[CavegraphError] = EngineError  # decided by code, of which this has none
    else:
        assert name in EXPECTED, "a new class of the driver: say what it becomes"
        expected = EXPECTED[name]
    assert type(_translate(kind("what happened"), AT)) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_its_error(code: str) -> None:
    error = error_for_code(code, "what happened", AT)
    assert type(error) is CODES[code]
    assert "host:7687" in str(error)


def test_a_procedure_that_writes_is_a_read_only_error() -> None:
    words = "Creating new node label is not allowed for user 'ada' with FULL overridden by READ."
    assert type(error_for_code("Neo.ClientError.Security.Forbidden", words, AT)) is ReadOnlyError


def ask(uri: str, **options: object) -> None:
    engine = Neo4jEngine.connect(uri, retry_time=0.2, **options)  # type: ignore[arg-type]
    try:
        engine.run_text("RETURN 1")
    finally:
        engine.close()


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_a_server_that_is_down(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EngineUnavailableError, match=f"127.0.0.1:{port}") as caught:
        ask(f"{scheme}://ada:s3cret@127.0.0.1:{port}")
    assert "refused" in str(caught.value)
    assert "that the server runs" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.transient


@pytest.mark.parametrize("scheme", ["bolt+s", "bolt+ssc", "neo4j+s"])
def test_encryption_that_the_server_does_not_speak(neo4j_server: Neo4jServer, scheme: str) -> None:
    uri = neo4j_server.uri.replace("bolt", scheme).replace("neo4j://", f"{scheme}://")
    with pytest.raises(EngineUnavailableError, match=r"encryption failed: use bolt://"):
        ask(uri, user="neo4j", password="x")


def test_the_port_of_the_browser(neo4j_server: Neo4jServer) -> None:
    if not neo4j_server.http_url:
        pytest.skip("the server was given without its HTTP address")
    with pytest.raises(EngineUnavailableError, match="port of Neo4j Browser"):
        ask(neo4j_server.http_url.replace("http", "bolt"), user="neo4j", password="x")


def test_a_wrong_password(neo4j_server: Neo4jServer) -> None:
    with pytest.raises(EngineAuthError, match="CAVEGRAPH_NEO4J_PASSWORD") as caught:
        ask(neo4j_server.uri, user="neo4j", password="wr0ng-one")
    assert "user 'neo4j'" in str(caught.value)
    assert "wr0ng-one" not in str(caught.value)


def test_no_password(neo4j_server: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD"):
        monkeypatch.delenv(f"CAVEGRAPH_NEO4J_{name}", raising=False)
    with pytest.raises(EngineAuthError, match="no user name"):
        ask(neo4j_server.uri)


class TestAddress:
    @pytest.fixture(autouse=True)
    def _clean(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("USER", "PASSWORD", "DATABASE"):
            monkeypatch.delenv(f"CAVEGRAPH_NEO4J_{name}", raising=False)

    def test_userinfo_is_taken_out(self) -> None:
        address = read_address("Neo4j+S://ada:p%40ss@host:7687/")
        assert (address.uri, address.user, address.password) == (
            "neo4j+s://host:7687",
            "ada",
            "p@ss",
        )
        assert "p@ss" not in repr(address)

    def test_arguments_win_over_the_uri_and_that_over_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CAVEGRAPH_NEO4J_USER", "env")
        monkeypatch.setenv("CAVEGRAPH_NEO4J_PASSWORD", "env-pw")
        monkeypatch.setenv("CAVEGRAPH_NEO4J_DATABASE", "env-db")
        plain = read_address("bolt://h")
        assert (plain.user, plain.password, plain.database) == ("env", "env-pw", "env-db")
        inside = read_address("bolt://u:u-pw@h")
        assert (inside.user, inside.password) == ("u", "u-pw")
        told = read_address("bolt://u:u-pw@h", user="arg", password="arg-pw", database="arg-db")
        assert (told.user, told.password, told.database) == ("arg", "arg-pw", "arg-db")

    def test_a_password_alone_is_that_of_neo4j(self) -> None:
        assert read_address("bolt://h", password="x").user == "neo4j"

    def test_ipv6(self) -> None:
        address = read_address("bolt://ada@[::1]:7687")
        assert (address.uri, address.host) == ("bolt://[::1]:7687", "[::1]:7687")

    @pytest.mark.parametrize(
        "uri",
        [
            "http://u:s3cret@h",
            "bolt://u:s3cret@h:port",
            "bolt://u:s3cret@",
            "bolt://u:s3cret@h/db",
            "neo4j://u:s3cret@h?policy=x",
            "s3cret",
        ],
    )
    def test_what_is_no_address_is_refused_without_being_shown(self, uri: str) -> None:
        with pytest.raises(InputError) as caught:
            read_address(uri)
        assert "s3cret" not in str(caught.value)
