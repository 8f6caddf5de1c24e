"""The commands, and what they share: global options anywhere on the line, errors in words, exit codes.

0 clear or done, 1 failed, 2 bad input or usage, 3 set-up cannot work, 10 restricted, 11 review, 12 undecided,
20 refused by the gate.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from credit_check_sdk.cli.talk import Talk
from credit_check_sdk.errors import CreditCheckError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_UsageError: type[Exception] = typer.BadParameter.__mro__[2]
"""What typer raises for every misuse of a command; it carries its own click and gives this class no public name."""

EXIT = {"clear": 0, "restricted": 10, "review": 11, "undecided": 12}
"""Exit code of each outcome."""

talk = Talk()
"""How this run speaks; set from the global options before a command runs."""

app = typer.Typer(
    name="credit-check",
    help="应查必查：查询公共信用、依法决定、留存证据、反馈执行。 Check public credit, decide by law, prove it, report back.\n\n"
    "全局选项可放在任意位置 global options, anywhere on the line: --config FILE · --json · --lang zh-CN|en",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and give its exit code; no traceback reaches the user."""
    _register()
    try:
        rest = _hoist(arguments)
        return _code(app(rest, standalone_mode=False))
    except typer.Exit as leaving:
        return leaving.exit_code
    except (typer.Abort, KeyboardInterrupt, BrokenPipeError):
        return 1
    except _UsageError as usage:
        usage.show(sys.stderr)  # type: ignore[attr-defined]
        return 2
    except CreditCheckError as error:
        talk.trouble(error)
        return error.exit_code


def _code(result: object) -> int:
    return result if isinstance(result, int) else 0


_REPORTS = {"stats", "responses"}
_FORMS = {"--csv", "--html", "--prometheus"}


def _hoist(arguments: Sequence[str]) -> list[str]:
    """Take the global options out of the line, wherever they stand; a form of a report that names no file is printed."""
    rest: list[str] = []
    pending = list(arguments)
    takers: dict[str, Callable[[str], None]] = {
        "--config": lambda value: setattr(talk, "config", value),
        "--lang": lambda value: setattr(talk, "lang", value),
    }
    talk.config, talk.json, talk.lang = None, False, None
    while pending:
        word = pending.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            return [*rest, word, *pending]
        if word == "--json":
            talk.json = True
        elif name in takers:
            if not equals and not pending:
                raise typer.BadParameter(talk.pick(f"{name} 需要一个值", f"{name} needs a value"))
            takers[name](value if equals else pending.pop(0))
        else:
            rest.append(word)
            if word in _FORMS and rest[0] in _REPORTS and (not pending or pending[0].startswith("--")):
                rest.append("-")
    if talk.lang is not None and talk.lang not in {"zh-CN", "zh", "en"}:
        raise typer.BadParameter("--lang: zh-CN | en")
    return rest


def _register() -> None:
    """Bring in the commands; each module registers its own."""
    from credit_check_sdk.cli import (  # noqa: F401  importing registers
        case,
        catalogue,
        changes,
        commitments,
        connector,
        coverage,
        erase,
        evidence,
        explain,
        guard,
        keys,
        ledger,
        new,
        notice,
        objection,
        offline,
        outage,
        outbox,
        publicity,
        ranking,
        report,
        responses,
        serving,
        setup,
        sources,
        statistics,
    )
