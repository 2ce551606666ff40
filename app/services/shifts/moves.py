"""A shift's life as a table of moves."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.shifts import Shift, ShiftStatus
from app.models.staff import Role
from app.services.lifecycle import Context, Lifecycle, Move, Moves, Refusal
from app.services.shifts import alerts
from app.services.shifts.guards import CAN_SERVE, Facts, load_facts

S = ShiftStatus
SW = frozenset({Role.support_worker})
BOTH = frozenset({Role.support_worker, Role.mentor})
SYSTEM = frozenset({Role.system})
RELEASE_REASONS = ("sick", "court", "visit", "regime", "safety", "welfare", "other")
BY_ITSELF = ("left_active", "not_accepted")
REGIME_REASONS = ("lockdown", "staff_shortage", "other")

__all__ = ["MOVES", "SHIFT", "Facts"]


def still_to_come(context: Context) -> Refusal | None:
    if context.now < context.thing.ends_at or context.actor.role is Role.system:
        return None
    return Refusal("still_to_come", "The shift is over.")


def not_superseded(context: Context) -> Refusal | None:
    if context.thing.superseded_at is None:
        return None
    return Refusal("not_superseded", "Another rota stands for that time.")


async def let_go(db: AsyncSession, context: Context) -> None:
    """Nobody has it now, and that is told at once."""
    shift: Shift = context.thing
    shift.mentor_id = None
    await db.flush()
    await alerts.uncovered(db, shift)


async def has_somebody(db: AsyncSession, context: Context) -> None:
    await alerts.settled(db, context.thing, context.actor)


STANDS = (not_superseded, still_to_come)
_RELEASE = Move(BOTH, guards=STANDS, reasons=RELEASE_REASONS, effects=(let_go,))
_CALL_IN = Move(SW, guards=(*STANDS, *CAN_SERVE), effects=(has_somebody,), offered=False)
_REGIME = Move(SW, guards=STANDS, reasons=REGIME_REASONS, effects=(has_somebody,))
MOVES: Moves = {
    (S.draft, S.published): Move(SW, guards=CAN_SERVE, offered=False),
    (S.published, S.accepted): Move(BOTH, guards=(*STANDS, *CAN_SERVE)),
    (S.published, S.swap_requested): Move(BOTH, guards=STANDS),
    (S.accepted, S.swap_requested): Move(BOTH, guards=STANDS),
    (S.swap_requested, S.accepted): Move(BOTH, guards=(*STANDS, *CAN_SERVE)),
    (S.published, S.uncovered): _RELEASE,
    (S.accepted, S.uncovered): _RELEASE,
    (S.swap_requested, S.uncovered): _RELEASE,
    (S.uncovered, S.published): _CALL_IN,
    (S.uncovered, S.accepted): _CALL_IN,
    (S.accepted, S.on_shift): Move(SYSTEM, offered=False),
    (S.swap_requested, S.on_shift): Move(SYSTEM, offered=False),
    (S.on_shift, S.ended): Move(SW),
    (S.published, S.cancelled_regime): _REGIME,
    (S.accepted, S.cancelled_regime): _REGIME,
    (S.swap_requested, S.cancelled_regime): _REGIME,
    (S.uncovered, S.cancelled_regime): _REGIME,
    (S.on_shift, S.cancelled_regime): _REGIME,
}
SHIFT = Lifecycle("shifts", "shift", ShiftStatus, MOVES, load_facts)
