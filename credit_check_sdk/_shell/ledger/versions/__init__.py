"""Steps from each version of the schema to the next, one module each: ``vNNNN`` leads to version NNNN.

A step is written once with Alembic's operations and serves SQLite and PostgreSQL, run or as plain SQL. A step that has
been released is never changed; tests hold the sum of all steps against `schema`.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST = 1
"""The version with which ledgers began; it has no step."""


def steps() -> Mapping[int, Any]:
    """Give the module of each step by the version to which it leads, in order."""
    found = sorted(
        int(module.name.removeprefix("v")) for module in pkgutil.iter_modules(__path__) if module.name.startswith("v")
    )
    return {number: importlib.import_module(f"{__name__}.v{number:04d}") for number in found}
