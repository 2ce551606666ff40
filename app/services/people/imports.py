"""Take in people as HMPPS answers them: upsert by number, with a report on every document.

Who is here, away or gone is decided by the table of `integrations/prison/prisoner_search.py`;
`docs/decisions/0003-import-placement.md` says why. Every row is judged before anything is
written, so that a bad one spoils no other.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.integrations.prison.prisoner_search import (
    Placement,
    PrisonerRow,
    RowRefused,
    parse,
    placement,
    polite,
    superseded,
)
from app.models.people import ImportOutcome, ImportReport, ImportRow, Person, Presence, Source
from app.services import import_reports, outbox
from app.services.contact_requests.moves import close_of_those_gone
from app.services.people.believable import unbelievable
from app.services.people.identities import identify_all, people_lock
from app.services.people.locked import standing_deaths
from app.services.people.numbers import by_numbers

CHUNK = 500  # documents looked up and written together
NOT_HERE = {
    Placement.elsewhere: "held in another prison",
    Placement.out: "released (OUT)",
    Placement.in_transit: "being moved (TRN)",
    Placement.unknown: "no prison is given",
}
LONGEST = {  # what the table takes, by the name of the field as HMPPS spells it
    "firstName": ("first_name", 100),
    "middleNames": ("middle_names", 100),
    "lastName": ("last_name", 100),
    "cellLocation": ("cell_location", 60),
}
NO_CELLS = {"COURT", "TAP"}
Document = PrisonerRow | RowRefused
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one document, and the columns it sets."""

    outcome: ImportOutcome
    reason: str | None = None
    about: str | None = None  # the field that decided it, as HMPPS spells it
    sets: Mapping[str, Any] = field(default_factory=dict)


async def import_documents(
    db: AsyncSession, actor: Actor, data: bytes, *, progress: Progress | None = None
) -> ImportReport:
    """Take in a file of prisoner documents, and report on each in the file's order.

    Raises Invalid with the position when the file as a whole cannot be read; then nothing is
    saved. `progress(done, total)` is called after every 500 documents.
    """
    documents = await import_reports.read(parse, data)
    await people_lock(db, actor.prison_id)
    again = {**await _twice(db, actor.prison_id, documents), **superseded(documents)}
    rows: list[ImportRow] = []
    for start in range(0, len(documents), CHUNK):
        chunk = documents[start : start + CHUNK]
        rows += await _take_in(db, actor.prison_id, chunk, again)
        if progress is not None:
            progress(len(rows), len(documents))
    return ImportReport(counts=import_reports.counts(ImportOutcome, rows), rows=rows)


async def _take_in(
    db: AsyncSession, prison_id: str, chunk: Sequence[Document], again: Mapping[int, int]
) -> list[ImportRow]:
    """Look everyone up in one query, decide on each, write what changes."""
    today = clock.now().date()
    numbers = {row.number for row in chunk if row.number}
    known = await by_numbers(db, prison_id, numbers, lock=True)  # concerns never wait
    dead = await standing_deaths(db, prison_id, [person.id for person in known.values()])
    decisions = []
    for row in chunk:
        decision = decide(row, known, again, prison_id, today)
        decisions.append(_kept_from_the_dead(decision, known.get(row.number or ""), dead))
    new = [
        row.number
        for row, decision in zip(chunk, decisions, strict=True)
        if decision.outcome is ImportOutcome.created and row.number
    ]
    identities = await identify_all(db, new)
    rows = [
        _report(row, decision, _write(db, prison_id, decision, row, known, identities))
        for row, decision in zip(chunk, decisions, strict=True)
    ]
    await db.flush()
    gone = [row.person_id for row in rows if row.outcome is ImportOutcome.marked_away]
    await close_of_those_gone(db, prison_id, [each for each in gone if each is not None])
    return rows


async def _twice(db: AsyncSession, prison_id: str, documents: Sequence[Document]) -> dict[int, int]:
    """Documents of a number that turned out to be another's, whose own stands in the file: by
    position, the other's. One that stands alone tells of who they are."""
    position = {row.number: row.position for row in documents if row.number}
    found = await by_numbers(db, prison_id, position)
    return {
        position[number]: position[person.number]
        for number, person in found.items()
        if person.number != number and person.number in position
    }


def decide(
    row: Document,
    known: Mapping[str, Person],
    again: Mapping[int, int],
    prison_id: str,
    today: date,
) -> Decision:
    """What becomes of one document, given the people known by number and the repeated rows."""
    if isinstance(row, RowRefused):
        return Decision(ImportOutcome.refused, row.reason, row.field)
    if row.position in again:
        reason = f"the same prisoner stands again in document {again[row.position]}"
        return Decision(ImportOutcome.kept_out, reason, "prisonerNumber")
    person = known.get(row.number)
    where = placement(row, prison_id)
    if where is not Placement.here:
        return _gone(person, NOT_HERE[where])
    wanted = _wanted(row, person)
    if unfit := _unfit(wanted, today):
        return unfit
    if person is None:
        return Decision(ImportOutcome.created, row.away_reason, sets=wanted)
    changed = {name: value for name, value in wanted.items() if getattr(person, name) != value}
    if not changed:
        return Decision(ImportOutcome.unchanged, row.away_reason)
    went = changed.get("presence") is Presence.away
    outcome = ImportOutcome.marked_away if went else ImportOutcome.updated
    return Decision(outcome, row.away_reason, sets=changed)


def _kept_from_the_dead(
    decision: Decision, person: Person | None, dead: Collection[UUID]
) -> Decision:
    """A document that lags behind brings nobody back."""
    if person is None or person.id not in dead or "presence" not in decision.sets:
        return decision
    return Decision(ImportOutcome.kept_out, "a report of their death stands", "status")


def _gone(person: Person | None, reason: str) -> Decision:
    """Not in this prison. Of someone we know, the rest of the record stays as it was here."""
    if person is None:
        return Decision(ImportOutcome.kept_out, reason, "prisonId")
    if person.presence is Presence.left:
        return Decision(ImportOutcome.unchanged, reason)
    left = {"presence": Presence.left, "cell_location": None}
    return Decision(ImportOutcome.marked_away, reason, "prisonId", left)


def _wanted(row: PrisonerRow, person: Person | None) -> dict[str, Any]:
    """The columns as the document has them. At court or on leave one keeps one's cell."""
    cell = row.cell_location
    if cell in NO_CELLS:
        cell = person.cell_location if person is not None else None
    return {
        "first_name": polite(row.first_name),
        "middle_names": polite(row.middle_names) if row.middle_names else None,
        "last_name": polite(row.last_name),
        "display_name": row.display_name,
        "date_of_birth": row.date_of_birth,
        "cell_location": cell,
        "presence": Presence.away if row.away else Presence.here,
        "no_it_access": "XIT" in row.alerts,
        "source": Source.prisoner_search,
    }


def _unfit(wanted: Mapping[str, Any], today: date) -> Decision | None:
    for name, (column, longest) in LONGEST.items():
        if len(wanted[column] or "") > longest:
            reason = f"is longer than {longest} characters"
            return Decision(ImportOutcome.refused, reason, name)
    born = wanted["date_of_birth"]
    if born is not None and (why := unbelievable(born, today)):
        return Decision(ImportOutcome.refused, why, "dateOfBirth")
    return None


def _write(
    db: AsyncSession,
    prison_id: str,
    decision: Decision,
    row: Document,
    known: Mapping[str, Person],
    identities: Mapping[str, UUID],
) -> UUID | None:
    """Put the decision and its event into the session; the person's id where there is one."""
    number = row.number or ""
    if decision.outcome is ImportOutcome.created:
        person = Person(
            prison_id=prison_id, number=number, identity_id=identities[number], **decision.sets
        )
        db.add(person)
        topic = "person.created"
    else:
        found = known.get(number)
        if found is None or not decision.sets:
            return found.id if found is not None else None
        person = found
        if person.presence is Presence.away and decision.sets.get("presence") is Presence.here:
            person.came_back_at = clock.now()
        for name, value in decision.sets.items():
            setattr(person, name, value)
        topic = "person.left" if person.presence is Presence.left else "person.updated"
    outbox.say(db, prison_id, topic, person.id, presence=person.presence)
    return person.id


def _report(row: Document, decision: Decision, person_id: UUID | None) -> ImportRow:
    return ImportRow(
        position=row.position,
        line=row.line,
        number=row.number,
        outcome=decision.outcome,
        field=decision.about,
        reason=decision.reason,
        person_id=person_id,
    )
