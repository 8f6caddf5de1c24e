"""Guard models: a status that needs the gate is not saved before the gate has let the case pass.

It changes no row itself. `guard_model` watches every ``save``; `GuardedModel` and `GuardedQuerySet` also watch what
Django does without it: ``update``, ``bulk_create``, ``bulk_update``. Raw SQL is `GuardTable`'s to refuse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import models, router, transaction
from django.db.models.signals import class_prepared, pre_save
from typing_extensions import override

from credit_check_adapter_django.using import credit, host_transaction
from credit_check_sdk import Case, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from credit_check_sdk import Point, Step


@dataclass(frozen=True)
class StatusGuard:
    """Which statuses need the gate, and how a row names its case."""

    point: Point
    """The decision point at which the file has to be checked."""
    steps: Mapping[str, Step]
    """The step that each guarded status takes: ``{"approved": "grant", "refused": "refuse"}``."""
    status: str = "status"
    """The field with the status."""
    case: str | Callable[[Any], Case | str] = "case_no"
    """The field with the number of the file, or what makes the `Case` of a row; only a case notices changed parties."""
    skip: Callable[[Any], bool] = field(default=lambda _: False)
    """Rows that need no gate, for instance those of a matter that is not checked."""

    def ask(self, row: Any, step: Step, using: str) -> None:
        """Ask the gate for a row.

        Raises:
            GateError: it refuses; nothing was saved.
        """
        found = self.case(row) if callable(self.case) else getattr(row, self.case)
        case = found if isinstance(found, Case) else str(found if found is not None else "")
        credit().require(case, to=step, point=self.point, transaction=host_transaction(using))

    def step_of(self, status: Any) -> Step | None:
        """Give the step that a status takes, or None where it needs no gate."""
        return None if status is None else self.steps.get(str(status))


class GuardedQuerySet(models.QuerySet):
    """A query set whose bulk changes ask the gate row by row, in one transaction with the change."""

    @override
    def update(self, **values: Any) -> int:
        """Update rows; each that would get a guarded status has to pass the gate first."""
        guard = _guard_of(self.model)
        named = {guard.status, guard.case} if isinstance(guard.case, str) else {guard.status}
        if not named & set(values):
            return super().update(**values)
        _plain(values.get(guard.status), guard.status)
        self._for_write = True
        with transaction.atomic(using=self.db):
            for row in self._rows_to_be_changed():
                before = _Before.of(row, guard)
                for name, value in values.items():
                    setattr(row, name, value)
                _ask_where_needed(guard, row, before, self.db)
            return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]  # how Django keeps templates from calling it

    @override
    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        """Create rows; each that comes in with a guarded status has to pass the gate first."""
        rows = list(objs)
        guard = _guard_of(self.model)
        self._for_write = True
        with transaction.atomic(using=self.db):
            for row in rows:
                _ask_where_needed(guard, row, None, self.db)
            return super().bulk_create(rows, *args, **kwargs)

    @override
    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        """Update rows; each that would get a guarded status has to pass the gate first."""
        rows, names = list(objs), list(fields)
        guard = _guard_of(self.model)
        self._for_write = True
        with transaction.atomic(using=self.db):
            for row in rows:
                _ask_where_needed(guard, row, _Before.kept(row, guard, self.db), self.db, names)
            # A plain query set runs it: it makes expressions of what the gate has just seen as values.
            plain: models.QuerySet = models.QuerySet(self.model, using=self.db)
            changed: int = plain.bulk_update(rows, names, *args, **kwargs)
            return changed

    bulk_update.alters_data = True  # type: ignore[attr-defined]  # as above

    def _rows_to_be_changed(self) -> Iterable[Any]:
        rows = self._chain()
        rows.query.clear_ordering(force=True)
        if rows.query.is_sliced:
            raise TypeError("Cannot update a query once a slice has been taken.")
        features = transaction.get_connection(self.db).features
        return rows.select_for_update() if features.has_select_for_update else rows


class GuardedModel(models.Model):
    """A model whose guarded statuses cannot be saved, updated or created past the gate; set `credit_guard` on it."""

    credit_guard: StatusGuard

    objects = GuardedQuerySet.as_manager()

    class Meta:
        """No table of its own."""

        abstract = True

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row behind the gate, in one transaction with what the gate saw."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            super().save(*args, **kwargs)

    save.alters_data = True  # type: ignore[attr-defined]  # as above


def guard_model(model: type[models.Model], guard: StatusGuard) -> None:
    """Guard every ``save`` of *model*, a model of whoever; to guard it again replaces the guard.

    ``QuerySet.update`` and the bulk methods send no signal: give the model the manager
    ``GuardedQuerySet.as_manager()``, or guard the table itself.
    """
    model.credit_guard = guard
    pre_save.connect(_before_save, sender=model, dispatch_uid=f"credit-check {model._meta.label}")  # noqa: SLF001  Django's own name for it


def _prepared(sender: Any, **_: Any) -> None:
    if issubclass(sender, GuardedModel) and getattr(sender, "credit_guard", None) is not None:
        guard_model(sender, sender.credit_guard)


class_prepared.connect(_prepared)


@dataclass(frozen=True)
class _Before:
    """How a row stands in the database."""

    status: Any
    case: Any

    @classmethod
    def of(cls, row: Any, guard: StatusGuard) -> _Before:
        return cls(getattr(row, guard.status), _case_value(row, guard))

    @classmethod
    def kept(cls, row: Any, guard: StatusGuard, using: str) -> _Before | None:
        if row.pk is None:
            return None
        stored = type(row)._base_manager.using(using).filter(pk=row.pk)  # noqa: SLF001  as above
        if transaction.get_connection(using).in_atomic_block and _can_lock(using):
            stored = stored.select_for_update()
        found = stored.first()
        return None if found is None else cls.of(found, guard)


def _can_lock(using: str) -> bool:
    return bool(transaction.get_connection(using).features.has_select_for_update)


def _case_value(row: Any, guard: StatusGuard) -> Any:
    return getattr(row, guard.case) if isinstance(guard.case, str) else None


def _before_save(sender: Any, instance: Any, using: str, update_fields: Any = None, **_: Any) -> None:
    guard: StatusGuard = sender.credit_guard
    deferred = instance.get_deferred_fields()
    names = set(update_fields) if update_fields is not None else None
    if guard.status in deferred and names is None:
        return  # Django saves no field that it has not loaded
    _ask_where_needed(guard, instance, _Before.kept(instance, guard, using), using, names)


def _ask_where_needed(
    guard: StatusGuard, row: Any, before: _Before | None, using: str, names: Iterable[str] | None = None
) -> None:
    """Ask the gate for a row that is about to get a guarded status, or keeps one and goes to another case."""
    written = None if names is None else set(names)
    status = getattr(row, guard.status)
    if written is not None and before is not None and guard.status not in written:
        status = before.status
    _plain(status, guard.status)
    step = guard.step_of(status)
    if step is None or guard.skip(row):
        return
    if before is not None and str(before.status) == str(status):
        moved = isinstance(guard.case, str) and (written is None or guard.case in written)
        if not moved or str(before.case) == str(_case_value(row, guard)):
            return
    guard.ask(row, step, using)


def _plain(status: Any, name: str) -> None:
    if hasattr(status, "resolve_expression"):
        # Whatever it comes to is known to the database alone; the gate would be asked about nothing.
        raise InputError(
            f"{name}: an expression cannot be guarded",
            f"{name}：无法守护表达式",
            remedy_en="give the status as a value",
            remedy_zh="请直接给出状态值",
        )


def _guard_of(model: Any) -> StatusGuard:
    guard: StatusGuard | None = getattr(model, "credit_guard", None)
    if guard is None:
        raise InputError(
            f"{model.__name__} has no credit_guard",
            f"{model.__name__} 没有 credit_guard",
            remedy_en="set credit_guard = StatusGuard(…) on the model, or call guard_model",
            remedy_zh="请在模型上设置 credit_guard = StatusGuard(…)，或调用 guard_model",
        )
    return guard
