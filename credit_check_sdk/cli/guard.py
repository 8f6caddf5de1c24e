"""The command that prints triggers for a host's own table. It runs none of them and opens no database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.cli.case import point_of
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import Settings

_DIALECTS = {"postgresql": "postgresql", "postgres": "postgresql", "sqlite": "sqlite"}

guard = typer.Typer(help="守护业务表 Guard the host's own table.", no_args_is_help=True)
app.add_typer(guard, name="guard")


@guard.callback()
def _group() -> None:
    """守护业务表 Guard the host's own table."""


@guard.command()
def sql(
    *,
    dialect: Annotated[str, typer.Option(help="postgresql | sqlite")],
    table: Annotated[str, typer.Option(help="业务表，可写 schema.表 the host's table")],
    status_column: Annotated[str, typer.Option(help="状态列 the column with the status")],
    grant_values: Annotated[list[str], typer.Option(help="准予状态，逗号分隔 statuses that grant, by comma")],
    case_column: Annotated[str, typer.Option(help="办件编号列 the column with the number of the file")],
    point: Annotated[str, typer.Option(help="环节 decision point")],
    ledger_schema: Annotated[
        str, typer.Option(help="台账所在 schema（PostgreSQL）the ledger's schema on PostgreSQL")
    ] = "public",
    drop: Annotated[bool, typer.Option("--drop", help="打印卸载语句 print what takes the guard away")] = False,
) -> int:
    """打印触发器 Print triggers, so that raw SQL cannot grant what was not checked and settled."""
    from credit_check_sdk import TableGuard

    if dialect not in _DIALECTS:
        raise InputError(
            f"--dialect {dialect!r} is unknown",
            f"--dialect：没有“{dialect}”",
            remedy_en="use postgresql or sqlite",
            remedy_zh="请使用 postgresql 或 sqlite",
        )
    values = [value.strip() for said in grant_values for value in said.split(",") if value.strip()]
    if not values:
        raise InputError(
            "--grant-values names no status",
            "--grant-values 没有给出状态",
            remedy_en="name the statuses that grant, as in approved,issued",
            remedy_zh="请给出准予状态，例如 approved,issued",
        )
    settings = talk.settings()
    known: Any = _DIALECTS[dialect]
    described = TableGuard(
        dialect=known,
        table=table,
        status_column=status_column,
        grant_values=tuple(values),
        case_column=case_column,
        point=point_of(point),
        environment=settings.environment,
        ledger_schema=ledger_schema,
    )
    if not drop:
        _say_what_to_mind(settings, known)
    if talk.json:
        statements = described.drop() if drop else described.install()
        talk.document({"dialect": known, "environment": settings.environment, "statements": statements})
    else:
        talk.out(described.script(drop=drop).rstrip())
    return 0


def _say_what_to_mind(settings: Settings, dialect: str) -> None:
    talk.say(
        f"只认 {settings.environment} 环境的核查；台账须与业务表在同一数据库。请由表的所有者执行。",
        f"only checks of environment {settings.environment} count; the ledger has to be in the same database as the table. "
        "To be run by the owner of the table.",
    )
    kept = _DIALECTS.get(settings.ledger.url.partition(":")[0].partition("+")[0])
    if kept is not None and kept != dialect:
        talk.say(
            f"注意：配置中的台账在 {kept} 数据库，触发器将找不到它；请先设置 ledger.url。",
            f"mind: the ledger is configured in {kept}, where these triggers will not find it; set ledger.url first.",
        )
