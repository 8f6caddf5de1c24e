"""Use the SDK from Django: one client per process, the host's own transaction. It decides nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import checks
from django.core.signals import setting_changed
from django.db import connections

from credit_check_sdk import CreditCheck, CreditCheckError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = {"CONFIG", "DATABASE"}
_lock = threading.Lock()
_opened: list[CreditCheck] = []


def credit() -> CreditCheck:
    """Give the process's client, opened on ``settings.CREDIT_CHECK["CONFIG"]`` when it is first asked for.

    It is safe to share among threads and across a fork, so a pre-forking server may open it before it forks.

    Raises:
        SetupError: the configuration cannot work.
    """
    with _lock:
        if not _opened:
            _opened.append(CreditCheck.open(_said().get("CONFIG")))
        return _opened[0]


def close() -> None:
    """Close the process's client; it is opened again when it is next asked for."""
    with _lock:
        while _opened:
            _opened.pop().close()


def ledger_alias() -> str | None:
    """Name the database of Django that the ledger is in (``"default"`` unless the settings say otherwise)."""
    alias: str | None = _said().get("DATABASE", "default")
    return alias


def host_transaction(using: str | None = None) -> Any:
    """Give the connection whose transaction the SDK joins, or None where none is open or the ledger is elsewhere.

    Inside ``transaction.atomic()`` the check, the answers and the feedback commit or roll back with the host's rows.
    """
    alias = ledger_alias()
    if alias is None or (using is not None and using != alias):
        return None
    connection = connections[alias]
    return connection if connection.in_atomic_block else None


def settings_problems(app_configs: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Say what is wrong with ``settings.CREDIT_CHECK``, for ``manage.py check``."""
    del app_configs
    found = []
    try:
        said = _said()
    except InputError as error:
        return [checks.Error(str(error), id="credit_check.E001")]
    alias = said.get("DATABASE", "default")
    if alias is not None and alias not in connections:
        found.append(
            checks.Error(
                f"CREDIT_CHECK['DATABASE'] names {alias!r}, which is none of DATABASES",
                hint="name the database that ledger.url leads to, or None where that is no database of Django's",
                id="credit_check.E002",
            )
        )
    try:
        credit()
    except CreditCheckError as error:
        found.append(checks.Error(str(error), id="credit_check.E003"))
    return found


def _said() -> Mapping[str, Any]:
    said: Mapping[str, Any] = getattr(settings, "CREDIT_CHECK", {})
    unknown = set(said) - _KNOWN
    if unknown:
        raise InputError(
            f"settings.CREDIT_CHECK: unknown keys {', '.join(sorted(unknown))}",
            f"settings.CREDIT_CHECK：没有 {'、'.join(sorted(unknown))}",
            remedy_en=f"known keys are {', '.join(sorted(_KNOWN))}",
            remedy_zh=f"可用的键：{'、'.join(sorted(_KNOWN))}",
        )
    return said


def _reopen(*, setting: str, **_: Any) -> None:
    if setting == "CREDIT_CHECK":
        close()


setting_changed.connect(_reopen)
