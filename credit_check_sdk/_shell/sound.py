"""Tell sound social credit codes from others, many at once. The rule is the one of `model.identifiers` (GB 32100-2015).

Sound is a code in which nothing was doubtful: form, authority, region, and both check characters. It decides nothing
about any other identifier.
"""

from __future__ import annotations

import functools
from typing import Any

from credit_check_sdk.model import identifiers

_LENGTH = 18
_DIGITS = 10
_NONE = 255


def sound_codes(column: Any) -> Any:
    """Say of each text whether it is a sound social credit code, as a column of truth values; nothing is not."""
    import numpy as np
    import pyarrow as pa

    column = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
    many = len(column)
    answers = np.zeros(many, bool)
    if not many:
        return pa.array(answers)
    _, ends, content = column.cast(pa.large_string()).buffers()
    offsets = np.frombuffer(ends, np.int64)[column.offset : column.offset + many + 1] if column.offset == 0 else None
    if offsets is None:
        return sound_codes(pa.array(column.to_pylist(), pa.large_string()))
    fits = np.flatnonzero(np.diff(offsets) == _LENGTH)
    if not len(fits):
        return pa.array(answers)
    if len(fits) == many:
        characters = np.frombuffer(content, np.uint8, many * _LENGTH, int(offsets[0])).reshape(many, _LENGTH)
    else:
        characters = np.frombuffer(content, np.uint8)[offsets[fits][:, None] + np.arange(_LENGTH)]
    outer, inner, authority, region = _tables()
    values, within = outer[characters], inner[characters[:, 8:16]]
    good = (values.max(axis=1) != _NONE) & (within.max(axis=1) != _NONE)
    # Sums of small whole numbers are exact in single precision, and multiplied many at once only as such.
    own = (values.astype(np.float32) @ np.array([*identifiers.USCC_WEIGHTS, 1], np.float32)).astype(np.int32)
    good &= own % 31 == 0
    wanted = (within.astype(np.float32) @ np.array(identifiers.ORG_WEIGHTS, np.float32)).astype(np.int32)
    good &= np.frombuffer(b"0X987654321", np.uint8)[wanted % 11] == characters[:, 16]
    good &= authority[characters[:, 0]]
    places = characters[:, 2:8] - np.uint8(ord("0"))
    good &= places.max(axis=1) < _DIGITS
    good &= region[places[:, 0], places[:, 1]]
    answers[fits] = good
    return pa.array(answers)


@functools.cache
def _tables() -> tuple[Any, Any, Any, Any]:
    """Make what is looked up: values of characters in either alphabet, authorities, and regions by their two digits."""
    import numpy as np

    authority, region = np.zeros(256, bool), np.zeros((256, 256), bool)
    for character in identifiers.AUTHORITIES:
        authority[ord(character)] = True
    for each in identifiers.REGISTERED:
        region[divmod(int(each), 10)] = True
    return _values(identifiers.USCC_ALPHABET), _values(identifiers.ORG_ALPHABET), authority, region


def _values(alphabet: str) -> Any:
    import numpy as np

    table = np.full(256, _NONE, np.uint8)
    for value, character in enumerate(alphabet):
        table[ord(character)] = value
    return table
