"""Everything that is raised, as a tree. This module imports nothing of the package.

A restricted subject and a silent source are values (`Outcome`, `Silence`), never errors.

    CreditCheckError
    ├── InputError              what the host or the officer gave cannot be used        exit 2
    │   ├── CaseError           a case that cannot be checked
    │   ├── ManualError         evidence of a query made by hand that cannot be taken
    │   ├── SettleError         an answer that cannot be taken
    │   ├── MeasureError        an applied measure that may not move so
    │   └── TransactionError    a host transaction the ledger cannot join
    ├── SetupError              the set-up cannot work                                  exit 3
    │   ├── ConfigurationError  a key, a value, a file of the configuration
    │   ├── CatalogueError      a measure, a list, a policy that does not load
    │   ├── PluginError         a plugin that is broken, doubled, misspelt or unknown
    │   └── KeyRingError        keys that are missing or cannot be read
    ├── GateError               the gate refuses                                        exit 20
    ├── CallError               a call that the service does not answer                 exit 2
    ├── LedgerError             the ledger or the audit store cannot be written or read exit 1
    └── ExchangeError           an exchange with a platform failed (caught in the core; becomes a Silence)
        ├── NotSentError        the request never left: sending again is safe
        ├── NoAnswerError       it left and no whole answer came back: sending again may double the effect
        └── NotUnderstoodError  an answer came and cannot be understood
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

_IDENTIFIER = re.compile(
    r"(?<![0-9A-Za-z])([0-9A-Z]{2}[0-9]{4})[0-9A-Z]{10}([0-9A-Z]{2})(?![0-9A-Za-z])", re.IGNORECASE
)
"""What may be a social credit code or a resident id: eighteen characters, beginning with kind and region."""


def unnamed(text: str) -> str:
    """Hide the middle of whatever in *text* may be an identifier: a user may type one where something else belongs."""
    return _IDENTIFIER.sub(r"\1**********\2", text)


class CreditCheckError(Exception):
    """Be the root of all that this package raises; abstract, refuses to be raised itself.

    *message* and *remedy* are pairs of words (zh-CN, en); ``str()`` is English and ends with what to do.
    No message ever carries a subject's identifier, whatever its raiser puts into the words.
    """

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = ""
    title: ClassVar[tuple[str, str]] = ("系统故障", "Failed")
    """What kind of trouble it is, in short: zh-CN, en."""

    def __init__(  # noqa: PLR0913  every attribute of an error is named by its raiser
        self,
        en: str,
        zh: str,
        *,
        code: str | None = None,
        remedy_en: str = "",
        remedy_zh: str = "",
        retryable: bool = False,
        source: str | None = None,
        trace_id: str | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        if type(self) in _ABSTRACT:
            message = f"{type(self).__name__} is abstract; raise one of its kinds"
            raise TypeError(message)
        self.en, self.zh, self.remedy_en, self.remedy_zh = map(unnamed, (en, zh, remedy_en, remedy_zh))
        self.code = code or self.default_code
        self.retryable = retryable
        self.source = source
        self.trace_id = trace_id
        self.detail: dict[str, object] = {
            name: unnamed(value) if isinstance(value, str) else value for name, value in (detail or {}).items()
        }
        super().__init__(self.words("en"))

    def words(self, lang: str) -> str:
        """Say what happened and what to do, in *lang* (``zh-CN`` or ``en``)."""
        what, remedy = (self.zh, self.remedy_zh) if lang.lower().startswith("zh") else (self.en, self.remedy_en)
        separator = "；" if lang.lower().startswith("zh") else "; "
        text = f"{what}{separator}{remedy}" if remedy else what
        return f"[{self.trace_id}] {text}" if self.trace_id else text

    @override
    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes whole, with code and words."""
        return _rebuilt, (type(self), self.en, self.zh, {name: getattr(self, name) for name in _KEPT})

    @property
    def http_status(self) -> int:
        """The status of an HTTP answer that this error makes."""
        return 500

    def problem(self, lang: str = "zh-CN") -> dict[str, object]:
        """Give the body of an HTTP answer: problem details (RFC 9457), with *title* and *detail* in *lang*."""
        return {
            "type": f"urn:credit-check:error:{self.code}",
            "title": self.title[0 if lang.lower().startswith("zh") else 1],
            "status": self.http_status,
            "detail": self.words(lang),
            "code": self.code,
            "words": {"zh-CN": self.words("zh-CN"), "en": self.words("en")},
            "about": self.detail,
        }


_KEPT = ("code", "remedy_en", "remedy_zh", "retryable", "source", "trace_id", "detail")


def _rebuilt(kind: type[CreditCheckError], en: str, zh: str, said: dict[str, Any]) -> CreditCheckError:
    return kind(en, zh, **said)


class InputError(CreditCheckError):
    """What was given cannot be used; nothing was written."""

    exit_code = 2
    default_code = "input.invalid"
    title = ("输入有误", "The input cannot be used")

    @property
    @override
    def http_status(self) -> int:
        """422: nothing was written."""
        return 422


class CaseError(InputError):
    """A case cannot be checked: an unknown key, matter or point, or a person without purpose."""

    default_code = "case.invalid"


class SettleError(InputError):
    """An officer's answer cannot be taken; nothing was written."""

    default_code = "settle.invalid"


class MeasureError(InputError):
    """An applied measure may not move so: no such transition leads from where it stands; nothing was written."""

    default_code = "measure.transition"


class ManualError(InputError):
    """Evidence of a query made by hand cannot be taken; nothing was written."""

    default_code = "manual.not_allowed"


class TransactionError(InputError):
    """The host's transaction cannot carry the record: autocommit, another database, a foreign kind."""

    default_code = "transaction.refused"

    @property
    @override
    def http_status(self) -> int:
        """500: whoever calls the host can do nothing about it."""
        return 500


class SetupError(CreditCheckError):
    """The set-up cannot work; abstract."""

    exit_code = 3
    default_code = "setup.invalid"
    title = ("配置无法工作", "The set-up cannot work")


class ConfigurationError(SetupError):
    """A key, a value or a file of the configuration cannot be used."""

    default_code = "configuration.invalid"


class CatalogueError(SetupError):
    """A measure, a list or a policy does not load; the message names file, place and reason."""

    default_code = "catalogue.invalid"


class PluginError(SetupError):
    """A plugin is broken, doubled, misspelt, unknown or outdated."""

    default_code = "plugin.invalid"


class KeyRingError(SetupError):
    """Keys are missing, unreadable or of another ledger."""

    default_code = "keys.unusable"


class GateError(CreditCheckError):
    """The gate refuses; ``code`` is one of ``gate.*`` and ``detail`` says what stands in the way."""

    exit_code = 20
    default_code = "gate.never_checked"
    title = ("决策环节不予放行", "Refused by the gate")

    @property
    @override
    def http_status(self) -> int:
        """403 where a measure in force forbids it; else 409: something has to be done first."""
        return 403 if self.code == "gate.blocked" else 409


class CallError(CreditCheckError):
    """A call over HTTP that the service does not answer: who calls is not known, may not, calls too often or wrongly."""

    exit_code = 2
    default_code = "call.invalid"
    title = ("调用未获处理", "The call is not answered")

    @property
    @override
    def http_status(self) -> int:
        """That of its code."""
        return _CALLS.get(self.code, 400)


_CALLS = {
    "call.unauthenticated": 401,
    "call.forbidden": 403,
    "call.unknown": 404,
    "call.method": 405,
    "call.in_progress": 409,
    "call.too_large": 413,
    "call.repeated": 422,
    "call.limited": 429,
    "call.failed": 500,
}


class LedgerError(CreditCheckError):
    """The ledger or the audit store cannot be written or read; nothing was decided."""

    default_code = "ledger.unavailable"
    title = ("台账不可用", "The ledger is unavailable")

    @property
    @override
    def http_status(self) -> int:
        """503: nothing was decided; it may be tried again."""
        return 503


class LedgerVersionError(LedgerError):
    """The ledger is of another version than this package."""

    exit_code = 3
    default_code = "ledger.version"


class ExchangeError(CreditCheckError):
    """An exchange with a platform failed; abstract. The core turns it into a `Silence`."""

    default_code = "source.failed"


class NotSentError(ExchangeError):
    """The request never left the machine; sending it again is safe."""

    default_code = "source.unreachable"


class NoAnswerError(ExchangeError):
    """The request left and no whole answer came back; sending it again may double its effect."""

    default_code = "source.no_answer"


class NotUnderstoodError(ExchangeError):
    """An answer came that cannot be understood; nothing of it is used."""

    default_code = "source.not_understood"


_ABSTRACT = frozenset({CreditCheckError, SetupError, ExchangeError})

CODES: tuple[str, ...] = (
    "input.invalid", "case.invalid", "case.unknown_matter", "case.unknown_point", "case.purpose_missing",
    "settle.invalid", "settle.unknown_proposal", "settle.mandatory", "settle.reason_missing", "settle.suspended",
    "settle.never_checked", "outbox.full", "measure.transition", "transaction.refused",
    "objection.never_checked", "objection.nothing_disputed", "objection.open", "objection.closed", "objection.unknown",
    "objection.paper", "commitment.unknown", "commitment.transition", "commitment.invalid", "deferral.never_checked",
    "deferral.stale", "deferral.refused", "deferral.excluded", "deferral.open", "deferral.late", "deferral.material",
    "publicity.invalid", "publicity.minor", "publicity.published", "publicity.unknown", "publicity.withdrawn",
    "publicity.form", "notice.unknown", "notice.void", "notice.wrong_day", "explain.not_a_party",
    "ranking.unknown", "ranking.doubled", "ranking.superseded", "ranking.matter", "ranking.changed", "ranking.order",
    "configuration.invalid", "configuration.unknown_key", "configuration.missing_file", "configuration.missing_secret",
    "configuration.mapping",
    "catalogue.invalid", "catalogue.unknown", "decision.unknown",
    "plugin.invalid", "plugin.doubled", "plugin.unknown", "keys.unusable", "keys.unknown",
    "gate.never_checked", "gate.stale", "gate.changed", "gate.parties_changed", "gate.undecided", "gate.unsettled",
    "gate.blocked", "gate.deferred", "gate.catalogue_changed", "gate.receipt_invalid", "gate.environment", "gate.recheck_overdue",
    "manual.never_checked", "manual.not_allowed", "manual.not_silent", "manual.file", "manual.stale",
    "ledger.unavailable", "ledger.version", "ledger.conflict", "audit.unavailable", "file.unreadable",
    "source.failed", "source.unreachable", "source.no_answer", "source.timeout", "source.not_understood",
    "source.status", "source.refused", "source.rate_limited", "source.incomplete", "source.wrong_subject",
    "source.stale", "source.cursor_lost", "source.not_configured", "source.environment", "checkpoint.forked",
    "checkpoint.invalid", "ledger.broken",
    "list.changed", "list.digest", "list.shrank", "list.seal", "list.time", "list.bundle", "list.shelf",
    "source.resting", "source.isolated", "source.throttled", "source.quota",
    "call.invalid", "call.unauthenticated", "call.forbidden", "call.unknown", "call.method", "call.in_progress",
    "call.too_large", "call.repeated", "call.limited", "call.failed", "hostkey.invalid", "hostkey.unknown",
)  # fmt: skip
"""Every code that this package puts into an error or a `Silence`; each has an entry in the reference."""
