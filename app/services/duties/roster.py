"""Who is on duty when: the duties of a period and what others take of them, loaded once and then
asked without the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.duties import Duty, Post
from app.models.staff import Staff
from app.scope import everything


@dataclass(frozen=True, slots=True)
class Held:
    """A duty as it is held: by whom, on which post, from when; `ends_at` None where it stands."""

    duty_id: UUID
    post: Post
    staff_id: UUID
    starts_at: datetime
    ends_at: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or self.ends_at > at)


@dataclass(frozen=True, slots=True)
class Roster:
    """The active staff, longest here first, and the duties of some time, longest on duty first."""

    working: Sequence[Staff]
    held: Sequence[Held]

    def on_duty(self, at: datetime) -> dict[Post, list[UUID]]:
        """The active staff on duty on each post at an instant; a post without anyone has an empty
        list."""
        here = {staff.id for staff in self.working}
        found: dict[Post, list[UUID]] = {post: [] for post in Post}
        for each in self.held:
            if each.covers(at) and each.staff_id in here and each.staff_id not in found[each.post]:
                found[each.post].append(each.staff_id)
        return found


async def load(db: AsyncSession, prison_id: str, first: datetime, last: datetime | None) -> Roster:
    """The roster from one instant to another, both included; None: whatever is to come."""
    working = everything(Staff, prison_id).where(col(Staff.active))
    ends = col(Duty.ends_at)
    found = everything(Duty, prison_id).where(or_(ends.is_(None), ends > first))
    if last is not None:
        found = found.where(col(Duty.starts_at) <= last)
    duties = (await db.scalars(found.order_by(col(Duty.starts_at), col(Duty.id)))).all()
    staff = (await db.scalars(working.order_by(col(Staff.recorded_at)))).all()
    held = [Held(d.id, d.post, d.staff_id, d.starts_at, d.ends_at) for d in duties]
    return Roster(staff, held)
