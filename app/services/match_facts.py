"""What matching is decided on, read with a fixed number of statements, however many people it is
about. `app/services/matching.py` and `app/services/pairings.py` decide."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.availabilities import Availability, AvailabilityKind
from app.models.matching import MatchBar
from app.models.mentees import Mentee, MenteeStatus
from app.models.mentors import ApprovalCondition, Commitment, Mentor, MentorStatus
from app.models.moves import History
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person, Presence, same_wing
from app.models.prisons import Prison
from app.models.profiles import Profile
from app.models.sessions import Participation, ParticipationStatus, Session, SessionKind
from app.scope import everything
from app.services.between_two import acquainted, among, non_associated, reported
from app.services.matching import Facts, MenteeSide, MentorSide, Traits, Two
from app.services.supervisions import plans as supervision
from app.services.usual_times import WHENEVER, Spans, of_availability, of_meeting

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
LATELY = timedelta(weeks=8)  # what shows when a mentee is usually met
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
    check = among(await non_associated(db, prison_id, {*mentor_people, *mentee_people}), *sides)
    told = among(await reported(db, prison_id, *sides, asker), *sides)
    known = await acquainted(db, prison_id, mentor_people, mentee_people)
    well = await _went_well(db, prison_id, mentor_people, mentee_people)
    live = await _paired(db, prison_id, [mentee.id for mentee in mentees])
    can_serve = await _can_serve(db, prison_id, [mentor.id for mentor in mentors])
    usual = await _usual(db, prison, [mentee.id for mentee in mentees])
    return Board(
        sorted(
            (
                _mentee(each, people[each.person_id], traits, usual.get(each.id, ()))
                for each in mentees
            ),
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
                can_serve=can_serve.get(each.id, WHENEVER),
            )
            for each in mentors
        ],
        Facts(check, told, known, well, live),
    )


def _mentee(mentee: Mentee, person: Person, traits: dict[UUID, Traits], usual: Spans) -> MenteeSide:
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
        wing=person.wing_code,
        bars=frozenset(bars),
        usual=usual,
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
    can_serve: Spans,
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
        wing=person.wing_code,
        own_wing_only=ApprovalCondition.own_wing_only in mentor.limits,
        last_paired_at=last_paired_at,
        bars=frozenset(bars),
        can_serve=can_serve,
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


async def _can_serve(
    db: AsyncSession, prison_id: str, mentors: Collection[UUID]
) -> dict[UUID, Spans]:
    """When each mentor who said so can serve; who said nothing, whenever. Not what they wish."""
    found = everything(Availability, prison_id).where(
        col(Availability.mentor_id).in_(mentors),
        col(Availability.kind).in_((AvailabilityKind.available, AvailabilityKind.away)),
        col(Availability.weekday).is_not(None),
        col(Availability.ended_at).is_(None),
    )
    rows: dict[UUID, list[Availability]] = defaultdict(list)
    for row in await db.scalars(found):
        rows[row.mentor_id].append(row)
    return {mentor_id: of_availability(said) for mentor_id, said in rows.items()}


async def _usual(db: AsyncSession, prison: Prison, mentees: Collection[UUID]) -> dict[UUID, Spans]:
    """When each mentee was met in the last eight weeks. A night call-out is nobody's habit."""
    now = clock.now()
    met = (
        everything(Participation, prison.id)
        .join(
            Session,
            and_(
                col(Session.prison_id) == col(Participation.prison_id),
                col(Session.id) == col(Participation.session_id),
            ),
        )
        .where(
            col(Participation.mentee_id).in_(mentees),
            col(Participation.status) == ParticipationStatus.attended,
            col(Session.kind) != SessionKind.night_callout,
            col(Session.starts_at) > now - LATELY,
            col(Session.starts_at) <= now,
        )
        .with_only_columns(
            col(Participation.mentee_id), col(Session.starts_at), col(Session.ends_at)
        )
    )
    usual: dict[UUID, Spans] = defaultdict(tuple)
    for mentee_id, starts_at, ends_at in await db.execute(met):
        usual[mentee_id] += of_meeting(starts_at, ends_at, prison.tz)
    return usual


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
        home, wing = (people[each.person_id].wing_code for each in (mentor, mentee))
        if not same_wing(home, wing):
            found.add(MatchBar.own_wing_only)
    return found
