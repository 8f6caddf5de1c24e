"""Lay what a site says of its matters over the starter policies. Pure; it performs no I/O.

A site names sources and may change any number; a matter of its own needs nothing but a code of a known kind.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from credit_check_sdk.catalogue.explaining import explained
from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import MatterPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from credit_check_sdk.catalogue.entries import MatterKind

_BY_POINT = ("fresh_at", "outage", "remember_at")
"""Keys that say something for each point; a site that names one point leaves the others as they are."""


def laid_over(
    starter: Iterable[MatterPolicy], said: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, MatterKind]
) -> tuple[MatterPolicy, ...]:
    """Give the policies of all matters, with what the site says.

    Raises:
        ConfigurationError: an unknown key, kind of matter or point, or a value that cannot be used.
    """
    policies = {policy.code: policy for policy in starter}
    for code, keys in said.items():
        place = f'matters."{code}"'
        kind = kinds.get(code.partition(".")[0])
        if kind is None:
            raise ConfigurationError(
                f"{place}: {code.partition('.')[0]!r} is no kind of matter",
                f"{place}：“{code.partition('.')[0]}”不是事项类型",
                remedy_en=f"begin the code with one of {', '.join(kinds)} and a dot",
                remedy_zh=f"事项编码请以 {'、'.join(kinds)} 之一加点号开头",
            )
        policies[code] = _policy(code, keys, policies.get(code), kind, place)
    return tuple(policies.values())


def _policy(
    code: str, said: Mapping[str, Any], before: MatterPolicy | None, kind: MatterKind, place: str
) -> MatterPolicy:
    _known_keys(said, place)
    base: dict[str, Any] = (
        {name: getattr(before, name) for name in MatterPolicy.model_fields}
        if before
        else {"code": code, "name": kind.name, "points": kind.points}
    )
    base.update({key: value for key, value in said.items() if key not in _BY_POINT})
    points = base["points"] if isinstance(base["points"], list | tuple) else ()
    for key in _BY_POINT:
        # What the starter policy says of a point that the site does not have falls away.
        before_it = {point: value for point, value in base.get(key, {}).items() if point in points}
        both = said.get(key, {})
        base[key] = {**before_it, **both} if isinstance(both, dict) else both
    if base["code"] != code:
        raise ConfigurationError(
            f"{place}.code says {base['code']!r}",
            f"{place}.code 与事项编码不一致",
            remedy_en="leave it out: the code stands in the name of the table",
            remedy_zh="请删去：编码以表名为准",
        )
    try:
        policy = MatterPolicy.model_validate(base)
    except ValidationError as error:
        _, en, zh = explained(error, MatterPolicy)
        raise ConfigurationError(
            f"{place}.{en}", f"{place}.{zh}", remedy_en="mend that value", remedy_zh="请修改该值"
        ) from None
    for en, zh in troubles(policy):
        raise ConfigurationError(f"{place}.{en}", f"{place}.{zh}", remedy_en="mend that value", remedy_zh="请修改该值")
    return policy


def _known_keys(said: Mapping[str, Any], place: str) -> None:
    known = sorted(MatterPolicy.model_fields)
    for key in said:
        if key not in known:
            near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.4)
            raise ConfigurationError(
                f"{place}.{key}: unknown key",
                f"{place}.{key}：未知的配置项",
                code="configuration.unknown_key",
                remedy_en=f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}",
                remedy_zh=f"是否为“{near[0]}”？" if near else f"可用的配置项：{'、'.join(known)}",
            )


def troubles(policy: MatterPolicy) -> Iterable[tuple[str, str]]:
    """Give what contradicts itself in a policy, in words (en, zh)."""
    for name in _BY_POINT:
        for point in getattr(policy, name):
            if point not in policy.points:
                yield (
                    f"{name}.{point}: {policy.code} has no such decision point",
                    f"{name}.{point}：{policy.code} 没有该环节",
                )
    both = [name for name in policy.required if name in policy.advisory]
    if both:
        yield f"advisory: {both[0]} is required already", f"advisory：{both[0]} 已列为必查来源"
    codes: set[str] = set()
    for material in policy.materials:
        if material.code in codes:
            yield f"materials: {material.code} stands there twice", f"materials：{material.code} 重复"
        codes.add(material.code)
        # 容缺受理: 实质性要件不留死角, 形式性要件可容缺.
        if material.deferrable and material.kind == "substantive":
            yield (
                f"materials: {material.code} is substantive and may not be deferrable",
                f"materials：{material.code} 为实质性要件，不得容缺",
            )
