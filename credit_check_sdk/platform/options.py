"""What the platform plugin wants to know beside the common keys of ``[[sources]]``. It performs no I/O."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Duration, Value
from credit_check_sdk.platform.wire import MAX_SUBJECTS

if TYPE_CHECKING:
    from credit_check_sdk.spi import SourceSettings


class PlatformOptions(Value):
    """The table ``[sources.options]`` of a source of kind ``platform``."""

    max_age: Duration = timedelta(hours=24)
    """How old the platform's data may be before its answer counts as none."""
    clock_tolerance: Duration = timedelta(minutes=5)
    """How far the platform's clock may be ahead of ours."""
    page_size: int = Field(default=MAX_SUBJECTS, ge=1, le=MAX_SUBJECTS)
    """Most results of one page."""


def options_of(settings: SourceSettings) -> PlatformOptions:
    """Read the options of *settings*.

    Raises:
        ConfigurationError: an option is unknown or has a wrong value, or ``base_url`` is no HTTP address.
    """
    parts = urlsplit(settings.base_url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"base_url of source {settings.id!r} is no HTTP address",
            f"来源 {settings.id!r} 的 base_url 不是 HTTP 地址",
            remedy_en="give https://HOST/PATH without a query",
            remedy_zh="请填写 https://主机/路径，不带查询参数",
            source=settings.id,
        )
    try:
        return PlatformOptions.model_validate(settings.options)
    except ValidationError as error:
        places = ", ".join(
            f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(
            f"options of source {settings.id!r} cannot be used: {places}",
            f"来源 {settings.id!r} 的 options 不可用：{places}",
            remedy_en=f"known options are {', '.join(PlatformOptions.model_fields)}",
            remedy_zh=f"可用的键：{'、'.join(PlatformOptions.model_fields)}",
            source=settings.id,
        ) from None


def address(settings: SourceSettings, path: str) -> str:
    """Give the address of a call of the protocol."""
    return settings.base_url.rstrip("/") + path
