"""Search bytes for identifiers however they are written: plain, coded, in other alphabets, inside compressed data."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import sqlite3
import urllib.parse
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_DEEPEST = 4
_UNPACK: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
    b"\x78\x01": zlib.decompress,
    b"\x78\x9c": zlib.decompress,
    b"\x78\xda": zlib.decompress,
}


def forms(secret: str) -> dict[str, bytes]:
    """Give the ways in which *secret* may be written, by name."""
    plain = secret.encode()
    found = {
        "plain": plain,
        "UTF-16": secret.encode("utf-16-le"),
        "UTF-16BE": secret.encode("utf-16-be"),
        "GB18030": secret.encode("gb18030"),
        "hexadecimal": plain.hex().encode(),
        "HEXADECIMAL": plain.hex().upper().encode(),
        "URL-encoded": urllib.parse.quote(secret, safe="").encode(),
        "URL-encoded whole": "".join(f"%{byte:02X}" for byte in plain).encode(),
        "JSON-escaped": secret.encode("unicode_escape"),
        "backwards": secret[::-1].encode(),
    }
    for shift in range(3):
        # What stands before it moves it within base64's groups of three; the letters at its ends hang on the neighbours.
        coded = base64.b64encode(b"\0" * shift + plain + b"\0" * 3)
        first, last = -(-shift * 8 // 6), (shift + len(plain)) * 8 // 6
        found[f"base64 +{shift}"] = coded[first:last]
        found[f"base64url +{shift}"] = coded[first:last].translate(bytes.maketrans(b"+/", b"-_"))
        found[f"base32 +{shift}"] = base64.b32encode(b"\0" * shift + plain)[
            -(-shift * 8 // 5) : (shift + len(plain)) * 8 // 5
        ]
    return found


def found_in(data: bytes, secrets: Iterable[str], where: str, depth: int = 0) -> Iterator[str]:
    """Say where each secret is found in *data*, and in what is packed into it; the secret itself is not said."""
    for number, secret in enumerate(secrets):
        for form, pattern in forms(secret).items():
            if len(pattern) > 3 and pattern in data:
                yield f"{where}: identifier {number} ({secret[:2]}…), {form}"
    if depth < _DEEPEST:
        for name, inner in _packed(data):
            yield from found_in(inner, secrets, f"{where} › {name}", depth + 1)


def search(folder: Path, secrets: Iterable[str], *, leave_out: Callable[[Path], bool] = lambda _: False) -> list[str]:
    """Search every file below *folder*: its bytes, what is packed into it, and each value of an SQLite database."""
    secrets = tuple(secrets)
    trouble: list[str] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or leave_out(path):
            continue
        try:
            data = path.read_bytes()
        except OSError:
            continue  # gone meanwhile, or a socket
        name = str(path.relative_to(folder))
        trouble += found_in(name.encode(), secrets, f"name of {name}")
        trouble += found_in(data, secrets, name)
        if data.startswith(b"SQLite format 3\0"):
            trouble += _in_database(path, secrets, name)
        elif data.startswith(b"PAR1"):
            trouble += _in_parquet(data, secrets, name)
    return trouble


def _packed(data: bytes) -> Iterator[tuple[str, bytes]]:
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            for name in opened.namelist():
                yield name, opened.read(name)
        return
    for magic, unpack in _UNPACK.items():
        if data.startswith(magic):
            try:
                yield "unpacked", unpack(data)
            except (OSError, EOFError, zlib.error, lzma.LZMAError):
                continue


def _in_database(path: Path, secrets: tuple[str, ...], name: str) -> Iterator[str]:
    """Look at whole values: a long one lies on several pages of the file."""
    try:
        opened = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return
    try:
        tables = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in opened.execute(f'SELECT * FROM "{table}"'):  # noqa: S608  the database's own names
                for value in row:
                    data = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
                    yield from found_in(data, secrets, f"{name}, table {table}")
    except sqlite3.Error:
        return
    finally:
        opened.close()


def _in_parquet(data: bytes, secrets: tuple[str, ...], name: str) -> Iterator[str]:
    import pyarrow.parquet  # noqa: PLC0415  slow to import, and seldom there

    rows = pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    yield from found_in(repr(rows).encode(), secrets, f"{name}, rows")
