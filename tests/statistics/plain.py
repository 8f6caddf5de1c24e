"""Count a ledger of SQLite with plain SQL: for each figure a list of what is counted, one row for each thing.

It shares no line with the product: days are worked out by SQLite, parts are added up here.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DIMENSIONS = ("department", "matter", "point", "measure", "period")


def _day(column: str) -> str:
    return f"date({column} / 1000000, 'unixepoch', '+8 hours')"


def _ordinal(column: str) -> str:
    return f"date(({column} - 719163) * 86400, 'unixepoch')"


WITH = f"""
WITH
checks AS (
    SELECT *, {_day("decided_at")} AS day FROM credit_check WHERE {_day("decided_at")} BETWEEN :since AND :until
),
latest AS (
    SELECT * FROM checks AS one WHERE NOT EXISTS (
        SELECT 1 FROM checks AS two WHERE two.case_id = one.case_id AND two.point = one.point
        AND (two.decided_at > one.decided_at OR two.decided_at = one.decided_at AND two.decision > one.decision)
    )
),
said AS (
    SELECT proposal, answer FROM credit_response AS r WHERE id = (
        SELECT id FROM credit_response AS x WHERE x.proposal = r.proposal ORDER BY at DESC, id DESC LIMIT 1
    )
),
asked AS (
    SELECT c.department, c.matter, c.point, p.measure, c.day, p.proposal, p.strength, c.decision,
           (SELECT answer FROM said WHERE said.proposal = p.proposal) AS answer,
           (SELECT state FROM credit_measure AS m WHERE m.proposal = p.proposal) AS state
    FROM checks AS c JOIN credit_proposal AS p ON p.decision = c.decision
),
fallen AS (
    SELECT g.proposal FROM credit_ground AS g
    LEFT JOIN credit_record AS r ON r.source = g.source AND r.record_key = g.record_key
    GROUP BY g.proposal
    HAVING sum(coalesce(r.ended IN ('repaired', 'revoked') OR r.wrong IS NOT NULL, 0)) = count(*)
),
notices AS (
    SELECT c.department, c.matter, n.point, p.measure, {_day("n.drafted_at")} AS day, n.state, n.due_on
    FROM credit_notice AS n JOIN credit_check AS c ON c.decision = n.decision
    JOIN credit_proposal AS p ON p.proposal = n.proposal
),
reports AS (
    SELECT coalesce(c.department, u.department, '') AS department, coalesce(c.matter, u.matter, '') AS matter, coalesce(c.point, '') AS point,
           '' AS measure, {_day("o.created_at")} AS day, o.state, {_day("o.delivered_at")} AS arrived
    FROM credit_outbox AS o LEFT JOIN credit_check AS c ON c.decision = o.decision
    LEFT JOIN credit_publication AS u ON u.key = o.key
),
promises AS (
    SELECT department, coalesce((SELECT min(matter) FROM credit_check WHERE case_id = k.case_id), '') AS matter,
           '' AS point, '' AS measure, state,
           CASE WHEN due_day IS NULL THEN {_day("moved_at")} ELSE {_ordinal("due_day")} END AS day
    FROM credit_commitment AS k
),
publications AS (
    SELECT u.department, u.matter, '' AS point, '' AS measure, {_ordinal("u.decided_day")} AS day,
           {_ordinal("u.due_day")} AS due, {_day("o.delivered_at")} AS arrived, o.state
    FROM credit_publication AS u JOIN credit_outbox AS o ON o.key = u.key
),
objections AS (
    SELECT department, coalesce((SELECT min(matter) FROM credit_check WHERE case_id = j.case_id), '') AS matter,
           '' AS point, '' AS measure, {_day("taken_at")} AS day, state, answer, {_ordinal("due_day")} AS due,
           {_day("answered_at")} AS ended
    FROM credit_objection AS j
),
rechecks AS (
    SELECT department, matter, point, '' AS measure, {_day("created_at")} AS day, state, due_on FROM credit_recheck
)
"""
_HARSH = "EXISTS (SELECT 1 FROM asked WHERE asked.decision = latest.decision AND asked.strength <> 'offer')"


def _applied(strength: str) -> str:
    same = "asked.decision = latest.decision"
    return f"EXISTS (SELECT 1 FROM asked WHERE {same} AND asked.strength = '{strength}' AND asked.answer = 'applied')"


WHAT = {
    "checks": "checks",
    "files": "latest",
    "checked": "latest WHERE outcome <> 'undecided'",
    "undecided": "latest WHERE outcome = 'undecided'",
    "clear": "latest WHERE outcome = 'clear'",
    "review": "latest WHERE outcome = 'review'",
    "restricted": "latest WHERE outcome = 'restricted'",
    "hits": f"latest WHERE {_HARSH}",
    "stopped": f"latest WHERE {_applied('block')}",
    "favoured": f"latest WHERE {_applied('offer')}",
    "silent": "checks WHERE silent > 0",
    "touched": "checks WHERE touched_by IS NOT NULL",
    "proposed": "asked",
    "applied": "asked WHERE answer = 'applied'",
    "set_aside": "asked WHERE answer = 'set_aside'",
    "verifying": "asked WHERE answer = 'verifying'",
    "unanswered": "asked WHERE answer IS NULL AND strength IN ('block', 'hint') AND decision IN (SELECT decision FROM latest)",
    "in_force": "asked WHERE state = 'in_force'",
    "suspended": "asked WHERE state = 'suspended'",
    "lifted": "asked WHERE state = 'lifted'",
    "rectified": "asked WHERE state = 'rectified'",
    "surviving": (
        "asked WHERE state = 'in_force' AND strength <> 'offer' AND proposal IN (SELECT proposal FROM fallen)"
    ),
    "notices": "notices",
    "notices_delivered": "notices WHERE state = 'delivered'",
    "notices_overdue": "notices WHERE state = 'drafted' AND due_on < :today",
    "reports": "reports",
    "delivered": "reports WHERE state = 'delivered'",
    "waiting": "reports WHERE state <> 'delivered'",
    "dead": "reports WHERE state = 'dead'",
    "late": "reports WHERE coalesce(arrived, :today) > date(day, '+1 day')",
    "promises": "promises WHERE state NOT IN ('offered', 'refused', 'withdrawn')",
    "fulfilled": "promises WHERE state = 'fulfilled'",
    "open": "promises WHERE state = 'open'",
    "overdue": "promises WHERE state = 'overdue'",
    "breached": "promises WHERE state IN ('breached', 'repaired')",
    "repaired": "promises WHERE state = 'repaired'",
    "declined": "promises WHERE state IN ('refused', 'withdrawn')",
    "publications": "publications",
    "published_in_time": "publications WHERE state = 'delivered' AND (due IS NULL OR arrived <= due)",
    "published_late": "publications WHERE CASE WHEN state = 'delivered' THEN arrived ELSE :today END > due",
    "objections": "objections",
    "objections_open": "objections WHERE state = 'open'",
    "objections_answered": "objections WHERE state = 'answered'",
    "objections_upheld": "objections WHERE answer = 'objection_upheld'",
    "objections_late": "objections WHERE CASE state WHEN 'answered' THEN ended WHEN 'open' THEN :today END > due",
    "rechecks": "rechecks",
    "rechecks_waiting": "rechecks WHERE state = 'waiting'",
    "rechecks_overdue": "rechecks WHERE state = 'waiting' AND due_on < :today",
    "rechecks_adverse": "rechecks WHERE state = 'adverse'",
}
"""What is counted for each figure."""

Counts = dict[str, dict[str, Counter[str]]]


def counted(file: Path, since: str, until: str, today: str) -> Counts:
    """Count every figure, along every dimension; the whole stands under ``""``."""
    found: Counts = {"": {"": Counter()}, **{dimension: {} for dimension in DIMENSIONS}}
    given = {"since": since, "until": until, "today": today}
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        for figure, what in WHAT.items():
            measure = "measure" if what.startswith(("asked", "notices")) else "''"
            listed = f"SELECT department, matter, point, {measure} AS measure, substr(day, 1, 7), day FROM {what}"
            rows = connection.execute(f"{WITH} SELECT * FROM ({listed}) WHERE day BETWEEN :since AND :until", given)
            for row in rows:
                found[""][""][figure] += 1
                for dimension, value in zip(DIMENSIONS, row, strict=False):
                    found[dimension].setdefault(value, Counter())[figure] += 1
    connection.close()
    return found
