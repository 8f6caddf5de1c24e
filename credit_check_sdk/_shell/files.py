"""Read files that people hand in. It keeps none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from credit_check_sdk.core.manual import LARGEST
from credit_check_sdk.errors import ManualError

if TYPE_CHECKING:
    import os


def evidence_file(path: str | os.PathLike[str]) -> tuple[str, bytes]:
    """Give name and bytes of a file that shows a query made by hand.

    Raises:
        ManualError: it cannot be read, or is too large (``manual.file``).
    """
    file = Path(path)
    try:
        if file.stat().st_size <= LARGEST:
            return file.name, file.read_bytes()
        why_en, why_zh = f"is larger than {LARGEST // 1024 // 1024} MiB", f"超过 {LARGEST // 1024 // 1024} MiB"
    except OSError as error:
        why_en, why_zh = f"cannot be read ({error.strerror})", f"无法读取（{error.strerror}）"
    raise ManualError(
        f"{file.name} {why_en}",
        f"{file.name} {why_zh}",
        code="manual.file",
        remedy_en="give a readable copy of what was seen",
        remedy_zh="请提供查询结果的清晰副本",
    )
