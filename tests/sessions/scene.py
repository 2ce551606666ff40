"""A wing with a mentor, a room and mentees: what a session is made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app import clock
from app.models.base import new_id
from app.models.mentees import Mentee, MenteeStatus, ReferredBy
from app.models.pairings import Pairing
from app.models.rota_demands import RotaRole
from app.models.rotas import Rota, RotaStatus
from app.models.shifts import Shift, ShiftStatus
from app.services.working_days import local_date
from tests.story import Caller, Wing


def tomorrow(hour: int = 9, minute: int = 0) -> datetime:
    day = clock.now() + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


@dataclass
class Scene:
    wing: Wing
    mentor: Caller
    room: str
    mentees: list[str]

    @property
    def support_worker(self) -> Caller:
        return self.wing.support_worker

    def plan(self, starts_at: datetime | None = None, **fields: Any) -> dict[str, Any]:
        """A one-to-one of the scene's mentor with its first mentee, for an hour."""
        starts_at = starts_at or tomorrow()
        minutes = fields.pop("minutes", 60)
        return {
            "kind": "one_to_one",
            "room_id": self.room,
            "mentor_id": str(self.mentor.mentor_id),
            "mentee_ids": self.mentees[:1],
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=minutes)).isoformat(),
            **fields,
        }

    async def books(self, starts_at: datetime | None = None, **fields: Any) -> Any:
        return await self.support_worker.post("sessions", self.plan(starts_at, **fields))

    async def refused(self, starts_at: datetime | None = None, **fields: Any) -> Any:
        return await self.support_worker.post("sessions", self.plan(starts_at, **fields), 409)

    async def group(self, starts_at: datetime | None = None, **fields: Any) -> Any:
        return await self.books(starts_at, kind="group", mentee_ids=self.mentees, **fields)

    async def held(self, **fields: Any) -> Any:
        """A session that was planned, began, and is held."""
        session = await self.books(**fields)
        begin = datetime.fromisoformat(session["starts_at"])
        clock.forward(seconds=(begin - clock.now()).total_seconds() + 1)
        return await self.support_worker.move(f"sessions/{session['id']}", "held")

    async def one_more(self) -> Caller:
        """Another active mentor."""
        return await self.wing.active_mentor()


async def a_mentee(
    wing: Wing,
    mentor: Caller | None = None,
    status: MenteeStatus = MenteeStatus.engaged,
) -> str:
    """A mentee in a state, paired with the mentor if there is one."""
    person = await wing.person()
    now = clock.now()
    mentee = Mentee(
        prison_id=wing.prison_id,
        person_id=UUID(person["id"]),
        status=status,
        referred_by=ReferredBy.support_worker,
        triage_by=now,
        recorded_by=wing.support_worker.subject,
    )
    async with wing.db.write(wing.prison_id) as db:
        db.add(mentee)
        await db.flush()
        if mentor is not None:
            assert mentor.mentor_id is not None
            pairing = Pairing(
                prison_id=wing.prison_id, mentor_id=mentor.mentor_id, mentee_id=mentee.id
            )
            db.add(pairing)
    return str(mentee.id)


async def a_scene(wing: Wing, mentees: int = 3, capacity: int = 12) -> Scene:
    mentor = await wing.active_mentor()
    room = await wing.room(capacity=capacity)
    paired = [await a_mentee(wing, mentor) for _ in range(mentees)]
    return Scene(wing, mentor, room["id"], paired)


async def a_shift(
    wing: Wing,
    mentor: Caller | None,
    starts_at: datetime,
    hours: float = 4,
    role: str = "mentor_on_shift",
    status: ShiftStatus = ShiftStatus.accepted,
) -> str:
    """A shift of a rota that stands."""
    day, worker = local_date(starts_at), wing.support_worker
    rota = Rota(
        id=new_id(),
        prison_id=wing.prison_id,
        first_day=day,
        last_day=day,
        status=RotaStatus.published,
        made_by=worker.staff_id,
        published_at=clock.now(),
        published_by=worker.staff_id,
    )
    shift = Shift(
        id=new_id(),
        prison_id=wing.prison_id,
        rota_id=rota.id,
        role=RotaRole(role),
        day=day,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        mentor_id=mentor.mentor_id if mentor is not None else None,
        status=status,
    )
    async with wing.db.write(wing.prison_id) as db:
        db.add(rota)
        await db.flush()
        db.add(shift)
    return str(shift.id)
