"""The service never speaks in clear to other machines, and with mutual TLS to nobody without a certificate."""

from __future__ import annotations

import ipaddress
import ssl
import urllib.error
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from credit_check_sdk import ConfigurationError, Settings
from credit_check_sdk.service.running import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(folder: Path, name: str, issuer: Pair | None = None) -> Pair:
    """Make a certificate with its key: of its own, or of *issuer*."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return made, key


@pytest.fixture
def certificates(config: Path) -> Path:
    folder = config.parent
    ours = certificate(folder, "ca")
    certificate(folder, "service", ours)
    certificate(folder, "host", ours)
    certificate(folder, "stranger", certificate(folder, "other-ca"))
    return folder


def context(folder: Path, name: str | None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if name is not None:
        made.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return made


TLS = {"certificate_file": "service.pem", "key_file": "service.key"}


def test_with_mutual_tls_only_known_hosts_are_let_in(serve: Callable[..., Any], certificates: Path) -> None:
    served = serve(**TLS, client_ca_file="ca.pem")
    assert served.url.startswith("https://")
    assert served("/v1/health", context=context(certificates, "host")).status == 200
    for name in (None, "stranger"):
        with pytest.raises((urllib.error.URLError, ssl.SSLError, ConnectionError)):
            served("/v1/health", context=context(certificates, name))


def test_with_a_certificate_it_speaks_tls(serve: Callable[..., Any], certificates: Path) -> None:
    served = serve(**TLS)
    assert served("/v1/health", context=context(certificates, None)).status == 200


@pytest.mark.parametrize(
    ("service", "word"),
    [
        ({"host": "0.0.0.0"}, "in clear"),  # noqa: S104  it refuses to
        ({"certificate_file": "service.pem"}, "key_file is missing"),
        ({"client_ca_file": "ca.pem"}, "certificate_file is missing"),
        ({**TLS, "key_file": "none.key"}, "key_file does not exist"),
        ({**TLS, "key_file": "host.key"}, "certificate_file cannot be used"),
    ],
)
def test_what_cannot_be_served_safely_is_not_served(
    config: Path, certificates: Path, service: dict[str, Any], word: str
) -> None:
    settings = Settings.find(config)
    settings = settings.model_copy(update={"service": settings.service.model_copy(update={"port": 0, **service})})
    with pytest.raises(ConfigurationError, match=word), serving(settings):
        pass


def test_behind_a_proxy_the_address_on_record_is_the_callers(serve: Callable[..., Any]) -> None:
    served = serve(behind_proxy=True)
    served("/v1/checks/dec_0", key=served.key(), headers={"X-Forwarded-For": "192.0.2.7"})
    assert served.register.calls()[0]["address"] == "192.0.2.7"


def test_without_a_proxy_nobody_says_where_he_calls_from(serve: Callable[..., Any]) -> None:
    served = serve()
    served("/v1/checks/dec_0", key=served.key(), headers={"X-Forwarded-For": "192.0.2.7"})
    assert served.register.calls()[0]["address"] == "127.0.0.1"
