"""Retention: what has expired loses its words, and at last its person; never under a legal hold.

Classes, years and texts stand in `app/reference/records.toml`. Time runs from the last thing
recorded of a person who has left the prison. A text about several people stays until all have left.
"""

import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from app import clock
from app.models.addresses import Address
from app.models.complaints import Complaint
from app.models.concerns import Action, Addendum, Concern
from app.models.former_values import FormerValue
from app.models.legal_holds import LegalHold
from app.models.mentees import MENTEE_ENDED, Mentee
from app.models.mentors import MENTOR_ENDED, Mentor, Observation
from app.models.moves import History
from app.models.non_associations import NonAssociation
from app.models.operations import IdempotencyKey
from app.models.outbox import Outbox
from app.models.people import Person, Presence
from app.models.prisons import PersonIdentity
from app.models.releases import Release
from app.models.retention import ClassRead, Expiry, ExpiryDue, RetentionClass, RetentionRead
from app.models.sessions import Participation, Session
from app.models.streams import StreamTicket
from app.models.texts import TextVersion
from app.models.webhooks import WebhookDelivery
from app.records import theirs
from app.services.legal_holds import held_people
from app.services.subject_access import FILE, tables

PEOPLE_A_TURN = 50
EXPIRED = "[expired]"
KEYS_KEPT = timedelta(days=7)
EVENTS_KEPT = timedelta(days=90)
# What is written because of a person's records, not of the person: it makes nobody's time longer.
NO_ACTIVITY: set[type[SQLModel]] = {FormerValue, LegalHold, Release, Expiry}


@dataclass(frozen=True, slots=True)
class Class:
    """A class as `records.toml` has it."""

    name: RetentionClass
    label: str
    years: int
    why: str

    def cutoff(self, now: datetime) -> datetime:
        """What was recorded before this has expired."""
        year = now.year - self.years
        return now.replace(year=year, day=28) if now.day > 28 else now.replace(year=year)


@lru_cache
def classes() -> tuple[Class, ...]:
    """Every class, the shortest first."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))["classes"]
    found = [Class(RetentionClass(name), **each) for name, each in raw.items()]
    return tuple(sorted(found, key=lambda each: each.years))


def _of(prison_id: str, model: Any, *conditions: ColumnElement[bool]) -> Any:
    return select(model.id).where(model.prison_id == prison_id, *conditions)


def _expiring(prison_id: str, person_id: UUID) -> dict[Any, ColumnElement[bool]]:
    """The rows that expire with this person: those about them, but not what they said of others."""
    found: dict[Any, ColumnElement[bool]] = dict(theirs(prison_id, person_id))
    concern = or_(
        col(Concern.subject_person_id) == person_id,
        and_(
            col(Concern.subject_person_id).is_(None), col(Concern.raised_by_person_id) == person_id
        ),
    )
    concerns = _of(prison_id, Concern, concern)
    mentors = _of(prison_id, Mentor, col(Mentor.person_id) == person_id)
    found |= {
        Concern: concern,
        Complaint: col(Complaint.raised_by_person_id) == person_id,
        Action: col(Action.concern_id).in_(concerns),
        Addendum: col(Addendum.concern_id).in_(concerns),
        Observation: col(Observation.mentor_id).in_(mentors),
        Session: and_(found[Session], col(Session.id).not_in(_shared_sessions(prison_id))),
    }
    return found


def _shared_sessions(prison_id: str) -> Any:
    """Sessions in which someone took part who has not left, or is held."""
    kept = or_(col(Person.presence) != Presence.left, col(Person.id).in_(held_people(prison_id)))
    people = _of(prison_id, Person, kept)
    mentees = _of(prison_id, Mentee, col(Mentee.person_id).in_(people))
    mentors = _of(prison_id, Mentor, col(Mentor.person_id).in_(people))
    attended = select(col(Participation.session_id)).where(
        col(Participation.prison_id) == prison_id, col(Participation.mentee_id).in_(mentees)
    )
    return union_all(attended, _of(prison_id, Session, col(Session.mentor_id).in_(mentors)))


async def due(
    db: AsyncSession, prison_id: str, now: datetime, most: int = PEOPLE_A_TURN
) -> list[ExpiryDue]:
    """Whose records of which class have expired by now. Changes nothing: the dry run."""
    found: list[ExpiryDue] = []
    for person_id in await _gone(db, prison_id, now):
        last_at = await _last_at(db, prison_id, person_id)
        done = await _done(db, prison_id, person_id)
        for each in classes():
            if each.name not in done and last_at < each.cutoff(now):
                found.append(
                    ExpiryDue(person_id=person_id, retention_class=each.name, last_at=last_at)
                )
        if len(found) >= most:
            break
    return found[:most]


async def _gone(db: AsyncSession, prison_id: str, now: datetime) -> Sequence[UUID]:
    """People who left, without a live episode or a hold, and with a class not yet taken away."""
    ended = (
        select(func.count())
        .where(col(Expiry.prison_id) == prison_id, col(Expiry.person_id) == col(Person.id))
        .correlate(Person)
        .scalar_subquery()
    )
    live_mentor = _of(
        prison_id,
        Mentor,
        col(Mentor.person_id) == col(Person.id),
        col(Mentor.status).not_in(MENTOR_ENDED),
    )
    live_mentee = _of(
        prison_id,
        Mentee,
        col(Mentee.person_id) == col(Person.id),
        col(Mentee.status).not_in(MENTEE_ENDED),
    )
    gone = _of(
        prison_id,
        Person,
        col(Person.presence) == Presence.left,
        col(Person.merged_into).is_(None),  # expires with who they are
        col(Person.recorded_at) < classes()[0].cutoff(now),
        col(Person.id).not_in(held_people(prison_id)),
        ended < len(classes()),
        ~live_mentor.correlate(Person).exists(),
        ~live_mentee.correlate(Person).exists(),
    )
    return (await db.execute(gone.order_by(col(Person.recorded_at)))).scalars().all()


async def _last_at(db: AsyncSession, prison_id: str, person_id: UUID) -> datetime:
    """When the last thing was recorded of the person here."""
    times = union_all(
        *(
            select(model.recorded_at.label("at")).where(model.prison_id == prison_id, condition)  # type: ignore[attr-defined]
            for model, condition in theirs(prison_id, person_id).items()
            if model not in NO_ACTIVITY
        )
    ).subquery("times")
    found: datetime = (await db.execute(select(func.max(times.c.at)))).scalar_one()
    return found


async def _done(db: AsyncSession, prison_id: str, person_id: UUID) -> set[RetentionClass]:
    found = select(col(Expiry.retention_class)).where(
        col(Expiry.prison_id) == prison_id, col(Expiry.person_id) == person_id
    )
    return set((await db.execute(found)).scalars())


async def take_away(db: AsyncSession, prison_id: str, what: ExpiryDue, now: datetime) -> Expiry:
    """Take one class of one person's texts away; with the class of their name, the person.

    A history's notes and the versions of a text go with the thing that they tell of.
    """
    cutoff = next(each for each in classes() if each.name is what.retention_class).cutoff(now)
    taken, gone = 0, list[UUID]()
    for model, condition in _expiring(prison_id, what.person_id).items():
        table = tables().get(str(model.__tablename__))
        if table is None or table.retention != what.retention_class or model is TextVersion:
            continue
        old = and_(model.prison_id == prison_id, condition, model.recorded_at < cutoff)
        gone += (await db.execute(select(model.id).where(old))).scalars().all()
        values = _blank(model, [*table.texts, *table.kept_back])
        if values and model is not History:
            taken += (await db.execute(update(model).where(old).values(values))).rowcount  # type: ignore[attr-defined]
    await db.execute(
        update(History)
        .where(col(History.prison_id) == prison_id, col(History.thing_id).in_(gone))
        .values(note=None)
    )
    await db.execute(
        text("SELECT expire_texts(:prison, :things, :before)"),
        {"prison": prison_id, "things": gone, "before": cutoff},
    )
    if tables()["person"].retention == what.retention_class:
        await _pseudonymise(db, prison_id, what.person_id)
    done = Expiry(prison_id=prison_id, **what.model_dump(), texts=taken)
    db.add(done)
    await db.flush()
    return done


def _blank(model: Any, names: list[str]) -> dict[str, Any]:
    """What columns hold once their words are gone."""
    columns = model.__table__.columns
    empty = {True: None, False: EXPIRED}
    return {name: empty[bool(columns[name].nullable)] for name in names}


async def _pseudonymise(db: AsyncSession, prison_id: str, person_id: UUID) -> None:
    """Leave of the person a mark that leads to nobody: the same through what counts are made of.
    Of two numbers that were one person, of each."""
    both = or_(col(Person.id) == person_id, col(Person.merged_into) == person_id)
    for each in (await db.execute(_of(prison_id, Person, both))).scalars().all():
        await _pseudonymise_row(db, prison_id, each)


async def _pseudonymise_row(db: AsyncSession, prison_id: str, person_id: UUID) -> None:
    identity_of = select(col(Person.identity_id)).where(
        col(Person.prison_id) == prison_id, col(Person.id) == person_id
    )
    old = await db.get_one(PersonIdentity, (await db.execute(identity_of)).scalar_one())
    await db.execute(
        delete(NonAssociation).where(
            col(NonAssociation.prison_id) == prison_id,
            or_(
                col(NonAssociation.number_low).in_(old.numbers),
                col(NonAssociation.number_high).in_(old.numbers),
            ),
        )
    )
    mark = f"*{secrets.token_hex(3)}"
    identity = PersonIdentity(numbers=[mark])
    db.add(identity)
    await db.flush()
    await db.execute(
        update(Person)
        .where(col(Person.prison_id) == prison_id, col(Person.id) == person_id)
        .values(
            identity_id=identity.id,
            number=mark,
            first_name="Former",
            middle_names=None,
            last_name="participant",
            display_name=f"Former participant {mark}",
            date_of_birth=None,
            cell_location=None,
        )
    )
    await db.execute(
        delete(FormerValue).where(
            col(FormerValue.prison_id) == prison_id, col(FormerValue.thing_id) == person_id
        )
    )


async def tidy(db: AsyncSession, prison_id: str, now: datetime) -> None:
    """Delete the service's own paper: answers kept under keys, tickets, events long delivered and
    to whom; and where somebody was reached once, and is no more."""
    await db.execute(
        delete(IdempotencyKey).where(
            col(IdempotencyKey.prison_id) == prison_id,
            col(IdempotencyKey.recorded_at) < now - KEYS_KEPT,
        )
    )
    await db.execute(
        delete(StreamTicket).where(
            col(StreamTicket.prison_id) == prison_id,
            col(StreamTicket.recorded_at) < now - KEYS_KEPT,
        )
    )
    await db.execute(
        delete(Outbox).where(
            col(Outbox.prison_id) == prison_id, col(Outbox.sent_at) < now - EVENTS_KEPT
        )
    )
    await db.execute(
        delete(WebhookDelivery).where(
            col(WebhookDelivery.prison_id) == prison_id,
            col(WebhookDelivery.happened_at) < now - EVENTS_KEPT,
        )
    )
    await db.execute(
        update(Address)
        .where(col(Address.prison_id) == prison_id, col(Address.ended_at) < now - EVENTS_KEPT)
        .values(value=EXPIRED)
    )


async def overview(db: AsyncSession, prison_id: str) -> RetentionRead:
    """Every class, how much of it is due, was taken away, and is held."""
    waiting = await due(db, prison_id, clock.now(), most=100_000)
    taken = select(col(Expiry.retention_class), func.count()).where(
        col(Expiry.prison_id) == prison_id
    )
    done: dict[Any, int] = {
        name: count for name, count in await db.execute(taken.group_by(col(Expiry.retention_class)))
    }
    held = select(func.count()).select_from(held_people(prison_id).subquery())
    return RetentionRead(
        classes=[
            ClassRead(
                retention_class=each.name,
                label=each.label,
                years=each.years,
                why=each.why,
                tables=[name for name, told in tables().items() if told.retention == each.name],
                due=sum(one.retention_class is each.name for one in waiting),
                taken_away=done.get(each.name, 0),
            )
            for each in classes()
        ],
        held=(await db.execute(held)).scalar_one(),
        due=waiting[:PEOPLE_A_TURN],
    )
