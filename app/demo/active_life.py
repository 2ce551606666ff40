"""Working mentors today: one paid full time, one cleared on a condition, one whose clearance is
about to end and has been extended, and a suspension that was looked at and goes on."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.demo.wing import Wing
from app.models.clearances import ClearancePut, ExtensionCreate
from app.models.mentors import (
    ApprovalCondition,
    ClearanceOutcome,
    Commitment,
    CommitmentPut,
    Mentor,
    MentorStatus,
    SuspensionOutcome,
    SuspensionReviewCreate,
)
from app.scope import everything
from app.services import clearances, mentors
from app.services.mentors import evidence


async def live(wing: Wing) -> None:
    """What was decided and agreed in the last fortnight."""
    paid, conditional, ending = wing.active_ids[:3]
    async with wing.db.write(wing.prison_id) as session:
        wing.at(days=14)
        pay = CommitmentPut(commitment=Commitment.full_time, pay_reference="EWB/0001")
        mentor = await _mentor(session, wing, paid)
        await evidence.set_commitment(session, wing.support_worker, mentor, pay)
        today = wing.today.date()
        await _clear(session, wing, conditional, today + timedelta(days=365), no_nights=True)
        await _clear(session, wing, ending, today + timedelta(days=5))
        wing.at(days=1)
        extension = ExtensionCreate(until=today + timedelta(days=25))
        mentor = await _mentor(session, wing, ending)
        await clearances.extend(session, wing.governor, mentor, extension)
        wing.at(hours=2)
        await clearances.review_due(session, wing.prison_id)
        await _uphold(session, wing)


async def _mentor(session: AsyncSession, wing: Wing, mentor_id: UUID) -> Mentor:
    found = everything(Mentor, wing.prison_id).where(col(Mentor.id) == mentor_id)
    return (await session.execute(found)).scalar_one()


async def _clear(
    session: AsyncSession, wing: Wing, mentor_id: UUID, until: date, *, no_nights: bool = False
) -> None:
    body = ClearancePut(
        outcome=ClearanceOutcome.cleared,
        valid_from=wing.today.date() - timedelta(days=14),
        valid_to=until,
        conditions=[ApprovalCondition.no_nights] if no_nights else [],
    )
    await clearances.record(session, wing.governor, await _mentor(session, wing, mentor_id), body)


async def _uphold(session: AsyncSession, wing: Wing) -> None:
    suspended = everything(Mentor, wing.prison_id).where(
        col(Mentor.status) == MentorStatus.suspended
    )
    body = SuspensionReviewCreate(outcome=SuspensionOutcome.upheld, review_in_days=7)
    for mentor in (await session.scalars(suspended)).all():
        await mentors.uphold_suspension(session, wing.governor, mentor, body)
