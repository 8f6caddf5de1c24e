"""What it costs to import the front door, beside two libraries that most hosts import anyway."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.measure import Line, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "from credit_check_sdk import CreditCheck, Case"
FLOOR = "import httpx, pydantic\nclass M(pydantic.BaseModel):\n    a: int"


def imports(rounds: int) -> Iterator[Line]:
    """Compare the processor time of two whole processes."""
    yield compare(
        "import of the front door / import httpx, pydantic (CPU of the process)",
        lambda: _run(OURS),
        lambda: _run(FLOOR),
        rounds=rounds,
        times=(2, 2),
        cost=True,
        clock=_children,
    )


def _run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  our own two lines


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system
