"""Booking and re-planning: lock, load the facts, decide, save."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app import errors
from app.access import Actor
from app.errors import (
    FieldError,
    InSeries,
    Invalid,
    MenteeTaken,
    MentorTaken,
    NotPlanned,
    RoomTaken,
)
from app.models.sessions import (
    LONGEST,
    ClashForMentor,
    ClashKind,
    ClashRead,
    Participation,
    ParticipationStatus,
    Session,
    SessionCreate,
    SessionUpdate,
)
from app.models.staff import Role
from app.rights import Permission
from app.services import lifecycle, outbox
from app.services.scheduling import Clash, Plan, clashes
from app.services.sessions.facts import (
    check_people,
    check_references,
    in_series,
    load_facts,
    plan_of,
    take_locks,
)
from app.services.sessions.moves import COMING, PARTICIPATION, PLANNED, SESSION, participations_of

T = TypeVar("T")
ATTEMPTS = 4
TRY_AGAIN = {"40P01", "23P01"}  # a deadlock; an exclusion constraint that saw more than we did
_SINGLE = {
    ClashKind.room: RoomTaken,
    ClashKind.mentor: MentorTaken,
    ClashKind.mentee: MenteeTaken,
}


async def book(
    db: AsyncSession, actor: Actor, body: SessionCreate, *, along: Sequence[Participation] = ()
) -> Session:
    """Plan a session and offer it to its mentees. Every clash is refused at once. Those `along`
    come from a session that this one supersedes, as they stand, and are not offered it anew."""
    known = {part.mentee_id: part for part in along}
    await check_references(db, actor, body)
    plan = plan_of(body)

    async def attempt() -> Session:
        await _decide(db, actor, plan)
        values = body.model_dump(exclude={"mentee_ids"})
        session = Session(prison_id=actor.prison_id, **values)
        await lifecycle.begin(db, SESSION, session, actor)
        for part in known.values():
            await come_along(db, actor, part, session)
        for mentee_id in (each for each in body.mentee_ids if each not in known):
            await lifecycle.begin(db, PARTICIPATION, part_of(session, mentee_id), actor)
        return session

    return await _in_turn(db, attempt)


async def come_along(db: AsyncSession, actor: Actor, part: Participation, session: Session) -> None:
    """A mentee's part goes over to the session that takes the place of theirs."""
    await db.refresh(part)  # the database has taken it out of the plan with its session
    part.session_id, part.during, part.live = session.id, session.during, session.live
    await lifecycle.mark(db, PARTICIPATION, part, actor, "came_along")
    await db.flush()


async def replan(db: AsyncSession, actor: Actor, session: Session, body: SessionUpdate) -> Session:
    """Move a planned session in time, room or hands. Its mentees follow; clashes are refused."""
    changes = body.model_dump(exclude_unset=True)

    async def attempt() -> Session:
        await db.refresh(session)
        if session.status not in PLANNED:
            raise NotPlanned()
        if await in_series(db, session):
            raise InSeries()
        parts = await participations_of(db, session)
        plan = _replanned(session, parts, changes)
        await check_people(db, actor, plan)
        await _decide(db, actor, plan, except_for=session.id)
        for name, value in changes.items():
            setattr(session, name, value)
        outbox.say(db, session.prison_id, "session.replanned", session.id)
        await db.flush()
        return session

    return await _in_turn(db, attempt)


def _replanned(
    session: Session, parts: Sequence[Participation], changes: dict[str, object]
) -> Plan:
    """The session's plan with its changes. Raises Invalid when its times make no sense."""
    now = {
        name: getattr(session, name)
        for name in ("kind", "starts_at", "ends_at", "room_id", "mentor_id", "lead_staff_id")
    }
    coming = tuple(part.mentee_id for part in parts if part.status in COMING)
    plan = Plan(**(now | changes), mentee_ids=coming, mentees_field="participations")
    if plan.ends_at <= plan.starts_at:
        raise Invalid.field("ends_at", "order", "must be after starts_at")
    if plan.ends_at - plan.starts_at > LONGEST:
        raise Invalid.field("ends_at", "too_long", "a session lasts at most 12 hours")
    return plan


async def _in_turn(db: AsyncSession, attempt: Callable[[], Awaitable[T]]) -> T:
    """Run the attempt in a savepoint; again after a deadlock or a clash it could not foresee,
    which the next attempt's facts then hold."""
    for left in reversed(range(ATTEMPTS)):
        try:
            async with db.begin_nested():
                return await attempt()
        except DBAPIError as error:
            if left == 0 or getattr(error.orig, "sqlstate", None) not in TRY_AGAIN:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _decide(
    db: AsyncSession, actor: Actor, plan: Plan, *, except_for: UUID | None = None
) -> None:
    """Take the plan's locks, load its facts, and refuse it when it clashes."""
    await take_locks(db, actor.prison_id, plan)
    facts = await load_facts(db, actor.prison_id, plan, except_for=except_for, asker=actor.staff_id)
    if found := clashes(plan, facts):
        note_asked(db, plan)
        raise refusal(found, actor)


def note_asked(db: AsyncSession, plan: Plan) -> None:
    """A refusal may tell who cannot meet: the audit keeps of whom, as it does of pair checks."""
    trail = db.info.get("trail")
    if trail is not None:
        trail.ids |= {plan.mentor_id, *plan.mentee_ids}


def part_of(
    session: Session,
    mentee_id: UUID,
    status: ParticipationStatus = ParticipationStatus.offered,
) -> Participation:
    """A mentee's part in a session that is saved: it copies the plan as the database has it."""
    return Participation(
        prison_id=session.prison_id,
        session_id=session.id,
        mentee_id=mentee_id,
        during=session.during,
        live=session.live,
        status=status,
    )


def shown_clashes(found: list[Clash], actor: Actor) -> list[ClashRead | ClashForMentor]:
    """The clashes as the actor may know them: a mentor learns one word, once; what the prison needs
    somebody for, only those who bring people there."""
    if actor.family is Role.mentor:
        word = ClashKind.unavailable
        return [ClashForMentor(kind=word, detail=word.value)] if found else []
    whole = actor.allowed(Permission.prison_event_write)
    return [
        ClashRead(kind=each.kind, detail=each.told(whole=whole), thing_id=each.thing_id)
        for each in found
    ]


def refusal(found: list[Clash], actor: Actor) -> errors.Clash:
    """The answer to a plan that clashes: every reason with its field. To a mentor the mentees are
    one field: that a reason is of all of them together would say which it is."""
    shown = [
        each.model_dump(mode="json", exclude_none=True) for each in shown_clashes(found, actor)
    ]
    if actor.family is Role.mentor:
        word = ClashKind.unavailable.value
        fields = dict.fromkeys(each.field.partition(".")[0] for each in found)
        mistakes = [FieldError(field, word, word) for field in fields]
        detail = "This cannot be planned: unavailable."
        return errors.Clash(detail, errors=mistakes, clashes=shown)
    whole = actor.allowed(Permission.prison_event_write)
    details = [each.told(whole=whole) for each in found]
    kinds = {each.kind for each in found}
    kind = _SINGLE.get(next(iter(kinds)), errors.Clash) if len(kinds) == 1 else errors.Clash
    return kind(
        " ".join(dict.fromkeys(details)),
        errors=[
            FieldError(each.field, each.kind.value, detail)
            for each, detail in zip(found, details, strict=True)
        ],
        clashes=shown,
    )
