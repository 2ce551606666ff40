"""A complaint's life as a table of moves."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.complaints import Complaint, ComplaintStatus
from app.models.staff import Role
from app.models.tasks import TaskKind
from app.services import tasks
from app.services.complaints.clocks import start_clock
from app.services.lifecycle import Context, Lifecycle, Move, Refusal

S = ComplaintStatus
WORKERS = frozenset({Role.support_worker, Role.clinician, Role.governor})
ANYONE = WORKERS | {Role.mentor}
CLOSE_REASONS = ("person_satisfied", "person_told", "person_gone", "other")
REOPEN_REASONS = ("not_answered", "not_satisfied", "new_information", "other")
WITHDRAW_REASONS = ("settled", "not_wanted_any_more", "not_said")


def answered_by_whom_it_is_with(context: Context) -> Refusal | None:
    """Only whoever it was assigned to answers; who may not see it cannot be."""
    if context.actor.staff_id is not None and context.actor.staff_id == context.thing.assigned_to:
        return None
    code = "answered_by_whom_it_is_with"
    return Refusal(code, "Whoever it is assigned to answers; have it assigned to you.")


async def stop_clock(db: AsyncSession, context: Context) -> None:
    await tasks.finish(db, context.thing, TaskKind.complaint_due, context.actor)


async def cancel_clock(db: AsyncSession, context: Context) -> None:
    await tasks.drop(db, context.thing, TaskKind.complaint_due)


async def ask_anew(db: AsyncSession, context: Context) -> None:
    """A new time to answer, from now on; who answered before may have to again, or another."""
    complaint: Complaint = context.thing
    complaint.assigned_to = None
    complaint.answered_at = complaint.answered_by = None
    await start_clock(db, complaint)


_ASSIGNED = Move(WORKERS, offered=False)
_WITHDRAWN = Move(ANYONE, reasons=WITHDRAW_REASONS, effects=(cancel_clock,))
MOVES: dict[tuple[ComplaintStatus, ComplaintStatus], Move] = {
    (S.received, S.assigned): _ASSIGNED,
    (S.reopened, S.assigned): _ASSIGNED,
    (S.assigned, S.answered): Move(
        WORKERS, guards=(answered_by_whom_it_is_with,), effects=(stop_clock,), offered=False
    ),
    (S.answered, S.closed): Move(WORKERS, reasons=CLOSE_REASONS),
    (S.answered, S.reopened): Move(ANYONE, reasons=REOPEN_REASONS, effects=(ask_anew,)),
    (S.received, S.withdrawn_by_person): _WITHDRAWN,
    (S.assigned, S.withdrawn_by_person): _WITHDRAWN,
    (S.reopened, S.withdrawn_by_person): _WITHDRAWN,
}
COMPLAINT = Lifecycle("complaints", "complaint", ComplaintStatus, MOVES)
