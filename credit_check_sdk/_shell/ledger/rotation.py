"""Have entries' keys wrapped by the current data key, a batch at a time. It changes no word, digest or place of any entry.

While it goes on, and when it was interrupted, old and new are both read: the ring keeps every key until it is retired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, bindparam, func, select, update

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import Execute, Work

if TYPE_CHECKING:
    from credit_check_sdk._shell.keys import KeyRing
    from credit_check_sdk.model.ledger import Reencrypt

_NUMBER = len("data-00000000")
_OLDER = (
    select(s.entry.c.id, s.entry.c.key_id, s.entry.c.body)
    .where(s.entry.c.key_id.not_like(bindparam("current")), s.entry.c.key_id != "")  # erased entries have none
    .order_by(s.entry.c.id)
    .limit(bindparam("most", type_=Integer))
)
# Somebody else may have wrapped or erased it meanwhile: then it is left as it is.
_MOVE = (
    update(s.entry)
    .where(s.entry.c.id == bindparam("number"), s.entry.c.key_id == bindparam("older"))
    .values(key_id=bindparam("newer"), body=bindparam("blob"))
)
_key = func.substr(s.entry.c.key_id, 1, _NUMBER)
_USED = select(_key, func.count()).where(s.entry.c.key_id != "").group_by(_key)


def reencrypt(command: Reencrypt, keys: KeyRing) -> Work[int]:
    """Wrap anew, in one transaction; whoever runs at the same time moves each entry once."""
    rows = (yield Execute(_OLDER, {"current": f"{keys.data_key}.%", "most": command.limit})).rows
    moved = 0
    for number, older, blob in rows:
        newer, same = keys.rewrapped(older, bytes(blob), number)
        done = yield Execute(_MOVE, {"number": number, "older": older, "newer": newer, "blob": same})
        moved += done.count
    return moved


def in_use() -> Work[dict[str, int]]:
    """Count the entries under each data key."""
    rows = (yield Execute(_USED)).rows
    return {str(row[0]): int(row[1]) for row in rows}
