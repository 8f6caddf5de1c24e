"""Write a configuration that works at once: the file, the key ring, the secrets. It overwrites nothing."""

from __future__ import annotations

import os
from pathlib import Path  # noqa: TC003  part of the public signature

from credit_check_sdk.errors import ConfigurationError

SANDBOX_KEY, SANDBOX_SECRET = "demo", "demo-secret"
"""Key and secret that the sandbox knows unless it is given others."""
_SOURCES = ("municipal", "regional", "national", "enterprise")
_MATTERS = (
    "licence.food-production",
    "procurement.goods",
    "tender.works",
    "subsidy.enterprise",
    "honour.award",
    "supervision.inspection",
)

_HEAD = """\
# Credit Check SDK. 配置说明见文档 reference/configuration；每一项也可用环境变量给出，例如 CREDIT_CHECK_LEDGER__URL。
# Every key can come from the environment as CREDIT_CHECK_LEDGER__URL and the like.
lang = "zh-CN"                            # zh-CN | en
region = "{region}"                         # 行政区划代码 code of the region (GB/T 2260)
environment = "{environment}"                 # production | sandbox

[ledger]
url = "sqlite:///credit-check.db"         # 或 or postgresql+psycopg://…
audit_url = "sqlite:///credit-check-audit.db"

[keys]
ring = "keys/"                            # 数据密钥、索引密钥、回执密钥 data keys, index key, receipt keys

[plugins]
enabled = []                              # 安装不等于启用 installed is not enabled

[catalogue]
supplements = []                          # 本地区、本部门的补充措施 a region's own measures
"""

_SOURCE = """
[[sources]]
id = "{id}"
kind = "platform"
level = "{id}"
base_url = "{url}/{id}"
key_id = "{key}"
secret_file = "secrets/{id}"
budget = "3s"                             # 一次查询的总时限 whole time of one consultation
channel = {channel}
"""

_MATTER = """
[matters."{code}"]
required = ["municipal", "national"]      # 必查来源 their silence leaves a check undecided
advisory = ["regional", "enterprise"]
unknown = "clear"                         # review | clear
"""

_EXAMPLE = """
# 每个信用平台一节。 One section for each platform.
# [[sources]]
# id = "municipal"
# kind = "platform"
# level = "municipal"                     # municipal | regional | national | enterprise
# base_url = "https://credit.example.gov.cn/municipal"
# key_id = "your-key"
# secret_env = "CREDIT_CHECK_MUNICIPAL_SECRET"
# budget = "3s"
# daily_quota = 100000
# channel = true                          # 执行反馈回到这里 feedback may go back here

# 每个事项一节；没有配置来源的事项，核查结论一律为“未决”。 A matter without a source is always undecided.
# [matters."licence.food-production"]
# required = ["municipal"]
# advisory = []
# fresh_for = "24h"
# outage = {accept = "proceed_and_recheck", decide = "hold"}
# query_roles = ["legal_representative"]
# unknown = "review"
"""


def start(path: Path, *, sandbox: str | None = None, region: str = "451100", secret: str = SANDBOX_SECRET) -> None:
    """Write *path*, and keys and secrets beside it; with *sandbox*, a base URL, wired to that sandbox.

    Raises:
        ConfigurationError: the file, or the folder of keys, is already there.
    """
    from credit_check_sdk._shell.keys import KeyRing

    folder = path.resolve().parent
    for there in (path, folder / "keys"):
        if there.exists():
            raise ConfigurationError(
                f"{there.name} is already there",
                f"{there.name} 已存在",
                remedy_en="it is left as it is; remove it, or name another file with --config",
                remedy_zh="未作改动；请先移走，或用 --config 指定其他文件",
            )
    folder.mkdir(parents=True, exist_ok=True)
    text = _HEAD.format(region=region, environment="sandbox" if sandbox else "production")
    if sandbox is None:
        text += _EXAMPLE
    else:
        text += "".join(
            _SOURCE.format(
                id=name,
                url=sandbox.rstrip("/"),
                key=SANDBOX_KEY,
                channel="false" if name == "enterprise" else "true",
            )
            for name in _SOURCES
        )
        text += "".join(_MATTER.format(code=code) for code in _MATTERS)
        _write_secrets(folder / "secrets", secret)
    KeyRing.make(folder / "keys")
    path.write_text(text, encoding="utf-8")


def _write_secrets(folder: Path, secret: str) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in _SOURCES:
        file = folder / name
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
            writing.write(secret)
