"""The register of the service, in the audit store: host keys, calls, and calls that came before. It answers no call.

Of a host key only a hash is kept. Calls name cases, never subjects.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from credit_check_sdk._shell.audit import AuditStore
from credit_check_sdk._shell.keys import Crypto, KeyRing
from credit_check_sdk._shell.plugins import Plugins
from credit_check_sdk.errors import CallError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Deed = Literal["check", "settle", "require", "read", "prove", "metrics"]
"""What a host key may do."""
DEEDS: tuple[Deed, ...] = get_args(Deed)
USUAL: tuple[Deed, ...] = ("check", "settle", "require", "read")
"""What a host key may do unless it is said."""
_PREFIX = "cck"
_LEASE = timedelta(minutes=2)
"""After which a call that never came to an end may be made anew with the same key."""
_KEY_COLUMNS = "id, name, departments, matters, may, made_at, ends_at, revoked_at, reason"
_CALL_COLUMNS = (
    "id", "at", "host_key", "address", "operation", "case_id", "department", "matter", "point", "decision", "status",
    "code", "milliseconds",
)  # fmt: skip
_MAKE = (
    "INSERT INTO credit_host_key (id, name, hash, departments, matters, may, made_at, ends_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_LIST = f"SELECT {_KEY_COLUMNS} FROM credit_host_key ORDER BY made_at, id"  # noqa: S608  names of columns, no values
_FIND = f"SELECT {_KEY_COLUMNS}, hash FROM credit_host_key WHERE id = ?"  # noqa: S608  the same
_REVOKE = "UPDATE credit_host_key SET revoked_at = ?, reason = ? WHERE id = ? AND revoked_at IS NULL"
_NOTE = f"INSERT INTO credit_call ({', '.join(_CALL_COLUMNS)}) VALUES ({', '.join('?' * len(_CALL_COLUMNS))})"  # noqa: S608  the same
_CALLS = f"SELECT {', '.join(_CALL_COLUMNS)} FROM credit_call"  # noqa: S608  the same
_FORGET = "DELETE FROM credit_repeat WHERE at < ?"
_BEGIN = (
    "INSERT INTO credit_repeat (host_key, repeat_key, operation, body, at) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (host_key, repeat_key) DO NOTHING RETURNING at"
)
_BEGUN = "SELECT operation, body, at, answer FROM credit_repeat WHERE host_key = ? AND repeat_key = ?"
_AGAIN = (
    "UPDATE credit_repeat SET at = ? WHERE host_key = ? AND repeat_key = ? AND at = ? AND answer IS NULL RETURNING at"
)
_END = "UPDATE credit_repeat SET answer = ? WHERE host_key = ? AND repeat_key = ?"
_LET_GO = "DELETE FROM credit_repeat WHERE host_key = ? AND repeat_key = ? AND answer IS NULL"


@dataclass(frozen=True, slots=True)
class HostKey:
    """Who calls the service, as far as the service knows: whose checks it may make and see."""

    id: str
    """Its number, no secret."""
    name: str
    """Which host has it."""
    departments: tuple[str, ...]
    """Departments for which it may call; ``*`` is every one."""
    matters: tuple[str, ...]
    """Matters for which it may call: a code, ``licence.*``, or ``*``."""
    may: tuple[Deed, ...]
    """What it may do."""
    made_at: datetime
    """When it was made."""
    ends_at: datetime | None = None
    """When it ends by itself, or None."""
    revoked_at: datetime | None = None
    """When it was revoked, or None."""
    reason: str | None = None
    """Why it was revoked."""

    def reaches(self, department: str, matter: str) -> bool:
        """Say whether checks of this department and matter are within its reach."""
        return not {"*", department}.isdisjoint(self.departments) and any(
            one in {"*", matter} or (one.endswith(".*") and matter.startswith(one[:-1])) for one in self.matters
        )

    def holds(self, moment: datetime) -> bool:
        """Say whether it is neither revoked nor over."""
        return self.revoked_at is None and (self.ends_at is None or moment < self.ends_at)


@dataclass(frozen=True, slots=True)
class CallNote:
    """One call, as it is put on record: who called when, for what, and what came of it. It names no subject."""

    id: str
    at: datetime
    host_key: str | None
    address: str | None
    operation: str
    status: int
    milliseconds: int
    code: str | None = None
    case_id: str | None = None
    department: str | None = None
    matter: str | None = None
    point: str | None = None
    decision: str | None = None


class Register:
    """The register of one service, in the audit store at *audit_url*. Safe to share among threads.

    Raises:
        SetupError: the configuration or the key ring cannot work.
    """

    def __init__(self, *, ring: Path, audit_url: str, plugins: Sequence[str], repeats_for: timedelta) -> None:
        loaded = Plugins(plugins)
        self._ring = KeyRing.open(ring, Crypto.of(loaded.ciphers, loaded.receipt_algorithms))
        self._audit = AuditStore(audit_url, self._ring)
        self._repeats_for = repeats_for

    def close(self) -> None:
        """Let go of connections."""
        self._audit.close()

    def make(
        self,
        name: str,
        departments: Sequence[str],
        matters: Sequence[str],
        may: Sequence[str] = USUAL,
        ends_at: datetime | None = None,
    ) -> tuple[HostKey, str]:
        """Make a host key; give it, and its secret, which nobody can be told again.

        Raises:
            InputError: it would reach nothing, or do what is not known.
            LedgerError: the audit store cannot be written.
        """
        now = datetime.now(UTC)
        wrong = [one for one in may if one not in DEEDS]
        if wrong or not (name.strip() and departments and matters and may and all((*departments, *matters))):
            raise InputError(
                f"a host key has a name, departments and matters, and may do {', '.join(DEEDS)}",
                f"接入密钥须有名称、部门与事项，可做之事为 {'、'.join(DEEDS)}",
                code="hostkey.invalid",
                remedy_en="name what is missing; * stands for every department or matter",
                remedy_zh="请补全；* 表示全部",
            )
        if ends_at is not None and ends_at <= now:
            raise InputError(
                "the end of this host key is past",
                "接入密钥的到期时间已过",
                code="hostkey.invalid",
                remedy_en="name a day that is to come",
                remedy_zh="请指定将来的日期",
            )
        deeds = tuple(deed for deed in DEEDS if deed in may)
        found = HostKey(secrets.token_hex(5), name.strip(), tuple(departments), tuple(matters), deeds, now, ends_at)
        secret = secrets.token_urlsafe(32)
        row = (
            found.id,
            found.name,
            _hash(secret),
            json.dumps(found.departments, ensure_ascii=False),
            json.dumps(found.matters, ensure_ascii=False),
            json.dumps(deeds),
            _text(now),
            ends_at and _text(ends_at),
        )
        with self._audit.work(write=True) as run:
            run(_MAKE, row)
        return found, f"{_PREFIX}_{found.id}_{secret}"

    def host_keys(self) -> tuple[HostKey, ...]:
        """Give every host key that was made, revoked ones too, oldest first."""
        with self._audit.work(write=False) as run:
            rows = run(_LIST, ())
        return tuple(_host_key(row) for row in rows)

    def revoke(self, number: str, reason: str) -> None:
        """Revoke a host key: from the next call on it opens nothing. Again does nothing.

        Raises:
            InputError: there is none of that number, or no reason is given.
            LedgerError: the audit store cannot be written.
        """
        if not reason.strip():
            raise InputError("--reason is empty", "--reason 不能为空", remedy_en="say why", remedy_zh="请填写理由")
        with self._audit.work(write=True) as run:
            known = bool(run(_FIND, (number,)))
            run(_REVOKE, (_text(datetime.now(UTC)), reason.strip(), number))
        if not known:
            raise InputError(
                f"there is no host key {number!r}",
                f"没有编号为 {number} 的接入密钥",
                code="hostkey.unknown",
                remedy_en="look at `credit-check host-keys list`",
                remedy_zh="请查看 credit-check host-keys list",
            )

    def find(self, token: str) -> HostKey | None:
        """Give the host key that *token* is, where it holds; None for whatever else."""
        prefix, _, rest = token.partition("_")
        number, _, secret = rest.partition("_")
        if prefix != _PREFIX or not number.isalnum() or not secret:
            return None
        with self._audit.work(write=False) as run:
            rows = run(_FIND, (number,))
        if not rows or not hmac.compare_digest(str(rows[0][-1]), _hash(secret)):
            return None
        found = _host_key(rows[0])
        return found if found.holds(datetime.now(UTC)) else None

    def note(self, call: CallNote) -> None:
        """Put a call on record.

        Raises:
            LedgerError: the audit store cannot be written.
        """
        said: dict[str, Any] = {name: getattr(call, name) for name in _CALL_COLUMNS}
        with self._audit.work(write=True) as run:
            run(_NOTE, tuple(_values(said)))

    def calls(self, host_key: str | None = None, case_id: str | None = None, limit: int = 1000) -> list[dict[str, Any]]:
        """Give the calls on record, newest first.

        Raises:
            LedgerError: the audit store cannot be read.
        """
        wanted = {"host_key = ?": host_key, "case_id = ?": case_id}
        given = {clause: value for clause, value in wanted.items() if value is not None}
        where = f" WHERE {' AND '.join(given)}" if given else ""
        with self._audit.work(write=False) as run:
            rows = run(f"{_CALLS}{where} ORDER BY at DESC, id DESC LIMIT ?", (*given.values(), limit))
        return [dict(zip(_CALL_COLUMNS, row, strict=True)) for row in rows]

    def begin(self, host_key: str, repeat_key: str, operation: str, body: bytes) -> str | None:
        """Begin a call that may come again; give what it came to where it was made before, else None: make it now.

        Raises:
            CallError: it came with another body, or is still under way.
            LedgerError: the audit store cannot be written.
        """
        now = datetime.now(UTC)
        key, content = self._ring.hashed("repeat", repeat_key), self._ring.hashed("repeated", body.hex())
        with self._audit.work(write=True) as run:
            run(_FORGET, (_text(now - self._repeats_for),))
            if run(_BEGIN, (host_key, key, operation, content, _text(now))):
                return None
            known, said, at, answer = run(_BEGUN, (host_key, key))[0]
            late = answer is None and str(at) < _text(now - _LEASE)
            taken_over = bool(late and said == content and run(_AGAIN, (_text(now), host_key, key, at)))
        if (known, said) != (operation, content):
            raise CallError(
                "this Idempotency-Key came with another call before",
                "该幂等键曾用于另一次调用",
                code="call.repeated",
                remedy_en="take a new key for another call",
                remedy_zh="另一次调用请使用新的幂等键",
            )
        if answer is None and not taken_over:
            raise CallError(
                "the call with this Idempotency-Key is still under way",
                "同一幂等键的调用正在处理",
                code="call.in_progress",
                retryable=True,
                remedy_en="try again in a moment",
                remedy_zh="请稍后重试",
            )
        return None if answer is None else str(answer)

    def end(self, host_key: str, repeat_key: str, answer: str | None) -> None:
        """End such a call: keep what it came to; None, where it failed, lets it be made anew."""
        key = self._ring.hashed("repeat", repeat_key)
        with self._audit.work(write=True) as run:
            if answer is None:
                run(_LET_GO, (host_key, key))
            else:
                run(_END, (answer, host_key, key))


def _hash(secret: str) -> str:
    # The secret is 32 random bytes: nobody guesses it, and a slow hash would only slow down every call.
    return hashlib.sha256(secret.encode()).hexdigest()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _values(said: dict[str, Any]) -> list[Any]:
    return [_text(value) if isinstance(value, datetime) else value for value in said.values()]


def _host_key(row: Sequence[Any]) -> HostKey:
    number, name, departments, matters, may, made_at, ends_at, revoked_at, reason = row[:9]
    return HostKey(
        str(number),
        str(name),
        tuple(json.loads(departments)),
        tuple(json.loads(matters)),
        tuple(json.loads(may)),
        datetime.fromisoformat(made_at),
        ends_at and datetime.fromisoformat(ends_at),
        revoked_at and datetime.fromisoformat(revoked_at),
        reason,
    )
