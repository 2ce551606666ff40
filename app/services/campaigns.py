"""Campaigns: calls for applications, opened where the site has adopted the scheme."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import CampaignOver, Invalid
from app.models.adoptions import AdoptionPart
from app.models.base import Output
from app.models.campaigns import Campaign, CampaignCreate, CampaignStatus, CampaignUpdate
from app.models.mentors import Mentor
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import everything
from app.services import adoptions, lifecycle, outbox
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.mentors import application
from app.services.working_days import local_date
from app.visibility import shape

S = CampaignStatus
RUNS = frozenset({Role.support_worker, Role.governor})
CANCEL_REASONS = ("no_capacity", "regime", "staffing", "entered_in_error", "other")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a campaign's moves are decided on."""

    today: date
    missing: tuple[AdoptionPart, ...]


async def load_facts(db: AsyncSession, campaign: Campaign) -> Facts:
    """The prison's day, and what its adoption lacks."""
    prison = await db.get_one(Prison, campaign.prison_id)
    missing = await adoptions.missing(db, campaign.prison_id)
    return Facts(local_date(clock.now(), prison.tz), tuple(missing))


def site_adopted(context: Context) -> Refusal | None:
    missing = context.facts.missing
    if not missing:
        return None
    names = ", ".join(part.value for part in missing)
    return Refusal("site_adopted", f"The site's adoption must be signed; missing: {names}.")


def has_days_to_come(context: Context) -> Refusal | None:
    if context.facts.today <= context.thing.closes_on:
        return None
    return Refusal("has_days_to_come", "Its last day to apply has passed.")


MOVES: dict[tuple[CampaignStatus, CampaignStatus], Move] = {
    (S.draft, S.open): Move(RUNS, guards=(site_adopted, has_days_to_come)),
    (S.open, S.closed): Move(RUNS),
    (S.draft, S.cancelled): Move(RUNS, reasons=CANCEL_REASONS),
    (S.open, S.cancelled): Move(RUNS, reasons=CANCEL_REASONS),
}
CAMPAIGN = Lifecycle("campaigns", "campaign", CampaignStatus, MOVES, load_facts)


async def create(db: AsyncSession, actor: Actor, body: CampaignCreate) -> Campaign:
    """A campaign in draft."""
    campaign = Campaign(prison_id=actor.prison_id, **body.model_dump())
    await lifecycle.begin(db, CAMPAIGN, campaign, actor)
    return campaign


async def update(db: AsyncSession, campaign: Campaign, body: CampaignUpdate) -> None:
    """Change a campaign that is not over. Its places do not fall below those approved in it: the
    campaign is locked, and so is whoever approves one more."""
    if campaign.status not in {S.draft, S.open}:
        raise CampaignOver()
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(campaign, name, value)
    if campaign.closes_on < campaign.opens_on:
        raise Invalid.field("closes_on", "in_order", "must not be before opens_on")
    taken = application.approved_in(campaign.prison_id, campaign.id)
    if campaign.places < (approved := (await db.execute(taken)).scalar_one()):
        message = f"must not be less than the {approved} who were approved in it"
        raise Invalid.field("places", "taken", message)
    outbox.say(db, campaign.prison_id, "campaign.updated", campaign.id)
    await db.flush()


async def close_due(db: AsyncSession, prison_id: str) -> int:
    """Close every campaign whose last day has passed, and say how many. For the worker: those that
    someone else is changing are left to the next round."""
    zone = (await db.get_one(Prison, prison_id)).tz
    due = everything(Campaign, prison_id).where(
        col(Campaign.status) == S.open,
        col(Campaign.closes_on) < local_date(clock.now(), zone),
    )
    rows = (await db.scalars(due.with_for_update(skip_locked=True))).all()
    for campaign in rows:
        await lifecycle.move(db, CAMPAIGN, campaign, to=S.closed, actor=the_system(prison_id))
    return len(rows)


async def shown(db: AsyncSession, campaign: Campaign, actor: Actor) -> Output:
    """The campaign as this actor sees it; staff with what came of it, and what they may do next."""
    fields = campaign.model_dump()
    if actor.family is not Role.mentor:
        left = await application.places_left(db, campaign.prison_id, [campaign.id])
        fields["places_left"] = left[campaign.id]
        fields["applications"] = await _applications(db, campaign)
        fields["moves"] = await lifecycle.options(db, CAMPAIGN, campaign, actor)
    return shape("campaigns", actor.role).model_validate(fields)


async def _applications(db: AsyncSession, campaign: Campaign) -> int:
    found = everything(Mentor, campaign.prison_id).where(col(Mentor.campaign_id) == campaign.id)
    return (await db.execute(select(func.count()).select_from(found.subquery()))).scalar_one()
