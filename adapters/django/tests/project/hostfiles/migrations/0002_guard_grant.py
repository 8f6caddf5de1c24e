"""Guard the table of grants in the database itself."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import migrations

from credit_check_adapter_django import GuardTable


class Migration(migrations.Migration):
    """The guard."""

    dependencies: ClassVar[Any] = [("hostfiles", "0001_initial")]
    operations: ClassVar[Any] = [
        GuardTable("Grant", grants=["approved"], point="evaluate", ledger_schema=settings.LEDGER_SCHEMA),
    ]
