"""What a signer wants to know, read from ``[sources.signing]``; a value never appears in an error. It performs no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Value

if TYPE_CHECKING:
    from credit_check_sdk.spi import SourceSettings

V = TypeVar("V", bound=Value)


def read(kind: type[V], settings: SourceSettings) -> V:
    """Read the table as *kind*.

    Raises:
        ConfigurationError: a key is unknown, missing or has a wrong value.
    """
    try:
        return kind.model_validate(settings.signing)
    except ValidationError as error:
        told = "; ".join(
            f"signing.{'.'.join(map(str, found['loc']))}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise unusable(settings, told, told) from None


def needed(settings: SourceSettings, secret: str, *, key_id: bool = True) -> str:
    """Give the secret.

    Raises:
        ConfigurationError: it is missing, or the key number is.
    """
    if key_id and not settings.key_id:
        raise unusable(settings, "it has no key_id", "未配置 key_id")
    if not secret:
        raise ConfigurationError(
            f"source {settings.id!r} has no secret",
            f"来源 {settings.id!r} 未配置密钥",
            code="configuration.missing_secret",
            remedy_en="set the variable that secret_env names, or the file that secret_file names",
            remedy_zh="请设置 secret_env 所指的环境变量或 secret_file 所指的文件",
            source=settings.id,
        )
    return secret


def unusable(settings: SourceSettings, en: str, zh: str) -> ConfigurationError:
    """Say what is wrong with the set-up."""
    return ConfigurationError(
        f"source {settings.id!r}: {en}",
        f"来源 {settings.id!r}：{zh}",
        remedy_en="compare it with the README of credit-check-gateways",
        remedy_zh="请对照 credit-check-gateways 的说明",
        source=settings.id,
    )
