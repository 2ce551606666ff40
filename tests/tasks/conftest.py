"""Tasks climb as concerns do: the same night, and tasks opened as other services open them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col

from app.models.people import Person
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.scope import everything
from app.services import tasks
from tests.concerns.conftest import Night, night

__all__ = ["night", "opens", "suspends"]


async def opens(
    night: Night,
    kind: TaskKind,
    *,
    for_role: StaffRole | None = None,
    for_staff_id: UUID | None = None,
    due_in: timedelta = timedelta(hours=72),
    thing: Any = None,
) -> str:
    """A task about the mentor's person, or come of `thing`; answers its path."""
    wing = night.wing
    async with wing.db.write(wing.prison_id) as session:
        if thing is None:
            found = everything(Person, wing.prison_id).where(
                col(Person.id) == night.mentor.person_id
            )
            thing = (await session.execute(found)).scalar_one()
        task = await tasks.open_task(
            session,
            wing.prison_id,
            kind,
            thing=thing,
            person_id=night.mentor.person_id,
            for_role=for_role,
            for_staff_id=for_staff_id,
            due_in=due_in,
        )
    return f"tasks/{task.id}"


async def suspends(night: Night) -> str:
    """The mentor is suspended; answers the path of the task that comes of it."""
    path = f"mentors/{night.mentor.mentor_id}"
    await night.wing.support_worker.move(path, "suspended", reason="conduct")
    found = await night.wing.governor.get("tasks?kind=suspension_review&status=open")
    (task,) = found["items"]
    return f"tasks/{task['id']}"
