"""The material checklist of a file: what the matter asks for, held against what came. Pure.

A document that the matter does not list is taken as substantive: nobody said that it may be handed in later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_adapter_approval.cells import same_name, text
from credit_check_sdk import Material

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk import MatterPolicy

_LONGEST_NAME = 200


def checklist(rows: Sequence[Mapping[str, Any]], policy: MatterPolicy | None) -> tuple[Material, ...]:
    """Hold the rows of ``up_pro_material`` against the checklist of *policy*: supplied or missing, by name.

    What the matter asks for and no row brings is *missing*. A row brings its document unless it says that none was
    received (``get_num`` is 0).
    """
    came: dict[str, tuple[str, bool]] = {}
    for row in rows:
        name = text(row.get("material_name"))
        if name:
            key = same_name(name)
            # The same document on several rows is there when one of them brings it.
            came[key] = (name, _came(row) or came.get(key, (name, False))[1])
    wanted = policy.materials if policy else ()
    known = [
        material.model_copy(
            update={"state": "supplied" if came.pop(same_name(material.name), ("", False))[1] else "missing"}
        )
        for material in wanted
    ]
    others = [
        Material(
            code=f"X{place:02d}",
            name=name[:_LONGEST_NAME],
            kind="substantive",
            state="supplied" if there else "missing",
        )
        for place, (name, there) in enumerate(came.values(), start=1)
    ]
    return (*known, *others)


def _came(row: Mapping[str, Any]) -> bool:
    number = text(row.get("get_num"))
    return not (number.isdigit() and int(number) == 0)
