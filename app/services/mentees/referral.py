"""Referral: by anyone of the scheme, by proxy, from paper, or by the prisoner for themselves."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, NotFound, NotHere
from app.models.mentees import Mentee, MenteeCreate, MenteeStatus, ReferredBy
from app.models.moves import History
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import everything, referred
from app.services import lifecycle, texts
from app.services.mentees.clocks import open_triage
from app.services.mentees.moves import MENTEE
from app.services.working_days import add_working_days, local_date, utc

TRIAGE_WORKING_DAYS = 2
TEXTS = ("referral_reason", "agreed_line")
END_OF_DAY = time(23, 59, 59)
FROM_THE_WING = {ReferredBy.wing_staff, ReferredBy.self_referral, ReferredBy.acct_review}


def triage_due(now: datetime, zone: ZoneInfo, *, safety_need: bool) -> datetime:
    """When a referral made now must be in triage, as UTC.

    17:00 on the second working day after it; with a safety need 23:59:59 of the same local day,
    a weekend's or a holiday's too.
    """
    if safety_need:
        return utc(datetime.combine(local_date(now, zone), END_OF_DAY, zone))
    return add_working_days(now, TRIAGE_WORKING_DAYS, zone)


async def refer(db: AsyncSession, actor: Actor, body: MenteeCreate) -> Mentee:
    """Take a referral, and open its triage: due from the recording on, however late it is entered.

    Raises NotHere for someone who is away or has left; a second live episode of one person is
    refused by the database.
    """
    _check_theirs(actor, body)
    person = await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    if person.presence is not Presence.here:
        raise NotHere()
    made_at = await _made_at(db, actor, body)
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    self_referred = body.referred_by is ReferredBy.self_referral
    mentee = Mentee(
        prison_id=actor.prison_id,
        status=MenteeStatus.self_referred if self_referred else MenteeStatus.referred,
        triage_by=triage_due(clock.now(), zone, safety_need=body.safety_need),
        referred_at=made_at,
        recorded_by=actor.subject,
        **body.model_dump(exclude={"occurred_at"}),
    )
    await lifecycle.begin(db, MENTEE, mentee, actor, occurred_at=made_at)
    await texts.keep_first(db, actor, mentee, *TEXTS)
    await open_triage(db, mentee)
    return mentee


def _check_theirs(actor: Actor, body: MenteeCreate) -> None:
    """Raises NotFound for a prisoner who asks for another; Invalid for what is another's to say."""
    if actor.family is Role.mentor:
        if body.person_id != actor.person_id:
            raise NotFound()
        if body.referred_by is not ReferredBy.self_referral:
            raise Invalid.field("referred_by", "not_yours", "is self, where you ask for yourself")
        if body.occurred_at is not None:
            raise Invalid.field("occurred_at", "not_yours", "is now, where you ask for yourself")
        texts.check_choice(actor, body.disclosure)
    if actor.role is Role.wing_duty and body.referred_by not in FROM_THE_WING:
        names = "wing_staff, self or acct_review"
        raise Invalid.field("referred_by", "not_yours", f"wing staff enter {names}")


async def _made_at(db: AsyncSession, actor: Actor, body: MenteeCreate) -> datetime:
    """When it was made. Raises Invalid for a time ahead, or within support that has ended since."""
    now = clock.now()
    if body.occurred_at is None:
        return now
    if body.occurred_at > now:
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    before = everything(Mentee, actor.prison_id).where(col(Mentee.person_id) == body.person_id)
    told = everything(History, actor.prison_id).where(
        col(History.thing_id).in_(before.with_only_columns(col(Mentee.id)))
    )
    last = await db.execute(told.with_only_columns(func.max(col(History.occurred_at))))
    ended_at = last.scalar_one()
    if ended_at is not None and body.occurred_at < ended_at:
        message = "must not be before the person's last support came to its end"
        raise Invalid.field("occurred_at", "before_the_last_end", message)
    return body.occurred_at
