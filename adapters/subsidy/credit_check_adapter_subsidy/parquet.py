"""The reader of Parquet files. What opens them is imported only when one is given (``credit-check-sdk[bulk]``)."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  part of public signatures
from typing import TYPE_CHECKING, Any

from credit_check_adapter_subsidy.columns import no_names
from credit_check_adapter_subsidy.roll import Found, Line, Roll
from credit_check_adapter_subsidy.unreadable import missing, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARK = b"PAR1"
_BATCH = 1000


class ParquetReader:
    """Read a Parquet file."""

    format: str = "parquet"

    def reads(self, path: Path, head: bytes) -> bool:
        """Say whether this is Parquet."""
        return head.startswith(_MARK) or path.suffix.lower() == ".parquet"

    def read(self, path: Path) -> Iterator[Found]:
        """Read a file batch by batch. Columns of integers keep all their digits; those of floats do not.

        Raises:
            InputError: ``file.unreadable`` when it is no whole Parquet file or has no column of names.
        """
        try:
            from pyarrow import ArrowException  # noqa: PLC0415  only where such a file is given
            from pyarrow.parquet import ParquetFile  # noqa: PLC0415
        except ModuleNotFoundError:
            raise missing("Parquet") from None
        roll = Roll(exact=True)
        try:
            with ParquetFile(path) as file:
                names = list(file.schema_arrow.names)
                known, _, rest = roll.head(_lines(file, names))
                if known is None or known.header != tuple(names):
                    raise no_names("schema", "字段", names)
                yield from roll.read(known, rest)
        except (ArrowException, OSError, UnicodeDecodeError) as error:
            raise unreadable(
                f"it is no whole Parquet file ({type(error).__name__})",
                f"不是完整的 Parquet 文件（{type(error).__name__}）",
                "write it anew",
                "请重新导出",
            ) from None
        yield roll.remark()


def _lines(file: Any, names: list[str]) -> Iterator[Line]:
    yield "schema", names
    number = 0
    for batch in file.iter_batches(batch_size=_BATCH):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            number += 1
            yield f"row {number}", values
