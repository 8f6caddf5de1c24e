"""The app as Django sees it. It opens nothing: the client is opened when it is first asked for."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from typing_extensions import override


class CreditCheckConfig(AppConfig):
    """The Credit Check SDK inside a Django project."""

    name = "credit_check_adapter_django"
    verbose_name = "信用核查 Credit checks"
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Register the check of the settings."""
        from credit_check_adapter_django.using import settings_problems  # noqa: PLC0415  needs settings

        checks.register(settings_problems)
