"""Certificates of single platforms, ours and theirs: TLS contexts for them. It reads files once, when a client is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from credit_check_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from ssl import SSLContext

    from credit_check_sdk.spi import TlsSettings


def context(source: str, said: TlsSettings) -> SSLContext:
    """Make the TLS context of one source: names and chains are always checked, TLS 1.2 at least.

    Raises:
        ConfigurationError: a file is missing or no such thing, or others may read the private key.
    """
    import ssl

    secret = said.key_file or said.certificate_file
    if said.key_file and not said.certificate_file:
        raise _unusable(source, "key_file", "there is a key and no certificate_file", "有私钥而无 certificate_file")
    try:
        made = ssl.create_default_context(cafile=said.ca_file)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if secret is not None and said.certificate_file is not None:
            if Path(secret).stat().st_mode & 0o077:
                raise _unusable(source, "key_file", "others can read the private key", "私钥可被他人读取")
            # A key under a pass phrase would ask the terminal for it: it is refused instead.
            made.load_cert_chain(said.certificate_file, said.key_file, password=lambda: b"")
    except (OSError, ValueError) as error:
        why = type(error).__name__
        raise _unusable(source, "", f"a file cannot be used ({why})", f"文件不可用（{why}）") from None
    return made


def _unusable(source: str, key: str, en: str, zh: str) -> ConfigurationError:
    place = f"sources.{source}.tls" + (f".{key}" if key else "")
    return ConfigurationError(
        f"{place}: {en}",
        f"{place}：{zh}",
        source=source,
        remedy_en="give PEM files; the private key without pass phrase, and chmod 600 on it",
        remedy_zh="请提供 PEM 文件；私钥不设口令，并执行 chmod 600",
    )
