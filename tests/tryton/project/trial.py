"""Run purchases in a Tryton of this process's own, and print what became of them as JSON.

``python trial.py FOLDER CONFIG``: Tryton's database is made in FOLDER, and the ledger of CONFIG is in it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trytond import config

if TYPE_CHECKING:
    from collections.abc import Callable

folder, configuration = map(Path, sys.argv[1:3])
config.set("database", "uri", "sqlite://")
config.set("database", "path", str(folder))

from credit_check_trial import purchase as glue  # noqa: E402  Tryton is configured before it is imported
from trytond.exceptions import UserError  # noqa: E402  the same
from trytond.modules.company.tests import create_company, set_company  # noqa: E402  the same
from trytond.pool import Pool  # noqa: E402  the same
from trytond.tests.test_tryton import activate_module  # noqa: E402  the same
from trytond.transaction import Transaction, TransactionError  # noqa: E402  the same

from credit_check_sdk import CreditCheck, Operator, Response  # noqa: E402  the same

OFFICER = Operator(id="u-1024", department="451100-czj")


def within(step: Callable[[Any], Any], *, keep: bool = True, **context: Any) -> Any:
    """Take a step in a transaction of Tryton's own, as its server does: again with the locks that it asks for."""
    extras: dict[str, Any] = {}
    while True:
        with Transaction().start("trial", 1, context=context, **extras) as transaction:
            try:
                found = step(Pool().get("purchase.purchase"))
            except TransactionError as asked:
                transaction.rollback()
                asked.fix(extras)
                continue
            except UserError as refusal:
                transaction.rollback()
                return str(refusal)
            if keep:
                transaction.commit()
            else:
                transaction.rollback()
            return found


def quoted(number: int, *, keep: bool = True) -> Any:
    """Quote a purchase; give its state then, or why it was refused."""

    def step(model: Any) -> str:
        model.quote([model(number)])
        return str(model(number).state)

    return within(step, keep=keep, company=1)


def confirmed(number: int) -> Any:
    """Confirm a purchase; give its state then, or why it was refused."""

    def step(model: Any) -> str:
        model.confirm([model(number)])
        return str(model(number).state)

    return within(step, company=1)


def put(number: int, state: str) -> None:
    """Put a purchase into a state past every transition."""
    within(lambda model: model.write([model(number)], {"state": state}), company=1)


def made(model: Any) -> list[int]:
    """Make a company, two suppliers and a purchase from each; give the numbers of the purchases."""
    company = create_company()
    names = [("广西示例建设有限公司", "91450000MA0000007U"), ("贺州市示例食品有限公司", "91451100MA5AAAAA2F")]
    given: list[dict[str, Any]] = [
        {"name": name, "addresses": [("create", [{}])], "identifiers": [("create", [{"code": code}])]}
        for name, code in names
    ]
    line = {"type": "comment", "description": "办公桌 desks"}
    common = {"company": company.id, "currency": company.currency.id, "lines": [("create", [line])]}
    with set_company(company):
        suppliers = Pool().get("party.party").create(given)
        return [
            each.id
            for each in model.create(
                [{"party": s.id, "invoice_address": s.addresses[0].id, **common} for s in suppliers]
            )
        ]


def main() -> None:
    """Buy from a supplier with nothing against it, and from one that is listed."""
    activate_module(["purchase", "credit_check_trial"])
    found = within(made)
    if isinstance(found, str):
        raise SystemExit(found)
    clean, listed = found
    said: dict[str, Any] = {}
    with CreditCheck.open(configuration) as credit:
        glue.CLIENT.append(credit)
        said["rolled back"] = quoted(clean, keep=False)
        said["check after rollback"] = credit.latest(f"purchase/{clean}", "award") is not None
        put(clean, "quotation")
        said["unchecked"] = confirmed(clean)
        put(clean, "draft")
        said["clean"] = [quoted(clean), confirmed(clean)]
        said["listed"] = [quoted(listed), confirmed(listed)]
        stored = credit.latest(f"purchase/{listed}", "award")
        if stored is None:
            message = "the check did not commit with the purchase"
            raise LookupError(message)
        answers = [Response(proposal=each.id, answer="applied") for each in stored.decision.proposals]
        said["feedback"] = len(credit.settle(stored.decision, answers, operator=OFFICER).feedback)
        said["settled"] = confirmed(listed)
    sys.stdout.write(json.dumps(said) + "\n")


main()
