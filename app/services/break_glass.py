"""Break-glass: opening it stops nobody; governors are told at once, and judge it afterwards."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.db import Database
from app.models.audit import AuditEntry
from app.models.base import Output
from app.models.break_glass import (
    BreakGlass,
    BreakGlassCreate,
    BreakGlassOwn,
    BreakGlassReview,
    BreakGlassStatus,
    ReviewOutcome,
)
from app.models.people import Person
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.models.tasks import TaskKind
from app.scope import everything, referred
from app.services import duties, lifecycle, notifications, outbox, references, tasks
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.prisons import outside
from app.services.tasks.reach import governors_of
from app.visibility import shape

log = structlog.get_logger(__name__)
S = BreakGlassStatus
REVIEWED_WITHIN = timedelta(hours=72)
FOLLOWED_UP_WITHIN = timedelta(hours=72)
EXPIRED_A_TURN = 100


async def end_access(db: AsyncSession, context: Context) -> None:
    context.thing.ended_at = context.now


_USER = Move(frozenset({Role.clinician}), effects=(end_access,), offered=False)
_SERVICE = Move(frozenset({Role.system}), offered=False)
_REVIEW = Move(frozenset({Role.governor}), offered=False)
MOVES = {
    (S.open, S.ended): _USER,
    (S.open, S.expired): _SERVICE,
    (S.ended, S.reviewed_justified): _REVIEW,
    (S.ended, S.reviewed_not_justified): _REVIEW,
    (S.expired, S.reviewed_justified): _REVIEW,
    (S.expired, S.reviewed_not_justified): _REVIEW,
}
BREAK_GLASS = Lifecycle("break_glass", "", BreakGlassStatus, MOVES)


async def open_glass(db: AsyncSession, actor: Actor, body: BreakGlassCreate) -> BreakGlass:
    """Open one person's records to the actor for so many minutes, from now. There is no limit to
    how often: each opening pages the governors, and is reviewed."""
    assert actor.staff_id is not None
    person = await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    now = clock.now()
    glass = BreakGlass(
        prison_id=actor.prison_id,
        reference=references.new("B"),
        staff_id=actor.staff_id,
        begins_at=now,
        expires_at=now + timedelta(minutes=body.minutes),
        **body.model_dump(exclude={"minutes"}),
    )
    await lifecycle.begin(db, BREAK_GLASS, glass, actor)
    _say(db, glass, "opened", reason_code=glass.reason_code)
    await _page_governors(db, glass)
    await tasks.open_task(
        db,
        glass.prison_id,
        TaskKind.break_glass_review,
        thing=glass,
        person_id=person.id,
        for_role=StaffRole.governor,
        due_in=REVIEWED_WITHIN,
        actor=actor,
    )
    return glass


def _say(db: AsyncSession, glass: BreakGlass, what: str, **codes: str) -> None:
    ids = {"staff_id": glass.staff_id, "person_id": glass.person_id}
    outbox.say(db, glass.prison_id, f"break_glass.{what}", glass.id, **ids, **codes)


async def _page_governors(db: AsyncSession, glass: BreakGlass) -> None:
    """The governors on duty, else all, else outside. With nobody to page it is opened all the
    same: its review climbs the ladder."""
    prison = await db.get_one(Prison, glass.prison_id)
    others = everything(Staff, prison.id).where(
        col(Staff.active), col(Staff.role) == StaffRole.governor, col(Staff.id) != glass.staff_id
    )
    on_duty = await duties.on_duty(db, prison.id, glass.begins_at)
    able = (await db.execute(others)).scalars().all()
    paged: list[UUID | str] = [*governors_of(able, on_duty)]
    paged = paged or [*filter(None, [outside(prison)])]
    for to in paged:
        await notifications.page_glass(db, glass, prison, to)
    if not paged:
        log.critical("nobody_to_tell_of_broken_glass", prison_id=prison.id, glass_id=str(glass.id))


async def end(db: AsyncSession, actor: Actor, glass: BreakGlass) -> None:
    """End one's own access early. Raises MoveNotInTable when it has ended already."""
    await _expire_if_due(db, glass)
    await lifecycle.move(db, BREAK_GLASS, glass, to=S.ended, actor=actor)
    _say(db, glass, "ended")


async def review(db: AsyncSession, actor: Actor, glass: BreakGlass, body: BreakGlassReview) -> None:
    """Judge a break-glass that is over. Raises MoveNotInTable while it lasts, or done already."""
    await _expire_if_due(db, glass)
    justified = body.outcome is ReviewOutcome.justified
    to = S.reviewed_justified if justified else S.reviewed_not_justified
    await lifecycle.move(db, BREAK_GLASS, glass, to=to, actor=actor)
    glass.reviewed_at, glass.reviewed_by = clock.now(), actor.subject
    glass.review_note = body.note
    glass.disclosure = body.disclosure.stricter(glass.disclosure)
    await db.flush()
    _say(db, glass, body.outcome.value)
    await tasks.finish(db, glass, TaskKind.break_glass_review, actor)
    if not justified:
        await _ask_for_follow_up(db, actor, glass)


async def _ask_for_follow_up(db: AsyncSession, actor: Actor, glass: BreakGlass) -> None:
    """By the mental health lead; by a governor where the lead broke the glass themselves."""
    found = everything(Staff, glass.prison_id).where(col(Staff.id) == glass.staff_id)
    lead = StaffRole.mental_health_lead
    own = (await db.execute(found)).scalar_one().role is lead
    await tasks.open_task(
        db,
        glass.prison_id,
        TaskKind.break_glass_follow_up,
        thing=glass,
        person_id=glass.person_id,
        for_role=StaffRole.governor if own else lead,
        due_in=FOLLOWED_UP_WITHIN,
        actor=actor,
    )


async def _expire_if_due(db: AsyncSession, glass: BreakGlass) -> None:
    if glass.status is S.open and glass.expires_at <= clock.now():
        system = the_system(glass.prison_id)
        await lifecycle.move(db, BREAK_GLASS, glass, to=S.expired, actor=system)
        _say(db, glass, "expired")


async def expire_due(db: AsyncSession, prison_id: str) -> None:
    """Record what has expired: access has ended by itself, in the query."""
    due = (
        everything(BreakGlass, prison_id)
        .where(col(BreakGlass.status) == S.open, col(BreakGlass.expires_at) <= clock.now())
        .order_by(col(BreakGlass.expires_at))
        .limit(EXPIRED_A_TURN)
        .with_for_update(skip_locked=True)
    )
    for glass in (await db.execute(due)).scalars().all():
        await _expire_if_due(db, glass)


_IN_FORCE = """
    SELECT id, person_id FROM break_glass
    WHERE prison_id = $1 AND staff_id = $2 AND ended_at IS NULL
      AND begins_at <= $3 AND expires_at > $3
    ORDER BY begins_at, id
"""


async def _in_force(db: Database, actor: Actor) -> list[Any]:
    prison_id = actor.prison_id
    return await db.fetch(prison_id, _IN_FORCE, prison_id, actor.staff_id, clock.now())


async def in_force(db: Database, actor: Actor, person_id: UUID) -> UUID | None:
    """The glass this actor has broken on the person's records and that is still open: the last."""
    mine = [row["id"] for row in await _in_force(db, actor) if row["person_id"] == person_id]
    return mine[-1] if mine else None


async def any_in_force(db: Database, actor: Actor) -> list[UUID]:
    """Every glass this actor has broken that is still open, the oldest first."""
    return [row["id"] for row in await _in_force(db, actor)]


async def done_through(db: AsyncSession, glass: BreakGlass) -> dict[str, int]:
    """How often each operation was done through a broken glass, by the audit."""
    counted = (
        select(col(AuditEntry.operation), func.count())
        .where(
            col(AuditEntry.prison_id) == glass.prison_id,
            col(AuditEntry.break_glass_id) == glass.id,
        )
        .group_by(col(AuditEntry.operation))
        .order_by(col(AuditEntry.operation))
    )
    return {operation: count for operation, count in await db.execute(counted)}


async def shown(db: AsyncSession, glass: BreakGlass, actor: Actor) -> Output:
    """The break-glass as this actor sees it; to whoever broke it, as their own, without review."""
    found = BreakGlassOwn if glass.staff_id == actor.staff_id else shape("break_glass", actor.role)
    staff = everything(Staff, glass.prison_id).where(col(Staff.id) == glass.staff_id)
    person = everything(Person, glass.prison_id).where(col(Person.id) == glass.person_id)
    names = {
        "staff_name": (await db.execute(staff)).scalar_one().name,
        "person_name": (await db.execute(person)).scalar_one().display_name,
    }
    acts = await done_through(db, glass) if found is not BreakGlassOwn else {}
    made = found.model_validate({**glass.model_dump(), **names, "acts": acts})
    assert isinstance(made, Output)
    return made
