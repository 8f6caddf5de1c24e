"""The command ``credit-check``. It decides nothing: it reads arguments, calls the front door and prints.

Messages go to stderr in the user's language; with ``--json`` exactly one JSON document goes to stdout.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command, and exit with its code."""
    try:
        from credit_check_sdk.cli.app import run
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write(
            "credit-check：命令行组件没有安装；请执行 pip install 'credit-check-sdk[cli]'\n"
            "credit-check: the command line is not installed; run pip install 'credit-check-sdk[cli]'\n"
        )
        sys.exit(3)
    sys.exit(run(sys.argv[1:]))
