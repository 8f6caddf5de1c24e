"""What stands in the documentation is what stands in the code: errors, hooks, commands, settings, schemas, links."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from credit_check_sdk import hooks
from credit_check_sdk.cli import app as registering
from credit_check_sdk.config import Settings
from credit_check_sdk.core.words import _OUTCOMES
from credit_check_sdk.errors import CODES, CreditCheckError
from credit_check_sdk.model import MatterPolicy, Term

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("**/*.md"), *ROOT.glob("*.md"), *ROOT.glob("changelog.d/*.md")])


def page(name: str) -> str:
    """Give the text of a page of the documentation."""
    return (DOCS / name).read_text(encoding="utf-8")


def kinds(root: type[CreditCheckError]) -> list[type[CreditCheckError]]:
    """Give *root* and all kinds below it."""
    return [root, *(kind for child in root.__subclasses__() for kind in kinds(child))]


def test_every_error_code_has_an_entry_and_every_entry_a_code() -> None:
    entries = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", page("reference/errors.md"), re.MULTILINE)
    assert sorted(entries) == sorted(CODES)


def test_the_codes_in_the_source_are_all_declared() -> None:
    prefixes = sorted({code.partition(".")[0] for code in CODES} - {"file", "input"})
    used: set[str] = set()
    for path in (ROOT / "credit_check_sdk").glob("**/*.py"):
        used |= set(re.findall(rf'code="((?:{"|".join(prefixes)})\.[a-z_]+)"', path.read_text(encoding="utf-8")))
    assert used
    assert used <= set(CODES)


def test_every_kind_of_error_stands_in_the_tree_of_the_page() -> None:
    text = page("reference/errors.md")
    assert [kind.__name__ for kind in kinds(CreditCheckError) if kind.__name__ not in text] == []
    assert all(kind.__name__.endswith("Error") for kind in kinds(CreditCheckError))
    assert {kind.default_code for kind in kinds(CreditCheckError) if kind.default_code} - {"setup.invalid"} <= set(
        CODES
    )


def test_every_hook_is_documented_with_its_exact_signature() -> None:
    found = {
        name: f"{name}{inspect.signature(function)}".replace("'", "")
        for name, function in inspect.getmembers(hooks, inspect.isfunction)
        if name.startswith("credit_check_")
    }
    headings = re.findall(r"^### `(credit_check_.+)`$", page("reference/hooks.md"), re.MULTILINE)
    assert found
    assert sorted(found.values()) == sorted(headings)


def commands(group: Any, before: str = "") -> set[str]:
    """Give the full name of every command below *group*."""
    names: set[str] = set()
    for name, command in group.commands.items():
        full = f"{before}{name}"
        names |= commands(command, f"{full} ") if hasattr(command, "commands") else {full}
    return names


def test_every_command_is_documented_and_every_documented_command_is_there() -> None:
    registering._register()
    there = commands(typer.main.get_command(registering.app))
    written = set(
        re.findall(r"^### `credit-check ([a-z -]+?)(?: [A-Z\[(].*)?`", page("reference/commands.md"), re.MULTILINE)
    )
    assert there
    assert there == written


def settings(model: type[BaseModel], before: str = "") -> set[str]:
    """Give the dotted name of every setting, tables and lists of tables included."""
    names: set[str] = set()
    for name, field in model.model_fields.items():
        full = f"{before}{field.alias or name}"
        names.add(full)
        for inner in models_in(field.annotation):
            names |= settings(inner, f"{full}.")
    return names


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Give the models that an annotation mentions."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in models_in(inner)]


def test_every_setting_is_documented_and_every_documented_setting_is_there() -> None:
    text = page("reference/configuration.md")
    written = set(re.findall(r"^\| `([a-z][a-z0-9_.]*)` \|", text, re.MULTILINE))
    made_not_given = {"base", "kind"}
    tables = {f"matters.{name}" for name in MatterPolicy.model_fields}
    tables |= {f"terms.{name}" for name in Term.model_fields if name != "code"}
    there = settings(Settings) - made_not_given | tables
    assert sorted(there) == sorted(written)


def test_the_published_schemas_are_what_the_code_says() -> None:
    ran = subprocess.run(
        [sys.executable, "scripts/schemas.py", "--check"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [
        target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target and not target.startswith("#")
    ]
    missing = [target for target in targets if not (path.parent / target.partition("#")[0]).exists()]
    assert missing == []


def test_outcomes_are_called_in_the_glossary_what_the_decision_calls_them() -> None:
    text = page("glossary.md")
    for outcome, words in _OUTCOMES.items():
        assert f"{outcome} {words.zh.partition('：')[0]}" in text


def test_what_a_user_reads_first_is_there_in_both_languages() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    spoken = [*DOCS.glob("howto/*.md"), *DOCS.glob("reference/*.md"), *DOCS.glob("explanation/doubt.md")]
    spoken += [DOCS / "glossary.md"]
    assert [
        str(path)
        for path in spoken
        if path.name != "index.md" and len(chinese.findall(path.read_text(encoding="utf-8"))) < 20
    ] == []
    assert chinese.search(page("index.md"))
    assert (ROOT / "README.zh-CN.md").is_file()
    assert (DOCS / "tutorial" / "first-check.zh-CN.md").is_file()
