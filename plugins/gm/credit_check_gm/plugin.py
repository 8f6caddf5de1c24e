"""What the plugin registers. GmSSL is loaded when one of these is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.spi import (
        Cipher,
        CipherFactory,
        ReceiptAlgorithm,
        ReceiptAlgorithmFactory,
        Signer,
        SignerFactory,
        SourceSettings,
    )


@hookimpl
def credit_check_ciphers() -> Mapping[str, CipherFactory]:
    """Register ``SM4GCM``."""
    return {"SM4GCM": _sm4}


@hookimpl
def credit_check_receipt_algorithms() -> Mapping[str, ReceiptAlgorithmFactory]:
    """Register ``SM2``."""
    return {"SM2": _sm2}


@hookimpl
def credit_check_signers() -> Mapping[str, SignerFactory]:
    """Register ``hmac-sm3``, ``sm2`` and ``sm2-sm4``."""
    return {"hmac-sm3": _hmac, "sm2": _signature, "sm2-sm4": _envelope}


def _sm4() -> Cipher:
    from credit_check_gm.algorithms import Sm4Gcm  # noqa: PLC0415  GmSSL where it is used

    return Sm4Gcm()


def _sm2() -> ReceiptAlgorithm:
    from credit_check_gm.algorithms import Sm2  # noqa: PLC0415  GmSSL where it is used

    return Sm2()


def _hmac(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gm.signers import hmac_sm3  # noqa: PLC0415  GmSSL where it is used

    return hmac_sm3(settings, secret)


def _signature(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gm.signers import sm2_signer  # noqa: PLC0415  GmSSL where it is used

    return sm2_signer(settings, secret)


def _envelope(settings: SourceSettings, secret: str) -> Signer:
    from credit_check_gm.envelope import EnvelopeSigner  # noqa: PLC0415  GmSSL where it is used

    return EnvelopeSigner(settings, secret)
