"""The file of a ring: one folder, one file, for its owner only; replaced whole or not at all. It knows no algorithm."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from typing import TYPE_CHECKING, Any

from credit_check_sdk._shell.keys.held import VERSION
from credit_check_sdk.errors import KeyRingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE = "ring.json"
LOCK = "ring.lock"
_OTHERS = 0o077
_OTHERS_WRITE = 0o022

Stamp = tuple[int, int, int]
"""By what a file is known to be another one: when it was changed, its size, its number on the disk."""


def stamp(folder: Path) -> Stamp | None:
    """Give the stamp of the ring's file; None where it cannot be seen."""
    try:
        seen = os.stat(f"{folder}/{FILE}")  # noqa: PTH116  asked at every signature; a Path takes ten times as long
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def write_new(folder: Path, data: Mapping[str, Any]) -> None:
    """Write a ring where there is none.

    Raises:
        KeyRingError: there is one already, and keys are never overwritten; or it cannot be written.
    """
    path = folder / FILE
    made = False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        made = True
        _fill(descriptor, data)
        _settle(folder)
    except FileExistsError:
        raise KeyRingError(
            f"there is a key ring in {folder.name} already",
            f"{folder.name} 中已有密钥",
            remedy_en="it is left as it is; name another folder",
            remedy_zh="未作改动；请指定其他目录",
        ) from None
    except OSError as error:
        if made:
            path.unlink(missing_ok=True)  # half a ring would only be in the way
        raise _unwritable(folder, error) from None
    for_the_owner_only(folder)


def replace(folder: Path, data: Mapping[str, Any]) -> None:
    """Put another ring in the place of the one that is there: whoever reads sees the one or the other, whole.

    Raises:
        KeyRingError: it cannot be written; the old one is still there.
    """
    path, new = folder / FILE, folder / f"{FILE}.new"
    try:
        new.unlink(missing_ok=True)  # left by somebody who was interrupted
        _fill(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), data)
        new.replace(path)
        _settle(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise _unwritable(folder, error) from None


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time change the ring; readers are not kept waiting."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        try:
            from fcntl import LOCK_EX, flock
        except ImportError:  # not POSIX: one administrator at a time is asked of people there
            yield
        else:
            flock(descriptor, LOCK_EX)
            yield
    finally:
        os.close(descriptor)


def read(folder: Path) -> Any:
    """Read what the file says.

    Raises:
        KeyRingError: it is missing, no JSON, of a newer version, or within the reach of others.
    """
    try:
        for_the_owner_only(folder)
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except OSError as error:
        raise KeyRingError(
            f"the key ring in {folder.name} cannot be read ({error.strerror})",
            f"无法读取 {folder.name} 中的密钥（{error.strerror}）",
            remedy_en="make one with `credit-check init`, or correct keys.ring",
            remedy_zh="请用 credit-check init 生成，或更正 keys.ring",
        ) from None
    except ValueError:
        raise broken(folder) from None
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise KeyRingError(
            f"the key ring in {folder.name} is of version {version}, this package knows up to {VERSION}",
            f"{folder.name} 中密钥的版本为 {version}，本软件包最高支持 {VERSION}",
            remedy_en="upgrade credit-check-sdk",
            remedy_zh="请升级 credit-check-sdk",
        )
    return data


def broken(folder: Path) -> KeyRingError:
    """Say that the file holds no ring; nothing that it holds is shown."""
    return KeyRingError(
        f"the key ring in {folder.name} is not one",
        f"{folder.name} 中的密钥文件格式不对",
        remedy_en="restore it from a copy",
        remedy_zh="请从备份恢复",
    )


def for_the_owner_only(folder: Path) -> None:
    """Refuse a ring that others may read or replace."""
    if os.name != "posix":
        return  # elsewhere the mode says nothing of who may read
    where = folder.stat().st_mode
    if (folder / FILE).stat().st_mode & _OTHERS:
        raise KeyRingError(
            f"the key ring in {folder.name} can be read by others",
            f"{folder.name} 中的密钥可被他人读取",
            remedy_en=f"run chmod 600 on {FILE}",
            remedy_zh=f"请对 {FILE} 执行 chmod 600",
        )
    if where & _OTHERS_WRITE and not where & stat.S_ISVTX:
        raise KeyRingError(
            f"others may replace the key ring in {folder.name}",
            f"他人可以替换 {folder.name} 中的密钥",
            remedy_en=f"run chmod 700 on {folder.name}",
            remedy_zh=f"请对 {folder.name} 执行 chmod 700",
        )


def _fill(descriptor: int, data: Mapping[str, Any]) -> None:
    with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
        json.dump(data, writing, indent=1)
        writing.flush()
        os.fsync(writing.fileno())


def _settle(folder: Path) -> None:
    """Have the folder's own entry on the disk: a new name is not, until its folder is."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(folder: Path, error: OSError) -> KeyRingError:
    return KeyRingError(
        f"the key ring cannot be written to {folder.name} ({error.strerror}); it is as it was",
        f"无法在 {folder.name} 写入密钥（{error.strerror}），未作改动",
        remedy_en="name a folder that may be written",
        remedy_zh="请指定可写的目录",
    )
