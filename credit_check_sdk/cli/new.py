"""``credit-check new``: write a distribution for a plugin or an adapter, with tests that pass. It loads no plugin."""

from __future__ import annotations

import importlib.metadata
import keyword
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from credit_check_sdk.adapter import ADAPTERS
from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import InputError
from credit_check_sdk.hooks import GROUP

Kind = Literal["source", "channel", "signer", "adapter"]
"""What can be written."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MOST = 40
_TAKEN = frozenset({"platform", "connector", "sdk", "none", "test"})
_FILES: dict[str, dict[str, str]] = {
    "source": {
        "{package}/plugin.py": "source_plugin.py",
        "{package}/source.py": "source.py",
        "tests/{tests}_platform.py": "tests_platform.py",
        "tests/test_{tests}_source.py": "tests_source.py",
    },
    "channel": {
        "{package}/plugin.py": "channel_plugin.py",
        "{package}/source.py": "source.py",
        "{package}/channel.py": "channel.py",
        "tests/{tests}_platform.py": "tests_platform.py",
        "tests/test_{tests}_source.py": "tests_source.py",
        "tests/test_{tests}_channel.py": "tests_channel.py",
    },
    "signer": {
        "{package}/plugin.py": "signer_plugin.py",
        "{package}/signer.py": "signer.py",
        "tests/test_{tests}_signer.py": "tests_signer.py",
    },
    "adapter": {
        "{package}/adapter.py": "adapter.py",
        "tests/test_{tests}_adapter.py": "tests_adapter.py",
    },
}


@app.command()
def new(
    kind: Annotated[str, typer.Argument(help=f"写什么 what to write: {', '.join(get_args(Kind))}")],
    name: Annotated[str, typer.Argument(help="名称 its name: small letters, digits, hyphens")],
    *,
    into: Annotated[Path | None, typer.Option(help="写到哪个目录 folder to write into; default: here")] = None,
) -> int:
    """编写插件 Write a distribution for a plugin or an adapter, with tests that pass at once."""
    if kind not in _FILES:
        raise InputError(
            f"{kind!r} is nothing that can be written",
            f"“{kind}”不是可生成的种类",
            remedy_en=f"use one of {', '.join(_FILES)}",
            remedy_zh=f"可用：{'、'.join(_FILES)}",
        )
    words = _words(kind, name)
    folder = (into or Path.cwd()) / words["dist"]
    if folder.exists():
        raise InputError(
            f"{folder.name} is there already; nothing was written",
            f"{folder.name} 已存在，未写入任何内容",
            remedy_en="choose another name, or another folder with --into",
            remedy_zh="请换一个名称，或用 --into 指定其他目录",
        )
    written = _write(kind, folder, words)
    if talk.json:
        talk.document({"folder": str(folder), "distribution": words["dist"], "files": written})
    else:
        talk.say(
            f"已写出 {folder}（{len(written)} 个文件）。下一步：pip install ./{folder.name} && pytest",
            f"wrote {folder} ({len(written)} files). Next: pip install ./{folder.name} && pytest",
        )
    return 0


def _words(kind: str, name: str) -> dict[str, str]:
    package = name.replace("-", "_")
    unusable = not _NAME.fullmatch(name) or len(name) > _MOST
    if unusable or name in _TAKEN or keyword.iskeyword(package) or package in sys.stdlib_module_names:
        raise InputError(
            f"{name!r} cannot be the name of a plugin",
            f"“{name}”不能用作插件名称",
            remedy_en=f"use small letters, digits and hyphens, {_MOST} at most, and no name that is taken",
            remedy_zh=f"请用小写字母、数字和连字符，最多 {_MOST} 个字符，且不与已有名称相同",
        )
    adapter = kind == "adapter"
    what = {
        "source": f"the platform of {name}, as a source of the Credit Check SDK",
        "channel": f"the platform of {name}, as a source and a channel of the Credit Check SDK",
        "signer": f"requests proved as {name} asks for it, for the Credit Check SDK",
        "adapter": f"cases and lists of {name}, for the Credit Check SDK",
    }[kind]
    whole = f"credit_check_adapter_{package}" if adapter else f"credit_check_{package}"
    return {
        "name": name,
        "Name": "".join(part.capitalize() for part in name.split("-")),
        "package": whole,
        "tests": package,
        "dist": whole.replace("_", "-"),
        "group": ADAPTERS if adapter else GROUP,
        "entry": f"{whole}.adapter:adapter" if adapter else f"{whole}.plugin",
        "what": what[0].upper() + what[1:],
        "version": importlib.metadata.version("credit-check-sdk"),
    }


def _write(kind: str, folder: Path, words: dict[str, str]) -> list[str]:
    templates = resources.files("credit_check_sdk.cli") / "scaffolds"
    files = {
        "pyproject.toml": "pyproject.toml",
        "README.md": f"README.{kind}.md",
        "{package}/__init__.py": "init.py",
        "{package}/py.typed": "",
        **_FILES[kind],
    }
    written: list[str] = []
    for place, template in files.items():
        path = folder / place.format(**words)
        text = (templates / f"{template}.tmpl").read_text(encoding="utf-8") if template else ""
        for word, value in words.items():
            text = text.replace(f"@@{word}@@", value)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(str(path.relative_to(folder)))
    return sorted(written)
