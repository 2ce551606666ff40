"""Wing places: asked for, waited for in the order of asking, given while there is room, left.

Nothing here touches the scheme's support: who moves off the wing stays whoever's mentee he is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import FieldError, GuardsUnmet, Invalid, NotFound, NotHere
from app.models.base import Output
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.staff import Role, StaffRole
from app.models.tasks import Task, TaskKind, TaskStatus
from app.models.wing_places import (
    TAKEN,
    UNDECIDED,
    WING_PLACE_ENDED,
    WingOccupancy,
    WingPlace,
    WingPlaceCreate,
    WingPlaceEnd,
    WingPlaceStatus,
)
from app.models.wings import Wing
from app.scope import everything, referred
from app.services import lifecycle, tasks
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.working_days import add_working_days
from app.visibility import shape

S, E = WingPlaceStatus, WingPlaceEnd
SW = Role.support_worker
DECIDED_WITHIN = 5  # working days from asking
DECIDE_WITHIN = timedelta(days=1)  # from then on
DECLINE_REASONS = (E.support_ended.value, E.conduct.value, E.moved_wing.value, E.other.value)
WITHDRAW_REASONS = (E.own_wish.value, E.moved_wing.value, E.other.value)
LEAVE_REASONS = tuple(reason.value for reason in E if reason is not E.merged)


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What giving a place is decided on."""

    places: int | None
    taken: int
    presence: Presence


async def load_facts(db: AsyncSession, place: WingPlace) -> PlaceFacts:
    """The wing's places, how many are taken, and whether the person is here."""
    wing = await referred(db, Wing, place.prison_id, place.wing_id, "wing_id")
    person = await referred(db, Person, place.prison_id, place.person_id, "person_id")
    return PlaceFacts(wing.places, await _taken(db, place), person.presence)


async def _taken(db: AsyncSession, place: WingPlace) -> int:
    """How many have one of the wing's places, besides this one."""
    found = select(func.count()).where(
        col(WingPlace.prison_id) == place.prison_id,
        col(WingPlace.wing_id) == place.wing_id,
        col(WingPlace.status).in_(TAKEN),
        col(WingPlace.id) != place.id,
    )
    return int((await db.execute(found)).scalar_one())


def place_free(context: Context) -> Refusal | None:
    """One more place than is taken; where nobody recorded how many there are, nobody counts."""
    facts: PlaceFacts = context.facts
    if facts.places is None or facts.taken < facts.places:
        return None
    return Refusal("place_free", f"All {facts.places} places of the wing are taken.")


def person_is_here(context: Context) -> Refusal | None:
    if context.facts.presence is Presence.here:
        return None
    return Refusal("person_is_here", "The person is not in this prison now.")


async def hold_place(db: AsyncSession, context: Context) -> None:
    """Two places given in one instant would each see the other's free: count under a lock, held
    until the commit. Raises GuardsUnmet."""
    place: WingPlace = context.thing
    key = {"key": f"wing places {place.prison_id} {place.wing_id}"}
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    places = context.facts.places
    if places is not None and await _taken(db, place) >= places:
        detail = f"All {places} places of the wing are taken."
        raise GuardsUnmet(detail, errors=[FieldError("to", "place_free", detail)])


async def note_allocation(db: AsyncSession, context: Context) -> None:
    context.thing.allocated_at = context.now


async def note_moving_in(db: AsyncSession, context: Context) -> None:
    context.thing.moved_in_at = context.now


async def note_end(db: AsyncSession, context: Context) -> None:
    place: WingPlace = context.thing
    place.ended_at, place.end_reason = context.now, WingPlaceEnd(context.reason or E.other)


async def decided(db: AsyncSession, context: Context) -> None:
    """Nobody needs to be reminded of it any more."""
    await tasks.finish(db, context.thing, TaskKind.wing_place_due, context.actor)


def _move(**rest: Any) -> Move:
    return Move(frozenset({SW}), **rest)


_ALLOCATE = _move(
    guards=(place_free, person_is_here), effects=(hold_place, note_allocation, decided)
)
MOVES: dict[tuple[WingPlaceStatus, WingPlaceStatus], Move] = {
    (S.requested, S.waiting): _move(),
    (S.waiting, S.allocated): _ALLOCATE,
    (S.allocated, S.resident): _move(guards=(person_is_here,), effects=(note_moving_in,)),
    (S.resident, S.moved_off): _move(reasons=LEAVE_REASONS, effects=(note_end,)),
}
_ASKED = (S.requested, S.waiting, S.allocated)
MOVES |= {
    (state, S.declined): _move(reasons=DECLINE_REASONS, effects=(note_end, decided))
    for state in _ASKED
}
MOVES |= {
    (state, S.withdrawn): Move(
        frozenset({SW, Role.mentor, Role.clinician}),
        reasons=WITHDRAW_REASONS,
        effects=(note_end, decided),
    )
    for state in _ASKED
}
WING_PLACE = Lifecycle("wing_places", "wing_place", WingPlaceStatus, MOVES, load_facts)


async def request(db: AsyncSession, actor: Actor, body: WingPlaceCreate) -> WingPlace:
    """Ask for a place: prisoners for themselves only, staff for anyone. A second live one of a
    person is refused by the database."""
    if actor.family is Role.mentor:
        if body.person_id != actor.person_id:
            raise NotFound()
        if body.occurred_at is not None:  # whoever asked first is given a place first
            raise Invalid.field("occurred_at", "not_yours", "is now, where you ask for yourself")
    now = clock.now()
    if body.occurred_at is not None and body.occurred_at > now:
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    wing = await referred(db, Wing, actor.prison_id, body.wing_id, "wing_id")
    if not wing.dedicated:
        message = "places are asked for on a wing that is dedicated to the scheme"
        raise Invalid.field("wing_id", "not_dedicated", message)
    person = await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    if person.presence is Presence.left:
        raise NotHere()
    asked_at = body.occurred_at or now
    place = WingPlace(
        prison_id=actor.prison_id,
        person_id=person.id,
        wing_id=wing.id,
        requested_at=asked_at,
        recorded_by=actor.staff_id,
    )
    await lifecycle.begin(db, WING_PLACE, place, actor, occurred_at=asked_at)
    return place


async def withdraw(
    db: AsyncSession, actor: Actor, place: WingPlace, occurred_at: datetime | None
) -> None:
    """The person no longer wants what they asked for: their own word, or entered for them."""
    to, reason = S.withdrawn, E.own_wish
    await lifecycle.move(
        db, WING_PLACE, place, to=to, actor=actor, reason=reason, occurred_at=occurred_at
    )


async def end(db: AsyncSession, place: WingPlace, reason: WingPlaceEnd) -> None:
    """End a live place by the service: its person has left, or turned out to have another."""
    to = S.moved_off if place.status is S.resident else S.withdrawn
    system = the_system(place.prison_id)
    await lifecycle.move(db, WING_PLACE, place, to=to, actor=system, reason=reason)


async def end_of_those_gone(db: AsyncSession, prison_id: str) -> int:
    """End the places of those who have left the prison. For the worker: what someone else is
    changing is left to the next round."""
    gone = everything(Person, prison_id).where(col(Person.presence) == Presence.left)
    found = everything(WingPlace, prison_id).where(
        col(WingPlace.status).not_in(WING_PLACE_ENDED),
        col(WingPlace.person_id).in_(gone.with_only_columns(col(Person.id))),
    )
    locked = found.order_by(col(WingPlace.id)).with_for_update(skip_locked=True)
    places = (await db.execute(locked)).scalars().all()
    for place in places:
        await end(db, place, E.left_prison)
    return len(places)


async def remind(db: AsyncSession, prison_id: str) -> int:
    """Open a task for each request that nobody has decided on for too long; again only when the
    last one was done and as many days have passed since. For the worker."""
    zone, now = (await db.get_one(Prison, prison_id)).tz, clock.now()
    at_least = now - timedelta(days=DECIDED_WITHIN)
    found = everything(WingPlace, prison_id).where(
        col(WingPlace.status).in_(UNDECIDED), col(WingPlace.requested_at) < at_least
    )
    locked = found.order_by(col(WingPlace.requested_at)).with_for_update(skip_locked=True)
    opened = 0
    for place in (await db.execute(locked)).scalars().all():
        since = await _last_looked_at(db, place)
        if since is None or add_working_days(since, DECIDED_WITHIN, zone) > now:
            continue
        await tasks.open_task(
            db,
            prison_id,
            TaskKind.wing_place_due,
            thing=place,
            person_id=place.person_id,
            for_role=StaffRole.support_worker,
            due_in=DECIDE_WITHIN,
        )
        opened += 1
    return opened


async def _last_looked_at(db: AsyncSession, place: WingPlace) -> datetime | None:
    """Since when nobody has looked at the request; None while a task to do so is open."""
    found = everything(Task, place.prison_id).where(
        col(Task.thing_id) == place.id, col(Task.kind) == TaskKind.wing_place_due
    )
    before = (await db.execute(found)).scalars().all()
    if any(task.status is TaskStatus.open for task in before):
        return None
    return max([place.requested_at, *(each.done_at for each in before if each.done_at)])


def _earlier() -> ColumnElement[Any]:
    """How many undecided requests for the same wing are not later than the row's own."""
    other = WingPlace.__table__.alias("earlier_place")  # type: ignore[attr-defined]
    mine = WingPlace
    counted = select(func.count()).where(
        other.c.prison_id == col(mine.prison_id),
        other.c.wing_id == col(mine.wing_id),
        other.c.status.in_([state.value for state in UNDECIDED]),
        or_(
            other.c.requested_at < col(mine.requested_at),
            and_(other.c.requested_at == col(mine.requested_at), other.c.id <= col(mine.id)),
        ),
    )
    inner: ColumnElement[Any] = counted.correlate(WingPlace).scalar_subquery()
    return inner


def _in_reach() -> ColumnElement[bool]:
    """Whether the wing has as many free places as there are requests up to the row's own, or its
    places are not counted."""
    other = WingPlace.__table__.alias("taken_place")  # type: ignore[attr-defined]
    taken = select(func.count()).where(
        other.c.prison_id == col(WingPlace.prison_id),
        other.c.wing_id == col(WingPlace.wing_id),
        other.c.status.in_([state.value for state in TAKEN]),
    )
    free = col(Wing.places) - taken.correlate(WingPlace).scalar_subquery()
    return (
        select(or_(col(Wing.places).is_(None), _earlier() <= free))
        .where(
            col(Wing.prison_id) == col(WingPlace.prison_id), col(Wing.id) == col(WingPlace.wing_id)
        )
        .correlate(WingPlace)
        .scalar_subquery()
    )


IN_REACH = _in_reach()
POSITION = case((col(WingPlace.status).in_(UNDECIDED), cast(_earlier(), Integer)))
DISPLAY_NAME = (
    select(col(Person.display_name))
    .where(
        col(Person.prison_id) == col(WingPlace.prison_id),
        col(Person.id) == col(WingPlace.person_id),
    )
    .correlate(WingPlace)
    .scalar_subquery()
)
_CELL_ELSEWHERE = (
    select(func.split_part(col(Person.cell_location), "-", 1) != col(Wing.code))
    .where(
        col(Person.prison_id) == col(WingPlace.prison_id),
        col(Person.id) == col(WingPlace.person_id),
        col(Wing.prison_id) == col(WingPlace.prison_id),
        col(Wing.id) == col(WingPlace.wing_id),
    )
    .correlate(WingPlace)
    .scalar_subquery()
)
RESIDENT_ELSEWHERE = and_(
    col(WingPlace.status) == S.resident, func.coalesce(_CELL_ELSEWHERE, False)
)


async def shown(db: AsyncSession, place: WingPlace, actor: Actor) -> Output:
    """The place as this actor sees it, with what staff may do next."""
    await db.flush()
    computed = select(DISPLAY_NAME, POSITION, RESIDENT_ELSEWHERE).where(
        col(WingPlace.prison_id) == place.prison_id, col(WingPlace.id) == place.id
    )
    name, position, elsewhere = (await db.execute(computed)).one()
    moves = await lifecycle.options(db, WING_PLACE, place, actor)
    return shape("wing_places", actor.role).model_validate(
        {
            **place.model_dump(),
            "display_name": name,
            "position": position,
            "resident_elsewhere": elsewhere,
            "moves": moves if actor.role is SW else [],
        }
    )


async def occupancy(db: AsyncSession, wing: Wing) -> WingOccupancy:
    """How full a wing is."""
    counted = select(col(WingPlace.status), func.count()).where(
        col(WingPlace.prison_id) == wing.prison_id, col(WingPlace.wing_id) == wing.id
    )
    rows = await db.execute(counted.group_by(col(WingPlace.status)))
    of: dict[Any, int] = {status: count for status, count in rows}
    live = {state.value: of.get(state, 0) for state in S if state not in WING_PLACE_ENDED}
    taken = live["resident"] + live["allocated"]
    free = None if wing.places is None else max(wing.places - taken, 0)
    return WingOccupancy(wing_id=wing.id, places=wing.places, free=free, **live)
