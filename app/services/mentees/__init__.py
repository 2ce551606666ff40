"""Mentees: referral, checks, consent (`consent.py`), the way through the scheme (`moves.py`), and
when a mentor is to check with staff first (`check_first.py`)."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Invalid, NotHere
from app.models.base import Output
from app.models.mentees import (
    CheckCreate,
    CheckKind,
    Mentee,
    MenteeCreate,
    MenteeSeen,
    MenteeStatus,
    MenteeUpdate,
    ReferredBy,
)
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import referred
from app.services import explanations, lifecycle, outbox, texts
from app.services.mentees.check_first import for_mentor
from app.services.mentees.moves import MENTEE
from app.services.working_days import add_working_days, local_date, utc
from app.visibility import shape

AWAITING_TRIAGE = (MenteeStatus.referred, MenteeStatus.self_referred)
TRIAGE_WORKING_DAYS = 2
TEXTS = ("referral_reason", "agreed_line")
END_OF_DAY = time(23, 59, 59)
FROM_THE_WING = {ReferredBy.wing_staff, ReferredBy.self_referral}
_SEEN = {seen.value: seen for seen in MenteeSeen}


def triage_due(now: datetime, zone: ZoneInfo, *, safety_need: bool) -> datetime:
    """When a referral made now must be in triage, as UTC.

    17:00 on the second working day after it; with a safety need 23:59:59 of the same local day,
    a weekend's or a holiday's too.
    """
    if safety_need:
        return utc(datetime.combine(local_date(now, zone), END_OF_DAY, zone))
    return add_working_days(now, TRIAGE_WORKING_DAYS, zone)


async def refer(db: AsyncSession, actor: Actor, body: MenteeCreate) -> Mentee:
    """Take a referral. Raises NotHere for someone who is away or has left; a second live episode
    of one person is refused by the database."""
    if actor.role is Role.wing_duty and body.referred_by not in FROM_THE_WING:
        raise Invalid.field("referred_by", "not_yours", "wing staff enter wing_staff or self")
    person = await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    if person.presence is not Presence.here:
        raise NotHere()
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    self_referred = body.referred_by is ReferredBy.self_referral
    mentee = Mentee(
        prison_id=actor.prison_id,
        status=MenteeStatus.self_referred if self_referred else MenteeStatus.referred,
        triage_by=triage_due(clock.now(), zone, safety_need=body.safety_need),
        **body.model_dump(),
    )
    await lifecycle.begin(db, MENTEE, mentee, actor)
    await texts.keep_first(db, actor, mentee, *TEXTS)
    return mentee


async def update(db: AsyncSession, actor: Actor, mentee: Mentee, body: MenteeUpdate) -> None:
    """Correct or add. A safety need that appears before triage draws it to the same day; one that
    is taken back does not put it off again."""
    changes = body.model_dump(exclude_unset=True)
    if body.disclosure is None:
        changes.pop("disclosure", None)
    for name, value in changes.items():
        setattr(mentee, name, value)
    if body.safety_need and mentee.status in AWAITING_TRIAGE:
        zone = (await db.get_one(Prison, actor.prison_id)).tz
        mentee.triage_by = min(mentee.triage_by, triage_due(clock.now(), zone, safety_need=True))
    outbox.say(db, mentee.prison_id, "mentee.updated", mentee.id)
    await db.flush()
    for field in TEXTS:
        await texts.keep(db, actor, mentee, field)


def _not_in_the_future(instant: datetime, name: str) -> None:
    if instant > clock.now():
        raise Invalid.field(name, "in_the_future", "must not be in the future")


async def record_check(db: AsyncSession, actor: Actor, mentee: Mentee, body: CheckCreate) -> None:
    """Record a check that was made; who made it and when stands in the history."""
    _not_in_the_future(body.at, "at")
    if body.at < mentee.recorded_at:
        raise Invalid.field("at", "before_referral", "must not be before the referral")
    if body.kind is CheckKind.compatibility:
        mentee.compatibility_checked_at = body.at
    elif body.kind is CheckKind.welfare:
        mentee.welfare_checked_at = body.at
    else:
        mentee.outreach_attempts += 1
    await lifecycle.mark(db, MENTEE, mentee, actor, f"{body.kind}_recorded", occurred_at=body.at)
    await db.flush()


def seen_by_mentor(status: MenteeStatus) -> MenteeSeen:
    """Towards mentors every reason why someone cannot be met is one word."""
    return _SEEN.get(status.value, MenteeSeen.unavailable)


async def shown(db: AsyncSession, mentee: Mentee, actor: Actor) -> Output:
    """The mentee as this actor sees them; wing staff get a receipt."""
    if actor.role is Role.wing_duty:
        return shape("mentees", actor.role).model_validate(mentee)
    person = await referred(db, Person, mentee.prison_id, mentee.person_id, "person_id")
    fields = {**mentee.model_dump(), "display_name": person.display_name}
    if actor.family is Role.mentor:
        fields["status"] = seen_by_mentor(mentee.status)
        fields |= await for_mentor(db, mentee, actor)
    else:
        fields["moves"] = await lifecycle.options(db, MENTEE, mentee, actor)
        fields["explanation_current"] = explanations.is_current(mentee.explained_version)
    return shape("mentees", actor.role).model_validate(fields)


async def history_shown(db: AsyncSession, mentee: Mentee, actor: Actor) -> list[Output]:
    """Every move and check, oldest first; to a governor the course, not the story."""
    return await lifecycle.history_shown(db, mentee, actor, "mentees.history")


__all__ = [
    "AWAITING_TRIAGE",
    "MENTEE",
    "history_shown",
    "record_check",
    "refer",
    "seen_by_mentor",
    "shown",
    "triage_due",
    "update",
]
