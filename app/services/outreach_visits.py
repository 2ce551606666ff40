"""Outreach: visits to the wings where the scheme does not live, and which were not reached."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, cast, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import FieldError, Invalid
from app.models.base import Output
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.outreach_visits import (
    OutreachCoverage,
    OutreachPart,
    OutreachVisit,
    OutreachVisitCreate,
    OutreachVisitUpdate,
)
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.staff import Staff, StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.models.wings import Wing
from app.scope import everything, referred
from app.services import outbox, tasks
from app.services.periods import Period, period_of
from app.visibility import shape

VISITED_WITHIN = timedelta(days=31)
VISIT_WITHIN = timedelta(days=7)  # from being reminded
USUAL_PERIOD = timedelta(days=30)
_NO_IDS = cast([], ARRAY(Uuid))


def state_at(moves: Sequence[History], instant: datetime) -> str | None:
    """The state that a thing was in at an instant, by its history; None before it began. What only
    marks something within a state says nothing of it: a move may have been entered late."""
    before = [
        each for each in moves if each.occurred_at <= instant and each.from_state != each.to_state
    ]
    last = max(before, key=lambda each: (each.occurred_at, each.recorded_at, each.id), default=None)
    return last.to_state if last is not None else None


async def record(db: AsyncSession, actor: Actor, body: OutreachVisitCreate) -> OutreachVisit:
    """Record a visit as it was made."""
    visit = OutreachVisit(
        prison_id=actor.prison_id,
        recorded_by=actor.staff_id,
        **body.model_dump(exclude={"staff_ids", "mentor_ids"}),
    )
    await _check(db, visit)
    await _check_staff(db, visit, body.staff_ids)
    await _check_mentors(db, visit, body.mentor_ids)
    db.add(visit)
    await db.flush()
    _add_parts(db, visit, body.staff_ids, body.mentor_ids)
    outbox.say(db, visit.prison_id, "outreach_visit.recorded", visit.id)
    await _visited(db, actor, visit)
    await db.flush()
    return visit


async def update(
    db: AsyncSession, actor: Actor, visit: OutreachVisit, body: OutreachVisitUpdate
) -> None:
    """Correct a visit. Its mentors are held against the day that it then has."""
    staff_ids, mentor_ids = await parts_of(db, visit)
    changed = body.model_dump(exclude_unset=True)
    staff_ids, mentor_ids = (
        changed.pop("staff_ids", staff_ids),
        changed.pop("mentor_ids", mentor_ids),
    )
    with db.no_autoflush:
        for name, value in changed.items():
            setattr(visit, name, value)
        await _check(db, visit)
        await _check_staff(db, visit, staff_ids)
        await _check_mentors(db, visit, mentor_ids)
    if {"staff_ids", "mentor_ids"} & body.model_fields_set:
        visit.version += 1  # who went is part of what the ETag is of
        await db.execute(
            delete(OutreachPart).where(
                col(OutreachPart.prison_id) == visit.prison_id,
                col(OutreachPart.outreach_visit_id) == visit.id,
            )
        )
        _add_parts(db, visit, staff_ids, mentor_ids)
    outbox.say(db, visit.prison_id, "outreach_visit.updated", visit.id)
    await _visited(db, actor, visit)
    await db.flush()


async def _check(db: AsyncSession, visit: OutreachVisit) -> None:
    """Raises Invalid, naming the field, for a visit that cannot have been."""
    if visit.held_at > clock.now():
        raise Invalid.field("held_at", "in_the_future", "must not be in the future")
    if visit.referrals_taken > visit.people_spoken_with:
        message = "must not be more than were spoken with"
        raise Invalid.field("referrals_taken", "too_many", message)
    wing = await referred(db, Wing, visit.prison_id, visit.wing_id, "wing_id")
    if wing.dedicated:
        raise Invalid.field("wing_id", "dedicated", "the scheme lives on this wing")


async def _check_staff(db: AsyncSession, visit: OutreachVisit, ids: Sequence[UUID]) -> None:
    found = everything(Staff, visit.prison_id).where(col(Staff.id).in_(ids))
    known = {each.id for each in (await db.execute(found)).scalars()}
    _refuse("staff_ids", ids, {each: "there is no such member of staff here" for each in ids
                               if each not in known})  # fmt: skip


async def _check_mentors(db: AsyncSession, visit: OutreachVisit, ids: Sequence[UUID]) -> None:
    """Each was active at the time of the visit: by the history, not by what they are today."""
    found = everything(Mentor, visit.prison_id).where(col(Mentor.id).in_(ids))
    known = {each.id for each in (await db.execute(found)).scalars()}
    moved = everything(History, visit.prison_id).where(col(History.thing_id).in_(ids))
    moves = (await db.execute(moved)).scalars().all()
    wrong = {}
    for each in ids:
        if each not in known:
            wrong[each] = "there is no such mentor here"
            continue
        theirs = [move for move in moves if move.thing_id == each]
        if state_at(theirs, visit.held_at) != MentorStatus.active:
            wrong[each] = "was not an active mentor at that time"
    _refuse("mentor_ids", ids, wrong)


def _refuse(name: str, ids: Sequence[UUID], wrong: dict[UUID, str]) -> None:
    """Raises Invalid, naming each place in the list that is wrong or there twice."""
    seen: set[UUID] = set()
    errors = []
    for number, each in enumerate(ids):
        if each in seen:
            errors.append(FieldError(f"{name}.{number}", "twice", "is there twice"))
        elif each in wrong:
            errors.append(FieldError(f"{name}.{number}", "not_there", wrong[each]))
        seen.add(each)
    if errors:
        raise Invalid("; ".join(error.message for error in errors) + ".", errors=errors)


def _add_parts(
    db: AsyncSession, visit: OutreachVisit, staff_ids: Collection[UUID], mentors: Collection[UUID]
) -> None:
    here, made = visit.prison_id, visit.id
    for staff_id in staff_ids:
        db.add(OutreachPart(prison_id=here, outreach_visit_id=made, staff_id=staff_id))
    for mentor_id in mentors:
        db.add(OutreachPart(prison_id=here, outreach_visit_id=made, mentor_id=mentor_id))


async def parts_of(db: AsyncSession, visit: OutreachVisit) -> tuple[list[UUID], list[UUID]]:
    """Who went: staff and mentors."""
    found = everything(OutreachPart, visit.prison_id).where(
        col(OutreachPart.outreach_visit_id) == visit.id
    )
    parts = (await db.execute(found.order_by(col(OutreachPart.id)))).scalars().all()
    return (
        [each.staff_id for each in parts if each.staff_id is not None],
        [each.mentor_id for each in parts if each.mentor_id is not None],
    )


def ids_of(column: Any) -> Any:
    """Who went, as a list of ids in a page of visits."""
    listed = (
        select(
            func.coalesce(func.array_agg(aggregate_order_by(column, col(OutreachPart.id))), _NO_IDS)
        )
        .where(
            col(OutreachPart.prison_id) == col(OutreachVisit.prison_id),
            col(OutreachPart.outreach_visit_id) == col(OutreachVisit.id),
            column.is_not(None),
        )
        .correlate(OutreachVisit)
    )
    return listed.scalar_subquery()


async def shown(db: AsyncSession, visit: OutreachVisit, actor: Actor) -> Output:
    """The visit with who went."""
    staff_ids, mentor_ids = await parts_of(db, visit)
    fields = {**visit.model_dump(), "staff_ids": staff_ids, "mentor_ids": mentor_ids}
    return shape("outreach_visits", actor.role).model_validate(fields)


async def coverage(
    db: AsyncSession, prison_id: str, since: date | None, until: date | None
) -> list[OutreachCoverage]:
    """Every wing that is not dedicated, and how it was reached in the period."""
    prison = await db.get_one(Prison, prison_id)
    period = period_of(prison.tz, since, until, USUAL_PERIOD)
    wings = everything(Wing, prison_id).where(~col(Wing.dedicated)).order_by(col(Wing.code))
    last, made = await _last_visits(db, prison_id), await _made(db, prison_id, period)
    referrals = await _referrals(db, prison_id, period)
    now = clock.now()
    found = []
    for wing in (await db.execute(wings)).scalars():
        visits, spoken, taken = made.get(wing.id, (0, 0, 0))
        at = last.get(wing.id)
        found.append(
            OutreachCoverage(
                wing_id=wing.id,
                code=wing.code,
                last_visit_at=at,
                days_since=(now - at).days if at else None,
                visits=visits,
                people_spoken_with=spoken,
                referrals_taken=taken,
                referrals=referrals.get(wing.code, 0),
            )
        )
    return found


async def _last_visits(db: AsyncSession, prison_id: str) -> dict[UUID, datetime]:
    last = select(col(OutreachVisit.wing_id), func.max(col(OutreachVisit.held_at))).where(
        col(OutreachVisit.prison_id) == prison_id
    )
    rows = await db.execute(last.group_by(col(OutreachVisit.wing_id)))
    return {wing_id: at for wing_id, at in rows}


async def _made(
    db: AsyncSession, prison_id: str, period: Period
) -> dict[UUID, tuple[int, int, int]]:
    made = select(
        col(OutreachVisit.wing_id),
        func.count(),
        func.sum(col(OutreachVisit.people_spoken_with)),
        func.sum(col(OutreachVisit.referrals_taken)),
    ).where(
        col(OutreachVisit.prison_id) == prison_id,
        col(OutreachVisit.held_at) >= period.since,
        col(OutreachVisit.held_at) < period.until,
    )
    rows = await db.execute(made.group_by(col(OutreachVisit.wing_id)))
    return {
        wing_id: (int(count), int(spoken), int(taken)) for wing_id, count, spoken, taken in rows
    }


async def _referrals(db: AsyncSession, prison_id: str, period: Period) -> dict[str, int]:
    """Referrals of the period, as demand counts them, by the wing where the person lives now."""
    wing = func.split_part(col(Person.cell_location), "-", 1)
    counted = (
        select(wing, func.count())
        .join(
            Mentee,
            (col(Mentee.prison_id) == col(Person.prison_id))
            & (col(Mentee.person_id) == col(Person.id)),
        )
        .where(
            col(Person.prison_id) == prison_id,
            col(Person.presence) != Presence.left,
            col(Mentee.referred_at) >= period.since,
            col(Mentee.referred_at) < period.until,
            col(Mentee.status) != MenteeStatus.merged,
        )
    )
    return {code: int(count) for code, count in await db.execute(counted.group_by(wing)) if code}


async def _visited(db: AsyncSession, actor: Actor, visit: OutreachVisit) -> None:
    """A visit within the time is what the wing's task asked for."""
    if clock.now() - visit.held_at < VISITED_WITHIN:
        wing = await referred(db, Wing, visit.prison_id, visit.wing_id, "wing_id")
        await tasks.finish(db, wing, TaskKind.outreach_visit_due, actor)


async def remind(db: AsyncSession, prison_id: str) -> int:
    """Open a task for each wing that nobody has visited for 31 days, if there is a mentor to go;
    again only when as many days have passed since the last one was done. For the worker."""
    active = everything(Mentor, prison_id).where(col(Mentor.status) == MentorStatus.active).limit(1)
    if (await db.execute(active)).scalar_one_or_none() is None:
        return 0
    wings = everything(Wing, prison_id).where(~col(Wing.dedicated)).order_by(col(Wing.id))
    last, opened = await _last_visits(db, prison_id), 0
    for wing in (await db.execute(wings.with_for_update(skip_locked=True))).scalars().all():
        seen = max(wing.recorded_at, last.get(wing.id, wing.recorded_at))
        if clock.now() - seen < VISITED_WITHIN or await _reminded(db, wing):
            continue
        await tasks.open_task(
            db,
            prison_id,
            TaskKind.outreach_visit_due,
            thing=wing,
            for_role=StaffRole.support_worker,
            due_in=VISIT_WITHIN,
            actor=the_system(prison_id),
        )
        opened += 1
    return opened


async def _reminded(db: AsyncSession, wing: Wing) -> bool:
    """Whether a task of the wing is open, or was ended less than 31 days ago."""
    found = everything(Task, wing.prison_id).where(
        col(Task.thing_id) == wing.id, col(Task.kind) == TaskKind.outreach_visit_due
    )
    return any(
        each.status is TaskStatus.open
        or (each.done_at is not None and clock.now() - each.done_at < VISITED_WITHIN)
        for each in (await db.execute(found)).scalars()
    )
