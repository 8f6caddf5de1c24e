"""The app: settings, answers of the web, and checks in the admin."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import Client, override_settings

from credit_check_adapter_django import GuardTable, credit, host_transaction
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from tests.conftest import Host

USCC = "91451100MA5AAAAA2F"


def problems() -> list[str]:
    """Give the numbers of what ``manage.py check`` finds in the settings."""
    using: Any = importlib.import_module("credit_check_adapter_django.using")
    return [found.id for found in using.settings_problems()]


def test_the_settings_are_checked(host: Host) -> None:
    assert problems() == []
    assert credit() is host.credit
    with override_settings(CREDIT_CHECK={"CONFIGURATION": "x"}):
        assert problems() == ["credit_check.E001"]
        with pytest.raises(InputError, match="CONFIG, DATABASE"):
            credit()
    with override_settings(CREDIT_CHECK={"CONFIG": "/nowhere.toml", "DATABASE": "elsewhere"}):
        assert problems() == ["credit_check.E002", "credit_check.E003"]
    importlib.import_module("django.core.management").call_command("check", verbosity=0)


def test_the_hosts_transaction_is_joined_where_there_is_one(host: Host) -> None:
    assert host_transaction() is None
    with transaction.atomic():
        joined = host_transaction("default")
        assert joined is not None
        assert joined.in_atomic_block
        assert host_transaction("another") is None
    with override_settings(CREDIT_CHECK={"DATABASE": None}), transaction.atomic():
        assert host_transaction() is None


def test_a_refusal_becomes_problem_details(host: Host) -> None:
    case = host.case()
    host.model("File").objects.create(case_no=case.id)
    web = Client(raise_request_exception=False)
    answer = web.get(f"/approve/{case.id}")
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["type"] == "urn:credit-check:error:gate.never_checked"
    assert said["code"] == "gate.never_checked"
    assert said["words"]["zh-CN"].endswith("请先核查")
    assert said["about"]["case_id"] == case.id
    assert web.get("/fail").status_code == 500
    host.credit.check(case)
    assert web.get(f"/approve/{case.id}").content == b"approved"


def test_the_admin_shows_checks_and_changes_none(host: Host) -> None:
    host.restrict()
    case = host.case()
    decision = host.credit.check(case)
    host.apply_all(decision)
    get_user_model().objects.create_superuser("chief", "", "made-up")
    web = Client()
    place = "/admin/credit_check_adapter_django/check/"
    assert web.get(place).status_code == 302
    web.login(username="chief", password="made-up")
    shown = web.get(place, {"q": case.id}).content.decode()
    assert decision.id in shown
    assert case.id in shown
    assert "restricted" in shown
    page = web.get(f"{place}{decision.id}/change/").content.decode()
    assert decision.proposals[0].id in page
    assert "applied" in page
    assert decision.reasons.zh[0] in page
    assert "91451100********2F" in page
    assert USCC not in shown + page
    assert web.get(f"{place}dec_none/change/").status_code == 404
    assert web.get(f"{place}add/").status_code in {403, 404}
    assert web.get(f"{place}{decision.id}/delete/").status_code == 403
    assert web.get(f"{place}{decision.id}/history/").status_code == 404
    assert web.post(f"{place}{decision.id}/change/", {"outcome": "clear"}).status_code in {200, 403}
    stored = host.credit.show(decision.id)
    assert stored is not None
    assert stored.decision.outcome == "restricted"


def test_an_officer_without_the_right_sees_no_check(host: Host) -> None:
    decision = host.credit.check(host.case())
    user = get_user_model().objects.create_user("clerk", "", "made-up", is_staff=True)
    web = Client()
    web.force_login(user)
    place = "/admin/credit_check_adapter_django/check/"
    assert web.get(place).status_code == 403
    assert web.get(f"{place}{decision.id}/change/").status_code == 403


def test_the_ledgers_index_is_not_written_from_django(host: Host) -> None:
    models: Any = importlib.import_module("credit_check_adapter_django.models")
    host.credit.check(host.case())
    check = models.Check.objects.get()
    assert check.point in str(check)
    for change in (
        check.save,
        check.delete,
        models.Check.objects.all().delete,
        lambda: models.Check.objects.update(outcome="clear"),
        lambda: models.Check.objects.create(decision="dec_forged"),
    ):
        with pytest.raises(TypeError, match="client alone"):
            change()


def test_no_migration_is_missing(host: Host) -> None:
    management: Any = importlib.import_module("django.core.management")
    management.call_command("makemigrations", "credit_check_adapter_django", "--check", "--dry-run", verbosity=0)


def test_another_database_cannot_be_guarded_by_triggers(host: Host) -> None:
    class Editor:
        connection = type("Other", (), {"vendor": "oracle", "alias": "default"})()

    with pytest.raises(InputError, match="oracle"):
        GuardTable("File", grants=["x"], point="decide")._guard(Editor(), host.model("File"))
    operation = GuardTable("File", grants=["x"], point="decide")
    assert "File" in operation.describe()
    assert operation.migration_name_fragment == "guard_file"
    assert operation.deconstruct()[0] == "GuardTable"
    assert connection.vendor in {"sqlite", "postgresql"}
