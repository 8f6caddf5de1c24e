"""An error as the body of an HTTP answer: problem details (RFC 9457), in both languages, with a fitting status."""

from __future__ import annotations

import json
import pickle

import pytest

from credit_check_sdk import (
    CaseError,
    ConfigurationError,
    CreditCheckError,
    GateError,
    LedgerError,
    SettleError,
    TransactionError,
)


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (GateError, "gate.never_checked", 409),
        (GateError, "gate.blocked", 403),
        (CaseError, "case.unknown_matter", 422),
        (SettleError, "settle.mandatory", 422),
        (TransactionError, "transaction.refused", 500),
        (ConfigurationError, "configuration.invalid", 500),
        (LedgerError, "ledger.unavailable", 503),
    ],
)
def test_an_error_says_itself_as_problem_details(kind: type[CreditCheckError], code: str, status: int) -> None:
    error = kind("it is so", "如此", code=code, remedy_en="do this", remedy_zh="请这样做", detail={"case_id": "T-1"})
    for lang, words in (("zh-CN", "如此；请这样做"), ("en", "it is so; do this")):
        said = error.problem(lang)
        assert said["type"] == f"urn:credit-check:error:{code}"
        assert said["status"] == error.http_status == status
        assert said["detail"] == words
        assert said["title"] == kind.title[0 if lang == "zh-CN" else 1]
        assert (said["code"], said["about"]) == (code, {"case_id": "T-1"})
        assert said["words"] == {"zh-CN": "如此；请这样做", "en": "it is so; do this"}
        assert json.dumps(said)


def test_an_error_travels_between_processes_whole() -> None:
    error = GateError("it is so", "如此", code="gate.stale", remedy_en="do this", remedy_zh="请这样做", detail={"n": 1})
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  our own
    assert type(copy) is GateError
    assert copy.__dict__ == error.__dict__
    assert str(copy) == str(error)
