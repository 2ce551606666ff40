"""What a plan is held against: who is named in it, the locks it takes, the facts it meets."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import FieldError, Invalid
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import Commitment, Mentor
from app.models.people import Person, same_wing
from app.models.prisons import Prison
from app.models.rooms import Room
from app.models.series import Occurrence
from app.models.sessions import (
    ClashKind,
    Participation,
    Session,
    SessionCreate,
    SessionHeld,
    SessionStatus,
)
from app.models.staff import Role, Staff
from app.scope import everything, referred, visible
from app.services import regimes, spared
from app.services.scheduling import Facts, Limits, Place, Plan, Taken, Worked, reach_of
from app.services.sessions import closed, duty, together
from app.services.sessions.moves import COMING

# One at a time, in the order of the array: everyone takes the locks in the same order.
_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(CAST(:keys AS text[])) key"
)

_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:key, 0))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


def plan_of(body: SessionCreate | SessionHeld) -> Plan:
    return Plan(
        kind=body.kind,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        room_id=body.room_id,
        mentor_id=body.mentor_id,
        mentee_ids=tuple(body.mentee_ids),
        lead_staff_id=body.lead_staff_id,
    )


async def take_locks(db: AsyncSession, prison_id: str, *plans: Plan) -> None:
    """Wait for everyone who plans with the same rooms, mentors or mentees; until the commit. Who
    makes several plans takes the locks of all of them first: one order holds for everyone."""
    things: set[tuple[str, UUID | None]] = set()
    for plan in plans:
        things |= {("room", plan.room_id), ("mentor", plan.mentor_id)}
        things |= {("mentee", mentee_id) for mentee_id in plan.mentee_ids}
    await hold_the_day(db, prison_id)
    await hold_plans(db, prison_id, things)


async def hold_plans(
    db: AsyncSession, prison_id: str, things: Iterable[tuple[str, UUID | None]]
) -> None:
    """Wait for everyone who plans with these rooms, mentors or mentees; until the commit."""
    keys = sorted(f"{prison_id}:{kind}:{thing_id}" for kind, thing_id in things if thing_id)
    await db.execute(_LOCK, {"keys": keys})


async def hold_the_day(db: AsyncSession, prison_id: str, *, alone: bool = False) -> None:
    """Let no lockdown be declared until the commit; `alone`, to declare one: wait for everyone who
    plans. Before any other lock of a plan."""
    await db.execute(_ALONE if alone else _SHARED, {"key": f"{prison_id}:day"})


async def check_references(
    db: AsyncSession, actor: Actor, body: SessionCreate | SessionHeld
) -> None:
    """Everyone named is there for this actor: a mentor books for themselves and their own
    mentees, and learns of nobody else whether they exist. Raises Invalid, naming the fields."""
    await check_people(db, actor, plan_of(body))
    await check_mentees(db, actor, body.mentee_ids)


async def check_mentees(db: AsyncSession, actor: Actor, mentee_ids: Sequence[UUID]) -> None:
    """The mentees are there for this actor. Raises Invalid, naming the fields."""
    found = visible(Mentee, actor).with_only_columns(col(Mentee.id))
    known = set((await db.execute(found.where(col(Mentee.id).in_(mentee_ids)))).scalars())
    message = "there is no such mentee here"
    unknown = [
        FieldError(f"mentee_ids.{number}", "unknown", message)
        for number, mentee_id in enumerate(mentee_ids)
        if mentee_id not in known
    ]
    if unknown:
        raise Invalid(message, errors=unknown)


async def check_people(db: AsyncSession, actor: Actor, plan: Plan) -> None:
    """The room, the mentor and the lead are there. Raises Invalid, naming the field."""
    if actor.family is Role.mentor and plan.mentor_id != actor.mentor_id:
        raise Invalid.field("mentor_id", "unknown", "there is no such mentor here")
    await referred(db, Mentor, actor.prison_id, plan.mentor_id, "mentor_id")
    if plan.room_id is not None:
        await referred(db, Room, actor.prison_id, plan.room_id, "room_id")
    if plan.lead_staff_id is not None:
        lead = await referred(db, Staff, actor.prison_id, plan.lead_staff_id, "lead_staff_id")
        if not lead.active:
            raise Invalid.field("lead_staff_id", "not_active", "must be an active colleague")


async def in_series(db: AsyncSession, session: Session) -> bool:
    """Whether the session is a meeting of a series, which is changed there."""
    found = everything(Occurrence, session.prison_id).where(
        col(Occurrence.session_id) == session.id
    )
    return (await db.execute(found.limit(1))).first() is not None


async def hold_mentor(db: AsyncSession, session: Session) -> None:
    """Keep the session's mentor as they are until the commit. A mentor who leaves work is locked
    before their sessions, and a lockdown takes the day before them: whoever changes a plan takes
    them in the same order."""
    await hold_the_day(db, session.prison_id)
    mentor = everything(Mentor, session.prison_id).where(col(Mentor.id) == session.mentor_id)
    await db.execute(mentor.with_only_columns(col(Mentor.id)).with_for_update(read=True))


async def load_facts(
    db: AsyncSession,
    prison_id: str,
    plan: Plan,
    *,
    except_for: UUID | None = None,
    asker: UUID | None = None,
    rooms: Collection[UUID] = (),
    hold: bool = True,
) -> Facts:
    """What the plan is held against, as far as the asker, a member of staff, may learn of it; in as
    many queries whoever comes. `rooms`: others to be looked at. With `hold`, mentor and mentees are
    kept as they are until the commit, so that nobody is suspended or discharged between the look
    and the save."""
    prison = await db.get_one(Prison, prison_id)  # kept at hand for all that asks for it below
    mentors = everything(Mentor, prison_id).where(col(Mentor.id) == plan.mentor_id)
    mentees = everything(Mentee, prison_id).with_only_columns(
        col(Mentee.id), col(Mentee.status), col(Mentee.person_id)
    )
    mentees = mentees.where(col(Mentee.id).in_(plan.mentee_ids)).order_by(col(Mentee.id))
    if hold:
        mentors, mentees = mentors.with_for_update(read=True), mentees.with_for_update(read=True)
    mentors = mentors.execution_options(populate_existing=True)
    mentor = (await db.execute(mentors)).scalar_one()
    rows = (await db.execute(mentees)).all()
    statuses: dict[UUID, MenteeStatus] = {row.id: row.status for row in rows}
    persons: dict[UUID, UUID] = {row.id: row.person_id for row in rows}
    here = col(Room.id) == plan.room_id
    found = await closed.places(db, prison_id, here, plan.starts_at, plan.ends_at)
    place = found[0] if found else Place()
    taken = [
        *await _taken_by_sessions(db, prison_id, plan, except_for, rooms),
        *await _taken_mentees(db, prison_id, plan, except_for),
    ]
    facts = Facts(
        clock.now(),
        taken,
        None,
        mentor.status,
        statuses,
        await _limits(db, mentor, persons, plan, except_for),
        await together.needed(db, mentor, persons, plan.starts_at, plan.ends_at),
        await together.apart(db, mentor, persons, asker),
        await regimes.open_between(db, prison_id, plan.starts_at, plan.ends_at),
        prison.kinds_outside_regime,
        await closed.lockdowns(db, prison_id, plan.starts_at, plan.ends_at),
    )
    return place.within(facts)


async def _limits(
    db: AsyncSession,
    mentor: Mentor,
    persons: Mapping[UUID, UUID],
    plan: Plan,
    except_for: UUID | None,
) -> Limits:
    """The mentor's limits, and their other sessions in the time that the limits count."""
    prison = await db.get_one(Prison, mentor.prison_id)
    full_time = mentor.commitment is Commitment.full_time
    first, last = reach_of(plan, prison.tz)
    found = everything(Session, mentor.prison_id).where(
        col(Session.mentor_id) == mentor.id,
        col(Session.status) != SessionStatus.cancelled,
        col(Session.starts_at) >= first,
        col(Session.starts_at) < last,
        col(Session.id).is_distinct_from(except_for),
    )
    columns = (col(Session.kind), col(Session.starts_at), col(Session.ends_at))
    return Limits(
        prison.full_time_weekly_hours if full_time else prison.voluntary_weekly_hours,
        prison.nights_in_seven_days,
        frozenset(mentor.limits),
        await _elsewhere(db, mentor, persons),
        [Worked(*row) for row in await db.execute(found.with_only_columns(*columns))],
        prison.tz,
        await duty.duties(db, mentor, first, last, prison.tz),
        (await spared.of(db, mentor.prison_id, [mentor.id]))[mentor.id],
    )


async def _elsewhere(
    db: AsyncSession, mentor: Mentor, persons: Mapping[UUID, UUID]
) -> frozenset[UUID]:
    """The plan's mentees of whom nobody can say that they live on the mentor's wing."""
    ids = [mentor.person_id, *persons.values()]
    people = everything(Person, mentor.prison_id).where(col(Person.id).in_(ids))
    wings = {each.id: each.wing_code for each in (await db.scalars(people)).all()}
    home = wings[mentor.person_id]
    return frozenset(each for each, whose in persons.items() if not same_wing(wings[whose], home))


def _span(plan: Plan) -> Range[object]:
    return Range(plan.starts_at, plan.ends_at)


async def _taken_by_sessions(
    db: AsyncSession,
    prison_id: str,
    plan: Plan,
    except_for: UUID | None,
    rooms: Collection[UUID],
) -> list[Taken]:
    found = everything(Session, prison_id).where(
        col(Session.live),
        col(Session.during).overlaps(_span(plan)),  # type: ignore[attr-defined]
        or_(
            col(Session.room_id).in_([plan.room_id, *rooms]),
            col(Session.mentor_id) == plan.mentor_id,
        ),
        col(Session.id).is_distinct_from(except_for),
    )
    columns = (Session.room_id, Session.mentor_id, Session.starts_at, Session.ends_at)
    taken = []
    for row in await db.execute(found.with_only_columns(*columns)):  # type: ignore[call-overload]
        if row.room_id is not None:
            taken.append(Taken(ClashKind.room, row.room_id, row.starts_at, row.ends_at))
        taken.append(Taken(ClashKind.mentor, row.mentor_id, row.starts_at, row.ends_at))
    return taken


async def _taken_mentees(
    db: AsyncSession, prison_id: str, plan: Plan, except_for: UUID | None
) -> list[Taken]:
    found = everything(Participation, prison_id).where(
        col(Participation.live),
        col(Participation.status).in_(COMING),
        col(Participation.during).overlaps(_span(plan)),  # type: ignore[attr-defined]
        col(Participation.mentee_id).in_(plan.mentee_ids),
        col(Participation.session_id).is_distinct_from(except_for),
    )
    columns = found.with_only_columns(col(Participation.mentee_id), col(Participation.during))
    return [
        Taken(ClashKind.mentee, mentee_id, during.lower, during.upper)
        for mentee_id, during in await db.execute(columns)
    ]
