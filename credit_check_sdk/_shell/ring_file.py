"""The file of a key ring: noticed when it changes, replaced whole or not at all. It knows no key and prints none."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any, TypeVar

from credit_check_sdk.errors import KeyRingError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
FILE = "ring.json"
Stamp = tuple[int, int, int]
"""What changes with the file."""


def stamp(folder: Path) -> Stamp:
    """Give what changes when the file is replaced; one call to the system."""
    found = os.stat(os.path.join(folder, FILE))  # noqa: PTH116, PTH118  asked for at every signature: pathlib costs twice
    return found.st_mtime_ns, found.st_ino, found.st_size


def alone(folder: Path, work: Callable[[], T]) -> T:
    """Do *work* on the file while no other process does.

    Raises:
        KeyRingError: the folder cannot be written.
    """
    try:
        with contextlib.ExitStack() as held:
            lock = os.open(folder / "ring.lock", os.O_RDWR | os.O_CREAT, 0o600)
            held.callback(os.close, lock)
            try:
                import fcntl
            except ImportError:  # there is no such lock on this system; a ring is rotated by one person at a time
                return work()
            fcntl.flock(lock, fcntl.LOCK_EX)
            return work()
    except OSError as error:
        raise KeyRingError(
            f"the key ring in {folder.name} cannot be written ({error.strerror}); it is as it was",
            f"无法写入 {folder.name} 中的密钥（{error.strerror}），未作改动",
            remedy_en="name a folder that may be written, and try again",
            remedy_zh="请确认目录可写后重试",
        ) from None


def replace(folder: Path, data: Any) -> None:
    """Write the file anew: another one beside it, on the disk, then renamed over it."""
    beside = folder / f"ring.{os.getpid()}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as writing:
            json.dump(data, writing, indent=1)
            writing.flush()
            os.fsync(writing.fileno())
        beside.replace(folder / FILE)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
