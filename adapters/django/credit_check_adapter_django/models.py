"""The ledger's index of checks, as Django sees it: to be read, never written. It holds no identifier of anybody.

Django makes no table of it: the ledger makes its own. What a check says in full comes from the client, masked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from django.db import models
from typing_extensions import override

from credit_check_adapter_django.guarding import GuardedModel, GuardedQuerySet, StatusGuard, guard_model

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ReadOnly(models.QuerySet):
    """A query set that only reads."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("the ledger is written by the client alone")

    create = update = delete = bulk_create = bulk_update = get_or_create = update_or_create = _refuse


class Check(models.Model):
    """A check of a file at a decision point."""

    decision = models.CharField("核查编号 check", max_length=64, primary_key=True)
    case_id = models.CharField("办件编号 case", max_length=255)
    matter = models.CharField("事项 matter", max_length=255)
    point = models.CharField("环节 point", max_length=32)
    department = models.CharField("部门 department", max_length=255)
    environment = models.CharField("环境 environment", max_length=32)
    outcome = models.CharField("结论 outcome", max_length=32)
    decided_micros = models.BigIntegerField(db_column="decided_at")
    touched_by = models.CharField("受影响的变更 change", max_length=64, null=True)  # noqa: DJ001  the ledger's own column

    objects = ReadOnly.as_manager()

    class Meta:
        """A table of the ledger's."""

        managed = False
        db_table = "credit_check"
        verbose_name = "信用核查 credit check"
        verbose_name_plural = "信用核查 credit checks"
        ordering = ("-decided_micros", "-decision")
        default_permissions = ("view",)

    @override
    def __str__(self) -> str:
        return f"{self.case_id} · {self.point} · {self.outcome}"

    @override
    def save(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: the ledger is written by the client alone."""
        raise TypeError("the ledger is written by the client alone")

    @override
    def delete(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: nothing in the ledger is deleted."""
        raise TypeError("the ledger is written by the client alone")

    @property
    def decided_at(self) -> datetime:
        """When it was decided."""
        return _EPOCH + timedelta(microseconds=self.decided_micros)


__all__ = ["Check", "GuardedModel", "GuardedQuerySet", "StatusGuard", "guard_model"]
