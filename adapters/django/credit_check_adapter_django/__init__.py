"""The Django adapter of the Credit Check SDK: guarded models, triggers by migration, checks in the admin.

It imports the front door of the SDK only. What needs Django's registry of apps is fetched when it is first used, so that
this package can stand in ``INSTALLED_APPS``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from credit_check_adapter_django.guarding import GuardedModel, GuardedQuerySet, StatusGuard, guard_model
    from credit_check_adapter_django.middleware import GateRefusals
    from credit_check_adapter_django.operations import GuardTable
    from credit_check_adapter_django.using import credit, host_transaction

_PLACES = {
    "GateRefusals": "middleware",
    "GuardTable": "operations",
    "GuardedModel": "guarding",
    "GuardedQuerySet": "guarding",
    "StatusGuard": "guarding",
    "credit": "using",
    "guard_model": "guarding",
    "host_transaction": "using",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)


__all__ = [
    "GateRefusals",
    "GuardTable",
    "GuardedModel",
    "GuardedQuerySet",
    "StatusGuard",
    "credit",
    "guard_model",
    "host_transaction",
]
