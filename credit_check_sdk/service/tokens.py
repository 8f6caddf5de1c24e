"""Callers who show a token of an identity provider (OpenID Connect, RFC 9068) in place of a host key.

Tokens are verified offline, by the provider's keys in a file: a closed network has no discovery.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  kept as an attribute
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.register import DEEDS, HostKey
from credit_check_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from credit_check_sdk.config import OidcSettings, Settings

_ALGORITHMS = ("EdDSA", "ES256", "PS256", "RS256")
"""Signatures by a key that only the issuer has; never one with a shared secret, nor none."""
_LEEWAY = 5
_LONGEST = 200


class Issuer:
    """An identity provider whose tokens are taken.

    Raises:
        ConfigurationError: what reads tokens is not installed, or the keys cannot be read.
    """

    def __init__(self, said: OidcSettings, keys: Path) -> None:
        try:
            import jwt  # noqa: PLC0415  only who configures it needs it
        except ModuleNotFoundError:
            raise ConfigurationError(
                "service.oidc: what reads tokens is not installed (pyjwt)",
                "service.oidc：缺少 pyjwt",
                remedy_en="run pip install 'credit-check-sdk[service]'",
                remedy_zh="请执行 pip install 'credit-check-sdk[service]'",
            ) from None
        self._jwt, self._said, self._path = jwt, said, keys
        self._stamp: tuple[int, int] | None = None
        self._keys: dict[str, Any] = {}
        self._read()

    def find(self, token: str) -> HostKey | None:
        """Give who calls, and how far that reaches; None where the token does not hold."""
        jwt, said = self._jwt, self._said
        try:
            self._read()
            key = self._keys.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(_ALGORITHMS),
                audience=said.audience,
                issuer=said.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ConfigurationError):
            return None
        may = _words(claims.get(said.may_claim))
        subject = str(claims["sub"])[:_LONGEST]
        return HostKey(
            id=f"oidc:{subject}",
            name=subject,
            departments=_words(claims.get(said.departments_claim)),
            matters=_words(claims.get(said.matters_claim)),
            may=tuple(deed for deed in DEEDS if deed in may),
            made_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
            ends_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
        )

    def _read(self) -> None:
        try:
            seen = self._path.stat()
            stamp = (seen.st_mtime_ns, seen.st_size)
            if stamp == self._stamp:
                return
            found = self._jwt.PyJWKSet.from_json(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, self._jwt.PyJWTError) as error:
            raise ConfigurationError(
                f"service.oidc.keys_file cannot be read ({type(error).__name__})",
                f"service.oidc.keys_file 无法读取（{type(error).__name__}）",
                remedy_en="keep the issuer's keys there, as its jwks_uri gives them",
                remedy_zh="请将签发者 jwks_uri 的内容存入该文件",
            ) from None
        self._keys, self._stamp = {str(key.key_id): key for key in found.keys if key.key_id}, stamp


def open_issuer(settings: Settings) -> Issuer | None:
    """Open the identity provider that the configuration names, if any.

    Raises:
        ConfigurationError: its keys cannot be read.
    """
    said = settings.service.oidc
    return None if said is None else Issuer(said, settings.path(said.keys_file))


def _words(claim: Any) -> tuple[str, ...]:
    """Give the words of a claim: a list, or one text with spaces between (RFC 8693 section 4.2)."""
    if isinstance(claim, str):
        return tuple(claim.split())
    return tuple(one for one in claim if isinstance(one, str) and one) if isinstance(claim, list) else ()
