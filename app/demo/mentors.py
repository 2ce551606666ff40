"""Ten mentors in different states of life."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.demo import applications
from app.demo.wing import Wing
from app.models.clearances import ClearancePut
from app.models.mentors import (
    AgreementPut,
    ClearanceOutcome,
    Commitment,
    Mentor,
    MentorCreate,
    ObservationCreate,
    SupervisorPut,
)
from app.models.placements import PlacementCreate
from app.models.prisons import Prison
from app.models.trainings import Module, TrainingCreate, TrainingStatus
from app.services import clearances, lifecycle, mentors, placements, trainings
from app.services.mentors import evidence
from app.services.working_days import local_date

# Where each of the ten stands today; the first two founded the scheme, as in the published case.
TEN = [
    "founder",
    "founder",
    "active",
    "active",
    "active",
    "paused",
    "suspended",
    "shadowing",
    "governor_review",
    "submitted",
]
TO_REVIEW = ("submitted", "screened", "interviewed", "governor_review")
FIRST_IN_CAMPAIGN = 7  # the last three answer the campaign
AFTER_TRAINING = {"active", "paused", "suspended"}


async def live(wing: Wing) -> None:
    """Every mentor's life so far, in the order it happened."""
    for number, ends in enumerate(TEN):
        async with wing.db.write(wing.prison_id) as session:
            wing.at(days=300 - 5 * number if ends in AFTER_TRAINING | {"founder"} else 60)
            mentor = await _applies(session, wing, wing.person_ids[number], number)
            wing.mentor_ids.append(mentor.id)
            await _goes_on(session, wing, mentor, ends)
            if ends in {"founder", "active"}:
                wing.active_ids.append(mentor.id)


async def _applies(session: AsyncSession, wing: Wing, person_id: UUID, number: int) -> Mentor:
    in_campaign = number >= FIRST_IN_CAMPAIGN
    commitment = Commitment.full_time if number < 4 else Commitment.voluntary
    body = MentorCreate(
        person_id=person_id,
        commitment=commitment,
        motivation="I was helped on this wing and want to give it back.",
        campaign_id=wing.campaign_id if in_campaign else None,
    )
    return await mentors.apply(session, wing.support_worker, body)


async def _goes_on(session: AsyncSession, wing: Wing, mentor: Mentor, ends: str) -> None:
    for to in TO_REVIEW:
        clock.forward(days=2)
        if to == "submitted":
            await applications.says(session, wing, mentor)
        if to == "interviewed":
            await applications.is_interviewed(session, wing, mentor)
        actor = wing.clinician if to == "interviewed" else wing.support_worker
        await _move(session, mentor, to, actor)
        if to == ends:
            return
    await _clear(session, wing, mentor)
    await _move(session, mentor, "approved_conditionally", wing.governor)
    clock.forward(days=3)
    if ends == "founder":
        await _train(session, wing, mentor)
        await _move(session, mentor, "active", wing.governor, reason="founding_mentor")
        return
    await _place(session, wing, mentor)
    await _move(session, mentor, "shadowing", wing.support_worker)
    await _shadow(session, wing, mentor, weeks=3 if ends == "shadowing" else 14)
    if ends == "shadowing":
        return
    await _train(session, wing, mentor)
    await _move(session, mentor, "ready_for_sign_off", wing.support_worker)
    await _move(session, mentor, "active", wing.governor)
    clock.forward(days=20)
    if ends == "paused":
        await _move(session, mentor, "paused", wing.support_worker, reason="own_wish")
    if ends == "suspended":
        wing.at(days=1)
        await _move(session, mentor, "suspended", wing.governor, reason="concern_raised")


async def _move(
    session: AsyncSession, mentor: Mentor, to: str, actor: Actor, reason: str | None = None
) -> None:
    await lifecycle.move(session, mentors.MENTOR, mentor, to=to, actor=actor, reason=reason)


async def _clear(session: AsyncSession, wing: Wing, mentor: Mentor) -> None:
    today = clock.now().date()
    body = ClearancePut(
        outcome=ClearanceOutcome.cleared,
        valid_from=today,
        valid_to=today + timedelta(days=2 * 365),
    )
    await clearances.record(session, wing.governor, mentor, body)


async def _place(session: AsyncSession, wing: Wing, mentor: Mentor) -> None:
    """With the first founder as host."""
    prison = await session.get_one(Prison, wing.prison_id)
    body = PlacementCreate(
        mentor_id=mentor.id,
        host_id=wing.active_ids[0],
        starts_on=local_date(clock.now(), prison.tz),
    )
    await placements.place(session, wing.support_worker, body)


async def _shadow(session: AsyncSession, wing: Wing, mentor: Mentor, *, weeks: int) -> None:
    for week in range(weeks):
        clock.forward(days=7)
        if week % 2 == 0:
            body = ObservationCreate(
                observed_mentor_id=wing.active_ids[0],
                held_at=clock.now() - timedelta(hours=3),
                minutes=45,
                learnt="How silence lets a man find his words.",
                assessed=True,
            )
            await evidence.log_observation(session, wing.support_worker, mentor, body)


async def _train(session: AsyncSession, wing: Wing, mentor: Mentor) -> None:
    """Five modules signed off by the nurse, the agreement, the supervisor."""
    for module in Module:
        body = TrainingCreate(mentor_id=mentor.id, module=module)
        training = await trainings.open_module(session, wing.nurse, body)
        for to in (TrainingStatus.attended, TrainingStatus.assessed, TrainingStatus.competent):
            await lifecycle.move(session, trainings.TRAINING, training, to=to, actor=wing.nurse)
    signed = AgreementPut(
        signed_at=clock.now(), explained_version="2026-1", explained_language="English"
    )
    await evidence.record_agreement(session, wing.support_worker, mentor, signed)
    assert wing.support_worker.staff_id is not None
    supervisor = SupervisorPut(staff_id=wing.support_worker.staff_id)
    await evidence.assign_supervisor(session, mentor, supervisor)
