"""The governor's approval and the conditions it is bound to."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import MoveNotInTable
from app.models.applications import ApprovalCreate, ConditionsPut
from app.models.mentors import Mentor, MentorStatus
from app.services import lifecycle
from app.services.mentors.moves import MENTOR

S = MentorStatus
APPROVED = frozenset(
    {
        S.approved_conditionally,
        S.shadowing,
        S.ready_for_sign_off,
        S.active,
        S.paused,
        S.suspended,
    }
)


async def approve(db: AsyncSession, actor: Actor, mentor: Mentor, body: ApprovalCreate) -> None:
    """Approve an application on conditions. Raises MoveNotInTable where none waits: a suspension
    is not lifted by approving anew."""
    if mentor.status is not S.governor_review:
        raise MoveNotInTable("Only an application in the governor's review is approved.")
    mentor.conditions = [condition.value for condition in body.conditions]
    await lifecycle.move(
        db,
        MENTOR,
        mentor,
        to=S.approved_conditionally,
        actor=actor,
        note=body.note,
        disclosure=body.disclosure,
    )


async def put_conditions(
    db: AsyncSession, actor: Actor, mentor: Mentor, body: ConditionsPut
) -> None:
    """Bind an approval to other conditions; what they were is kept. Raises MoveNotInTable unless
    the mentor is approved."""
    if mentor.status not in APPROVED:
        raise MoveNotInTable("Conditions belong to an approval that stands.")
    conditions = [condition.value for condition in body.conditions]
    if conditions == mentor.conditions:
        return
    mentor.conditions = conditions
    await lifecycle.mark(db, MENTOR, mentor, actor, "conditions_changed")
    await db.flush()
