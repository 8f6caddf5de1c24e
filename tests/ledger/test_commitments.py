"""Commitments in the ledger, on both kinds of database: each step follows the one before, and one writer wins."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model import Commitment, StoredCommitment
from credit_check_sdk.model.ledger import CommitmentEntry, Commitments, CommitmentSteps, LastCommitment
from tests.kit import USCC, organisation
from tests.ledger.samples import NOW, OFFICER

if TYPE_CHECKING:
    from credit_check_sdk._shell.ledger import Ledger

CODE = "45110020261123000001"


def promised(step: str = "com_1", code: str = CODE, **more: Any) -> StoredCommitment:
    """Make a commitment after a step."""
    said = Commitment(
        code=code,
        subject_name="示例公司",
        subject_category="organisation",
        identify=organisation().identifiers[0],
        commitment_type="voluntary",
        reason="示例",
        content="示例",
        liability="示例",
        committed_on=NOW.date(),
        accepted_by="d",
        accepted_by_code="d",
    )
    values: dict[str, Any] = {"state": "open", "case_id": "c-1", "event": "commit", **more}
    return StoredCommitment(
        commitment=said,
        operator=OFFICER,
        received_on=NOW.date(),
        step=step,
        at=NOW,
        by="operator:u-1",
        **values,
    )


def codes(ledger: Ledger, question: Commitments) -> list[str]:
    """Name what is found."""
    return [kept.code for kept in ledger.run(question)]


def test_commitments_are_found_by_what_is_asked_and_the_due_come_first(ledger: Ledger) -> None:
    other = "45110020261123000002"
    ledger.run([CommitmentEntry(promised()), CommitmentEntry(promised("com_2", other, due_on=date(2026, 12, 1)))])
    assert codes(ledger, Commitments()) == [other, CODE]
    assert codes(ledger, Commitments(code=CODE)) == [CODE]
    assert codes(ledger, Commitments(case_id="c-2")) == []
    assert codes(ledger, Commitments(states=("overdue", "open"), limit=1)) == [other]
    assert codes(ledger, Commitments(subject=("cn-uscc", USCC))) == [other, CODE]
    assert codes(ledger, Commitments(subject=("cn-uscc", "91450000MA0000007U"))) == []
    assert ledger.run(LastCommitment("45110020261123")) == other
    assert ledger.run(LastCommitment("45110020261124")) is None


def test_each_step_follows_the_one_before_and_a_second_writer_is_refused(ledger: Ledger) -> None:
    ledger.run([CommitmentEntry(promised())])
    after = promised("com_2", state="fulfilled", event="fulfil")
    ledger.run([CommitmentEntry(after, "com_1")])
    for wrong in (CommitmentEntry(promised("com_3", state="withdrawn"), "com_1"), CommitmentEntry(promised("com_4"))):
        with pytest.raises(LedgerError) as refused:
            ledger.run([wrong])
        assert refused.value.code == "ledger.conflict"
    assert ledger.run(Commitments()) == (after,)
    assert [kept.step for kept in ledger.run(CommitmentSteps(CODE))] == ["com_1", "com_2"]
