"""Who is on duty when: the duties of a period and what others take of them, loaded once and then
asked without the database."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.duties import Duty, DutyOverride, Post
from app.models.staff import Staff
from app.scope import everything
from app.services.duties.naming import fits


@dataclass(frozen=True, slots=True)
class Taken:
    """A part of a duty that somebody else takes."""

    staff_id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A duty as it is held: by whom, on which post, from when; `ends_at` None where it stands.
    `duty_id` None: a pattern has yet to make it. `unfit`: who may not have the post any more,
    since their role is another."""

    duty_id: UUID | None
    post: Post
    staff_id: UUID
    starts_at: datetime
    ends_at: datetime | None
    taken: tuple[Taken, ...] = ()
    unfit: frozenset[UUID] = frozenset()

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or self.ends_at > at)

    def holder(self, at: datetime, here: Collection[UUID]) -> UUID | None:
        """Who has it then, of those who work here. Where whoever took a part of it has left, or
        may not have the post, it is again the duty of the one it was taken from."""
        if not self.covers(at):
            return None
        instead = [t.staff_id for t in self.taken if t.starts_at <= at < t.ends_at]
        may = (each for each in [*instead, self.staff_id] if each not in self.unfit)
        return next((each for each in may if each in here), None)

    def turns(self, here: Collection[UUID]) -> list["Turn"]:
        """Who of those who work here has it from when to when, in order."""
        edges = {edge for t in self.taken for edge in (t.starts_at, t.ends_at) if self.covers(edge)}
        times: list[datetime | None] = [*sorted({self.starts_at, *edges}), self.ends_at]
        found: list[Turn] = []
        for begins, ends in pairwise(times):
            assert begins is not None, "only the last may be open"
            if begins == ends:  # called off before it began
                continue
            holder = self.holder(begins, here)
            if found and found[-1].staff_id == holder and found[-1].ends_at == begins:
                found[-1] = replace(found[-1], ends_at=ends)
            elif holder is not None:
                found.append(Turn(self.post, holder, begins, ends))
        return found


@dataclass(frozen=True, slots=True)
class Turn:
    """A time in which somebody has a post."""

    post: Post
    staff_id: UUID
    starts_at: datetime
    ends_at: datetime | None


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
            holder = each.holder(at, here)
            if holder is not None and holder not in found[each.post]:
                found[each.post].append(holder)
        return found

    def covered(self, post: Post, until: datetime) -> list[tuple[datetime, datetime]]:
        """The times in which the post has somebody who works here, in order and apart."""
        here = {staff.id for staff in self.working}
        times = []
        for each in self.held:
            if each.post is post:
                ends, may = each.ends_at or until, here - each.unfit
                whole = [(each.starts_at, ends)] if each.staff_id in may else []
                parts = [(t.starts_at, min(t.ends_at, ends)) for t in each.taken
                         if t.staff_id in may]  # fmt: skip
                times += [*whole, *parts]
        return _joined(times)


def _joined(times: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for begins, ends in sorted(times):
        if begins >= ends:
            continue
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
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
    parts = await _taken(db, prison_id, [duty.id for duty in duties])
    unfit = {
        post: frozenset(each.id for each in staff if each.role not in fits(post)) for post in Post
    }
    held = [
        Held(
            d.id,
            d.post,
            d.staff_id,
            d.starts_at,
            d.ends_at,
            tuple(parts.get(d.id, ())),
            unfit[d.post],
        )
        for d in duties
    ]
    return Roster(staff, held)


async def _taken(
    db: AsyncSession, prison_id: str, duty_ids: Sequence[UUID]
) -> dict[UUID, list[Taken]]:
    found = everything(DutyOverride, prison_id).where(
        col(DutyOverride.duty_id).in_(duty_ids), col(DutyOverride.withdrawn_at).is_(None)
    )
    parts = defaultdict[UUID, list[Taken]](list)
    for each in await db.scalars(found.order_by(col(DutyOverride.starts_at))):
        parts[each.duty_id].append(Taken(each.staff_id, each.starts_at, each.ends_at))
    return parts
