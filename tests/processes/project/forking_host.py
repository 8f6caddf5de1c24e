"""A host behind a server that forks: its client is made, and used, before there are children. Run by the tests."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from credit_check_sdk import Case, CreditCheck, Operator, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SUBJECT = {
    "category": "organisation",
    "name": "贺州市示例食品有限公司",
    "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
}
OFFICER = Operator(id="u-1024", department="451100-czj")
credit = CreditCheck.open(os.environ["FORKING_HOST_CONFIG"])


def decided(number: str) -> tuple[str, str]:
    """Check a file, answer what is proposed, and give the outcome and what the gate says of granting it."""
    case = Case.model_validate(
        {
            "id": number,
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": SUBJECT,
            "operator": OFFICER,
            "opened_at": datetime.now(UTC),
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
        }
    )
    decision = credit.check(case)
    credit.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    return decision.outcome, credit.require(case).decision


def application(environ: dict[str, str], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer with the outcome, and with the process that found it."""
    number = environ["PATH_INFO"].strip("/")
    outcome, decision = decided(number)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"process": os.getpid(), "outcome": outcome, "decision": decision}).encode()]


# Connections, threads and what was remembered are there when the server forks.
before = decided(f"before-{os.getpid()}")
