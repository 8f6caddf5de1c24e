"""Settings: a TOML file, the environment, arguments. It reads files and the environment when asked, never on import.

Unknown keys are refused, with the nearest known one named. A value never appears in an error: it may be a secret.
"""

from __future__ import annotations

import difflib
import os
import tomllib
import types
import typing
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Agency, Contact, Duration, Environment, Lang, Several, Value
from credit_check_sdk.spi import SourceSettings

FILE = "credit-check.toml"
"""Name of the file that is looked for in the current folder."""
VARIABLE = "CREDIT_CHECK_CONFIG"
"""Environment variable that names the file."""
PREFIX = "CREDIT_CHECK_"


class LedgerSettings(Value):
    """Where the ledger and the audit store are."""

    url: str = "sqlite:///credit-check.db"
    """The ledger's database; ``sqlite:///…`` or ``postgresql+psycopg://…``."""
    audit_url: str = "sqlite:///credit-check-audit.db"
    """The audit store's database; never the ledger's own."""


class KeySettings(Value):
    """Where the keys are."""

    ring: str = "keys/"
    """Folder of the key ring, made by ``credit-check init``."""


class PluginSettings(Value):
    """Which plugins may load; installed is not enabled."""

    enabled: Several[str] = ()
    """Names of entry points in the group ``credit_check.v1``."""


class CatalogueSettings(Value):
    """What is added to the catalogue."""

    supplements: Several[str] = ()
    """Files of a region's or a department's own measures."""


class MemorySettings(Value):
    """Where answers are remembered."""

    kind: str = "local"
    """``local``, or a plugin's kind."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What the plugin wants to know."""


class NoticeSettings(Value):
    """How notices to subjects are written."""

    templates: str | None = None
    """Folder with the department's own templates."""
    contact: Contact = Contact()
    """Where subjects can turn."""
    contacts: dict[str, Contact] = Field(default_factory=dict)
    """The same for single departments, by their code."""


class CalendarSettings(Value):
    """Which days are working days."""

    kind: str = "official"
    """``official``, or a plugin's kind."""
    options: dict[str, Any] = Field(default_factory=dict)
    """For ``official``: ``file``, the official notice as a file."""


class RelaySettings(Value):
    """How feedback is delivered."""

    batch: int = Field(default=100, ge=1, le=500)
    """Rows handed over at once."""
    lease: Duration = timedelta(seconds=60)
    """How long a relay holds rows before another may take them."""
    first_wait: Duration = timedelta(seconds=2)
    """Wait after the first passing refusal; it doubles from then on, with jitter. A longer Retry-After is kept."""
    longest_wait: Duration = timedelta(minutes=10)
    """The longest wait of our own."""
    attempts: int = Field(default=100, ge=1)
    """Attempts after which feedback is shown as dead; it is kept, and can be requeued."""


class PublicitySettings(Value):
    """Where licences and penalties are published (双公示), and in which fields."""

    credit: str | None = None
    """Source over whose channel the credit site (信用网站) is told; without it the nearest one."""
    enterprise: str | None = None
    """Source over whose channel the enterprise publicity system (企业信用信息公示系统) is told; without it: not."""
    credit_dialect: str = "2018"
    """List of fields of the credit site: ``2018``, ``2016`` or one of *forms*."""
    enterprise_dialect: str = "2018"
    """List of fields of the enterprise publicity system."""
    forms: Several[str] = ()
    """YAML files with further lists of fields."""


class ReportSettings(Value):
    """Credit reports that applicants hand in."""

    agencies: Several[Agency] = ()
    """Credit agencies that are filed (征信业管理条例 第十条); the report of any other counts for nothing."""


class OutboxSettings(Value):
    """How much may wait to be delivered."""

    limit: int | None = Field(default=100_000, ge=1)
    """Undelivered feedback above which `outbox list` and the status warn."""
    when_full: Literal["accept", "refuse"] = "accept"
    """``accept`` more all the same, or ``refuse`` to settle (``outbox.full``) until some is delivered."""


class OidcSettings(Value):
    """Whose tokens open the service beside host keys (OpenID Connect, RFC 9068): read offline, by keys kept in a file."""

    issuer: str = Field(min_length=1)
    """Who issues them: the claim ``iss``."""
    audience: str = Field(min_length=1)
    """For whom they are: the claim ``aud``."""
    keys_file: str
    """The issuer's public keys, a JWK set (RFC 7517); read anew when it changes."""
    departments_claim: str = "departments"
    """The claim with the departments for which the caller may call."""
    matters_claim: str = "matters"
    """The claim with the matters."""
    may_claim: str = "scope"
    """The claim with what the caller may do: ``check settle require read``."""


class ServiceSettings(Value):
    """How the service is served (``credit-check serve``)."""

    host: str = "127.0.0.1"
    """Address to listen on; any but this machine's own asks for a certificate, or a proxy that has one."""
    port: int = Field(default=8802, ge=0, le=65535)
    """Port to listen on; 0 picks one."""
    certificate_file: str | None = None
    """The service's certificate, PEM, with those that lead to its root."""
    key_file: str | None = None
    """The certificate's key, PEM."""
    client_ca_file: str | None = None
    """Who must have issued a caller's certificate, PEM; with it no caller without one is let in (mutual TLS)."""
    behind_proxy: bool = False
    """Whether a proxy in front speaks TLS; then ``X-Forwarded-For`` is believed."""
    rate: float = Field(default=20.0, gt=0)
    """Calls per second that one host key may make, in each process."""
    burst: int = Field(default=40, ge=1)
    """Calls that one host key may make at once."""
    largest: int = Field(default=1024 * 1024, ge=1024)
    """The largest body, in bytes."""
    relay: bool = False
    """Whether the service also delivers feedback."""
    repeats_for: Duration = timedelta(hours=24)
    """How long an ``Idempotency-Key`` is remembered."""
    oidc: OidcSettings | None = None
    """Whose tokens open the service beside host keys."""


class Settings(BaseSettings):
    """All that the configuration says."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    lang: Lang = "zh-CN"
    """The language spoken to people."""
    region: str | None = Field(default=None, pattern=r"^\d{6}$")
    """Code of the region (GB/T 2260)."""
    environment: Environment = "production"
    """``sandbox`` where the platforms are sandboxes."""
    ledger: LedgerSettings = LedgerSettings()
    """Ledger and audit store."""
    keys: KeySettings = KeySettings()
    """Key ring."""
    plugins: PluginSettings = PluginSettings()
    """Plugins."""
    sources: Several[SourceSettings] = ()
    """Platforms that are asked."""
    matters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """What each matter says differently from its starter policy, or the whole of it for a new one."""
    terms: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """What each time limit is here, where it differs from the catalogue's."""
    catalogue: CatalogueSettings = CatalogueSettings()
    """Catalogue."""
    notices: NoticeSettings = NoticeSettings()
    """Notices."""
    memory: MemorySettings = MemorySettings()
    """Memory."""
    calendar: CalendarSettings = CalendarSettings()
    """Working days."""
    relay: RelaySettings = RelaySettings()
    """Delivery of feedback."""
    outbox: OutboxSettings = OutboxSettings()
    """What waits to be delivered."""
    credit_reports: ReportSettings = ReportSettings()
    """Credit reports."""
    publicity: PublicitySettings = PublicitySettings()
    """Double publicity."""
    service: ServiceSettings = ServiceSettings()
    """The service."""
    base: Path = Field(default_factory=Path.cwd)
    """Folder against which relative paths count: that of the file."""
    kind: Literal["file", "default"] = "default"
    """Whether a file was found."""

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @classmethod
    def find(cls, config: str | os.PathLike[str] | None = None) -> Settings:
        """Read the file named, else the one that the environment names, else the one in the current folder, else none.

        Raises:
            ConfigurationError: the file is missing or broken; the message names key and place.
        """
        named = config if config is not None else os.environ.get(VARIABLE)
        path = Path(named) if named else Path(FILE)
        if not path.is_file():
            if named:
                raise ConfigurationError(
                    f"configuration file {path.name!r} does not exist",
                    f"配置文件 {path.name} 不存在",
                    code="configuration.missing_file",
                    remedy_en="make one with `credit-check init`, or name another with --config",
                    remedy_zh="请用 credit-check init 生成，或用 --config 指定",
                )
            return cls.parse({}, base=Path.cwd(), kind="default")
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{path.name} is not valid TOML: {error}",
                f"{path.name} 不是有效的 TOML：{error}",
                remedy_en="mend that place",
                remedy_zh="请修改该处",
            ) from None
        return cls.parse(data, base=path.resolve().parent, kind="file")

    @classmethod
    def parse(
        cls, data: dict[str, Any], *, base: Path | None = None, kind: Literal["file", "default"] = "file"
    ) -> Settings:
        """Make settings of what a file says.

        Raises:
            ConfigurationError: an unknown key or a value that cannot be used.
        """
        try:
            return cls(**data, base=base or Path.cwd(), kind=kind)
        except ValidationError as error:
            raise _explained(error) from None

    def path(self, name: str) -> Path:
        """Resolve a path of the configuration against its folder."""
        return (self.base / name).expanduser()

    def placed(self, source: SourceSettings) -> SourceSettings:
        """Resolve the paths of a source: ``folder`` and whatever ends in ``_file``, in options, signing and tls."""
        changed: dict[str, Any] = {
            table: {**given, **found}
            for table, given in (("options", source.options), ("signing", source.signing))
            if (found := self._paths(given))
        }
        if source.tls is not None:
            changed["tls"] = source.tls.model_copy(update=self._paths(dict(source.tls)))
        return source.model_copy(update=changed) if changed else source

    def _paths(self, given: dict[str, Any]) -> dict[str, str]:
        return {
            name: str(self.path(value))
            for name, value in given.items()
            if isinstance(value, str) and value and (name == "folder" or name.endswith("_file"))
        }

    def database(self, url: str) -> str:
        """Resolve a relative SQLite URL against the folder of the configuration."""
        prefix = "sqlite:///"
        name = url.removeprefix(prefix)
        if not url.startswith(prefix) or name in {"", ":memory:"} or Path(name).is_absolute():
            return url
        return f"{prefix}{self.path(name)}"

    def secret(self, source: SourceSettings) -> str:
        """Find the secret of a source: in its environment variable, else in its file.

        Raises:
            ConfigurationError: neither is there, or others may read the file.
        """
        if source.secret_env and os.environ.get(source.secret_env):
            return os.environ[source.secret_env]
        if source.secret_file:
            return _secret_of(self.path(source.secret_file), source.id)
        if not source.secret_env:
            return ""
        raise ConfigurationError(
            f"sources.{source.id}: the secret is missing",
            f"sources.{source.id}：缺少密钥",
            code="configuration.missing_secret",
            source=source.id,
            remedy_en=f"set the environment variable {source.secret_env}, or secret_file",
            remedy_zh=f"请设置环境变量 {source.secret_env}，或配置 secret_file",
        )


def _secret_of(path: Path, source: str) -> str:
    try:
        mode = path.stat().st_mode & 0o077
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(
            f"sources.{source}.secret_file cannot be read ({type(error).__name__})",
            f"sources.{source}.secret_file 无法读取（{type(error).__name__}）",
            code="configuration.missing_secret",
            source=source,
            remedy_en="name a file that holds the secret",
            remedy_zh="请指定存放密钥的文件",
        ) from None
    if mode:
        raise ConfigurationError(
            f"sources.{source}.secret_file can be read by others",
            f"sources.{source}.secret_file 可被他人读取",
            code="configuration.missing_secret",
            source=source,
            remedy_en="run chmod 600 on it",
            remedy_zh="请执行 chmod 600",
        )
    return text


def _explained(error: ValidationError) -> ConfigurationError:
    """Turn the first trouble into words that name the place, and the nearest known key."""
    trouble = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in trouble["loc"])
    if trouble["type"] != "extra_forbidden":
        return ConfigurationError(
            f"{place}: {trouble['msg']}",
            f"{place}：{trouble['msg']}",
            remedy_en="mend that value",
            remedy_zh="请修改该值",
        )
    known = _keys_at(Settings, trouble["loc"][:-1])
    wrong = str(trouble["loc"][-1])
    near = difflib.get_close_matches(wrong.lower(), known, n=1, cutoff=0.4)
    hint = near[0] if near else ", ".join(known)
    return ConfigurationError(
        f"{place}: unknown key",
        f"{place}：未知的配置项",
        code="configuration.unknown_key",
        remedy_en=f"did you mean {hint!r}?" if near else f"known keys are {hint}",
        remedy_zh=f"是否为“{hint}”？" if near else f"可用的配置项：{hint}",
    )


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Name the keys known at a place of the settings."""
    here: type[BaseModel] = model
    for part in loc:
        if isinstance(part, int):
            continue
        field = here.model_fields.get(part)
        inner = _model_of(field.annotation) if field else None
        if inner is None:
            break
        here = inner
    hidden = {"base", "kind"} if here is Settings else set()
    return sorted(set(here.model_fields) - hidden)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, types.GenericAlias) or typing.get_args(annotation):
        for inner in typing.get_args(annotation):
            found = _model_of(inner)
            if found is not None:
                return found
    return None
