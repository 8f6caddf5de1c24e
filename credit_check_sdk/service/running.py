"""Run the service: until a signal comes, or in a thread beside a test. It refuses to listen in clear to other machines."""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from credit_check_sdk._shell.serving import QuietServer, ReadyServer, listen, loopback, shown
from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.service.app import create_app
from credit_check_sdk.service.tokens import open_issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from credit_check_sdk.config import Settings

_NAMES = ("服务", "the service")


@dataclass(frozen=True, slots=True)
class Running:
    """A service that is being served."""

    url: str


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[Running]:
    """Serve in a thread, on the port that *settings* name; 0 picks one.

    Raises:
        ConfigurationError: it cannot be served so.
    """
    config, scheme = _config(settings)
    host = settings.service.host
    listening = listen(host, settings.service.port, *_NAMES)
    with QuietServer(config).in_a_thread(listening, "credit-check-service"):
        yield Running(shown(host, listening, scheme))


def serve(settings: Settings, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: it cannot be served so.
    """
    config, scheme = _config(settings)
    host = settings.service.host
    listening = listen(host, settings.service.port, *_NAMES)
    server = ReadyServer(config, lambda: on_ready and on_ready(shown(host, listening, scheme)))
    server.run([listening])
    if not server.started:
        raise ConfigurationError(
            "the service could not start",
            "服务无法启动",
            remedy_en="see what `credit-check doctor` says",
            remedy_zh="请执行 credit-check doctor 检查",
        )


def _config(settings: Settings) -> tuple[uvicorn.Config, str]:
    said = settings.service
    secured = _secured(settings)
    open_issuer(settings)  # what cannot work is said before anything listens
    if not (secured or said.behind_proxy or loopback(said.host)):
        raise ConfigurationError(
            f"service.host {said.host} can be reached by others, and calls would travel in clear",
            f"service.host {said.host} 可被其他机器访问，而调用未加密",
            remedy_en="set service.certificate_file and service.key_file, or service.behind_proxy where a proxy speaks TLS",
            remedy_zh="请配置 service.certificate_file 与 service.key_file；由前置代理负责 TLS 时请配置 service.behind_proxy",
        )
    config = uvicorn.Config(
        create_app(settings),
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=said.behind_proxy,
        timeout_graceful_shutdown=10,
        **secured,
    )
    return config, "https" if secured else "http"


def _secured(settings: Settings) -> dict[str, Any]:
    said = settings.service
    names = {"certificate_file": said.certificate_file, "key_file": said.key_file}
    if said.client_ca_file is None and not any(names.values()):
        return {}
    found: dict[str, Path] = {}
    for name, value in {**names, "client_ca_file": said.client_ca_file}.items():
        if value is not None:
            found[name] = settings.path(value)
        elif name != "client_ca_file":
            raise _no_file(name, "is missing", "未配置")
    for name, path in found.items():
        if not path.is_file():
            raise _no_file(name, "does not exist", "所指文件不存在")
    options: dict[str, Any] = {
        "ssl_certfile": str(found["certificate_file"]),
        "ssl_keyfile": str(found["key_file"]),
    }
    if "client_ca_file" in found:
        options |= {"ssl_ca_certs": str(found["client_ca_file"]), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    try:
        trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trial.load_cert_chain(options["ssl_certfile"], options["ssl_keyfile"])
        if "client_ca_file" in found:
            trial.load_verify_locations(options["ssl_ca_certs"])
    except (ssl.SSLError, OSError) as error:
        raise _no_file(
            "certificate_file", f"cannot be used ({type(error).__name__})", "或其私钥、签发者不可用"
        ) from None
    return options


def _no_file(name: str, en: str, zh: str) -> ConfigurationError:
    return ConfigurationError(
        f"service.{name} {en}",
        f"service.{name} {zh}",
        code="configuration.missing_file" if "exist" in en else None,
        remedy_en="name certificate, key and issuer as PEM files that belong together",
        remedy_zh="请给出相互配套的 PEM 证书、私钥与签发者文件",
    )
