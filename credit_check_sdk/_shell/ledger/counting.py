"""Count a period for the report: per day, department, matter, point and measure. It yields statements and opens no connection.

The database adds up, and what comes back grows with days and kinds, not with checks. Days are those of Asia/Shanghai.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Integer, and_, bindparam, case, exists, func, literal_column, not_, or_, select

from credit_check_sdk._shell.ledger import schema as s
from credit_check_sdk._shell.ledger.steps import DAY, Execute, Work, day_start
from credit_check_sdk.model.figures import FigureRow, Figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Select

_FOREVER = 2**62
_NOTHING: Any = literal_column("''")
_TODAY: Any = bindparam("today", type_=Integer)


def _day(column: Any) -> Any:
    """Give the number of the day of a moment, as `date.toordinal` does."""
    # Written out, not bound: what is grouped by must be the same text wherever it stands.
    zero = date(1970, 1, 1).toordinal()
    shift, length, first = (literal_column(str(each), BigInteger) for each in (DAY // 3, DAY, zero))
    return (column + shift) // length + first


def _in(column: Any) -> tuple[Any, Any]:
    return column >= bindparam("since"), column < bindparam("until")


def _between(day: Any) -> tuple[Any, Any]:
    return day >= bindparam("since_day", type_=Integer), day <= bindparam("until_day", type_=Integer)


def _sum(*holds: Any) -> Any:
    return func.sum(case((and_(*holds), literal_column("1")), else_=literal_column("0")))


def _one_of(column: Any, *values: str) -> Any:
    # Not IN: its list is written out when a statement is run, and these are compiled once.
    return or_(*(column == value for value in values))


def _matter(case_id: Any) -> Any:
    """Find the matter of a file by its checks."""
    return func.coalesce(
        select(func.min(s.check.c.matter)).where(s.check.c.case_id == case_id).scalar_subquery(), _NOTHING
    )


_c = s.check.c
_ranked = (
    select(
        _c.decision,
        _c.department,
        _c.matter,
        _c.point,
        _c.outcome,
        _c.silent,
        _c.touched_by,
        _day(_c.decided_at).label("day"),
        func.row_number()
        .over(partition_by=(_c.case_id, _c.point), order_by=(_c.decided_at.desc(), _c.decision.desc()))
        .label("place"),
    )
    .where(*_in(_c.decided_at))
    .cte("ranked")
)
_r = _ranked.c
_later = s.response.alias("later")
_said = (
    select(s.response.c.proposal, s.response.c.answer)
    .where(
        ~exists().where(
            _later.c.decision == s.response.c.decision,
            _later.c.proposal == s.response.c.proposal,
            or_(
                _later.c.at > s.response.c.at,
                and_(_later.c.at == s.response.c.at, _later.c.id > s.response.c.id),
            ),
        ),
    )
    .cte("said")
)


def _has(*holds: Any) -> Any:
    return exists().where(s.proposal.c.decision == _r.decision, *holds)


_applied = exists().where(_said.c.proposal == s.proposal.c.proposal, _said.c.answer == "applied").correlate(s.proposal)
_flagged = select(
    *(_r.department, _r.matter, _r.point, _r.day, _r.place, _r.outcome, _r.silent, _r.touched_by),
    case((_has(s.proposal.c.strength != "offer"), 1), else_=0).label("hit"),
    case((_has(s.proposal.c.strength == "block", _applied), 1), else_=0).label("stop"),
    case((_has(s.proposal.c.strength == "offer", _applied), 1), else_=0).label("favour"),
).cte("flagged")
_f = _flagged.c
_last = _f.place == 1


def _counted(group: tuple[Any, ...], counts: dict[str, Any]) -> Select[Any]:
    """Put the five keys first, then the counts by their codes."""
    named = [each.label(f"key_{place}") for place, each in enumerate(group)]
    return select(*named, *(each.label(name) for name, each in counts.items()))


_CHECKS = _counted(
    (_f.department, _f.matter, _f.point, _NOTHING, _f.day),
    {
        "checks": func.count(),
        "files": _sum(_last),
        "checked": _sum(_last, _f.outcome != "undecided"),
        **{name: _sum(_last, _f.outcome == name) for name in ("undecided", "clear", "review", "restricted")},
        "hits": _sum(_last, _f.hit == 1),
        "stopped": _sum(_last, _f.stop == 1),
        "favoured": _sum(_last, _f.favour == 1),
        "silent": _sum(_f.silent > 0),
        "touched": _sum(_f.touched_by.is_not(None)),
    },
).group_by(_f.department, _f.matter, _f.point, _f.day)

_p = s.proposal.c
_MEASURES = (
    _counted(
        (_r.department, _r.matter, _r.point, _p.measure, _r.day),
        {
            "proposed": func.count(),
            **{name: _sum(_said.c.answer == name) for name in ("applied", "set_aside", "verifying")},
            "unanswered": _sum(_said.c.answer.is_(None), _r.place == 1, _one_of(_p.strength, "block", "hint")),
        },
    )
    .select_from(_ranked)
    .join(s.proposal, _p.decision == _r.decision)
    .outerjoin(_said, _said.c.proposal == _p.proposal)
    .group_by(_r.department, _r.matter, _r.point, _p.measure, _r.day)
)

_fallen = exists().where(
    s.record.c.source == s.ground.c.source,
    s.record.c.record_key == s.ground.c.record_key,
    or_(_one_of(s.record.c.ended, "repaired", "revoked"), s.record.c.wrong.is_not(None)),
)
_on_ground = s.ground.c.proposal == s.measure.c.proposal
_standing_ground = exists().where(_on_ground, not_(_fallen.correlate(s.ground))).correlate(s.measure)
_any_ground = exists().where(_on_ground).correlate(s.measure)
_standing = (
    select(
        *(_c.department, _c.matter, _c.point, _p.measure, s.measure.c.state),
        _day(_c.decided_at).label("day"),
        case((and_(_any_ground, not_(_standing_ground)), 1), else_=0).label("bare"),
        case((_p.strength != "offer", 1), else_=0).label("harsh"),
    )
    .select_from(s.measure)
    .join(s.proposal, _p.proposal == s.measure.c.proposal)
    .join(s.check, _c.decision == s.measure.c.decision)
    .where(*_in(_c.decided_at))
    .subquery()
)
_s = _standing.c
_STANDING = _counted(
    (_s.department, _s.matter, _s.point, _s.measure, _s.day),
    {
        **{name: _sum(_s.state == name) for name in ("in_force", "suspended", "lifted", "rectified")},
        "surviving": _sum(_s.state == "in_force", _s.bare == 1, _s.harsh == 1),
    },
).group_by(_s.department, _s.matter, _s.point, _s.measure, _s.day)

_notices = (
    select(
        *(_c.department, _c.matter, s.notice.c.point, _p.measure, s.notice.c.state, s.notice.c.due_on),
        _day(s.notice.c.drafted_at).label("day"),
    )
    .select_from(s.notice)
    .join(s.check, _c.decision == s.notice.c.decision)
    .join(s.proposal, _p.proposal == s.notice.c.proposal)
    .where(*_in(s.notice.c.drafted_at))
    .subquery()
)
_n = _notices.c
_NOTICES = _counted(
    (_n.department, _n.matter, _n.point, _n.measure, _n.day),
    {
        "notices": func.count(),
        "notices_delivered": _sum(_n.state == "delivered"),
        "notices_overdue": _sum(_n.state == "drafted", _n.due_on < bindparam("today_text")),
    },
).group_by(_n.department, _n.matter, _n.point, _n.measure, _n.day)

_o = s.outbox.c
_reports = (
    select(
        func.coalesce(_c.department, s.publication.c.department, _NOTHING).label("department"),
        func.coalesce(_c.matter, s.publication.c.matter, _NOTHING).label("matter"),
        func.coalesce(_c.point, _NOTHING).label("point"),
        _day(_o.created_at).label("day"),
        _day(_o.delivered_at).label("arrived"),
        _o.state,
    )
    .select_from(s.outbox)
    .outerjoin(s.check, _c.decision == _o.decision)
    .outerjoin(s.publication, s.publication.c.key == _o.key)
    .where(*_in(_o.created_at))
    .subquery()
)
_b = _reports.c
_REPORTS = (
    _counted(
        (_b.department, _b.matter, _b.point, _NOTHING, _b.day),
        {
            "reports": func.count(),
            "delivered": _sum(_b.state == "delivered"),
            "waiting": _sum(_b.state != "delivered"),
            "dead": _sum(_b.state == "dead"),
        },
    )
    .add_columns(_b.arrived.label("arrived"))
    .group_by(_b.department, _b.matter, _b.point, _b.day, _b.arrived)
)

_k = s.commitment.c
_due_or_moved: Any = func.coalesce(_k.due_day, _day(_k.moved_at))
_promises = (
    select(_k.department, _matter(_k.case_id).label("matter"), _due_or_moved.label("day"), _k.state)
    .where(*_between(_due_or_moved))
    .subquery()
)
_v = _promises.c
_PROMISES = _counted(
    (_v.department, _v.matter, _NOTHING, _NOTHING, _v.day),
    {
        "promises": _sum(not_(_one_of(_v.state, "offered", "refused", "withdrawn"))),
        **{name: _sum(_v.state == name) for name in ("fulfilled", "open", "overdue", "repaired")},
        "breached": _sum(_one_of(_v.state, "breached", "repaired")),
        "declined": _sum(_one_of(_v.state, "refused", "withdrawn")),
    },
).group_by(_v.department, _v.matter, _v.day)

_u = s.publication.c
_published = (
    select(
        *(_u.department, _u.matter, _u.decided_day.label("day"), _u.due_day, _o.state),
        _day(_o.delivered_at).label("arrived"),
    )
    .select_from(s.publication)
    .join(s.outbox, _o.key == _u.key)
    .where(*_between(_u.decided_day))
    .subquery()
)
_w = _published.c
_there = _w.state == "delivered"
_PUBLISHED = _counted(
    (_w.department, _w.matter, _NOTHING, _NOTHING, _w.day),
    {
        "publications": func.count(),
        "published_in_time": _sum(_there, or_(_w.due_day.is_(None), _w.arrived <= _w.due_day)),
        "published_late": _sum(or_(and_(_there, _w.arrived > _w.due_day), and_(not_(_there), _w.due_day < _TODAY))),
    },
).group_by(_w.department, _w.matter, _w.day)

_j = s.objection.c
_objections = (
    select(
        *(_j.department, _matter(_j.case_id).label("matter"), _j.state, _j.answer, _j.due_day),
        _day(_j.taken_at).label("day"),
        _day(_j.answered_at).label("answered_day"),
    )
    .where(*_in(_j.taken_at))
    .subquery()
)
_x = _objections.c
_OBJECTIONS = _counted(
    (_x.department, _x.matter, _NOTHING, _NOTHING, _x.day),
    {
        "objections": func.count(),
        "objections_open": _sum(_x.state == "open"),
        "objections_answered": _sum(_x.state == "answered"),
        "objections_upheld": _sum(_x.answer == "objection_upheld"),
        "objections_late": _sum(
            or_(
                and_(_x.state == "answered", _x.answered_day > _x.due_day),
                and_(_x.state == "open", _x.due_day < _TODAY),
            )
        ),
    },
).group_by(_x.department, _x.matter, _x.day)

_again = (
    select(
        *(s.recheck.c.department, s.recheck.c.matter, s.recheck.c.point, s.recheck.c.state, s.recheck.c.due_on),
        _day(s.recheck.c.created_at).label("day"),
    )
    .where(*_in(s.recheck.c.created_at))
    .subquery()
)
_g = _again.c
_RECHECKS = _counted(
    (_g.department, _g.matter, _g.point, _NOTHING, _g.day),
    {
        "rechecks": func.count(),
        "rechecks_waiting": _sum(_g.state == "waiting"),
        "rechecks_overdue": _sum(_g.state == "waiting", _g.due_on < bindparam("today_text")),
        "rechecks_adverse": _sum(_g.state == "adverse"),
    },
).group_by(_g.department, _g.matter, _g.point, _g.day)

_ALL = (_CHECKS, _MEASURES, _STANDING, _NOTICES, _REPORTS, _PROMISES, _PUBLISHED, _OBJECTIONS, _RECHECKS)
_KEYS = 5


def count(question: Figures) -> Work[tuple[FigureRow, ...]]:
    """Count everything of the period, one statement after the other."""
    given = {
        "since": day_start(question.since) if question.since else -_FOREVER,
        "until": day_start(question.until) + DAY if question.until else _FOREVER,
        "since_day": (question.since or date.min).toordinal(),
        "until_day": (question.until or date.max).toordinal(),
        "today": question.today.toordinal(),
        "today_text": question.today.isoformat(),
    }
    found: list[FigureRow] = []
    for statement in _ALL:
        wanted = statement.compile().params
        result = yield Execute(statement, {name: given[name] for name in wanted if name in given})
        names = [column.name for column in statement.selected_columns][_KEYS:]
        found += _rows(result.rows, names)
    return tuple(found)


def _rows(rows: Any, names: list[str]) -> Iterator[FigureRow]:
    for row in rows:
        said = dict(zip(names, row[_KEYS:], strict=True))
        arrived = said.pop("arrived", None)
        department, matter, point, measure, day = row[:_KEYS]
        yield FigureRow(
            department,
            matter,
            point,
            measure,
            day=date.fromordinal(day),
            counts={name: int(value) for name, value in said.items() if value},
            arrived=date.fromordinal(arrived) if arrived is not None else None,
        )
