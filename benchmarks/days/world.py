"""Prisons with staff, people and a rota with gaps: what the simulated days are lived in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app.access import Actor
from app.db import Database
from app.models.duties import Duty, Post
from app.models.people import PersonCreate
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.services import people
from app.services.ladders import HoursDay, Immediacy, Policy, default_policy

STAFF = {
    StaffRole.governor: 3,
    StaffRole.mental_health_lead: 1,
    StaffRole.clinician: 2,
    StaffRole.nurse: 2,
    StaffRole.support_worker: 3,
    StaffRole.wing_duty: 3,
}
POSTS: dict[Post, tuple[StaffRole, ...]] = {
    Post.clinician: (StaffRole.clinician, StaffRole.nurse),
    Post.support_worker: (StaffRole.support_worker,),
    Post.orderly_officer: (StaffRole.wing_duty,),
    Post.duty_governor: (StaffRole.governor,),
}
PEOPLE = 4
SHIFT = timedelta(hours=12)
NOBODY = 0.15  # of shifts


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A duty as it was entered; `ends_at` where it has one."""

    duty_id: UUID
    actor: Actor
    post: Post
    starts_at: datetime
    ends_at: datetime


@dataclass
class Site:
    """One prison, and what chance does in it."""

    prison_id: str
    random: Random
    staff: list[Actor] = field(default_factory=list)
    duties: list[OnDuty] = field(default_factory=list)
    person_ids: list[UUID] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    left: set[UUID] = field(default_factory=set)

    def of(self, *roles: StaffRole) -> list[Actor]:
        wanted = {role.value for role in roles}
        return [each for each in self.staff if each.role.value in wanted]

    def on_duty(self, at: datetime) -> list[Actor]:
        return [each.actor for each in self.duties if each.starts_at <= at < each.ends_at]


async def settle(db: Database, prison_id: str, seed: str, first: datetime, last: datetime) -> Site:
    """A prison with its staff, a rota until the end, and some people."""
    site = Site(prison_id, Random(seed))
    outside = None if site.random.random() < 0.1 else "switchboard"
    async with db.sessions() as session, session.begin():
        session.add(Prison(id=prison_id, name=f"HMP {prison_id}", outside_last_resort=outside))
    async with db.write(prison_id) as session:
        for role, count in STAFF.items():
            for number in range(count):
                subject = f"{role}{number}.{prison_id}"
                row = Staff(prison_id=prison_id, subject=subject, name=subject, role=role)
                session.add(row)
                actor = Actor(prison_id, subject, Role(role.value), staff_id=row.id)
                site.staff.append(actor)
        await session.flush()
        resort = site.of(StaffRole.governor)[-1]
        assert resort.staff_id is not None
        session.add(
            Duty(
                prison_id=prison_id,
                staff_id=resort.staff_id,
                post=Post.last_resort,
                starts_at=first,
            )
        )
        session.add_all(_rota(site, first, last))
        await session.flush()
        for number in range(PEOPLE):
            prisoner = f"A{site.random.randrange(10**4):04}{prison_id[1:]}"
            body = PersonCreate(number=prisoner, first_name="Jo", last_name=f"Sample {number}")
            if prisoner not in site.numbers:
                made = await people.create(session, site.of(StaffRole.support_worker)[0], body)
                site.numbers.append(prisoner)
                site.person_ids.append(made.id)
    return site


def _rota(site: Site, first: datetime, last: datetime) -> list[Duty]:
    rows, since = [], first - timedelta(hours=site.random.randrange(12))
    for post, roles in POSTS.items():
        begins = since
        while begins < last:
            ends = begins + SHIFT
            if site.random.random() > NOBODY:
                actor = site.random.choice(site.of(*roles))
                assert actor.staff_id is not None
                row = Duty(
                    prison_id=site.prison_id,
                    staff_id=actor.staff_id,
                    post=post,
                    starts_at=begins - timedelta(minutes=site.random.randrange(30)),
                    ends_at=ends,
                )
                rows.append(row)
                site.duties.append(OnDuty(row.id, actor, post, row.starts_at, ends))
            begins = ends
    return rows


def policy(random: Random) -> Policy:
    """One of a prison's own: quicker than the site's, at times with another ladder at night."""
    body: dict[str, Any] = default_policy().to_json()
    share = random.uniform(0.6, 1)
    for ladder in body["ladders"].values():
        for step in ladder:
            step["after_minutes"] = max(1, int(step["after_minutes"] * share))
    body["handover_every_minutes"] = random.randint(1, 3)
    if random.random() < 0.5:
        hours = {day: {"from_time": "08:00", "to_time": "17:30"} for day in HoursDay}
        end = {"targets": ["duty_governor", "last_resort"], "after_minutes": random.randint(5, 60)}
        some = random.choice([Immediacy.this_session, Immediacy.within_24h])
        body["out_of_hours"] = {"hours": hours, "ladders": {some: [end]}}
    if random.random() < 0.5:
        acknowledge, seen = random.randint(10, 60), random.randint(60, 240)
        body["clocks"] = {
            "this_session": {"acknowledge_minutes": acknowledge, "seen_minutes": seen}
        }
    return Policy.from_json(body)
