"""How an application begins, and until when what belongs to it may be entered."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid, NotFound, NotHere, NotInApplication, TooEarly
from app.models.campaigns import Campaign, CampaignStatus
from app.models.mentors import Mentor, MentorCreate, MentorStatus
from app.models.people import Person, Presence
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import everything, visible
from app.services import lifecycle, texts
from app.services.mentors.moves import MENTOR
from app.services.working_days import local_date

S = MentorStatus
UNDECIDED = frozenset(
    {S.draft, S.submitted, S.screened, S.interviewed, S.governor_review, S.appealed}
)


async def apply(db: AsyncSession, actor: Actor, body: MentorCreate) -> Mentor:
    """Begin an application. Prisoners apply for themselves only; staff enter for anyone."""
    if actor.family is Role.mentor and body.person_id != actor.person_id:
        raise NotFound()
    texts.check_choice(actor, body.disclosure)
    person = await person_of(db, actor.prison_id, body.person_id)
    if person.presence is Presence.left:
        raise NotHere()
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    last = await latest_episode(db, person)
    received = await _received(db, actor, last, body.occurred_at)
    on = local_date(received, zone)
    if last is not None and last.reapply_on is not None and on < last.reapply_on:
        raise TooEarly(f"An application is possible from {last.reapply_on}.")
    if body.campaign_id is not None:
        await _answers_a_campaign(db, actor, body.campaign_id, received, on)
    mentor = Mentor(prison_id=actor.prison_id, **body.model_dump(exclude={"occurred_at"}))
    await lifecycle.begin(db, MENTOR, mentor, actor, occurred_at=body.occurred_at)
    return mentor


async def _received(
    db: AsyncSession, actor: Actor, last: Mentor | None, occurred_at: datetime | None
) -> datetime:
    """When the application was received: on paper earlier than it was entered, where staff say so;
    never in the future, nor before the person's last episode was over."""
    now = clock.now()
    if occurred_at is None:
        return now
    if actor.family is Role.mentor:
        raise Invalid.field("occurred_at", "not_yours", "is for staff who enter a paper")
    moves = [] if last is None else await lifecycle.history_of(db, last)
    if occurred_at > now or any(occurred_at < each.occurred_at for each in moves):
        message = "must not be in the future, nor before the last episode ended"
        raise Invalid.field("occurred_at", "in_order", message)
    return occurred_at


async def _answers_a_campaign(
    db: AsyncSession, actor: Actor, campaign_id: UUID, received: datetime, on: date
) -> None:
    """An application is taken while its campaign is open. A paper received in time is entered
    also when the campaign has closed since. Raises Invalid, one for whatever the cause is."""
    name, message = "campaign_id", "there is no such campaign open to applications then"
    found = everything(Campaign, actor.prison_id).where(col(Campaign.id) == campaign_id)
    campaign = (await db.execute(found.with_for_update(read=True))).scalar_one_or_none()
    if campaign is None or not campaign.opens_on <= on <= campaign.closes_on:
        raise Invalid.field(name, "campaign_not_open", message)
    if campaign.status is CampaignStatus.open:
        return
    closed = [
        each.occurred_at
        for each in await lifecycle.history_of(db, campaign)
        if each.to_state == CampaignStatus.closed
    ]
    if campaign.status is not CampaignStatus.closed or received > max(closed):
        raise Invalid.field(name, "campaign_not_open", message)


async def person_of(db: AsyncSession, prison_id: str, person_id: object) -> Person:
    """The person, whoever asks: for a reply's display name and for guards."""
    found = everything(Person, prison_id).where(col(Person.id) == person_id)
    person = (await db.execute(found)).scalar_one_or_none()
    if person is None:
        raise NotFound()
    return person


async def latest_episode(db: AsyncSession, person: Person) -> Mentor | None:
    """The person's most recent episode as mentor, ended or not."""
    found = everything(Mentor, person.prison_id).where(
        col(Mentor.person_id) == person.id, col(Mentor.status) != MentorStatus.merged
    )
    newest = found.order_by(col(Mentor.recorded_at).desc()).limit(1)
    return (await db.execute(newest)).scalar_one_or_none()


async def locked(db: AsyncSession, actor: Actor, mentor_id: UUID) -> Mentor:
    """The application that a body names by `mentor_id`, locked so that it does not move on
    meanwhile. Invalid where the actor sees none: another's is not told from one that is not."""
    found = visible(Mentor, actor).where(col(Mentor.id) == mentor_id)
    mentor = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if mentor is None:
        raise Invalid.field("mentor_id", "unknown", "there is no such application here")
    return mentor


async def undecided(db: AsyncSession, actor: Actor, mentor_id: UUID) -> Mentor:
    """The application, locked, as long as nobody has decided on it. Raises NotInApplication."""
    mentor = await locked(db, actor, mentor_id)
    if mentor.status not in UNDECIDED:
        raise NotInApplication("It is entered before the governor decides, or with an appeal.")
    return mentor


async def began_at(db: AsyncSession, mentor: Mentor) -> datetime:
    """When the application began."""
    return (await lifecycle.history_of(db, mentor))[0].occurred_at
