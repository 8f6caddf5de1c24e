"""A replay server and a configuration with one connector source, for both front doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from credit_check_sdk._shell.starting import start
from tests.connector.replay import Replay, replaying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from credit_check_sdk import Settings
    from tests.kit import Door


@pytest.fixture
def replay() -> Iterator[Replay]:
    with replaying() as running:
        yield running


@pytest.fixture
def connected(
    tmp_path: Path, replay: Replay, open_door: Callable[[Path | Settings | None], Door]
) -> Callable[..., Door]:
    """Open a front door that asks the replay server by a mapping."""

    def connect(
        mapping: str, *, matter: str = "procurement.goods", plugins: tuple[str, ...] = (), **source: Any
    ) -> Door:
        path = tmp_path / "credit-check.toml"
        start(path)
        given = {
            "id": "other",
            "kind": "connector",
            "level": "regional",
            "base_url": replay.url,
            "signer": "none",
            "mapping": mapping,
            "tries": 1,
            **source,
        }
        text = path.read_text(encoding="utf-8").replace("enabled = []", f"enabled = {list(plugins)}")
        text += tomli_w.dumps({"sources": [given], "matters": {matter: {"required": ["other"], "advisory": []}}})
        path.write_text(text, encoding="utf-8")
        return open_door(path)

    return connect
