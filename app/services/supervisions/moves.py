"""A supervision's life as a table of moves."""

from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.prisons import Prison
from app.models.staff import Role
from app.models.supervisions import Supervision, SupervisionStatus
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.working_days import local_date

S = SupervisionStatus
CARE = frozenset({Role.support_worker, Role.clinician})
EVERYONE = frozenset(Role)
MISSED_REASONS = (
    "regime_lockdown",
    "staff_shortage",
    "no_room",
    "clash",
    "supervisor_unavailable",
    "mentor_unavailable",
    "mentor_declined",
    "other",
)
NOT_ACTIVE = "mentor_not_active"


async def zone_of(db: AsyncSession, supervision: Supervision) -> ZoneInfo:
    """The prison's time, in whose days supervision is counted."""
    return (await db.get_one(Prison, supervision.prison_id)).tz


def due_day_has_come(context: Context) -> Refusal | None:
    """What has not come due is not missed: else its clocks could be put off beforehand."""
    supervision: Supervision = context.thing
    if local_date(context.now, context.facts) >= supervision.due_on:
        return None
    return Refusal("due_day_has_come", f"It is due on {supervision.due_on}.")


def supervisor_signed(context: Context) -> Refusal | None:
    if context.thing.supervisor_signed_at is not None:
        return None
    return Refusal("supervisor_signed", "The supervisor must sign it.")


def mentor_answered(context: Context) -> Refusal | None:
    """Signed, refused, or unable with the reason."""
    if context.thing.mentor_signature is not None:
        return None
    return Refusal("mentor_answered", "The mentor must sign it, or refuse, or be unable.")


_HELD = Move(CARE, offered=False)
_MISSED = Move(CARE, guards=(due_day_has_come,), reasons=MISSED_REASONS)
_CANCELLED = Move(EVERYONE, reasons=(NOT_ACTIVE,), offered=False)

MOVES = {
    (S.scheduled, S.held): _HELD,
    (S.scheduled, S.missed): _MISSED,
    (S.rescheduled, S.held): _HELD,
    (S.rescheduled, S.missed): _MISSED,
    (S.missed, S.rescheduled): Move(CARE, offered=False),
    (S.missed, S.held): _HELD,  # it took place all the same: what has happened can be recorded
    (S.cancelled, S.held): _HELD,  # before the mentor left off, and was entered later
    (S.held, S.signed): Move(EVERYONE, guards=(supervisor_signed, mentor_answered), offered=False),
    (S.scheduled, S.cancelled): _CANCELLED,
    (S.missed, S.cancelled): _CANCELLED,
    (S.rescheduled, S.cancelled): _CANCELLED,
}
SUPERVISION = Lifecycle("supervisions", "supervision", SupervisionStatus, MOVES, zone_of)
