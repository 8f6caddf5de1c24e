"""Commands on the sealed ledger: evidence verify, checkpoint, export. They change nothing but the file they write."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import talk
from credit_check_sdk.cli.case import _bytes, evidence
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import Checkpoint, Verification


@evidence.command("verify")
def evidence_verify(
    *,
    against: Annotated[
        str | None, typer.Option(help="另存的检查点文件 a checkpoint kept elsewhere: finds a cut-off tail")
    ] = None,
    keys: Annotated[
        str | None, typer.Option(help="见证方公钥 JWK 文件 public keys of the witness, where the file has none")
    ] = None,
) -> int:
    """验证台账 Verify the whole ledger, offline; exit 1 names the first entry that is not what was sealed."""
    from credit_check_sdk import CreditCheck

    point = _checkpoint(against, keys) if against else None
    with CreditCheck.open(talk.settings()) as credit:
        found = credit.verify_evidence(point)
    if talk.json:
        talk.document(asdict(found))
    else:
        _say(found)
    return 0 if found.whole else 1


@evidence.command("checkpoint")
def evidence_checkpoint(
    *,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="写入文件，缺省为标准输出 file; default: stdout")
    ] = None,
) -> int:
    """导出检查点 Write the newest checkpoint with its signatures, to be kept elsewhere; see verify --against."""
    from credit_check_sdk import CreditCheck
    from credit_check_sdk.core.evidence import checkpoint_document

    with CreditCheck.open(talk.settings()) as credit:
        newest = credit.checkpoint()
        published = credit.public_keys
    if newest is None:
        raise InputError(
            "nothing was sealed yet",
            "台账尚未封存",
            code="checkpoint.invalid",
            remedy_en="run `credit-check relay --once` first",
            remedy_zh="请先执行 credit-check relay --once",
        )
    document = checkpoint_document(newest, published)
    if out is None:
        talk.document(document)
        return 0
    write(out, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    seen = ", ".join(one.witness for one in newest.countersignatures) or "—"
    if talk.json:
        talk.document({"out": str(out), "size": newest.size, "head": newest.head, "witnesses": seen})
    else:
        talk.say(
            f"第 {newest.size} 条处的检查点已写入 {out}；见证方：{seen}",
            f"the checkpoint at place {newest.size} is in {out}; seen by {seen}",
        )
    return 0


def write(out: Path, text: str) -> None:
    """Write a file.

    Raises:
        InputError: it cannot be written.
    """
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror})",
            f"{out} 无法写入（{error.strerror}）",
            code="file.unreadable",
            remedy_en="name another file",
            remedy_zh="请指定其他文件",
        ) from None


def _checkpoint(file: str, keys: str | None) -> Checkpoint:
    from credit_check_sdk.core.evidence import checkpoint_of

    return checkpoint_of(_bytes(file).decode("utf-8", "replace"), Path(file).name, _jwks(keys) if keys else None)


def _jwks(file: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(file))
        listed = found.get("keys", [found])
    except (AttributeError, RecursionError, ValueError):
        listed = None
    if isinstance(listed, list) and all(isinstance(key, dict) for key in listed):
        return {"keys": listed}
    raise InputError(
        f"{Path(file).name} holds no public keys",
        f"{Path(file).name} 中没有公钥",
        code="checkpoint.invalid",
        remedy_en="give a JWK or a JWK set, as GET /v1/keys of the platform answers",
        remedy_zh="请提供 JWK 或 JWK 集，如平台 GET /v1/keys 的返回",
    )


def _say(found: Verification) -> None:
    if found.breach is not None:
        talk.out(talk.pick(f"✗ {found.breach.zh}", f"✗ {found.breach.en}"))
    else:
        talk.out(talk.pick("✓ 已封存的条目与封存时一致", "✓ every sealed entry is what was sealed"))
    talk.out(
        talk.pick(
            f"  已封存 {found.sealed} 条，未封存 {found.unsealed} 条，依法删除内容 {found.erased} 条；"
            f"检查点 {found.checkpoints} 个，见证至第 {found.countersigned} 条",
            f"  {found.sealed} sealed, {found.unsealed} not yet, {found.erased} erased by order; "
            f"{found.checkpoints} checkpoints, seen by a witness up to place {found.countersigned}",
        )
    )
    if found.against is not None and found.whole:
        talk.out(
            talk.pick(
                f"  与另存的第 {found.against} 条处检查点一致",
                f"  it agrees with the checkpoint kept elsewhere, at place {found.against}",
            )
        )
    if found.revoked:
        talk.out(
            talk.pick(
                f"  ! {found.revoked} 个检查点仅由已吊销的密钥签名；请执行 relay --once 重新签名",
                f"  ! {found.revoked} checkpoints are signed with a revoked key only; `relay --once` signs anew",
            )
        )
