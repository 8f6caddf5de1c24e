"""Load plugins: register what they offer and refuse what is broken, doubled, misspelt or unknown, by name.

pluggy registers here and never runs a check.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from credit_check_sdk import hooks
from credit_check_sdk.errors import PluginError
from credit_check_sdk.spi import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUILT_IN = ("platform", "connector")
"""Names under which the built-in plugins are registered; they are always there."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin as it was found."""

    name: str
    distribution: str
    version: str
    enabled: bool
    offers: tuple[str, ...] = ()


class Plugins:
    """What plugins offer, by kind. One for each client."""

    def __init__(self, enabled: Iterable[str] = ()) -> None:
        self._manager = pluggy.PluginManager(hooks.PROJECT)
        self._manager.add_hookspecs(hooks)
        self._names: dict[int, str] = {}
        from credit_check_sdk import connector, platform

        for name, plugin in zip(BUILT_IN, (platform.plugin, connector.plugin), strict=True):
            self._register(plugin, name)
        self._enabled = tuple(dict.fromkeys(enabled))
        self._load(self._enabled)
        self._check()
        self.sources: Mapping[str, Any] = self._collect("credit_check_sources")
        self.channels: Mapping[str, Any] = self._collect("credit_check_channels")
        self.feeds: Mapping[str, Any] = self._collect("credit_check_feeds")
        self.signers: Mapping[str, Any] = self._collect("credit_check_signers")
        self.witnesses: Mapping[str, Any] = self._collect("credit_check_witnesses")
        self.publishers: Mapping[str, Any] = self._collect("credit_check_publishers")
        self.engines: Mapping[str, Any] = self._collect("credit_check_engines")
        self.memories: Mapping[str, Any] = self._collect("credit_check_memories")
        self.calendars: Mapping[str, Any] = self._collect("credit_check_calendars")
        self.ciphers: Mapping[str, Any] = self._collect("credit_check_ciphers")
        self.receipt_algorithms: Mapping[str, Any] = self._collect("credit_check_receipt_algorithms")

    def loaded(self) -> tuple[Loaded, ...]:
        """Name every plugin that is installed, and whether it is enabled."""
        found = [
            Loaded(name, "credit-check-sdk", _version("credit-check-sdk"), enabled=True, offers=self._offers(name))
            for name in BUILT_IN
        ]
        for point in sorted(importlib.metadata.entry_points(group=hooks.GROUP), key=lambda point: point.name):
            enabled = point.name in self._enabled
            offers = self._offers(point.name) if enabled else ()
            found.append(Loaded(point.name, _distribution(point), _dist_version(point), enabled, offers))
        return tuple(found)

    def find(self, what: str, kind: str) -> Any:
        """Find the factory of a kind.

        Raises:
            PluginError: no enabled plugin offers it; the message names those that there are.
        """
        offered: Mapping[str, Any] = getattr(self, what)
        if kind not in offered:
            known = ", ".join(sorted(offered)) or "—"
            raise PluginError(
                f"no enabled plugin offers {what} of kind {kind!r}",
                f"没有启用的插件提供 {what} 类型“{kind}”",
                code="plugin.unknown",
                remedy_en=f"use one of {known}, or install and enable the plugin that offers it",
                remedy_zh=f"可用类型：{known}；或安装并在 plugins.enabled 中启用相应插件",
            )
        return offered[kind]

    def _load(self, enabled: Iterable[str]) -> None:
        points: dict[str, list[importlib.metadata.EntryPoint]] = {}
        for point in importlib.metadata.entry_points(group=hooks.GROUP):
            points.setdefault(point.name, []).append(point)
        for name in enabled:
            found = points.get(name, [])
            if not found:
                _refuse_outdated(name)
                installed = ", ".join(sorted(points)) or "—"
                raise PluginError(
                    f"plugin {name!r} is enabled and not installed (installed: {installed})",
                    f"已启用的插件 {name} 没有安装（已安装：{installed}）",
                    code="plugin.unknown",
                    remedy_en="install it, or take it out of plugins.enabled",
                    remedy_zh="请安装，或从 plugins.enabled 中移除",
                )
            if len(found) > 1 or name in BUILT_IN:
                owners = ", ".join(
                    [_distribution(point) for point in found] + ["credit-check-sdk"] * (name in BUILT_IN)
                )
                raise _doubled(f"plugin {name!r}", f"插件 {name}", owners)
            try:
                plugin = found[0].load()
            except Exception as error:
                raise PluginError(
                    f"plugin {name!r} of {_distribution(found[0])} does not load ({type(error).__name__}: {error})",
                    f"{_distribution(found[0])} 的插件 {name} 无法加载（{type(error).__name__}：{error}）",
                    remedy_en="mend or disable it",
                    remedy_zh="请修复或停用该插件",
                ) from error
            self._register(plugin, name)

    def _register(self, plugin: Any, name: str) -> None:
        try:
            self._manager.register(plugin, name)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(
                f"plugin {name!r} does not fit: {error}",
                f"插件 {name} 与接口不符：{error}",
                remedy_en="compare its hooks with the reference; it may be made for another version",
                remedy_zh="请对照参考文档检查其钩子；可能适用于其他版本",
            ) from error

    def _check(self) -> None:
        # Without this a misspelt hook would never be called, and nobody would be told: the worst failure of a must-check.
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginError(
                f"plugin {self._manager.get_name(error.plugin)!r} has a hook that does not exist: {error}",
                f"插件 {self._manager.get_name(error.plugin)} 含有不存在的钩子：{error}",
                remedy_en="correct the hook's name",
                remedy_zh="请更正钩子名称",
            ) from error

    def _collect(self, hook: str) -> dict[str, Any]:
        offered: dict[str, Any] = {}
        owner: dict[str, str] = {}
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            name = implementation.plugin_name
            result = implementation.function()
            if not isinstance(result, dict) or not all(callable(factory) for factory in result.values()):
                raise PluginError(
                    f"plugin {name!r}: {hook} has to return a dict of factories",
                    f"插件 {name}：{hook} 应返回由工厂函数组成的字典",
                    remedy_en="return {kind: factory}",
                    remedy_zh="请返回 {类型: 工厂函数}",
                )
            for kind, factory in result.items():
                if kind in offered:
                    raise _doubled(f"{hook}: kind {kind!r}", f"{hook}：类型 {kind}", f"{owner[kind]}, {name}")
                offered[kind], owner[kind] = factory, name
        return offered

    def _offers(self, name: str) -> tuple[str, ...]:
        plugin = self._manager.get_plugin(name)
        callers = self._manager.get_hookcallers(plugin) or [] if plugin is not None else []
        return tuple(sorted(caller.name.removeprefix("credit_check_") for caller in callers))


def _refuse_outdated(name: str) -> None:
    """Say so where *name* is installed and was made for another version of the interface."""
    family = hooks.GROUP.rstrip("0123456789")
    for point in importlib.metadata.entry_points(name=name):
        if point.group != hooks.GROUP and point.group.startswith(family):
            owner, version = _distribution(point), point.group.removeprefix(family)
            raise PluginError(
                f"plugin {name!r} of {owner} is made for version {version} of the interface; here is {VERSION}",
                f"{owner} 的插件 {name} 适用于接口版本 {version}，本系统为 {VERSION}",
                remedy_en=f"install a release of {owner} that is made for version {VERSION}",
                remedy_zh=f"请安装适用于接口版本 {VERSION} 的 {owner}",
            )


def _doubled(en: str, zh: str, owners: str) -> PluginError:
    return PluginError(
        f"{en} is offered twice ({owners})",
        f"{zh} 重复提供（{owners}）",
        code="plugin.doubled",
        remedy_en="remove one of them",
        remedy_zh="请移除其中之一",
    )


def _distribution(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown"


def _dist_version(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.version if point.dist is not None else ""


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
