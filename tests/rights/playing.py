"""Play a scenario: put its sources in place, ask a front door (or the core alone), and compare what comes back."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from credit_check_sdk import (
    Answer,
    Case,
    CaseError,
    CreditCheckError,
    ObjectionDraft,
    Operator,
    Response,
    Settings,
    Subject,
    catalogue,
)
from credit_check_sdk._shell import world as shell
from credit_check_sdk.core.check import check
from credit_check_sdk.core.desk import Consulting, Desk
from credit_check_sdk.core.gate import require
from credit_check_sdk.core.objecting import take
from credit_check_sdk.core.settle import settle
from credit_check_sdk.errors import NoAnswerError, NotSentError, NotUnderstoodError
from credit_check_sdk.model import Settlement
from credit_check_sdk.model.parsing import parse
from credit_check_sdk.testing import FixedSource, World
from tests.kit import Door
from tests.rights.table import LEVELS, Expected, checklist, person, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import pytest

    from credit_check_sdk import Consultation, Decision, Level, MatterPolicy, Proposal, Query, Record
    from tests.rights.table import Earlier, Fact, Failure, Scenario, Step

SECRET = "CREDIT_CHECK_SCENARIOS_SECRET"
OFFICER = Operator(id="u-2048", department="451100-czj")


class Scripted(FixedSource):
    """A source of a scenario: it answers what the scenario says, or fails as it says."""

    def __init__(self, level: Level) -> None:
        super().__init__(level, level=level)
        self.failure: Failure | None = None
        self.misplaced: list[tuple[Subject, Record]] = []

    def told(self, where: str, places: Iterable[tuple[int, Fact]], unknown: Sequence[str]) -> None:
        """Take what this source knows; its records are those of *where*, for a ledger remembers their standing."""
        mine = [(place, fact) for place, fact in places if self.id in fact.origin]
        self.records = [record(fact, place, where) for place, fact in mine if fact.given_for is None]
        self.misplaced = [
            (subject(f.given_for), record(f, place, where)) for place, f in mine if f.given_for is not None
        ]
        self.unknown = [subject(name) for name in unknown]

    @override
    async def consult(self, query: Query) -> Consultation:
        """Answer, or fail."""
        self.queries.append(query)
        match self.failure:
            case "unreachable":
                raise NotSentError("it cannot be reached", "无法连接", source=self.id)
            case "no_answer":
                raise NoAnswerError("the connection broke", "连接中断", source=self.id)
            case "not_understood":
                raise NotUnderstoodError("garbage", "乱码", source=self.id)
            case "broken_plugin":
                raise ZeroDivisionError
            case "no_consultation":
                return None  # type: ignore[return-value]  # what a broken plugin may do
        found = await super().consult(query)
        self.queries.pop()
        if self.failure == "another_environment":
            return found.model_copy(update={"environment": "production"})
        if self.failure == "wrong_subject":
            stranger = Answer(subject=subject("society"), known=True)
            return found.model_copy(update={"answers": (*found.answers[1:], stranger)})
        return found

    @override
    def _answer(self, asked: Subject, as_of: datetime) -> Answer:
        answer = super()._answer(asked, as_of)
        strays = tuple(found for whom, found in self.misplaced if whom.same_as(asked))
        return answer.model_copy(update={"records": (*answer.records, *strays)})


def subject(who: Any) -> Subject:
    """Make a subject of the cast."""
    return Subject.model_validate(person(who), strict=False)


class Stage:
    """Where a scenario is played: its sources, its clock and one way in."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.kind = "core"
        self.now = scenario.at.astimezone(UTC)
        self.sources = {level: Scripted(level) for level in LEVELS}
        self.policy: MatterPolicy | None = None

    def matters(self) -> dict[str, dict[str, Any]]:
        """Give the matters as a site configures them."""
        said = {"required": ["municipal", "national"], "advisory": ["regional", "enterprise"], **self.scenario.policy}
        return {self.scenario.matter: said}

    def set(self, scene: Scenario | Earlier, now: datetime) -> None:
        """Let the sources say what a scene says, at its time."""
        self.now = now.astimezone(UTC)
        for level, source in self.sources.items():
            source.told(f"{self.scenario.id}-{self.kind}", list(enumerate(scene.records, start=1)), scene.unknown)
            source.failure = getattr(scene, "silent", {}).get(level)
            source.left_out = [subject(name) for name in getattr(scene, "left_out", {}).get(level, ())]

    def check(self, case: Case) -> Decision:
        """Check a case."""
        raise NotImplementedError

    def settle(self, settlement: Settlement) -> Any:
        """Settle a decision."""
        raise NotImplementedError

    def require(self, case: Case, to: Any) -> Any:
        """Ask the gate."""
        raise NotImplementedError

    def object(self, draft: ObjectionDraft) -> Any:
        """Take an objection at the counter."""
        raise NotImplementedError

    def stored(self, decision: Decision) -> Decision:
        """Give a decision as the ledger has it."""
        raise NotImplementedError

    def notices(self, decision: Decision) -> tuple[Any, ...]:
        """Give the notices that were drafted with a decision; the core alone keeps none."""
        return ()

    def close(self) -> None:
        """Let go of what was opened."""


class CoreStage(Stage):
    """The core alone, in a world of memory."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        loaded = catalogue.load(region="451100", matters=self.matters())
        sources: dict[str, Consulting] = {
            level: Consulting(source, level, 3.0) for level, source in self.sources.items()
        }
        self.desk = Desk("sandbox", loaded, loaded.policies, sources, region="451100")
        self.policy = loaded.policies.get(scenario.matter)
        self.world = World()

    def _run(self, flow: Any) -> Any:
        self.world.now = self.now
        return self.world.run(flow)

    @override
    def check(self, case: Case) -> Decision:
        decision: Decision = self._run(check(self.desk, case))
        return decision

    @override
    def settle(self, settlement: Settlement) -> Any:
        return self._run(settle(self.desk, settlement))

    @override
    def require(self, case: Case, to: Any) -> Any:
        return self._run(require(self.desk, case.id, case.point, to, case))

    @override
    def object(self, draft: ObjectionDraft) -> Any:
        return self._run(take(self.desk, draft, ()))

    @override
    def stored(self, decision: Decision) -> Decision:
        from credit_check_sdk.flow import Load  # noqa: PLC0415  only this way in needs it
        from credit_check_sdk.model.ledger import CheckById  # noqa: PLC0415  the same

        async def load() -> Any:
            return await Load(CheckById(decision.id))

        kept: Decision = self._run(load()).decision
        return kept


class DoorStage(Stage):
    """A front door with its own ledger, keys and memory; only the platforms are scripted, and the clock stands still."""

    def __init__(self, scenario: Scenario, kind: str, base: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(scenario)
        self.kind = kind
        url = "http://127.0.0.1:9"
        patch.setenv(SECRET, "made-up")
        settings = Settings.parse(
            {
                "environment": "sandbox",
                "region": "451100",
                "sources": [
                    {"id": level, "level": level, "base_url": url, "tries": 1, "key_id": "demo", "secret_env": SECRET}
                    for level in LEVELS
                ],
                "matters": self.matters(),
            },
            base=base,
        )
        patch.setattr(shell, "now", lambda: self.now)
        self.door = Door(kind, settings)
        self.policy = self.door.policies.get(scenario.matter)
        held = self.door.client._desk.sources
        for level, source in self.sources.items():
            held[level] = replace(held[level], source=source)

    @override
    def check(self, case: Case) -> Decision:
        decision: Decision = self.door.check(case)
        return decision

    @override
    def settle(self, settlement: Settlement) -> Any:
        return self.door.settle(settlement)

    @override
    def require(self, case: Case, to: Any) -> Any:
        return self.door.require(case, to=to)

    @override
    def object(self, draft: ObjectionDraft) -> Any:
        return self.door.take_objection(draft)

    @override
    def stored(self, decision: Decision) -> Decision:
        kept: Decision = self.door.show(decision.id).decision
        return kept

    @override
    def notices(self, decision: Decision) -> tuple[Any, ...]:
        return tuple(kept.notice for kept in self.door.notices(case_id=decision.case_id))

    @override
    def close(self) -> None:
        self.door.close()


def play(stage: Stage) -> Decision | None:
    """Play the scenario and compare everything that it expects."""
    scenario = stage.scenario
    number = f"{scenario.id}-{stage.kind}"
    materials = checklist(stage.policy.materials if stage.policy else ())
    document = json.dumps(scenario.case(number, materials), ensure_ascii=False).encode()
    if scenario.then.refused is not None:
        stage.set(scenario, scenario.at)
        assert _code(lambda: stage.check(parse(Case, document, "case.json", CaseError))) == scenario.then.refused
        assert not any(source.queries for source in stage.sources.values()), "something left the machine"
        return None
    case = parse(Case, document, "case.json", CaseError)
    for before in scenario.earlier:
        stage.set(before, scenario.at - timedelta(hours=before.hours))
        stage.check(case)
    stage.set(scenario, scenario.at)
    for source in stage.sources.values():
        source.queries.clear()
    decision = stage.check(case)
    _compare(scenario, stage, decision)
    for step in scenario.then.steps:
        stage.now += timedelta(hours=step.hours_later)
        assert _code(partial(_do, stage, case, decision, step)) == step.refused, step
    if scenario.then.steps:
        _proposals(scenario, stage.stored(decision), states=True)
    else:
        _told_when_applied(stage, case, decision)
    return decision


def _told_when_applied(stage: Stage, case: Case, decision: Decision) -> None:
    """Apply all that may be applied: a hint becomes a restriction thereby, and its subject is told so."""
    weighed = [p for p in decision.proposals if p.kind == "restriction" and p.strength in {"block", "hint"}]
    if stage.kind == "core" or not weighed or decision.outcome == "undecided":
        return
    responses = tuple(Response(proposal=proposal.id, answer="applied") for proposal in weighed)
    stage.settle(Settlement(case_id=case.id, point=case.point, operator=OFFICER, responses=responses))
    _cited(stage, stage.stored(decision), applied=True)


def _do(stage: Stage, case: Case, decision: Decision, step: Step) -> None:
    if step.require is not None:
        stage.require(case, step.require)
        return
    if step.objection is not None:
        stage.object(ObjectionDraft(case_id=case.id, point=case.point, operator=OFFICER, text=step.objection))
        return
    responses = tuple(
        Response(proposal=proposal.id, answer=answer, reason=step.reason)
        for name, answer in (step.settle or {}).items()
        for proposal in decision.proposals
        if name in {"*", proposal.measure} and proposal.strength in {"block", "hint"}
    )
    assert responses, f"nothing to settle among {[p.measure for p in decision.proposals]}"
    stage.settle(Settlement(case_id=case.id, point=case.point, operator=OFFICER, responses=responses))


def _code(act: Callable[[], object]) -> str | None:
    try:
        act()
    except CreditCheckError as error:
        # A refusal that says nothing in one of the languages would be none that anybody understands.
        return error.code if error.words("zh-CN") and error.words("en") else f"{error.code}, without words"
    return None


def _compare(scenario: Scenario, stage: Stage, decision: Decision) -> None:
    then = scenario.then
    seen = {
        "outcome": decision.outcome,
        "warnings": sorted({warning.code for warning in decision.warnings}),
        "silent": sorted(silence.source for silence in decision.silences),
    }
    assert seen == {
        "outcome": then.outcome,
        "warnings": sorted(set(then.warnings)),
        "silent": sorted(then.silent),
    }, [p.measure for p in decision.proposals]
    _proposals(scenario, decision, states=False)
    _facilities(scenario, decision)
    _words(scenario, decision)
    _cited(stage, decision)
    if then.asked is not None:
        asked = {one.keys or one.normal_name for s in stage.sources.values() for q in s.queries for one in q.subjects}
        assert asked == {subject(name).keys or subject(name).normal_name for name in then.asked}


def _proposals(scenario: Scenario, decision: Decision, *, states: bool) -> None:
    then = scenario.then
    kinds = [("restriction", then.restrictions), ("incentive", then.offers)]
    for kind, expected in kinds:
        if expected is None:
            continue
        found = [proposal for proposal in decision.proposals if proposal.kind == kind]
        names = Counter(proposal.measure for proposal in found)
        assert names == Counter(each.measure for each in expected)
        left = list(found)
        for each in expected:
            match = next((p for p in left if p.measure == each.measure and _fits(p, each, states=states)), None)
            assert match is not None, (each.model_dump(exclude_none=True), [_shown(p) for p in left])
            left.remove(match)


def _shown(proposal: Proposal) -> dict[str, Any]:
    return {
        "measure": proposal.measure,
        "strength": proposal.strength,
        "force": proposal.force,
        "scope": proposal.effect_scope,
        "whom": proposal.applies_to.role,
        "until": proposal.until or "open",
        "grounds": len(proposal.grounds),
        "state": proposal.state,
        "basis": "、".join(f"《{b.title}》{b.doc_no or ''}{b.article or ''}" for b in proposal.basis),
    }


def _fits(proposal: Proposal, expected: Expected, *, states: bool) -> bool:
    shown = _shown(proposal)
    wanted = expected.model_dump(exclude_none=True)
    if not states:
        wanted.pop("state", None)
    basis = wanted.pop("basis", "")
    return basis in shown["basis"] and all(shown[key] == value for key, value in wanted.items())


def _facilities(scenario: Scenario, decision: Decision) -> None:
    then, given = scenario.then, decision.facilities
    if then.green_channel is not None:
        assert given.green_channel.granted == then.green_channel, given.green_channel.reasons.zh
    if then.deferral is not None:
        expected = (False, ()) if then.deferral is False else (True, then.deferral)
        assert (given.deferral.granted, given.deferral.materials) == expected, given.deferral.reasons.zh
    if then.bonus is not None:
        assert given.bonus.points == then.bonus, given.bonus.reasons.zh


def _words(scenario: Scenario, decision: Decision) -> None:
    said = decision.model_dump_json()
    for part in scenario.then.words:
        assert part in said, (part, decision.reasons.zh)
    for part in scenario.then.never:
        assert part not in said, part
    # No raw identifier of anybody, in any scenario; and each sentence in both languages.
    for who in (scenario.subject, *(one for several in scenario.parties.values() for one in several)):
        for identifier in subject(who).identifiers:
            assert identifier.normal not in said
    assert len(decision.reasons.zh) == len(decision.reasons.en)
    assert all((*decision.reasons.zh, *decision.reasons.en))


def _cited(stage: Stage, decision: Decision, *, applied: bool = False) -> None:
    """See that whoever is told of a restriction is told list, document, basis with article, period and remedy.

    深圳经济特区社会信用条例 第六十九条: 依据、事由、救济途径. Held against every restriction of every scenario, in the
    words of the decision and in the notice.
    """
    words = "\n".join(decision.reasons.zh)
    notices = {notice.proposal: notice.text.zh for notice in stage.notices(decision)}
    for proposal in decision.proposals:
        if proposal.kind != "restriction" or proposal.strength == "info":
            continue
        if stage.kind != "core" and (applied or proposal.strength == "block"):
            assert proposal.id in notices, (proposal.measure, "nobody is told of it")
        cited = _to_cite(proposal)
        for text in (words, notices[proposal.id]) if proposal.id in notices else (words,):
            for whats, options in cited.items():
                assert any(option in text for option in options), (proposal.measure, whats, options, text)
    for text in notices.values():
        for remedy in ("异议", "陈述", "复议", "联系方式"):
            assert remedy in text, (remedy, text)


def _to_cite(proposal: Proposal) -> dict[str, list[str]]:
    cited: dict[str, list[str]] = {}
    for number, ground in enumerate(proposal.grounds):
        if ground.list_name:
            cited[f"list {number}"] = [ground.list_name.zh]
        if ground.doc_no:
            cited[f"document {number}"] = [ground.doc_no]
    for number, basis in enumerate(proposal.basis):
        cited[f"basis {number}"] = [f"《{basis.title}》"]
        if basis.article:
            cited[f"article {number}"] = [basis.article]
    cited["period"] = [proposal.until.isoformat()] if proposal.until else ["期限", "届满", "为准", "止"]
    cited["remedy"] = ["异议", "修复", "复议"]
    return cited
