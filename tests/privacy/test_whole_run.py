"""A whole run, through every command and both front doors: nothing that it leaves behind holds a raw identifier."""

from __future__ import annotations

import csv
import gc
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from credit_check_sdk import CreditCheckError, NoticeDelivery, ObjectionDraft, Response
from credit_check_sdk._shell.keys import KeyRing
from credit_check_sdk._shell.ledger import Ledger, copying
from credit_check_sdk.cli.app import run
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.model.ledger import Seal
from tests.kit import OFFICER, OTHER, PERSON, USCC, case, faults, organisation, record
from tests.ledger.samples import NOW, answer, check, notice, promise
from tests.privacy.searching import found_in, search

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kit import Door
    from tests.ledger.conftest import Place

SECRETS = (USCC, OTHER, PERSON)
BOSS = {
    "role": "legal_representative",
    "subject": {
        "category": "person",
        "name": "张示例",
        "identifiers": [{"scheme": "cn-resident-id", "value": PERSON}],
    },
}


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Path]:
    """Write every log of every library into a file, at the finest level."""
    path = tmp_path / "debug.log"
    root, handler = logging.getLogger(), logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield path
    root.setLevel(before)
    root.removeHandler(handler)
    handler.close()


def work(door: Door, sandbox: Any) -> tuple[str, str, list[str]]:
    """Do what a department does with a file, and get some of it wrong."""
    said: list[str] = []

    def failing(do: Any, *given: Any, **named: Any) -> None:
        try:
            do(*given, **named)
        except (CreditCheckError, ValueError) as error:
            said.extend((str(error), repr(error), repr(getattr(error, "detail", "")), repr(error.__cause__)))

    sandbox.put_record(record(list_code="MOF-ZC", responsible=[BOSS]))
    file = case(parties=[BOSS])
    decision = door.check(file)
    said += [repr(decision), str(decision), decision.model_dump_json(), repr(file), str(file), file.model_dump_json()]
    failing(door.require, file)
    said += [repr(stored) for stored in door.notices()]
    door.notice_delivered(
        decision.notices[0],
        NoticeDelivery.model_validate(
            {"method": "post", "on": day_of(datetime.now(UTC)), "operator": OFFICER}, strict=False
        ),
    )
    door.settle(decision, [Response(proposal=p.id, answer="applied") for p in decision.proposals], operator=OFFICER)
    failing(door.settle, decision, [Response(proposal=PERSON, answer="applied")], operator=OFFICER)
    failing(door.require, file, to="grant")
    said += [repr(row) for row in door.outbox()]
    with faults(sandbox, {"level": None, "path": "/v1/feedback", "kind": "status", "value": 503}):
        door.relay()
    door.relay()
    door.take_objection(ObjectionDraft(case_id=file.id, point="evaluate", operator=OFFICER, text="名单有误"))
    with faults(sandbox, {"level": None, "path": "/v1/checks", "kind": "garbage"}):
        failing(door.check, case(organisation(OTHER)))
    door.sync()
    door.relay()
    said += [repr(stored) for stored in (door.latest(file.id, "evaluate"), *door.outbox(), door.client)]
    said += [repr(door.verify_evidence()), repr(door.statistics()), repr(door.source_status())]
    failing(door.check, file.model_copy(update={"matter": USCC}))
    failing(
        case, subject={"category": "person", "name": "x", "identifiers": [{"scheme": "cn-resident-id", "value": 5}]}
    )
    return file.id, decision.id, said


COMMANDS = (
    ["check", "{case}"],
    ["check", "{case}", "--json"],
    ["check", "{barred}"],
    ["check", "{barred}", "--json"],
    ["require", "{barred}", "--to", "grant"],
    ["check", "{broken}"],
    ["check", "{broken}", "--json"],
    ["check", "{unreadable}"],
    ["require", "{case}"],
    ["require", "{case}", "--json"],
    ["relay", "--once"],
    ["sync", "--once"],
    ["outbox", "list"],
    ["outbox", "list", "--json"],
    ["outbox", "dead"],
    ["stats"],
    ["stats", "--json"],
    ["doctor"],
    ["sources", "list"],
    ["evidence", "show", "{decision}"],
    ["evidence", "show", "{decision}", "--json"],
    ["evidence", "verify"],
    ["evidence", "export", "{decision}", "-o", "{page}"],
    ["evidence", "checkpoint", "-o", "{checkpoint}"],
    ["notice", "list"],
    ["notice", "list", "--json"],
    ["objection", "list"],
    ["objection", "list", "--json"],
    ["keys", "list"],
    ["keys", "jwks"],
    ["ledger", "backup", "{copy}"],
    ["screen", "{list}", "--matter", "procurement.goods", "--point", "evaluate", "-o", "{result}"],
    ["erase", "--subject", f"cn-uscc:{USCC}", "--dry-run"],
    ["erase", "--subject", f"cn-resident-id:{PERSON}", "--reason", "x", "--operator", "u-1"],
    ["erase", "--subject", PERSON, "--dry-run"],
    ["catalogue", "show", "R-GP-01"],
    ["coverage", "--decided", "{decided}", "--point", "evaluate"],
    ["show", USCC],
    ["evidence", "show", USCC],
    ["notice", "show", PERSON],
)
"""Commands and misuses of commands, identifiers typed where none belong among them."""


def test_nothing_that_a_run_leaves_behind_holds_an_identifier(
    door: Door, config: Path, sandbox: Any, tmp_path: Path, logged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given"
    given.mkdir()
    file, decision, said = work(door, sandbox)
    raw = case(parties=[BOSS]).model_dump(mode="json", context={"reveal": True})
    (given / "case.json").write_text(json.dumps(raw), encoding="utf-8")
    sandbox.put_record(
        record(
            list_code="MOF-ZC",
            subject={
                "category": "organisation",
                "name": "示例",
                "identifiers": [{"scheme": "cn-uscc", "value": OTHER}],
            },
        )
    )
    barred = case(organisation(OTHER)).model_dump(mode="json", context={"reveal": True})
    (given / "barred.json").write_text(json.dumps(barred), encoding="utf-8")
    (given / "broken.json").write_text(json.dumps({**raw, "point": PERSON, "region": USCC}), encoding="utf-8")
    (given / "unreadable.json").write_text(f'{{"subject": "{USCC}", ', encoding="utf-8")
    (given / "decided.csv").write_text(f"case_id\n{file}\n", encoding="utf-8")
    with (given / "list.csv").open("w", encoding="utf-8", newline="") as writing:
        rows = csv.writer(writing)
        rows.writerow(["recipientOrganization:Identifier", "Title", "统一社会信用代码", "名称"])
        rows.writerows(
            [[OTHER, "x", OTHER, "广西示例建设有限公司"], [PERSON, "x", PERSON, "张示例"], ["bad", "", "", ""]]
        )
    names = {
        **{name: str(given / f"{name}.json") for name in ("case", "barred", "broken", "unreadable")},
        "list": str(given / "list.csv"),
        "decided": str(given / "decided.csv"),
        "decision": decision,
        **{name: str(tmp_path / f"{name}.{end}") for name, end in _WRITTEN.items()},
    }
    capsys.readouterr()
    ran = []
    for words in COMMANDS:
        for lang in ("zh-CN", "en"):
            code = run([word.format(**names) for word in words] + ["--lang", lang, "--config", str(config)])
            printed = capsys.readouterr()
            ran.append((words[0], code))
            for stream, text in (("stdout", printed.out), ("stderr", printed.err)):
                assert not list(found_in(text.encode(), SECRETS, f"{stream} of {' '.join(words)}"))
    assert {code for _, code in ran} >= {0, 1, 2, 10, 20}
    assert not [words for words, code in ran if code not in {0, 1, 2, 10, 11, 12, 20}]
    for number, shown in enumerate(said):
        assert not list(found_in(shown.encode(), SECRETS, f"what is shown, {number}: {shown[:60]}"))

    assert logged.stat().st_size > 1000
    _remembered(door)
    left = search(tmp_path, SECRETS, leave_out=lambda path: given in path.parents)
    assert left == []
    seen = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert seen >= {
        "credit-check.db",
        "credit-check-audit.db",
        "debug.log",
        "page.html",
        "copy.ledger",
        "checkpoint.json",
    }
    assert any(name.endswith("-wal") for name in seen)


_WRITTEN = {"page": "html", "checkpoint": "json", "copy": "ledger", "result": "csv"}


def _remembered(door: Door) -> None:
    """Look at the keys of the memory: they are hashes."""
    gc.collect()
    memory = door.client._world.memory
    for name, value in vars(memory).items():
        keys = repr(list(value)) if isinstance(value, dict) or hasattr(value, "keys") else ""
        assert not list(found_in(keys.encode(), SECRETS, f"memory, {name}"))


def test_what_is_screened_names_nobody_in_full(
    config: Path, sandbox: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given"
    given.mkdir()
    with (given / "list.csv").open("w", encoding="utf-8", newline="") as writing:
        csv.writer(writing).writerows([["统一社会信用代码", "名称"], [USCC, "甲"], [OTHER, "乙"]])
    words = ["screen", str(given / "list.csv"), "--matter", "subsidy.enterprise", "--point", "review"]
    code = run([*words, "-o", str(tmp_path / "result.csv"), "--config", str(config)])
    printed = capsys.readouterr()
    assert not list(found_in((printed.out + printed.err).encode(), SECRETS, "printed"))
    assert search(tmp_path, SECRETS, leave_out=lambda path: given in path.parents) == []
    assert code in {0, 2}


def test_a_server_s_own_files_hold_no_identifier(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Search the database's files, with write-ahead log, and a copy of it."""
    ledger = Ledger(place.url, KeyRing.make(tmp_path / "keys"))
    secrets = (*SECRETS, *(identifier.value for identifier in _samples()))
    try:
        ledger.run([check(f"dec_{number}", f"c-{number}") for number in range(20)])
        ledger.run([check("dec_x", "c-x"), notice(), answer("resp_1", "dec_x"), promise("fb_1", "c-x")])
        ledger.run(Seal(NOW))
        copying.backup(place.url, tmp_path / "copy.ledger", NOW)
        folder = tmp_path
        if place.kind == "postgresql":
            folder = Path(request.getfixturevalue("server"))
        assert search(folder, secrets, leave_out=lambda path: path.suffix == ".so") == []
        assert search(tmp_path, secrets) == []
    finally:
        ledger.close()


def _samples() -> list[Any]:
    from credit_check_sdk.testing.conformance import FIRM  # noqa: PLC0415  one function's
    from credit_check_sdk.testing.conformance import PERSON as SOMEBODY  # noqa: PLC0415  one function's

    return [*FIRM.identifiers, *SOMEBODY.identifiers]
