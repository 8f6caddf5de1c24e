"""Exchange by files: a request to ``file:///FOLDER/NAME`` reads a file whole, or writes one whole and once.

GET gives the file with its time (``last-modified``, RFC 3339), 404 where there is none. PUT writes beside it and renames: whoever
collects files never sees half of one. The same content under the same name again is 200, another is 409.
"""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from credit_check_sdk.errors import NotSentError
from credit_check_sdk.flow import Reply

if TYPE_CHECKING:
    from credit_check_sdk.flow import Request

SCHEME = "file:"
_JSON = {"content-type": "application/json"}


def exchange(request: Request, source: str, most: int) -> Reply:
    """Read or write the file of a request; at most *most* bytes are read.

    Raises:
        NotSentError: the address is none, or the file cannot be read or written.
    """
    path = _path(request, source)
    try:
        if request.method == "GET":
            return _read(path, most)
        if request.method == "PUT":
            return _write(path, request.body)
    except OSError as error:
        why = type(error).__name__
        raise _unusable(source, f"the file cannot be used ({why})", f"文件不可用（{why}）", retryable=True) from None
    return Reply(405)


def _path(request: Request, source: str) -> Path:
    parts = urlsplit(request.url)
    pieces = [unquote(piece) for piece in parts.path.split("/")]
    if parts.netloc not in {"", "localhost"} or parts.query or not parts.path.startswith("/"):
        raise _unusable(source, "its address is no path of this machine", "地址不是本机路径", retryable=False)
    # What a case or a platform says must never lead out of the folder that was configured.
    if any(piece in {".", ".."} or "/" in piece or "\\" in piece or "\0" in piece for piece in pieces):
        raise _unusable(source, "the name of its file leads elsewhere", "文件名指向其他目录", retryable=False)
    return Path("/".join(pieces))


def _read(path: Path, most: int) -> Reply:
    if path.is_dir():
        return Reply(200, _JSON, b'{"folder": true}')
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
            changed = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except FileNotFoundError:
        return Reply(404)
    if len(body) > most:
        return Reply(413)
    return Reply(200, {"last-modified": changed.isoformat(timespec="seconds")}, body)


def _write(path: Path, body: bytes) -> Reply:
    if path.exists():
        return _there(path, body)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with beside.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)  # unlike a rename, it never takes the place of a file that is there
        except FileExistsError:
            return _there(path, body)
    finally:
        beside.unlink(missing_ok=True)
    return Reply(201, _JSON, b'{"written": true}')


def _there(path: Path, body: bytes) -> Reply:
    return (
        Reply(200, _JSON, b'{"written": true}')
        if path.read_bytes() == body
        else Reply(409, _JSON, b'{"written": false}')
    )


def _unusable(source: str, en: str, zh: str, *, retryable: bool) -> NotSentError:
    return NotSentError(
        en,
        zh,
        source=source,
        retryable=retryable,
        remedy_en="look at base_url, and at the folder's owner and permissions",
        remedy_zh="请检查 base_url 以及目录的属主与权限",
    )
