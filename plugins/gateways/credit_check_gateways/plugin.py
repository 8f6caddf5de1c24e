"""What the plugin registers; each signer is loaded when one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.spi import Signer, SignerFactory, SourceSettings


@hookimpl
def credit_check_signers() -> Mapping[str, SignerFactory]:
    """Register the signers."""
    return {
        "http-signature": _http_signature,
        "oauth2-client": _oauth,
        "md5-appkey": _appkey,
        "tif-sha256": _tif,
        "tdes-form": _tdes,
    }


def _http_signature(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gateways.http_signature import HttpSignatureSigner  # noqa: PLC0415  loaded where it is used

    return HttpSignatureSigner(settings, secret)


def _oauth(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gateways.oauth import OauthSigner  # noqa: PLC0415  loaded where it is used

    return OauthSigner(settings, secret)


def _appkey(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gateways.weak import AppkeySigner  # noqa: PLC0415  loaded where it is used

    return AppkeySigner(settings, secret)


def _tif(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gateways.weak import TifSigner  # noqa: PLC0415  loaded where it is used

    return TifSigner(settings, secret)


def _tdes(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gateways.weak import TdesSigner  # noqa: PLC0415  loaded where it is used

    return TdesSigner(settings, secret)
