"""Read and write checkpoints as documents that are kept elsewhere. Pure: it opens no file and verifies no signature.

What is read may be a document written here, a platform's answer to ``POST /v1/checkpoints``, an export of one check, or
a bare compact JWS: whoever verifies takes what he has in his hands.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from credit_check_sdk.errors import InputError
from credit_check_sdk.model.evidence import Checkpoint, Countersignature

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "credit-check-checkpoint/1"
"""What a checkpoint's document calls itself."""


def checkpoint_document(checkpoint: Checkpoint, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Write a checkpoint with all that it takes to verify it: signatures and the public *keys* (JWK set) of the ledger."""
    return {
        "format": FORMAT,
        "checkpoint": {
            "ledger": checkpoint.ledger,
            "chain": checkpoint.chain,
            "size": checkpoint.size,
            "head": checkpoint.head,
            "entry": checkpoint.entry,
            "at": checkpoint.at.isoformat(),
            "signature": checkpoint.token,
        },
        "keys": dict(keys),
        "countersignatures": [
            {
                "witness": seen.witness,
                "seen_at": seen.seen_at.isoformat(),
                "signature": seen.token,
                "keys": dict(seen.keys),
            }
            for seen in checkpoint.countersignatures
        ],
    }


PROOF = "credit-check-evidence/1"
"""What the proof of one check calls itself."""

_ZH = """\
本文件自足：用任何公开工具即可验证，无需本软件，也无需联网。
sha256(x) 为 x 的 SHA-256（十六进制小写），JCS 为 RFC 8785 规范 JSON。
一、内容：entries 中每一条，sha256(salt 的字节 ‖ body 的 UTF-8 字节) 等于 digest。依法删除内容的条目 salt、body 为 null。
二、条目：content_text 是 JCS({case_id, digest, id, kind, recorded_at})，sha256(content_text) 等于 content。
三、链：link_text 是 JCS({chain, content, follows, place, previous})，sha256(link_text) 等于 link。
　　links 中每一环的 previous 等于上一环的 link；新链首环的 previous 等于 chains 中该链 sha256(JCS(beginning))。
四、检查点：自条目的 place 沿 links 走到其 checkpoint 所指的 size，“sha256:”+link 等于 checkpoints 中该 size 的 head。
五、签名：各检查点与 chains 的 signature、receipt 均为 JWS（RFC 7515，Ed25519），用 keys（JWK 集）验证，载荷与所列字段一致。
六、副署：countersignatures 的 signature 是平台对 ledger、chain、size、head 的 JWS，用其 keys 验证，并与平台公布的公钥（GET /v1/keys）核对。"""
_EN = """\
This file is complete: any public tool verifies it, without this software and without a network.
sha256(x) is the SHA-256 of x in lower-case hexadecimal; JCS is canonical JSON (RFC 8785).
1 Body: for each of entries, sha256(bytes of salt, then UTF-8 bytes of body) equals digest. One erased by order has null for both.
2 Entry: content_text is JCS({case_id, digest, id, kind, recorded_at}); sha256(content_text) equals content.
3 Chain: link_text is JCS({chain, content, follows, place, previous}); sha256(link_text) equals link.
  In links each previous equals the link before it; the first of a chain follows sha256(JCS(beginning)) of that chain in chains.
4 Checkpoint: go along links from the entry's place to the size that its checkpoint names; there "sha256:" + link equals head.
5 Signatures: those of checkpoints and chains, and the receipt, are JWS (RFC 7515, Ed25519); verify them with keys (JWK set).
  Their payload says what the fields say.
6 Counter-signatures: the platform's JWS over ledger, chain, size and head; verify it with its keys, and compare these with
  the keys that the platform publishes (GET /v1/keys)."""
HOW = {"zh-CN": _ZH.splitlines(), "en": _EN.splitlines()}
"""How an expert verifies a proof with public tools."""


def proof_document(decision: str, proof: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Write what proves a check as one document, with how to verify it in both languages."""
    entries = proof["entries"]
    body = next((json.loads(one["body"]) for one in entries if one["id"] == decision and one["body"]), None)
    written = [checkpoint_document(point, keys) for point in proof["checkpoints"]]
    points = [{name: one[name] for name in ("checkpoint", "countersignatures")} for one in written]
    return {
        "format": PROOF,
        "how_to_verify": HOW,
        "ledger": proof["ledger"],
        "decision": decision,
        "receipt": body["decision"]["receipt"] if body else None,
        "keys": dict(keys),
        "entries": entries,
        "links": proof["links"],
        "chains": proof["chains"],
        "checkpoints": points,
    }


def checkpoint_of(text: str, name: str = "checkpoint", keys: Mapping[str, Any] | None = None) -> Checkpoint:
    """Read a checkpoint from *text*; *keys* are those of the witness, where the text does not carry them.

    Raises:
        InputError: it is none; *name* is what it is called in the message.
    """
    try:
        return _read(text.strip(), keys or {})
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise InputError(
            f"{name} holds no checkpoint",
            f"{name} 中没有检查点",
            code="checkpoint.invalid",
            remedy_en="give a file that `evidence checkpoint -o FILE` or `evidence export` wrote, or the platform's answer",
            remedy_zh="请提供 evidence checkpoint -o 或 evidence export 写出的文件，或平台返回的副署",
        ) from None


def _read(text: str, keys: Mapping[str, Any]) -> Checkpoint:
    if not text.startswith("{"):
        return _of_token(text, keys)
    document = json.loads(text)
    if document.get("checkpoints"):
        document = document["checkpoints"][-1]
    if "checkpoint" in document:
        said = document["checkpoint"]
        seen = tuple(_seen(one, keys) for one in document.get("countersignatures", ()))
        return Checkpoint(
            str(said["ledger"]),
            str(said["chain"]),
            _size(said["size"]),
            str(said["head"]),
            datetime.fromisoformat(said["at"]),
            str(said["signature"]),
            said.get("entry"),
            seen,
        )
    # What the platform answers, or shows of what it received, is signed by the platform alone.
    document = document.get("body", document)
    found = _of_token(document["signature"], keys)
    if (found.size, found.head) != (document["size"], document["head"]):
        raise ValueError
    return found


def _seen(said: Mapping[str, Any], keys: Mapping[str, Any]) -> Countersignature:
    return Countersignature(
        str(said["witness"]),
        datetime.fromisoformat(said["seen_at"]),
        str(said["signature"]),
        keys or dict(said.get("keys", {})),
    )


def _of_token(token: str, keys: Mapping[str, Any]) -> Checkpoint:
    _, payload, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    names = str(claims["ledger"]), str(claims.get("chain", "")), _size(claims["size"]), str(claims["head"])
    if claims.get("kind") == "checkpoint":
        return Checkpoint(*names, datetime.fromisoformat(claims["at"]), token, claims.get("entry"))
    at = datetime.fromisoformat(claims["seen_at"])
    return Checkpoint(*names, at, countersignatures=(Countersignature("", at, token, keys),))


def _size(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value
