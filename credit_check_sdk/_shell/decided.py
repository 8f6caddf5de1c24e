"""Read which cases a host has decided: from a file (CSV, Excel, JSON) or by a query of a database. It judges nothing.

A file comes from anywhere: its size, packed and unpacked, is looked at first. A query runs in a transaction that may
only read, and that is rolled back.
"""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from credit_check_sdk.core.desk import SHANGHAI
from credit_check_sdk.errors import InputError
from credit_check_sdk.model import DecidedCase, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_LARGEST = 256 * 1024 * 1024
"""The largest file that is read, in bytes, and the most that a workbook may unpack to."""
_EXACT = 2**53
"""Numbers from here on are not kept exactly by a spreadsheet."""
_NAMES = {
    "case_id": ("case_id", "id", "case", "case_no", "file_no", "办件编号", "办件号", "业务编号", "项目编号"),
    "decided_at": ("decided_at", "decided_on", "decision_date", "决定时间", "决定日期", "办结时间", "办结日期"),
    "point": ("point", "环节", "决策环节"),
}
_DAY = re.compile(r"(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?((?:[ T].*)?)", re.DOTALL)
_POINTS = frozenset(get_args(Point))


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that cannot be read, and why."""

    row: str
    """Where it stands."""
    zh: str
    """Why, in Chinese."""
    en: str
    """Why, in English."""


Found = DecidedCase | Unread


def from_file(path: Path) -> Iterator[Found]:
    """Read a file: its kind is seen from its content.

    Raises:
        InputError: ``file.unreadable`` where it cannot be read at all.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as reading:
            head = reading.read(4)
    except OSError as error:
        raise _unreadable(path.name, error.strerror or "", error.strerror or "") from None
    if size > _LARGEST:
        raise _unreadable(path.name, f"it is larger than {_LARGEST >> 20} MiB", f"超过 {_LARGEST >> 20} MiB")
    if head.startswith(b"PK\x03\x04"):
        yield from _cases(_workbook(path))
        return
    text = _text(path)
    if text.lstrip()[:1] in {"[", "{"}:
        yield from _listed(path.name, text)
        return
    yield from _cases(csv.reader(io.StringIO(text)))


def from_query(url: str, statement: str) -> Iterator[Found]:
    """Run a ``SELECT`` on a database, and read what it gives; nothing can be changed by it.

    Raises:
        InputError: the database cannot be reached, or the statement fails.
    """
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        place = make_url(url)
        if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
            raise _no_query("the file of the database is not there", "数据库文件不存在")
        engine = create_engine(place, hide_parameters=True)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise _no_query(
            f"the URL cannot be used ({type(error).__name__})", f"URL 无法使用（{type(error).__name__}）"
        ) from None
    try:
        with engine.connect() as connection, contextlib.closing(_reading(connection, statement)) as found:
            head = [str(name) for name in found.keys()]  # noqa: SIM118  a result is no mapping
            known = _columns(head) or ({"case_id": 0} if len(head) == 1 else {})
            if not known:
                raise _no_column("、".join(head))
            yield from _rows(known, found, 0)
    except SQLAlchemyError as error:
        origin = getattr(error, "orig", None) or error
        said = str(origin).partition("\n")[0]
        raise _no_query(f"{type(origin).__name__}: {said}", f"{type(origin).__name__}：{said}") from None
    finally:
        engine.dispose()


def _reading(connection: Any, statement: str) -> Any:
    backend = connection.dialect.name
    if backend == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
    elif backend == "postgresql":
        connection = connection.execution_options(postgresql_readonly=True)
    elif backend in {"mysql", "mariadb"}:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    # As the driver takes it: a colon in it is no parameter, and a percent sign stands for itself.
    found = connection.execution_options(stream_results=True, no_parameters=True).exec_driver_sql(statement)
    if not found.returns_rows:
        raise _no_query("the statement gives no rows", "语句没有返回行")
    return found


def _cases(rows: Iterable[Sequence[Any]]) -> Iterator[Found]:
    """Make cases of the rows of a table, the first of which names the columns; a single column needs no name."""
    pending = iter(rows)
    first = next((row for row in pending if any(_said(cell) for cell in row)), None)
    if first is None:
        return
    known = _columns(first)
    if not known:
        if len([cell for cell in first if _said(cell)]) > 1:
            raise _no_column("、".join(map(_said, first)))
        known = {"case_id": 0}
        pending = itertools.chain([first], pending)
        yield from _rows(known, pending, 0)
        return
    yield from _rows(known, pending, 1)


def _rows(known: Mapping[str, int], rows: Iterable[Sequence[Any]], before: int) -> Iterator[Found]:
    for number, row in enumerate(rows, start=before + 1):
        if any(_said(cell) for cell in row):
            yield from _case({key: row[at] for key, at in known.items() if at < len(row)}, f"row {number}")


def _columns(head: Sequence[Any]) -> dict[str, int]:
    names = [str(cell).strip().lstrip("\ufeff").lower() for cell in head]
    found = {}
    for key, known in _NAMES.items():
        at = next((names.index(name) for name in known if name in names), None)
        if at is not None:
            found[key] = at
    return found if "case_id" in found else {}


def _case(said: Mapping[str, Any], row: str) -> Iterator[Found]:
    number = said.get("case_id")
    if isinstance(number, int | float) and not isinstance(number, bool):
        if abs(number) >= _EXACT:
            yield Unread(
                row, "办件编号以数字保存，末位已丢失", "the case number is kept as a number and lost its last digits"
            )
            return
        number = int(number) if number == int(number) else number
    if not _said(number):
        yield Unread(row, "缺少办件编号", "the case number is missing")
        return
    point = _said(said.get("point")) or None
    if point is not None and point not in _POINTS:
        yield Unread(row, f"没有环节“{point}”", f"there is no decision point {point!r}")
        return
    try:
        decided_at = _moment(said.get("decided_at"))
    except ValueError:
        yield Unread(row, "决定时间无法识别", "the time of the decision cannot be read")
        return
    yield DecidedCase.model_validate({"case_id": _said(number), "decided_at": decided_at, "point": point})


def _said(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _moment(cell: Any) -> datetime | date | None:
    """Read a time or a day; a time without a zone is one of Asia/Shanghai."""
    if isinstance(cell, datetime):
        if cell.tzinfo is None and cell.time() == time():
            return cell.date()  # how a spreadsheet keeps a day
        moment = cell
    elif isinstance(cell, date):
        return cell
    else:
        text = _said(cell)
        if not text:
            return None
        found = _DAY.fullmatch(text)
        if found is None:
            raise ValueError
        day = date(int(found[1]), int(found[2]), int(found[3]))
        clock = found[4].strip().removeprefix("T").strip()
        if not clock:
            return day
        moment = datetime.fromisoformat(f"{day.isoformat()}T{clock}")
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _listed(name: str, text: str) -> Iterator[Found]:
    """Read a JSON list of numbers or of objects, or one object per line."""
    try:
        try:
            given = json.loads(text)
        except json.JSONDecodeError:
            given = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise _unreadable(name, "it is no JSON", "不是有效的 JSON") from None
    if isinstance(given, dict):
        given = given.get("decided", [given])
    if not isinstance(given, list):
        raise _unreadable(name, "it holds no list", "其中没有列表")
    for place, one in enumerate(given, start=1):
        row = f"item {place}"
        if isinstance(one, str):
            yield from _case({"case_id": one}, row)
        elif isinstance(one, dict):
            yield from _case({key: one.get(name) for key, name in _keys(one).items()}, row)
        else:
            yield Unread(row, "既不是编号也不是对象", "it is neither a number of a file nor an object")


def _keys(one: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: next(name for name in known if name in one)
        for key, known in _NAMES.items()
        if any(name in one for name in known)
    }


def _text(path: Path) -> str:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise _unreadable(path.name, "it is neither UTF-8 nor GB 18030", "既不是 UTF-8 也不是 GB 18030 编码")


def _workbook(path: Path) -> Iterator[Sequence[Any]]:
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
    except (zipfile.BadZipFile, OSError):
        raise _unreadable(path.name, "the workbook is broken", "工作簿已损坏") from None
    if unpacked > _LARGEST:
        raise _unreadable(path.name, "the workbook would unpack to too much", "工作簿解压后过大")
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise _unreadable(
            path.name, "Excel needs credit-check-sdk[bulk]", "读取 Excel 需要安装 credit-check-sdk[bulk]"
        ) from None
    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            yield from book.worksheets[0].iter_rows(values_only=True)
        finally:
            book.close()
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  whatever the library raises, the file is broken
        kind = type(error).__name__
        raise _unreadable(path.name, f"the workbook is broken ({kind})", f"工作簿已损坏（{kind}）") from None


def _unreadable(name: str, en: str, zh: str) -> InputError:
    return InputError(
        f"{name}: {en}",
        f"{name}：{zh}",
        code="file.unreadable",
        remedy_en="give a CSV, Excel or JSON file with the column case_id, or a SELECT",
        remedy_zh="请提供含 case_id 列的 CSV、Excel 或 JSON 文件，或一条 SELECT 语句",
    )


def _no_column(names: str) -> InputError:
    return InputError(
        f"no column holds the numbers of the files (columns: {names[:200]})",
        f"没有办件编号列（现有列：{names[:200]}）",
        code="file.unreadable",
        remedy_en="name the column case_id",
        remedy_zh="请将该列命名为 case_id",
    )


def _no_query(en: str, zh: str) -> InputError:
    return InputError(
        f"the query cannot be run: {en}",
        f"查询无法执行：{zh}",
        remedy_en="look at --url and the statement; it has to be a SELECT that names a column case_id",
        remedy_zh="请检查 --url 与语句；语句须为 SELECT，且含 case_id 列",
    )
