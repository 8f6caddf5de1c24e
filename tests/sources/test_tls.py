"""Certificates of single platforms: who has none of ours is not spoken to, and who asks for ours gets it."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typing_extensions import override

from credit_check_sdk import ConfigurationError, CreditCheck
from credit_check_sdk._shell.starting import start
from tests.kit import OTHER, case, organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.kit import Door

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example")])
MAPPING: dict[str, Any] = {
    "connector": 1,
    "name": {"zh-CN": "示例", "en": "Example"},
    "query": {"path": "/q", "body": {}},
    "answer": {"failed": [{"at": "ok", "is": 0}], "nothing_found": [{"at": "ok", "is": 1}], "records": "rows"},
    "record": {"record_id": "id", "polarity": {"value": "negative"}, "authority": "dept"},
}


def certificate(folder: Path, name: str, issuer: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
    """Make a key and its certificate, by *issuer* or by itself; both are written as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer[1].subject if issuer else x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    signing = issuer[0] if issuer else key
    built = built.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
    ).add_extension(
        x509.KeyUsage(
            digital_signature=True, key_cert_sign=issuer is None, crl_sign=issuer is None, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        ),
        critical=True,
    )  # fmt: skip
    made = built.sign(signing, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / f"{name}.key").chmod(0o600)
    return key, made


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[str]:
    """Run a platform that asks for a certificate of the same authority as its own."""
    authority = certificate(tmp_path, "authority")
    certificate(tmp_path, "platform", authority)
    certificate(tmp_path, "ours", authority)
    certificate(tmp_path, "stranger")

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"ok": 1, "rows": []}')

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "platform.pem", tmp_path / "platform.key")
    context.load_verify_locations(tmp_path / "authority.pem")
    context.verify_mode = ssl.CERT_REQUIRED

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        @override
        def finish_request(self, request: Any, client_address: Any) -> None:
            try:
                with context.wrap_socket(request, server_side=True) as wrapped:
                    super().finish_request(wrapped, client_address)
            except OSError:
                return  # who does not prove himself is hung up on

    with Server(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def configured(folder: Path, url: str, tls: dict[str, str] | None) -> Path:
    path = folder / "credit-check.toml"
    start(path)
    (folder / "m.toml").write_text(tomli_w.dumps(MAPPING), "utf-8")
    source = {"id": "tls", "kind": "connector", "level": "regional", "mapping": "m.toml", "signer": "none", "tries": 1}
    more = {
        "sources": [{**source, "base_url": url, **({"tls": tls} if tls is not None else {})}],
        "matters": {"procurement.goods": {"required": ["tls"], "advisory": []}},
    }
    path.write_text(path.read_text("utf-8") + tomli_w.dumps(more), "utf-8")
    return path


OURS = {"ca_file": "authority.pem", "certificate_file": "ours.pem", "key_file": "ours.key"}


def test_both_sides_prove_themselves(tmp_path: Path, platform: str, open_door: Callable[..., Door]) -> None:
    door = open_door(configured(tmp_path, platform, OURS))
    assert door.check(case()).outcome == "clear"
    assert door.check(case(organisation(OTHER, "广西示例建设有限公司"))).outcome == "clear"


@pytest.mark.parametrize(
    "tls",
    [
        None,
        {"ca_file": "authority.pem"},
        {"certificate_file": "ours.pem", "key_file": "ours.key"},
        {**OURS, "ca_file": "stranger.pem"},
        {**OURS, "certificate_file": "stranger.pem", "key_file": "stranger.key"},
    ],
)
def test_who_proves_nothing_is_silence(
    tmp_path: Path, platform: str, open_door: Callable[..., Door], tls: dict[str, str] | None
) -> None:
    decision = open_door(configured(tmp_path, platform, tls)).check(case())
    assert (decision.outcome, len(decision.silences)) == ("undecided", 1)


@pytest.mark.parametrize(
    "tls",
    [
        {**OURS, "ca_file": "nowhere.pem"},
        {**OURS, "certificate_file": "nowhere.pem"},
        {**OURS, "key_file": "stranger.key"},
        {"key_file": "ours.key"},
        {**OURS, "key_file": "open.key"},
    ],
)
def test_files_that_cannot_be_used_are_errors_of_the_set_up(tmp_path: Path, platform: str, tls: dict[str, str]) -> None:
    (tmp_path / "open.key").write_bytes((tmp_path / "ours.key").read_bytes())
    (tmp_path / "open.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"sources\.tls\.tls") as refused:
        CreditCheck.open(configured(tmp_path, platform, tls))
    assert refused.value.remedy_zh
