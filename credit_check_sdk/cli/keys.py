"""Commands on the key ring: list, rotate, revoke, re-encrypt, retire, public keys. They never print a key."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credit_check_sdk.cli.app import app, talk
from credit_check_sdk.errors import InputError

if TYPE_CHECKING:
    from credit_check_sdk._shell.keys import KeyRing

keys = typer.Typer(help="密钥 The key ring: numbers, rotation, revocation. No key is ever shown.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.command("list")
def list_() -> int:
    """列出密钥 List the keys by number, and how many entries each data key encrypts."""
    from credit_check_sdk.model.ledger import KeysInUse

    notes = _ring().notes()
    used = _ledger(KeysInUse())
    if talk.json:
        talk.document({"keys": [{**dataclasses.asdict(note), "entries": used.get(note.id)} for note in notes]})
        return 0
    heads = (("编号", "number"), ("用途", "kind"), ("生成时间", "made"), ("状态", "state"), ("条目", "entries"))
    rows = []
    for note in notes:
        state = talk.pick("当前", "current") if note.current else talk.pick("旧", "older")
        state = f"{talk.pick('已吊销', 'revoked')} {note.revoked}（{note.reason}）" if note.revoked else state
        rows.append([note.id, note.kind, note.made, state, str(used.get(note.id, ""))])
    talk.table([talk.pick(*head) for head in heads], rows)
    return 0


@keys.command()
def rotate(
    *,
    kind: Annotated[str, typer.Option(help="data | receipt")],
    alg: Annotated[str | None, typer.Option(help="算法，缺省为现用算法 algorithm; default: as now")] = None,
) -> int:
    """更换密钥 Make a new current key; programs that run take it up by themselves, older keys go on being read."""
    if kind not in {"data", "receipt"}:
        raise InputError(
            f"--kind {kind!r} cannot be rotated",
            f"--kind：“{kind}”不能更换",
            remedy_en="use data or receipt; the index key stays as long as the ledger does",
            remedy_zh="请使用 data 或 receipt；索引密钥随台账始终不变",
        )
    which: Any = kind
    number = _ring().rotate(which, alg)
    if talk.json:
        talk.document({"kind": kind, "current": number})
    else:
        talk.say(f"{number} 现为当前密钥。", f"{number} is the current key now.")
        if kind == "data":
            talk.say(
                "旧条目仍以旧密钥加密；可执行 credit-check keys reencrypt。",
                "older entries stay under their key until `credit-check keys reencrypt`.",
            )
    return 0


@keys.command()
def revoke(
    number: Annotated[str, typer.Argument(help="回执密钥编号 number of a receipt key")],
    *,
    reason: Annotated[str, typer.Option(help="吊销理由 why")],
) -> int:
    """吊销回执密钥 Revoke a receipt key: receipts that it signed hold no more, and the gate refuses them."""
    if not reason.strip():
        raise InputError("--reason is empty", "--reason 不能为空", remedy_en="say why", remedy_zh="请填写理由")
    _ring().revoke(number, reason.strip())
    if talk.json:
        talk.document({"revoked": number})
    else:
        talk.say(f"{number} 已吊销。", f"{number} is revoked.")
    return 0


@keys.command()
def reencrypt(
    *,
    retire: Annotated[
        bool, typer.Option("--retire", help="完成后删除旧数据密钥 take older data keys out of the ring afterwards")
    ] = False,
) -> int:
    """以当前密钥重新加密 Bring every entry under the current data key. It may be broken off and run again at any time."""
    from credit_check_sdk.model.ledger import KeysInUse, Reencrypt

    ring, moved = _ring(), 0
    while step := _ledger(Reencrypt()):
        moved += step
    used = _ledger(KeysInUse())
    idle = [note.id for note in ring.notes() if note.kind == "data" and not note.current and not used.get(note.id)]
    for number in idle if retire else ():
        ring.retire(number)
    if talk.json:
        talk.document({"moved": moved, "current": ring.data_key, "idle": idle, "retired": idle if retire else []})
    else:
        talk.say(f"{moved} 个条目已重新加密。", f"{moved} entries are encrypted anew.")
        if idle and not retire:
            talk.say(
                f"旧密钥 {'、'.join(idle)} 已不再使用；旧备份仍需要它们。加 --retire 可删除。",
                f"{', '.join(idle)} encrypt nothing any more; older backups still need them. --retire removes them.",
            )
    return 0


@keys.command()
def jwks() -> int:
    """输出公钥 Print the public receipt keys as a JWK set (RFC 7517), for whoever verifies receipts."""
    talk.document(_ring().public_jwks())
    return 0


def _ring() -> KeyRing:
    from credit_check_sdk._shell.keys import Crypto, KeyRing
    from credit_check_sdk._shell.plugins import Plugins

    settings = talk.settings()
    plugins = Plugins(settings.plugins.enabled)
    crypto = Crypto.of(plugins.ciphers, plugins.receipt_algorithms)
    return KeyRing.open(settings.path(settings.keys.ring), crypto)


def _ledger(question: object) -> Any:
    from credit_check_sdk._shell.ledger import Ledger

    settings = talk.settings()
    ledger = Ledger(settings.database(settings.ledger.url), _ring())
    try:
        return ledger.run(question)
    finally:
        ledger.close()
