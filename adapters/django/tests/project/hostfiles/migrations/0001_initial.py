"""Make the tables, and guard one of them in the database itself."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

_ID: Any = ("id", models.BigAutoField(primary_key=True))


class Migration(migrations.Migration):
    """The first migration."""

    initial = True
    dependencies: ClassVar[Any] = []
    operations: ClassVar[Any] = [
        migrations.CreateModel(
            "File",
            [
                _ID,
                ("case_no", models.CharField(max_length=64)),
                ("status", models.CharField(max_length=32, default="draft")),
                ("note", models.CharField(max_length=64, default="")),
            ],
        ),
        migrations.CreateModel(
            "Licence",
            [
                _ID,
                ("number", models.CharField(max_length=64)),
                ("state", models.IntegerField(default=0)),
                ("exempt", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            "Grant",
            [
                _ID,
                ("case_no", models.CharField(max_length=64)),
                ("status", models.CharField(max_length=32, default="draft")),
            ],
        ),
    ]
