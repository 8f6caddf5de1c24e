"""The doors of the plugin: which kinds it brings. It performs no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.hooks import hookimpl
from credit_check_sdk.platform.channel import PlatformChannel
from credit_check_sdk.platform.feed import PlatformFeed
from credit_check_sdk.platform.publisher import PlatformPublisher
from credit_check_sdk.platform.signer import HmacSigner
from credit_check_sdk.platform.source import PlatformSource
from credit_check_sdk.platform.witness import PlatformWitness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.spi import (
        ChannelFactory,
        FeedFactory,
        PublisherFactory,
        SignerFactory,
        SourceFactory,
        SourceSettings,
        WitnessFactory,
    )

KIND = "platform"
"""Kind of the source, the channel, the feed, the witness and the publisher."""
SIGNER = "hmac-sha256"
"""Kind of the signer."""


def _signer(settings: SourceSettings, secret: str) -> HmacSigner:
    return HmacSigner(settings.key_id, secret, source=settings.id)


@hookimpl
def credit_check_sources() -> Mapping[str, SourceFactory]:
    """Register the source."""
    return {KIND: PlatformSource}


@hookimpl
def credit_check_channels() -> Mapping[str, ChannelFactory]:
    """Register the channel."""
    return {KIND: PlatformChannel}


@hookimpl
def credit_check_feeds() -> Mapping[str, FeedFactory]:
    """Register the feed."""
    return {KIND: PlatformFeed}


@hookimpl
def credit_check_witnesses() -> Mapping[str, WitnessFactory]:
    """Register the witness."""
    return {KIND: PlatformWitness}


@hookimpl
def credit_check_publishers() -> Mapping[str, PublisherFactory]:
    """Register the publisher of lists."""
    return {KIND: PlatformPublisher}


@hookimpl
def credit_check_signers() -> Mapping[str, SignerFactory]:
    """Register the signer."""
    return {SIGNER: _signer}
