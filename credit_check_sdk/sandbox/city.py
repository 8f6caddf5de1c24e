"""A synthetic city: subjects with valid identifiers and invented names, and records on every list. No real person.

The same seed makes the same city on every day and every machine.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from credit_check_sdk.model import Identifier, Subject
from credit_check_sdk.model.identifiers import synthetic_resident_id, synthetic_uscc
from credit_check_sdk.platform import wire
from credit_check_sdk.sandbox.store import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = date(2026, 6, 1)
"""The day around which the city's records lie."""
_REGIONS = ("451100", "451102", "451103", "451121", "451122", "451123")
_PLACES = ("贺州市", "八步区", "平桂区", "昭平县", "钟山县", "富川县")
_WORDS = ("瑞丰", "桂岭", "临江", "姑婆山", "黄姚", "盛源", "恒信", "南岭", "金葵", "紫云", "清塘", "望高")
_TRADES = ("食品", "建设", "商贸", "物流", "农业", "科技", "石材", "旅游", "医药", "环保")
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
_BLACK: tuple[tuple[str, str, str], ...] = (
    ("SXBZXR", "贺州市八步区人民法院", "national"),
    ("SAMR-YZ", "贺州市市场监督管理局", "municipal"),
    ("SAMR-YC", "贺州市市场监督管理局", "municipal"),
    ("STA-ZD", "国家税务总局贺州市税务局", "national"),
    ("MOF-ZC", "贺州市财政局", "national"),
    ("MOHRSS-NMG", "贺州市人力资源和社会保障局", "regional"),
    ("MEM-AQ", "贺州市应急管理局", "regional"),
)
_RED: tuple[tuple[str, str, str], ...] = (("STA-A", "国家税务总局贺州市税务局", "national"),)
_STATUSES = ("active", "active", "active", "active", "repaired", "objected", "expired", "publicity_ended")


def city(subjects: int, seed: int) -> tuple[list[Subject], list[wire.RecordDraft]]:
    """Make so many subjects, and records for about a fifth of them."""
    chance = random.Random(seed)  # noqa: S311  no secret: the same seed has to make the same city
    people = [_subject(chance, place) for place in range(subjects)]
    return people, list(_records(chance, people))


def _subject(chance: random.Random, place: int) -> Subject:
    where = chance.randrange(len(_REGIONS))
    kind = chance.random()
    if kind < 0.15:  # noqa: PLR2004  share of persons
        name = chance.choice(_SURNAMES) + f"示例{place}"
        identifier = Identifier(scheme="cn-resident-id", value=synthetic_resident_id(chance))
        return Subject(category="person", name=name, identifiers=(identifier,))
    trader = kind < 0.25  # noqa: PLR2004  share of sole traders
    value = synthetic_uscc(chance, kind="2" if trader else "1", region=_REGIONS[where])
    end = "经营部" if trader else "有限公司"
    return Subject(
        category="sole_trader" if trader else "organisation",
        name=f"{_PLACES[where]}{chance.choice(_WORDS)}{chance.choice(_TRADES)}{place}号{end}",
        identifiers=(Identifier(scheme="cn-uscc", value=value),),
        founded_on=BASE - timedelta(days=chance.randrange(60, 9000)),
    )


def _records(chance: random.Random, people: list[Subject]) -> Iterator[wire.RecordDraft]:
    for place, subject in enumerate(people):
        luck = chance.random()
        if luck < 0.10:  # noqa: PLR2004  share of those with a record against them
            yield _black(chance, subject, place)
        elif luck < 0.18 and subject.category == "organisation":  # noqa: PLR2004  share of the praised
            yield _red(chance, subject, place)
        elif luck < 0.22:  # noqa: PLR2004  share of those with a penalty
            yield _penalty(chance, subject, place)


def _black(chance: random.Random, subject: Subject, place: int) -> wire.RecordDraft:
    code, authority, level = chance.choice(_BLACK)
    document = BASE - timedelta(days=chance.randrange(30, 900))
    status: Any = chance.choice(_STATUSES)
    end = document + timedelta(days=3 * 365)
    return wire.RecordDraft.model_validate(
        {
            "record_id": f"CITY-{place:06d}-B",
            "level": level,
            "authority_level": "municipal",
            "list_code": code,
            "kind": "list",
            "polarity": "negative",
            "subject": subject,
            "authority": authority,
            "doc_no": f"示例〔{document.year}〕{place}号",
            "document_date": document,
            "severity": "general" if code == "SAMR-YC" else "serious",
            "status": "expired" if status == "active" and end < BASE else status,
            "facts": "合成数据，不涉及真实主体",
            "publicity_until": end,
            "list_until": end,
        }
    )


def _red(chance: random.Random, subject: Subject, place: int) -> wire.RecordDraft:
    code, authority, level = chance.choice(_RED)
    return wire.RecordDraft.model_validate(
        {
            "record_id": f"CITY-{place:06d}-R",
            "level": level,
            "authority_level": "municipal",
            "list_code": code,
            "kind": "list",
            "polarity": "positive",
            "subject": subject,
            "authority": authority,
            "document_date": BASE - timedelta(days=30),
            "list_until": BASE + timedelta(days=365),
        }
    )


def _penalty(chance: random.Random, subject: Subject, place: int) -> wire.RecordDraft:
    document = BASE - timedelta(days=chance.randrange(10, 1500))
    severity: Any = chance.choice(("minor", "minor", "general", "serious"))
    return wire.RecordDraft.model_validate(
        {
            "record_id": f"CITY-{place:06d}-P",
            "level": chance.choice(LEVELS),
            "authority_level": "municipal",
            "kind": "penalty",
            "polarity": "negative",
            "subject": subject,
            "authority": "贺州市市场监督管理局",
            "doc_no": f"示例罚〔{document.year}〕{place}号",
            "document_date": document,
            "severity": severity,
            "status": "active",
            "facts": "合成数据，不涉及真实主体",
            "publicity_until": document + timedelta(days=365),
        }
    )
