"""The house keeps its own rules: what is declared, what is committed, what a reason is given for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MEMBERS = [
    ROOT,
    *(
        path.parent
        for path in sorted([*ROOT.glob("adapters/*/pyproject.toml"), *ROOT.glob("plugins/*/pyproject.toml")])
    ),
]
IMPORT_NAMES = {
    "chinesecalendar": "chinese_calendar",
    "interlock-cb": "interlock",
    "jinja2": "jinja2",
    "psycopg": "psycopg",
    "pydantic-settings": "pydantic_settings",
    "pyjwt": "jwt",
    "pyyaml": "yaml",
    "spiffworkflow": "SpiffWorkflow",
    "typing-extensions": "typing_extensions",
}
NOT_IMPORTED = {
    "duckdb": "screening on it comes with the bulk extra",
    "h2": "httpx speaks HTTP/2 with it",
    "openpyxl": "adapters read Excel with it, where the bulk extra is installed",
    "pyarrow": "adapters read Parquet with it, where the bulk extra is installed",
    "aiosqlite": "SQLAlchemy loads it as the driver of sqlite+aiosqlite",
    "psycopg": "SQLAlchemy loads it as the driver of postgresql+psycopg",
    "rich": "typer draws its help with it",
}
BY_EXTRA = {"openpyxl", "pyarrow"}
"""What an adapter imports only where the SDK's bulk extra brought it, and says so where it did not."""


def tracked() -> list[Path]:
    """Give every file that git knows; outside a clone there is none."""
    ran = subprocess.run(["git", "ls-files", "-z"], check=False, capture_output=True, text=True, cwd=ROOT, timeout=60)
    if ran.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in ran.stdout.split("\0") if name and (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """Give the text of a file, or nothing where it has none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def distribution(requirement: str) -> str:
    """Give the name in a requirement."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found
    return found[0].lower().replace("_", "-")


def imported(folder: Path) -> set[str]:
    """Give the top-level names that the modules below *folder* import, at whatever place."""
    names: set[str] = set()
    for path in folder.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names


@pytest.mark.parametrize("member", MEMBERS, ids=lambda path: path.name)
def test_what_is_imported_is_declared_and_what_is_declared_is_imported(member: Path) -> None:
    project = tomllib.loads((member / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project.get("dependencies", []), *project.get("optional-dependencies", {}).values()]
    declared = {distribution(requirement) for group in groups for requirement in group}
    if member != ROOT:
        assert "credit-check-sdk" in declared
    names = {name: IMPORT_NAMES.get(name, name.replace("-", "_")) for name in declared}
    package = next(path.parent for path in member.glob("credit_check_*/__init__.py"))
    used = imported(package) - {package.name, "pytest"}  # the pytest plugin is loaded by pytest, which is then there
    assert used - BY_EXTRA <= set(names.values())
    assert {name for name, module in names.items() if module not in used} <= set(NOT_IMPORTED)


def test_constraints_pin_exact_versions_without_addresses() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line]
    pins = [line for line in lines if not line.startswith("#")]
    assert pins == sorted(pins)
    assert [line for line in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][A-Za-z0-9.]*(; .+)?", line)] == []


def test_every_requirement_is_pinned() -> None:
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    wanted: set[str] = set()
    for member in MEMBERS:
        data = tomllib.loads((member / "pyproject.toml").read_text(encoding="utf-8"))
        groups = [data["build-system"]["requires"], data["project"].get("dependencies", [])]
        groups += [*data["project"].get("optional-dependencies", {}).values()]
        groups += [
            [line for line in group if isinstance(line, str)] for group in data.get("dependency-groups", {}).values()
        ]
        wanted |= {distribution(requirement) for group in groups for requirement in group}
    own = {name for name in wanted if name.startswith("credit-check")}
    assert sorted(wanted - own - pinned) == []


def test_no_address_of_a_registry_and_no_path_of_a_machine_is_committed() -> None:
    wrong = re.compile(
        r"pypi\.org|pythonhosted\.org|mirrors?\.[a-z]+\.(?:com|cn|edu)|(?<![\w.])/(?:home|Users|root)/[a-z]|C:\\\\"
    )
    here = Path(__file__).resolve()
    found = [
        f"{path.relative_to(ROOT)}: {hit[0]}"
        for path in tracked()
        if path != here
        for hit in [wrong.search(text_of(path))]
        if hit
    ]
    assert found == []


def test_no_lock_file_is_committed() -> None:
    names = {path.name for path in tracked()}
    assert names.isdisjoint({"uv.lock", "poetry.lock", "pdm.lock", "package-lock.json", "Pipfile.lock"})


def test_every_lint_rule_that_is_off_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("[tool.ruff.lint]")[2].partition("[tool.ruff.lint.flake8-tidy-imports]")[0]
    codes = [line for line in block.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert len(codes) > 20
    assert [line.strip() for line in codes if not re.search(r"#\s*\S+ \S+", line)] == []


def test_every_exception_in_place_names_its_rule_and_says_why() -> None:
    """A reason is given at least once for each rule that a file sets aside."""
    unexplained: list[str] = []
    for path in tracked():
        if path.suffix != ".py" or path == Path(__file__).resolve():
            continue
        text = text_of(path)
        named = re.findall(r"# noqa: ([A-Z]+\d+(?:, ?[A-Z]+\d+)*)(.*)", text)
        codes = {code for rules, _ in named for code in re.split(", ?", rules)}
        explained = {code for rules, why in named if len(why.split()) > 1 for code in re.split(", ?", rules)}
        unexplained += [f"{path.relative_to(ROOT)}: {code}" for code in sorted(codes - explained)]
        if re.search(r"# ?(noqa(?!:)|type: ?ignore(?!\[)|ruff: ?noqa(?!:))", text):
            unexplained.append(f"{path.relative_to(ROOT)}: names no rule")
    assert unexplained == []


def test_every_module_opens_by_saying_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for member in MEMBERS
        for path in sorted(member.glob("credit_check_*/**/*.py"))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_the_version_has_one_source() -> None:
    version = PYPROJECT["project"]["version"]
    again = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "credit_check_sdk").glob("**/*.py")
        if f'"{version}"' in path.read_text(encoding="utf-8")
    ]
    assert again == []


def test_changelog_fragments_are_named_and_end_in_a_full_stop() -> None:
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [
        path.name
        for path in fragments
        if not re.fullmatch(r"(\d+|\+[a-z0-9-]+)\.(added|changed|fixed|removed|security)\.md", path.name)
    ] == []
    assert [path.name for path in fragments if not path.read_text(encoding="utf-8").strip().endswith(".")] == []


def test_the_readmes_name_the_two_commands() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "make demo" in text
        assert "make test" in text


def test_peers_are_pinned_as_everything_else() -> None:
    pinned = set((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    peers = (ROOT / "benchmarks" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert peers
    assert [line for line in peers if not line.startswith("#") and line not in pinned] == []
