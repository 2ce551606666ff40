"""Non-associations: taken in as HMPPS answers them, asked by matching and pairing, read by nobody.

A pair is known by its id in the source and its two people, and binds whoever has or gets one of
its prisoner numbers. An id that comes with other people than before (one of them was given another
number, and nobody told us yet) turns no pair to them: both stand. What is not in a file stays as
it was: a list may leave out those held elsewhere.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.integrations.prison.non_associations import PairRefused, PairRow, parse
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.non_associations import (
    NonAssociation,
    PairImportOutcome,
    PairImportReport,
    PairImportRow,
)
from app.models.pairings import Pairing, PairingStatus
from app.models.people import Person
from app.models.prisons import PersonIdentity, Prison
from app.scope import everything
from app.services import between_two, import_reports, lifecycle, outbox, pairings
from app.services.enrolments import reviews
from app.services.enrolments.parting import part_groups
from app.services.mentors import leaving
from app.services.people.identities import identities_of, people_lock
from app.services.sessions import parting

CHUNK = 500  # looked up and written together
OLDER = "the source has said something newer of it since"
UNDATED = "a closing that says not when it was made, or a time to come: stays open"
OTHERS = "id is known for two other prisoners, too: both stand"
Outcome = PairImportOutcome
_told = partial(import_reports.told, PairImportRow)


async def import_documents(db: AsyncSession, actor: Actor, data: bytes) -> PairImportReport:
    """Take in a file of non-associations, and report on each in the file's order. Live pairings
    of two whom the prison keeps apart from now on wait for reassignment at once.

    Raises Invalid with the position when the file as a whole cannot be read; then nothing is
    saved.
    """
    rows = await import_reports.read(parse, data)
    await people_lock(db, actor.prison_id)
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    report: list[PairImportRow] = []
    for start in range(0, len(rows), CHUNK):
        report += await _take_in(db, actor.prison_id, rows[start : start + CHUNK], zone)
    await part_pairs(db, actor.prison_id, {n for row in rows for n in _numbers(row)})
    return PairImportReport(counts=import_reports.counts(Outcome, report), rows=report)


def _numbers(row: PairRow | PairRefused) -> Collection[str]:
    return (row.low, row.high) if isinstance(row, PairRow) and row.is_open else ()


async def _take_in(
    db: AsyncSession, prison_id: str, chunk: Sequence[PairRow | PairRefused], zone: ZoneInfo
) -> list[PairImportRow]:
    """Look every pair up in one query, then write what is new or has changed."""
    ids = [row.source_id for row in chunk if isinstance(row, PairRow)]
    found = everything(NonAssociation, prison_id).where(col(NonAssociation.source_id).in_(ids))
    locked = await db.scalars(found.order_by(col(NonAssociation.id)).with_for_update())
    known: dict[int, list[NonAssociation]] = defaultdict(list)
    for pair in locked.all():
        known[pair.source_id].append(pair)
    whose = await _whose(db, chunk, known)
    report = []
    for row in chunk:
        if isinstance(row, PairRefused):
            outcome, field, reason = Outcome.refused, row.field, row.reason
            report.append(_told(row, outcome, field, reason))
            continue
        two = {whose.get(number, number) for number in (row.low, row.high)}
        theirs = [
            pair
            for pair in known[row.source_id]
            if two == {whose.get(n, n) for n in (pair.number_low, pair.number_high)}
        ]
        if theirs:
            told = [_change(db, pair, row, zone) for pair in theirs]
            report.append(next((each for each in told if each.outcome is Outcome.updated), told[0]))
            continue
        doubt = OTHERS if known[row.source_id] else row.doubt
        known[row.source_id].append(_add(db, prison_id, row, zone))
        report.append(_told(row, Outcome.created, "id" if doubt is OTHERS else None, doubt))
    await db.flush()
    return report


async def _whose(
    db: AsyncSession,
    chunk: Sequence[PairRow | PairRefused],
    known: Mapping[int, Sequence[NonAssociation]],
) -> Mapping[str, str]:
    """Of the numbers that come with a known id, and of those it is known with, the one number that
    stands for all of a person's."""
    numbers = {
        number
        for row in chunk
        if isinstance(row, PairRow)
        for pair in known.get(row.source_id, ())
        for number in (row.low, row.high, pair.number_low, pair.number_high)
        if (row.low, row.high) != (pair.number_low, pair.number_high)
    }
    found = await identities_of(db, numbers)
    return {number: min(each.numbers) for each in found for number in each.numbers}


def changed_at(row: PairRow, zone: ZoneInfo) -> datetime | None:
    """When the source changed it; its times are the wall clock's unless they say otherwise. None
    also for a time to come, which is doubtful: kept, it would outdate all that is said later."""
    said = row.changed_at
    if said is None or not 1900 <= said.year <= 2200:
        return None
    at = (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)
    return at if at <= clock.now() else None


def _add(db: AsyncSession, prison_id: str, row: PairRow, zone: ZoneInfo) -> NonAssociation:
    pair = NonAssociation(
        prison_id=prison_id,
        source_id=row.source_id,
        number_low=row.low,
        number_high=row.high,
        restriction=row.restriction,
        is_open=row.is_open,
        changed_at=changed_at(row, zone),
        seen_at=clock.now(),
    )
    db.add(pair)
    outbox.say(db, prison_id, "non_association.recorded", pair.id)
    return pair


def _change(db: AsyncSession, pair: NonAssociation, row: PairRow, zone: ZoneInfo) -> PairImportRow:
    """Take over what the source says now. Only what is dated, and no older than what is known,
    lifts a pair; whatever says that it stands, stands. Its two numbers never change."""
    at = changed_at(row, zone)
    older = at is not None and pair.changed_at is not None and at < pair.changed_at
    reopens = row.is_open and not pair.is_open
    if older and not reopens:
        return _told(row, Outcome.unchanged, "whenUpdated", OLDER)
    if at is None and pair.is_open and not row.is_open:
        return _told(row, Outcome.unchanged, "whenUpdated", UNDATED)
    sets: Mapping[str, object] = {"restriction": row.restriction, "is_open": row.is_open}
    changes = {name: value for name, value in sets.items() if getattr(pair, name) != value}
    pair.seen_at = clock.now()
    if at is not None and not older:
        pair.changed_at = at
    if not changes:
        return _told(row, Outcome.unchanged, None, row.doubt)
    for name, value in changes.items():
        setattr(pair, name, value)
    event = "recorded" if pair.is_open else "lifted"
    outbox.say(db, pair.prison_id, f"non_association.{event}", pair.id)
    return _told(row, Outcome.updated, None, row.doubt)


async def with_those_apart(
    db: AsyncSession, prison_id: str, numbers: Collection[str]
) -> frozenset[str]:
    """Of one person's numbers those that are kept apart from anybody, and of whom; else none."""
    low, high = col(NonAssociation.number_low), col(NonAssociation.number_high)
    apart = everything(NonAssociation, prison_id).where(
        col(NonAssociation.is_open), or_(low.in_(numbers), high.in_(numbers))
    )
    rows = (await db.scalars(apart)).all()
    return frozenset(n for row in rows for n in (row.number_low, row.number_high))


async def hold_mentors(
    db: AsyncSession, prison_id: str, numbers: Collection[str]
) -> tuple[frozenset[UUID], Sequence[Mentor]]:
    """Whoever has one of the numbers, and their rows as mentors: no pairing is made with them
    until the commit."""
    people = (
        select(col(Person.id))
        .join(PersonIdentity, col(PersonIdentity.id) == col(Person.identity_id))
        .where(
            col(Person.prison_id) == prison_id,
            col(PersonIdentity.numbers).overlap(list(numbers)),  # type: ignore[attr-defined]
        )
    )
    ids = frozenset((await db.scalars(people)).all())
    mentors = everything(Mentor, prison_id).where(col(Mentor.person_id).in_(ids))
    held = mentors.order_by(col(Mentor.id)).with_for_update(key_share=True)
    return ids, (await db.scalars(held)).all()


async def part_pairs(db: AsyncSession, prison_id: str, numbers: Collection[str]) -> None:
    """Whoever is a live pair and is kept apart now waits for reassignment, and what is planned
    between them is cancelled: with the mentor's row held, so that a pairing made in the same
    instant is seen. Whoever else is to meet in a group is parted, too."""
    if not numbers:
        return
    ids, mentors = await hold_mentors(db, prison_id, numbers)
    by_id = {mentor.id: mentor for mentor in mentors}
    live = everything(Pairing, prison_id).where(
        col(Pairing.mentor_id).in_(by_id), col(Pairing.status) == PairingStatus.live
    )
    rows = (await db.scalars(live.order_by(col(Pairing.id)).with_for_update())).all()
    theirs = everything(Mentee, prison_id).where(
        col(Mentee.id).in_([pairing.mentee_id for pairing in rows])
    )
    person_of = {mentee.id: mentee.person_id for mentee in (await db.scalars(theirs)).all()}
    apart = await between_two.non_associated(db, prison_id, {*ids, *person_of.values()})
    for mentor in mentors:
        parted = [
            pairing
            for pairing in rows
            if pairing.mentor_id == mentor.id
            and (mentor.person_id, person_of[pairing.mentee_id]) in apart
        ]
        if parted:
            await _part(db, mentor, parted)
    await part_groups(db, prison_id, ids)


async def _part(db: AsyncSession, mentor: Mentor, parted: Sequence[Pairing]) -> None:
    to, system = PairingStatus.to_reassign, the_system(mentor.prison_id)
    for pairing in parted:
        await lifecycle.move(db, pairings.PAIRING, pairing, to=to, actor=system)
    mentees = [pairing.mentee_id for pairing in parted]
    left = await parting.part(db, mentor.prison_id, [mentor.id], mentees, since=clock.now())
    await reviews.ask_of(db, left, groups=False)
    await leaving.have_reassigned(db, mentor, parted)
