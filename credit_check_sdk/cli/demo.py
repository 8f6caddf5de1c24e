"""The whole job, shown: a sandbox, a host of each kind through its adapter, feedback received, a readable report.

It decides nothing; each adapter shows itself on the stage that is set here.
"""

from __future__ import annotations

import html
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_check_sdk.cli.app import talk
from credit_check_sdk.cli.lists import adapters
from credit_check_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credit_check_sdk import CreditCheck, Words

_SUBJECTS, _SEED = 200, 7


@dataclass(slots=True)
class Section:
    """A section of the report."""

    title: tuple[str, str]
    parts: list[Any] = field(default_factory=list)


class DemoStage:
    """The stage on which adapters show themselves: prints as it goes, and keeps all for the report."""

    def __init__(self, credit: CreditCheck, sandbox: Any, inputs: Path | None) -> None:
        self.credit = credit
        self.inputs = inputs
        self.sections: list[Section] = []
        self._sandbox = sandbox

    def put_record(self, record: Mapping[str, Any]) -> str:
        """Put a record into the sandbox; answer its number."""
        number: str = self._sandbox.put_record(dict(record))
        return number

    def put_subject(self, subject: Mapping[str, Any]) -> None:
        """Make a subject known to the sandbox."""
        self._sandbox.put_subject(dict(subject))

    def change(self, record_id: str, change: str) -> None:
        """Make a change happen in the sandbox."""
        self._sandbox.change(record_id, change)

    def section(self, zh: str, en: str) -> None:
        """Begin a section of the report."""
        self.sections.append(Section((zh, en)))
        if not talk.json:
            talk.out(f"\n■ {talk.pick(zh, en)}")

    def say(self, zh: str, en: str) -> None:
        """Say one sentence."""
        self.sections[-1].parts.append((zh, en))
        if not talk.json:
            talk.out(f"  {talk.pick(zh, en)}")

    def table(self, columns: Sequence[Words], rows: Sequence[Sequence[str]]) -> None:
        """Show a table."""
        self.sections[-1].parts.append((list(columns), [list(row) for row in rows]))
        if not talk.json:
            talk.table([talk.words(column) for column in columns], rows)


def play(inputs: Path | None, report: Path) -> int:
    """Play the demonstration and write the report; answer the exit code.

    Raises:
        ConfigurationError: the sandbox or the adapters are not installed.
    """
    if inputs is not None and not inputs.is_dir():
        raise ConfigurationError(
            f"--inputs {inputs} is no folder",
            f"--inputs：{inputs} 不是目录",
            remedy_en="name a folder of inputs, or leave it out",
            remedy_zh="请指定输入目录，或省略该选项",
        )
    shown = adapters()
    if not shown:
        raise ConfigurationError(
            "no adapter is installed",
            "没有安装适配器",
            remedy_en="install credit-check-adapter-approval, -tendering and -subsidy",
            remedy_zh="请安装 credit-check-adapter-approval、-tendering、-subsidy",
        )
    try:
        from credit_check_sdk.sandbox import serving
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the sandbox is not installed ({error.name} is missing)",
            f"沙箱组件没有安装（缺少 {error.name}）",
            remedy_en="run pip install 'credit-check-sdk[sandbox]'",
            remedy_zh="请执行 pip install 'credit-check-sdk[sandbox]'",
        ) from None
    from credit_check_sdk import CreditCheck
    from credit_check_sdk._shell.starting import start

    with (
        tempfile.TemporaryDirectory(prefix="credit-check-demo-") as folder,
        serving(subjects=_SUBJECTS, seed=_SEED) as sandbox,
    ):
        config = Path(folder) / "credit-check.toml"
        start(config, sandbox=sandbox.url)
        with CreditCheck.open(config) as credit:
            stage = DemoStage(credit, sandbox, inputs)
            _welcome(stage)
            for adapter in shown:
                stage.section(adapter.title.zh, adapter.title.en)
                adapter.demo(stage)
            delivered = _deliver(stage, sandbox)
            _numbers(stage)
    report.write_text(_page(stage.sections), encoding="utf-8")
    if talk.json:
        talk.document({"report": str(report), "adapters": [adapter.name for adapter in shown], **delivered})
    else:
        talk.out("")
        talk.say(f"完整报告：{report}", f"the whole report: {report}")
    return 0 if delivered["undelivered"] == 0 else 1


def _welcome(stage: DemoStage) -> None:
    from credit_check_sdk import Words

    stage.section("应查必查：演示", "Must-check: a demonstration")
    stage.say(
        "沙箱信用平台已启动：国家、自治区、市、企业公示四个来源，合成数据，没有真实的人。",
        "A sandbox credit platform is running: national, regional, municipal and enterprise sources; invented data only.",
    )
    stage.say(
        "每个办件都走同一条路：查询 → 决定（理由、依据、回执）→ 经办人答复 → 过闸 → 反馈。",
        "Every case goes the same way: check → decision (reasons, basis, receipt) → officer settles → gate → feedback.",
    )
    stage.table(
        [Words(zh="结论", en="outcome"), Words(zh="含义", en="meaning")],
        [
            [
                "clear",
                talk.pick("全部必查来源已答复，没有应当限制的记录", "all required sources answered, nothing restricts"),
            ],
            [
                "restricted",
                talk.pick(
                    "有依法应当限制的记录，经办人确认后不得办理", "a lawful restriction applies, the officer settles it"
                ),
            ],
            [
                "review",
                talk.pick(
                    "须经办人核实：名称相同、没有标识符、提示类措施",
                    "an officer has to look: name only, no identifier, a hint",
                ),
            ],
            [
                "undecided",
                talk.pick(
                    "必查来源没有答复；不等于没有问题", "a required source was silent; that is not the same as clean"
                ),
            ],
        ],
    )


def _deliver(stage: DemoStage, sandbox: Any) -> dict[str, Any]:
    from credit_check_sdk import Words

    stage.section("执行反馈", "Feedback")
    before = stage.credit.outbox_status().counts
    stage.say(
        f"发件箱中有 {before.get('waiting', 0)} 条反馈，与答复写在同一个事务里，不会丢失。",
        f"{before.get('waiting', 0)} feedbacks wait in the outbox, written in one transaction with the answers.",
    )
    report = stage.credit.relay()
    again = stage.credit.relay()
    after = stage.credit.outbox_status().counts
    received = sandbox.received("feedback")
    kinds = [received, sandbox.received("red-list")]
    total, effects = (sum(kind[name] for kind in kinds) for name in ("total", "effects"))
    stage.say(
        f"送达 {report.delivered} 条；再跑一次又送 {again.delivered} 条；平台收到 {total} 条，产生 {effects} 个业务效果。",
        f"{report.delivered} delivered; a second run delivered {again.delivered}; the platform has {total}, "
        f"with {effects} effects.",
    )
    answers = Counter(
        (
            item["body"].get("data", item["body"]).get("measure", "—"),
            item["body"].get("data", item["body"]).get("answer", "—"),
        )
        for item in received["items"]
    )
    stage.table(
        [Words(zh="措施", en="measure"), Words(zh="答复", en="answer"), Words(zh="条数", en="count")],
        [[measure, answer, str(count)] for (measure, answer), count in sorted(answers.items())],
    )
    left = sum(count for state, count in after.items() if state != "delivered")
    return {"delivered": report.delivered, "effects": effects, "undelivered": left}


def _numbers(stage: DemoStage) -> None:
    from credit_check_sdk import Words

    stage.section("统计", "Figures")
    pairs = (
        ("部门", "department"), ("事项", "matter"), ("环节", "point"), ("核查", "checks"), ("措施", "proposals"),
        ("执行", "applied"), ("不执行", "set aside"), ("未答复", "unanswered"),
    )  # fmt: skip
    stage.table(
        [Words(zh=zh, en=en) for zh, en in pairs],
        [
            [
                row.department,
                row.matter,
                row.point,
                *(str(n) for n in (row.checks, row.proposals, row.applied, row.set_aside, row.unanswered)),
            ]
            for row in stage.credit.statistics()
        ],
    )


_STYLE = """
body { font: 16px/1.6 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; margin: 2rem auto;
  max-width: 76rem; padding: 0 1rem; color: #1c2430; }
h1 { font-size: 1.6rem; }
h2 { margin-top: 2.4rem; border-bottom: 2px solid #b8c4d6; padding-bottom: .2rem; font-size: 1.25rem; }
h2 small, p small { color: #5b6778; font-weight: normal; display: block; }
table { border-collapse: collapse; margin: 1rem 0; width: 100%; }
th, td { border: 1px solid #ccd5e2; padding: .35rem .6rem; text-align: left; vertical-align: top; overflow-wrap: break-word; }
th { background: #eef2f8; min-width: 4.5rem; }
td:first-child { min-width: 10rem; }
.restricted, .clear, .review, .undecided { white-space: nowrap; }
.restricted { color: #9c1c1c; font-weight: 600; }
.clear { color: #17693a; }
.review { color: #8a5a00; }
.undecided { color: #5b3c9c; }
"""


def _page(sections: Sequence[Section]) -> str:
    body = "".join(_section(section) for section in sections)
    return (
        '<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>应查必查演示 · Must-check demonstration</title><style>{_STYLE}</style></head><body>"
        f"<h1>应查必查演示 · Must-check demonstration</h1>{body}</body></html>\n"
    )


def _section(section: Section) -> str:
    zh, en = (html.escape(text) for text in section.title)
    parts = []
    for part in section.parts:
        if isinstance(part[0], str):
            parts.append(f"<p>{html.escape(part[0])}<small>{html.escape(part[1])}</small></p>")
        else:
            heads = "".join(f"<th>{html.escape(c.zh)}<br><small>{html.escape(c.en)}</small></th>" for c in part[0])
            rows = "".join(f"<tr>{''.join(_td(cell) for cell in row)}</tr>" for row in part[1])
            parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
    return f"<h2>{zh}<small>{en}</small></h2>{''.join(parts)}"


def _td(cell: str) -> str:
    kind = f' class="{cell}"' if cell in {"clear", "restricted", "review", "undecided"} else ""
    return f"<td{kind}>{html.escape(cell)}</td>"
