"""Commands on the service: serve it, and make, list and revoke the keys of the hosts that call it."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from credit_check_sdk._shell.register import HostKey, Register

host_keys = typer.Typer(
    help="接入密钥 Keys of the hosts that call the service; only hashes are kept.", no_args_is_help=True
)
app.add_typer(host_keys, name="host-keys")


@app.command()
def serve(
    *,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="端口，0 为自选，缺省按配置 port; 0 picks one; default: as configured"),
    ] = None,
    host: Annotated[str | None, typer.Option(help="监听地址，缺省按配置 address; default: as configured")] = None,
    relay: Annotated[
        bool | None,
        typer.Option("--relay/--no-relay", help="同时送出反馈 also deliver feedback; default: as configured"),
    ] = None,
) -> int:
    """运行服务 Serve the front door as HTTP, for hosts in other languages, until a signal comes."""
    try:
        from credit_check_sdk.service.running import serve as run
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the service is not installed ({error.name} is missing)",
            f"服务组件没有安装（缺少 {error.name}）",
            remedy_en="run pip install 'credit-check-sdk[service]'",
            remedy_zh="请执行 pip install 'credit-check-sdk[service]'",
        ) from None
    settings = talk.settings()
    given = {"port": port, "host": host, "relay": relay}
    told = {name: value for name, value in given.items() if value is not None}
    settings = settings.model_copy(update={"service": settings.service.model_copy(update=told)})
    register = _register()
    try:
        known = sum(key.revoked_at is None for key in register.host_keys())
    finally:
        register.close()

    def ready(url: str) -> None:
        talk.say(f"服务已就绪：{url}（{known} 个接入密钥）", f"service ready at {url} ({known} host keys)")
        if not known:
            talk.say(
                "尚无接入密钥；请执行 credit-check host-keys make。",
                "no host can call yet: make a key with credit-check host-keys make.",
            )

    run(settings, ready)
    return 0


@host_keys.command()
def make(
    name: Annotated[str, typer.Argument(help="业务系统名称 which host")],
    *,
    department: Annotated[list[str], typer.Option(help="部门编码，* 为全部 a department; * is every one")],
    matter: Annotated[list[str], typer.Option(help="事项编码，可用 licence.* 或 * a matter, licence.*, or *")],
    may: Annotated[
        list[str] | None,
        typer.Option(help="check | settle | require | read | prove | metrics；缺省前四项 default: the first four"),
    ] = None,
    ends: Annotated[str | None, typer.Option(help="有效期至（含当日） last day, YYYY-MM-DD")] = None,
) -> int:
    """生成接入密钥 Make a host key; it is shown once, and only its hash is kept."""
    from credit_check_sdk._shell.register import USUAL

    register = _register()
    try:
        made, token = register.make(name, department, matter, may or USUAL, _end(ends))
    finally:
        register.close()
    if talk.json:
        talk.document({**_row(made), "token": token})
    else:
        talk.out(token)
        talk.say(f"接入密钥 {made.id} 已生成，仅此一次显示。", f"host key {made.id} is made; it is never shown again.")
    return 0


@host_keys.command("list")
def list_() -> int:
    """列出接入密钥 List the host keys, revoked ones too; no key is shown."""
    register = _register()
    try:
        found = register.host_keys()
    finally:
        register.close()
    if talk.json:
        talk.document({"host_keys": [_row(key) for key in found]})
        return 0
    heads = (
        ("编号", "number"),
        ("系统", "host"),
        ("部门", "departments"),
        ("事项", "matters"),
        ("权限", "may"),
        ("状态", "state"),
    )
    rows = [
        [key.id, key.name, " ".join(key.departments), " ".join(key.matters), " ".join(key.may), _state(key)]
        for key in found
    ]
    talk.table([talk.pick(*head) for head in heads], rows)
    return 0


@host_keys.command()
def revoke(
    number: Annotated[str, typer.Argument(help="接入密钥编号 number of a host key")],
    *,
    reason: Annotated[str, typer.Option(help="吊销理由 why")],
) -> int:
    """吊销接入密钥 Revoke a host key: from the next call on it opens nothing."""
    register = _register()
    try:
        register.revoke(number, reason)
    finally:
        register.close()
    if talk.json:
        talk.document({"revoked": number})
    else:
        talk.say(f"{number} 已吊销。", f"{number} is revoked.")
    return 0


@host_keys.command()
def calls(
    *,
    key: Annotated[str | None, typer.Option(help="接入密钥编号 of this host key")] = None,
    case: Annotated[str | None, typer.Option(help="办件编号 about this case")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="最多条数 at most so many")] = 100,
) -> int:
    """列出服务调用 List the calls on record, newest first."""
    register = _register()
    try:
        found = register.calls(key, case, limit)
    finally:
        register.close()
    if talk.json:
        talk.document({"calls": found})
        return 0
    heads = (
        ("时间", "time"),
        ("密钥", "key"),
        ("操作", "operation"),
        ("办件", "case"),
        ("状态", "status"),
        ("代码", "code"),
    )
    names = ("at", "host_key", "operation", "case_id", "status", "code")
    rows = [["" if call[name] is None else str(call[name]) for name in names] for call in found]
    talk.table([talk.pick(*head) for head in heads], rows)
    return 0


def _register() -> Register:
    from credit_check_sdk.service.opening import open_register

    return open_register(talk.settings())


def _end(day: str | None) -> datetime | None:
    """Give the moment at which a key ends whose last day is *day*."""
    if day is None:
        return None
    try:
        last = date.fromisoformat(day)
        return datetime.combine(last + timedelta(days=1), time(), ZoneInfo("Asia/Shanghai"))
    except (ValueError, OverflowError):
        raise InputError(
            f"--ends {day!r} is no day",
            f"--ends：“{day}”不是日期",
            remedy_en="write it as 2027-12-31",
            remedy_zh="请写作 2027-12-31",
        ) from None


def _state(key: HostKey) -> str:
    if key.revoked_at is not None:
        return f"{talk.pick('已吊销', 'revoked')}（{key.reason}）"
    if key.ends_at is not None:
        return f"{talk.pick('至', 'until')} {key.ends_at.isoformat(timespec='minutes')}"
    return talk.pick("有效", "holds")


def _row(key: HostKey) -> dict[str, Any]:
    said = dataclasses.asdict(key)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}
