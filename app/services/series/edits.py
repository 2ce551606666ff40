"""Changes of a series: new meetings supersede those still to come, with whoever comes to them.

Nothing is overwritten. A session that is superseded is called off and stays; its occurrence says
when it was superseded, and the new one which it took the place of. Participations are not offered
anew: they come along as they stand.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor, the_system
from app.errors import Clash, Invalid, NothingToChange
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.prisons import Prison
from app.models.series import (
    ChangeCreate,
    ChangeScope,
    LeftOut,
    Occurrence,
    OccurrenceCreate,
    Series,
    SeriesPlan,
)
from app.models.sessions import Participation, Session, SessionKind, SessionStatus
from app.scope import everything
from app.services import lifecycle, outbox
from app.services.series import left_out_of, plan_now, settle, still_open
from app.services.series.moves import SERIES
from app.services.series.supersession import Change, Meeting, Step, out_of_order, steps
from app.services.sessions.booking import book
from app.services.sessions.facts import plan_of, take_locks
from app.services.sessions.meetings import meetings_of
from app.services.sessions.moves import COMING, SESSION, SUPERSEDED, participations_of
from app.services.working_days import is_bank_holiday

_OF_A_SESSION = {"room_id", "mentor_id", "lead_staff_id"}
_OF_A_PLAN = _OF_A_SESSION | {"starts", "minutes", "every_weeks"}


class _Clashed(Exception):
    """Some of the new meetings cannot be: none of them is kept, and it is tried without them."""


async def change(
    db: AsyncSession, actor: Actor, series: Series, body: ChangeCreate
) -> Sequence[LeftOut]:
    """Change one meeting, this and the following, or all, as far as they are to come. One whose
    new plan clashes stays as it was and is named, or the whole is refused."""
    still_open(series)
    named = body.model_dump(exclude_unset=True, include=_OF_A_SESSION)
    if series.kind is SessionKind.art_therapy and named.get("lead_staff_id", True) is None:
        message = "art therapy needs its qualified lead"
        raise Invalid.field("lead_staff_id", "lead", message)
    zone = (await db.get_one(Prison, series.prison_id)).tz
    wanted = Change(
        body.scope,
        body.number or 1,
        body.days_later,
        body.starts,
        body.minutes,
        body.every_weeks,
        series.skip_bank_holidays,
        elsewise=bool(named),
    )
    meetings = await _meetings(db, series)
    todo = {step.number: step for step in steps(meetings, wanted, clock.now(), zone)}
    if not todo:
        raise NothingToChange()
    _on_no_holiday(series, todo, body)
    _before_the_end(series, todo, body)
    _in_order(meetings, todo)
    left_out: dict[int, LeftOut] = {}
    done = await _as_far_as_it_goes(db, actor, series, named, todo, left_out)
    in_order = [left_out[number] for number in sorted(left_out)]
    settle(in_order, body.on_clash, booked=len(done))
    _in_order(meetings, done)
    if body.scope is not ChangeScope.this:
        await _new_plan(db, series, body, min(done))
    await lifecycle.mark(db, SERIES, series, actor, "changed")
    await db.flush()
    return in_order


async def _meetings(db: AsyncSession, series: Series) -> list[Meeting]:
    """The meetings that count, as they stand."""
    return [
        Meeting(each.number, each.day, session.starts_at, session.ends_at, session.status)
        for each, session in await meetings_of(db, series)
    ]


def _in_order(meetings: list[Meeting], instead: dict[int, Step]) -> None:
    """Meetings keep the order of their numbers."""
    if late := out_of_order(meetings, instead):
        message = f"meeting {late} would not come after the one before it"
        raise Invalid.field("days_later", "order", message)


def _on_no_holiday(series: Series, todo: dict[int, Step], body: ChangeCreate) -> None:
    """A series without meetings on bank holidays is not moved to one."""
    bad = [str(each.day) for each in todo.values() if is_bank_holiday(each.day)]
    if body.days_later and series.skip_bank_holidays and bad:
        message = f"bank holidays: {', '.join(bad)}"
        raise Invalid.field("days_later", "bank_holiday", message)


def _before_the_end(series: Series, todo: dict[int, Step], body: ChangeCreate) -> None:
    """A series with a last day is not stretched beyond it: what would be is called off first."""
    if body.every_weeks is None or series.last_day is None:
        return
    late = [number for number, step in sorted(todo.items()) if step.day > series.last_day]
    if late:
        message = f"meeting {late[0]} would be after the last day, {series.last_day}"
        raise Invalid.field("every_weeks", "last_day", message)


async def _as_far_as_it_goes(
    db: AsyncSession,
    actor: Actor,
    series: Series,
    named: dict[str, Any],
    todo: dict[int, Step],
    left_out: dict[int, LeftOut],
) -> dict[int, Step]:
    """Supersede all at once, so that no old meeting is in the way of a new one. Where one clashes
    all are put back and it is tried without that one. Answers what was done."""
    while left := {number: step for number, step in todo.items() if number not in left_out}:
        try:
            async with db.begin_nested():
                await _supersede(db, actor, series, named, left, left_out)
        except _Clashed:
            continue
        return left
    return {}


async def _supersede(
    db: AsyncSession,
    actor: Actor,
    series: Series,
    named: dict[str, Any],
    todo: dict[int, Step],
    left_out: dict[int, LeftOut],
) -> None:
    """Raises _Clashed, with what clashes added to `left_out`."""
    meant = [(old, each) for old, each in await meetings_of(db, series) if old.number in todo]
    parts = {old.id: await _coming(db, session) for old, session in meant}
    await _hold(db, series, [session for _, session in meant], named, parts.values())
    bodies = {old.id: _body(each, named, todo[old.number], parts[old.id]) for old, each in meant}
    await take_locks(db, series.prison_id, *map(plan_of, bodies.values()))
    now, system = clock.now(), the_system(series.prison_id)
    for old, session in meant:
        gone = SessionStatus.cancelled
        await lifecycle.move(db, SESSION, session, to=gone, actor=system, reason=SUPERSEDED)
        old.superseded_at = now
    await db.flush()
    before = len(left_out)
    for old, _ in meant:
        step = todo[old.number]
        try:
            new = await book(db, actor, bodies[old.id], along=parts[old.id])
        except Clash as clash:
            left_out[old.number] = left_out_of(step.day, step.starts_at, clash)
        else:
            db.add(_instead_of(old, new, step))
    if len(left_out) > before:
        raise _Clashed()
    await db.flush()


async def _coming(db: AsyncSession, session: Session) -> list[Participation]:
    return [each for each in await participations_of(db, session) if each.status in COMING]


async def _hold(
    db: AsyncSession,
    series: Series,
    sessions: list[Session],
    named: dict[str, Any],
    parts: Iterable[list[Participation]],
) -> None:
    """Keep mentors, then mentees, as they are: whoever leaves is locked before their sessions."""
    mentors = {each.mentor_id for each in sessions} | ({named.get("mentor_id")} - {None})
    mentees = {each.mentee_id for of_one in parts for each in of_one}
    ids: tuple[tuple[Any, set[Any]], ...] = ((Mentor, mentors), (Mentee, mentees))
    for model, wanted in ids:
        found = everything(model, series.prison_id).where(model.id.in_(wanted))
        locked = found.with_only_columns(model.id).order_by(model.id)
        await db.execute(locked.with_for_update(read=True))


def _body(
    session: Session, named: dict[str, Any], step: Step, parts: list[Participation]
) -> OccurrenceCreate:
    """What takes the session's place, with those who come along."""
    as_it_was = {name: getattr(session, name) for name in _OF_A_SESSION}
    return OccurrenceCreate(
        kind=session.kind,
        starts_at=step.starts_at,
        ends_at=step.ends_at,
        mentee_ids=[part.mentee_id for part in parts],
        **(as_it_was | named),
    )


def _instead_of(old: Occurrence, session: Session, step: Step) -> Occurrence:
    return Occurrence(
        prison_id=old.prison_id,
        series_id=old.series_id,
        session_id=session.id,
        number=old.number,
        day=step.day,
        supersedes_id=old.id,
    )


async def _new_plan(db: AsyncSession, series: Series, body: ChangeCreate, first: int) -> None:
    """A plan that supersedes the present one, from the first meeting changed on."""
    old = await plan_now(db, series)
    old.superseded_at = clock.now()
    await db.flush()
    as_it_was = {name: getattr(old, name) for name in _OF_A_PLAN}
    named = body.model_dump(exclude_unset=True, include=_OF_A_PLAN)
    db.add(
        SeriesPlan(
            prison_id=series.prison_id,
            series_id=series.id,
            from_number=first,
            supersedes_id=old.id,
            **(as_it_was | named),
        )
    )
    outbox.say(db, series.prison_id, "series.replanned", series.id)
    await db.flush()
