"""A decision over 200 measures beside general rule engines: who is touched, by which measure, on which ground."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast

from benchmarks.measure import Line, Work, compare
from benchmarks.setting import case
from credit_check_sdk import Answer, Consultation, Measure, Record, catalogue
from credit_check_sdk.core.weigh import Heard, Verdict, weigh
from credit_check_sdk.core.words import verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = 200
HITS = ("LIST-7", "LIST-93", "LIST-150")
TODAY = date(2026, 11, 23)


def decisions(rounds: int) -> Iterator[Line]:
    """Compare weighing with zen-engine and cedarpy on the same 200 rules and the same three hits."""
    ours, told = _ours()
    peers = {
        "zen-engine": _zen,
        "cedarpy, parsed once": _cedar,
        "cedarpy, from text": _cedar_text,
        "a naive loop": _naive,
    }
    for name, make in peers.items():
        try:
            theirs = make()
        except ImportError as missing:
            yield Line(
                f"decision over 200 measures / {name}", 0, 0, 0, 0, 0, note=f"skipped: {missing.name} is not installed"
            )
            continue
        yield compare(f"decision over 200 measures / {name}", ours, theirs, rounds=rounds, times=(50, 10))
        yield compare(f"the same with words in two languages / {name}", told, theirs, rounds=rounds, times=(50, 10))


class _Rules:
    """The starter catalogue with other measures."""

    def __init__(self, starter: Any, rules: list[Measure]) -> None:
        self._starter, self._rules = starter, rules
        self._known = {rule.code: rule for rule in rules}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._starter, name)

    def applicable(self, *_: object) -> list[Measure]:
        """Give all of them."""
        return self._rules

    def measure(self, code: str, *_: object) -> Measure:
        """Give one."""
        return self._known[code]


def _ours() -> tuple[Work, Work]:
    starter = catalogue.load()
    pattern = next(entry for entry in starter.measures if entry.code == "R-SAMR-01")
    rules = [_rule(pattern, number) for number in range(RULES)]
    stand_in = cast("Any", _Rules(starter, rules))
    file = case()
    policy = starter.policies[file.matter].model_copy(update={"required": ("municipal",)})
    heard = [Heard("municipal", _consultation(file.subject))]

    def decide() -> Verdict:
        return weigh(file, policy, stand_in, heard, (), TODAY)

    found = decide()
    assert {finding.measure.code for finding in found.findings} == {f"R-{code.removeprefix('LIST-')}" for code in HITS}
    return decide, lambda: verdict_words(decide(), stand_in)


def _rule(pattern: Measure, number: int) -> Measure:
    document = pattern.model_dump(mode="json") | {"code": f"R-{number}"}
    document["triggers"] = [{"by": "list", "lists": [f"LIST-{number}"], "severity_floor": "general"}]
    return Measure.model_validate_json(json.dumps(document))


def _consultation(subject: Any) -> Consultation:
    now = datetime.now(UTC)
    records = tuple(
        Record(
            record_id=code, list_code=code, polarity="negative", subject=subject, authority="甲局", doc_no=f"{code}号",
            severity="serious", list_until=date(2029, 1, 1),
        )
        for code in HITS
    )  # fmt: skip
    answers = (Answer(subject=subject, known=True, records=records),)
    return Consultation(
        source="municipal", as_of=now, fetched_at=now, request_id="r", digest="sha256:" + "0" * 64, answers=answers
    )


def _zen() -> Work:
    import zen  # noqa: PLC0415  a peer that may be missing

    rules = [
        {
            "_id": f"r{number}",
            "l": json.dumps(f"LIST-{number}"),
            "s": '"general","serious"',
            "m": json.dumps(f"R-{number}"),
        }
        for number in range(RULES)
    ]
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "l", "name": "list", "field": "list"}, {"id": "s", "name": "severity", "field": "severity"}],
        "outputs": [{"id": "m", "name": "measure", "field": "measure"}],
        "rules": rules,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in"},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
        {"id": "out", "type": "outputNode", "name": "out"},
    ]
    edges = [
        {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def decide() -> list[Any]:
        # One evaluation for each record: a table sees one row of facts at a time.
        return [decision.evaluate({"list": code, "severity": "serious"})["result"] for code in HITS]

    assert [found[0]["measure"] for found in decide()] == [f"R-{code.removeprefix('LIST-')}" for code in HITS]
    return decide


def _naive() -> Work:
    """Give what a department writes by hand: a loop over all rules for each record, without law, days or reasons."""
    rules = [(f"R-{number}", f"LIST-{number}", {"general", "serious"}) for number in range(RULES)]

    def decide() -> list[str]:
        return [code for hit in HITS for code, wanted, floor in rules if wanted == hit and "serious" in floor]

    assert decide() == [f"R-{code.removeprefix('LIST-')}" for code in HITS]
    return decide


def _cedar_text() -> Work:
    return _cedar(parsed=False)


def _cedar(*, parsed: bool = True) -> Work:
    import cedarpy  # noqa: PLC0415  a peer that may be missing

    text = "\n".join(
        f'@id("R-{number}") forbid(principal, action, resource) when {{ context.list == "LIST-{number}" && context.severity == "serious" }};'
        for number in range(RULES)
    )
    text = "permit(principal, action, resource);\n" + text
    policies = cedarpy.PolicySet.from_str(text) if parsed else text
    entities = cedarpy.Entities.from_json_str("[]") if parsed else "[]"

    def decide() -> list[Any]:
        return [
            cedarpy.is_authorized(
                {
                    "principal": 'Subject::"one"',
                    "action": 'Action::"evaluate"',
                    "resource": 'Case::"one"',
                    "context": {"list": code, "severity": "serious"},
                },
                policies,
                entities,
            )
            for code in HITS
        ]

    assert not any(found.allowed for found in decide())
    return decide
