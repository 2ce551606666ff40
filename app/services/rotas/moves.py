"""A rota's life as a table of moves."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.rotas import Rota, RotaStatus
from app.models.shifts import Shift, ShiftStatus
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move, Moves
from app.services.shifts import alerts
from app.services.shifts.moves import SHIFT

S = RotaStatus
SW = frozenset({Role.support_worker})
SYSTEM = frozenset({Role.system})
WITHDRAW_REASONS = ("made_in_error", "not_needed", "other")
OPEN_SHIFTS = (
    ShiftStatus.draft,
    ShiftStatus.published,
    ShiftStatus.accepted,
    ShiftStatus.swap_requested,
    ShiftStatus.uncovered,
)


async def supersede_shift(db: AsyncSession, context: Context, shift: Shift) -> None:
    """It stands no more; what was worked of it stays."""
    shift.superseded_at = context.now
    if shift.status is not ShiftStatus.draft:
        await lifecycle.mark(db, SHIFT, shift, context.actor, "superseded")
        await alerts.settled(db, shift, context.actor)


async def let_shifts_go(db: AsyncSession, context: Context) -> None:
    """The shifts that have not begun stand no more."""
    rota: Rota = context.thing
    to_come = everything(Shift, rota.prison_id).where(
        col(Shift.rota_id) == rota.id,
        col(Shift.superseded_at).is_(None),
        col(Shift.status).in_(OPEN_SHIFTS),
        col(Shift.starts_at) >= clock.now(),
    )
    for shift in (await db.scalars(to_come.order_by(col(Shift.id)).with_for_update())).all():
        await supersede_shift(db, context, shift)


_WITHDRAW = Move(SW, reasons=WITHDRAW_REASONS, effects=(let_shifts_go,))
MOVES: Moves = {
    (S.draft, S.solving): Move(SW, offered=False),
    (S.proposed, S.solving): Move(SW, offered=False),
    (S.solving, S.proposed): Move(SYSTEM, offered=False),
    (S.solving, S.draft): Move(SW, offered=False),
    (S.proposed, S.published): Move(SW, offered=False),
    (S.published, S.superseded): Move(SW, offered=False),
    (S.draft, S.withdrawn): _WITHDRAW,
    (S.proposed, S.withdrawn): _WITHDRAW,
    (S.published, S.withdrawn): _WITHDRAW,
}
ROTA = Lifecycle("rotas", "rota", RotaStatus, MOVES)
