"""The hand-over sheet for an outage: its facts, and what stands on it.

Printed by somebody it has the concerns that they may read; written to a disk, the concerns that
are kept from nobody whom the sheet is for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.concerns import CONCERN_OPEN, Concern, ConcernStatus
from app.models.duties import DutyGap, Post
from app.models.prints import ConcernWaitsFor, OutageConcern, OutageDuty, OutageSheet
from app.models.prisons import Prison
from app.models.staff import Staff
from app.services import duties
from app.services.duties import Roster
from app.services.duties.gaps import gaps
from app.services.ladders import Immediacy
from app.services.prints.facts import MOST_LINES
from app.services.prisons import outside


@dataclass(frozen=True, slots=True)
class Open:
    """An open concern, as far as a sheet tells of it."""

    reference: str
    immediacy: Immediacy
    status: ConcernStatus
    acknowledge_by: datetime
    acknowledged_at: datetime | None
    seen_by: datetime
    seen_at: datetime | None
    decide_by: datetime
    decided_at: datetime | None

    @property
    def waits_for(self) -> ConcernWaitsFor:
        if self.acknowledged_at is None:
            return ConcernWaitsFor.acknowledge
        if self.seen_at is None:
            return ConcernWaitsFor.see
        return ConcernWaitsFor.decide if self.decided_at is None else ConcernWaitsFor.close

    @property
    def due(self) -> datetime:
        """By when what it waits for is to be done; what only waits to be closed stands last."""
        by = {
            ConcernWaitsFor.acknowledge: self.acknowledge_by,
            ConcernWaitsFor.see: self.seen_by,
        }
        return by.get(self.waits_for, self.decide_by)


@dataclass(frozen=True, slots=True)
class Known:
    """The open concerns that a sheet holds, and how many others do not fit."""

    concerns: Sequence[Open]
    left_out: int = 0


async def open_concerns(db: AsyncSession, narrowed: Select[Any]) -> Known:
    """The open concerns among these: references, states and clocks, and no other column. Of more
    than a sheet holds those that are due first: in an outage a part is better than no sheet."""
    columns = [getattr(Concern, name) for name in Open.__slots__]
    found = (
        narrowed.where(col(Concern.status).in_(CONCERN_OPEN))
        .with_only_columns(*columns, func.count().over())
        .order_by(*_SOONEST)
        .limit(MOST_LINES)
    )
    rows = (await db.execute(found)).all()
    total = rows[0][-1] if rows else 0
    return Known([Open(*row[:-1]) for row in rows], total - len(rows))


_SOONEST = (
    and_(
        col(Concern.acknowledged_at).is_not(None),
        col(Concern.seen_at).is_not(None),
        col(Concern.decided_at).is_not(None),
    ),
    case(
        (col(Concern.acknowledged_at).is_(None), col(Concern.acknowledge_by)),
        (col(Concern.seen_at).is_(None), col(Concern.seen_by)),
        else_=col(Concern.decide_by),
    ),
    col(Concern.reference),
)
"""What `in_order` sorts by, for the database."""


async def sheet(
    db: AsyncSession, prison: Prison, now: datetime, hours: int, known: Known
) -> OutageSheet:
    """The sheet for some hours from now: three queries beside the concerns."""
    until = now + timedelta(hours=hours)
    roster = await duties.load(db, prison.id, now, until)
    posts = on_duty(roster, now, until)
    return OutageSheet(
        as_at=now,
        until=until,
        call_back_number=prison.call_back_number,
        outside_last_resort=outside(prison),
        on_duty=posts[:MOST_LINES],
        on_duty_left_out=max(len(posts) - MOST_LINES, 0),
        concerns=in_order(known.concerns),
        concerns_left_out=known.left_out,
    )


def on_duty(roster: Roster, now: datetime, until: datetime) -> list[OutageDuty]:
    """Who has which post until then, and when nobody has, by post and time."""
    staff = {each.id: each for each in roster.working}
    held = [turn for each in roster.held for turn in each.turns(staff.keys())]
    lines = [
        _line(turn.post, turn.starts_at, turn.ends_at, staff, turn.staff_id)
        for turn in held
        if turn.starts_at < until and (turn.ends_at is None or turn.ends_at > now)
    ]
    lines += [_empty(gap) for gap in gaps(roster, now, until)]
    posts = list(Post)
    return sorted(lines, key=lambda each: (posts.index(each.post), each.starts_at))


def _line(
    post: Post,
    starts_at: datetime,
    ends_at: datetime | None,
    staff: Mapping[UUID, Staff],
    staff_id: UUID,
) -> OutageDuty:
    who = staff[staff_id]
    return OutageDuty(
        post=post, name=who.name, contact=who.contact, starts_at=starts_at, ends_at=ends_at
    )


def _empty(gap: DutyGap) -> OutageDuty:
    return OutageDuty(
        post=gap.post, name=None, contact=None, starts_at=gap.starts_at, ends_at=gap.ends_at
    )


def in_order(concerns: Iterable[Open]) -> list[OutageConcern]:
    """The soonest deadline first, and what only waits to be closed last."""
    last = ConcernWaitsFor.close
    found = sorted(concerns, key=lambda each: (each.waits_for is last, each.due, each.reference))
    return [
        OutageConcern(
            waits_for=each.waits_for, **{name: getattr(each, name) for name in Open.__slots__}
        )
        for each in found
    ]
