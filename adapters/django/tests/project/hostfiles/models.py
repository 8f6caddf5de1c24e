"""Files of an approval system, guarded in three ways."""

from __future__ import annotations

from typing import Any

from django.db import models

from credit_check_adapter_django import GuardedModel, StatusGuard, guard_model

CASES: dict[str, Any] = {}
"""Cases by number, where a test wants the gate to see one."""
STEPS: Any = {"approved": "grant", "refused": "refuse", "under_review": "proceed"}


class File(GuardedModel):
    """A model that is guarded as it should be."""

    case_no = models.CharField(max_length=64)
    status = models.CharField(max_length=32, default="draft")
    note = models.CharField(max_length=64, default="")

    credit_guard = StatusGuard(point="evaluate", steps=STEPS)

    class Meta:
        """Of this app."""

        app_label = "hostfiles"


class Licence(models.Model):  # noqa: DJ008  nobody reads it
    """A model of somebody else, guarded from outside; it names its case as a whole."""

    number = models.CharField(max_length=64)
    state = models.IntegerField(default=0)
    exempt = models.BooleanField(default=False)

    class Meta:
        """Of this app."""

        app_label = "hostfiles"


guard_model(
    Licence,
    StatusGuard(
        point="evaluate",
        steps={"3": "grant"},
        status="state",
        case=lambda row: CASES[row.number],
        skip=lambda row: bool(row.exempt),
    ),
)


class Grant(models.Model):  # noqa: DJ008  nobody reads it
    """A model that nobody guards in Python: its table is guarded."""

    case_no = models.CharField(max_length=64)
    status = models.CharField(max_length=32, default="draft")

    class Meta:
        """Of this app."""

        app_label = "hostfiles"
