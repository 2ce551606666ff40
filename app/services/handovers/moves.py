"""A hand-over's life as a table of moves."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.handovers import DutyHandoverStatus
from app.models.staff import Role
from app.services.lifecycle import Context, Lifecycle, Move, Moves, Refusal

S = DutyHandoverStatus
STAFF = frozenset({Role.support_worker, Role.clinician, Role.governor})
WITHDRAW_REASONS = ("made_in_error", "to_somebody_else", "other")


def ones_own(context: Context) -> Refusal | None:
    if context.actor.staff_id == context.thing.from_staff_id:
        return None
    return Refusal("ones_own", "Only whoever hands over takes it back.")


async def take_on(db: AsyncSession, context: Context) -> None:
    context.thing.accepted_at = context.now


MOVES: Moves = {
    (S.offered, S.accepted): Move(STAFF, effects=(take_on,), offered=False),
    (S.offered, S.withdrawn): Move(STAFF, guards=(ones_own,), reasons=WITHDRAW_REASONS),
}
HANDOVER = Lifecycle("handovers", "handover", DutyHandoverStatus, MOVES)
