"""Plugins of others: found by their entry point, loaded where enabled, and refused by name where anything is wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from credit_check_sdk._shell.plugins import Plugins
from credit_check_sdk.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = """
from credit_check_sdk.hooks import hookimpl

@hookimpl
def credit_check_sources():
    return {"other": lambda settings, signer, environment: None}
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a distribution as a wheel leaves it behind: a module, and metadata with its entry point."""
    monkeypatch.syspath_prepend(tmp_path)
    modules: list[str] = []

    def installing(
        code: str, *, name: str = "other", dist: str = "credit-check-other", group: str = "credit_check.v1"
    ) -> None:
        module = f"{dist.replace('-', '_')}_module"
        (tmp_path / f"{module}.py").write_text(code, "utf-8")
        info = tmp_path / f"{dist.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {module}\n", "utf-8")
        modules.append(module)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return installing


def refused(*enabled: str) -> PluginError:
    with pytest.raises(PluginError) as error:
        Plugins(enabled)
    assert error.value.remedy_en
    assert error.value.remedy_zh
    return error.value


def test_a_plugin_of_others_is_loaded_where_it_is_enabled(install: Callable[..., None]) -> None:
    install(GOOD)
    assert "other" not in Plugins().sources
    (idle,) = [each for each in Plugins().loaded() if each.name == "other"]
    assert (idle.enabled, idle.offers) == (False, ())
    plugins = Plugins(["other"])
    assert "other" in plugins.sources
    (loaded,) = [each for each in plugins.loaded() if each.name == "other"]
    assert (loaded.distribution, loaded.version, loaded.offers) == ("credit-check-other", "1.2", ("sources",))


def test_what_is_not_installed_is_refused() -> None:
    error = refused("nowhere")
    assert error.code == "plugin.unknown"
    assert "'nowhere'" in str(error)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise RuntimeError('out of order')", "RuntimeError: out of order"),
        ("import no_such_module_anywhere", "ModuleNotFoundError"),
        ("def (", "SyntaxError"),
        (GOOD.replace("credit_check_sources", "credit_check_source"), "does not exist"),
        (GOOD.replace("credit_check_sources()", "credit_check_sources(settings)"), "does not fit"),
        (GOOD.replace("return {", "return [").replace("}", "]").replace(": lambda", ", lambda"), "dict of factories"),
        (GOOD[: GOOD.index("return")] + "return {'other': 'no factory'}", "dict of factories"),
        (GOOD[: GOOD.index("return")] + "return None", "dict of factories"),
    ],
)
def test_what_is_broken_or_misspelt_is_refused_by_name(install: Callable[..., None], code: str, why: str) -> None:
    install(code)
    error = refused("other")
    assert "'other'" in str(error)
    assert why in str(error)


def test_two_that_are_called_the_same_are_refused(install: Callable[..., None]) -> None:
    install(GOOD)
    install(GOOD, dist="credit-check-copy")
    error = refused("other")
    assert error.code == "plugin.doubled"
    assert "credit-check-other" in str(error)
    assert "credit-check-copy" in str(error)


def test_two_that_offer_the_same_kind_are_refused(install: Callable[..., None]) -> None:
    install(GOOD)
    install(GOOD, name="copy", dist="credit-check-copy")
    error = refused("other", "copy")
    assert error.code == "plugin.doubled"
    assert "other, copy" in str(error) or "copy, other" in str(error)


def test_a_built_in_kind_cannot_be_taken_over(install: Callable[..., None]) -> None:
    install(GOOD.replace('"other"', '"platform"'))
    assert refused("other").code == "plugin.doubled"


@pytest.mark.parametrize("version", ["0", "2"])
def test_what_was_made_for_another_version_is_refused_by_name(install: Callable[..., None], version: str) -> None:
    install(GOOD, group=f"credit_check.v{version}")
    error = refused("other")
    assert f"made for version {version} of the interface; here is 1" in str(error)
    assert "credit-check-other" in str(error)


def test_an_unknown_kind_names_those_that_there_are() -> None:
    with pytest.raises(PluginError, match="platform") as error:
        Plugins().find("sources", "plattform")
    assert error.value.code == "plugin.unknown"
