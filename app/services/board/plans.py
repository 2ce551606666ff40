"""The board's rules about plans that something fell on after they were made: they stay until
somebody moves them or calls them off."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlmodel import col

from app.models.base import TIMESTAMP
from app.models.board import BoardBand, BoardRule
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.prison_events import PrisonEvent
from app.models.room_closures import RoomClosure
from app.models.sessions import Participation, Session
from app.models.shifts import Shift
from app.services.board.rules import SW, Rule
from app.services.sessions.moves import COMING
from app.ties import HERE

_NOW: Any = bindparam("actor_now", type_=TIMESTAMP)


def _to_come(plan: Any) -> ColumnElement[bool]:
    return and_(plan.live, plan.ends_at > _NOW)


def _at_once(plan: Any, other: Any) -> ColumnElement[bool]:
    return and_(other.starts_at < plan.ends_at, other.ends_at > plan.starts_at)


def _leads(plan: Any) -> Select[Any]:
    """The person behind the mentor of a session or of a shift."""
    found = select(col(Mentor.person_id)).where(
        col(Mentor.prison_id) == HERE, col(Mentor.id) == plan.mentor_id
    )
    return found.correlate(plan)


def _come() -> Select[Any]:
    """The persons behind those who are to come to a session."""
    return (
        select(col(Mentee.person_id))
        .join(
            Participation,
            and_(
                col(Participation.prison_id) == col(Mentee.prison_id),
                col(Participation.mentee_id) == col(Mentee.id),
            ),
        )
        .where(
            col(Mentee.prison_id) == HERE,
            col(Participation.session_id) == col(Session.id),
            col(Participation.status).in_(COMING),
        )
        .correlate(Session)
    )


def _events(plan: Any, who: ColumnElement[bool], *columns: Any) -> Select[Any]:
    """What the prison has planned for somebody of the plan in its time."""
    found = select(*columns).where(
        col(PrisonEvent.prison_id) == HERE,
        col(PrisonEvent.cancelled_at).is_(None),
        _at_once(plan, PrisonEvent),
        who,
    )
    return found.correlate(plan)


def _on_events(rule: BoardRule, plan: Any, noun: str, who: ColumnElement[bool]) -> Rule:
    since = _events(plan, who, func.min(col(PrisonEvent.recorded_at)))
    person = _events(plan, who, col(PrisonEvent.person_id))
    earliest = person.order_by(col(PrisonEvent.starts_at), col(PrisonEvent.id)).limit(1)
    found = _events(plan, who, col(PrisonEvent.id))
    return Rule(
        rule,
        BoardBand.waiting,
        (SW,),
        plan,
        noun,
        when=and_(_to_come(plan), found.exists()),
        since=since.scalar_subquery(),
        person=earliest.scalar_subquery(),
    )


def _closures(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .where(
            col(RoomClosure.prison_id) == HERE,
            col(RoomClosure.room_id) == col(Session.room_id),
            col(RoomClosure.withdrawn_at).is_(None),
            _at_once(Session, RoomClosure),
        )
        .correlate(Session)
    )


def _in_closed_rooms() -> Rule:
    found = _closures(col(RoomClosure.id))
    closed = found.exists()
    return Rule(
        BoardRule.session_in_closed_room,
        BoardBand.waiting,
        (SW,),
        Session,
        "sessions",
        when=and_(_to_come(Session), closed),
        since=_closures(func.min(col(RoomClosure.recorded_at))).scalar_subquery(),
    )


_person = col(PrisonEvent.person_id)
PLANS_RULES: tuple[Rule, ...] = (
    _on_events(
        BoardRule.session_on_prison_event,
        Session,
        "sessions",
        or_(_person.in_(_leads(Session)), _person.in_(_come())),
    ),
    _on_events(BoardRule.shift_on_prison_event, Shift, "shifts", _person.in_(_leads(Shift))),
    _in_closed_rooms(),
)
