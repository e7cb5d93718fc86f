"""What an address is: read in one way, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from graphapi.common.address import Origin, origin_of
from graphapi.errors import InputError


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://cave.example", "https://cave.example"),
        ("Cave.Example:8000/info", "https://cave.example:8000"),
        ("https://cave.example:443/x", "https://cave.example"),
        ("http://cave.example:80", "http://cave.example"),
        ("graphene://middleauth+https://data.example/table/x", "https://data.example"),
        ("precomputed://middleauth+http://127.0.0.1:7/x", "http://127.0.0.1:7"),
        ("graphene://https://data.example:8443", "https://data.example:8443"),
        ("precomputed://https://127.0.0.1.evil.example", "https://127.0.0.1.evil.example"),
        ("precomputed://gs://bucket/em", "https://storage.googleapis.com"),
        ("s3://bucket/em", "https://bucket.s3.amazonaws.com"),
        ("http://[::1]:80/a@b", "http://[::1]"),
        ("https://evil.example?@127.0.0.1/", "https://evil.example"),
        ("https://evil.example#@127.0.0.1/", "https://evil.example"),
    ],
)
def test_addresses(address: str, origin: str) -> None:
    assert str(origin_of(address)) == origin


@pytest.mark.parametrize("form", ["", "precomputed://", "graphene://", "graphene://middleauth+"])
@pytest.mark.parametrize(
    "address",
    [
        r"http://evil:P\@127.0.0.1/v",
        r"https://evil\@known.example",
        r"https://evil.example\.known.example",
        r"https:\\known.example",
        "https://127.0.0.1@evil.example/x",
        "https://me:secret@host",
        "https://known.example\r\nHost: evil",
        "https://kno\twn.example",
        "https://known.example\x00.evil.example",
        "https://known%2eexample",
        "https://known.example:",
        "https://known.example:99999",
        "https://known.example:0",
        "https://known.example:4a",
        "https://kn\u00f6wn.example",
        "https://known.example\u3002evil",
        "https://known.example evil.example",
        "https://[::1",
        "https://[::1%25eth0]/",
        "https:///path",
        "https://",
        "ftp://host",
        "file:///etc",
        "javascript://host",
        "https://https://host",
    ],
)
def test_what_can_be_read_in_two_ways_or_is_no_address(form: str, address: str) -> None:
    if address == "https://https://host":  # the host `https` without a port: an empty port
        address = "https://https:/host"
    with pytest.raises(InputError) as refused:
        origin_of(form + address)
    assert "secret" not in str(refused.value)


@given(
    st.text(alphabet="ah.:/\\@?#[]%1\t\n P-_", max_size=14).map("http://".__add__)
    | st.text(max_size=10).map("https://evil".__add__)
)
def test_what_is_accepted_is_where_the_client_connects(address: str) -> None:
    """Against urllib3's own reading, which is the one that opens the connection."""
    try:
        origin = origin_of(address)
    except InputError:
        return
    parts = parse_url(address.strip(" "))
    assert origin == Origin(
        parts.scheme or "",
        (parts.host or "").lower(),
        parts.port or (443 if origin.port == 443 else 80),
    )
    assert parts.auth is None


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("https://cave.example", True),
        ("http://cave.example", False),
        ("http://localhost:3", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:80", True),
        ("http://localhost.evil.example", False),
        ("http://127.1", False),
        ("http://2130706433", False),
        ("http://0.0.0.0", False),
    ],
)
def test_where_others_could_read_along(address: str, private: bool) -> None:
    assert origin_of(address).is_private is private
