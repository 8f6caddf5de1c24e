"""What an installed distribution must have, wherever it came from. It needs the standard library and pytest only."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

import pytest

INSTALLED = os.environ.get("CREDIT_CHECK_PACKAGING", "")
needs_host = pytest.mark.skipif(INSTALLED != "host", reason="`make packaging` runs it where the SDK stands alone")
needs_whole = pytest.mark.skipif(INSTALLED != "whole", reason="`make packaging` runs it where all wheels are installed")
needs_wheel = pytest.mark.skipif(not INSTALLED, reason="`make packaging` runs it on installed wheels")

HEAVY = (
    "cachetools",
    "cryptography",
    "duckdb",
    "fastapi",
    "httpx",
    "openpyxl",
    "pluggy",
    "pyarrow",
    "sqlalchemy",
    "typer",
)


def python(code: str) -> str:
    """Run *code* in an interpreter of its own and give what it printed."""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    return ran.stdout.strip()


def test_the_distribution_names_its_licence_and_version() -> None:
    about = metadata.metadata("credit-check-sdk")
    assert about["License-Expression"] == "Apache-2.0"
    assert metadata.version("credit-check-sdk") == python(
        "import credit_check_sdk; print(credit_check_sdk.__version__)"
    )


def test_types_and_data_travel_with_the_package() -> None:
    root = resources.files("credit_check_sdk")
    assert root.joinpath("py.typed").is_file()
    data = [entry.name for entry in root.joinpath("catalogue", "data").iterdir()]
    assert any(name.endswith(".yaml") for name in data), data


def test_importing_the_front_door_imports_nothing_heavy() -> None:
    loaded = python(f"import sys, credit_check_sdk; print(*(name for name in {HEAVY!r} if name in sys.modules))")
    assert loaded == ""


def test_entry_points_are_declared() -> None:
    scripts = {entry.name: entry.value for entry in metadata.entry_points(group="console_scripts")}
    assert scripts.get("credit-check") == "credit_check_sdk.cli:main"
    plugins = {entry.name: entry.value for entry in metadata.entry_points(group="pytest11")}
    assert plugins.get("credit_check") == "credit_check_sdk.testing.plugin"


def test_a_host_does_not_inherit_servers_and_engines() -> None:
    required = [line for line in metadata.requires("credit-check-sdk") or () if "extra ==" not in line]
    names = {line.split(">")[0].split("<")[0].split("[")[0].strip().lower() for line in required}
    assert names.isdisjoint({"fastapi", "uvicorn", "duckdb", "pyarrow", "openpyxl", "typer", "rich", "psycopg"})


@needs_wheel
def test_the_wheel_does_not_come_from_a_source_tree() -> None:
    place = python("import credit_check_sdk; print(credit_check_sdk.__file__)")
    assert "site-packages" in place


@needs_host
@pytest.mark.parametrize("name", ["fastapi", "uvicorn", "duckdb", "pyarrow", "openpyxl", "typer", "rich", "psycopg"])
def test_a_bare_host_has_no_extras(name: str) -> None:
    assert python(f"import importlib.util as u; print(u.find_spec({name!r}))") == "None"


@needs_host
def test_a_bare_host_checks_and_is_undecided_without_configuration(tmp_path: Path) -> None:
    code = (
        "from credit_check_sdk import Case, CreditCheck\n"
        'case = Case.model_validate_json(\'\'\'{"id": "1", "matter": "procurement.goods", "point": "evaluate", '
        '"subject": {"category": "organisation", "name": "示例", '
        '"identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}]}, '
        '"operator": {"id": "u", "department": "d"}, "opened_at": "2026-11-23T09:00:00+08:00"}\'\'\')\n'
        "with CreditCheck.open() as credit:\n"
        "    print(credit.check(case).outcome)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert ran.stdout.strip() == "undecided"


@needs_host
def test_the_command_without_its_extra_says_what_to_install() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "from credit_check_sdk.cli import main; main()"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 3
    assert "credit-check-sdk[cli]" in ran.stderr
    assert "Traceback" not in ran.stderr


@needs_whole
def test_the_adapters_are_found_by_entry_point() -> None:
    names = {entry.name for entry in metadata.entry_points(group="credit_check.adapters.v1")}
    assert {"approval", "honours", "subsidy", "supervision", "tendering"} <= names
    for entry in metadata.entry_points(group="credit_check.adapters.v1"):
        assert entry.load().name == entry.name


@needs_whole
def test_the_command_says_what_it_can_do() -> None:
    command = Path(sys.executable).parent / "credit-check"
    ran = subprocess.run([command, "--help"], check=True, capture_output=True, text=True, timeout=60)
    assert "require" in ran.stdout


@needs_whole
@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("credit_check_adapter_asgi", ("CreditGate", "credit_lifespan")),
        ("credit_check_adapter_bpmn", ("CreditBpmnParser", "CreditScriptEngine")),
        ("credit_check_adapter_celery", ("CreditTasks", "RefusedError")),
        ("credit_check_adapter_flask", ("CreditCheckExtension",)),
        ("credit_check_adapter_honours", ("grant", "nominate_round", "revoke")),
        ("credit_check_adapter_supervision", ("plan_round",)),
    ],
)
def test_the_adapters_of_host_frameworks_can_be_used(package: str, names: tuple[str, ...]) -> None:
    assert python(f"import {package} as p; print(*(getattr(p, n).__name__ for n in {names!r}))").split() == list(names)
    assert resources.files(package).joinpath("py.typed").is_file()


@needs_whole
def test_the_django_app_brings_its_templates_and_migrations() -> None:
    code = (
        "import django; from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes', 'django.contrib.auth', "
        "'credit_check_adapter_django'], DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', "
        "'NAME': ':memory:'}})\n"
        "django.setup()\n"
        "import credit_check_adapter_django as a; print(a.GuardedModel.__name__)\n"
    )
    assert python(code) == "GuardedModel"
    root = resources.files("credit_check_adapter_django")
    assert root.joinpath("templates", "admin", "credit_check_adapter_django", "check", "check.html").is_file()
    assert root.joinpath("migrations", "m0001_initial.py").is_file()
