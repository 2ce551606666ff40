"""Clinical notes over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadClinicalNote, MayWriteClinicalNote
from app.db import Db, ReadDb
from app.errors import KeyReused, MatchNeeded, NoteLocked, Stale
from app.models.clinical_notes import (
    ClinicalNote,
    ClinicalNoteCreate,
    ClinicalNoteKind,
    ClinicalNoteRead,
    ClinicalNoteRow,
    ClinicalNoteUpdate,
    NoteAddendumCreate,
)
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import clinical_notes, texts
from app.visibility import MATRIX

router = APIRouter(prefix="/v1/prisons/{prison_id}/clinical-notes", tags=["clinical-notes"])
ThisNote = Annotated[ClinicalNote, Depends(to_read(ClinicalNote, "clinical_note_id"))]
NoteToChange = Annotated[
    ClinicalNote, Depends(to_change(ClinicalNote, "clinical_note_id", match=True))
]
NoteToAddTo = Annotated[
    ClinicalNote, Depends(to_change(ClinicalNote, "clinical_note_id", match=False))
]

LIST = Listing(
    ClinicalNote,
    MATRIX["clinical_notes.row"],
    filters={
        "person_id": lambda value: col(ClinicalNote.person_id) == value,
        "kind": lambda value: col(ClinicalNote.kind) == value,
    },
    sorts={"occurred_at": col(ClinicalNote.occurred_at)},
)


class ClinicalNoteQuery(PageQuery):
    person_id: UUID | None = None
    kind: ClinicalNoteKind | None = None
    sort: Literal["occurred_at", "-occurred_at"] = Field(default="-occurred_at")


@router.get("", response_model=Page[ClinicalNoteRow], responses=refusals())
async def list_clinical_notes(
    actor: MayReadClinicalNote,
    db: ReadDb,
    request: Request,
    query: Annotated[ClinicalNoteQuery, Query()],
) -> Response:
    """The notes on those in your care: that they are there; each is read by itself."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post("", status_code=201, response_model=ClinicalNoteRead, responses=refusals(KeyReused))
async def write_clinical_note(
    actor: MayWriteClinicalNote, db: Db, body: ClinicalNoteCreate, once: JustOnce
) -> Response:
    """Write a note on someone in your care."""
    note = await clinical_notes.write(db, actor, body)
    shown = await clinical_notes.shown(db, note, actor)
    return await once.created(shown, location=f"clinical-notes/{note.id}")


@router.get("/{clinical_note_id}", response_model=ClinicalNoteRead, responses=refusals())
async def read_clinical_note(actor: MayReadClinicalNote, db: Db, note: ThisNote) -> Response:
    """One note with what was added to it."""
    return reply(await clinical_notes.shown(db, note, actor))


@router.patch(
    "/{clinical_note_id}",
    response_model=ClinicalNoteRead,
    responses=refusals(NoteLocked, MatchNeeded, Stale),
)
async def rewrite_clinical_note(
    actor: MayWriteClinicalNote, db: Db, note: NoteToChange, body: ClinicalNoteUpdate
) -> Response:
    """Change a note of your own within 24 hours; what it said before stays as a version."""
    await clinical_notes.rewrite(db, actor, note, body)
    return reply(await clinical_notes.shown(db, note, actor))


@router.post(
    "/{clinical_note_id}/addenda",
    status_code=201,
    response_model=ClinicalNoteRead,
    responses=refusals(KeyReused, Stale),
)
async def add_to_clinical_note(
    actor: MayWriteClinicalNote,
    db: Db,
    note: NoteToAddTo,
    body: NoteAddendumCreate,
    once: JustOnce,
) -> Response:
    """Add words to a note. Nothing written is overwritten."""
    await clinical_notes.add(db, actor, note, body)
    return await once.created(await clinical_notes.shown(db, note, actor))


@router.get("/{clinical_note_id}/versions", response_model=Page[VersionRead], responses=refusals())
async def list_clinical_note_versions(
    actor: MayReadClinicalNote, db: Db, note: ThisNote
) -> Response:
    """What the note said each time it was saved, oldest first."""
    return reply(whole(await texts.versions(db, actor, note, "text")))
