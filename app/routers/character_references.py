"""Character references over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadCharacterReference, MayReadVersions, MayWriteCharacterReference
from app.db import Db, ReadDb
from app.errors import KeyReused, MatchNeeded, NotInApplication, Stale
from app.models.character_references import (
    CharacterReference,
    CharacterReferenceCreate,
    CharacterReferencePut,
    CharacterReferenceRead,
    Supports,
)
from app.models.texts import VersionRead
from app.paging import Listing, Page, PageQuery, whole
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import character_references, texts
from app.visibility import MATRIX

router = APIRouter(
    prefix="/v1/prisons/{prison_id}/character-references", tags=["character-references"]
)
ThisReference = Annotated[
    CharacterReference, Depends(to_read(CharacterReference, "character_reference_id"))
]
ReferenceToPut = Annotated[
    CharacterReference,
    Depends(to_change(CharacterReference, "character_reference_id", match=True)),
]

LIST = Listing(
    CharacterReference,
    MATRIX["character_references.row"],
    filters={
        "mentor_id": lambda value: col(CharacterReference.mentor_id) == value,
        "supports": lambda value: col(CharacterReference.supports) == value,
    },
    sorts={"recorded_at": col(CharacterReference.recorded_at)},
)


class CharacterReferenceQuery(PageQuery):
    mentor_id: UUID | None = None
    supports: Supports | None = None
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="recorded_at")


@router.get("", response_model=Page[CharacterReferenceRead], responses=refusals())
async def list_character_references(
    actor: MayReadCharacterReference,
    db: ReadDb,
    request: Request,
    query: Annotated[CharacterReferenceQuery, Query()],
) -> Response:
    """What others say of applicants."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "",
    status_code=201,
    response_model=CharacterReferenceRead,
    responses=refusals(NotInApplication, KeyReused),
)
async def enter_character_reference(
    actor: MayWriteCharacterReference, db: Db, body: CharacterReferenceCreate, once: JustOnce
) -> Response:
    """Enter a reference as it was received."""
    reference = await character_references.enter(db, actor, body)
    shown = character_references.shown(reference, actor)
    return await once.created(shown, location=f"character-references/{reference.id}")


@router.get(
    "/{character_reference_id}", response_model=CharacterReferenceRead, responses=refusals()
)
async def read_character_reference(
    actor: MayReadCharacterReference, reference: ThisReference
) -> Response:
    """One reference."""
    return reply(character_references.shown(reference, actor))


@router.put(
    "/{character_reference_id}",
    response_model=CharacterReferenceRead,
    responses=refusals(NotInApplication, MatchNeeded, Stale),
)
async def correct_character_reference(
    actor: MayWriteCharacterReference,
    db: Db,
    reference: ReferenceToPut,
    body: CharacterReferencePut,
) -> Response:
    """Put right what was entered wrongly; what it said stays as a version."""
    await character_references.correct(db, actor, reference, body)
    return reply(character_references.shown(reference, actor))


@router.get(
    "/{character_reference_id}/versions", response_model=Page[VersionRead], responses=refusals()
)
async def list_character_reference_versions(
    actor: MayReadVersions, db: Db, reference: ThisReference
) -> Response:
    """What its text said each time it was saved, oldest first."""
    return reply(whole(await texts.versions(db, actor, reference, "text")))
