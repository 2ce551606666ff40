"""What mentees want to reach, what was complained of and answered, and who was turned away."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.demo.wing import Wing
from app.models.complaints import (
    AnswerCreate,
    AssignmentCreate,
    ComplaintAbout,
    ComplaintCreate,
    ComplaintStatus,
)
from app.models.demand import TurnedAwayCreate, TurnedAwayReason
from app.models.goals import GoalCreate, GoalKind, GoalStatus
from app.models.mentees import Mentee, MenteeStatus, ReferredBy
from app.scope import everything
from app.services import complaints, demand, goals, lifecycle

PLAN = (
    (GoalKind.goal, "Back to the workshop by spring.", True),
    (GoalKind.early_sign, "I stop answering letters.", False),
    (GoalKind.what_helps, "Drawing, with the radio on.", True),
)
COMPLAINT = "Nobody came for three weeks after I had asked."
ANSWER = "You were right, and we are sorry. Your first session is on Thursday."


async def live(wing: Wing) -> None:
    """Three plans, a complaint answered and one that waits, two turned away."""
    wing.at(days=9)
    async with wing.db.write(wing.prison_id) as session:
        engaged = everything(Mentee, wing.prison_id).where(
            col(Mentee.status) == MenteeStatus.engaged
        )
        first = engaged.order_by(col(Mentee.recorded_at), col(Mentee.id)).limit(3)
        mentees = (await session.execute(first)).scalars().all()
        for mentee in mentees:
            await _plan(session, wing, mentee)
        await _complaints(session, wing, [each.person_id for each in mentees])
        for reason in (TurnedAwayReason.no_capacity, TurnedAwayReason.not_eligible):
            body = TurnedAwayCreate(reason=reason, source=ReferredBy.wing_staff)
            await demand.turn_away(session, wing.support_worker, body)


async def _plan(session: AsyncSession, wing: Wing, mentee: Mentee) -> None:
    for kind, text, shared in PLAN:
        body = GoalCreate(mentee_id=mentee.id, kind=kind, text=text, share_with_mentor=shared)
        goal = await goals.add(session, wing.support_worker, body)
        if kind is GoalKind.early_sign:
            to, actor = GoalStatus.dropped, wing.support_worker
            await lifecycle.move(session, goals.GOAL, goal, to=to, actor=actor)


async def _complaints(session: AsyncSession, wing: Wing, people: list[UUID]) -> None:
    by_paper = ComplaintCreate(
        about=ComplaintAbout.service,
        account=COMPLAINT,
        raised_by_person_id=people[0],
        occurred_at=clock.now() - timedelta(days=1),
    )
    complaint = await complaints.raise_complaint(session, wing.officer, by_paper)
    worker = wing.support_worker
    assert worker.staff_id is not None
    to_me = AssignmentCreate(staff_id=worker.staff_id)
    await complaints.assign(session, worker, complaint, to_me)
    clock.forward(days=1)
    await complaints.answer(session, worker, complaint, AnswerCreate(answer=ANSWER))
    to, reason = ComplaintStatus.closed, "person_satisfied"
    await lifecycle.move(
        session, complaints.COMPLAINT, complaint, to=to, actor=worker, reason=reason
    )
    wing.at(days=1)
    waits = ComplaintCreate(
        about=ComplaintAbout.decision,
        account="Why do I have to wait when others do not?",
        wanted="Tell me where I stand on the list.",
        raised_by_person_id=people[1],
    )
    await complaints.raise_complaint(session, wing.officer, waits)
