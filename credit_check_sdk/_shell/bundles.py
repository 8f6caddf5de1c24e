"""Bundles: lists in one signed file, to be carried where no platform is reached. Written whole or not at all.

The first line is the seal (compact JWS) of a manifest that names each list with version, digest and size; each line
after it is an entry: ``{"list": CODE, "record": {…}}``, the record as canonical JSON. A file that ends in ``.gz`` is
compressed. Whoever reads one believes nothing but what the seal and the digests say.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from pydantic import ValidationError

from credit_check_sdk.errors import InputError
from credit_check_sdk.model import Subject
from credit_check_sdk.model.listing import ListEntry, ListInfo, Listings, ListPage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from credit_check_sdk.model.listing import HeldLists
    from credit_check_sdk.spi import OfflineSource

_LONGEST_LINE = 1024 * 1024
_LARGEST = 8 * 1024**3
"""Bytes of a bundle, unpacked: a packed file may not be a bomb."""
_BEGIN, _BETWEEN, _END = b'{"list":', b',"record":', b"}"


def write_bundle(path: Path, seal: str, store: OfflineSource, held: HeldLists) -> None:
    """Write the lists that *store* holds to *path*.

    Raises:
        InputError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _opened(beside, "wb", packed=path.suffix == ".gz") as writing:
            writing.write(seal.encode() + b"\n")
            for each in held.lists:
                code = json.dumps(each.info.code).encode()
                for entry in store.lines(each.info.code):
                    writing.write(_BEGIN + code + _BETWEEN + entry.line + _END + b"\n")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _unusable(path, error.strerror or type(error).__name__) from error


class Bundle:
    """A bundle that was read: a publisher that has everything at hand.

    Raises:
        InputError: it cannot be read, or is no bundle.
    """

    def __init__(self, path: Path, source: str) -> None:
        self.id = source
        self._contents: dict[str, list[ListEntry]] = {}
        try:
            with _opened(path, "rb", packed=path.suffix == ".gz") as reading:
                seal = reading.readline(_LONGEST_LINE).strip().decode("ascii")
                self.said = _manifest(seal, path)
                for each in self.said.lists:
                    self._contents[each.code] = []
                self._read(path, reading)
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise _unusable(path, type(error).__name__) from error
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise _unusable(path, "it is no bundle of lists") from error

    def _read(self, path: Path, reading: BinaryIO) -> None:
        size = 0
        while line := reading.readline(_LONGEST_LINE + 1):
            size += len(line)
            if len(line) > _LONGEST_LINE or size > _LARGEST:
                raise _unusable(path, "it is too large")
            begun, _, rest = line.partition(_BETWEEN)
            code = json.loads(begun.removeprefix(_BEGIN))
            self._contents[code].append(_entry(rest.rstrip(b"\r\n").removesuffix(_END)))

    async def listings(self, tag: str | None, wait: float) -> Listings | None:
        """Give all lists of the bundle."""
        del tag, wait
        return self.said

    async def snapshot(self, code: str, cursor: str | None) -> ListPage:
        """Give a list whole."""
        del cursor
        info = next(each for each in self.said.lists if each.code == code)
        return ListPage(info, tuple(self._contents[code]))

    async def delta(self, code: str, since: int) -> ListPage | None:
        """Give nothing: a bundle holds lists, no changes."""
        del code, since
        return None


def _manifest(seal: str, path: Path) -> Listings:
    """Read what the seal says; whether it holds, is verified later."""
    parts = seal.split(".")
    if len(parts) != 3:  # noqa: PLR2004  header, payload, signature (RFC 7515 section 7.1)
        raise _unusable(path, "it is no bundle of lists")
    payload: dict[str, Any] = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    names = payload.get("names") or {}
    infos = tuple(
        ListInfo.model_validate(
            {
                "code": code,
                "name": names.get(code) or {"zh-CN": code, "en": code},
                "version": version,
                "digest": digest,
                "size": size,
            }
        )
        for code, version, digest, size in payload["lists"]
    )
    said = {"as_of": payload["as_of"], "environment": payload["environment"], "lists": [], "seal": seal}
    return Listings.model_validate_json(json.dumps(said)).model_copy(update={"lists": infos})


def _entry(line: bytes) -> ListEntry:
    record = json.loads(line)
    subjects = [record["subject"], *(party["subject"] for party in record.get("responsible") or ())]
    return ListEntry(str(record["record_id"]), line, _found_by(subjects))


def _found_by(subjects: Iterable[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    made = [Subject.model_validate_json(json.dumps(each)) for each in subjects]
    return tuple(sorted({key for subject in made for each in subject.identifiers for key in each.keys}))


def _opened(path: Path, mode: str, *, packed: bool) -> BinaryIO:
    if packed:
        return cast("BinaryIO", gzip.open(path, mode))
    return cast("BinaryIO", path.open(mode))


def _unusable(path: Path, why: str) -> InputError:
    return InputError(
        f"{path.name} cannot be used: {why}",
        f"文件 {path.name} 不可用：{why}",
        code="list.bundle",
        remedy_en="give a file that `credit-check lists export` wrote",
        remedy_zh="请提供由 credit-check lists export 导出的文件",
    )
