"""The plugin doors. Hooks register kinds and return factories; they never run a check.

A plugin is a distribution with an entry point in the group ``credit_check.v1`` that names a module or object whose
functions are marked with `hookimpl`. Installed is not enabled: the configuration lists what may load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from credit_check_sdk.spi import (
        CalendarFactory,
        ChannelFactory,
        CipherFactory,
        EngineFactory,
        FeedFactory,
        MemoryFactory,
        PublisherFactory,
        ReceiptAlgorithmFactory,
        SignerFactory,
        SourceFactory,
        WitnessFactory,
    )

PROJECT = "credit_check"
"""Name under which pluggy knows this project's hooks."""
GROUP = "credit_check.v1"
"""Entry-point group in which plugins are found."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's functions."""


@hookspec
def credit_check_sources() -> Mapping[str, SourceFactory]:  # type: ignore[empty-body]
    """Register kinds of sources: name of the kind to its factory."""


@hookspec
def credit_check_channels() -> Mapping[str, ChannelFactory]:  # type: ignore[empty-body]
    """Register kinds of channels: name of the kind to its factory."""


@hookspec
def credit_check_feeds() -> Mapping[str, FeedFactory]:  # type: ignore[empty-body]
    """Register kinds of feeds: name of the kind to its factory."""


@hookspec
def credit_check_signers() -> Mapping[str, SignerFactory]:  # type: ignore[empty-body]
    """Register kinds of signers: name of the kind to its factory."""


@hookspec
def credit_check_witnesses() -> Mapping[str, WitnessFactory]:  # type: ignore[empty-body]
    """Register kinds of witnesses: name of the kind to its factory."""


@hookspec
def credit_check_publishers() -> Mapping[str, PublisherFactory]:  # type: ignore[empty-body]
    """Register kinds of publishers of whole lists: name of the kind to its factory."""


@hookspec
def credit_check_engines() -> Mapping[str, EngineFactory]:  # type: ignore[empty-body]
    """Register engines that work on the parts of a long screening: name to the factory."""


@hookspec
def credit_check_memories() -> Mapping[str, MemoryFactory]:  # type: ignore[empty-body]
    """Register kinds of memories: name of the kind to its factory."""


@hookspec
def credit_check_calendars() -> Mapping[str, CalendarFactory]:  # type: ignore[empty-body]
    """Register kinds of calendars: name of the kind to its factory."""


@hookspec
def credit_check_ciphers() -> Mapping[str, CipherFactory]:  # type: ignore[empty-body]
    """Register ciphers for the key ring: name of the algorithm to its factory."""


@hookspec
def credit_check_receipt_algorithms() -> Mapping[str, ReceiptAlgorithmFactory]:  # type: ignore[empty-body]
    """Register algorithms that sign receipts: their JWS ``alg`` to the factory."""
