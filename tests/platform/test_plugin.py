"""The plugin as the shell sees it: three doors, and factories that take the settings of a source."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pluggy
import pytest

from credit_check_sdk import hooks, platform
from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.platform.channel import PlatformChannel
from credit_check_sdk.platform.options import PlatformOptions, options_of
from credit_check_sdk.platform.signer import HmacSigner
from credit_check_sdk.platform.source import PlatformSource
from credit_check_sdk.spi import Channel, Signer, Source, SourceSettings


def settings(**changed: Any) -> SourceSettings:
    given = {"id": "municipal", "level": "municipal", "base_url": "http://h/municipal/", "key_id": "demo"}
    return SourceSettings.model_validate({**given, **changed})


def test_it_registers_its_kinds() -> None:
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    manager.register(platform.plugin)
    manager.check_pending()
    (signers,) = manager.hook.credit_check_signers()
    (sources,) = manager.hook.credit_check_sources()
    (channels,) = manager.hook.credit_check_channels()
    signer = signers["hmac-sha256"](settings(), "secret")
    source = sources["platform"](settings(), signer, "sandbox")
    channel = channels["platform"](settings(), signer, "sandbox")
    assert isinstance(signer, HmacSigner)
    assert isinstance(source, PlatformSource)
    assert isinstance(channel, PlatformChannel)
    assert isinstance(signer, Signer)
    assert isinstance(source, Source)
    assert isinstance(channel, Channel)
    assert (source.id, source.level, channel.id) == ("municipal", "municipal", "municipal")


def test_options_have_defaults_and_are_written_as_durations() -> None:
    assert options_of(settings()) == PlatformOptions()
    given = options_of(settings(options={"max_age": "2h", "clock_tolerance": "30s", "page_size": 10}))
    assert given == PlatformOptions(max_age=timedelta(hours=2), clock_tolerance=timedelta(seconds=30), page_size=10)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"options": {"max_agee": "2h"}}, "max_agee"),
        ({"options": {"max_age": "soon"}}, "max_age"),
        ({"options": {"page_size": 501}}, "page_size"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": "ftp://h/x"}, "base_url"),
        ({"base_url": "http://h/x?y=1"}, "base_url"),
    ],
)
def test_what_cannot_be_used_is_named(changed: dict[str, Any], named: str) -> None:
    signer = HmacSigner("demo", "secret")
    with pytest.raises(ConfigurationError, match=named):
        PlatformSource(settings(**changed), signer, "sandbox")
    with pytest.raises(ConfigurationError, match=named):
        PlatformChannel(settings(**changed), signer, "sandbox")
