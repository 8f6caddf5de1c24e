"""The reader of 360Giving files: grants and their recipients, each recipient once. It follows no address in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import Any

from credit_check_adapter_subsidy import columns
from credit_check_sdk import Applicant, Identifier, InputError, Rejected, Remark, Subject, Words

_LARGEST = 512 * 1024 * 1024
_SIGN = re.compile(r'"(?:grants|recipientOrganization|recipientIndividual|fundingOrganization)"\s*:')


class GivingReader:
    """Read 360Giving JSON: a package, or a bare list of grants."""

    format: str = "360giving"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether this looks like 360Giving."""
        del path
        text = head.decode("utf-8", "ignore").lstrip("\ufeff \r\n\t")
        return text.startswith(("{", "[")) and bool(_SIGN.search(text))

    def read(self, path: Path) -> Iterator[Applicant | Rejected | Remark]:
        """Read a file grant by grant; each recipient is given once, with the grants it is to have.

        Raises:
            InputError: ``file.unreadable`` when it is no JSON, or no list of grants; it names the place.
        """
        grants = _grants(path)
        recipients: dict[object, Applicant] = {}
        refused = 0
        for place, grant in enumerate(grants):
            for row, found in _recipients(grant, f"grants[{place}]"):
                if isinstance(found, Words):
                    refused += 1
                    yield Rejected(row=row, reason=found)
                    continue
                key = found.keys or (found.category, found.normal_name)
                known = recipients.get(key)
                if known is None:
                    recipients[key] = Applicant(
                        row=row, subject=found, process=_text(grant.get("id")) or None, host={"grants": 1}
                    )
                else:
                    known.host["grants"] += 1
        yield from recipients.values()
        nobody = Words(zh="，没有受助方", en="; it names no recipient") if not recipients else Words(zh="", en="")
        words = Words(
            zh=f"共 {len(grants)} 笔资助，{len(recipients)} 个受助方" + nobody.zh,
            en=f"{len(grants)} grants to {len(recipients)} recipients" + nobody.en,
        )
        yield Remark(items=len(grants), words=words)


def _recipients(grant: Any, place: str) -> Iterator[tuple[str, Subject | Words]]:
    if not isinstance(grant, Mapping):
        yield place, Words(zh="不是一笔资助；请修改", en="this is no grant; mend it")
        return
    found = False
    for key, category in (("recipientOrganization", "organisation"), ("recipientIndividual", "person")):
        said = grant.get(key)
        for number, one in enumerate(said if isinstance(said, list) else [said] if said else []):
            found = True
            row = f"{place}.{key}[{number}]"
            yield row, _subject(one, category)
    if not found:
        yield place, Words(zh="没有受助方；请补充 recipientOrganization", en="no recipient; add recipientOrganization")


def _subject(said: Any, category: Any) -> Subject | Words:
    if not isinstance(said, Mapping):
        return Words(zh="受助方不是对象；请修改", en="the recipient is no object; mend it")
    name = _text(said.get("name"))
    if not name:
        return Words(zh="受助方没有名称；请补充", en="the recipient has no name; add it")
    value = _text(said.get("id"))
    identifiers: list[Identifier] = []
    if value and "*" not in value:
        identifiers.append(columns.identify(value))
    for key, scheme in (("companyNumber", "GB-COH"), ("charityNumber", "GB-CHC")):
        number = _text(said.get(key))
        if number and "*" not in number and all((i.scheme, i.value) != (scheme, number) for i in identifiers):
            identifiers.append(Identifier(scheme=scheme, value=number))
    return Subject(category=category, name=name, identifiers=tuple(identifiers))


def _text(value: Any) -> str:
    return columns.text(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _grants(path: Path) -> list[Any]:
    if path.stat().st_size > _LARGEST:
        raise _unreadable("it is larger than 512 MiB", "超过 512 MiB", "split it", "请拆分文件")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise _unreadable(
            f"line {error.lineno}, column {error.colno}: {error.msg}",
            f"第 {error.lineno} 行第 {error.colno} 列：{error.msg}",
            "mend the JSON there",
            "请修改该处的 JSON",
        ) from None
    except RecursionError:
        raise _unreadable(
            "it is nested too deeply", "嵌套过深", "give a 360Giving file", "请提供 360Giving 文件"
        ) from None
    grants = document.get("grants") if isinstance(document, dict) else document
    if isinstance(grants, dict):
        grants = [grants]
    if not isinstance(grants, list):
        raise _unreadable(
            "grants: there is no list of grants",
            "grants：没有资助列表",
            "give a 360Giving package",
            "请提供 360Giving 数据包",
        )
    return grants


def _unreadable(en: str, zh: str, remedy_en: str, remedy_zh: str) -> InputError:
    return InputError(en, zh, code="file.unreadable", remedy_en=remedy_en, remedy_zh=remedy_zh)
