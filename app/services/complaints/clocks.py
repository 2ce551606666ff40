"""A complaint's clock: an answer within five working days, as a task."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.models.complaints import Complaint
from app.models.prisons import Prison
from app.models.tasks import TaskKind
from app.services import tasks
from app.services.complaints.routing import falls_to
from app.services.working_days import add_working_days

ANSWER_WORKING_DAYS = 5


def answer_due(now: datetime, zone: ZoneInfo) -> datetime:
    """When a complaint recorded or reopened now must be answered, as UTC: 17:00 on the fifth
    working day after it."""
    return add_working_days(now, ANSWER_WORKING_DAYS, zone)


async def due_from_now(db: AsyncSession, prison_id: str) -> datetime:
    zone = (await db.get_one(Prison, prison_id)).tz
    return answer_due(clock.now(), zone)


async def start_clock(db: AsyncSession, complaint: Complaint) -> None:
    """Set the day, and open the task, for those to whom it falls."""
    complaint.due_at = await due_from_now(db, complaint.prison_id)
    await tasks.open_task(
        db,
        complaint.prison_id,
        TaskKind.complaint_due,
        thing=complaint,
        person_id=complaint.raised_by_person_id,
        for_role=falls_to(complaint),
        due_at=complaint.due_at,
    )
