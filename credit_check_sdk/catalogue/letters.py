"""The templates of notices (Jinja2): the package's own, and those with which a department replaces them.

It reads the package's data and the folder it is given, and decides nothing: what a notice says is handed to it. A
template sees plain values only and runs in Jinja2's sandbox; a name that it misspells is an error, never a blank.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SUFFIX = {"zh-CN": "zh", "en": "en"}
_LONGEST = 64_000
"""The longest template of a department, in characters."""


class Letters:
    """Write notices from templates ``NAME.zh.j2`` and ``NAME.en.j2``; *folder* holds a department's own.

    Raises:
        ConfigurationError: a template of *folder* cannot be used; file and line are named.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._own = _read(folder) if folder else {}
        self._made: Any = None

    def names(self) -> frozenset[str]:
        """Name the templates that there are."""
        return frozenset(name.partition(".")[0] for name in (*_packaged(), *self._own) if not name.startswith("_"))

    def write(self, name: str, said: Mapping[str, Mapping[str, Any]]) -> Words:
        """Write the notice *name* from what is said in each language.

        Raises:
            ConfigurationError: the department's template fails on it.
        """
        return Words(zh=self._written(name, "zh-CN", said), en=self._written(name, "en", said))

    def _written(self, name: str, lang: str, said: Mapping[str, Mapping[str, Any]]) -> str:
        file = f"{name}.{_SUFFIX[lang]}.j2"
        try:
            text: str = self._environment().get_template(file).render(**said[lang])
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "jinja2" and file not in self._own:
                raise
            raise _unusable(getattr(error, "name", None) or file, getattr(error, "lineno", None), error) from None
        return text.strip() + "\n"

    def _environment(self) -> Any:
        if self._made is None:
            from jinja2 import DictLoader, StrictUndefined  # noqa: PLC0415  most checks write no notice
            from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415  most checks write no notice

            self._made = ImmutableSandboxedEnvironment(
                loader=DictLoader({**_packaged(), **self._own}),
                undefined=StrictUndefined,
                autoescape=False,  # notices are plain text; whoever shows one as HTML escapes it there
                trim_blocks=True,
                lstrip_blocks=True,
            )
        return self._made

    def check(self, said: Mapping[str, Mapping[str, Any]]) -> None:
        """Write every notice once from what is *said*, so that a broken template is found before it is needed.

        Raises:
            ConfigurationError: a template cannot be used.
        """
        for name in sorted(self.names()) if self._own else ():
            self.write(name, said)


def _packaged() -> dict[str, str]:
    folder = resources.files("credit_check_sdk.catalogue") / "data" / "notices"
    return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".j2")}


def _read(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise ConfigurationError(
            f"notices.templates: {folder.name} is no folder",
            f"notices.templates：{folder.name} 不是文件夹",
            remedy_en="name the folder with the department's own templates, or leave it out",
            remedy_zh="请指定存放本部门模板的文件夹，或者删去该项",
        )
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.j2")):
        try:
            found[path.name] = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(path.name, None, error) from None
        if len(found[path.name]) > _LONGEST:
            raise _unusable(path.name, None, ValueError(f"more than {_LONGEST} characters"))
    known = {*_packaged(), *found}
    for name in found:
        stem, _, rest = name.partition(".")
        if rest not in {"zh.j2", "en.j2"} or not {f"{stem}.zh.j2", f"{stem}.en.j2"} <= known:
            raise _unusable(name, None, ValueError("a template is written in both languages: NAME.zh.j2, NAME.en.j2"))
    return found


def _unusable(file: str, line: int | None, error: Exception) -> ConfigurationError:
    place = f"{file}:{line}" if line else file
    return ConfigurationError(
        f"notices.templates: {place} cannot be used ({type(error).__name__}: {error})",
        f"notices.templates：模板 {place} 无法使用（{type(error).__name__}：{error}）",
        remedy_en="mend that place; the names that a template may use stand in the how-to on notices",
        remedy_zh="请修改该处；模板可用的变量见《告知书》操作说明",
    )
