"""The doors of the plugin: which kinds it brings. Mappings are read when a source is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.hooks import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.connector import mapping
    from credit_check_sdk.flow import Request
    from credit_check_sdk.model import Environment
    from credit_check_sdk.spi import (
        Channel,
        ChannelFactory,
        Signer,
        SignerFactory,
        Source,
        SourceFactory,
        SourceSettings,
    )

KIND = "connector"
"""Kind of the source and the channel."""
SIGNER = "none"
"""Kind of the signer for platforms to which nothing is proved: closed networks, mutual TLS, tokens in the body."""


class Unsigned:
    """Leave requests as they are (kind ``none``)."""

    async def sign(self, request: Request) -> Request:
        """Give the request back as it is."""
        return request


def _unsigned(settings: SourceSettings, secret: str) -> Signer:
    del settings, secret
    return Unsigned()


def _mapping(settings: SourceSettings) -> mapping.Mapping:
    from credit_check_sdk.connector.loading import load  # noqa: PLC0415  only where a mapping is used
    from credit_check_sdk.errors import ConfigurationError  # noqa: PLC0415  the same

    if not settings.mapping:
        raise ConfigurationError(
            f"source {settings.id!r} is of kind {KIND!r} and names no mapping",
            f"来源 {settings.id!r} 的类型为 {KIND}，却没有指定 mapping",
            code="configuration.mapping",
            remedy_en="give mapping = the file, or the name of a dialect",
            remedy_zh="请填写 mapping：映射文件或内置方言名",
            source=settings.id,
        )
    return load(settings.mapping)


def _source(settings: SourceSettings, signer: Signer, environment: Environment) -> Source:
    from credit_check_sdk.connector.source import ConnectorSource  # noqa: PLC0415  only where a mapping is used

    return ConnectorSource(_mapping(settings), settings, signer, environment)


def _channel(settings: SourceSettings, signer: Signer, environment: Environment) -> Channel:
    from credit_check_sdk.connector.channel import ConnectorChannel  # noqa: PLC0415  only where a mapping is used

    return ConnectorChannel(_mapping(settings), settings, signer, environment)


@hookimpl
def credit_check_sources() -> Mapping[str, SourceFactory]:
    """Register the source."""
    return {KIND: _source}


@hookimpl
def credit_check_channels() -> Mapping[str, ChannelFactory]:
    """Register the channel."""
    return {KIND: _channel}


@hookimpl
def credit_check_signers() -> Mapping[str, SignerFactory]:
    """Register the signer."""
    return {SIGNER: _unsigned}
