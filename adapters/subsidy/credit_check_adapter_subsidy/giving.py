"""The reader of 360Giving files: grants and their recipients, each recipient once. It follows no address in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy.cells import nothing, text
from credit_check_adapter_subsidy.identity import tell
from credit_check_adapter_subsidy.unreadable import unreadable
from credit_check_sdk import Applicant, Identifier, Rejected, Remark, Subject, Words

if TYPE_CHECKING:
    from credit_check_sdk import Category

_LARGEST = 512 * 1024 * 1024
_SIGN = re.compile(r'"(?:grants|recipientOrganization|recipientIndividual|fundingOrganization)"\s*:')
_OF_OTHERS = re.compile(r'"(?:ocid|releases|records)"\s*:')
_LONGEST_NAME = 512


@dataclass(slots=True)
class _Recipient:
    """One recipient, as the grants to it tell."""

    row: str
    subject: Subject
    process: str | None
    grants: int = 1
    doubts: list[Words] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def applicant(self) -> Applicant:
        doubts = list(self.doubts)
        if len(self.names) > 1:
            doubts.append(
                Words(
                    zh=f"同一标识号码下有 {len(self.names)} 个名称；请核对",
                    en=f"its identifier stands under {len(self.names)} names; compare them",
                )
            )
        return Applicant(
            row=self.row,
            subject=self.subject,
            process=self.process,
            doubts=tuple(doubts),
            host={"grants": self.grants},
        )


class GivingReader:
    """Read 360Giving JSON: a package, a bare list of grants, one grant, or one grant on each line."""

    format: str = "360giving"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether this looks like 360Giving, and not like OCDS."""
        del path
        said = _decoded(head, "ignore").lstrip(" \r\n\t")
        return said.startswith(("{", "[")) and bool(_SIGN.search(said)) and not _OF_OTHERS.search(said)

    def read(self, path: Path) -> Iterator[Applicant | Rejected | Remark]:
        """Read a file; each recipient is given once, with the number of grants it is to have.

        Raises:
            InputError: ``file.unreadable`` when it is no JSON, or no list of grants; it names the place.
        """
        grants = _grants(path)
        recipients: list[_Recipient] = []
        by_key: dict[object, _Recipient] = {}
        for place, grant in grants:
            for row, told in _recipients(grant, place):
                if isinstance(told, Rejected):
                    yield told
                    continue
                subject, doubts = told
                keys = _keys(subject)
                known = next((by_key[key] for key in keys if key in by_key), None)
                if known is None:
                    process = text(grant.get("id")) or None
                    known = _Recipient(row, subject, process, doubts=doubts)
                    recipients.append(known)
                else:
                    known.grants += 1
                known.names.add(subject.normal_name)
                by_key.update(dict.fromkeys(keys, known))
        yield from (one.applicant() for one in recipients)
        zh = f"共 {len(grants)} 笔资助，{len(recipients)} 个受助方" + ("" if recipients else "；没有受助方")
        en = f"{len(grants)} grants to {len(recipients)} recipients" + ("" if recipients else "; it names no recipient")
        yield Remark(items=len(grants), words=Words(zh=zh, en=en))


def _keys(subject: Subject) -> list[object]:
    keys: list[object] = [
        key
        for identifier in subject.identifiers
        if all(one.code != "identifier.placeholder" for one in identifier.normalised.findings)
        for key in identifier.keys
    ]
    if not subject.identifiers and subject.category != "person":
        keys.append((subject.category, subject.normal_name))
    return keys


def _recipients(grant: Any, place: str) -> Iterator[tuple[str, tuple[Subject, list[Words]] | Rejected]]:
    if not isinstance(grant, Mapping):
        yield place, Rejected(row=place, reason=Words(zh="不是一笔资助；请修改", en="this is no grant; mend it"))
        return
    found = False
    kinds: tuple[tuple[str, Category], ...] = (
        ("recipientOrganization", "organisation"),
        ("recipientIndividual", "person"),
    )
    for key, category in kinds:
        for number, one in enumerate(_flat(grant.get(key))):
            found = True
            row = f"{place}.{key}[{number}]"
            yield row, _subject(one, category, row)
    if not found:
        reason = Words(zh="没有受助方；请补充 recipientOrganization", en="no recipient; add recipientOrganization")
        yield place, Rejected(row=place, reason=reason)


def _flat(said: Any) -> Iterator[Any]:
    """Give what stands in a list, in a list of lists, or alone."""
    if isinstance(said, list):
        for one in said:
            yield from _flat(one)
    elif said is not None and said not in ("", {}):
        yield said


def _subject(said: Any, category: Category, row: str) -> tuple[Subject, list[Words]] | Rejected:
    if not isinstance(said, Mapping):
        return Rejected(row=row, reason=Words(zh="受助方不是对象；请修改", en="the recipient is no object; mend it"))
    name = text(said.get("name"))
    if nothing(name):
        return Rejected(row=row, reason=Words(zh="受助方没有名称；请补充", en="the recipient has no name; add it"))
    if len(name) > _LONGEST_NAME:
        return Rejected(
            row=row, name=name[:60] + "…", reason=Words(zh="名称过长；请修改", en="the name is too long; mend it")
        )
    doubts: list[Words] = []
    identifiers: list[Identifier] = []
    for key, scheme in (("id", ""), ("companyNumber", "GB-COH"), ("charityNumber", "GB-CHC")):
        told = tell(said.get(key), scheme=scheme, category=category)
        if told.wrong is not None and key == "id":
            return Rejected(row=row, name=name, reason=told.wrong)
        doubts += [words for words in (told.wrong, told.doubt) if words is not None]
        if told.identifier is not None and all(told.identifier.keys.isdisjoint(one.keys) for one in identifiers):
            identifiers.append(told.identifier)
    # GB 32100-2015: a code that begins with 92 is a sole trader's.
    if any(one.scheme == "cn-uscc" and one.normal.startswith("92") for one in identifiers):
        category = "sole_trader"
    return Subject(category=category, name=name, identifiers=tuple(identifiers)), doubts


def _grants(path: Path) -> list[tuple[str, Any]]:
    """Give the grants, each with its place."""
    try:
        if path.stat().st_size > _LARGEST:
            raise unreadable("it is larger than 512 MiB", "超过 512 MiB", "split it", "请拆分文件")
        written = _decoded(path.read_bytes())
    except OSError as error:
        raise unreadable(
            f"it cannot be read ({error.strerror})",
            f"无法读取（{error.strerror}）",
            "name a file that is there",
            "请指定存在的文件",
        ) from None
    try:
        document = _loaded(written)
    except json.JSONDecodeError as error:
        lines = _by_line(written)
        if lines is not None:
            return lines
        raise unreadable(
            f"line {error.lineno}, column {error.colno}: {error.msg}",
            f"第 {error.lineno} 行第 {error.colno} 列：{error.msg}",
            "mend the JSON there",
            "请修改该处的 JSON",
        ) from None
    return [(f"grants[{number}]", grant) for number, grant in enumerate(_listed(document))]


def _listed(document: Any) -> list[Any]:
    if isinstance(document, Mapping) and "$schema" in document and "grants" not in document:
        raise unreadable(
            "line 1: this is a JSON Schema, not data",
            "第 1 行：这是 JSON Schema，不是数据",
            "give a file of grants",
            "请提供资助数据文件",
        )
    grants = document.get("grants", document) if isinstance(document, Mapping) else document
    if isinstance(grants, Mapping):
        grants = [grants] if "recipientOrganization" in grants or "recipientIndividual" in grants else None
    if not isinstance(grants, list):
        raise unreadable(
            "line 1, grants: there is no list of grants",
            "第 1 行 grants：没有资助列表",
            'give a 360Giving package: {"grants": […]}',
            '请提供 360Giving 数据包：{"grants": […]}',
        )
    return grants


def _by_line(written: str) -> list[tuple[str, Any]] | None:
    """Read one grant, or one package, on each line; a line that is broken is a rejected row. None where it is not so."""
    lines = [(number, line) for number, line in enumerate(written.splitlines(), start=1) if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for _, line in lines):  # noqa: PLR2004  one line is a document
        return None
    grants: list[tuple[str, Any]] = []
    whole = 0
    for number, line in lines:
        try:
            document = _loaded(line)
        except json.JSONDecodeError:
            grants.append((f"line {number}", None))
            continue
        whole += 1
        inner = document.get("grants") if isinstance(document, Mapping) else None
        if isinstance(inner, list):
            grants += [(f"line {number}, grants[{place}]", grant) for place, grant in enumerate(inner)]
        else:
            grants.append((f"line {number}", document))
    return grants if whole else None


def _loaded(written: str) -> Any:
    try:
        return json.loads(written, parse_int=_whole)
    except RecursionError:
        raise unreadable(
            "line 1: it is nested too deeply", "第 1 行：嵌套过深", "give a 360Giving file", "请提供 360Giving 文件"
        ) from None


def _whole(digits: str) -> int | str:
    """Keep whole numbers that no identifier or amount has as text: making a number of thousands of digits is refused."""
    return int(digits) if len(digits) <= 30 else digits  # noqa: PLR2004  far above any identifier


def _decoded(data: bytes, errors: str = "strict") -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors if errors == "ignore" else "replace")
    try:
        return data.decode("utf-8-sig", errors)
    except UnicodeDecodeError:
        return data.decode("latin-1")
