"""How long a thing was in which state: its history as stays, and who stood where at an instant."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.moves import History
from app.services.working_days import local_date, utc

RECORDED_IN_ERROR = "recorded_in_error"


@dataclass(frozen=True, slots=True)
class Move:
    """A move as far as stays are made of it."""

    thing_id: UUID
    to: str
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Stay:
    """A time that a thing was in one state; without an end it is there still."""

    thing_id: UUID
    state: str
    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the thing was there just before an instant, such as the end of a day."""
        return self.since < at and (self.until is None or self.until >= at)

    def meets(self, since: datetime, until: datetime) -> bool:
        """Whether any of it lies in a time: its first instant included, its last not."""
        return self.since < until and (self.until is None or self.until > since)

    def days(self, at: datetime, zone: ZoneInfo) -> int:
        """How many midnights on the prison's wall had passed by then, or at its end."""
        return (local_date(self.until or at, zone) - local_date(self.since, zone)).days

    def lasted(self, at: datetime) -> timedelta:
        """For how long it had lasted by then, or at its end."""
        return utc(self.until or at) - utc(self.since)


async def stays(db: AsyncSession, prison_id: str, noun: str, until: datetime) -> list[Stay]:
    """Every stay of every thing of a noun that began before an instant, a thing's own in order."""
    thing, state, at = col(History.thing_id), col(History.to_state), col(History.occurred_at)
    found = (
        select(thing, state, at, col(History.reason))
        .where(
            col(History.prison_id) == prison_id,
            col(History.noun) == noun,
            col(History.from_state).is_distinct_from(state),
            at < until,
        )
        .order_by(thing, at, col(History.recorded_at), col(History.id))
    )
    return list(made([Move(*row) for row in await db.execute(found)]))


def made(moves: Sequence[Move]) -> Iterator[Stay]:
    """The stays that moves make, those of one thing together and in order. What was recorded in
    error and taken back was none. Pure."""
    for thing_id, of_it in groupby(moves, lambda each: each.thing_id):
        kept = list[Move]()
        for move in of_it:
            if move.reason == RECORDED_IN_ERROR and kept:
                kept.pop()
                if kept and kept[-1].to == move.to:
                    continue
            kept.append(move)
        ends = [*(each.at for each in kept[1:]), None]
        for move, end in zip(kept, ends, strict=True):
            yield Stay(thing_id, move.to, move.at, end)


def standing(every: Iterable[Stay], at: datetime) -> dict[UUID, Stay]:
    """Where each thing stood just before an instant."""
    return {each.thing_id: each for each in every if each.holds(at)}
