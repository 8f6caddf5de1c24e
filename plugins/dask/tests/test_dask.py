"""Two workers give the same result as one process, bit for bit; whatever fails there is said here."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from distributed import LocalCluster

from credit_check_dask.engine import DaskEngine
from credit_check_sdk import ConfigurationError, CreditCheck, InputError, Purpose
from credit_check_sdk._shell.starting import start
from credit_check_sdk.model.identifiers import synthetic_uscc
from credit_check_sdk.spi import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from credit_check_sdk.testing.plugin import RunningSandbox

WHY: dict[str, Any] = {
    "matter": "subsidy.enterprise",
    "point": "apply",
    "purpose": Purpose(text="补贴申请批量核查", basis="某办法第三条"),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(host="127.0.0.1", **options) as running:  # type: ignore[no-untyped-call]  # its makers left it so
        yield running


@pytest.fixture
def config(credit_sandbox: RunningSandbox, tmp_path: Path) -> Path:
    path = tmp_path / "credit-check.toml"
    start(path, sandbox=credit_sandbox.url)
    text = path.read_text(encoding="utf-8").replace("enabled = []", 'enabled = ["snapshot", "dask"]')
    text += (
        '\n[[sources]]\nid = "lists"\nkind = "snapshot"\nlevel = "municipal"\n'
        f'base_url = "{credit_sandbox.url}/municipal"\nkey_id = "demo"\nsecret_file = "secrets/municipal"\n'
        '[sources.options]\nfolder = "lists"\n'
    )
    path.write_text(text, encoding="utf-8")
    return path


def test_two_workers_give_the_same_as_one_process(
    config: Path, credit_sandbox: RunningSandbox, cluster: LocalCluster, tmp_path: Path
) -> None:
    chance = random.Random(7)  # noqa: S311  the same list each time
    codes = [synthetic_uscc(chance) for _ in range(3000)]
    for number, code in enumerate(codes[::100]):
        credit_sandbox.put_record(_listed(code, f"企业{number * 100}"))
    rows = [f"企业{number},{code if number % 7 else code.lower()}" for number, code in enumerate(codes)]
    rows[50] = ",91450000MA0000007U"
    file = tmp_path / "applicants.csv"
    file.write_text("名称,统一社会信用代码\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with CreditCheck.open(config) as credit:
        credit.refresh_lists()
        alone = credit.screen_list(file, tmp_path / "alone.csv", **WHY)
        engine = credit.engine("dask", {"address": cluster.scheduler_address})
        assert isinstance(engine, Engine)
        together = credit.screen_list(file, tmp_path / "together.csv", rows_of_a_part=400, engine=engine, **WHY)
        assert together == alone
        assert (alone.rows, alone.rejected, alone.outcomes["review"]) == (3000, 1, 30)
        assert (tmp_path / "together.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
        assert not (tmp_path / "together.csv.parts").exists()
    assert datetime.now(UTC) >= (alone.as_of or datetime.max.replace(tzinfo=UTC))


def test_a_cluster_that_is_not_there_is_said() -> None:
    engine = DaskEngine("tcp://127.0.0.1:9", timeout=1.0)
    with pytest.raises(InputError, match="cannot be reached"):
        list(engine.run((), lambda part: part))  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("options", [{}, {"address": ""}, {"address": "tcp://x:1", "colour": "red"}])
def test_options_that_cannot_be_used_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="dask"):
        DaskEngine.of(options)


def _listed(code: str, name: str) -> dict[str, Any]:
    return {
        "subject": {"category": "organisation", "name": name, "identifiers": [{"scheme": "cn-uscc", "value": code}]},
        "record_id": None,
        "list_code": "MOF-ZC",
        "kind": "list",
        "polarity": "negative",
        "status": "active",
        "severity": "serious",
        "level": "municipal",
        "authority": "贺州市财政局",
        "doc_no": "贺财罚〔2026〕2号",
        "basis": "政府采购法 第七十七条",
        "document_date": "2026-03-01",
        "list_until": "2029-03-01",
    }
