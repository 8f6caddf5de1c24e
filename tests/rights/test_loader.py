"""What somebody reads who mistyped a scenario: file, line, and what is wrong, in Chinese and English."""

from __future__ import annotations

import pytest

from credit_check_sdk.catalogue.reading import read
from credit_check_sdk.errors import CatalogueError
from tests.rights.table import scenarios_of

GOOD = """
scenarios:
  - id: status-01
    title: {zh: 有效记录触发限制, en: An active record restricts}
    clause: 政府采购法 第二十二条
    records:
      - {list: MOF-ZC}
    then: {outcome: restricted, restrictions: [R-GP-01]}
"""


def refused(text: str) -> CatalogueError:
    with pytest.raises(CatalogueError) as error:
        scenarios_of(read(text, "10-status.yaml"))
    return error.value


def test_a_good_scenario_is_read() -> None:
    (scenario,) = scenarios_of(read(GOOD, "10-status.yaml"))
    assert scenario.at.isoformat() == "2026-11-23T10:00:00+08:00"
    assert scenario.records[0].status == "active"


@pytest.mark.parametrize(
    ("mistyped", "line", "zh", "en"),
    [
        (GOOD.replace("outcome: restricted", "outcome: 受限"), 8, "取值未知", "'clear' is expected"),
        (GOOD.replace("clause:", "clauze:"), 5, "是否为“clause”", "did you mean 'clause'"),
        (GOOD.replace(", en: An active record restricts", ""), 4, "缺少英文译文", "English translation is missing"),
        (GOOD.replace("{list: MOF-ZC}", "{list: MOF-ZC, statuss: active}"), 7, "statuss 不是已知的键", "no known key"),
        (GOOD.replace("{list: MOF-ZC}", "{list: MOF-ZC, dated: 2026-02-30}"), 7, "无法识别", "cannot be read"),
        (GOOD.replace("{list: MOF-ZC}", "{list: MOF-ZC, of: zhangsan}"), 3, "没有名为“zhangsan”的当事人", "zhang"),
        (GOOD.replace("    records", "    covers: [status.actve]\n    records"), 6, "没有“status.actve”", "no row"),
        (GOOD.replace("id: status-01", "id: 状态一"), 3, "id", "pattern"),
        (GOOD.replace("outcome: restricted, ", ""), 8, "then", "say either the outcome"),
        (GOOD.replace("    then", "\tthen"), 8, "不是有效的 YAML", "no valid YAML"),
        ("scenarios: []", 1, "应当有列表 scenarios", "is expected"),
    ],
    ids=["value", "key", "translation", "record", "day", "cast", "row", "id", "outcome", "tab", "empty"],
)
def test_a_mistyped_one_says_where_and_what(mistyped: str, line: int, zh: str, en: str) -> None:
    error = refused(mistyped)
    assert f"10-status.yaml 第 {line} 行" in error.words("zh-CN")
    assert zh in error.words("zh-CN")
    assert f"10-status.yaml:{line}:" in error.words("en")
    assert en in error.words("en")
