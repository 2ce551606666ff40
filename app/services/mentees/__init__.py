"""Mentees: referral (`referral.py`), checks, consent (`consent.py`), the way through the scheme
(`moves.py`) and its tasks (`clocks.py`), and when a mentor is to check with staff first
(`check_first.py`)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.mentees import (
    CheckCreate,
    CheckKind,
    Mentee,
    MenteeSeen,
    MenteeStatus,
    MenteeUpdate,
)
from app.models.people import Person
from app.models.prisons import Prison
from app.models.staff import Role
from app.models.tasks import TaskKind
from app.rights import Permission
from app.scope import referred
from app.services import explanations, lifecycle, outbox, tasks, texts
from app.services.mentees.check_first import for_mentor
from app.services.mentees.clocks import AWAITING_TRIAGE, follow_triage, tasks_due
from app.services.mentees.facts import outreach_of
from app.services.mentees.moves import MENTEE
from app.services.mentees.referral import TEXTS, refer, triage_due
from app.visibility import shape

_SEEN = {seen.value: seen for seen in MenteeSeen}


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
        await follow_triage(db, mentee)
    outbox.say(db, mentee.prison_id, "mentee.updated", mentee.id)
    await db.flush()
    for field in TEXTS:
        await texts.keep(db, actor, mentee, field)


def _check_when(mentee: Mentee, body: CheckCreate) -> None:
    """A check is not of the future, nor before the referral. Outreach and welfare checks are of
    the support there is now: not before it began."""
    if body.at > clock.now():
        raise Invalid.field("at", "in_the_future", "must not be in the future")
    if body.at < mentee.referred_at:
        raise Invalid.field("at", "before_referral", "must not be before the referral")
    of_support = body.kind is not CheckKind.compatibility and mentee.status is MenteeStatus.engaged
    if of_support and mentee.engaged_at is not None and body.at < mentee.engaged_at:
        raise Invalid.field("at", "before_engagement", "must not be before support began")


async def record_check(db: AsyncSession, actor: Actor, mentee: Mentee, body: CheckCreate) -> None:
    """Record a check that was made; who made it and when stands in the history. An attempt to
    reach out ends the task to do so; two in one minute are one."""
    _check_when(mentee, body)
    if body.kind is CheckKind.compatibility:
        mentee.compatibility_checked_at = body.at
    elif body.kind is CheckKind.welfare:
        mentee.welfare_checked_at = body.at
    else:
        made = {_minute(each.occurred_at) for each in await outreach_of(db, mentee)}
        if _minute(body.at) in made:
            raise Invalid.field("at", "already_recorded", "an attempt is recorded of that minute")
        mentee.outreach_attempts += 1
        await tasks.finish(db, mentee, TaskKind.outreach_due, actor)
    await lifecycle.mark(db, MENTEE, mentee, actor, f"{body.kind}_recorded", occurred_at=body.at)
    await db.flush()


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def seen_by_mentor(status: MenteeStatus) -> MenteeSeen:
    """Towards mentors every reason why someone cannot be met is one word."""
    return _SEEN.get(status.value, MenteeSeen.unavailable)


async def referral_shown(db: AsyncSession, mentee: Mentee, actor: Actor) -> Output:
    """What whoever made a referral gets: those who care for the mentee all of it, wing staff and
    prisoners a receipt."""
    if actor.family is not Role.mentor and actor.allowed(Permission.mentee_read):
        return await shown(db, mentee, actor)
    return shape("mentees.receipt", actor.role).model_validate(mentee)


async def shown(db: AsyncSession, mentee: Mentee, actor: Actor) -> Output:
    """The mentee as this actor sees them."""
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
    "referral_shown",
    "seen_by_mentor",
    "shown",
    "tasks_due",
    "triage_due",
    "update",
]
