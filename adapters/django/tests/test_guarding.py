"""A Django project cannot approve without a check: not by save, not by update, not in bulk, not by raw SQL."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Value

from credit_check_adapter_django import GuardedQuerySet, StatusGuard
from credit_check_sdk import GateError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Host


def refused(change: Callable[[], object]) -> str:
    """Make a change that the gate refuses; give the code."""
    with pytest.raises(GateError) as refusal:
        change()
    return refusal.value.code


def test_a_file_cannot_be_approved_without_a_check(host: Host) -> None:
    model, case = host.model("File"), host.case()
    row = model.objects.create(case_no=case.id)
    row.status = "approved"
    assert refused(row.save) == "gate.never_checked"
    assert model.objects.get().status == "draft"
    host.credit.check(case)
    row.save()
    assert model.objects.get().status == "approved"


def test_each_status_takes_its_own_step(host: Host) -> None:
    host.restrict()
    model, case = host.model("File"), host.case()
    row = model.objects.create(case_no=case.id)
    decision = host.credit.check(case)
    for status in ("approved", "refused", "under_review"):
        row.status = status
        assert refused(row.save) == "gate.unsettled"
    host.apply_all(decision)
    row.status = "approved"
    assert refused(row.save) == "gate.blocked"
    row.status = "under_review"
    row.save()
    row.status = "refused"
    row.save()
    row.status = "archived"  # needs no gate
    row.save()


def test_no_way_of_django_goes_past_the_guard(host: Host) -> None:
    model, case = host.model("File"), host.case()
    row = model.objects.create(case_no=case.id)

    def changed(**values: Any) -> Any:
        for name, value in values.items():
            setattr(row, name, value)
        return row

    ways: list[Callable[[], object]] = [
        lambda: model(case_no=case.id, status="approved").save(),
        lambda: model.objects.create(case_no=case.id, status="approved"),
        lambda: model.objects.get_or_create(case_no="other", defaults={"status": "approved"}),
        lambda: model.objects.update_or_create(case_no=case.id, defaults={"status": "approved"}),
        lambda: model.objects.filter(case_no=case.id).update(status="approved"),
        lambda: model.objects.bulk_create([model(case_no=case.id, status="approved")]),
        lambda: model.objects.bulk_update([changed(status="approved")], ["status"]),
        lambda: changed(status="approved").save(update_fields=["status"]),
        lambda: changed(status="approved").save(force_update=True),
        lambda: changed(status="approved").save_base(raw=True),
    ]
    for number, way in enumerate(ways):
        assert refused(way) == "gate.never_checked", number
        assert set(model.objects.values_list("status", flat=True)) == {"draft"}, number
        row.refresh_from_db()
    host.credit.check(case)
    for way in (ways[0], ways[4], ways[5], ways[6]):
        way()
    assert set(model.objects.values_list("status", flat=True)) == {"approved"}


def test_what_does_not_write_the_status_asks_nobody(host: Host) -> None:
    model, case = host.model("File"), host.case()
    host.credit.check(case)
    row = model.objects.create(case_no=case.id, status="approved")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE credit_check SET valid_until = 1, touched_by = 'chg_1'")
    row.note = "archived"
    row.save()
    row.save(update_fields=["note"])
    model.objects.update(note="x")
    model.objects.bulk_update([row], ["note"])
    late = model.objects.defer("status").get()
    late.note = "later"
    late.save()
    model.objects.only("note").get().save()
    draft = model.objects.create(case_no="other")
    draft.status, draft.note = "approved", "only this"
    draft.save(update_fields=["note"])
    assert model.objects.get(pk=draft.pk).status == "draft"
    row.status = "under_review"
    assert refused(row.save) == "gate.changed"


def test_a_granted_row_cannot_be_given_to_another_case(host: Host) -> None:
    model, case = host.model("File"), host.case()
    host.credit.check(case)
    row = model.objects.create(case_no=case.id, status="approved")
    row.case_no = "another"
    assert refused(row.save) == "gate.never_checked"
    assert refused(lambda: row.save(update_fields=["case_no"])) == "gate.never_checked"
    assert refused(lambda: model.objects.update(case_no="another")) == "gate.never_checked"
    assert model.objects.get().case_no == case.id


def test_an_expression_in_place_of_a_status_is_refused(host: Host) -> None:
    model = host.model("File")
    row = model.objects.create(case_no="x", note="approved")
    with pytest.raises(InputError, match="expression"):
        model.objects.update(status=F("note"))
    row.status = Value("approved")
    with pytest.raises(InputError, match="expression"):
        row.save()
    with pytest.raises(InputError, match="expression"):
        model.objects.bulk_update([row], ["status"])


def test_one_of_many_undoes_the_whole_change(host: Host) -> None:
    model, cases = host.model("File"), [host.case(), host.case()]
    for case in cases:
        model.objects.create(case_no=case.id)
    host.credit.check(cases[0])
    assert refused(lambda: model.objects.update(status="approved")) == "gate.never_checked"
    assert set(model.objects.values_list("status", flat=True)) == {"draft"}
    host.credit.check(cases[1])
    assert model.objects.update(status="approved") == 2


def test_a_model_of_somebody_else_is_guarded_from_outside_and_by_the_whole_case(host: Host) -> None:
    model, case = host.model("Licence"), host.case()
    cases = importlib.import_module("hostfiles.models").CASES
    cases[case.id] = case
    row = model.objects.create(number=case.id)
    row.state = 3
    assert refused(row.save) == "gate.never_checked"
    host.credit.check(case)
    cases[case.id] = host.case(id=case.id, parties=[{"role": "agent", "subject": case.subject}])
    assert refused(row.save) == "gate.parties_changed"
    cases[case.id] = case
    row.save()
    model.objects.create(number="nobody", state=3, exempt=True)


def test_a_check_commits_and_rolls_back_with_the_hosts_rows(host: Host) -> None:
    model, case = host.model("File"), host.case()
    host.restrict()

    def fail() -> None:
        with transaction.atomic():
            decision = host.credit.check(case, transaction=connection)
            host.apply_all(decision, transaction=connection)
            row = model.objects.create(case_no=case.id, status="refused")
            assert model.objects.get(pk=row.pk).status == "refused"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert model.objects.count() == 0
    assert host.credit.latest(case.id, "evaluate") is None
    assert host.credit.outbox() == ()
    with transaction.atomic():
        decision = host.credit.check(case, transaction=connection)
        with transaction.atomic():  # a savepoint
            host.apply_all(decision, transaction=connection)
            model.objects.create(case_no=case.id, status="refused")
    assert model.objects.get().status == "refused"
    assert len(host.credit.outbox()) == len(decision.proposals)
    assert host.credit.relay().delivered == len(decision.proposals)
    assert host.sandbox.received("feedback")["effects"] == len(decision.proposals)


def test_raw_sql_cannot_grant_where_the_table_is_guarded(host: Host) -> None:
    model, case = host.model("Grant"), host.case()
    row = model.objects.create(case_no=case.id)

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE hostfiles_grant SET status = 'approved'")

    for change in (lambda: model.objects.update(status="approved"), raw):
        with pytest.raises(IntegrityError, match=r"gate\.never_checked"), transaction.atomic():
            change()
    host.credit.check(case)
    model.objects.update(status="approved")
    row.refresh_from_db()
    assert row.status == "approved"
    management: Any = importlib.import_module("django.core.management")
    management.call_command("migrate", "hostfiles", "0001", verbosity=0)
    model.objects.create(case_no="unchecked", status="approved")
    management.call_command("migrate", "hostfiles", verbosity=0)


def test_a_guarded_model_without_a_guard_is_refused(host: Host) -> None:
    with pytest.raises(InputError, match="credit_guard"):
        GuardedQuerySet(host.model("Grant")).update(status="approved")
    assert GuardedQuerySet(host.model("File")).model.credit_guard.steps["approved"] == "grant"
    assert StatusGuard(point="decide", steps={}).step_of(None) is None
