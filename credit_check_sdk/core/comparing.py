"""Say what agrees and what differs between somebody in a case and somebody in a record. Pure: no I/O, no clock.

以统一社会信用代码、公民身份号码为唯一标识: a name, a number that is nearly the same and a number of an older kind prove nothing.
An officer compares them, and is told here what to compare. Identifiers appear masked; which of their characters
differ is said by place only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.model import Words

if TYPE_CHECKING:
    from credit_check_sdk.model import Identifier, Subject

_NEAR = 2
"""As many characters may differ, or two neighbours be changed for each other, in what is likely a slip of the pen."""

_SCHEMES = {
    "cn-uscc": Words(zh="统一社会信用代码", en="social credit code"),
    "cn-org-code": Words(zh="组织机构代码", en="organisation code"),
    "cn-reg-no": Words(zh="工商注册号", en="registration number"),
    "cn-resident-id": Words(zh="公民身份号码", en="resident id"),
    "cn-residence-permit": Words(zh="居住证号码", en="residence permit"),
    "passport": Words(zh="护照号码", en="passport"),
}


def comparison(ours: Subject, theirs: Subject) -> Words:
    """Say what an officer has to compare between the case's subject and that of a record."""
    there = [identifier for identifier in theirs.identifiers if identifier.keys]
    if not there:
        return Words(zh="记录没有标识符", en="the record has no identifier")
    mine = [identifier for identifier in ours.identifiers if identifier.keys]
    pairs = [(one, other) for one in mine for other in there if one.scheme == other.scheme]
    if pairs:
        return _same_kind(*pairs[0])
    both_zh = "、".join(_shown(one).zh for one in mine) or "没有标识符"
    both_en = ", ".join(_shown(one).en for one in mine) or "no identifier"
    return Words(
        zh=f"本件为{both_zh}，记录为{'、'.join(_shown(one).zh for one in there)}，种类不同，不能确定换算",
        en=f"the case has {both_en} and the record has {', '.join(_shown(one).en for one in there)}; one cannot be told "
        "from the other for certain",
    )


def differing(one: str, other: str) -> tuple[int, ...]:
    """Give the places, counted from 1, in which two texts of one length differ."""
    return tuple(place for place, (a, b) in enumerate(zip(one, other, strict=True), start=1) if a != b)


def renamed(ours: Subject, theirs: Subject) -> bool:
    """Say whether both are certainly one by identifier, and go by different names."""
    return ours.same_as(theirs) and ours.normal_name != theirs.normal_name


def _same_kind(ours: Identifier, theirs: Identifier) -> Words:
    shown_zh = f"（本件 {ours.masked}，记录 {theirs.masked}）"
    shown_en = f" (the case {ours.masked}, the record {theirs.masked})"
    kind = _kind(ours.scheme)
    if len(ours.normal) == len(theirs.normal):
        places = differing(ours.normal, theirs.normal)
        if len(places) <= _NEAR:
            said = [str(place) for place in places]
            return Words(
                zh=f"{kind.zh}相近，第 {'、'.join(said)} 位不同{shown_zh}，可能录入有误",
                en=f"the {kind.en}s are near: character {', '.join(said)} differs{shown_en}; one may be mistyped",
            )
    return Words(zh=f"{kind.zh}的号码不同{shown_zh}", en=f"the {kind.en}s differ{shown_en}")


def _shown(identifier: Identifier) -> Words:
    kind = _kind(identifier.scheme)
    return Words(zh=f"{kind.zh} {identifier.masked}", en=f"{kind.en} {identifier.masked}")


def _kind(scheme: str) -> Words:
    return _SCHEMES.get(scheme, Words(zh=f"{scheme} 编号", en=f"{scheme} number"))
