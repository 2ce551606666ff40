"""An enrolment's life as a table of moves, and the places that are offered with it.

A series is locked before its enrolments, by everyone: places are given out one at a time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import the_system
from app.models.enrolments import ENROLMENT_LIVE, Enrolment, EnrolmentStatus
from app.models.mentees import Mentee, MenteeStatus
from app.models.series import Series, SeriesStatus
from app.models.sessions import ParticipationStatus
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle
from app.services.enrolments import reviews
from app.services.enrolments.joining import join, leave_meetings, parts_in, to_come
from app.services.enrolments.rules import Waiting, free_place, has_completed, in_time, whom_to_ask
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.scheduling import BOOKABLE

S = EnrolmentStatus
WITHDRAW_REASONS = ("own_wish", "work_or_education", "health", "moved", "support_ended", "other")
_WORKERS = frozenset({Role.support_worker})
_SYSTEM: frozenset[Role] = frozenset()
_OVER = frozenset({SeriesStatus.completed, SeriesStatus.ended})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a move of an enrolment is decided on. `next_number`: of the first meeting to come."""

    series: Series
    mentee: MenteeStatus
    next_number: int | None
    attended: int
    free_place: int | None


async def load_facts(db: AsyncSession, enrolment: Enrolment) -> Facts:
    series = await referred(db, Series, enrolment.prison_id, enrolment.series_id, "series_id")
    mentee = await referred(db, Mentee, enrolment.prison_id, enrolment.mentee_id, "mentee_id")
    left = await to_come(db, series)
    parts = await parts_in(db, series, enrolment)
    taken = [each.place for each in await live_in(db, series) if each.place is not None]
    return Facts(
        series,
        mentee.status,
        left[0][0] if left else None,
        sum(each.status is ParticipationStatus.attended for each in parts),
        free_place(series.places, taken),
    )


async def live_in(db: AsyncSession, series: Series) -> list[Enrolment]:
    """Everybody who waits, is offered a place or has one."""
    found = everything(Enrolment, series.prison_id).where(
        col(Enrolment.series_id) == series.id, col(Enrolment.status).in_(ENROLMENT_LIVE)
    )
    return list(await db.scalars(found.order_by(col(Enrolment.id))))


def series_open(context: Context) -> Refusal | None:
    if context.facts.series.status not in _OVER:
        return None
    return Refusal("series_open", "The series is over.")


def joins_in_time(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    if in_time(facts.next_number, facts.series.join_until):
        return None
    return Refusal(
        "joins_in_time", f"One joins by meeting {facts.series.join_until or 'the last'}."
    )


def mentee_bookable(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    if facts.mentee in BOOKABLE:
        return None
    return Refusal("mentee_bookable", f"The mentee is {facts.mentee}: nothing is planned then.")


def answers_in_time(context: Context) -> Refusal | None:
    by = context.thing.answer_by
    if by is None or clock.now() <= by:
        return None
    return Refusal("answers_in_time", f"The place was kept until {clock.spell(by)}.")


def a_place_is_free(context: Context) -> Refusal | None:
    if context.facts.free_place is not None:
        return None
    return Refusal("a_place_is_free", "Every place is taken.")


def nothing_to_come(context: Context) -> Refusal | None:
    if context.facts.next_number is None:
        return None
    return Refusal("nothing_to_come", f"Meeting {context.facts.next_number} is still to come.")


def attended_enough(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    least = facts.series.attend_at_least
    if has_completed(facts.attended, least):
        return None
    if least is None:
        return Refusal("attended_enough", "This series has no rule by which it is completed.")
    return Refusal("attended_enough", f"{facts.attended} of at least {least} were attended.")


def not_enough_after_all(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    if not has_completed(facts.attended, facts.series.attend_at_least):
        return None
    return Refusal("not_enough_after_all", f"{facts.attended} were attended: that is enough.")


async def take_place(db: AsyncSession, context: Context) -> None:
    """The lowest free place is kept for them until the answer is due."""
    enrolment: Enrolment = context.thing
    series: Series = context.facts.series
    enrolment.place = context.facts.free_place
    enrolment.offered_at = clock.now()
    enrolment.answer_by = clock.now() + timedelta(hours=series.answer_hours)


async def keep_place(db: AsyncSession, context: Context) -> None:
    context.thing.answer_by = None


async def give_up_place(db: AsyncSession, context: Context) -> None:
    """The place is free. One who did not answer in time waits on, as long since as before."""
    enrolment: Enrolment = context.thing
    enrolment.place = enrolment.answer_by = None
    await reviews.over(db, enrolment)
    if enrolment.status is S.waiting:
        enrolment.passed_over_at = clock.now()


async def ask_the_next(db: AsyncSession, context: Context) -> None:
    """A place that is given up is offered to the next, in the same transaction."""
    passed_on = context.thing.status is S.waiting
    since = context.thing.place_free_since if passed_on else None
    await fill(db, context.facts.series, since)


async def fill(db: AsyncSession, series: Series, free_since: datetime | None = None) -> None:
    """Offer what is free to those who wait, in their order. The caller holds the series.
    `free_since`: of a place that somebody did not answer for."""
    system = the_system(series.prison_id)
    left = await to_come(db, series)
    if series.status in _OVER or not in_time(left[0][0] if left else None, series.join_until):
        return
    while True:
        everybody = await live_in(db, series)
        taken = [each.place for each in everybody if each.place is not None]
        if free_place(series.places, taken) is None:
            return
        since = free_since or clock.now()
        chosen = whom_to_ask(await waiting_in(db, series, everybody), since)
        if chosen is None:
            return
        [enrolment] = [each for each in everybody if each.id == chosen.enrolment_id]
        again = chosen.passed_over_at is not None and chosen.passed_over_at >= since
        enrolment.place_free_since = clock.now() if again else since
        await lifecycle.move(db, ENROLMENT, enrolment, to=S.offered, actor=system)
        free_since = None


async def waiting_in(db: AsyncSession, series: Series, everybody: list[Enrolment]) -> list[Waiting]:
    """Those of them who wait, with what their order is decided on."""
    waiting = [each for each in everybody if each.status is S.waiting]
    found = everything(Mentee, series.prison_id).where(
        col(Mentee.id).in_([each.mentee_id for each in waiting])
    )
    mentees = {each.id: each for each in await db.scalars(found)}
    return [
        Waiting(
            each.id,
            mentees[each.mentee_id].safety_need,
            each.waiting_since,
            each.passed_over_at,
            mentees[each.mentee_id].status in BOOKABLE,
        )
        for each in waiting
    ]


_JOINS = (series_open, joins_in_time, mentee_bookable)
_GIVES_UP = (give_up_place, leave_meetings, ask_the_next)
MOVES = {
    (S.waiting, S.offered): Move(
        _SYSTEM, (*_JOINS, a_place_is_free), effects=(take_place,), offered=False
    ),
    (S.waiting, S.withdrawn): Move(_WORKERS, reasons=WITHDRAW_REASONS),
    (S.waiting, S.ended): Move(_SYSTEM, offered=False),
    (S.offered, S.accepted): Move(_WORKERS, (*_JOINS, answers_in_time), effects=(keep_place, join)),
    (S.offered, S.declined): Move(_WORKERS, effects=_GIVES_UP),
    (S.offered, S.waiting): Move(_SYSTEM, effects=(give_up_place, ask_the_next), offered=False),
    (S.offered, S.withdrawn): Move(_WORKERS, reasons=WITHDRAW_REASONS, effects=_GIVES_UP),
    (S.offered, S.ended): Move(_SYSTEM, effects=(give_up_place,), offered=False),
    (S.accepted, S.withdrawn): Move(_WORKERS, reasons=WITHDRAW_REASONS, effects=_GIVES_UP),
    (S.accepted, S.completed): Move(
        _WORKERS, (attended_enough, nothing_to_come), effects=(give_up_place,)
    ),
    (S.accepted, S.ended): Move(_SYSTEM, effects=(give_up_place, leave_meetings), offered=False),
    (S.ended, S.completed): Move(_WORKERS, (attended_enough, nothing_to_come)),
    (S.completed, S.ended): Move(_WORKERS, (not_enough_after_all,)),
}
ENROLMENT = Lifecycle("enrolments", "enrolment", EnrolmentStatus, MOVES, load_facts)


async def close(db: AsyncSession, context: Context) -> None:
    """With the series its enrolments are over: completed by whoever came often enough."""
    series: Series = context.thing
    system = the_system(series.prison_id)
    for enrolment in await live_in(db, series):
        to = S.ended
        if enrolment.status is S.accepted:
            facts = await load_facts(db, enrolment)
            enough = has_completed(facts.attended, series.attend_at_least)
            to = S.completed if enough and facts.next_number is None else S.ended
        await lifecycle.move(db, ENROLMENT, enrolment, to=to, actor=system)
