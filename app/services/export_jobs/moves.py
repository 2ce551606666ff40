"""The moves of an export job: its owner may call it off, all else the worker does."""

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.models.export_jobs import ExportFailure, ExportJob, ExportJobStatus
from app.models.staff import Role
from app.services.lifecycle import Context, Lifecycle, Move

S = ExportJobStatus


async def let_go(db: AsyncSession, context: Context) -> None:
    """Nobody works on it any more."""
    job: ExportJob = context.thing
    job.claimed_by = job.beat_at = None
    job.finished_at = job.finished_at or clock.now()


async def note_failure(db: AsyncSession, context: Context) -> None:
    context.thing.failure = ExportFailure(str(context.reason))


_SERVICE = Move(frozenset({Role.system}), offered=False)
_ENDS = Move(frozenset({Role.system}), effects=(let_go,), offered=False)
_FAILS = Move(frozenset({Role.system}), effects=(let_go, note_failure), offered=False)
_OWNERS = Move(frozenset({Role.machine}), effects=(let_go,))
MOVES = {
    (S.queued, S.running): _SERVICE,
    (S.queued, S.failed): _FAILS,
    (S.queued, S.cancelled): _OWNERS,
    (S.running, S.ready): _ENDS,
    (S.running, S.failed): _FAILS,
    (S.running, S.cancelled): _OWNERS,
    (S.ready, S.cancelled): _OWNERS,
    (S.ready, S.expired): _SERVICE,
}
EXPORT_JOB = Lifecycle("export_jobs", "export_job", ExportJobStatus, MOVES)
