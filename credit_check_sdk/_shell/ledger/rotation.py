"""Bring entries under the current data key, a batch at a time. It changes no word, digest or place of any entry.

A digest covers a commitment to what an entry says and not how it is encrypted, so that the chain stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, func, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import Execute, Work

if TYPE_CHECKING:
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import Reencrypt

_OLDER = (
    select(s.entry.c.id, s.entry.c.key_id, s.entry.c.body)
    .where(s.entry.c.key_id != bindparam("current"))
    .order_by(s.entry.c.id)
    .limit(bindparam("most", type_=Integer))
)
_MOVE = (
    update(s.entry)
    .where(s.entry.c.id == bindparam("number"), s.entry.c.key_id == bindparam("older"))
    .values(key_id=bindparam("newer"), body=bindparam("blob"))
)
_USED = select(s.entry.c.key_id, func.count()).group_by(s.entry.c.key_id)


def reencrypt(command: Reencrypt, keys: KeyRing) -> Work[int]:
    """Encrypt anew, in one transaction; whoever runs at the same time moves each entry once."""
    rows = (yield Execute(_OLDER, {"current": keys.data_key, "most": command.limit})).rows
    moved = 0
    for number, older, blob in rows:
        newer, fresh = keys.encrypt(keys.decrypt(older, bytes(blob), number), number)
        done = yield Execute(_MOVE, {"number": number, "older": older, "newer": newer, "blob": fresh})
        moved += done.count
    return moved


def in_use() -> Work[dict[str, int]]:
    """Count the entries under each data key."""
    rows = (yield Execute(_USED)).rows
    return {str(row[0]): int(row[1]) for row in rows}
