"""Clinical notes: the author's to change for a day, every save a version; then addenda only."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Invalid, NotAllowed, NoteLocked
from app.models.base import Output
from app.models.clinical_notes import (
    ClinicalNote,
    ClinicalNoteCreate,
    ClinicalNoteUpdate,
    NoteAddendum,
    NoteAddendumCreate,
)
from app.services import caseloads, outbox, texts
from app.services.people.locked import notes_locked
from app.visibility import shape

OPEN_FOR = timedelta(hours=24)
ADDENDUM = "addendum"


async def write(db: AsyncSession, actor: Actor, body: ClinicalNoteCreate) -> ClinicalNote:
    """Write a note on someone in one's care. Raises NotFound for anyone else."""
    await caseloads.check_care(db, actor, body.person_id)
    assert actor.staff_id is not None, "clinicians have a row of staff"
    now = clock.now()
    note = ClinicalNote(
        prison_id=actor.prison_id,
        author_staff_id=actor.staff_id,
        occurred_at=_happened(body.occurred_at or now),
        locks_at=now + OPEN_FOR,
        **body.model_dump(exclude={"occurred_at"}),
    )
    db.add(note)
    outbox.say(db, actor.prison_id, "clinical_note.written", note.id)
    await db.flush()
    await texts.keep_first(db, actor, note, "text")
    return note


def _happened(at: datetime) -> datetime:
    if at > clock.now():
        raise Invalid.field("occurred_at", "in_the_future", "must not be in the future")
    return at


async def rewrite(
    db: AsyncSession, actor: Actor, note: ClinicalNote, body: ClinicalNoteUpdate
) -> None:
    """Change one's own note before it locks; what it said stays as a version."""
    await caseloads.check_care(db, actor, note.person_id)
    if note.author_staff_id != actor.staff_id:
        raise NotAllowed("Only its author changes a note; others add an addendum.")
    if note.locks_at <= clock.now():
        raise NoteLocked("The note could be changed for 24 hours; add an addendum.")
    if await notes_locked(db, note.prison_id, note.person_id):
        raise NoteLocked("Notes on someone who has died take addenda only.")
    if body.occurred_at is not None:
        _happened(body.occurred_at)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(note, name, value)
    outbox.say(db, note.prison_id, "clinical_note.rewritten", note.id)
    await db.flush()
    await texts.keep(db, actor, note, "text")


async def add(db: AsyncSession, actor: Actor, note: ClinicalNote, body: NoteAddendumCreate) -> None:
    """Add words to a note. It keeps its version: a restricted addendum changes nothing that
    others see."""
    await caseloads.check_care(db, actor, note.person_id)
    await texts.append(db, actor, note, ADDENDUM, body.text, body.disclosure)
    outbox.say(db, note.prison_id, "clinical_note.added_to", note.id)
    await db.flush()


async def shown(db: AsyncSession, note: ClinicalNote, actor: Actor) -> Output:
    """The note with those of its addenda that this actor may read."""
    added = await texts.versions(db, actor, note, ADDENDUM)
    addenda = [NoteAddendum.model_validate(each.model_dump()) for each in added]
    fields = {**note.model_dump(), "addenda": addenda}
    return shape("clinical_notes", actor.role).model_validate(fields)
