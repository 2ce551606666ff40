"""The demo wing's place and staff, and the story's clock."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor, the_system
from app.db import Database
from app.models.clients import ClientCreate, ClientScope
from app.models.duties import DutyCreate, Post
from app.models.prisons import Prison
from app.models.regimes import RegimePut, Slot, SlotTimes
from app.models.rooms import RoomCreate
from app.models.staff import Role, StaffCreate, StaffRole
from app.models.wings import WingCreate
from app.services import clients, duties, regimes, rooms, staff, wings

STAFF = {
    StaffRole.support_worker: "S. Wickham",
    StaffRole.clinician: "C. Fordham",
    StaffRole.nurse: "N. Leyton",
    StaffRole.mental_health_lead: "M. Worthing",
    StaffRole.wing_duty: "Officer Byton",
}
GOVERNORS = {"governor": "Governor Hamley", "deputy": "Deputy Governor Stead"}
POSTS = {
    Post.clinician: StaffRole.clinician,
    Post.support_worker: StaffRole.support_worker,
    Post.orderly_officer: StaffRole.wing_duty,
    Post.duty_governor: StaffRole.governor,
}
ROOMS = {"Quiet room": 4, "Interview room": 4, "Group room": 14, "Art room": 12, "Servery table": 6}
SLOTS = [
    (Slot.am, time(8, 30), time(11, 30)),
    (Slot.pm, time(13, 45), time(16, 30)),
    (Slot.ed, time(17, 30), time(19, 30)),
    (Slot.night, time(20, 0), time(8, 0)),
]


@dataclass
class Wing:
    """The wing as it is being lived into being: who acts, where, and when."""

    db: Database
    prison_id: str
    today: datetime
    actors: dict[str, Actor] = field(default_factory=dict)
    room_ids: dict[str, UUID] = field(default_factory=dict)
    person_ids: list[UUID] = field(default_factory=list)
    mentor_ids: list[UUID] = field(default_factory=list)
    active_ids: list[UUID] = field(default_factory=list)
    campaign_id: UUID | None = None
    paired: dict[UUID, list[UUID]] = field(default_factory=dict)

    @property
    def support_worker(self) -> Actor:
        return self.actors["support_worker"]

    @property
    def clinician(self) -> Actor:
        return self.actors["clinician"]

    @property
    def nurse(self) -> Actor:
        return self.actors["nurse"]

    @property
    def officer(self) -> Actor:
        return self.actors["wing_duty"]

    @property
    def governor(self) -> Actor:
        return self.actors["governor"]

    def at(self, **ago: float) -> None:
        """Set the story's clock to so long before today."""
        clock.set_offset(self.today - timedelta(**ago) - clock.real_now())

    def subject(self, role: str) -> str:
        return f"{role.replace('_', '-')}.{self.prison_id.lower()}"


async def build(wing: Wing) -> None:
    """Prison, staff, duties, regime, wings and rooms."""
    async with wing.db.sessions() as session, session.begin():
        session.add(
            Prison(
                id=wing.prison_id,
                name="HMP Swaleside (synthetic)",
                call_back_number="01632 960000",
                outside_last_resort="Regional duty desk, 01632 960001",
                mentees_per_voluntary=40,  # five active mentors share a wing of two hundred
                mentees_per_full_time=40,
                demo=True,
            )
        )
    async with wing.db.write(wing.prison_id) as session:
        await _staff(session, wing)
        dashboard = ClientCreate(
            client_id=f"dashboard.{wing.prison_id.lower()}",
            name="Wing dashboard",
            scopes=[ClientScope.concerns_read],
        )
        await clients.create(session, wing.governor, dashboard)
        for weekday in range(1, 8):
            slots = [SlotTimes(slot=slot, starts=starts, ends=ends) for slot, starts, ends in SLOTS]
            body = RegimePut(lock_up=time(19, 30) if weekday < 6 else time(17, 0), slots=slots)
            await regimes.put(session, wing.support_worker, None, weekday, body)
        for code in ("A", "B", "C"):
            ordinary = WingCreate(code=code, name=f"{code} wing")
            await wings.create(session, wing.support_worker, ordinary)
        dedicated = WingCreate(code="D", name="Delta wing", dedicated=True)
        delta = await wings.create(session, wing.support_worker, dedicated)
        for name, capacity in ROOMS.items():
            body_ = RoomCreate(wing_id=delta.id, name=name, capacity=capacity)
            room = await rooms.create(session, wing.support_worker, body_)
            wing.room_ids[name] = room.id


async def _staff(session: AsyncSession, wing: Wing) -> None:
    system = the_system(wing.prison_id)
    for who, name in GOVERNORS.items():
        subject = wing.subject("deputy_governor" if who == "deputy" else who)
        wing.actors[who] = await _hire(session, wing, system, StaffRole.governor, subject, name)
    for role, name in STAFF.items():
        subject = wing.subject(role.value)
        wing.actors[role.value] = await _hire(session, wing, wing.governor, role, subject, name)
    for post, role in {**POSTS, Post.last_resort: StaffRole.governor}.items():
        on_duty = wing.actors["deputy" if post is Post.last_resort else role.value]
        assert on_duty.staff_id is not None
        duty = DutyCreate(staff_id=on_duty.staff_id, post=post, starts_at=clock.now())
        await duties.create(session, wing.governor, duty)


async def _hire(
    session: AsyncSession, wing: Wing, by: Actor, role: StaffRole, subject: str, name: str
) -> Actor:
    """Take someone on; whoever needs a second person's word gets the deputy's."""
    body = StaffCreate(subject=subject, name=name, role=role, contact=f"{subject}@example.org")
    row = await staff.create(session, by, body)
    if row.confirmation_asked_by is not None:
        await staff.confirm(session, wing.actors["deputy"], row)
    return Actor(wing.prison_id, row.subject, Role(row.role.value), staff_id=row.id)
