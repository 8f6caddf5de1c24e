"""A plan of inspections: who, how often now, how often proposed, why; as values, a table, and a document. It checks nobody."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Literal

from credit_check_adapter_supervision.frequency import FrequencyTable  # noqa: TC001  pydantic reads it
from credit_check_sdk import Basis, Case, Decision, Ground, Party, Proposal, Rejected, Several, Subject, Value, Words

if TYPE_CHECKING:
    from credit_check_sdk import Lang

Change = Literal["fewer", "same", "more"]
_SAID: dict[Change, Words] = {
    "fewer": Words(zh="减少", en="fewer"),
    "same": Words(zh="不变", en="same"),
    "more": Words(zh="增加", en="more"),
}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class Target(Value):
    """A subject of inspections."""

    number: str
    """Its number in the supervision system."""
    subject: Subject
    """Who it is."""
    ordinary: str
    """The level that its risk alone gives it."""
    level: str | None = None
    """The level that applies now; None: the ordinary one."""
    area: str | None = None
    """The field of inspection; in one of full coverage nothing is taken away."""
    parties: Several[Party] = ()
    """Others who stand in the file with it."""


class PlanRow(Value):
    """What is proposed for one subject."""

    target: Target
    """The subject."""
    case: Case
    """The case that was checked."""
    decision: Decision | None = None
    """What the check came to; None where it could not be made."""
    level: str
    """The level that applies now."""
    proposed: str
    """The level proposed."""
    change: Change
    """Which way that goes."""
    checked: bool
    """Whether a check came to an answer; where it did not, the level stays, and nobody may say that nothing was found."""
    reasons: Words
    """Why."""
    proposals: Several[Proposal] = ()
    """The proposals that move it."""

    @property
    def basis(self) -> tuple[Basis, ...]:
        """The legal basis of what moves it."""
        return tuple(dict.fromkeys(basis for proposal in self.proposals for basis in proposal.basis))

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """The records on which that rests, each once."""
        found = {(each.source, each.record_id): each for proposal in self.proposals for each in proposal.grounds}
        return tuple(found.values())


class InspectionPlan(Value):
    """The proposals for a batch."""

    table: FrequencyTable
    """The levels."""
    rows: Several[PlanRow]
    """The proposals, in the order of the batch."""
    rejected: Several[Rejected] = ()
    """What could not be checked at all, and why."""

    @property
    def counts(self) -> dict[str, int]:
        """How many are to be inspected less often, the same, more often; how many were not checked; how many rejected."""
        found: dict[str, int] = {change: sum(row.change == change for row in self.rows) for change in _SAID}
        return {**found, "not_checked": sum(not row.checked for row in self.rows), "rejected": len(self.rejected)}

    def of(self, number: str) -> PlanRow:
        """Find the row of a subject by its number.

        Raises:
            KeyError: it is not in the batch.
        """
        for row in self.rows:
            if row.target.number == number:
                return row
        raise KeyError(number)

    def table_rows(self, lang: Lang) -> list[dict[str, str]]:
        """Give a row for everybody, rejected ones last, under the names of *lang*."""
        names = {level.code: f"{level.code} {level.name[lang]}" for level in self.table.levels}
        rows = [
            {
                "number": row.target.number,
                "name": row.target.subject.name,
                "identifier": row.target.subject.masked or "",
                "now": names[row.level],
                "proposed": names[row.proposed],
                "change": _SAID[row.change][lang],
                "checked": (Words(zh="已核查", en="checked") if row.checked else _NOT_CHECKED)[lang],
                "reasons": row.reasons[lang],
                "basis": "; ".join(_joined(each.title, each.doc_no, each.article) for each in row.basis),
                "records": "; ".join(_record(each, lang) for each in row.grounds),
                "decision": row.decision.id if row.decision else "",
            }
            for row in self.rows
        ]
        lost = {"checked": _NOT_CHECKED[lang]}
        rows += [
            {
                **dict.fromkeys(_HEADS, ""),
                **lost,
                "number": one.row,
                "name": one.name or "",
                "reasons": one.reason[lang],
            }
            for one in self.rejected
        ]
        return [{_HEADS[key][lang]: value for key, value in row.items()} for row in rows]

    def csv(self, lang: Lang) -> str:
        """Give the rows as CSV for a spreadsheet, with a byte-order mark; what would be run as a formula is shown as text."""
        out = io.StringIO()
        writer = csv.DictWriter(out, [words[lang] for words in _HEADS.values()], lineterminator="\r\n")
        writer.writeheader()
        for row in self.table_rows(lang):
            writer.writerow({head: f"'{cell}" if cell.startswith(_FORMULAS) else cell for head, cell in row.items()})
        return "\ufeff" + out.getvalue()

    def document(self) -> dict[str, Any]:
        """Give the plan as a JSON document, in both languages, with identifiers masked."""
        return {
            "edition": self.table.edition,
            "counts": self.counts,
            "rows": [_told(row) for row in self.rows],
            "rejected": [one.model_dump(mode="json") for one in self.rejected],
        }


def _told(row: PlanRow) -> dict[str, Any]:
    said = row.model_dump(mode="json", include={"level", "proposed", "change", "checked", "reasons"})
    recheck = row.decision.recheck if row.decision else None
    return {
        "number": row.target.number,
        "name": row.target.subject.name,
        "identifier": row.target.subject.masked,
        "area": row.target.area,
        **said,
        "measures": [each.measure for each in row.proposals],
        "basis": [each.model_dump(mode="json", exclude_none=True) for each in row.basis],
        "records": [
            each.model_dump(
                mode="json",
                include={"source", "record_id", "list_code", "authority", "doc_no", "document_date", "status", "until"},
            )
            for each in row.grounds
        ],
        "decision": row.decision.id if row.decision else None,
        "recheck_by": recheck.due_on.isoformat() if recheck else None,
    }


def _joined(*parts: str | None) -> str:
    return " ".join(filter(None, parts))


def _record(ground: Ground, lang: Lang) -> str:
    name = ground.list_name[lang] if ground.list_name else ground.list_code
    return _joined(name, ground.authority, ground.doc_no)


_NOT_CHECKED = Words(zh="未查成", en="not checked")
_HEADS = {
    "number": Words(zh="编号", en="number"),
    "name": Words(zh="名称", en="name"),
    "identifier": Words(zh="标识", en="identifier"),
    "now": Words(zh="现行频次", en="now"),
    "proposed": Words(zh="建议频次", en="proposed"),
    "change": Words(zh="变化", en="change"),
    "checked": Words(zh="核查", en="check"),
    "reasons": Words(zh="理由", en="reasons"),
    "basis": Words(zh="依据", en="basis"),
    "records": Words(zh="所据信息", en="records"),
    "decision": Words(zh="核查决定", en="decision"),
}
