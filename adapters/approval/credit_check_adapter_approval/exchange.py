"""Cases from the case-exchange tables of government-service platforms (办件交换库). It opens no database and no file.

``up_pro_accept`` holds a file, ``up_pro_material`` its documents, ``up_pro_special_procedure`` its interruptions,
``up_pro_process`` and ``up_pro_result`` what was done with it. Field names are those of the exchange; every code is
looked up in a table that a region may replace. What cannot be understood is refused with the name of its field, never
guessed: a case about somebody else is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from credit_check_adapter_approval.cells import column, columns, moment, text
from credit_check_adapter_approval.materials import checklist
from credit_check_adapter_approval.tables import OF_ORGANISATIONS, PERSONAL, Tables, standard
from credit_check_sdk import Case, CaseError, Identifier, Party, Subject

if TYPE_CHECKING:
    from datetime import date, datetime

    from credit_check_sdk import Category, MatterPolicy, Operator, Point, Purpose, Role

Row = Mapping[str, Any]
Rows = Mapping[str, Row | Sequence[Row]]
"""A file as the exchange holds it: for each table one row or several."""

_MATTER_FIELDS = ("task_code", "local_task_code", "catalog_code", "local_catalog_code")
_USCC_LENGTH = 18


def case_from_exchange(  # noqa: PLR0913  what makes a case is named one by one
    rows: Rows,
    *,
    operator: Operator,
    purpose: Purpose,
    matter_map: Mapping[str, str],
    point: Point = "accept",
    policies: Mapping[str, MatterPolicy] | None = None,
    tables: Tables | None = None,
    parties: Sequence[Party] = (),
    founded_on: date | None = None,
) -> Case:
    """Make a case of one file of the exchange.

    *rows* names tables (``up_pro_accept`` and the others) with their row or rows; upper case and camel case are
    understood. *matter_map* leads from the file's service item to the matter: by ``task_code``, ``catalog_code`` or the
    region's own codes, else by the longest prefix of ``task_code``. With *policies* (``credit.policies``) the matter's
    checklist is merged in, and only persons in roles that the matter asks about become parties.

    The exchange knows the legal representative by name only, which nobody can be asked about: such a case ends in
    *review*. Give them with their identifier in *parties*, which take the place of those of the same role and name.
    *founded_on*, which the exchange does not hold, opens the way to the three clean years.

    Raises:
        CaseError: a field is missing, unknown or contradicts another; the message names table and field.
    """
    tables = tables or standard()
    given = _tables(rows, tables)
    accept = _accepted(given)
    matter = _matter(accept, matter_map)
    policy = policies.get(matter) if policies is not None else None
    subject = _subject(accept, tables, founded_on)
    number = text(accept["project_no"])
    _all_of_one_file(given, number)
    return Case(
        id=number,
        matter=matter,
        point=point,
        subject=subject,
        parties=_parties(accept, subject, parties, tables, policy),
        purpose=purpose,
        operator=operator,
        region=_region(text(accept["org_code"])),
        opened_at=_moment(accept, "accept_date"),
        materials=checklist(given.get("up_pro_material", ()), policy),
        host=_host(given, accept),
    )


def _tables(rows: Rows, tables: Tables) -> dict[str, list[dict[str, Any]]]:
    """Bring the tables into one form, and refuse rows that lack what the exchange asks for."""
    given: dict[str, list[dict[str, Any]]] = {}
    for name, said in rows.items():
        table = column(name)
        listed: Any = [said] if isinstance(said, Mapping) else said
        if table not in tables.required:
            continue  # A region's own table is none of our business.
        if isinstance(listed, str | bytes) or not isinstance(listed, Sequence):
            raise _wrong(
                table, "is no row and no list of rows", "不是行，也不是行的列表", "give its rows", "请提供该表的行"
            )
        for place, row in enumerate(listed):
            at = table if len(listed) == 1 else f"{table}[{place}]"
            if not isinstance(row, Mapping):
                raise _wrong(at, "is no row", "不是一行数据", "give a mapping of columns", "请提供列名到值的映射")
            plain = columns(row)
            for field in tables.required[table]:
                if not text(plain.get(field)):
                    raise _wrong(f"{at}.{field}", "is missing", "缺失", "fill it in", "请补充")
            given.setdefault(table, []).append(plain)
    return given


def _accepted(given: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = given.get("up_pro_accept", [])
    if not found:
        raise _wrong("up_pro_accept", "is missing", "缺失", "give the row of the file", "请提供办件受理信息")
    if len(found) > 1:
        raise _wrong(
            "up_pro_accept",
            f"has {len(found)} rows, and a case is made of one",
            f"有 {len(found)} 行，而一个办件只对应一行",
            "make a case of each",
            "请逐行生成",
        )
    return found[0]


def _all_of_one_file(given: Mapping[str, list[dict[str, Any]]], number: str) -> None:
    for table, listed in given.items():
        for place, row in enumerate(listed):
            if text(row["project_no"]) != number:
                raise _wrong(
                    f"{table}[{place}].project_no",
                    "is another file's",
                    "属于另一个办件",
                    "give the rows of one file at a time",
                    "请按办件编号分别提供",
                )


def _matter(accept: Row, matter_map: Mapping[str, str]) -> str:
    for field in _MATTER_FIELDS:
        code = text(accept.get(field))
        if code and code in matter_map:
            return matter_map[code]
    task = text(accept["task_code"])
    for prefix in sorted(matter_map, key=len, reverse=True):
        if prefix and task.startswith(prefix):
            return matter_map[prefix]
    raise CaseError(
        f"up_pro_accept.task_code {task!r} leads to no matter",
        f"up_pro_accept.task_code“{task}”没有对应的事项",
        code="case.unknown_matter",
        remedy_en="add it, its catalog_code or a prefix of it to matter_map",
        remedy_zh="请在 matter_map 中添加该编码、其基本编码或前缀",
    )


def _subject(accept: Row, tables: Tables, founded_on: date | None) -> Subject:
    identifier = _identifier(accept, "applyer_page_type", "applyer_page_code", tables)
    if identifier is None:
        raise _wrong("up_pro_accept.applyer_page_code", "is missing", "缺失", "fill it in", "请补充")
    return _made_subject(accept, "applyer_name", _category(accept, identifier, tables), identifier, founded_on)


def _category(accept: Row, identifier: Identifier, tables: Tables) -> Category:
    code = text(accept["applyer_type"])
    said = tables.categories.get(code)
    if said is None:
        known = ", ".join(tables.categories)
        raise _wrong(
            "up_pro_accept.applyer_type",
            f"has an unknown code {code[:20]!r}",
            f"取值“{code[:20]}”未知",
            f"use one of {known}, or add it to the tables",
            f"可用取值：{known}；或在码表中添加",
        )
    # GB 32100-2015: a code that begins with 92 is a sole trader's (个体工商户), whatever the form calls the applicant.
    if identifier.scheme == "cn-uscc" and identifier.normal.startswith("92"):
        return "sole_trader"
    wrong = OF_ORGANISATIONS if said == "person" else PERSONAL if said == "organisation" else frozenset()
    if identifier.scheme in wrong:
        raise _wrong(
            "up_pro_accept.applyer_type",
            f"says {said} and applyer_page_type says {identifier.scheme}",
            f"为 {said}，而 applyer_page_type 为 {identifier.scheme}，互相矛盾",
            "correct one of them",
            "请更正其一",
        )
    return said


def _identifier(accept: Row, of_scheme: str, of_value: str, tables: Tables) -> Identifier | None:
    value, code = text(accept.get(of_value)), text(accept.get(of_scheme))
    if not value:
        return None
    if code not in tables.schemes:
        known = ", ".join(tables.schemes)
        raise _wrong(
            f"up_pro_accept.{of_scheme}",
            f"has an unknown code {code[:20]!r}" if code else "is missing",
            f"取值“{code[:20]}”未知" if code else "缺失",
            f"use one of {known}, or add it to the tables",
            f"可用取值：{known}；或在码表中添加",
        )
    try:
        return Identifier(scheme=tables.schemes[code], value=value)
    except ValueError:
        # Masked, or longer than any identifier. Its text stays out of the message.
        raise _wrong(
            f"up_pro_accept.{of_value}",
            "is masked or no identifier",
            "已脱敏或不是有效的证件号码",
            "give it in full",
            "请提供完整号码",
        ) from None


def _made_subject(
    accept: Row, of_name: str, category: Category, identifier: Identifier | None, founded_on: date | None = None
) -> Subject:
    identifiers = (identifier,) if identifier is not None else ()
    try:
        return Subject(category=category, name=text(accept[of_name]), identifiers=identifiers, founded_on=founded_on)
    except ValueError:
        raise _wrong(f"up_pro_accept.{of_name}", "is no name", "不是有效的名称", "correct it", "请更正") from None


def _parties(
    accept: Row, subject: Subject, given: Sequence[Party], tables: Tables, policy: MatterPolicy | None
) -> tuple[Party, ...]:
    """Name the legal representative and the agent, where the matter asks about them.

    个人信息保护法 第六条: no more persons than the purpose needs. Without a policy the legal representative is named,
    so that somebody who should have been asked about is never silently left out.
    """
    asked = set(policy.query_roles) if policy is not None else {"legal_representative", "owner"}
    head: Role = "owner" if subject.category == "sole_trader" else "legal_representative"
    found = list(given)
    known = {(party.role, party.subject.normal_name) for party in given}
    wanted: tuple[tuple[Role, str, str, str], ...] = (
        (head, "legal", "legal_type", "legal_code"),
        ("agent", "contact_name", "contact_type", "contact_code"),
    )
    for role, of_name, of_scheme, of_value in wanted:
        if subject.category == "person" and role == head:
            continue
        if role not in asked or not text(accept.get(of_name)):
            continue
        person = _made_subject(accept, of_name, "person", _identifier(accept, of_scheme, of_value, tables))
        if (role, person.normal_name) not in known and person.normal_name != subject.normal_name:
            found.append(Party(role=role, subject=person))
    return tuple(found)


def _region(code: str) -> str | None:
    """Read the region off the accepting department's code: a social credit code, or a code of regions and offices."""
    digits = code[2:8] if len(code) == _USCC_LENGTH else code[:6]
    return digits if re.fullmatch(r"[1-9]\d{5}", digits) else None


def _host(given: Mapping[str, list[dict[str, Any]]], accept: Row) -> dict[str, Any]:
    """Keep what the host wants to find again; no identifier, no address, no telephone number."""
    kept: dict[str, Any] = {
        name: text(accept.get(name))
        for name in ("task_code", "task_name", "task_version", "org_code", "org_name", "project_type")
        if text(accept.get(name))
    }
    promised = moment(accept.get("promise_date"))
    if promised is not None:
        kept["promise_date"] = promised.date().isoformat()
    special = given.get("up_pro_special_procedure", [])
    if special:
        kept["special_procedures"] = [
            {
                "type": text(row["special_type"]),
                "name": text(row["special_name"]),
                "from": _moment(row, "special_time", "up_pro_special_procedure").isoformat(),
                "until": _moment(row, "end_time", "up_pro_special_procedure").isoformat(),
            }
            for row in special
        ]
    return kept


def _moment(row: Row, field: str, table: str = "up_pro_accept") -> datetime:
    read = moment(row[field])
    if read is None:
        raise _wrong(
            f"{table}.{field}",
            "is no date",
            "不是日期",
            "write it as 2026-11-23 09:00:00",
            "请写作 2026-11-23 09:00:00",
        )
    return read


def _wrong(place: str, en: str, zh: str, remedy_en: str, remedy_zh: str) -> CaseError:
    return CaseError(f"{place} {en}", f"{place} {zh}", remedy_en=remedy_en, remedy_zh=remedy_zh)
