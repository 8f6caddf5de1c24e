"""A migration operation that guards a table in the database itself, against raw SQL too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.migrations.operations.base import Operation
from typing_extensions import override

from credit_check_adapter_django.using import credit
from credit_check_sdk import InputError, TableGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk import Point


class GuardTable(Operation):
    """Install triggers on a model's table: no row gets a granting status without a settled check that allows it.

    The ledger has to be in the same database, and there: it is made when the client is first opened.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        model_name: str,
        *,
        grants: Sequence[str],
        point: Point,
        status: str = "status",
        case: str = "case_no",
        ledger_schema: str = "public",
    ) -> None:
        self.model_name, self.grants, self.point = model_name, tuple(grants), point
        self.status, self.case, self.ledger_schema = status, case, ledger_schema

    @override
    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing in Django's picture of the models."""

    @override
    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Install the guard."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for statement in self._guard(schema_editor, model).install():
                schema_editor.execute(statement, params=None)

    @override
    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Take the guard away."""
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for statement in self._guard(schema_editor, model).drop():
                schema_editor.execute(statement, params=None)

    @override
    def describe(self) -> str:
        """Say what it does."""
        return f"Guard the table of {self.model_name}: {', '.join(self.grants)} only behind a settled credit check"

    @property
    @override
    def migration_name_fragment(self) -> str:
        """Name a migration after it."""
        return f"guard_{self.model_name.lower()}"

    def _guard(self, schema_editor: Any, model: Any) -> TableGuard:
        vendor = schema_editor.connection.vendor
        if vendor not in {"sqlite", "postgresql"}:
            raise InputError(
                f"a table in {vendor} cannot be guarded",
                f"不支持守护 {vendor} 中的表",
                remedy_en="guard its model with GuardedModel, and leave this operation out",
                remedy_zh="请使用 GuardedModel 守护模型，并去掉本操作",
            )
        fields = model._meta  # noqa: SLF001  Django's own name for it
        return TableGuard(
            dialect=vendor,
            table='"' + fields.db_table.replace('"', '""') + '"',
            status_column=fields.get_field(self.status).column,
            grant_values=self.grants,
            case_column=fields.get_field(self.case).column,
            point=self.point,
            environment=credit().settings.environment,
            ledger_schema=self.ledger_schema,
        )
