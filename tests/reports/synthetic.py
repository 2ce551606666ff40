"""A made-up history of a scheme, as rows: how it grew, month by month, written at once."""

from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from app.db import Database
from app.models.base import new_id
from app.models.mentees import Mentee, MenteeStatus, ReferredBy
from app.models.mentors import Commitment, Mentor, MentorStatus
from app.models.moves import History
from app.models.people import Person, Source
from app.models.prisons import PersonIdentity
from app.models.sessions import Session, SessionKind, SessionStatus
from app.models.staff import Role

_numbers = count(1)


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


class Past:
    """Rows of a prison, collected and then saved."""

    def __init__(self, prison_id: str) -> None:
        self.prison_id = prison_id
        self.rows: list[list[Any]] = [[], [], [], []]

    def person(self) -> UUID:
        number = f"G{next(_numbers):04}GG"
        identity = PersonIdentity(id=new_id(), numbers=[number])
        person = Person(
            prison_id=self.prison_id,
            identity_id=identity.id,
            number=number,
            first_name="Jo",
            last_name="Sampleford",
            display_name="Jo Sampleford",
            source=Source.manual,
        )
        self.rows[0].append(identity)
        self.rows[1].append(person)
        return person.id

    def mentor(self, active_from: datetime, until: datetime | None = None) -> UUID:
        """A mentor who has been active since then, perhaps until they stepped down."""
        status = MentorStatus.stepped_down if until else MentorStatus.active
        mentor = Mentor(
            prison_id=self.prison_id,
            person_id=self.person(),
            status=status,
            commitment=Commitment.voluntary,
        )
        self.rows[2].append(mentor)
        self._moved("mentors", mentor.id, "ready_for_sign_off", "active", active_from)
        if until:
            self._moved("mentors", mentor.id, "active", "stepped_down", until)
        return mentor.id

    def mentee(
        self, engaged_at: datetime, until: datetime | None = None, person_id: UUID | None = None
    ) -> UUID:
        """Somebody in support since then, perhaps until they had what they came for."""
        mentee = Mentee(
            prison_id=self.prison_id,
            person_id=person_id or self.person(),
            status=MenteeStatus.completed if until else MenteeStatus.engaged,
            referred_by=ReferredBy.wing_staff,
            referred_at=engaged_at,
            recorded_by="staff",
            triage_by=engaged_at,
        )
        self.rows[2].append(mentee)
        self._moved("mentees", mentee.id, "offered", "engaged", engaged_at)
        if until:
            self._moved("mentees", mentee.id, "engaged", "completed", until)
        return mentee.person_id

    def session(self, mentor_id: UUID, starts_at: datetime) -> None:
        ends_at = starts_at.replace(minute=starts_at.minute + 20)
        times = {"starts_at": starts_at, "ends_at": ends_at}
        status, kind = SessionStatus.locked, SessionKind.day_to_day
        session = Session(
            prison_id=self.prison_id, kind=kind, status=status, mentor_id=mentor_id, **times
        )
        self.rows[3].append(session)

    def _moved(self, noun: str, thing_id: UUID, start: str, to: str, when: datetime) -> None:
        move = History(
            prison_id=self.prison_id,
            noun=noun,
            thing_id=thing_id,
            from_state=start,
            to_state=to,
            actor_subject="system",
            actor_role=Role.system,
            occurred_at=when,
        )
        self.rows[3].append(move)

    async def save(self, db: Database) -> None:
        async with db.write(self.prison_id) as session:
            for rows in self.rows:
                session.add_all(rows)
                await session.flush()
