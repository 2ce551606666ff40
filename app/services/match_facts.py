"""What matching is decided on, read with a fixed number of statements, however many people it is
about. `app/services/matching.py` and `app/services/pairings.py` decide."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.acquaintances import Acquaintance
from app.models.complaints import COMPLAINT_OPEN, Complaint
from app.models.concerns import CONCERN_OPEN, Concern, ConcernKind
from app.models.matching import MatchBar
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import ApprovalCondition, Commitment, Mentor, MentorStatus
from app.models.moves import History
from app.models.non_associations import NonAssociation
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person, Presence
from app.models.prisons import PersonIdentity, Prison
from app.models.profiles import Profile
from app.scope import everything
from app.services.matching import Facts, MenteeSide, MentorSide, Traits, Two
from app.services.supervisions import plans as supervision

PAIRABLE = frozenset(
    {
        MenteeStatus.accepted,
        MenteeStatus.waiting,
        MenteeStatus.offered,
        MenteeStatus.engaged,
        MenteeStatus.paused,
    }
)
ENDED_WELL = frozenset({"goals_met", "support_ended"})
People = Collection[UUID]


@dataclass(frozen=True, slots=True)
class Board:
    """Both sides, in canonical order, and what is known of twos."""

    mentees: Sequence[MenteeSide]
    mentors: Sequence[MentorSide]
    facts: Facts


def places_of(prison: Prison, mentor: Mentor) -> int:
    """How many live pairings the prison gives such a mentor at most."""
    full_time = mentor.commitment is Commitment.full_time
    return prison.mentees_per_full_time if full_time else prison.mentees_per_voluntary


async def load(
    db: AsyncSession, prison_id: str, mentees: Sequence[Mentee], asker: UUID | None
) -> Board:
    """The facts about these mentees and every active mentor, as far as the asker, a member of
    staff, may learn of them."""
    prison = await db.get_one(Prison, prison_id)
    active = everything(Mentor, prison_id).where(col(Mentor.status) == MentorStatus.active)
    mentors = (await db.scalars(active.order_by(col(Mentor.id)))).all()
    mentor_people = {mentor.person_id for mentor in mentors}
    mentee_people = {mentee.person_id for mentee in mentees}
    people = await _people(db, prison_id, mentor_people | mentee_people)
    traits = await _traits(db, prison_id, mentor_people | mentee_people)
    loads = await _loads(db, prison_id)
    owing = await supervision.owing(db, prison_id, [mentor.id for mentor in mentors])
    sides = mentor_people, mentee_people
    check = _among(await non_associated(db, prison_id, {*mentor_people, *mentee_people}), *sides)
    told = _among(await reported(db, prison_id, *sides, asker), *sides)
    known = await acquainted(db, prison_id, mentor_people, mentee_people)
    well = await _went_well(db, prison_id, mentor_people, mentee_people)
    live = await _paired(db, prison_id, [mentee.id for mentee in mentees])
    return Board(
        sorted(
            (_mentee(each, people[each.person_id], traits) for each in mentees),
            key=lambda side: (not side.safety_need, side.since, side.id),  # as the waiting list
        ),
        [
            _mentor(
                each,
                people[each.person_id],
                traits[each.person_id],
                *loads[each.id],
                places_of(prison, each),
                owing=each.id in owing,
            )
            for each in mentors
        ],
        Facts(check, told, known, well, live),
    )


def _wing(person: Person) -> str | None:
    return person.cell_location.partition("-")[0] if person.cell_location else None


def _mentee(mentee: Mentee, person: Person, traits: dict[UUID, Traits]) -> MenteeSide:
    bars = set()
    if mentee.status not in PAIRABLE:
        bars.add(MatchBar.mentee_not_accepted)
    if person.presence is not Presence.here:
        bars.add(MatchBar.mentee_not_here)
    return MenteeSide(
        id=mentee.id,
        person_id=person.id,
        name=person.display_name,
        since=mentee.referred_at,
        safety_need=mentee.safety_need,
        traits=traits[person.id],
        born=person.date_of_birth,
        wing=_wing(person),
        bars=frozenset(bars),
    )


def _mentor(
    mentor: Mentor,
    person: Person,
    traits: Traits,
    live: int,
    last_paired_at: datetime | None,
    places: int,
    *,
    owing: bool,
) -> MentorSide:
    """One mentor, and what keeps everybody from them. `owing`: a supervision long overdue."""
    bars = {MatchBar.supervision_overdue} if owing else set()
    if person.presence is not Presence.here:
        bars.add(MatchBar.mentor_not_here)
    if ApprovalCondition.no_one_to_one in mentor.limits:
        bars.add(MatchBar.no_one_to_one)
    return MentorSide(
        id=mentor.id,
        person_id=person.id,
        name=person.display_name,
        live=live,
        places=places,
        traits=traits,
        born=person.date_of_birth,
        wing=_wing(person),
        own_wing_only=ApprovalCondition.own_wing_only in mentor.limits,
        last_paired_at=last_paired_at,
        bars=frozenset(bars),
    )


async def _people(db: AsyncSession, prison_id: str, ids: People) -> dict[UUID, Person]:
    found = everything(Person, prison_id).where(col(Person.id).in_(ids))
    return {person.id: person for person in (await db.scalars(found)).all()}


async def _traits(db: AsyncSession, prison_id: str, people: People) -> dict[UUID, Traits]:
    """What each profile says; nothing where there is none. Topics only by consent."""
    found = everything(Profile, prison_id).where(col(Profile.person_id).in_(people))
    told = defaultdict(Traits)
    for row in (await db.scalars(found)).all():
        consents = row.lived_experience_consent_at is not None
        told[row.person_id] = Traits(
            frozenset(row.languages),
            frozenset(row.skills),
            frozenset(row.needs),
            frozenset(row.preferences),
            frozenset(row.lived_experience) if consents else frozenset(),
        )
    return told


async def _loads(db: AsyncSession, prison_id: str) -> dict[UUID, tuple[int, datetime | None]]:
    """Of each mentor, the live pairings, and when the last of all was made."""
    live = col(Pairing.status) == PairingStatus.live
    found = (
        select(
            col(Pairing.mentor_id),
            func.count().filter(live),
            func.max(col(Pairing.recorded_at)),
        )
        .where(col(Pairing.prison_id) == prison_id)
        .group_by(col(Pairing.mentor_id))
    )
    loads: dict[UUID, tuple[int, datetime | None]] = defaultdict(lambda: (0, None))
    for mentor_id, count, last in (await db.execute(found)).all():
        loads[mentor_id] = (count, last)
    return loads


async def _paired(db: AsyncSession, prison_id: str, mentees: Collection[UUID]) -> frozenset[Two]:
    """Who is a pair already, live or waiting for reassignment: mentor, mentee."""
    found = select(col(Pairing.mentor_id), col(Pairing.mentee_id)).where(
        col(Pairing.prison_id) == prison_id,
        col(Pairing.mentee_id).in_(mentees),
        col(Pairing.status) != PairingStatus.ended,
    )
    return frozenset(map(tuple, (await db.execute(found)).all()))  # type: ignore[arg-type]


async def _went_well(
    db: AsyncSession, prison_id: str, mentors: People, mentees: People
) -> frozenset[Two]:
    """Whose last pairing, in this episode or an earlier one, ended well."""
    found = (
        select(col(Mentor.person_id), col(Mentee.person_id), col(History.reason))
        .select_from(Pairing)
        .join(
            Mentor,
            and_(
                col(Mentor.prison_id) == col(Pairing.prison_id),
                col(Mentor.id) == col(Pairing.mentor_id),
            ),
        )
        .join(
            Mentee,
            and_(
                col(Mentee.prison_id) == col(Pairing.prison_id),
                col(Mentee.id) == col(Pairing.mentee_id),
            ),
        )
        .join(
            History,
            and_(
                col(History.prison_id) == col(Pairing.prison_id),
                col(History.thing_id) == col(Pairing.id),
                col(History.to_state) == PairingStatus.ended.value,
            ),
        )
        .where(
            col(Pairing.prison_id) == prison_id,
            col(History.prison_id) == prison_id,
            col(Mentor.person_id).in_(mentors),
            col(Mentee.person_id).in_(mentees),
        )
        .order_by(col(History.recorded_at), col(History.id))
    )
    last = {(mentor, mentee): reason for mentor, mentee, reason in await db.execute(found)}
    return frozenset(two for two, reason in last.items() if reason in ENDED_WELL)


def _among(twos: Collection[Two], mentors: People, mentees: People) -> frozenset[Two]:
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
                *_not_past(Concern, asker),
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


def _not_past(thing: type[Concern] | type[Complaint], asker: UUID | None) -> Any:
    about = (col(thing.about_line_id), col(thing.about_staff_id)) if asker else ()
    return [each.is_distinct_from(asker) for each in about]


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
            *_not_past(Complaint, asker),
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


async def may_tell(db: AsyncSession, mentor: Mentor, mentee: Mentee, asker: UUID | None) -> bool:
    """Whether the asker may learn that one of the two has reported the other: never of a pair, of
    whom it would tell that something came up since, and only of what does not go past them."""
    if (mentor.id, mentee.id) in await _paired(db, mentor.prison_id, [mentee.id]):
        return False
    people = [mentor.person_id], [mentee.person_id]
    return bool(await reported(db, mentor.prison_id, *people, asker))


async def bars_of(
    db: AsyncSession,
    mentor: Mentor,
    mentee: Mentee,
    *,
    besides: UUID | None = None,
    reports: bool | None = None,
) -> frozenset[MatchBar]:
    """What keeps these two from a pairing, of all that is not seen on their own rows. `besides`:
    a pairing that takes no place, since it is the one that is decided on. `reports`: whether one
    has reported the other, where it is not all of it that counts."""
    prison_id, found = mentor.prison_id, set()
    people = [mentor.person_id], [mentee.person_id]
    if reports is None:
        reports = bool(await reported(db, prison_id, *people, None))
    two = mentor.person_id, mentee.person_id
    if reports or two in await non_associated(db, prison_id, two):
        found.add(MatchBar.check_with_staff)
    if await acquainted(db, prison_id, *people):
        found.add(MatchBar.knows_each_other)
    taken = select(func.count()).where(
        col(Pairing.prison_id) == prison_id,
        col(Pairing.mentor_id) == mentor.id,
        col(Pairing.status) == PairingStatus.live,
        col(Pairing.id).is_distinct_from(besides),
    )
    places = places_of(await db.get_one(Prison, prison_id), mentor)
    if (await db.execute(taken)).scalar_one() >= places:
        found.add(MatchBar.mentor_full)
    return frozenset(found | await _limited(db, mentor, mentee))


async def _limited(db: AsyncSession, mentor: Mentor, mentee: Mentee) -> set[MatchBar]:
    """Which conditions of the mentor's approval or clearance keep the two apart."""
    found = set()
    if ApprovalCondition.no_one_to_one in mentor.limits:
        found.add(MatchBar.no_one_to_one)
    if ApprovalCondition.own_wing_only in mentor.limits:
        people = await _people(db, mentor.prison_id, {mentor.person_id, mentee.person_id})
        if _wing(people[mentor.person_id]) != _wing(people[mentee.person_id]):
            found.add(MatchBar.own_wing_only)
    return found
