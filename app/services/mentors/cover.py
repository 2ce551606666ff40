"""The cover that is lost when a mentor's clearance ends: counted purely, on facts loaded before."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.clearances import ClearanceStage, CoverLost
from app.models.mentors import Mentor, MentorStatus
from app.models.pairings import Pairing, PairingStatus
from app.models.sessions import Session
from app.scope import everything
from app.services.sessions.moves import PLANNED

AHEAD = timedelta(days=28)
REVIEW_DAYS, LAST_DAYS = 30, 7


@dataclass(frozen=True, slots=True)
class CoverFacts:
    """Who works until when, with whom, and how much is planned."""

    active: Mapping[UUID, date | None]
    """Every active mentor, and the last day of their clearance (None: there is none)."""
    pairs: Sequence[tuple[UUID, UUID]]
    """Mentor and mentee of every live pairing."""
    planned: Mapping[UUID, int]
    """Sessions planned in the next 28 days, by mentor."""


def stage_of(days_left: int) -> ClearanceStage:
    """How near the end is: on the last day there are 0 days left, and it still counts."""
    if days_left < 0:
        return ClearanceStage.lapsed
    if days_left <= LAST_DAYS:
        return ClearanceStage.within_7_days
    return ClearanceStage.within_30_days if days_left <= REVIEW_DAYS else ClearanceStage.current


def cover_lost(mentor_id: UUID, ends_on: date, facts: CoverFacts) -> CoverLost:
    """What is gone the day after `ends_on` with this mentor, everyone's that ends by then too."""
    staying = {each for each, until in facts.active.items() if until and until > ends_on}
    staying.discard(mentor_id)
    mentors_of: dict[UUID, set[UUID]] = defaultdict(set)
    for each, mentee_id in facts.pairs:
        mentors_of[mentee_id].add(each)
    mine = [mentee_id for each, mentee_id in facts.pairs if each == mentor_id]
    return CoverLost(
        live_pairings=len(mine),
        planned_sessions=facts.planned.get(mentor_id, 0),
        mentors_remaining=len(staying),
        mentees_without_mentor=sum(not mentors_of[mentee_id] & staying for mentee_id in mine),
    )


async def load_cover(db: AsyncSession, prison_id: str) -> CoverFacts:
    """The facts of a whole prison, in three queries."""
    now = clock.now()
    active = everything(Mentor, prison_id).where(col(Mentor.status) == MentorStatus.active)
    live = everything(Pairing, prison_id).where(col(Pairing.status) == PairingStatus.live)
    planned = everything(Session, prison_id).where(
        col(Session.status).in_(PLANNED),
        col(Session.starts_at) >= now,
        col(Session.starts_at) < now + AHEAD,
    )
    until = active.with_only_columns(col(Mentor.id), col(Mentor.clearance_to))
    pairs = live.with_only_columns(col(Pairing.mentor_id), col(Pairing.mentee_id))
    leads = planned.with_only_columns(col(Session.mentor_id))
    return CoverFacts(
        {mentor_id: day for mentor_id, day in await db.execute(until)},
        [(mentor_id, mentee_id) for mentor_id, mentee_id in await db.execute(pairs)],
        Counter(await db.scalars(leads)),
    )
