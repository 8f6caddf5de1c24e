"""Commands on the ledger itself: its tables and their version, copies of it. They change no check."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  typer reads it
from typing import Annotated

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import InputError

ledger = typer.Typer(help="台账 The ledger's tables: SQL, version, copies.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")


@ledger.command()
def ddl(
    *,
    dialect: Annotated[
        str | None, typer.Option(help="sqlite | postgresql，缺省为配置的数据库 default: as configured")
    ] = None,
    since: Annotated[
        int | None, typer.Option("--from", min=1, help="只输出自该版本起的升级语句 only the steps from this version on")
    ] = None,
) -> int:
    """输出建表语句 Print the SQL that makes the tables, or that upgrades them, for a database administrator."""
    from credit_check_sdk._shell.ledger import ddl as tables
    from credit_check_sdk._shell.ledger.migrating import script
    from credit_check_sdk._shell.ledger.schema import VERSION

    kind = dialect or ("sqlite" if talk.settings().ledger.url.startswith("sqlite") else "postgresql")
    if kind not in {"sqlite", "postgresql"}:
        raise InputError(
            f"--dialect {kind!r} is unknown",
            f"--dialect：不支持“{kind}”",
            remedy_en="use sqlite or postgresql",
            remedy_zh="请使用 sqlite 或 postgresql",
        )
    text = tables(kind) if since is None else script(kind, since)
    if talk.json:
        talk.document({"dialect": kind, "from": since, "version": VERSION, "sql": text})
    else:
        talk.out(text.rstrip())
    return 0


@ledger.command()
def migrate(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只说明，不改动 only say what would be done")] = False,
) -> int:
    """升级台账 Bring the ledger to this package's version, whole or not at all. Stop what uses it, and back it up first."""
    from credit_check_sdk._shell.ledger.migrating import Migrated, version_of
    from credit_check_sdk._shell.ledger.migrating import migrate as bring
    from credit_check_sdk._shell.ledger.schema import VERSION

    settings = talk.settings()
    url = settings.database(settings.ledger.url)
    done = Migrated(version_of(url), VERSION) if dry_run else bring(url)
    changed = done.before != done.after
    if talk.json:
        talk.document({"before": done.before, "after": done.after, "changed": changed and not dry_run})
    elif not changed:
        talk.say(f"台账已是版本 {done.after}。", f"the ledger is of version {done.after} already.")
    elif dry_run:
        talk.say(f"将从版本 {done.before} 升级到 {done.after}。", f"version {done.before} would become {done.after}.")
    else:
        talk.say(f"台账已从版本 {done.before} 升级到 {done.after}。", f"version {done.before} became {done.after}.")
    return 0


@ledger.command()
def backup(
    file: Annotated[Path, typer.Argument(help="备份文件，不得已存在 a file that is not there yet")],
    *,
    keys: Annotated[
        Path | None, typer.Option(help="同时把密钥环复制到该目录 also copy the key ring, into this folder")
    ] = None,
) -> int:
    """备份台账 Copy the ledger into a file, as it is at one moment, while it is used. Keys are not in it."""
    from dataclasses import asdict

    from credit_check_sdk._shell.keys import copied
    from credit_check_sdk._shell.ledger.copying import backup as copy
    from credit_check_sdk._shell.world import now

    settings = talk.settings()
    done = copy(settings.database(settings.ledger.url), file, now())
    if keys is not None:
        copied(settings.path(settings.keys.ring), keys)
    if talk.json:
        said = asdict(done)
        talk.document(
            {name: said[name] for name in ("ledger", "version", "rows", "entries")} | {"keys": keys is not None}
        )
    else:
        talk.say(
            f"已备份 {done.entries} 条记录到 {file}。" + ("" if keys else "其中不含密钥，请另行备份密钥环。"),
            f"{done.entries} entries are in {file}." + ("" if keys else " No key is in it: back up the key ring too."),
        )
    return 0


@ledger.command()
def restore(
    file: Annotated[Path, typer.Argument(help="备份文件 a file written by backup")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="放弃目标台账中已有的记录 give up the entries that are there")
    ] = False,
) -> int:
    """恢复台账 Make the ledger what the file says. Stop what uses it first. Nothing is sent again blindly."""
    from dataclasses import asdict

    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk._shell.ledger.copying import restore as copy_back
    from credit_check_sdk._shell.world import now

    settings = talk.settings()
    ring = KeyRing.open(settings.path(settings.keys.ring))
    done = copy_back(settings.database(settings.ledger.url), ring, file, now(), replace=replace)
    if talk.json:
        talk.document(asdict(done))
    else:
        talk.say(
            f"已恢复 {done.entries} 条记录；{done.in_doubt} 条反馈在备份后可能已送达，列为存疑；已开始新的链条 {done.chain}。",
            f"{done.entries} entries are restored; {done.in_doubt} feedbacks may have been delivered since and are in doubt; "
            f"chain {done.chain} is begun.",
        )
    return 0
