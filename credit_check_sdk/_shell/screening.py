"""Screen long lists against the lists kept on this machine: DuckDB reads, joins and writes, the core weighs.

Rows with a sound social credit code that stands on no list all come to the same, and never leave DuckDB; every other row
is weighed by the core, one by one. No platform is asked and nothing is recorded. Parts are written whole or not at all,
so that what was broken off is gone on with.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import itertools
import json
import shutil
import tempfile
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.sound import sound_codes
from credit_check_sdk.core.desk import day_of, local, utc
from credit_check_sdk.core.screening import Screening, anybody, subject_of
from credit_check_sdk.errors import ConfigurationError, InputError, NotUnderstoodError
from credit_check_sdk.model import Operator, Query, Subject
from credit_check_sdk.model.screening import ScreenPart, ScreenReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from credit_check_sdk._shell.world import World
    from credit_check_sdk.core.desk import Desk
    from credit_check_sdk.model import Consultation, Purpose

MEMORY = "400MB"
"""What DuckDB may hold in memory; beyond it, it uses the folder of the result."""
_AT_ONCE = 2000
_NAMES = ("名称", "企业名称", "单位名称", "申请人", "申请人名称", "主体名称", "姓名", "name", "applicant", "company")
_IDENTIFIERS = (
    *("统一社会信用代码", "社会信用代码", "信用代码", "证件号码", "标识符", "身份证号", "身份证号码"),
    *("identifier", "uscc", "credit_code", "id"),
)
_NOBODY = Operator(id="screen", department="screen")
_HELD = """
CREATE TABLE odd (n BIGINT, id VARCHAR, name VARCHAR);
CREATE TABLE weighed (n BIGINT, masked VARCHAR, outcome VARCHAR, measures VARCHAR, zh VARCHAR, en VARCHAR, error VARCHAR);
"""
_ODD = """
INSERT INTO odd SELECT n, id, name FROM {rows} WHERE NOT coalesce(sound(id), false)
OR substr(id, 9, 9) IN (SELECT code FROM listed) OR {unlike}
"""
_UNLIKE_OTHERS = "name IS NULL OR name = '' OR name <> trim(name) OR ascii(name) IN (43, 45, 61, 64) OR length(name) > 512"  # + - = @
_RESULT = """
COPY (
SELECT 'row ' || r.n AS row, CASE WHEN w.n IS NULL THEN r.name ELSE cell(r.name) END AS name,
  CASE WHEN w.n IS NULL THEN left(r.id, 8) || '********' || right(r.id, 2) ELSE w.masked END AS identifier_masked,
  CASE WHEN w.n IS NULL THEN {outcome} ELSE w.outcome END AS outcome,
  CASE WHEN w.n IS NULL THEN {measures} ELSE w.measures END AS measures,
  CASE WHEN w.n IS NULL THEN {zh} ELSE w.zh END AS reasons_zh,
  CASE WHEN w.n IS NULL THEN {en} ELSE w.en END AS reasons_en,
  '' AS decision, CASE WHEN w.n IS NULL THEN '' ELSE w.error END AS error
FROM {rows} r LEFT JOIN weighed w ON r.n = w.n
) TO {out} (FORMAT csv, HEADER {header}, FORCE_QUOTE (name, measures, reasons_zh, reasons_en, error))
"""


class Screener:
    """What one client screens with.

    Raises:
        ConfigurationError: no source of offline lists is configured, or DuckDB is not installed.
    """

    def __init__(self, desk: Desk, world: World) -> None:
        self._desk, self._world = desk, world
        self._sources: dict[str, Any] = {name: each.source for name, each in desk.sources.items() if each.offline}
        if not self._sources:
            raise ConfigurationError(
                "no source of lists kept on this machine is configured",
                "没有配置本机名单来源",
                remedy_en='add a source of kind "snapshot" and fetch its lists with `credit-check lists refresh`',
                remedy_zh='请配置 kind = "snapshot" 的来源，并用 credit-check lists refresh 获取名单',
            )
        self._duckdb()

    def plan(  # noqa: PLR0913  what is screened, where it goes, and by what
        self,
        file: Path,
        out: Path,
        *,
        matter: str,
        point: Any,
        purpose: Purpose,
        at: datetime,
        columns: tuple[str | None, str | None],
        rows: int,
        given: Path,
    ) -> list[ScreenPart]:
        """Divide a list into parts of so many rows; *given* is the file as it was given, *file* what is read of it.

        Raises:
            InputError: the file cannot be read, or which columns hold names and identifiers is not plain.
        """
        name, identifier = _columns(self._heads(file), file, columns)
        many = _at_most(file)
        if many is None or many > rows:
            with self._connected(out.parent) as run:
                many = run(f"SELECT count(*) FROM {_rows(file, name, identifier)}").fetchone()[0]  # noqa: S608  quoted
        folder = parts_of(out)
        state = self._state(matter)
        first = ScreenPart(file, out, name, identifier, 1, many, many, matter, point, purpose, at, state)
        stamp = _stamp(first, given)
        ranges = [(low, min(low + rows - 1, many)) for low in range(1, many + 1, rows)] or [(1, 0)]
        return [replace(first, first=low, last=high, out=folder / f"{stamp}-{low}-{high}.csv") for low, high in ranges]

    def part(self, part: ScreenPart) -> ScreenReport:
        """Screen the rows of one part; what was screened already is not screened again.

        Raises:
            InputError: the lists, the catalogue or the policy are not those for which it was planned.
            NotUnderstoodError: lists are missing, or too old for the matter.
        """
        kept = _kept(part)
        if kept is not None:
            return kept
        if part.state != self._state(part.matter):
            raise InputError(
                "the lists, the catalogue or the policy are not those with which the screening began",
                "名单、措施清单或事项策略与本次核查开始时不一致",
                remedy_en="begin anew, without --resume; on a cluster, let all workers hold the same lists",
                remedy_zh="请不带 --resume 重新开始；集群各节点须持有相同名单",
            )
        screening = self._screening(part)
        # Asked about nobody, the sources say of when they are.
        state = self._said((anybody(),), part)
        as_of = min(consultation.as_of for consultation in state.values())
        with self._connected(part.out.parent) as run:
            run(_HELD)
            run.register("listed", self._listed())
            alone = part.first == 1 and part.last == part.of
            bounds = () if alone else (part.first, part.last)
            whole = _rows(part.file, part.name, part.identifier, *bounds)
            plain = screening.plain(state)
            run(_ODD.format(rows=whole, unlike="true" if plain is None else _UNLIKE_OTHERS))
            outcomes = self._weigh(run, screening, part)
            beside = part.out.with_suffix(".writing")
            words = plain or screening.weighed(anybody(), state)
            copied = run(
                _RESULT.format(
                    rows=whole,
                    out=_text(str(beside)),
                    header="true" if part.first == 1 else "false",
                    outcome=_text(words.outcome),
                    measures=_text(" ".join(words.measures)),
                    zh=_text("\n".join(words.zh)),
                    en=_text("\n".join(words.en)),
                )
            )
            rows = copied.fetchone()[0]
        odd = sum(outcomes.values())
        if plain is not None and rows > odd:
            outcomes[plain.outcome] = outcomes.get(plain.outcome, 0) + rows - odd
        rejected = outcomes.pop("", 0)
        report = ScreenReport(rows, rows - rejected, rejected, dict(sorted(outcomes.items())), as_of)
        _finished(part, beside, report)
        return report

    def _weigh(self, run: Any, screening: Screening, part: ScreenPart) -> dict[str, int]:
        import pyarrow as pa

        outcomes: dict[str, int] = {}
        last = 0
        while True:
            batch = run(
                f"SELECT n, id, name FROM odd WHERE n > {last} ORDER BY n LIMIT {_AT_ONCE}"  # noqa: S608  numbers of our own
            ).fetchall()
            if not batch:
                return outcomes
            last = batch[-1][0]
            rows = list(self._batch(batch, screening, part))
            for row in rows:
                outcomes[row[2]] = outcomes.get(row[2], 0) + 1
            table = pa.table(
                {
                    name: pa.array([row[place] for row in rows], pa.int64() if place == 0 else pa.string())
                    for place, name in enumerate(("n", "masked", "outcome", "measures", "zh", "en", "error"))
                }
            )
            run.register("batch", table)
            run("INSERT INTO weighed SELECT * FROM batch")

    def _batch(
        self, batch: Sequence[tuple[int, str | None, str | None]], screening: Screening, part: ScreenPart
    ) -> Iterator[tuple[int, str, str, str, str, str, str]]:
        subjects: list[Subject | ValueError] = []
        for _, identifier, name in batch:
            try:
                subjects.append(subject_of(name or "", identifier or ""))
            except ValueError as error:
                subjects.append(error)
        asked = tuple(dict.fromkeys(each for each in subjects if isinstance(each, Subject) and each.primary))
        said = self._said(asked, part) if asked else {}
        answers = {
            name: {answer.subject: answer for answer in consultation.answers} for name, consultation in said.items()
        }
        for (n, identifier, _), subject in zip(batch, subjects, strict=True):
            if not isinstance(subject, Subject):
                yield (
                    n,
                    _hidden(identifier),
                    "",
                    "",
                    "",
                    "",
                    "名称为空或者无法使用 the name is missing or cannot be used",
                )
                continue
            mine = {
                name: consultation.model_copy(update={"answers": (answers[name][subject],)})
                for name, consultation in said.items()
                if subject in answers[name]
            }
            found = screening.weighed(subject, mine or self._unasked(said, part))
            masked = subject.masked or _hidden(identifier)
            yield n, masked, found.outcome, " ".join(found.measures), "\n".join(found.zh), "\n".join(found.en), ""

    def _unasked(self, said: Mapping[str, Consultation], part: ScreenPart) -> dict[str, Consultation]:
        """Give what the sources say of nobody in particular: whoever has no identifier is found on no list."""
        found = said or self._said((anybody(),), part)
        return {name: consultation.model_copy(update={"answers": ()}) for name, consultation in found.items()}

    def _said(self, subjects: tuple[Subject, ...], part: ScreenPart) -> dict[str, Consultation]:
        from credit_check_sdk._shell.drivers import run

        query = Query(
            case_id="screen",
            matter=part.matter,
            point=part.point,
            purpose=part.purpose,
            operator=_NOBODY,
            region=self._desk.region,
            subjects=subjects,
        )
        said: dict[str, Consultation] = {}
        limit = self._desk.policies[part.matter].list_age
        for name, source in self._sources.items():
            consultation: Consultation = run(source.consult(query), self._world)
            if part.at - consultation.as_of > limit:
                shown = local(consultation.as_of).isoformat(sep=" ", timespec="minutes")[:16]
                raise NotUnderstoodError(
                    f"the lists of {name!r} are as of {shown}, beyond this matter's limit",
                    f"来源 {name} 的名单数据时间为 {shown}，超出该事项的时限",
                    code="source.stale",
                    remedy_en="fetch them anew: credit-check lists refresh",
                    remedy_zh="请先运行 credit-check lists refresh",
                    source=name,
                )
            # When it was asked is the moment of the screening, on every machine and in every part.
            said[name] = consultation.model_copy(update={"fetched_at": utc(part.at)})
        return said

    def _screening(self, part: ScreenPart) -> Screening:
        policy = self._desk.policies[part.matter]
        names = tuple(self._sources)
        return Screening(self._desk.catalogue, policy, part.point, part.purpose, self._desk.region, utc(part.at), names)

    def _listed(self) -> Any:
        """Give the organisation codes of all who stand on a list, alone or inside a social credit code."""
        import pyarrow as pa
        import pyarrow.compute as pc

        chunks = []
        for source in self._sources.values():
            codes = (pa.array(values, pa.string()) for values in source.found_by("cn-uscc"))
            chunks += [pc.utf8_slice_codeunits(each, 8, 17) for each in codes]
            chunks += [pa.array(values, pa.string()) for values in source.found_by("cn-org-code")]
        return pa.table({"code": pa.chunked_array(chunks, pa.string())})

    def _state(self, matter: str) -> str:
        held = [self._sources[name].held() for name in sorted(self._sources)]
        lists = [(each.info.code, each.info.digest) for one in held if one is not None for each in one.lists]
        policy = self._desk.policies[matter].model_dump_json()
        times = [one.as_of.isoformat() for one in held if one is not None]
        said = json.dumps([lists, times, self._desk.catalogue.digest, policy, self._desk.region])
        return hashlib.sha256(said.encode()).hexdigest()

    def _heads(self, file: Path) -> list[tuple[str, str]]:
        with self._connected(None) as run:
            return [(row[0], row[1]) for row in run(f"DESCRIBE SELECT * FROM {_reader(file)}").fetchall()]  # noqa: S608  quoted

    @contextlib.contextmanager
    def _connected(self, folder: Path | None) -> Iterator[Any]:
        duckdb = self._duckdb()
        with tempfile.TemporaryDirectory(dir=folder, prefix=".screening-") as scratch, duckdb.connect() as connection:
            connection.execute(f"SET memory_limit = '{MEMORY}'")
            connection.execute("SET preserve_insertion_order = true")
            connection.execute("SET enable_progress_bar = false")
            # Rows come out in the order in which they are read only where the list is the side that is not built into a table.
            connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
            connection.execute(f"SET temp_directory = {_text(scratch)}")
            connection.create_function("sound", sound_codes, ["VARCHAR"], "BOOLEAN", type="arrow")
            connection.execute(
                "CREATE MACRO cell(name) AS CASE WHEN left(trim(name), 1) IN ('=', '+', '-', '@') "
                "THEN '''' || trim(name) ELSE trim(coalesce(name, '')) END"
            )

            def run(statement: str) -> Any:
                try:
                    return connection.execute(statement)
                except duckdb.Error as error:
                    raise _unreadable(error) from None

            run.register = connection.register  # type: ignore[attr-defined]
            yield run

    @staticmethod
    def _duckdb() -> Any:
        try:
            import duckdb
            import pyarrow as pa  # noqa: F401  DuckDB hands over what it reads in its form
        except ImportError:
            raise ConfigurationError(
                "screening long lists needs DuckDB and pyarrow, which are not installed",
                "批量核查需要 DuckDB 与 pyarrow，尚未安装",
                remedy_en="install credit-check-sdk[bulk]",
                remedy_zh="请安装 credit-check-sdk[bulk]",
            ) from None
        return duckdb


def parts_of(out: Path) -> Path:
    """Name the folder of the parts that a result is made of."""
    return out.with_name(f"{out.name}.parts")


def joined(parts: Iterable[ScreenPart], out: Path) -> None:
    """Make one result of its parts, whole or not at all, and remove them."""
    files = [part.out for part in parts]
    beside = out.with_name(f"{out.name}.writing")
    if len(files) == 1:
        files[0].replace(beside)
    else:
        with beside.open("wb") as writing:
            for file in files:
                with file.open("rb") as reading:
                    shutil.copyfileobj(reading, writing, 1 << 20)
    beside.replace(out)
    shutil.rmtree(parts_of(out), ignore_errors=True)


def as_text(file: Path, folder: Path) -> Path:
    """Give a list in a form that DuckDB reads: itself, or a copy of a workbook or of text in GB18030 in *folder*.

    Raises:
        InputError: it is none of these.
    """
    kind = file.suffix.lower()
    if kind == ".parquet":
        return file
    if kind == ".xlsx":
        return _of_workbook(file, folder / "workbook.csv")
    try:
        with file.open("rb") as reading:
            head = reading.read(1 << 20)
    except OSError as error:
        raise InputError(
            f"{file.name} cannot be read ({error.strerror})",
            f"{file.name} 无法读取（{error.strerror}）",
            code="file.unreadable",
            remedy_en="name a file that is there",
            remedy_zh="请指定存在的文件",
        ) from None
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start >= len(head) - 4:  # a character was cut in two
            return file
        copy = folder / "text.csv"
        try:
            with (
                file.open(encoding="gb18030", newline="") as reading,
                copy.open("w", encoding="utf-8", newline="") as writing,
            ):
                shutil.copyfileobj(reading, writing, 1 << 20)
        except UnicodeDecodeError:
            raise InputError(
                f"{file.name} is neither UTF-8 nor GB18030",
                f"{file.name} 既非 UTF-8 也非 GB18030 编码",
                code="file.unreadable",
                remedy_en="save it as CSV in UTF-8",
                remedy_zh="请另存为 UTF-8 编码的 CSV",
            ) from None
        return copy
    return file


def _of_workbook(file: Path, copy: Path) -> Path:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise ConfigurationError(
            "workbooks need openpyxl, which is not installed",
            "读取 Excel 需要 openpyxl，尚未安装",
            remedy_en="install credit-check-sdk[bulk]",
            remedy_zh="请安装 credit-check-sdk[bulk]",
        ) from None
    from zipfile import BadZipFile

    try:
        book = load_workbook(file, read_only=True, data_only=True)
        with copy.open("w", encoding="utf-8", newline="") as writing:
            writer = csv.writer(writing, quoting=csv.QUOTE_ALL)
            for row in book.worksheets[0].iter_rows(values_only=True):
                writer.writerow(["" if cell is None else str(cell) for cell in row])
    except (OSError, BadZipFile, KeyError, ValueError, IndexError) as error:
        raise InputError(
            f"{file.name} is no workbook that can be read ({type(error).__name__})",
            f"{file.name} 不是可读取的 Excel 文件（{type(error).__name__}）",
            code="file.unreadable",
            remedy_en="save it anew, or as CSV in UTF-8",
            remedy_zh="请重新保存，或另存为 UTF-8 编码的 CSV",
        ) from None
    return copy


def _columns(heads: Sequence[tuple[str, str]], file: Path, wanted: tuple[str | None, str | None]) -> tuple[str, str]:
    known = {head.strip().lower(): (head, kind) for head, kind in heads}
    found = []
    for given, usual in zip(wanted, (_NAMES, _IDENTIFIERS), strict=True):
        match = next((known[each.lower()] for each in ((given,) if given else usual) if each.lower() in known), None)
        if match is None:
            shown = ", ".join(head for head, _ in heads)
            option = "--name" if usual is _NAMES else "--identifier"
            raise InputError(
                f"{file.name}: which column holds the {'names' if usual is _NAMES else 'identifiers'} is not plain ({shown})",
                f"{file.name}：无法判断{'名称' if usual is _NAMES else '标识符'}所在的列（{shown}）",
                code="file.unreadable",
                remedy_en=f"name it with {option}-column",
                remedy_zh=f"请用 {option}-column 指明",
            )
        if match[1] in {"DOUBLE", "FLOAT"}:
            raise InputError(
                f"{file.name}: the column {match[0]!r} holds floating-point numbers, which have lost digits",
                f"{file.name}：“{match[0]}”列为浮点数，已丢失数位",
                code="file.unreadable",
                remedy_en="export identifiers as text",
                remedy_zh="请以文本格式导出标识符",
            )
        found.append(match[0])
    return found[0], found[1]


def _reader(file: Path) -> str:
    if file.suffix.lower() == ".parquet":
        return f"read_parquet({_text(str(file))})"
    return f"read_csv({_text(str(file))}, all_varchar = true, header = true, strict_mode = false)"


def _at_most(file: Path) -> int | None:
    """Say how many rows a text can have at most: one for each line behind the headings; None where that is not cheap."""
    if file.suffix.lower() == ".parquet":
        return None
    with file.open("rb") as reading:
        return sum(block.count(b"\n") for block in iter(lambda: reading.read(1 << 20), b""))


def _rows(file: Path, name: str, identifier: str, first: int | None = None, last: int | None = None) -> str:
    """Give the rows of a list, numbered from 1 in their order."""
    columns = f"CAST({_named(identifier)} AS VARCHAR) AS id, CAST({_named(name)} AS VARCHAR) AS name"
    rows = f"(SELECT row_number() OVER () AS n, {columns} FROM {_reader(file)})"  # noqa: S608  all of it is quoted
    if first is None:
        return rows
    return f"(SELECT * FROM {rows} WHERE n BETWEEN {first} AND {last})"  # noqa: S608  the same


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _named(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _hidden(identifier: str | None) -> str:
    return "*" * min(len(identifier or ""), 18)


def _stamp(part: ScreenPart, given: Path) -> str:
    """Name a screening by all on which its result depends: a part of another one is never gone on with."""
    seen = given.stat()
    with given.open("rb") as reading:
        head = hashlib.sha256(reading.read(1 << 20)).hexdigest()
    day = day_of(part.at).isoformat()
    said = [part.name, part.identifier, part.matter, part.point, part.purpose.model_dump(), part.state, day]
    return hashlib.sha256(json.dumps([said, seen.st_size, seen.st_mtime_ns, head]).encode()).hexdigest()[:16]


def _kept(part: ScreenPart) -> ScreenReport | None:
    beside = part.out.with_suffix(".json")
    if not (part.out.exists() and beside.exists()):
        return None
    said = json.loads(beside.read_text(encoding="utf-8"))
    if said.pop("size") != part.out.stat().st_size:  # the power failed before all of it was on the disk
        return None
    return ScreenReport(**{**said, "as_of": datetime.fromisoformat(said["as_of"])})


def _finished(part: ScreenPart, written: Path, report: ScreenReport) -> None:
    as_of = report.as_of.isoformat() if report.as_of else None
    said = {**asdict(report), "as_of": as_of, "size": written.stat().st_size}
    part.out.with_suffix(".json").write_text(json.dumps(said), encoding="utf-8")
    written.replace(part.out)


def _unreadable(error: Exception) -> InputError:
    """Say where a list cannot be read; never what stands there."""
    numbers = [word for before, word in itertools.pairwise(str(error).split()) if before in {"Line:", "line"}]
    place = f" (line {numbers[0]})" if numbers else ""
    return InputError(
        f"the list cannot be read{place}: {type(error).__name__}",
        f"名单无法读取{place}：{type(error).__name__}",
        code="file.unreadable",
        remedy_en="mend that place, or save it as CSV in UTF-8",
        remedy_zh="请修正该处，或另存为 UTF-8 编码的 CSV",
    )
