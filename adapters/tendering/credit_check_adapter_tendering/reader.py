"""The reader of OCDS files, for screening: one row for every bidder and supplier of a process.

It only reads the file it was given; addresses in it are not followed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from credit_check_adapter_tendering import bidders, document, ocds
from credit_check_sdk import Applicant, InputError, Party, Rejected, Remark, Tender, Words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from credit_check_adapter_tendering.bidders import Bidder, Process

_SIGNS = re.compile(
    r'"(?:ocid|compiledRelease|versionedRelease|releases|releaseTag|tenderers|OrganizationReference|statementID)"\s*[:,\]]'
)
_RECORDS = re.compile(r'"records"\s*:')
_PACKAGE = re.compile(r'"(?:publishedDate|publisher|packages|extensions)"\s*:')
_PACKED = re.compile(r"\.(?:json|jsonl|ndjson)\.(?:gz|zip|bz2|xz|zst)", re.IGNORECASE)
_KEY = re.compile(r"[A-Za-z_]{1,40}")
_PLACES_SHOWN = 3


class OcdsReader:
    """Read OCDS 1.0 and 1.1: releases, records, packages of them, and JSON Lines, the EU profile among them."""

    format: str = "ocds"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether this looks like OCDS; also for a packed JSON file, so as to say clearly what to do."""
        if document.compression(head):
            return bool(_PACKED.fullmatch("".join(path.suffixes[-2:])))
        text = document.text_head(head)
        if not text.startswith(("{", "[")):
            return False
        return bool(_SIGNS.search(text) or (_RECORDS.search(text) and _PACKAGE.search(text)))

    def read(self, path: Path) -> Iterator[Applicant | Rejected | Remark]:
        """Read a file process by process; the last thing said is a `Remark` on the whole.

        Raises:
            InputError: ``file.unreadable`` when the file as a whole cannot be read; it names the place.
        """
        tally = Tally()
        for process in processes(path, tally):
            if isinstance(process, Rejected):
                tally.rejected += 1
                yield process
                continue
            tally.count(process)
            yield from process.rejected
            for bidder in process.bidders:
                yield applicant(process, bidder)
        yield tally.remark()


def processes(path: Path, tally: Tally | None = None) -> Iterator[Process | Rejected]:
    """Read a file process by process; a process that comes in several releases or lines is given once, whole.

    Raises:
        InputError: ``file.unreadable`` when the file as a whole cannot be read; it names the place.
    """
    tally = tally or Tally()
    # Twice through the file: first to learn where each process ends, so that only open ones are kept in memory.
    ends: dict[str, int] = {}
    usable = 0
    first: InputError | None = None
    for number, piece in enumerate(document.pieces(path, document.Reading())):
        try:
            found = _taken_apart(piece)
        except InputError as broken:
            if not piece.place:
                raise
            first = first or broken
            continue
        usable += 1
        ends |= {located.ocid: number for located in found if isinstance(located, ocds.Located)}
    if not usable and first is not None:
        raise first
    open_ones: dict[str, list[ocds.Located]] = {}
    for number, piece in enumerate(document.pieces(path, tally.reading)):
        try:
            found = _taken_apart(piece)
        except InputError as broken:
            yield Rejected(row=piece.place, reason=Words(zh=broken.words("zh-CN"), en=broken.words("en")))
            continue
        yield from tally.sort(found, open_ones)
        done = [ocid for ocid in open_ones if not ocid or ends[ocid] == number]
        for ocid in done:
            yield from _whole(ocid, open_ones.pop(ocid))


def _taken_apart(piece: document.Piece) -> list[ocds.Located | Rejected]:
    if piece.error is not None:
        raise piece.error
    return list(ocds.releases(piece.value, piece.place))


def _whole(ocid: str, found: list[ocds.Located]) -> Iterator[Process]:
    if ocid:
        yield bidders.process(ocid, found)
    else:  # releases that name no process cannot be known to belong together
        for located in found:
            yield bidders.process("", [located])


def gather(value: object, rejected: list[Rejected]) -> list[Process]:
    """Give the processes of a parsed document, each once; what is no release goes into *rejected*.

    Raises:
        InputError: ``file.unreadable`` when it holds neither releases nor records.
    """
    found: dict[str, list[ocds.Located]] = {}
    rejected += Tally().sort(list(ocds.releases(value)), found)
    return [process for ocid, located in found.items() for process in _whole(ocid, located)]


def applicant(process: Process, bidder: Bidder) -> Applicant:
    """Give a bidder as a row to be screened; who bids together with it stands beside it."""
    partners = process.partners(bidder)
    members = (Party(role="consortium_member", subject=partner.subject) for partner in partners)
    return Applicant(
        row=bidder.place,
        subject=bidder.subject,
        parties=(*bidder.related, *members),
        process=process.ocid or None,
        tender=Tender(id=process.tender),
        doubts=tuple(note.words for note in bidder.notes if note.doubtful),
        host=host(process, bidder),
    )


def host(process: Process, bidder: Bidder) -> dict[str, object]:
    """Say what a host wants to find again of a bidder; it holds no identifier in full."""
    statuses = {status for bid in process.by_bidder[bidder] for status in bid.statuses}
    return {
        "ocid": process.ocid or None,
        "place": bidder.place,
        "capacities": list(bidder.capacities),
        "bid_statuses": sorted(statuses),
        "consortium": [partner.subject.name for partner in process.partners(bidder)],
        "lead": bidder.lead,
        "doubtful": bidder.doubtful,
        "notes": [
            {"code": note.code, "doubtful": note.doubtful, **note.words.model_dump(by_alias=True)}
            for note in bidder.notes
        ],
    }


class Tally:
    """What a file held, counted while it is read."""

    def __init__(self) -> None:
        self.reading = document.Reading()
        self.releases = 0
        self.links = 0
        self.processes = 0
        self.bidders = 0
        self.members = 0
        self.unnamed = 0
        self.rejected = 0
        self.doubts: dict[str, tuple[Words, list[str]]] = {}

    def sort(
        self, found: list[ocds.Located | Rejected], open_ones: dict[str, list[ocds.Located]]
    ) -> Iterator[Rejected]:
        """Put releases to their processes and give what is none."""
        for located in found:
            if isinstance(located, Rejected):
                yield located
            elif located.linked:
                self.links += 1
            else:
                self.releases += 1
                open_ones.setdefault(located.ocid, []).append(located)

    def count(self, process: Process) -> None:
        """Count a process."""
        self.processes += 1
        self.bidders += len(process.bidders)
        self.members += sum(1 for one in process.bidders if process.partners(one))
        self.unnamed += process.unnamed
        self.rejected += len(process.rejected)
        for bidder in process.bidders:
            for note in bidder.notes:
                self.doubts.setdefault(note.code, (note.words, []))[1].append(bidder.place)

    def remark(self) -> Remark:
        """Say in words what the file held."""
        zh = [f"共 {self.releases} 条发布、{self.processes} 个采购过程"]
        en = [f"{self.releases} releases of {self.processes} contracting processes"]
        if self.bidders:
            zh.append(f"{self.bidders} 家投标人或供应商（其中联合体成员 {self.members} 家）")
            en.append(f"{self.bidders} bidders and suppliers ({self.members} of them members of a consortium)")
        else:
            zh.append("没有投标人或供应商，无需核查")
            en.append("no bidders or suppliers, so that there is nobody to check")
        if self.unnamed:
            zh.append(f"另有 {self.unnamed} 份投标未写明投标人，无法核查")
            en.append(f"{self.unnamed} more bids are counted without saying who bids, and cannot be checked")
        if self.links:
            zh.append(f"{self.links} 条记录只给出链接，未予获取")
            en.append(f"{self.links} records only link to their releases, which were not fetched")
        if self.reading.encoding not in {"utf-8", "utf-8-sig"}:
            zh.append(f"文件编码按 {self.reading.encoding} 识别")
            en.append(f"the file was understood as {self.reading.encoding}")
        if self.reading.doubled:
            keys = ", ".join(sorted({key for key in self.reading.doubled if _KEY.fullmatch(key)})) or "…"
            zh.append(f"同一对象中有重复的键（{keys}）：列表已合并，其余取最后一个")
            en.append(f"keys stand twice in one object ({keys}): lists were joined, of all else the last one counts")
        for words, places in self.doubts.values():
            more = "…" if len(places) > _PLACES_SHOWN else ""
            where = "; ".join(places[:_PLACES_SHOWN]) + more
            zh.append(f"{words.zh}（{len(places)} 处：{where}）")
            en.append(f"{words.en} ({len(places)}: {where})")
        return Remark(items=self.releases, words=Words(zh="；".join(zh) + "。", en="; ".join(en) + "."))
