"""Tell Django of the ledger's index of checks; no table is made."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """The first migration; it changes no database."""

    initial = True
    dependencies: ClassVar[Any] = []
    operations: ClassVar[Any] = [
        migrations.CreateModel(
            name="Check",
            fields=[
                (
                    "decision",
                    models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name="核查编号 check"),
                ),
                ("case_id", models.CharField(max_length=255, verbose_name="办件编号 case")),
                ("matter", models.CharField(max_length=255, verbose_name="事项 matter")),
                ("point", models.CharField(max_length=32, verbose_name="环节 point")),
                ("department", models.CharField(max_length=255, verbose_name="部门 department")),
                ("environment", models.CharField(max_length=32, verbose_name="环境 environment")),
                ("outcome", models.CharField(max_length=32, verbose_name="结论 outcome")),
                ("decided_micros", models.BigIntegerField(db_column="decided_at")),
                ("touched_by", models.CharField(max_length=64, null=True, verbose_name="受影响的变更 change")),
            ],
            options={
                "verbose_name": "信用核查 credit check",
                "verbose_name_plural": "信用核查 credit checks",
                "db_table": "credit_check",
                "ordering": ("-decided_micros", "-decision"),
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
