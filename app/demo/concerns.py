"""A concern in every state."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.demo.wing import Wing
from app.models.concerns import (
    AcctDecision,
    ActionCreate,
    ActionDone,
    Concern,
    ConcernCreate,
    ConcernKind,
    ConcernStatus,
    DecisionCreate,
    FeedbackCreate,
    FeedbackOutcome,
    ImmediacySaid,
    SeenCreate,
)
from app.models.mentors import Mentor
from app.models.staff import Role
from app.scope import everything
from app.services import concerns, lifecycle
from app.services.concerns import actions, identity, work
from app.services.concerns.moves import CONCERN

STORIES = [
    ("raised", ConcernKind.welfare, "He has not left his cell for three days."),
    ("raised", ConcernKind.self_harm_or_suicide, "He said nobody would miss him."),
    ("acknowledged", ConcernKind.welfare, "He gives his meals away."),
    ("under_review", ConcernKind.coercion_of_mentor, "Someone wants me to carry for him."),
    ("actions_open", ConcernKind.self_harm_or_suicide, "Old scars, and a fresh plaster."),
    ("ready_to_close", ConcernKind.welfare, "He did not come to the group twice."),
    ("closed", ConcernKind.self_harm_or_suicide, "He wrote a letter to say goodbye."),
    ("closed", ConcernKind.harm_to_others, "Two men on the threes are going to fight."),
    ("reopened", ConcernKind.welfare, "He is quiet again."),
    ("merged_duplicate", ConcernKind.welfare, "He has not been out for days."),
]
TOLD = ["the lad in the end cell", "a man on the twos", "the new man in fourteen"]


async def live(wing: Wing) -> int:
    """Raise each concern and take it where it stands today."""
    async with wing.db.write(wing.prison_id) as session:
        mentor = await _mentor(session, wing)
        first: Concern | None = None
        for number, (ends, kind, account) in enumerate(STORIES):
            body = ConcernCreate(
                kind=kind,
                immediacy=ImmediacySaid.can_wait_a_day,
                subject_as_told=TOLD[number % len(TOLD)],
                account=account,
                told="The wing office",
                protects="He talks to his sister on Sundays.",
            )
            concern, _ = await concerns.raise_concern(session, mentor, body)
            clock.forward(seconds=30)
            if ends == "merged_duplicate":
                assert first is not None
                await identity.merge(session, wing.clinician, concern, first)
            else:
                await _worked(session, wing, concern, ends)
            first = first or concern
    return len(STORIES)


async def _mentor(session: AsyncSession, wing: Wing) -> Actor:
    found = everything(Mentor, wing.prison_id).where(col(Mentor.id) == wing.active_ids[0])
    mentor = (await session.execute(found)).scalar_one()
    return Actor(
        wing.prison_id,
        wing.subject("mentor"),
        Role.mentor,
        person_id=mentor.person_id,
        mentor_id=mentor.id,
    )


async def _worked(session: AsyncSession, wing: Wing, concern: Concern, ends: str) -> None:
    if ends == "raised":
        return
    await work.acknowledge(session, wing.clinician, concern, None)
    if ends == "acknowledged":
        return
    await _to(session, wing.clinician, concern, ConcernStatus.under_review)
    if ends == "under_review":
        return
    await work.see(session, wing.officer, concern, SeenCreate())
    acct = AcctDecision.opened if concern.mentions_self_harm else None
    decision = DecisionCreate(decision="Company, and a plan agreed with him.", acct_decision=acct)
    await work.decide(session, wing.clinician, concern, decision)
    await _act(session, wing, concern, done=ends != "actions_open")
    if ends == "actions_open":
        return
    await _to(session, wing.clinician, concern, ConcernStatus.ready_to_close)
    if ends == "ready_to_close":
        return
    told = FeedbackCreate(outcome=FeedbackOutcome.acted, text="He is being looked after.")
    await work.feed_back(session, wing.clinician, concern, told)
    await _to(session, wing.support_worker, concern, ConcernStatus.closed)
    if ends == "reopened":
        await _to(session, wing.clinician, concern, ConcernStatus.reopened, "new_information")


async def _act(session: AsyncSession, wing: Wing, concern: Concern, *, done: bool) -> None:
    assert wing.support_worker.staff_id is not None
    body = ActionCreate(
        what="Sit with him at association.",
        owner_id=wing.support_worker.staff_id,
        due_at=clock.now() + timedelta(days=2),
    )
    action = await actions.add(session, wing.clinician, concern, body)
    if done:
        finished = ActionDone(outcome="He came out and played cards.")
        await actions.finish(session, wing.support_worker, concern, action, finished)


async def _to(
    session: AsyncSession,
    actor: Actor,
    concern: Concern,
    to: ConcernStatus,
    reason: str | None = None,
) -> None:
    await lifecycle.move(session, CONCERN, concern, to=to, actor=actor, reason=reason)
