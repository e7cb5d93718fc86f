"""A certificate of our own making, for clients that insist on https."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING

from graphapi.common.files import write_bytes_whole
from graphapi.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.x509 import GeneralName

_CERTIFICATE, _KEY = "certificate.pem", "key.pem"
_DAYS = 365


def certificate_in(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """Return a certificate for some host names, made on first use; it is its own authority.

    Parameters
    ----------
    folder
        Folder of the certificate and its key, which only the user can read. A certificate that is
        there is used again if it is for these names and holds for another week.
    names
        Host names and addresses.

    Returns
    -------
    Path, Path
        The certificate, which a client is told to trust, and its key.

    Raises
    ------
    MissingExtraError
        The package `cryptography` is not installed.
    """
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("cryptography", "serve") from error
    paths = folder / _CERTIFICATE, folder / _KEY
    if not (all(path.is_file() for path in paths) and _holds(paths[0], names)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificate, key = _made(names)
        write_bytes_whole(paths[1], key, private=True)
        write_bytes_whole(paths[0], certificate)
    return paths


def _holds(path: Path, names: Sequence[str]) -> bool:
    """Return whether a certificate is for these names, and holds for another week."""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
    return set(there) == {_named(one) for one in names} and found.not_valid_after_utc > soon


def _made(names: Sequence[str]) -> tuple[bytes, bytes]:
    """Return a new certificate and its key, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cavegraph serve")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_named(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private


def _named(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
