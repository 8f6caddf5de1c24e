"""Commands on the sealed ledger: evidence verify. They change nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from credit_check_sdk.cli.app import talk
from credit_check_sdk.cli.case import evidence

if TYPE_CHECKING:
    from credit_check_sdk import Verification


@evidence.command("verify")
def evidence_verify() -> int:
    """验证台账 Verify the whole ledger, offline; exit 1 names the first entry that is not what was sealed."""
    from credit_check_sdk import CreditCheck

    with CreditCheck.open(talk.settings()) as credit:
        found = credit.verify_evidence()
    if talk.json:
        talk.document(asdict(found))
    else:
        _say(found)
    return 0 if found.whole else 1


def _say(found: Verification) -> None:
    if found.breach is not None:
        talk.out(talk.pick(f"✗ {found.breach.zh}", f"✗ {found.breach.en}"))
    else:
        talk.out(talk.pick("✓ 已封存的条目与封存时一致", "✓ every sealed entry is what was sealed"))
    talk.out(
        talk.pick(
            f"  已封存 {found.sealed} 条，未封存 {found.unsealed} 条，依法删除内容 {found.erased} 条；"
            f"检查点 {found.checkpoints} 个，平台见证至第 {found.countersigned} 条",
            f"  {found.sealed} sealed, {found.unsealed} not yet, {found.erased} erased by order; "
            f"{found.checkpoints} checkpoints, seen by a witness up to place {found.countersigned}",
        )
    )
