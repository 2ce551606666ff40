"""A page that waits is not sent any more to whom what it is about has been found to be about: their
telephone may have been off all night."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.concerns import Concern
from app.models.notifications import Notification
from app.models.staff import Staff
from app.models.tasks import Task
from app.scope import everything
from app.services.concerns.routing import may_work
from app.services.tasks import reach


async def withheld(db: AsyncSession, page: Notification) -> bool:
    """Whether a page to one of the staff is about what they may not know of by now."""
    if page.staff_id is None or (page.concern_id is None and page.task_id is None):
        return False
    here = page.prison_id
    person = everything(Staff, here).where(col(Staff.id) == page.staff_id)
    staff = (await db.scalars(person)).one()
    if page.concern_id is not None:
        found = everything(Concern, here).where(col(Concern.id) == page.concern_id)
        return not may_work((await db.scalars(found)).one(), staff.role, staff.id)
    of_it = everything(Task, here).where(col(Task.id) == page.task_id)
    return not await reach.who_may_know(db, (await db.scalars(of_it)).one(), [staff])
