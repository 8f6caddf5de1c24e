"""What a link of the chain covers, as canonical JSON (RFC 8785) under SHA-256. Pure: anybody can recompute it.

``content`` covers what an entry says of itself and the commitment to its body; ``link`` covers the content, the place
and the link before. The first link of a chain follows the digest of the chain's beginning, which names the head that
it continues. Keys and ciphertexts are not covered: a body may be encrypted anew or erased, and the chain holds.
"""

from __future__ import annotations

import hashlib
from typing import Any

from credit_check_sdk._shell.ledger.bodies import canonical


def content_said(number: Any, kind: Any, case_id: Any, recorded_at: Any, digest: Any) -> dict[str, Any]:
    """Give what the content of an entry covers."""
    return {"case_id": case_id, "digest": digest, "id": number, "kind": kind, "recorded_at": recorded_at}


def content(number: Any, kind: Any, case_id: Any, recorded_at: Any, digest: Any) -> str:
    """Digest what stands beside the body of an entry, and the commitment to the body."""
    return _digest(content_said(number, kind, case_id, recorded_at, digest))


def link_said(chain: Any, place: Any, follows: Any, previous: Any, of_content: Any) -> dict[str, Any]:
    """Give what a link covers."""
    return {"chain": chain, "content": of_content, "follows": follows, "place": place, "previous": previous}


def link(chain: Any, place: Any, follows: Any, previous: Any, of_content: Any) -> str:
    """Digest a link: what it covers, where it stands and what it follows."""
    return _digest(link_said(chain, place, follows, previous, of_content))


def beginning(said: dict[str, Any]) -> str:
    """Digest the beginning of a chain: what its first link follows."""
    return _digest(said)


def _digest(said: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(said)).hexdigest()
