"""Commands on sources: how they stand, taking one out, letting it back in."""

from __future__ import annotations

from typing import Annotated

import typer

from credit_check_sdk.cli.app import app, talk

sources = typer.Typer(help="来源状态与隔离 How sources stand; take one out and let it back in.", no_args_is_help=True)
app.add_typer(sources, name="sources")


@sources.command("list")
def list_() -> int:
    """列出来源及其状态 List sources and how they stand."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        found = credit.source_status()
    if talk.json:
        talk.document({"sources": [each.model_dump(mode="json") for each in found]})
        return 0
    heads = (
        ("来源", "source"),
        ("级别", "level"),
        ("状态", "state"),
        ("自", "since"),
        ("余额", "quota left"),
        ("说明", "why"),
    )
    rows = [
        [
            each.id,
            each.level,
            each.state,
            each.since.isoformat(timespec="seconds") if each.since else "",
            "" if each.quota_left is None else f"{each.quota_left}/{each.daily_quota}",
            f"{each.reason} ({each.operator})" if each.reason else each.last_error or "",
        ]
        for each in found
    ]
    talk.table([talk.pick(*pair) for pair in heads], rows)
    return 0


@sources.command()
def isolate(
    source: Annotated[str, typer.Argument(help="来源 which source")],
    *,
    reason: Annotated[str, typer.Option(help="理由 why")],
    operator: Annotated[str, typer.Option(help="经办人 who decides it")],
) -> int:
    """隔离来源 Take a source out, for every process, until it is released; it is silent meanwhile."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        credit.isolate(source, reason=reason, operator=operator)
    if talk.json:
        talk.document({"source": source, "state": "isolated"})
    else:
        talk.say(
            f"已隔离来源 {source}；必查事项将为未决。", f"{source} is isolated; checks that need it are undecided."
        )
    return 0


@sources.command()
def release(source: Annotated[str, typer.Argument(help="来源 which source")]) -> int:
    """解除隔离 Let an isolated source be asked again."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        credit.release(source)
    if talk.json:
        talk.document({"source": source, "state": "ready"})
    else:
        talk.say(f"已解除对来源 {source} 的隔离。", f"{source} may be asked again.")
    return 0
