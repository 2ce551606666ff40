"""Enrolments: a mentee asks for a place in a series, waits for it in a fair order (`rules.py`), is
offered it and answers (`moves.py`), and comes to every meeting that is to come (`joining.py`)."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Invalid, SeriesOver
from app.models.base import Output
from app.models.enrolments import ENROLMENT_LIVE, Enrolment, EnrolmentCreate, EnrolmentStatus
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.people import Person
from app.models.series import Occurrence, Series
from app.models.sessions import ParticipationStatus, Session
from app.scope import everything, referred
from app.services import lifecycle
from app.services.enrolments.joining import parts_in, to_come
from app.services.enrolments.moves import (
    ENROLMENT,
    close,
    fill,
    live_in,
    load_facts,
    waiting_in,
)
from app.services.enrolments.rules import in_order, in_time
from app.services.scheduling import BOOKABLE
from app.services.sessions.facts import hold_the_day
from app.services.sessions.moves import COMING
from app.visibility import shape

MOST_AT_ONCE = 100
_OPEN = {"planned", "running"}


async def hold(db: AsyncSession, prison_id: str, series_id: UUID) -> Series:
    """Keep the day, the mentors and mentees of a series as they are, then the series, until the
    commit: everybody takes them in this order, and its places are given out by one at a time."""
    await hold_the_day(db, prison_id)
    await db.execute(_led_by(prison_id, series_id).with_for_update(read=True))
    live = everything(Enrolment, prison_id).where(
        col(Enrolment.series_id) == series_id, col(Enrolment.status).in_(ENROLMENT_LIVE)
    )
    mentees = everything(Mentee, prison_id).where(
        col(Mentee.id).in_(live.with_only_columns(col(Enrolment.mentee_id)))
    )
    ids = mentees.with_only_columns(col(Mentee.id)).order_by(col(Mentee.id))
    await db.execute(ids.with_for_update(read=True))
    return await hold_places(db, prison_id, series_id)


def _led_by(prison_id: str, series_id: UUID) -> Any:
    """The mentors who are to lead its meetings."""
    its_own = everything(Occurrence, prison_id).where(col(Occurrence.series_id) == series_id)
    sessions = everything(Session, prison_id).where(
        col(Session.live),
        col(Session.id).in_(its_own.with_only_columns(col(Occurrence.session_id))),
    )
    mentors = everything(Mentor, prison_id).where(
        col(Mentor.id).in_(sessions.with_only_columns(col(Session.mentor_id)))
    )
    return mentors.with_only_columns(col(Mentor.id)).order_by(col(Mentor.id))


async def hold_places(db: AsyncSession, prison_id: str, series_id: UUID) -> Series:
    """Keep the series alone: enough to offer a place, which one who leaves at the same time gives
    up when it is their turn."""
    found = everything(Series, prison_id).where(col(Series.id) == series_id)
    held = found.with_for_update().execution_options(populate_existing=True)
    series = (await db.scalars(held)).one_or_none()
    if series is None:
        raise Invalid.field("series_id", "unknown", "there is no such series here")
    return series


async def hold_for(db: AsyncSession, enrolment: Enrolment) -> None:
    """Hold what is locked before an enrolment."""
    await hold(db, enrolment.prison_id, enrolment.series_id)


async def ask(db: AsyncSession, actor: Actor, body: EnrolmentCreate) -> Enrolment:
    """Ask for a place. One that is free is offered to the first in the order at once; the others
    wait. One and the same mentee waiting twice is refused by the database."""
    mentee = await referred(db, Mentee, actor.prison_id, body.mentee_id, "mentee_id")
    await db.refresh(mentee, with_for_update={"read": True})
    if mentee.status not in BOOKABLE:
        message = f"the mentee is {mentee.status}: nothing is planned then"
        raise Invalid.field("mentee_id", "mentee_bookable", message)
    series = await hold(db, actor.prison_id, body.series_id)
    if series.status not in _OPEN:
        raise SeriesOver()
    left = await to_come(db, series)
    if not in_time(left[0][0] if left else None, series.join_until):
        message = f"one joins by meeting {series.join_until or 'the last'}"
        raise Invalid.field("series_id", "joins_in_time", message)
    enrolment = Enrolment(prison_id=actor.prison_id, waiting_since=clock.now(), **body.model_dump())
    await lifecycle.begin(db, ENROLMENT, enrolment, actor)
    await fill(db, series)
    return enrolment


async def lapse_due(db: AsyncSession, prison_id: str) -> None:
    """Offers not answered in time go to the next; whoever did not answer waits on."""
    due = everything(Enrolment, prison_id).where(col(Enrolment.answer_by) < clock.now())
    ids = due.with_only_columns(col(Enrolment.series_id)).distinct().limit(MOST_AT_ONCE)
    system = the_system(prison_id)
    for series_id in sorted(await db.scalars(ids)):
        await hold_places(db, prison_id, series_id)
        theirs = due.where(col(Enrolment.series_id) == series_id).order_by(col(Enrolment.id))
        held = theirs.with_for_update().execution_options(populate_existing=True)
        for each in (await db.scalars(held)).all():
            to = EnrolmentStatus.waiting
            await lifecycle.move(db, ENROLMENT, each, to=to, actor=system, reason="unanswered")


async def leave_series(db: AsyncSession, prison_id: str, mentee_id: UUID) -> None:
    """A mentee leaves the scheme: every place they have or wait for is given up. They are locked
    already, so that of two who leave at once neither may wait for the other here."""
    live = everything(Enrolment, prison_id).where(
        col(Enrolment.mentee_id) == mentee_id, col(Enrolment.status).in_(ENROLMENT_LIVE)
    )
    system = the_system(prison_id)
    for each in sorted(await db.scalars(live), key=lambda one: one.series_id):
        await hold_places(db, prison_id, each.series_id)
        await db.refresh(each)
        if each.status not in ENROLMENT_LIVE:
            continue
        to, why = EnrolmentStatus.withdrawn, "support_ended"
        await lifecycle.move(db, ENROLMENT, each, to=to, actor=system, reason=why)


async def _names(db: AsyncSession, prison_id: str, mentee_ids: set[UUID]) -> dict[UUID, str]:
    """The display names of mentees."""
    found = (
        everything(Mentee, prison_id)
        .where(col(Mentee.id).in_(mentee_ids))
        .join(
            Person,
            (col(Person.prison_id) == col(Mentee.prison_id))
            & (col(Person.id) == col(Mentee.person_id)),
        )
        .with_only_columns(col(Mentee.id), col(Person.display_name))
    )
    return {mentee_id: name for mentee_id, name in await db.execute(found)}


async def waiting_for(db: AsyncSession, series: Series, actor: Actor) -> list[Output]:
    """Who waits for a place, from the first to the last, and why in this order."""
    waiting = {each.id: each for each in await live_in(db, series)}
    ordered = in_order(await waiting_in(db, series, list(waiting.values())))
    ids = {waiting[each.enrolment_id].mentee_id for each in ordered}
    known = await _names(db, series.prison_id, ids)
    row = shape("enrolments.waiting", actor.role)
    return [
        row.model_validate(
            {
                "position": position,
                "enrolment_id": each.enrolment_id,
                "mentee_id": waiting[each.enrolment_id].mentee_id,
                "display_name": known[waiting[each.enrolment_id].mentee_id],
                "waiting_since": each.waiting_since,
                "order_reason": each.order_reason,
                "passed_over_at": each.passed_over_at,
            }
        )
        for position, each in enumerate(ordered, 1)
    ]


async def shown(db: AsyncSession, enrolment: Enrolment, actor: Actor) -> Output:
    """The enrolment as this actor sees it, with what they may do next."""
    series = await referred(db, Series, enrolment.prison_id, enrolment.series_id, "series_id")
    parts = await parts_in(db, series, enrolment)
    known = await _names(db, enrolment.prison_id, {enrolment.mentee_id})
    fields: dict[str, Any] = {
        **enrolment.model_dump(),
        "display_name": known[enrolment.mentee_id],
        "not_in": [],
        "attended": sum(each.status is ParticipationStatus.attended for each in parts),
        "moves": await lifecycle.options(db, ENROLMENT, enrolment, actor),
    }
    if enrolment.status is EnrolmentStatus.accepted:
        theirs = {each.session_id for each in parts if each.status in COMING}
        left = await to_come(db, series)
        fields["not_in"] = [number for number, each in left if each.id not in theirs]
    return shape("enrolments", actor.role).model_validate(fields)


__all__ = [
    "ENROLMENT",
    "ask",
    "close",
    "fill",
    "hold",
    "hold_for",
    "hold_places",
    "lapse_due",
    "leave_series",
    "load_facts",
    "shown",
    "waiting_for",
]
