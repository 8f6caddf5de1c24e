"""A table read as a roll of applicants: header found, rows made applicants, everybody once. It opens no file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy import columns
from credit_check_adapter_subsidy.cells import day, nothing, text
from credit_check_adapter_subsidy.identity import CATEGORIES, PERSONAL, category_of, tell
from credit_check_sdk import Applicant, Identifier, Party, Rejected, Remark, Subject, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from credit_check_adapter_subsidy.columns import Columns
    from credit_check_adapter_subsidy.identity import Hint
    from credit_check_sdk import Category, Role

Found = Applicant | Rejected | Remark
Line = tuple[str, "Sequence[Any]"]
"""A row and where it stands."""

_TITLE_ROWS = 20
"""In so many rows a header is looked for: lists often begin with a title, a unit, a date."""
_NOTE = re.compile(
    r"(?:注|备注|说明)\s*[:：].*|(?:填表|制表|审核|填报)(?:人|单位|日期)?\s*[:：].*|notes?\s*[:：].*"
    r"|(?:合计|总计|小计|共计|(?:grand |sub)?total)\s*[:：]?",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_NAME = 512


@dataclass(slots=True)
class Roll:
    """Reads one table after the other into one roll: somebody who stands in two of them is given once."""

    exact: bool = False
    """Whether whole numbers keep all their digits."""
    rows: int = 0
    """Rows that name somebody or ought to."""
    repeated: int = 0
    """Rows that repeat somebody."""
    notes: int = 0
    """Totals and notes that were passed over."""
    heads: int = 0
    """Applicants whose legal representative stands there by name only."""
    _seen: dict[object, tuple[str, str]] = field(default_factory=dict)

    def head(self, lines: Iterable[Line]) -> tuple[Columns | None, list[Line], Iterator[Line]]:
        """Find the header among the first rows; give it, the rows before it, and what follows."""
        walking = iter(lines)
        before: list[Line] = []
        for place, row in walking:
            if not any(text(cell) for cell in row):
                continue
            known = columns.recognise(row)
            if known is not None:
                return known, before, walking
            before.append((place, row))
            if len(before) >= _TITLE_ROWS:
                break
        return None, before, chain(before, walking)

    def read(self, known: Columns, lines: Iterable[Line]) -> Iterator[Applicant | Rejected]:
        """Read the rows below a header."""
        for place, row in lines:
            written = [text(cell) for cell in row]
            if not any(written) or tuple(written[: len(known.header)]) == known.header:
                continue
            if self._is_note(known, row, written):
                self.notes += 1
                continue
            self.rows += 1
            found = self._applicant(known, row, place)
            if isinstance(found, Applicant):
                known_as = self._known_as(found)
                if known_as is not None:
                    if known_as[1] == found.subject.normal_name:
                        self.repeated += 1
                        continue
                    found = Rejected(row=place, name=found.subject.name, reason=_other_name(known_as[0]))
            yield found

    def remark(self) -> Remark:
        """Say what the roll came to."""
        zh = f"共 {self.rows} 行" + (f"，其中 {self.repeated} 行重复，已合并" if self.repeated else "")
        en = f"{self.rows} rows" + (f", {self.repeated} of them repeated and merged" if self.repeated else "")
        zh += f"；另有 {self.notes} 行合计或备注，未计入" if self.notes else ""
        en += f"; {self.notes} more rows are totals or notes" if self.notes else ""
        zh += f"；{self.heads} 行的法定代表人没有证件号码，未查询" if self.heads else ""
        en += (
            f"; the legal representatives of {self.heads} have no identifier and are not asked about"
            if self.heads
            else ""
        )
        if not self.rows:
            zh, en = f"{zh}；没有申请人", f"{en}; it names no applicant"
        return Remark(items=self.rows, words=Words(zh=zh, en=en))

    def _known_as(self, found: Applicant) -> tuple[str, str] | None:
        """Say where this subject stood before and under which name, and keep in mind that it stands here."""
        subject = found.subject
        keys: list[object] = [
            key
            for identifier in subject.identifiers
            if all(one.code != "identifier.placeholder" for one in identifier.normalised.findings)
            for key in identifier.keys
        ]
        if not subject.identifiers and subject.category != "person":
            # Two organisations with one name and nothing else are one; two persons with one name may well be two.
            keys = [(subject.category, subject.normal_name)]
        before = next((self._seen[key] for key in keys if key in self._seen), None)
        for key in keys:
            self._seen.setdefault(key, (found.row, subject.normal_name))
        return before

    def _is_note(self, known: Columns, row: Sequence[Any], written: Sequence[str]) -> bool:
        if any(not nothing(text(columns.at(row, place))) for place, _ in known.identifiers):
            return False
        first = next(one for one in written if one)
        return bool(_NOTE.fullmatch(first)) or bool(_NOTE.fullmatch(text(known.cell(row, "name")) or "-"))

    def _applicant(self, known: Columns, row: Sequence[Any], place: str) -> Applicant | Rejected:
        name = text(known.cell(row, "name"))
        if nothing(name):
            return Rejected(row=place, reason=Words(zh="没有名称；请补充", en="there is no name; fill it in"))
        if any(text(cell) for cell in row[len(known.header) :]):
            reason = Words(
                zh="单元格多于列数；含分隔符的单元格请加引号",
                en="it has more cells than columns; put quotes around cells that hold the separator",
            )
            return Rejected(row=place, name=name[:_LONGEST_NAME], reason=reason)
        if len(name) > _LONGEST_NAME:
            return Rejected(
                row=place,
                name=name[:60] + "…",
                reason=Words(zh="名称过长；请检查引号", en="the name is too long; look at the quotes"),
            )
        said = CATEGORIES.get(columns.plain(text(known.cell(row, "category"))))
        identifiers, doubts, wrong = self._identifiers(known, row, said)
        if wrong is not None:
            return Rejected(row=place, name=name, reason=wrong)
        primary = identifiers[0] if identifiers else None
        category = category_of(primary, said, default="person" if known.persons else "organisation")
        if said is not None and said != category and "person" in {said, category}:
            doubts.append(
                Words(
                    zh="主体类别与标识号码的类别不一致；请核对",
                    en="the category and the identifier do not go together; compare them",
                )
            )
        subject = Subject(
            category=category,
            name=name,
            identifiers=tuple(identifiers),
            founded_on=day(known.cell(row, "founded_on")),
        )
        heads, host = ((), {}) if category == "person" else self._head_of(known, row, category, doubts)
        return Applicant(
            row=place,
            subject=subject,
            parties=heads,
            process=text(known.cell(row, "process")) or None,
            doubts=tuple(doubts),
            host=host,
        )

    def _identifiers(
        self, known: Columns, row: Sequence[Any], said: Category | None
    ) -> tuple[list[Identifier], list[Words], Words | None]:
        """Give the subject's identifiers, what is doubtful about them, and why one cannot be used."""
        doubts: list[Words] = []
        identifiers: list[Identifier] = []
        cells: list[tuple[Any, str, Hint | None]] = [
            (columns.at(row, at), text(known.cell(row, "scheme")) if hint is None else "", hint)
            for at, hint in known.identifiers
        ]
        cells += [(known.cell(row, "company"), "GB-COH", None), (known.cell(row, "charity"), "GB-CHC", None)]
        for cell, scheme, hint in cells:
            # 统一社会信用代码 and 身份证号 in one row: the second is a person's, hardly the organisation's own.
            if hint == "cn-resident-id" and identifiers:
                continue
            told = tell(cell, scheme=scheme, hint=hint, category=said, exact=self.exact)
            if told.wrong is not None:
                return [], [], told.wrong
            doubts += [told.doubt] if told.doubt else []
            if told.identifier is not None and all(told.identifier.keys.isdisjoint(one.keys) for one in identifiers):
                identifiers.append(told.identifier)
        return identifiers, doubts, None

    def _head_of(
        self, known: Columns, row: Sequence[Any], category: Category, doubts: list[Words]
    ) -> tuple[tuple[Party, ...], dict[str, Any]]:
        """Name the legal representative where it can be asked about; by name alone nobody can."""
        role: Role = "owner" if category == "sole_trader" else "legal_representative"
        name = text(known.cell(row, "legal_name"))
        if nothing(name) or len(name) > _LONGEST_NAME:
            return (), {}
        told = tell(known.cell(row, "legal_id"), hint="cn-resident-id", category="person", exact=self.exact)
        if told.wrong is not None:
            doubts.append(Words(zh=f"法定代表人：{told.wrong.zh}", en=f"legal representative: {told.wrong.en}"))
        if told.identifier is None or told.identifier.scheme not in PERSONAL:
            self.heads += 1
            return (), {"not_asked": [role]}
        person = Subject(category="person", name=name, identifiers=(told.identifier,))
        return (Party(role=role, subject=person),), {}


def _other_name(row: str) -> Words:
    return Words(
        zh=f"与 {row} 的标识号码相同而名称不同；请更正其一",
        en=f"its identifier is that of {row}, under another name; correct one of them",
    )
