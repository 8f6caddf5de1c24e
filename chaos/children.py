"""Child processes that say what they reach before they end or are killed."""

from __future__ import annotations

import json
import os
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[[str, Any], None]
    Work = Callable[[Say], object]


def child(work: Work) -> list[tuple[str, Any]]:
    """Do *work* in a child process, and give what it said before it ended or died."""
    return read(fork(work))


def fork(work: Work) -> tuple[int, int]:
    """Begin *work* in a child process; give its number and the pipe on which it speaks."""
    reading, writing = os.pipe()
    number = os.fork()
    if number:
        os.close(writing)
        return number, reading
    os.close(reading)
    code = 0
    try:
        work(lambda name, value: _say(writing, name, value))
    except BaseException as error:  # noqa: BLE001  whatever it is, the parent is told
        place = "".join(traceback.format_tb(error.__traceback__)[-3:])
        _say(writing, "broken", f"{type(error).__name__}: {error} {place}")
        code = 1
    finally:
        os._exit(code)


def read(forked: tuple[int, int]) -> list[tuple[str, Any]]:
    """Wait until a child has ended, and give what it said."""
    number, reading = forked
    with os.fdopen(reading, "rb") as pipe:
        said = [json.loads(line) for line in pipe.read().splitlines()]
    os.waitpid(number, 0)
    return [(name, value) for name, value in said]


def _say(writing: int, name: str, value: Any) -> None:
    os.write(writing, (json.dumps([name, value], ensure_ascii=False) + "\n").encode())
