"""Commands on the set-up: init, plugins, doctor, sandbox. They change nothing but what `init` writes."""

from __future__ import annotations

import importlib.metadata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import CreditCheckError, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk import CreditCheck, Settings
    from credit_check_sdk.spi import SourceSettings


@app.command()
def init(
    *,
    sandbox: Annotated[str | None, typer.Option(help="沙箱地址 base URL of a running sandbox")] = None,
    region: Annotated[str, typer.Option(help="行政区划代码 code of the region")] = "451100",
) -> int:
    """写出配置、密钥 Write a commented configuration, and make the keys."""
    from credit_check_sdk._shell.starting import start
    from credit_check_sdk.config import FILE

    path = talk.config_path(Path(FILE))
    start(path, sandbox=sandbox, region=region)
    if talk.json:
        talk.document({"config": str(path), "keys": str(path.parent / "keys"), "sandbox": sandbox})
    else:
        talk.say(f"已写出 {path}，密钥在 keys/。", f"wrote {path}; the keys are in keys/.")
    return 0


@app.command()
def plugins() -> int:
    """列出插件 List plugins: where each is from, and whether it is enabled."""
    from credit_check_sdk._shell.plugins import Plugins
    from credit_check_sdk.adapter import ADAPTERS

    loaded = Plugins(talk.settings().plugins.enabled).loaded()
    adapters = [
        {
            "name": point.name,
            "distribution": point.dist.name if point.dist else "",
            "version": point.dist.version if point.dist else "",
        }
        for point in sorted(importlib.metadata.entry_points(group=ADAPTERS), key=lambda point: point.name)
    ]
    if talk.json:
        talk.document({"plugins": [asdict(plugin) for plugin in loaded], "adapters": adapters})
        return 0
    enabled = talk.pick("已启用", "enabled"), talk.pick("未启用", "not enabled")
    rows = [[p.name, p.distribution, p.version, enabled[not p.enabled], ", ".join(p.offers)] for p in loaded]
    rows += [[a["name"], a["distribution"], a["version"], talk.pick("适配器", "adapter"), ""] for a in adapters]
    heads = (("名称", "name"), ("来自", "from"), ("版本", "version"), ("状态", "state"), ("提供", "offers"))
    talk.table([talk.pick(*pair) for pair in heads], rows)
    return 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What the doctor found."""

    what: str
    ok: bool
    zh: str
    en: str
    weak: bool = False
    """Whether it works and somebody should mend it."""


@app.command()
def doctor() -> int:
    """检查配置 Say what would not work, and why; exit 3 where something would not."""
    findings = list(_examine())
    if talk.json:
        talk.document({"ok": all(f.ok for f in findings), "findings": [asdict(f) for f in findings]})
    else:
        for finding in findings:
            mark = "!" if finding.weak else "✓" if finding.ok else "✗"
            talk.out(f"{mark} {finding.what}: {talk.pick(finding.zh, finding.en)}")
    return 0 if all(finding.ok for finding in findings) else 3


def _examine() -> Iterator[Finding]:
    from credit_check_sdk import CreditCheck

    try:
        settings = talk.settings()
    except SetupError as error:
        yield _trouble("configuration", error)
        return
    found = Finding("configuration", ok=True, zh="已读取", en="read")
    missing = Finding(
        "configuration",
        ok=False,
        zh="没有找到配置文件；没有来源，核查一律未决。请执行 credit-check init",
        en="no file was found; without a source every check is undecided. Run credit-check init",
    )
    yield found if settings.kind == "file" else missing
    try:
        credit = CreditCheck.open(settings)
    except CreditCheckError as error:
        yield _trouble("set-up", error)
        return
    with credit:
        yield from _parts(credit, settings)


def _parts(credit: CreditCheck, settings: Settings) -> Iterator[Finding]:
    reference = credit.catalogue
    yield Finding(
        "catalogue",
        ok=True,
        zh=f"{reference.edition} 版，{len(reference.measures)} 项措施",
        en=f"edition {reference.edition}, {len(reference.measures)} measures",
    )
    try:
        status = credit.outbox_status()
    except CreditCheckError as error:
        yield _trouble("ledger", error)
    else:
        waiting = sum(status.counts.get(state, 0) for state in ("waiting", "leased"))
        dead = status.counts.get("dead", 0) + status.counts.get("in_doubt", 0)
        yield Finding("ledger", ok=True, zh="可写", en="can be written")
        yield Finding(
            "outbox",
            ok=not dead,
            zh=f"{waiting} 条待发，{dead} 条拒收或存疑",
            en=f"{waiting} waiting, {dead} dead or in doubt",
        )
    if settings.memory.kind != "local":
        trouble = credit.memory_trouble
        yield Finding(
            "memory",
            ok=trouble is None,
            zh=f"共享缓存不可用（{trouble}），各进程暂用自己的缓存" if trouble else "共享缓存可用",
            en=f"the shared memory is out of reach ({trouble}); each process uses its own meanwhile"
            if trouble
            else "the shared memory works",
        )
    standing = {each.id: each for each in credit.source_status()}
    for source in settings.sources:
        found = standing[source.id]
        if found.state == "isolated":
            yield Finding(
                f"sources.{source.id}",
                ok=False,
                zh=f"已被 {found.operator} 隔离（{found.reason}）；解除：credit-check sources release {source.id}",
                en=f"isolated by {found.operator} ({found.reason}); credit-check sources release {source.id}",
            )
            continue
        if found.quota_left is not None:
            yield Finding(
                f"sources.{source.id}.quota",
                ok=found.quota_left > 0,
                zh=f"当日配额剩余 {found.quota_left}/{found.daily_quota}",
                en=f"{found.quota_left} of {found.daily_quota} left today",
            )
        weakness = credit.weaknesses.get(source.id)
        if weakness is not None:
            yield Finding(
                f"sources.{source.id}.signer",
                ok=True,
                weak=True,
                zh=f"签名方式 {source.signer} 强度弱：{weakness.zh}；请与平台商定更强的方式，并限于专网或 TLS 内使用",
                en=f"the signer {source.signer} is weak: {weakness.en}; agree on a stronger one with the platform, "
                "and use it inside TLS or a closed network only",
            )
        yield _reach(settings, source)
    for code, policy in credit.policies.items():
        if code in settings.matters and not policy.required:
            yield Finding(
                f"matters.{code}",
                ok=False,
                zh="没有必查来源；请配置 required",
                en="no source is required; configure `required`",
            )


def _reach(settings: Settings, source: SourceSettings) -> Finding:
    from credit_check_sdk._shell.exchange import Exchange
    from credit_check_sdk.flow import Request

    name, said = source.id, settings.placed(source)
    exchange = Exchange({name: said.tls} if said.tls is not None else None)
    try:
        path = "/v1/health" if source.kind == "platform" else ""
        reply = exchange.send(Request("GET", f"{source.base_url.rstrip('/')}{path}", timeout=3.0), name)
    except CreditCheckError as error:
        return _trouble(f"sources.{name}", error)
    finally:
        exchange.close()
    # Another kind of platform says nothing of its health: an answer of any kind shows that it is there.
    if reply.status >= 400 and path:  # noqa: PLR2004  400 and above are refusals
        return Finding(
            f"sources.{name}", ok=False, zh=f"答复状态 {reply.status}", en=f"answered with status {reply.status}"
        )
    return Finding(f"sources.{name}", ok=True, zh="可以连接", en="can be reached")


def _trouble(what: str, error: CreditCheckError) -> Finding:
    return Finding(what, ok=False, zh=error.words("zh-CN"), en=error.words("en"))


@app.command()
def sandbox(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口，0 为自选 port; 0 picks one")] = 8801,
    subjects: Annotated[int, typer.Option(min=0, max=1_000_000, help="主体数量 how many subjects")] = 1000,
    seed: Annotated[int, typer.Option(help="随机种子 the same seed makes the same city")] = 7,
    host: Annotated[str, typer.Option(help="监听地址 address to listen on")] = "127.0.0.1",
    key: Annotated[str, typer.Option(help="密钥编号 key id")] = "demo",
    secret_env: Annotated[str | None, typer.Option(help="存放密钥的环境变量 variable that holds the secret")] = None,
) -> int:
    """运行沙箱平台 Serve a credit platform to develop against: a synthetic city, no real person."""
    import os

    from credit_check_sdk._shell.starting import SANDBOX_SECRET
    from credit_check_sdk.errors import ConfigurationError

    try:
        from credit_check_sdk.sandbox import serve
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the sandbox is not installed ({error.name} is missing)",
            f"沙箱组件没有安装（缺少 {error.name}）",
            remedy_en="run pip install 'credit-check-sdk[sandbox]'",
            remedy_zh="请执行 pip install 'credit-check-sdk[sandbox]'",
        ) from None
    secret = os.environ.get(secret_env, "") if secret_env else SANDBOX_SECRET

    def ready(url: str) -> None:
        talk.say(
            f"沙箱已就绪：{url}（{subjects} 个主体，种子 {seed}）",
            f"sandbox ready at {url} ({subjects} subjects, seed {seed})",
        )

    serve(host=host, port=port, subjects=subjects, seed=seed, key_id=key, secret=secret, on_ready=ready)
    return 0
