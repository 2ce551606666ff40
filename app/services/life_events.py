"""Events of life: entered once, as one kind of fact, and never changed but for their end."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Conflicting, Invalid
from app.models.base import Output
from app.models.life_events import (
    FactKind,
    LifeEvent,
    LifeEventCreate,
    LifeEventKind,
    LifeEventStatus,
    LifeEventUpdate,
)
from app.models.mentees import Mentee
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import referred
from app.services import lifecycle, outbox
from app.services.lifecycle import Lifecycle, Move
from app.services.working_days import local_date
from app.visibility import shape

S = LifeEventStatus
BEFORE = timedelta(days=366)
"""How long before the referral an event may have been."""
WRONG = ("other_person", "other_day", "other_event", "entered_twice")
MOVES = {
    (S.recorded, S.entered_in_error): Move(
        frozenset({Role.support_worker, Role.clinician}), reasons=WRONG
    ),
}
LIFE_EVENT = Lifecycle("life_events", "life_event", LifeEventStatus, MOVES)


async def record(db: AsyncSession, actor: Actor, body: LifeEventCreate) -> LifeEvent:
    """Keep what happened. Raises Invalid naming the field; the database refuses the same event of
    the same day twice, and self-seclusion within self-seclusion."""
    if body.fact is FactKind.clinical_finding and actor.role.family is not Role.clinician:
        raise Invalid.field("fact", "clinicians_only", "clinicians alone say what they found")
    mentee = await referred(db, Mentee, actor.prison_id, body.mentee_id, "mentee_id")
    zone, today = await _here(db, actor.prison_id)
    earliest = local_date(mentee.referred_at, zone) - BEFORE
    _check_day("first_day", body.first_day, earliest, today)
    if body.last_day is not None:
        _check_day("last_day", body.last_day, earliest, today)
    event = LifeEvent(prison_id=actor.prison_id, recorded_by=actor.subject, **body.model_dump())
    await lifecycle.begin(db, LIFE_EVENT, event, actor)
    return event


async def _here(db: AsyncSession, prison_id: str) -> tuple[ZoneInfo, date]:
    zone = (await db.get_one(Prison, prison_id)).tz
    return zone, local_date(clock.now(), zone)


def _check_day(field: str, day: date, earliest: date, today: date) -> None:
    if not earliest <= day <= today:
        message = "must not be in the future, nor more than a year before the referral"
        raise Invalid.field(field, "in_order", message)


async def update(db: AsyncSession, event: LifeEvent, body: LifeEventUpdate) -> None:
    """Say when a self-seclusion ended. Raises Conflicting where there is nothing to end."""
    goes_on = event.kind is LifeEventKind.self_seclusion and event.last_day is None
    if not goes_on or event.status is not S.recorded:
        raise Conflicting("Only a self-seclusion that goes on has an end to come.")
    _, today = await _here(db, event.prison_id)
    if not event.first_day <= body.last_day <= today:
        message = "must not be in the future, nor before first_day"
        raise Invalid.field("last_day", "in_order", message)
    event.last_day = body.last_day
    outbox.say(db, event.prison_id, "life_event.updated", event.id)
    await db.flush()


async def shown(db: AsyncSession, event: LifeEvent, actor: Actor) -> Output:
    """The event, with what this actor may do next."""
    moves = await lifecycle.options(db, LIFE_EVENT, event, actor)
    return shape("life_events", actor.role).model_validate({**event.model_dump(), "moves": moves})
