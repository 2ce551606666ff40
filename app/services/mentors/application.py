"""What an application is decided on: words, interviews, a place in its campaign, and the time since
the applicant's own support. Facts, loaded for many at once, and the guards over them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.errors import FieldError, GuardsUnmet
from app.models.applications import CoolingOff
from app.models.campaigns import Campaign
from app.models.interviews import Interview, Interviewer
from app.models.mentees import MENTEE_ENDED, Mentee
from app.models.mentors import Mentor, MentorStatus
from app.models.moves import History
from app.models.statements import Prompt, Statement
from app.scope import everything
from app.services.lifecycle import Context, Refusal
from app.services.working_days import local_date

S = MentorStatus
REQUIRED = Prompt.why_mentor
NO_PLACE = "Every place of the campaign is taken; a governor or support worker may add some."


@dataclass(frozen=True, slots=True)
class Support:
    """A person's own support as a mentee: whether it goes on, and when the last of it ended."""

    goes_on: bool
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Application:
    """The facts of one application. What its state does not ask for is not loaded."""

    prompts: frozenset[Prompt] = frozenset()
    interviews: tuple[Interview, ...] = ()
    places_left: int | None = None
    support: Support | None = None
    cooling_off_days: int = 0


NOTHING_LOADED = Application()


async def load(db: AsyncSession, mentor: Mentor, cooling_off_days: int) -> Application:
    """The facts that the moves out of the mentor's present state ask for."""
    here, only = mentor.prison_id, [mentor.id]
    if mentor.status is S.draft:
        return Application(prompts=await _prompts(db, here, mentor.id))
    if mentor.status is S.screened:
        return Application(interviews=tuple(await interviews_of(db, here, only)))
    if mentor.status is S.governor_review:
        left = await places_left(db, here, [mentor.campaign_id])
        support = await support_of(db, here, [mentor.person_id])
        return Application(
            places_left=left.get(mentor.campaign_id),
            support=support.get(mentor.person_id),
            cooling_off_days=cooling_off_days,
        )
    return NOTHING_LOADED


async def _prompts(db: AsyncSession, prison_id: str, mentor_id: UUID) -> frozenset[Prompt]:
    said = select(col(Statement.prompt)).where(
        col(Statement.prison_id) == prison_id, col(Statement.mentor_id) == mentor_id
    )
    return frozenset((await db.execute(said)).scalars())


async def interviews_of(
    db: AsyncSession, prison_id: str, mentor_ids: Collection[UUID]
) -> list[Interview]:
    """Every interview of these applications, the first held first."""
    found = everything(Interview, prison_id).where(col(Interview.mentor_id).in_(mentor_ids))
    ordered = found.order_by(col(Interview.held_at), col(Interview.id))
    return list((await db.execute(ordered)).scalars())


def approved_in(prison_id: Any, campaign_id: Any) -> Select[int]:
    """How many people were approved in a campaign. An approval counts, whatever came after it."""
    return select(func.count(distinct(col(Mentor.id)))).where(
        col(Mentor.prison_id) == prison_id,
        col(Mentor.campaign_id) == campaign_id,
        col(History.prison_id) == prison_id,
        col(History.thing_id) == col(Mentor.id),
        col(History.from_state) == S.governor_review,
        col(History.to_state) == S.approved_conditionally,
    )


async def places_left(
    db: AsyncSession, prison_id: str, campaign_ids: Iterable[UUID | None]
) -> dict[UUID | None, int]:
    """How many more may be approved, by campaign."""
    wanted = {each for each in campaign_ids if each is not None}
    if not wanted:
        return {}
    taken = approved_in(prison_id, col(Campaign.id)).correlate(Campaign).scalar_subquery()
    left = select(col(Campaign.id), col(Campaign.places) - taken).where(
        col(Campaign.prison_id) == prison_id, col(Campaign.id).in_(wanted)
    )
    return {row[0]: row[1] for row in (await db.execute(left)).all()}


async def support_of(
    db: AsyncSession, prison_id: str, person_ids: Collection[UUID]
) -> dict[UUID, Support]:
    """The own support of those of these people who were ever mentees."""
    ended = and_(
        col(History.thing_id) == col(Mentee.id),
        col(History.to_state) == col(Mentee.status),
        col(History.from_state).is_distinct_from(col(History.to_state)),
    )
    goes_on = col(Mentee.status).not_in(sorted(MENTEE_ENDED))
    episodes = (
        select(
            col(Mentee.person_id),
            func.bool_or(goes_on),
            func.max(col(History.occurred_at)).filter(~goes_on),
        )
        .outerjoin(History, and_(col(History.prison_id) == prison_id, ended))
        .where(col(Mentee.prison_id) == prison_id, col(Mentee.person_id).in_(person_ids))
        .group_by(col(Mentee.person_id))
    )
    return {row[0]: Support(row[1], row[2]) for row in (await db.execute(episodes)).all()}


def cooled_off_on(application: Application, zone: ZoneInfo) -> date | None:
    """The first day on which the person may be approved, or None where no support has ended."""
    support = application.support
    if support is None or support.ended_at is None:
        return None
    return local_date(support.ended_at, zone) + timedelta(days=application.cooling_off_days)


def cooling(application: Application, today: date, zone: ZoneInfo) -> CoolingOff:
    """Where the person stands between their own support and being a mentor."""
    if application.support is None:
        return CoolingOff.never_supported
    if application.support.goes_on:
        return CoolingOff.in_support
    until = cooled_off_on(application, zone)
    return CoolingOff.over if until is None or until <= today else CoolingOff.cooling_off


# The guards ------------------------------------------------------------------------------------


def statements_complete(context: Context) -> Refusal | None:
    """Why he wants to be a mentor is said, in a statement or as the motivation."""
    if context.thing.motivation or REQUIRED in context.facts.application.prompts:
        return None
    return Refusal("statements_complete", f"A statement must answer {REQUIRED}.")


def interviewed_by_both(context: Context) -> Refusal | None:
    """By a support worker and by a clinician, who are two people."""
    found = context.facts.application.interviews
    workers = {each.staff_id for each in found if each.interviewer is Interviewer.support_worker}
    clinicians = {each.staff_id for each in found if each.interviewer is Interviewer.clinician}
    if workers and clinicians and len(workers | clinicians) > 1:
        return None
    wanting = [
        name
        for name, those in (("a support worker", workers), ("a clinician", clinicians))
        if not those
    ]
    detail = f"Still to record an interview: {' and '.join(wanting) or 'a second person'}."
    return Refusal("interviewed_by_both", detail)


def campaign_has_place(context: Context) -> Refusal | None:
    left = context.facts.application.places_left
    if left is None or left > 0:
        return None
    return Refusal("campaign_has_place", NO_PLACE)


def cooled_off(context: Context) -> Refusal | None:
    """Nobody goes from being supported to supporting without a time between."""
    facts = context.facts
    state = cooling(facts.application, local_date(context.now, facts.zone), facts.zone)
    if state is CoolingOff.in_support:
        return Refusal("cooled_off", "The person is being supported as a mentee.")
    if state is CoolingOff.cooling_off:
        until = cooled_off_on(facts.application, facts.zone)
        return Refusal("cooled_off", f"Own support ended not long ago; possible from {until}.")
    return None


async def hold_campaign_place(db: AsyncSession, context: Context) -> None:
    """Two approved in one instant would each see the other's place free: count with the campaign
    locked, until the commit. Raises GuardsUnmet."""
    mentor: Mentor = context.thing
    if mentor.campaign_id is None:
        return
    found = everything(Campaign, mentor.prison_id).where(col(Campaign.id) == mentor.campaign_id)
    held = found.with_for_update().execution_options(populate_existing=True)
    campaign = (await db.execute(held)).scalar_one()
    await db.flush()
    taken = (await db.execute(approved_in(mentor.prison_id, campaign.id))).scalar_one()
    if taken > campaign.places:
        raise GuardsUnmet(NO_PLACE, errors=[FieldError("to", "campaign_has_place", NO_PLACE)])
