"""The one error of files that cannot be read as a whole. It names the place in the file and what to do."""

from __future__ import annotations

from credit_check_sdk import InputError


def unreadable(en: str, zh: str, remedy_en: str, remedy_zh: str) -> InputError:
    """Give the error ``file.unreadable``."""
    return InputError(en, zh, code="file.unreadable", remedy_en=remedy_en, remedy_zh=remedy_zh)


def missing(what: str) -> InputError:
    """Say that what reads a format is not installed, and how it is."""
    return unreadable(
        f"what reads {what} is not installed",
        f"没有安装读取 {what} 的组件",
        "run pip install 'credit-check-sdk[bulk]', or give the list as CSV",
        "请执行 pip install 'credit-check-sdk[bulk]'，或改用 CSV",
    )
