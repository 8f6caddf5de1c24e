"""The front door is exactly what it says, cheap to import, and every name in it is explained."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import credit_check_sdk
from credit_check_sdk import model

ROOT = Path(__file__).resolve().parents[2]
LATE = (
    "fastapi",
    "uvicorn",
    "typer",
    "rich",
    "duckdb",
    "pyarrow",
    "openpyxl",
    "httpx",
    "sqlalchemy",
    "cachetools",
    "pluggy",
)


def names_under_type_checking(package: str = "credit_check_sdk") -> set[str]:
    """Give the names that a package imports for the type checker."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in imports for alias in node.names}


def test_all_is_sorted_and_without_doubles() -> None:
    assert credit_check_sdk.__all__ == sorted(set(credit_check_sdk.__all__))


def test_all_is_exactly_what_type_checkers_see() -> None:
    assert set(credit_check_sdk.__all__) == names_under_type_checking()


def test_the_values_can_be_had_as_type_checkers_see_them() -> None:
    assert set(model.__all__) == names_under_type_checking("credit_check_sdk/model") == set(model._WHERE)
    assert [name for name in model.__all__ if getattr(model, name, None) is None] == []


@pytest.mark.parametrize("name", credit_check_sdk.__all__)
def test_a_name_can_be_had(name: str) -> None:
    assert getattr(credit_check_sdk, name) is not None


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="Manager"):
        credit_check_sdk.Manager  # noqa: B018  asking for it is the test


def test_dir_shows_the_names() -> None:
    assert set(credit_check_sdk.__all__) <= set(dir(credit_check_sdk))


def test_importing_it_imports_nothing_heavy() -> None:
    wanted = "from credit_check_sdk import CreditCheck, Case"
    code = f"import sys; {wanted}; print(*(name for name in {LATE!r} if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout.strip() == ""


def test_every_name_is_in_the_glossary_or_the_errors() -> None:
    pages = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("glossary.md", "reference/errors.md")]
    words = set(re.findall(r"[A-Za-z_]+", " ".join(pages)))
    assert [name for name in credit_check_sdk.__all__ if name not in words] == []


def test_the_page_of_the_front_door_names_them_all() -> None:
    page = (ROOT / "docs" / "reference" / "front-door.md").read_text(encoding="utf-8")
    assert re.findall(r"`(\w+)`", page.partition("<!-- names:")[2]) == credit_check_sdk.__all__


def test_no_name_is_one_of_those_that_say_nothing() -> None:
    empty = re.compile(r"(Manager|Helper|Util|Utils|Handler|Processor|Impl)$|^Base[A-Z]|^Base$")
    assert [name for name in credit_check_sdk.__all__ if empty.search(name)] == []


def test_both_clients_have_the_same_names() -> None:
    blocking = {name for name in dir(credit_check_sdk.CreditCheck) if not name.startswith("_")}
    looping = {name for name in dir(credit_check_sdk.AsyncCreditCheck) if not name.startswith("_")}
    assert blocking == looping
