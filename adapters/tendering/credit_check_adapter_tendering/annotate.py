"""Write what a check came to back as OCDS.

Releases are immutable: new information is a new release of the same process, which merging adds to the compiled one.
Nothing that was there is changed or dropped, no bid's status is touched (that is the officer's to decide), and no
identifier is added that the document does not already hold in the same place. It performs no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from credit_check_adapter_tendering import identity, ocds, reader
from credit_check_adapter_tendering.ocds import items
from credit_check_adapter_tendering.report import worst
from credit_check_sdk import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from credit_check_adapter_tendering.bidders import Bidder, Process
    from credit_check_adapter_tendering.report import BidderResult, BidResult, TenderReport
    from credit_check_sdk import CreditItem, RankingRow, RankingTable

_ZONE = ZoneInfo("Asia/Shanghai")


def annotate(document: Any, report: TenderReport, table: RankingTable | None = None) -> Any:
    """Give the document with the results of its check, in the same form; the given one is left as it is.

    A package, or a list of releases, gets one release more for each process. In a record the compiled release shows
    the result too. A single release is answered by a new release that holds all that it held. The result stands in
    ``parties[].details.creditCheck``, that of a consortium in ``creditCheck.consortium`` of each member. A release
    without ``ocid`` inside a package names no process to which one could be added, and gets none. With the committee's
    *table* each bidder's ``creditCheck.ranking`` says its bid's places and points, before and after, and the clauses.

    Raises:
        InputError: the report is of another document.
    """
    results = _results(document, report, table)
    if isinstance(document, list):
        return _annotated_list(document, results)
    return _annotated(document, results)


def result_package(
    document: Any,
    report: TenderReport,
    *,
    uri: str,
    publisher: Mapping[str, Any],
    published_at: datetime,
    table: RankingTable | None = None,
) -> dict[str, Any]:
    """Give the results alone, as a release package that is valid even where the document is not.

    *uri* names the package, *publisher* has at least a ``name``.

    Raises:
        InputError: the report is of another document, or it has nobody in it: a package needs a release.
    """
    results = _results(document, report, table)
    added = list(results.releases(set()))
    if not added:
        raise InputError(
            "nobody was checked, so that there is no result to write",
            "没有核查对象，因而没有结果可写",
            remedy_en="write a package only where the report has bids",
            remedy_zh="请仅在报告含有投标时生成数据包",
        )
    return {
        "uri": uri,
        "version": "1.1",
        "publishedDate": _moment(published_at),
        "publisher": dict(publisher),
        "releases": added,
    }


@dataclass(frozen=True, slots=True)
class _Results:
    """The results of a report, put to the processes of the document."""

    report: TenderReport
    processes: Sequence[Process]
    by_place: Mapping[tuple[str, str], Sequence[tuple[BidResult, BidderResult]]]
    table: RankingTable | None = None

    def only(self, processes: Sequence[Process]) -> _Results:
        """Give the results of these processes alone."""
        return replace(self, processes=processes)

    def of(self, process: Process, bidder: Bidder) -> Sequence[tuple[BidResult, BidderResult]]:
        """Give a bidder's results, one for each bid that it takes part in."""
        return self.by_place.get((process.ocid, bidder.place), ())

    def releases(self, taken: set[str]) -> Iterator[dict[str, Any]]:
        """Make a release for every process that somebody bids in, with ids that are not *taken*."""
        for process in self.processes:
            if process.bidders and process.ocid:
                yield self.release(process, taken)

    def release(self, process: Process, taken: set[str]) -> dict[str, Any]:
        """Make the release that adds a process's results."""
        checked_at = self.report.checked_at
        moment = _moment(checked_at) if checked_at else ""
        stem = f"{process.ocid}-credit-check-{self.report.point}-{moment}".replace("#", "-")
        number, name = 2, stem
        while name in taken:
            number, name = number + 1, f"{stem}-{number}"
        taken.add(name)
        return {
            "ocid": process.ocid,
            "id": name,
            "date": moment,
            "tag": ["tenderUpdate"],
            "initiationType": "tender",
            "parties": list(self.parties(process).values()),
        }

    def parties(self, process: Process) -> dict[str, dict[str, Any]]:
        """Make an entry of ``parties`` for every local id of every bidder; who has none gets one."""
        made: dict[str, dict[str, Any]] = {}
        sharing: dict[str, list[Bidder]] = {}
        for number, bidder in enumerate(process.bidders, start=1):
            for party_id in bidder.party_ids:
                sharing.setdefault(party_id, []).append(bidder)
            if not bidder.party_ids:
                party_id = f"credit-check-bidder-{number}"
                sharing[party_id] = [bidder]
                made[party_id] = {"name": bidder.subject.name, "roles": list(bidder.capacities)}
        return {
            party_id: {
                "id": party_id,
                **made.get(party_id, {}),
                "details": {"creditCheck": self.credit_check(process, bidders)},
            }
            for party_id, bidders in sharing.items()
        }

    def credit_check(self, process: Process, bidders: Sequence[Bidder]) -> dict[str, Any]:
        """Say what a check came to, the worst where several share an id.

        Reasons stay in the procurement file: they may speak of persons.
        """
        found = [pair for bidder in bidders for pair in self.of(process, bidder)]
        results = [result for _, result in found]
        last = max(results, key=lambda result: result.decision.decided_at)
        measures = dict.fromkeys(measure for result in results for measure in result.measures)
        said: dict[str, Any] = {
            "outcome": worst([result.outcome for result in results]),
            "decision": last.decision.id,
            "checkedAt": _moment(last.decision.decided_at),
            "validUntil": _moment(last.decision.valid_until),
            "matter": self.report.matter,
            "point": self.report.point,
            "environment": last.decision.environment,
            "measures": list(measures),
        }
        joint = [bid for bid, _ in found if bid.consortium]
        if joint:
            partners = [partner for bidder in bidders for partner in process.partners(bidder)]
            said["consortium"] = {
                "outcome": worst([bid.outcome for bid in joint]),
                "partners": list(dict.fromkeys(party_id for one in partners for party_id in one.party_ids[:1])),
            }
        rows = self.rows({result.decision.id for result in results})
        if self.table is not None and rows:
            said["ranking"] = _ranking(self.table, rows[0])
        return said

    def rows(self, decisions: set[str]) -> list[RankingRow]:
        """Give the rows of the committee's table in which these decisions stand."""
        rows = self.table.rows if self.table else ()
        return [row for row in rows if any(member.decision in decisions for member in row.members)]


def _ranking(table: RankingTable, row: RankingRow) -> dict[str, Any]:
    """Say where a bid stands: codes, clauses and points; reasons stay in the procurement file."""
    said: dict[str, Any] = {
        "table": table.digest,
        "by": table.by,
        "standing": row.standing,
        "base": _number(row.base),
        "final": _number(row.final),
        "bonus": _number(row.bonus),
        "deduction": _number(row.deduction),
        "credits": [{key: value for key, value in _credit(item).items() if value is not None} for item in row.items],
        "withheld": list(dict.fromkeys(f"{one.kind}.{one.code}" for one in row.withheld)),
    }
    places = {"rankBefore": row.rank_before, "rankAfter": row.rank_after, "decidedRank": row.decided_rank}
    return {**said, **{key: place for key, place in places.items() if place is not None}}


def _credit(item: CreditItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "measure": item.measure,
        "clause": item.clause,
        "basis": [f"{one.title}{one.article or ''}" for one in item.basis],
        "points": _number(item.points),
        "capped": item.capped,
    }


def _number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _results(document: Any, report: TenderReport, table: RankingTable | None) -> _Results:
    by_place: dict[tuple[str, str], list[tuple[BidResult, BidderResult]]] = {}
    for bid in report.bids:
        for result in bid.members:
            by_place.setdefault((bid.process or "", result.place), []).append((bid, result))
    results = _Results(report, reader.gather(document, []), by_place, table)
    for process in results.processes:
        for bidder in process.bidders:
            found = results.of(process, bidder)
            if not found or any(result.case.subject != bidder.subject for _, result in found):
                raise InputError(
                    f"the report is of another document: {bidder.place} was not checked",
                    f"报告与文件不符：{bidder.place} 未经核查",
                    remedy_en="check this document, then annotate it with that report",
                    remedy_zh="请先核查该文件，再用所得报告回写",
                )
    return results


def _annotated(document: Mapping[str, Any], results: _Results) -> dict[str, Any]:
    if ocds.is_record(document):
        return _record(document, results)
    if "releases" in document:
        given = document["releases"]
        kept = given if isinstance(given, list) else [one for _, one in items(given, "releases")]
        added = list(results.releases(_ids(kept)))
        return {**document, "releases": [*kept, *added]} if added else dict(document)
    if "records" in document:
        given = document["records"]
        if isinstance(given, list):
            return {**document, "records": [_record(one, results) if isinstance(one, dict) else one for one in given]}
        return {**document, "records": _record(given, results)} if isinstance(given, dict) else dict(document)
    return _release(document, results)


def _annotated_list(document: list[Any], results: _Results) -> list[Any]:
    if not any(isinstance(one, dict) and (ocds.is_record(one) or ocds.is_package(one)) for one in document):
        return [*document, *results.releases(_ids(document))]
    # Packages or records: what a process came to goes to the first one that speaks of it.
    left = {process.ocid: process for process in results.processes}
    answered: list[Any] = []
    for one in document:
        mine = [left.pop(ocid) for ocid in _ocids(one) if ocid in left]
        answered.append(_annotated(one, results.only(mine)) if isinstance(one, dict) and mine else one)
    return answered


def _ocids(document: Any) -> list[str]:
    try:
        return [process.ocid for process in reader.gather(document, [])]
    except InputError:
        return []  # it is no OCDS, and stays as it is


def _record(record: Mapping[str, Any], results: _Results) -> dict[str, Any]:
    answered = dict(record)
    named = _ocids(record)
    processes = [process for process in results.processes if process.bidders and process.ocid in named]
    if not processes:
        return answered
    given = record.get("releases")
    kept = given if isinstance(given, list) else [one for _, one in items(given, "releases")]
    compiled = record.get("compiledRelease")
    # Links and whole releases may not stand in one list; a record of links shows the result in its compiled release.
    links = bool(kept) and all(isinstance(one, dict) and "url" in one for one in kept)
    if not links:
        taken = _ids(kept)
        answered["releases"] = [*kept, *(results.release(process, taken) for process in processes if process.ocid)]
    if isinstance(compiled, dict):
        parties = {key: party for process in processes for key, party in results.parties(process).items()}
        answered["compiledRelease"] = _with_parties(compiled, parties)
    return answered


def _release(release: Mapping[str, Any], results: _Results) -> dict[str, Any]:
    process = results.processes[0] if results.processes else None
    if process is None or not process.bidders:
        return dict(release)
    added = results.release(process, _ids([release]))
    whole = _with_parties(release, results.parties(process))
    tags = release.get("tag")
    kept = tags if isinstance(tags, list) else [tags] if isinstance(tags, str) else []
    return {
        **whole,
        "id": added["id"],
        "date": added["date"],
        "tag": list(dict.fromkeys([*kept, "tenderUpdate"])),
        "initiationType": release.get("initiationType", "tender"),
    }


def _with_parties(release: Mapping[str, Any], added: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Put results to the parties of a release; parties that stand only in references are added."""
    parties = [one for _, one in items(release.get("parties"), "parties")]
    answered: list[Any] = []
    told: set[str] = set()
    for party in parties:
        party_id = identity.local_id(party.get("id")) if isinstance(party, dict) else ""
        result = added.get(party_id)
        if result is None:
            answered.append(party)
            continue
        told.add(party_id)
        details = party.get("details")
        kept = details if isinstance(details, dict) else {}
        answered.append({**party, "details": {**kept, **result["details"]}})
    answered += [party for party_id, party in added.items() if party_id not in told]
    return {**release, "parties": answered}


def _ids(releases: Iterable[Any]) -> set[str]:
    return {identity.text(one.get("id")) for one in releases if isinstance(one, dict)}


def _moment(moment: datetime) -> str:
    return moment.astimezone(_ZONE).isoformat(timespec="seconds")
