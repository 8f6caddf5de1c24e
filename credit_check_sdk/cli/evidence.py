"""Commands on the sealed ledger: evidence verify, checkpoint, export. They change nothing but the file they write."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import talk
from credit_check_sdk.cli.case import content, evidence, find, none_such
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk import Checkpoint, StoredCheck, Verification


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


@evidence.command("export")
def evidence_export(
    number: Annotated[str, typer.Argument(help="核查编号 dec_…，或办件编号 number of a check, or of a file")],
    *,
    out: Annotated[Path, typer.Option("-o", "--out", help="FILE.json 可验证的证据 proof；FILE.html 打印页 page")],
    point: Annotated[
        str | None, typer.Option(help="环节，按办件编号时须给出 decision point, with a file's number")
    ] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="打印页显示完整标识符 identifiers in full on the page")
    ] = False,
) -> int:
    """导出一次核查 Write one check as proof for an expert (.json, identifiers in full), or as a page to be printed (.html)."""
    from credit_check_sdk import CreditCheck

    kind = out.suffix.lower()
    if kind not in {".json", ".html", ".htm"}:
        raise InputError(
            f"-o {out.name}: the name says neither .json nor .html",
            f"-o {out.name}：文件名须以 .json 或 .html 结尾",
            remedy_en="name it FILE.json for proof that verifies, FILE.html for a page to be printed",
            remedy_zh="可验证的证据请用 .json，打印页请用 .html",
        )
    with CreditCheck.open(talk.settings()) as credit:
        stored = find(credit, number, point)
        proof = credit.prove(stored.decision.id)
        sites = {source.id: source.base_url for source in credit.settings.sources}
    if proof is None:
        raise none_such(number)
    if kind == ".json":
        text = json.dumps(proof, ensure_ascii=False, indent=1) + "\n"
    else:
        text = _page(stored, proof, sites, reveal=reveal)
    write(out, text, private=kind == ".json" or reveal)
    if talk.json:
        talk.document(
            {"decision": stored.decision.id, "out": str(out), "sealed": _sealed(proof), "ledger": proof["ledger"]}
        )
    elif kind == ".json":
        talk.say(
            f"{out} 已写出，含完整标识符，仅本人可读；内附验证方法。",
            f"{out} is written; it holds identifiers in full and only you may read it. It says how to verify it.",
        )
    else:
        talk.say(f"{out} 已写出，可打印归档。", f"{out} is written, to be printed and put into the file.")
    return 0


def _sealed(proof: dict[str, Any]) -> int:
    return sum(entry["place"] is not None for entry in proof["entries"])


def _page(stored: StoredCheck, proof: dict[str, Any], sites: dict[str, str], *, reveal: bool) -> str:
    from credit_check_sdk._shell.world import now
    from credit_check_sdk.cli.evidence_page import Page, render
    from credit_check_sdk.core.desk import local

    context = {"reveal": True} if reveal else None
    responses = [
        {
            **answer.response.model_dump(mode="json", context=context),
            "operator": answer.operator.model_dump(mode="json"),
            "at": local(answer.at).isoformat(timespec="seconds"),
        }
        for answer in stored.responses
    ]
    return render(
        Page(
            case=stored.case.model_dump(mode="json", context=context),
            decision=stored.decision.model_dump(mode="json", context=context),
            consultations=[said.model_dump(mode="json", context=context) for said in stored.consultations],
            responses=responses,
            proof=proof,
            sites=sites,
            printed=local(now()),
            revealed=reveal,
        )
    )


def write(out: Path, text: str, *, private: bool = False) -> None:
    """Write a file; a *private* one only its owner may read.

    Raises:
        InputError: it cannot be written.
    """
    try:
        if private:
            out.touch(mode=0o600)
            out.chmod(0o600)
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

    return checkpoint_of(content(file).decode("utf-8", "replace"), Path(file).name, _jwks(keys) if keys else None)


def _jwks(file: str) -> dict[str, Any]:
    try:
        found = json.loads(content(file))
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
