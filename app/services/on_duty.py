"""On duty: which mentors serve now and next, which staff, and whether a door is between."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.base import Output
from app.models.mentors import Mentor
from app.models.on_duty import ReachedBy
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person
from app.models.prisons import Prison
from app.models.rota_demands import RotaRole
from app.models.shifts import Shift, ShiftStatus
from app.models.staff import Role
from app.scope import everything
from app.services import duties, regimes
from app.services.doors import LOOK_AHEAD, Doors
from app.services.names import of_person
from app.services.sessions import closed
from app.services.working_days import local_date
from app.visibility import shape

NEXT_WITHIN = timedelta(hours=24)
NEXT_AT_MOST = 10
ONE_DAY, AN_INSTANT = timedelta(days=1), timedelta(microseconds=1)
SERVING = (ShiftStatus.accepted, ShiftStatus.swap_requested, ShiftStatus.on_shift)
IN_DANGER = "This is no alarm. If somebody is in danger, press the cell bell or tell an officer."


@dataclass(frozen=True, slots=True)
class Serving:
    """A mentor's shift, as far as it matters who can be reached."""

    mentor_id: UUID
    mentor_name: str
    cell_location: str | None
    role: RotaRole
    starts_at: datetime
    ends_at: datetime

    @property
    def stand_by(self) -> bool:
        return self.role is RotaRole.mentor_on_call


async def serving(db: AsyncSession, prison_id: str, at: datetime) -> Sequence[Serving]:
    """The mentors on duty at an instant: on shift before on call, then by the beginning. A shift
    that nobody accepted puts nobody on duty."""
    now = col(Shift.starts_at) <= at, col(Shift.ends_at) > at
    return await _shifts(db, prison_id, *now, col(Shift.status).in_(SERVING))


async def _shifts(db: AsyncSession, prison_id: str, *when: Any) -> Sequence[Serving]:
    found = (
        everything(Shift, prison_id)
        .join(
            Mentor,
            and_(
                col(Mentor.prison_id) == col(Shift.prison_id),
                col(Mentor.id) == col(Shift.mentor_id),
            ),
        )
        .join(Person, of_person(Mentor))
        .where(col(Shift.superseded_at).is_(None), *when)
        .with_only_columns(
            col(Mentor.id),
            col(Person.display_name),
            col(Person.cell_location),
            col(Shift.role),
            col(Shift.starts_at),
            col(Shift.ends_at),
        )
    )
    rows = [Serving(*row) for row in await db.execute(found)]
    return sorted(rows, key=lambda each: (each.stand_by, each.starts_at, each.mentor_id))


async def own_mentors(db: AsyncSession, prison_id: str, mentee_id: UUID) -> set[UUID]:
    """The mentors who support a mentee now."""
    live = everything(Pairing, prison_id).where(
        col(Pairing.mentee_id) == mentee_id, col(Pairing.status) == PairingStatus.live
    )
    return set((await db.scalars(live.with_only_columns(col(Pairing.mentor_id)))).all())


async def doors(db: AsyncSession, prison_id: str, first: datetime, last: datetime) -> Doors:
    """The prison's doors, for the time between two instants."""
    zone = (await db.get_one(Prison, prison_id)).tz
    days = local_date(first, zone), local_date(last, zone)
    until = max(last, first + AN_INSTANT)
    lockdowns = await closed.lockdowns(db, prison_id, first, until)
    return Doors(await regimes.load(db, prison_id, *days), lockdowns)


async def behind_doors(db: AsyncSession, prison_id: str, at: datetime) -> bool | None:
    """Whether the regime has the doors locked at an instant; None where nobody set one. Who is
    called to somebody in a lockdown by day has no night of it."""
    return (await doors(db, prison_id, at, at)).by_regime(at)


async def shown(db: AsyncSession, actor: Actor) -> Output:
    """Whom one can reach now and next, as this actor may know."""
    at, prison_id = clock.now(), actor.prison_id
    gates = await doors(db, prison_id, at, at + LOOK_AHEAD * ONE_DAY)
    if actor.family is Role.mentor:  # of a lockdown that is to come, a search say, nothing is told
        gates = replace(gates, lockdowns=[each for each in gates.lockdowns if each[0] <= at])
    locked = gates.locked_up(at)
    given = col(Shift.status).in_((*SERVING, ShiftStatus.published))
    soon = given, col(Shift.starts_at) > at, col(Shift.starts_at) <= at + NEXT_WITHIN
    following = sorted(await _shifts(db, prison_id, *soon), key=lambda each: each.starts_at)
    by = ReachedBy.on_the_wing if locked is False else ReachedBy.through_an_officer
    return shape("on_duty", actor.role).model_validate(
        {
            "locked_up": locked,
            "changes_at": gates.change_after(at),
            "reached_by": by,
            "now": await serving(db, prison_id, at),
            "next": following[:NEXT_AT_MOST],
            "staff": await duties.reachable(db, prison_id),
            "in_danger": IN_DANGER,
        }
    )
