"""A long list against the lists kept here, beside the bare join; and one look-up beside another store on disk."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import json
import random
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Line, compare
from credit_check_sdk import CreditCheck
from credit_check_sdk._shell.starting import start
from credit_check_sdk.model import Words
from credit_check_sdk.model.identifiers import ORG_WEIGHTS, USCC_ALPHABET, USCC_WEIGHTS, org_code_check, uscc_check
from credit_check_sdk.model.listing import HeldList, HeldLists, ListEntry, ListInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICANTS, LISTED, BOTH = 5_000_000, 1_000_000, 5_000
"""Rows of the list, entries held, and how many stand on both: as few as there are (under one in a thousand)."""
_HEADS = "名称", "统一社会信用代码"


def code(number: int) -> str:
    """Make the sound social credit code of a number, of no organisation (MW is not issued)."""
    inner = "MW" + "".join(USCC_ALPHABET[number // 31**place % 31] for place in range(6))
    body = f"91451100{inner}{org_code_check(inner)}"
    return body + uscc_check(body)


def _codes(low: int, high: int) -> Iterator[str]:
    """Make many of them, faster: both check characters are sums over few changing places."""
    weights = [(ORG_WEIGHTS[2 + place], USCC_WEIGHTS[10 + place]) for place in range(6)]
    org_base = sum("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(c) * w for c, w in zip("MW", ORG_WEIGHTS, strict=False))
    base = sum(USCC_ALPHABET.index(c) * w for c, w in zip("91451100MW", USCC_WEIGHTS, strict=False))
    org_values = ["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(c) for c in USCC_ALPHABET]
    for number in range(low, high):
        left, org, total, text = number, org_base, base, ""
        for own, outer in weights:
            left, value = divmod(left, 31)
            org += org_values[value] * own
            total += value * outer
            text += USCC_ALPHABET[value]
        check = "0123456789X0"[11 - org % 11]
        total += USCC_ALPHABET.index(check) * USCC_WEIGHTS[16]
        yield f"91451100MW{text}{check}{USCC_ALPHABET[(31 - total % 31) % 31]}"


@contextlib.contextmanager
def _lists(folder: Path, many: int) -> Iterator[CreditCheck]:
    """Hold a list of so many entries."""
    config = folder / "credit-check.toml"
    start(config, sandbox="http://127.0.0.1:9")
    text = config.read_text(encoding="utf-8").replace("enabled = []", 'enabled = ["snapshot"]')
    text += '\n[[sources]]\nid = "lists"\nkind = "snapshot"\nlevel = "municipal"\nkey_id = "demo"\n'
    text += 'secret_file = "secrets/municipal"\n[sources.options]\nfolder = "lists"\n'
    config.write_text(text, encoding="utf-8")
    now = datetime.now(UTC)
    with CreditCheck.open(config) as credit:
        info = ListInfo(
            code="MOF-ZC", name=Words(zh="示例", en="example"), version=1, digest="sha256:" + "0" * 64, size=many
        )
        held = HeldLists(
            source="lists", environment="sandbox", as_of=now, sealed=False, lists=(HeldList(info=info, as_of=now),)
        )
        store: Any = credit.sources["lists"]
        store.hold(held, {"MOF-ZC": _entries(many)})
        yield credit


def _entries(many: int) -> Iterator[ListEntry]:
    for number, value in enumerate(_codes(APPLICANTS - BOTH, APPLICANTS - BOTH + many)):
        subject = {
            "category": "organisation",
            "name": f"企业{number}",
            "identifiers": [{"scheme": "cn-uscc", "value": value}],
        }
        said = {
            "record_id": f"r-{number}",
            "list_code": "MOF-ZC",
            "kind": "list",
            "polarity": "negative",
            "subject": subject,
            "authority": "甲局",
            "doc_no": f"{number}号",
            "severity": "serious",
            "list_until": "2029-01-01",
        }
        found_by = (("cn-uscc", value), ("cn-org-code", value[8:17]))
        yield ListEntry(f"r-{number}", json.dumps(said, ensure_ascii=False).encode(), found_by)


_SCREEN = """
import sys, resource
from credit_check_sdk import CreditCheck, Purpose
with CreditCheck.open(sys.argv[1]) as credit:
    report = credit.screen_list(sys.argv[2], sys.argv[3], matter="subsidy.enterprise", point="apply",
                                purpose=Purpose(text="批量核查", basis="某办法第三条"))
assert report.outcomes["review"] == int(sys.argv[4]), report
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_BARE = """
import sys, duckdb
file, listed, out, zh, en = sys.argv[1:6]
duckdb.sql('SET enable_progress_bar = false')
duckdb.sql(f'''COPY (SELECT 'row ' || n AS row, name, left(id, 8) || '********' || right(id, 2) AS identifier_masked,
CASE WHEN l.code IS NULL THEN 'clear' ELSE 'review' END AS outcome, '' AS measures, '{zh}' AS reasons_zh,
'{en}' AS reasons_en, '' AS decision, '' AS error
FROM (SELECT row_number() OVER () AS n, "统一社会信用代码" AS id, "名称" AS name
      FROM read_csv('{file}', all_varchar = true)) a
LEFT JOIN read_csv('{listed}', all_varchar = true) l ON a.id = l.code) TO '{out}' (HEADER)''')
"""

_POLARS = """
import sys, polars as pl
file, listed, out, zh, en = sys.argv[1:6]
applicants = pl.scan_csv(file, infer_schema=False).with_row_index("n", offset=1)
entries = pl.scan_csv(listed, infer_schema=False).with_columns(hit=pl.lit(True))
identifier = pl.col("统一社会信用代码")
applicants.join(entries, left_on="统一社会信用代码", right_on="code", how="left").select(
    row=pl.concat_str(pl.lit("row "), pl.col("n").cast(pl.String)), name=pl.col("名称"),
    identifier_masked=pl.concat_str(identifier.str.head(8), pl.lit("********"), identifier.str.tail(2)),
    outcome=pl.when(pl.col("hit").is_null()).then(pl.lit("clear")).otherwise(pl.lit("review")),
    measures=pl.lit(""), reasons_zh=pl.lit(zh), reasons_en=pl.lit(en), decision=pl.lit(""), error=pl.lit(""),
).sink_csv(out)
"""


def bulk(rounds: int) -> Iterator[Line]:
    """Compare a whole process that screens with a whole process that joins and writes the same columns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _lists(folder, LISTED):
            file, listed = folder / "applicants.csv", folder / "listed.csv"
            with file.open("w", encoding="utf-8") as writing:
                writing.write(",".join(_HEADS) + "\n")
                for number, value in enumerate(_codes(0, APPLICANTS)):
                    writing.write(f"示例企业{number}有限公司,{value}\n")
            with listed.open("w", encoding="utf-8") as writing:
                writing.writelines(
                    f"{each}\n"
                    for each in itertools.chain(["code"], _codes(APPLICANTS - BOTH, APPLICANTS - BOTH + LISTED))
                )
        zh = "通过：全部必查来源均已答复，未发现应当限制的记录。\n来源 lists 取自本机名单（数据时间 2026-11-24 08:51），未经实时确认。"
        en = (
            "Passed: all required sources answered, and nothing was found that restricts.\nsource lists is from the lists "
            "kept on this machine (as of 2026-11-24 08:51) and was not confirmed live."
        )
        memory: list[int] = []

        def ours() -> None:
            done = subprocess.run(  # noqa: S603  our own lines
                [sys.executable, "-c", _SCREEN, str(folder / "credit-check.toml"), str(file), str(folder / "out.csv"), str(BOTH)],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            memory.append(int(done.stdout.split()[-1]))

        def theirs(script: str) -> None:
            words = [str(file), str(listed), str(folder / "bare.csv"), zh, en]
            subprocess.run([sys.executable, "-c", script, *words], check=True)  # noqa: S603  the same

        for peer, script in (("DuckDB", _BARE), ("polars", _POLARS)):
            if importlib.util.find_spec(peer.lower()) is None:
                yield Line(f"screening / {peer}", 0, 0, 0, 0, 0, note=f"skipped: {peer} is not installed")
                continue
            line = compare(
                f"screening {APPLICANTS // 10**6} M rows by {LISTED // 10**6} M entries / bare {peer} join, same columns",
                ours, lambda script=script: theirs(script), rounds=min(rounds, 3), cost=True,  # type: ignore[misc]
            )  # fmt: skip
            note = f"most memory {max(memory) / 1024:.0f} MiB; to reach: 2 × the cost of DuckDB, under 1024 MiB"
            yield Line(line.name, line.ratio, line.least, line.most, line.ours, line.theirs, cost=True, note=note)


_OPEN = """
import sys, time
from credit_check_snapshot.shelf import Shelf
from pathlib import Path
key = (("cn-uscc", sys.argv[2]),)
began = time.perf_counter()
shelf = Shelf(Path(sys.argv[1]))
assert shelf.look(key)[1]
print(time.perf_counter() - began)
"""


def lookups(rounds: int) -> Iterator[Line]:
    """Compare one look-up in a list of 200,000 with one in LMDB, and say how long opening takes."""
    import lmdb  # noqa: PLC0415  a peer that may be missing

    many = 200_000
    with tempfile.TemporaryDirectory() as name, _lists(Path(name), many) as credit:
        shelf = credit.sources["lists"]._shelf  # type: ignore[attr-defined]  # noqa: SLF001  what a look-up is made of
        chance = random.Random(7)  # noqa: S311  the same numbers each time
        numbers = [code(APPLICANTS - BOTH + chance.randrange(many)) for _ in range(2000)]
        others = [code(chance.randrange(APPLICANTS - BOTH)) for _ in range(2000)]
        with lmdb.open(f"{name}/lmdb", map_size=1 << 30) as store:
            with store.begin(write=True) as writing:
                for value in _codes(APPLICANTS - BOTH, APPLICANTS - BOTH + many):
                    writing.put(value.encode(), b"x" * 200)

            def ours(keys: list[str]) -> None:
                for key in keys:
                    shelf.look((("cn-uscc", key),))

            def theirs(keys: list[str]) -> None:
                with store.begin() as reading:
                    for key in keys:
                        reading.get(key.encode())

            for what, keys in (("found and decrypted", numbers), ("not there", others)):
                line = compare(
                    f"offline look-up, {what} / bare LMDB get",
                    lambda keys=keys: ours(keys),  # type: ignore[misc]
                    lambda keys=keys: theirs(keys),  # type: ignore[misc]
                    rounds=rounds, cost=True,
                )  # fmt: skip
                yield Line(
                    line.name, line.ratio, line.least, line.most, line.ours / 2000, line.theirs / 2000, cost=True,
                    note="to reach: under 5 µs each",
                )  # fmt: skip
        opened = []
        for _ in range(rounds):
            words = [sys.executable, "-c", _OPEN, f"{name}/lists", numbers[0]]
            ran = subprocess.run(words, check=True, capture_output=True, text=True)  # noqa: S603  the same
            opened.append(float(ran.stdout))
        middle = statistics.median(opened)
        yield Line(
            "opening the lists, with the first look-up", 0, 0, 0, middle, 0,
            note=f"{middle * 1000:.1f} ms ({min(opened) * 1000:.1f} – {max(opened) * 1000:.1f}); to reach: under 50 ms",
        )  # fmt: skip
