"""Find the time limits that hold at a site. Pure; it performs no I/O and reads no clock.

A limit bound to a region wins over one that holds everywhere, the narrower region over the wider, and what the site's
configuration says over both: 法定期限因地而异, so no number stands in the code.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from credit_check_sdk.catalogue.explaining import explained
from credit_check_sdk.catalogue.placing import stem, within
from credit_check_sdk.errors import ConfigurationError
from credit_check_sdk.model import Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def limits(known: Iterable[Term], said: Mapping[str, Mapping[str, Any]], region: str | None) -> dict[str, Term]:
    """Give the time limits of a site in *region* that says *said*, by code.

    Raises:
        ConfigurationError: an unknown limit or key, or a value that cannot be used.
    """
    chosen: dict[str, Term] = {}
    for term in known:
        holds = term.region is None or (region is not None and within(region, term.region))
        if holds and _narrower(term, chosen.get(term.code)):
            chosen[term.code] = term
    for code, keys in said.items():
        chosen[code] = _laid_over(code, keys, chosen)
    return chosen


def _narrower(term: Term, than: Term | None) -> bool:
    return than is None or len(stem(term.region or "")) >= len(stem(than.region or ""))


def _laid_over(code: str, keys: Mapping[str, Any], chosen: Mapping[str, Term]) -> Term:
    place = f'terms."{code}"'
    before = chosen.get(code)
    if before is None:
        raise _unknown(place, code, chosen)
    for key in keys:
        if key not in Term.model_fields or key == "code":
            raise _unknown(f"{place}.{key}", key, set(Term.model_fields) - {"code"})
    # A number of the site's own does not rest on the law cited for another number.
    own = {"basis": (), "region": None, "note": None} if "days" in keys else {}
    try:
        return Term.model_validate({**{name: getattr(before, name) for name in Term.model_fields}, **own, **keys})
    except ValidationError as error:
        _, en, zh = explained(error, Term)
        raise ConfigurationError(
            f"{place}.{en}", f"{place}.{zh}", remedy_en="mend that value", remedy_zh="请修改该值"
        ) from None


def _unknown(place: str, wrong: str, known: Iterable[str]) -> ConfigurationError:
    names = sorted(known)
    near = difflib.get_close_matches(wrong.lower(), names, n=1, cutoff=0.4)
    return ConfigurationError(
        f"{place}: unknown key",
        f"{place}：未知的配置项",
        code="configuration.unknown_key",
        remedy_en=f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(names)}",
        remedy_zh=f"是否为“{near[0]}”？" if near else f"可用的配置项：{'、'.join(names)}",
    )
