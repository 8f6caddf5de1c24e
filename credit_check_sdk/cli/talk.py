"""Speak to the user: language, messages, one JSON document. Identifiers are masked before they come here."""

from __future__ import annotations

import json
import locale
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from credit_check_sdk import CreditCheckError, Settings
    from credit_check_sdk.model import Words


@dataclass(slots=True)
class Talk:
    """What every command knows: the configuration file, the language, and whether one JSON document is wanted."""

    config: str | None = None
    json: bool = False
    lang: str | None = None

    def settings(self) -> Settings:
        """Read the configuration, once per command."""
        from credit_check_sdk.config import Settings

        settings = Settings.find(self.config)
        if self.lang is None and settings.kind == "file":
            self.lang = settings.lang
        return settings

    @property
    def chinese(self) -> bool:
        """Whether to speak Chinese: by ``--lang``, the configuration, then the locale."""
        return (self.lang or _locale()).lower().startswith("zh")

    def pick(self, zh: str, en: str) -> str:
        """Pick the user's language."""
        return zh if self.chinese else en

    def words(self, words: Words) -> str:
        """Pick the user's language."""
        return self.pick(words.zh, words.en)

    def say(self, zh: str, en: str) -> None:
        """Say something on stderr."""
        sys.stderr.write(self.pick(zh, en) + "\n")
        sys.stderr.flush()

    def trouble(self, error: CreditCheckError) -> None:
        """Say on stderr what went wrong and what to do; with ``--json`` also as the document."""
        lang = "zh-CN" if self.chinese else "en"
        sys.stderr.write(f"credit-check: {error.words(lang)}\n")
        if self.json:
            self.document({"error": {"code": error.code, "message": error.words(lang), "detail": error.detail}})

    def document(self, value: Any) -> None:
        """Print the one JSON document."""
        text = value.model_dump_json(indent=2) if hasattr(value, "model_dump_json") else _dumped(value)
        self.out(text)

    def out(self, text: str) -> None:
        """Print a result on stdout."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table on stdout."""
        from rich.console import Console
        from rich.table import Table

        table = Table(*columns)
        for row in rows:
            table.add_row(*row)
        width = None if sys.stdout.isatty() else 160
        Console(file=sys.stdout, width=width, markup=False, highlight=False).print(table)

    def config_path(self, default: Path) -> Path:
        """Give the file that ``--config`` names, or *default*."""
        return type(default)(self.config) if self.config else default


def _locale() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG"):
        said = os.environ.get(name, "")
        if said:
            return said
    return locale.getlocale()[0] or "en"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
