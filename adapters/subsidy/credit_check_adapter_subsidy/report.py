"""What a round of checks came to. Values only: no I/O, no clock; identifiers are masked wherever they are shown."""

import csv
import html
import io
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import get_args

from credit_check_sdk import Applicant, Case, Decision, Ground, Lang, Outcome, Point, Rejected, Several, Value, Words

OUTCOMES: dict[Outcome, Words] = {
    "restricted": Words(zh="受限", en="restricted"),
    "undecided": Words(zh="未能判定", en="undecided"),
    "review": Words(zh="待人工核查", en="review"),
    "clear": Words(zh="通过", en="clear"),
}
"""The outcomes in words, in order of precedence."""

_HEADS = (
    Words(zh="申请人", en="applicant"),
    Words(zh="标识（脱敏）", en="identifier, masked"),
    Words(zh="结论", en="outcome"),
    Words(zh="拨付", en="payment"),
    Words(zh="措施", en="measures"),
    Words(zh="理由", en="reasons"),
    Words(zh="核查编号", en="decision"),
)
_TITLE = Words(zh="财政补贴信用核查", en="Credit checks of a subsidy")
_POINTS: Mapping[str, Words] = {
    "apply": Words(zh="申报", en="application"),
    "review": Words(zh="审核", en="review"),
    "disburse": Words(zh="拨付前复核", en="before payment"),
    "track": Words(zh="跟踪监督", en="follow-up"),
}
_HOLD, _PAY = Words(zh="暂缓", en="hold"), Words(zh="可拨付", en="may be paid")
_REJECTED = Words(zh="未能核查", en="not checked")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_STYLE = (
    "body{font:14px sans-serif;margin:2em;color:#111}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #999;padding:.3em .5em;text-align:left;vertical-align:top}th{background:#eee}"
    "thead{display:table-header-group}tr{break-inside:avoid}"
)

_RANK: dict[str, int] = {outcome: rank for rank, outcome in enumerate(get_args(Outcome))}


class ApplicantResult(Value):
    """What the check of one applicant came to."""

    applicant: Applicant
    """The applicant."""
    case: Case
    """The case that was made of it; give it to `require_payment`."""
    decision: Decision | None = None
    """The decision, to be settled; None where the check itself failed."""
    error: Words | None = None
    """Why the check failed."""

    @property
    def name(self) -> str:
        """The applicant's name."""
        return self.applicant.subject.name

    @property
    def outcome(self) -> Outcome:
        """The decision's outcome; *review* where it is clear and the list leaves a doubt who this is."""
        if self.decision is None:
            return "undecided"
        if self.applicant.doubts and self.decision.outcome == "clear":
            return "review"
        return self.decision.outcome

    @property
    def hold(self) -> bool:
        """Whether nothing may be paid before an officer looked: anything but *clear*."""
        return self.outcome != "clear"

    @property
    def measures(self) -> tuple[str, ...]:
        """Codes of the measures proposed, each once."""
        proposals = self.decision.proposals if self.decision else ()
        return tuple(dict.fromkeys(proposal.measure for proposal in proposals))

    def reasons(self, lang: Lang) -> tuple[str, ...]:
        """Say why, in *lang*: what is doubtful in the list, then what the decision says."""
        doubts = [doubt[lang] for doubt in self.applicant.doubts]
        if self.error is not None:
            doubts.append(self.error[lang])
        return tuple(dict.fromkeys((*doubts, *(self.decision.reasons[lang] if self.decision else ()))))


class Clawback(Value):
    """Somebody against whom something was found after the money was paid; whether to recover it, the authority decides."""

    result: ApplicantResult
    """What the check at ``track`` came to."""
    paid_on: date
    """The day of payment."""
    grounds: Several[Ground]
    """The undisputed grounds that are dated after it, each once."""


class SubsidyReport(Value):
    """What a round came to."""

    matter: str
    """The service item."""
    point: Point
    """``apply``, ``disburse`` or ``track``."""
    results: Several[ApplicantResult] = ()
    """Everybody who was checked."""
    rejected: Several[Rejected] = ()
    """Rows of the list that name nobody who can be checked."""

    @property
    def hold_list(self) -> tuple[ApplicantResult, ...]:
        """Those to whom nothing may be paid before an officer looked."""
        return tuple(result for result in self.results if result.hold)

    def released(self, earlier: "SubsidyReport") -> tuple[ApplicantResult, ...]:
        """Name those who were on the hold list of an *earlier* round and are on it no more: repaired, lifted, answered."""
        held = {result.case.id for result in earlier.hold_list}
        return tuple(result for result in self.results if result.case.id in held and not result.hold)

    def clawback_list(self, paid: Mapping[str, date]) -> tuple[Clawback, ...]:
        """Name those of whom something adverse was found after they were paid, by the number of the case.

        Only a current, undisputed ground counts that was made after the day of payment: what was known then was decided
        then, and what is under objection is not decided yet. It proposes; recovering is the authority's decision.
        """
        found = []
        for result in self.results:
            day = paid.get(result.case.id)
            if day is None or result.decision is None:
                continue
            grounds = {
                (ground.source, ground.record_id): ground
                for proposal in result.decision.proposals
                if proposal.kind == "restriction" and proposal.strength in {"block", "hint"}
                for ground in proposal.grounds
                if ground.status == "active" and ground.document_date is not None and ground.document_date > day
            }
            if grounds:
                found.append(Clawback(result=result, paid_on=day, grounds=tuple(grounds.values())))
        return tuple(found)

    def rows(self, lang: Lang) -> list[dict[str, str]]:
        """Give a row for everybody, and for each rejected row of the list, under the names of *lang*."""
        heads = [words[lang] for words in _HEADS]
        rows = [
            [
                one.name,
                str(one.applicant.subject.primary or ""),
                OUTCOMES[one.outcome][lang],
                (_HOLD if one.hold else _PAY)[lang],
                " ".join(one.measures),
                " ".join(one.reasons(lang)),
                one.decision.id if one.decision else "",
            ]
            for one in self.results
        ]
        rows += [[one.name or one.row, "", _REJECTED[lang], "", "", one.reason[lang], ""] for one in self.rejected]
        return [dict(zip(heads, row, strict=True)) for row in rows]

    def csv(self, lang: Lang) -> str:
        """Give the rows as CSV for a spreadsheet, with a byte-order mark; what would be run as a formula is shown as text."""
        out = io.StringIO()
        writer = csv.DictWriter(out, [words[lang] for words in _HEADS], lineterminator="\r\n")
        writer.writeheader()
        for row in self.rows(lang):
            writer.writerow({head: f"'{cell}" if cell[:1] in _FORMULAS else cell for head, cell in row.items()})
        return "\ufeff" + out.getvalue()

    def html(self, lang: Lang) -> str:
        """Give the report as one page for the office: the counts, then everybody, those held back first."""
        counts = " · ".join(f"{OUTCOMES[outcome][lang]} {count}" for outcome, count in self.counts.items())
        title = f"{_TITLE[lang]} · {_POINTS[self.point][lang] if self.point in _POINTS else self.point}"
        heads = "".join(f"<th>{html.escape(words[lang])}</th>" for words in _HEADS)
        rows = sorted(self.rows(lang), key=lambda row: row[_HEADS[3][lang]] != _HOLD[lang])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row.values()) + "</tr>" for row in rows
        )
        return (
            f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
            f"<h1>{html.escape(title)}</h1><p>{html.escape(self.matter)} · {html.escape(counts)}</p>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></html>"
        )

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many came to which outcome."""
        found = Counter(result.outcome for result in self.results)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    def of(self, name: str) -> ApplicantResult:
        """Find the result of an applicant by name.

        Raises:
            KeyError: nobody of this name was checked.
        """
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(name)

    def worse_than(self, earlier: "SubsidyReport") -> tuple[ApplicantResult, ...]:
        """Name those who stand worse than in an *earlier* round, and those who were not in it."""
        before = {result.case.id: _RANK[result.outcome] for result in earlier.results}
        return tuple(
            result for result in self.results if _RANK[result.outcome] < before.get(result.case.id, len(_RANK))
        )

    def lines(self, lang: Lang) -> list[str]:
        """Say it all in words: everybody with outcome, hold, measures and reasons, and what was rejected."""
        holds = Words(zh="，暂缓", en=", hold")[lang]
        said = [
            f"{one.name} [{one.applicant.subject.primary or '—'}]: {OUTCOMES[one.outcome][lang]}{holds if one.hold else ''}. "
            + " ".join((*one.measures, *one.reasons(lang)))
            for one in self.results
        ]
        said += [f"{one.row}: {one.reason[lang]}" for one in self.rejected]
        if not said:
            said.append(Words(zh="名单中没有申请人，无需核查。", en="No applicants; nobody to check.")[lang])
        return [line.strip() for line in said]
