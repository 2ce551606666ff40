"""Pairings: which mentor supports which mentee."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.pairings import PairingStatus
from app.models.staff import Role
from app.services.lifecycle import Context, Lifecycle, Move

S = PairingStatus
SW = Role.support_worker
END_REASONS = ("goals_met", "mentee_wish", "mentor_wish", "mentor_left", "reassigned", "other")


async def note_end(db: AsyncSession, context: Context) -> None:
    context.thing.ended_at = context.now


MOVES = {
    (S.live, S.to_reassign): Move(frozenset(Role), offered=False),
    (S.to_reassign, S.live): Move(frozenset({SW})),
    (S.live, S.ended): Move(frozenset({SW}), reasons=END_REASONS, effects=(note_end,)),
    (S.to_reassign, S.ended): Move(frozenset({SW}), reasons=END_REASONS, effects=(note_end,)),
}
PAIRING = Lifecycle("pairings", "pairing", PairingStatus, MOVES)
