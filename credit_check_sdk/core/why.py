"""Explain a measure of the catalogue, and why it was proposed in a decision. Pure: no I/O, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from credit_check_sdk.catalogue import telling
from credit_check_sdk.core.cited import until_words
from credit_check_sdk.core.desk import day_of
from credit_check_sdk.core.words import effect_words, role_words

if TYPE_CHECKING:
    from datetime import date

    from credit_check_sdk.catalogue import Catalogue
    from credit_check_sdk.model import Ground, Measure, Proposal, Record, Words
    from credit_check_sdk.model.ledger import StoredCheck


def why_measure(catalogue: Catalogue, code: str, day: date) -> dict[str, Any]:
    """Explain the measure *code* as it stands on *day*: triggers, basis, class, strength, reach, period, history.

    Raises:
        KeyError: there is no such measure.
    """
    forms = [measure for measure in catalogue.measures if measure.code == code]
    if not forms:
        raise KeyError(code)
    standing = [form for form in forms if form in catalogue.in_force(day)]
    shown = standing[0] if standing else forms[-1]
    descends = [
        {"code": m.code, "title": _both(m.title), "doc_no": m.doc_no, "status": m.status}
        for m in catalogue.memoranda.values()
        if code in m.measures
    ]
    return {
        **_told(shown, catalogue),
        "day": day.isoformat(),
        "in_force": bool(standing),
        "edition": catalogue.edition_on(day),
        "effective_from": shown.effective_from.isoformat(),
        "effective_to": shown.effective_to.isoformat() if shown.effective_to else None,
        "forms": [
            {
                "edition": form.edition,
                "effective_from": form.effective_from.isoformat(),
                "effective_to": form.effective_to.isoformat() if form.effective_to else None,
                "basis": [_both(telling.cited(basis)) for basis in form.basis],
            }
            for form in forms
        ],
        "memoranda": descends,
        "note": _both(shown.note) if shown.note else None,
    }


def _told(measure: Measure, catalogue: Catalogue) -> dict[str, Any]:
    weak = telling.why_no_stronger(measure, catalogue)
    return {
        "code": measure.code,
        "name": _both(measure.name),
        "kind": measure.kind,
        "class": measure.class_,
        "force": measure.force,
        "strength": measure.strength,
        "standing": [_both(words) for words in telling.standing_of(measure, catalogue)],
        "why_no_stronger": _both(weak) if weak else None,
        "matters": list(measure.matters),
        "points": list(measure.points),
        "triggers": [_both(telling.condition(trigger, catalogue)) for trigger in measure.triggers],
        "requires": [_both(telling.condition(trigger, catalogue)) for trigger in measure.requires],
        "reach": [{"role": role, "words": _both(role_words(role))} for role in measure.reach],
        "responsible_reaches": measure.responsible_reaches,
        "effect_scope": measure.effect_scope,
        "effect": _both(effect_words(measure.effect_scope)) if measure.kind == "restriction" else None,
        "period": {"clocks": list(measure.period.clocks), "years": measure.period.years, **_both(measure.period.words)},
        "basis": [_both(telling.cited(basis)) for basis in measure.basis],
    }


def why_decision(catalogue: Catalogue, stored: StoredCheck) -> dict[str, Any]:
    """Explain a recorded decision: which edition applied, and which ground met which trigger of which measure."""
    decision = stored.decision
    day = day_of(decision.decided_at)
    return {
        "decision": decision.id,
        "case_id": decision.case_id,
        "matter": decision.matter,
        "point": decision.point,
        "decided_at": decision.decided_at.isoformat(),
        "outcome": decision.outcome,
        "edition": decision.catalogue.edition,
        "digest": decision.catalogue.digest,
        "catalogue_unchanged": decision.catalogue.digest == catalogue.digest,
        "proposals": [_why_proposal(proposal, stored, catalogue, day) for proposal in decision.proposals],
        "reasons": {"zh-CN": list(decision.reasons.zh), "en": list(decision.reasons.en)},
    }


def _why_proposal(proposal: Proposal, stored: StoredCheck, catalogue: Catalogue, day: date) -> dict[str, Any]:
    measure = _form(catalogue, proposal.measure, day)
    return {
        "id": proposal.id,
        "measure": proposal.measure,
        "name": _both(proposal.name),
        "kind": proposal.kind,
        "class": proposal.class_,
        "force": proposal.force,
        "strength": proposal.strength,
        "applies_to": proposal.applies_to.model_dump(mode="json"),
        "basis": [_both(telling.cited(basis)) for basis in proposal.basis],
        "until": proposal.until.isoformat() if proposal.until else None,
        "until_words": _both(until_words(proposal.until)),
        "grounds": [_why_ground(ground, measure, stored, catalogue) for ground in proposal.grounds],
        "reasons": _both(proposal.reasons),
    }


def _why_ground(ground: Ground, measure: Measure | None, stored: StoredCheck, catalogue: Catalogue) -> dict[str, Any]:
    record = _record(ground, stored)
    met = telling.met_by(measure, record, catalogue) if measure and record else None
    return {
        "source": ground.source,
        "record_id": ground.record_id,
        "list_code": ground.list_code,
        "list_name": _both(ground.list_name) if ground.list_name else None,
        "authority": ground.authority,
        "doc_no": ground.doc_no,
        "document_date": ground.document_date.isoformat() if ground.document_date else None,
        "status": ground.status,
        "until": ground.until.isoformat() if ground.until else None,
        "confirmed_live_at": ground.confirmed_live_at.isoformat() if ground.confirmed_live_at else None,
        "trigger": _both(met) if met else None,
    }


def _record(ground: Ground, stored: StoredCheck) -> Record | None:
    for consultation in stored.consultations:
        if consultation.source != ground.source:
            continue
        for answer in consultation.answers:
            for record in answer.records:
                if record.record_id == ground.record_id:
                    return record
    return None


def _form(catalogue: Catalogue, code: str, day: date) -> Measure | None:
    try:
        return catalogue.measure(code, day)
    except KeyError:
        return None


def _both(words: Words) -> dict[str, str]:
    return {"zh-CN": words.zh, "en": words.en}
