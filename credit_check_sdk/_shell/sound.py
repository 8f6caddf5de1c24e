"""Tell sound social credit codes from others, many at once. The rule is the one of `model.identifiers` (GB 32100-2015).

Sound is a code in which nothing was doubtful: form, authority, region, and both check characters. It decides nothing
about any other identifier.
"""

from __future__ import annotations

from typing import Any

from credit_check_sdk.model import identifiers

_LENGTH = 18
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
    characters = np.frombuffer(content, np.uint8)[offsets[fits][:, None] + np.arange(_LENGTH)]
    values = _values(identifiers.USCC_ALPHABET)[characters]
    inner = _values(identifiers.ORG_ALPHABET)[characters[:, 8:16]]
    good = (values.max(axis=1) != _NONE) & (inner.max(axis=1) != _NONE)
    good &= (values[:, :17].astype(np.int32) @ np.array(identifiers.USCC_WEIGHTS, np.int32) + values[:, 17]) % 31 == 0
    wanted = (11 - inner.astype(np.int32) @ np.array(identifiers.ORG_WEIGHTS, np.int32) % 11) % 12
    good &= np.frombuffer(b"0123456789X0", np.uint8)[wanted] == characters[:, 16]
    places = characters[:, 2:8]
    good &= ((places >= ord("0")) & (places <= ord("9"))).all(axis=1)
    good &= np.isin(characters[:, 0], [ord(each) for each in identifiers.AUTHORITIES])
    regions = [int(each) for each in identifiers.REGISTERED]
    good &= np.isin((places[:, 0].astype(np.int32) - 48) * 10 + places[:, 1] - 48, regions)
    answers[fits] = good
    return pa.array(answers)


def _values(alphabet: str) -> Any:
    import numpy as np

    table = np.full(256, _NONE, np.uint8)
    for value, character in enumerate(alphabet):
        table[ord(character)] = value
    return table
