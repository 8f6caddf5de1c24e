"""Where lists lie: a folder with one immutable SQLite file that is current, and a small file that names it.

A file is written beside the current one, made durable, and named by replacing the small file: readers, in this process
at their next look-up, in others within some milliseconds, go over to it and never see half a list. No identifier is readable in it: entries are
found by keyed hashes and encrypted (AES-256-GCM), with a key that lies in the folder, readable by its owner only.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from credit_check_sdk.errors import LedgerError
from credit_check_sdk.model.listing import HeldLists, ListEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_CURRENT = "current.json"
_KEY = "key"
_NONCE = 12
_NUMBERS = 50_000
"""Identifiers of one part."""
_MAPPED = 1 << 31
"""Bytes of the file that are mapped into memory, where processes share its pages."""
_LOOK_AGAIN = 0.01
"""Seconds for which the file that is open is taken for the current one, unless this process itself replaces it."""
_FORM = 1
"""Form of the file that is written; one of an older form is read until it is replaced."""
_TABLES = f"""
PRAGMA user_version = {_FORM};
CREATE TABLE entry (id INTEGER PRIMARY KEY, list TEXT NOT NULL, number TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE found_by (hash BLOB NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)) WITHOUT ROWID;
CREATE TABLE span (list TEXT PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE numbers (scheme TEXT NOT NULL, list TEXT NOT NULL, part INTEGER NOT NULL, body BLOB NOT NULL);
"""
_LOOK = (
    "SELECT e.list, e.body FROM found_by f JOIN entry e ON e.list = f.list AND e.number = f.number WHERE f.hash = ?",
    "SELECT e.list, e.body FROM found_by f JOIN entry e ON e.id = f.entry WHERE f.hash = ?",
)
"""By form of the file."""
_ENTRIES = (
    "SELECT number, body FROM entry WHERE list = ?",
    "SELECT e.number, e.body FROM span s JOIN entry e ON e.id BETWEEN s.first AND s.last WHERE s.list = ?",
)
_replaced = itertools.count(1)
_latest = [0]
"""How often a file was replaced by this process."""


@dataclass(slots=True)
class _Open:
    """A file as one thread reads it."""

    stamp: tuple[int, int, int]
    held: HeldLists
    file: str
    reading: sqlite3.Connection
    form: int
    look: str
    cursor: sqlite3.Cursor
    """What look-ups run on; whoever reads for longer makes one of his own."""
    replaced: int = 0
    until: float = 0.0
    """Until when on the monotonic clock it is taken for the current one, while *replaced* is the latest."""


class Shelf:
    """The lists that lie in *folder*. Safe to share among threads, and across a fork.

    Raises:
        LedgerError: the folder or its key cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._current = str(folder / _CURRENT)
        self._local = threading.local()
        self._writing = threading.Lock()
        secret = self._secret()
        hash_key = hashlib.blake2b(b"found by", key=secret, digest_size=32).digest()
        self._hashing = hashlib.blake2b(key=hash_key, digest_size=16)
        self._cipher = AESGCM(hashlib.blake2b(b"entries", key=secret, digest_size=32).digest())

    def held(self) -> HeldLists | None:
        """Say what lies here; None where nothing does."""
        opened = self._opened()
        return opened.held if opened else None

    def look(self, keys: Iterable[tuple[str, str]]) -> tuple[HeldLists, list[tuple[str, bytes]]] | None:
        """Give what is held and the entries found by any of *keys*, each once, as pairs of list and line; or None.

        Raises:
            LedgerError: the file was damaged.
        """
        opened = self._opened()
        if opened is None:
            return None
        found: dict[bytes, str] = {}
        for scheme, value in keys:
            rows = opened.cursor.execute(opened.look, (self._hash(scheme, value),)).fetchall()
            if rows:
                found.update({body: code for code, body in rows})
        if not found:
            return opened.held, []
        return opened.held, [(code, self._plain(body, code).rpartition(b"\n")[0]) for body, code in found.items()]

    def entries(self, code: str) -> Iterator[ListEntry]:
        """Give every entry of a list; by what it is found is read from the entry itself."""
        opened = self._opened()
        if opened is not None:
            for number, body in opened.reading.execute(_ENTRIES[opened.form], (code,)):
                packed = self._plain(body, code)
                line, _, keys = packed.rpartition(b"\n")
                pairs = tuple(
                    (scheme, value)
                    for scheme, _, value in (key.partition("\t") for key in keys.decode().split("\v") if key)
                )
                yield ListEntry(number, line, pairs)

    def found_by(self, scheme: str) -> Iterator[list[str]]:
        """Give every identifier of *scheme* by which somebody is found here, in parts.

        They are kept a second time, many to a part: to open them one by one would take longer than to join with them.
        """
        opened = self._opened()
        if opened is not None:
            rows = opened.reading.execute("SELECT list, part, body FROM numbers WHERE scheme = ?", (scheme,))
            for code, part, body in rows:
                yield self._plain(body, f"{scheme}\n{code}\n{part}").decode().split("\n")

    def put(self, held: HeldLists, contents: Mapping[str, Iterable[ListEntry]]) -> None:
        """Replace all that lies here, at once; lists that are not in *contents* are taken along.

        Raises:
            LedgerError: it cannot be written; what lay here lies here still.
        """
        with self._writing:
            try:
                opened = self._opened()
                if contents or opened is None or set(_codes(held)) != set(_codes(opened.held)):
                    file = self._written(held, contents)
                else:
                    file = opened.file  # only what is said about the lists changes
                self._name(held, file)
            except (OSError, sqlite3.Error) as error:
                raise _unusable(self._folder, type(error).__name__) from error

    def _opened(self) -> _Open | None:
        """Open the current file; a look at the small one's stamp tells whether it is still current."""
        opened: _Open | None = getattr(self._local, "opened", None)
        latest, process = _latest[0], os.getpid()
        now = time.monotonic()  # noqa: TID251  how long ago the file was looked at; no answer depends on it
        if opened is not None and now < opened.until and opened.replaced == latest and opened.stamp[2] == process:
            return opened
        try:
            found = os.stat(self._current)  # noqa: PTH116  a Path's own is slower, and this is done often
        except FileNotFoundError:
            return None
        if opened is None or opened.stamp != (found.st_mtime_ns, found.st_ino, process):
            opened = self._reopened(opened)
        opened.replaced, opened.until = latest, now + _LOOK_AGAIN
        return opened

    def _reopened(self, before: _Open | None) -> _Open:
        for _ in range(5):
            # The file may be replaced, and the old one removed, between reading its name and opening it.
            with contextlib.suppress(sqlite3.OperationalError):
                return self._open(self._folder / _CURRENT, before)
        raise _unusable(self._folder, "gone")

    def _open(self, path: Path, before: _Open | None) -> _Open:
        with path.open("rb") as reading:
            found = os.fstat(reading.fileno())
            text = reading.read()
        stamp = (found.st_mtime_ns, found.st_ino, os.getpid())
        name, _, said = text.partition(b"\n")
        file = name.decode()
        try:
            held = HeldLists.model_validate_json(said)
        except ValidationError as error:
            raise _unusable(self._folder, "damaged") from error
        if before is not None and before.file == file and before.stamp[2] == stamp[2]:
            opened = replace(before, stamp=stamp, held=held)
        else:
            uri = f"{(self._folder / file).resolve().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False, cached_statements=16)
            connection.execute(f"PRAGMA mmap_size = {_MAPPED}")
            connection.execute("SELECT 1 FROM entry LIMIT 1").fetchone()
            (form,) = connection.execute("PRAGMA user_version").fetchone()
            if form >= len(_LOOK):
                raise _unusable(self._folder, "newer")
            opened = _Open(stamp, held, file, connection, form, _LOOK[form], connection.cursor())
        self._local.opened = opened
        return opened

    def _written(self, held: HeldLists, contents: Mapping[str, Iterable[ListEntry]]) -> str:
        """Write a new file beside the current one, durable before it is named."""
        name = f"lists-{uuid.uuid4().hex}.sqlite"
        path = self._folder / name
        try:
            writing = sqlite3.connect(path, isolation_level=None)
            try:
                writing.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192;")
                writing.executescript(_TABLES)
                writing.execute("BEGIN")
                for code in _codes(held):
                    entries = contents[code] if code in contents else self.entries(code)
                    self._write_list(writing, code, entries)
                writing.execute("COMMIT")
                writing.execute("ANALYZE")
            finally:
                writing.close()
            _durable(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name

    def _write_list(self, writing: sqlite3.Connection, code: str, entries: Iterable[ListEntry]) -> None:
        batch: list[ListEntry] = []
        numbers: dict[str, list[str]] = {}
        parts = itertools.count()
        for each in entries:
            batch.append(each)
            for scheme, value in each.found_by:
                kept = numbers.setdefault(scheme, [])
                kept.append(value)
                if len(kept) == _NUMBERS:
                    self._write_numbers(writing, scheme, code, next(parts), numbers.pop(scheme))
            if len(batch) == 2000:  # noqa: PLR2004  what fits into memory, however long the list
                self._write(writing, code, batch)
                batch.clear()
        self._write(writing, code, batch)
        for scheme, values in numbers.items():
            self._write_numbers(writing, scheme, code, next(parts), values)

    def _write_numbers(self, writing: sqlite3.Connection, scheme: str, code: str, part: int, values: list[str]) -> None:
        nonce = os.urandom(_NONCE)
        bound_to = f"{scheme}\n{code}\n{part}".encode()
        body = nonce + self._cipher.encrypt(nonce, "\n".join(values).encode(), bound_to)
        writing.execute("INSERT INTO numbers VALUES (?, ?, ?, ?)", (scheme, code, part, body))

    def _write(self, writing: sqlite3.Connection, code: str, batch: list[ListEntry]) -> None:
        if not batch:
            return
        (last,) = writing.execute("SELECT coalesce(max(id), 0) FROM entry").fetchone()
        places = range(last + 1, last + 1 + len(batch))
        writing.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?)",
            [(place, code, each.number, self._sealed(each, code)) for place, each in zip(places, batch, strict=True)],
        )
        writing.execute(
            "INSERT INTO span VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last",
            (code, places[0], places[-1]),
        )
        writing.executemany(
            "INSERT OR IGNORE INTO found_by VALUES (?, ?)",
            [(self._hash(*key), place) for place, each in zip(places, batch, strict=True) for key in each.found_by],
        )

    def _name(self, held: HeldLists, file: str) -> None:
        """Make *file* the current one, and remove those that were current before the last one."""
        beside = self._folder / f"{_CURRENT}.{uuid.uuid4().hex}"
        with beside.open("wb") as writing:
            writing.write(file.encode() + b"\n" + held.model_dump_json().encode())
            writing.flush()
            os.fsync(writing.fileno())
        before = getattr(self._opened(), "file", None)
        beside.replace(self._folder / _CURRENT)
        _latest[0] = next(_replaced)
        _durable(self._folder)
        for old in self._folder.glob("lists-*.sqlite"):
            if old.name not in {file, before}:
                with contextlib.suppress(
                    OSError
                ):  # somewhere a file that is being read cannot be removed: the next time
                    old.unlink()

    def _hash(self, scheme: str, value: str) -> bytes:
        hashing = self._hashing.copy()
        hashing.update(f"{scheme}\n{value}".encode())
        return hashing.digest()

    def _sealed(self, entry: ListEntry, code: str) -> bytes:
        keys = "\v".join(f"{scheme}\t{value}" for scheme, value in entry.found_by).encode()
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, entry.line + b"\n" + keys, code.encode())

    def _plain(self, body: bytes, code: str) -> bytes:
        try:
            return self._cipher.decrypt(body[:_NONCE], body[_NONCE:], code.encode())
        except InvalidTag as error:
            raise _unusable(self._folder, "damaged") from error

    def _secret(self) -> bytes:
        path = self._folder / _KEY
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileExistsError):
                made = os.open(path.with_name(f"{_KEY}.{os.getpid()}"), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with os.fdopen(made, "wb") as writing:
                    writing.write(os.urandom(32))
                    writing.flush()
                    os.fsync(writing.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(path.with_name(f"{_KEY}.{os.getpid()}"), path)
            path.with_name(f"{_KEY}.{os.getpid()}").unlink(missing_ok=True)
            secret = path.read_bytes()
        except OSError as error:
            raise _unusable(self._folder, type(error).__name__) from error
        if len(secret) != 32:  # noqa: PLR2004  the length that is written above
            raise _unusable(self._folder, "damaged")
        return secret


def _codes(held: HeldLists) -> list[str]:
    return [each.info.code for each in held.lists]


def _durable(path: Path) -> None:
    """Let the disk have it."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _unusable(folder: Path, why: str) -> LedgerError:
    return LedgerError(
        f"the lists in {folder} cannot be used ({why})",
        f"目录 {folder} 中的名单不可用（{why}）",
        code="list.shelf",
        remedy_en="see to the disk and its rights; where it is damaged, remove the folder and fetch the lists again",
        remedy_zh="请检查磁盘与权限；如文件损坏，请删除该目录后重新获取名单",
    )
