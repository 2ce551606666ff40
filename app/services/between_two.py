"""What is between two people, and may keep them apart: whom the prison keeps apart, who reported
or complained about whom, who knows whom. Which of it is so is told to nobody."""

from collections import defaultdict
from collections.abc import Collection
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import and_, any_, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.acquaintances import Acquaintance
from app.models.complaints import COMPLAINT_OPEN, Complaint
from app.models.concerns import CONCERN_OPEN, Concern, ConcernKind
from app.models.mentors import Mentor
from app.models.non_associations import NonAssociation
from app.models.people import Person
from app.models.prisons import PersonIdentity
from app.services.matching import Two

People = Collection[UUID]


def among(twos: Collection[Two], mentors: People, mentees: People) -> frozenset[Two]:
    return frozenset(two for two in product(mentors, mentees) if two in twos)


async def reported(
    db: AsyncSession, prison_id: str, mentors: People, mentees: People, asker: UUID | None
) -> set[Two]:
    """Of whom one has an open concern about the other, or has complained about them. From the
    asker is kept what goes past them: what is said of a mentor whom they supervise."""
    twos = await _in_conflict(db, prison_id, mentors, mentees, asker)
    return twos | await _complained(db, prison_id, mentors, mentees, asker)


async def non_associated(db: AsyncSession, prison_id: str, people: People) -> set[Two]:
    """Both ways round. By every number a person was ever known under."""
    numbers = (
        select(col(Person.id), col(PersonIdentity.numbers))
        .join(PersonIdentity, col(PersonIdentity.id) == col(Person.identity_id))
        .where(col(Person.prison_id) == prison_id, col(Person.id).in_(people))
    )
    whose = defaultdict(set)
    for person_id, theirs in (await db.execute(numbers)).all():
        for number in theirs:
            whose[number].add(person_id)
    open_ones = select(col(NonAssociation.number_low), col(NonAssociation.number_high)).where(
        col(NonAssociation.prison_id) == prison_id,
        col(NonAssociation.is_open),
        col(NonAssociation.number_low).in_(whose),
        col(NonAssociation.number_high).in_(whose),
    )
    found: set[Two] = set()
    for low, high in (await db.execute(open_ones)).all():
        for one, other in product(whose[low], whose[high]):
            found |= {(one, other), (other, one)}
    return found


async def _in_conflict(
    db: AsyncSession, prison_id: str, mentors: People, mentees: People, asker: UUID | None
) -> set[Two]:
    """An open concern of the mentee about the mentor, or of the mentor that the mentee coerces
    them."""
    raised, subject = col(Concern.raised_by_person_id), col(Concern.subject_person_id)
    of_theirs = select(col(Mentor.person_id)).where(
        col(Mentor.prison_id) == prison_id, col(Mentor.supervisor_id) == asker
    )
    found = select(raised, subject).where(
        col(Concern.prison_id) == prison_id,
        col(Concern.status).in_(CONCERN_OPEN),
        or_(
            and_(
                raised.in_(mentees),
                subject.in_(mentors),
                subject.not_in(of_theirs),
                *_concern_not_past(asker),
            ),
            and_(
                raised.in_(mentors),
                subject.in_(mentees),
                col(Concern.kind) == ConcernKind.coercion_of_mentor,
            ),
        ),
    )
    twos: set[Any] = set()
    for one, other in (await db.execute(found)).all():
        twos |= {(one, other), (other, one)}
    return twos


ACCUSING = (
    ConcernKind.harm_to_others,
    ConcernKind.safeguarding,
    ConcernKind.coercion_of_mentor,
    ConcernKind.misconduct,
)


async def accused(db: AsyncSession, prison_id: str, people: People, asker: UUID | None) -> set[Two]:
    """Both ways round, who has an open concern about what the other does; worry about somebody is
    no accusation. Only what everybody reads who plans, and nothing that goes past the asker."""
    raised, subject = col(Concern.raised_by_person_id), col(Concern.subject_person_id)
    found = select(raised, subject).where(
        col(Concern.prison_id) == prison_id,
        col(Concern.status).in_(CONCERN_OPEN),
        col(Concern.kind).in_(ACCUSING),
        col(Concern.about_staff_id).is_(None),
        col(Concern.about_staff_as_told).is_(None),
        raised.in_(people),
        subject.in_(people),
        *_concern_not_past(asker),
    )
    twos: set[Any] = set()
    for one, other in (await db.execute(found)).all():
        twos |= {(one, other), (other, one)}
    return twos


def _concern_not_past(asker: UUID | None) -> Any:
    about = (col(Concern.about_line_id), col(Concern.about_staff_id)) if asker else ()
    return [each.is_distinct_from(asker) for each in about]


def _complaint_not_past(asker: UUID | None) -> Any:
    if asker is None:
        return ()
    line = literal(asker) == any_(col(Complaint.about_line_ids))
    return (~line, col(Complaint.about_staff_id).is_distinct_from(asker))


async def _complained(
    db: AsyncSession, prison_id: str, mentors: People, mentees: People, asker: UUID | None
) -> set[Two]:
    """A mentee's complaint about a mentor that is not over."""
    found = (
        select(col(Mentor.person_id), col(Complaint.raised_by_person_id))
        .select_from(Complaint)
        .join(
            Mentor,
            and_(
                col(Mentor.prison_id) == col(Complaint.prison_id),
                col(Mentor.id) == col(Complaint.about_mentor_id),
            ),
        )
        .where(
            col(Complaint.prison_id) == prison_id,
            col(Complaint.status).in_(COMPLAINT_OPEN),
            col(Complaint.raised_by_person_id).in_(mentees),
            col(Mentor.person_id).in_(mentors),
            *_complaint_not_past(asker),
        )
    )
    if asker is not None:
        found = found.where(col(Mentor.supervisor_id).is_distinct_from(asker))
    return {(mentor, mentee) for mentor, mentee in (await db.execute(found)).all()}


async def acquainted(
    db: AsyncSession, prison_id: str, mentors: People, mentees: People
) -> frozenset[Two]:
    """Who is said to know whom, by either of them or by staff."""
    people = {*mentors, *mentees}
    found = select(col(Acquaintance.person_id), col(Acquaintance.other_person_id)).where(
        col(Acquaintance.prison_id) == prison_id,
        col(Acquaintance.withdrawn_at).is_(None),
        col(Acquaintance.person_id).in_(people),
        col(Acquaintance.other_person_id).in_(people),
    )
    twos: set[Any] = set()
    for one, other in (await db.execute(found)).all():
        twos |= {(one, other), (other, one)}
    return frozenset(two for two in product(mentors, mentees) if two in twos)
