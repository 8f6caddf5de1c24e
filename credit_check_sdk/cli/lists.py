"""Find the adapters, and the one that reads a file. It reads no list itself."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

from credit_check_sdk.adapter import ADAPTERS, Adapter
from credit_check_sdk.errors import InputError, PluginError

if TYPE_CHECKING:
    from pathlib import Path

    from credit_check_sdk.adapter import Reader

_HEAD = 64 * 1024


def adapters() -> tuple[Adapter, ...]:
    """Load the adapters that are installed, by name.

    Raises:
        PluginError: one does not load, or two have one name.
    """
    found: dict[str, Adapter] = {}
    for point in sorted(importlib.metadata.entry_points(group=ADAPTERS), key=lambda point: point.name):
        owner = point.dist.name if point.dist else "unknown"
        if point.name in found:
            raise PluginError(
                f"adapter {point.name!r} is installed twice (the second by {owner})",
                f"适配器 {point.name} 重复安装（第二个来自 {owner}）",
                code="plugin.doubled",
                remedy_en="remove one of them",
                remedy_zh="请移除其中之一",
            )
        try:
            adapter = point.load()
        except Exception as error:
            raise PluginError(
                f"adapter {point.name!r} of {owner} does not load ({type(error).__name__}: {error})",
                f"{owner} 的适配器 {point.name} 无法加载（{type(error).__name__}：{error}）",
                remedy_en="mend or remove it",
                remedy_zh="请修复或移除",
            ) from error
        if not isinstance(adapter, Adapter):
            raise PluginError(
                f"adapter {point.name!r} of {owner} is no adapter",
                f"{owner} 的 {point.name} 不是适配器",
                remedy_en="compare it with credit_check_sdk.Adapter",
                remedy_zh="请对照 credit_check_sdk.Adapter",
            )
        found[point.name] = adapter
    return tuple(found.values())


def reader_of(file: Path) -> Reader:
    """Find the reader of a file.

    Raises:
        InputError: the file cannot be opened, or no adapter reads it; the message names what can be read.
    """
    try:
        with file.open("rb") as reading:
            head = reading.read(_HEAD)
    except OSError as error:
        raise InputError(
            f"it cannot be read ({error.strerror})",
            f"无法读取（{error.strerror}）",
            code="file.unreadable",
            remedy_en="name a file that is there",
            remedy_zh="请指定存在的文件",
        ) from None
    readers = [reader for adapter in adapters() for reader in adapter.readers]
    for reader in readers:
        if reader.reads(file, head):
            return reader
    formats = ", ".join(dict.fromkeys(reader.format for reader in readers)) or "—"
    raise InputError(
        f"no adapter reads this file (formats: {formats})",
        f"没有适配器能读取该文件（可读格式：{formats}）",
        code="file.unreadable",
        remedy_en="give one of these, or install credit-check-adapter-tendering and credit-check-adapter-subsidy",
        remedy_zh="请提供上述格式，或安装 credit-check-adapter-tendering、credit-check-adapter-subsidy",
    )
