"""Placements: who shadows which active mentor, the host."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import FieldError, Invalid, NotPlaceable
from app.models.base import Output
from app.models.mentors import MENTOR_ENDED, Mentor, MentorStatus
from app.models.moves import History
from app.models.people import Person, Presence
from app.models.placements import HOST_AT_MOST, Placement, PlacementCreate, PlacementStatus
from app.models.prisons import Prison
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskKind
from app.rights import Permission
from app.scope import everything, referred
from app.services import lifecycle, tasks
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.names import names
from app.services.working_days import local_date
from app.visibility import shape

S = PlacementStatus
SHADOWS = frozenset({MentorStatus.approved_conditionally, MentorStatus.shadowing})
END_REASONS = ("host_left", "changed", "completed", "other")
PLACED_AGAIN_WITHIN = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Both:
    """Both sides of a placement, and how many the host has already: what the rules decide on.

    `left_at`: entered late, of a host who was active when it began, and when they left.
    """

    mentor: Mentor
    mentors_person: Person
    host: Mentor
    hosts_person: Person
    hosted: int
    left_at: datetime | None = None


def unplaceable(both: Both) -> list[FieldError]:
    """Why the one cannot shadow the other now; empty when they can. A placement that is over with
    its host's leaving is a fact: only who shadowed whom is asked."""
    found = []
    if both.mentor.status not in SHADOWS:
        message = f"a mentor who is {both.mentor.status} does not shadow"
        found.append(FieldError("mentor_id", "mentor_not_shadowing", message))
    over = both.left_at is not None
    if both.host.status is not MentorStatus.active and not over:
        message = f"the host is {both.host.status}, not active"
        found.append(FieldError("host_id", "host_not_active", message))
    if both.mentor.person_id == both.host.person_id:
        found.append(FieldError("host_id", "same_person", "nobody shadows themselves"))
    if both.hosted >= HOST_AT_MOST and not over:
        message = f"a host takes at most {HOST_AT_MOST} at a time"
        found.append(FieldError("host_id", "host_full", message))
    if both.mentors_person.presence is not Presence.here:
        message = "the mentor is not in this prison now"
        found.append(FieldError("mentor_id", "mentor_not_here", message))
    if both.hosts_person.presence is not Presence.here and not over:
        message = "the host is not in this prison now"
        found.append(FieldError("host_id", "host_not_here", message))
    return found


async def note_end(db: AsyncSession, context: Context) -> None:
    context.thing.ended_at = context.now


MOVES = {
    (S.live, S.ended): Move(
        frozenset({Role.support_worker}), reasons=END_REASONS, effects=(note_end,)
    )
}
PLACEMENT = Lifecycle("placements", "placement", PlacementStatus, MOVES)


async def place(db: AsyncSession, actor: Actor, body: PlacementCreate) -> Placement:
    """Let a mentor shadow a host. Raises NotPlaceable with every reason at once; a second live
    placement of the same two is refused by the database. One entered late, with a host who has
    left active since, is recorded as it was: over."""
    mentor, host = await _held(db, actor.prison_id, body)
    await _one_at_a_time(db, actor.prison_id)
    began = await _began(db, mentor, body.starts_on)
    both = Both(
        mentor,
        await referred(db, Person, actor.prison_id, mentor.person_id, "mentor_id"),
        host,
        await referred(db, Person, actor.prison_id, host.person_id, "host_id"),
        len(await _live(db, actor.prison_id, host_id=host.id)),
        await _left_since(db, host, began),
    )
    if errors := unplaceable(both):
        raise NotPlaceable("; ".join(error.message for error in errors) + ".", errors=errors)
    placement = Placement(prison_id=actor.prison_id, **body.model_dump())
    await lifecycle.begin(db, PLACEMENT, placement, actor, occurred_at=began)
    if both.left_at is not None:
        over, why = both.left_at, "host_left"
        await lifecycle.move(
            db, PLACEMENT, placement, to=S.ended, actor=actor, reason=why, occurred_at=over
        )
    else:
        await _finish_tasks(db, mentor, actor)
    return placement


async def _left_since(db: AsyncSession, host: Mentor, began: datetime) -> datetime | None:
    """When a host who was active at that time, and is no more, left; None for every other."""
    if host.status is MentorStatus.active:
        return None
    active = MentorStatus.active
    moves = [entry for entry in await lifecycle.history_of(db, host) if _moved(entry)]
    before = [entry.to_state for entry in moves if entry.occurred_at <= began]
    if not before or before[-1] != active:
        return None
    return next(
        each.occurred_at for each in moves if each.occurred_at > began and each.to_state != active
    )


def _moved(entry: History) -> bool:
    return entry.from_state != entry.to_state


async def _held(db: AsyncSession, prison_id: str, body: PlacementCreate) -> tuple[Mentor, Mentor]:
    """Both, as they are until the commit; held in one order, so that nobody waits for ever."""
    found = {
        "mentor_id": await referred(db, Mentor, prison_id, body.mentor_id, "mentor_id"),
        "host_id": await referred(db, Mentor, prison_id, body.host_id, "host_id"),
    }
    for each in sorted(found.values(), key=lambda mentor: mentor.id):
        await db.refresh(each, with_for_update=True)
    return found["mentor_id"], found["host_id"]


async def _one_at_a_time(db: AsyncSession, prison_id: str) -> None:
    """Two hosts who leave in one instant would each see the other's placement live. Mentors are
    held before this lock, never after it."""
    key = {"key": f"placements {prison_id}"}
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)


async def _began(db: AsyncSession, mentor: Mentor, starts_on: date) -> datetime:
    """When the first day began. Raises Invalid for one to come, or before the approval."""
    zone = (await db.get_one(Prison, mentor.prison_id)).tz
    now = clock.now()
    if starts_on > local_date(now, zone):
        raise Invalid.field("starts_on", "in_the_future", "must not be in the future")
    approved = everything(History, mentor.prison_id).where(
        col(History.thing_id) == mentor.id,
        col(History.to_state) == MentorStatus.approved_conditionally,
    )
    moves = (await db.scalars(approved)).all()
    first = min((entry.occurred_at for entry in moves), default=mentor.recorded_at)
    if starts_on < local_date(first, zone):
        message = "must not be before the governor's approval"
        raise Invalid.field("starts_on", "before_approval", message)
    if starts_on == local_date(now, zone):
        return now
    return max(datetime.combine(starts_on, time(), zone), first)


async def _live(
    db: AsyncSession, prison_id: str, *, mentor_id: UUID | None = None, host_id: UUID | None = None
) -> Sequence[Placement]:
    """The live placements of a mentor, or of a host."""
    live = everything(Placement, prison_id).where(col(Placement.status) == S.live)
    if mentor_id is not None:
        live = live.where(col(Placement.mentor_id) == mentor_id)
    if host_id is not None:
        live = live.where(col(Placement.host_id) == host_id)
    return (await db.scalars(live.order_by(col(Placement.id)))).all()


async def of_mentor(db: AsyncSession, mentor: Mentor) -> Sequence[Placement]:
    """Every placement a mentor has or had, the first one first."""
    found = everything(Placement, mentor.prison_id).where(col(Placement.mentor_id) == mentor.id)
    in_order = found.order_by(col(Placement.starts_on), col(Placement.id))
    return (await db.scalars(in_order)).all()


def covering(
    placements: Sequence[Placement], host_id: UUID, day: date, prison: Prison
) -> Placement | None:
    """The placement with this host that a local day lies in, or None."""
    for each in placements:
        over = each.ended_at is not None and local_date(each.ended_at, prison.tz) < day
        if each.host_id == host_id and each.starts_on <= day and not over:
            return each
    return None


async def follow(db: AsyncSession, context: Context) -> None:
    """A mentor has moved: whoever leaves active hosts nobody, and whoever has ended or is active
    shadows nobody. Those left without a host are somebody's task."""
    mentor: Mentor = context.thing
    await _one_at_a_time(db, mentor.prison_id)
    if context.came_from is MentorStatus.active:
        for placement in await _live(db, mentor.prison_id, host_id=mentor.id):
            await _end(db, placement, "host_left", context)
            await _look_for_another(db, placement)
    if mentor.status in MENTOR_ENDED or mentor.status is MentorStatus.active:
        done = mentor.status is MentorStatus.active
        for placement in await _live(db, mentor.prison_id, mentor_id=mentor.id):
            await _end(db, placement, "completed" if done else "other", context)
        await _finish_tasks(db, mentor, context.actor)


async def _end(db: AsyncSession, placement: Placement, reason: str, context: Context) -> None:
    """End a placement with the move that ends it, by the same actor where they may, and when it
    happened; one that was begun after that ends now. One ended in this instant is passed over."""
    await db.refresh(placement, with_for_update=True)
    if placement.status is S.ended:
        return
    mine = MOVES[S.live, S.ended].belongs_to(context.actor.role)
    began = max(entry.occurred_at for entry in await lifecycle.history_of(db, placement))
    await lifecycle.move(
        db,
        PLACEMENT,
        placement,
        to=S.ended,
        actor=context.actor if mine else the_system(placement.prison_id),
        reason=reason,
        occurred_at=context.now if began <= context.now else None,
    )


async def _look_for_another(db: AsyncSession, placement: Placement) -> None:
    """A task, where a mentor in shadowing has no host left."""
    mentor = await referred(db, Mentor, placement.prison_id, placement.mentor_id, "mentor_id")
    if mentor.status not in SHADOWS:
        return
    if await _live(db, placement.prison_id, mentor_id=mentor.id):
        return
    await tasks.open_task(
        db,
        placement.prison_id,
        TaskKind.placement_ended,
        thing=placement,
        person_id=mentor.person_id,
        for_role=StaffRole.support_worker,
        due_in=PLACED_AGAIN_WITHIN,
    )


async def _finish_tasks(db: AsyncSession, mentor: Mentor, actor: Actor) -> None:
    for placement in await of_mentor(db, mentor):
        await tasks.finish(db, placement, TaskKind.placement_ended, actor)


async def shown(db: AsyncSession, placement: Placement, actor: Actor) -> Output:
    """The placement as this actor sees it; with its moves for those who make them."""
    ids = {placement.mentor_id, placement.host_id}
    known = await names(db, Mentor, placement.prison_id, ids)
    moves = []
    if actor.allowed(Permission.placement_write):
        moves = await lifecycle.options(db, PLACEMENT, placement, actor)
    both = {
        "mentor_name": known[placement.mentor_id],
        "host_name": known[placement.host_id],
    }
    fields = {**placement.model_dump(), **both, "moves": moves}
    return shape("placements", actor.role).model_validate(fields)
