"""The shelf does what every source does that answers from lists on the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from credit_check_sdk.spi import SourceSettings
from credit_check_sdk.testing import OfflineConformance, OfflineUnderTest, World
from credit_check_snapshot.source import SnapshotSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TestSnapshot(OfflineConformance):
    """It passes the suite."""

    @pytest.fixture
    def make(self, tmp_path: Path) -> Callable[[], OfflineUnderTest]:
        """Make one on an empty folder."""
        options = {"folder": str(tmp_path / "lists")}
        settings = SourceSettings(id="offline", kind="snapshot", level="regional", options=options)
        return lambda: OfflineUnderTest(SnapshotSource(settings, "sandbox"), World().run)
