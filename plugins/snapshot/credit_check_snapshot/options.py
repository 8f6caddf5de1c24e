"""What the plugin wants to know beside the common keys of ``[[sources]]``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Several, Value
from credit_check_sdk.model.listing import ListRules

if TYPE_CHECKING:
    from credit_check_sdk.spi import SourceSettings


class SnapshotOptions(Value):
    """The table ``[sources.options]`` of a source of kind ``snapshot``."""

    folder: str = Field(min_length=1)
    """Where the lists are kept; relative to the configuration."""
    expects: Several[str] = ()
    """Codes of lists without which nothing is said: where one of them is not held, the source is silent."""
    least_share: float = Field(default=0.5, ge=0, le=1, strict=False)
    """The share of its entries that a list has to keep from one version to the next."""
    small: int = Field(default=10, ge=1)
    """Lists with fewer entries than this may shrink as they like."""
    keys_file: str | None = None
    """File with the publisher's public keys (JWK set); what is not sealed with one of them is refused."""
    publisher: str = "platform"
    """Kind of the publisher that the lists are fetched from, where `base_url` is given."""

    def rules(self, source: str) -> ListRules:
        """Give what is believed of the publisher.

        Raises:
            ConfigurationError: the file of keys is no JWK set.
        """
        keys = None
        if self.keys_file is not None:
            try:
                keys = json.loads(Path(self.keys_file).read_text(encoding="utf-8"))
                whole = isinstance(keys, dict) and isinstance(keys["keys"], list) and bool(keys["keys"])
            except (OSError, ValueError, KeyError):
                whole = False
            if not whole:
                raise ConfigurationError(
                    f"keys_file of source {source!r} is no JWK set",
                    f"来源 {source!r} 的 keys_file 不是 JWK 公钥集合",
                    remedy_en='give a file with {"keys": [ … ]}, as `credit-check keys jwks` prints it',
                    remedy_zh='请提供形如 {"keys": [ … ]} 的文件（可由 credit-check keys jwks 输出）',
                    source=source,
                )
        return ListRules(least_share=self.least_share, small=self.small, keys=keys)


def options_of(settings: SourceSettings) -> SnapshotOptions:
    """Read the options of *settings*.

    Raises:
        ConfigurationError: an option is unknown, missing or has a wrong value.
    """
    try:
        return SnapshotOptions.model_validate(settings.options)
    except ValidationError as error:
        places = ", ".join(
            f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError(
            f"options of source {settings.id!r} cannot be used: {places}",
            f"来源 {settings.id!r} 的 options 不可用：{places}",
            remedy_en=f"known options are {', '.join(SnapshotOptions.model_fields)}",
            remedy_zh=f"可用的键：{'、'.join(SnapshotOptions.model_fields)}",
            source=settings.id,
        ) from None
