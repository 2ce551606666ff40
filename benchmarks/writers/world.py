"""A wing too small for those who plan on it: few rooms, mentors and mentees, wanted by all."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from app import clock
from app.db import Database
from app.models.mentees import Mentee, MenteeStatus, ReferredBy
from app.models.mentors import Commitment, Mentor, MentorStatus
from app.models.pairings import Pairing
from app.models.people import Person, Presence, Source
from app.models.prisons import PersonIdentity, Prison
from app.models.rooms import Room
from app.models.staff import Staff, StaffRole
from app.models.wings import Wing
from app.tokens import DevelopmentIssuer

PRISON = "WRT"
DAYS, FIRST_HOUR, LAST_HOUR = 5, 8, 18
MINUTES = (30, 45, 60, 90)
GROUPS, OWN_DEVICES = 0.3, 0.25


@dataclass(frozen=True)
class Writer:
    """Who plans: a support worker, with any mentor and mentee, or a mentor, with their own."""

    token: str
    mentors: list[UUID]
    mentees: list[UUID]
    role: str


@dataclass(frozen=True)
class Place:
    """A wing, by the ids of what can be planned with. `own`: a mentor's mentees and person."""

    prison_id: str
    rooms: list[UUID]
    mentors: list[UUID]
    mentees: list[UUID]
    own: dict[UUID, list[UUID]] = field(default_factory=dict)
    person: dict[UUID, UUID] = field(default_factory=dict)

    def writers(self, issuer: DevelopmentIssuer, number: int) -> list[Writer]:
        """So many of them; a quarter are mentors, at several devices at once."""
        staff = StaffRole.support_worker.value
        worker = issuer.issue("support_worker", [staff], [self.prison_id])
        made = []
        for each in range(number):
            if each < number * OWN_DEVICES:
                mentor = self.mentors[each % len(self.mentors)]
                person = self.person[mentor]
                token = issuer.issue(f"prisoner-{person}", ["mentor"], [self.prison_id], person)
                made.append(Writer(token, [mentor], self.own[mentor], "mentor"))
            else:
                made.append(Writer(worker, self.mentors, self.mentees, staff))
        return made


async def settle(
    db: Database, *, prison_id: str = PRISON, mentors: int = 10, mentees: int = 60, rooms: int = 6
) -> Place:
    """A new prison with these on its one wing; each mentee belongs to two mentors."""
    async with db.sessions() as session, session.begin():
        prison = Prison(id=prison_id, name="HMP Writers", full_time_weekly_hours=60)
        session.add(prison)  # what runs short is to be room and time, not the working week
    async with db.write(prison_id) as session:
        role = StaffRole.support_worker
        session.add(Staff(prison_id=prison_id, subject=role.value, name="A. Sample", role=role))
        wing = Wing(prison_id=prison_id, code="D", name="Delta", dedicated=True)
        people = [_person(prison_id, number) for number in range(mentors + mentees)]
        session.add_all([wing, *[identity for identity, _ in people]])
        await session.flush()
        session.add_all([person for _, person in people])
        places = [
            Room(prison_id=prison_id, wing_id=wing.id, name=f"Room {number}", capacity=12)
            for number in range(rooms)
        ]
        session.add_all(places)
        await session.flush()
        persons = [person.id for _, person in people]
        helping = [_mentor(prison_id, person_id) for person_id in persons[:mentors]]
        helped = [_mentee(prison_id, person_id) for person_id in persons[mentors:]]
        session.add_all([*helping, *helped])
        await session.flush()
        own: dict[UUID, list[UUID]] = {each.id: [] for each in helping}
        for number, mentee in enumerate(helped):
            for mentor in (helping[number % mentors], helping[(number + 1) % mentors]):
                pairing = Pairing(prison_id=prison_id, mentor_id=mentor.id, mentee_id=mentee.id)
                session.add(pairing)
                own[mentor.id].append(mentee.id)
    return Place(
        prison_id,
        [each.id for each in places],
        [each.id for each in helping],
        [each.id for each in helped],
        own,
        {each.id: each.person_id for each in helping},
    )


def _person(prison_id: str, number: int) -> tuple[PersonIdentity, Person]:
    code = f"W{number:04}QQ"
    identity = PersonIdentity(numbers=[code])
    name = f"Sampleford{number}"
    return identity, Person(
        prison_id=prison_id,
        identity_id=identity.id,
        number=code,
        first_name="Jo",
        last_name=name,
        display_name=f"Jo {name}",
        date_of_birth=date(1990, 2, 28),
        cell_location="D-2-014",
        presence=Presence.here,
        source=Source.manual,
    )


def _mentor(prison_id: str, person_id: UUID) -> Mentor:
    return Mentor(
        prison_id=prison_id,
        person_id=person_id,
        status=MentorStatus.active,
        commitment=Commitment.full_time,
    )


def _mentee(prison_id: str, person_id: UUID) -> Mentee:
    return Mentee(
        prison_id=prison_id,
        person_id=person_id,
        status=MenteeStatus.engaged,
        referred_by=ReferredBy.support_worker,
        triage_by=clock.now(),
        recorded_by="support_worker",
    )


class Wishes:
    """What a writer comes to think of, by a random number; all of it within five days."""

    def __init__(self, place: Place, writer: Writer, random: Random, week: int) -> None:
        self.place, self.writer, self.random = place, writer, random
        today = clock.now().date()
        self.first = today + timedelta(days=7 * (week + 1) - today.weekday())

    def times(self) -> dict[str, str]:
        day = self.first + timedelta(days=self.random.randrange(DAYS))
        quarter = self.random.randrange((LAST_HOUR - FIRST_HOUR) * 4)
        start = datetime.combine(day, time(FIRST_HOUR), UTC) + timedelta(minutes=15 * quarter)
        end = start + timedelta(minutes=self.random.choice(MINUTES))
        return {"starts_at": start.isoformat(), "ends_at": end.isoformat()}

    def booking(self) -> dict[str, Any]:
        """A session in one of the rooms, or now and then in none."""
        group = self.random.random() < GROUPS
        coming = self.random.sample(self.writer.mentees, self.random.randint(2, 5) if group else 1)
        return {
            "kind": "group" if group else "one_to_one",
            "room_id": self.room(),
            "mentor_id": str(self.random.choice(self.writer.mentors)),
            "mentee_ids": [str(each) for each in coming],
            **self.times(),
        }

    def change(self) -> dict[str, Any]:
        """Another time; or another room or other hands at the same one; or all of that."""
        what = self.random.randrange(4)
        changed: dict[str, Any] = {**self.times()} if what in {0, 1} else {}
        if what in {1, 2}:
            changed["room_id"] = self.room()
        if what == 3:
            changed["mentor_id"] = str(self.random.choice(self.writer.mentors))
        return changed

    def room(self) -> str | None:
        room = self.random.choice([*self.place.rooms, None])
        return None if room is None else str(room)
