"""The site's adoption of the scheme, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.access import MayReadAdoption, MaySignAdoption
from app.db import Db
from app.errors import (
    AlreadyExists,
    KeyReused,
    PartNotYours,
    SignedAlready,
    Stale,
    WithdrawnAlready,
)
from app.models.adoptions import Adoption, AdoptionCreate, AdoptionRead, AdoptionState
from app.paths import to_change
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import adoptions

router = APIRouter(prefix="/v1/prisons/{prison_id}/adoptions", tags=["adoptions"])
AdoptionToEnd = Annotated[Adoption, Depends(to_change(Adoption, "adoption_id", match=False))]


@router.get("", response_model=AdoptionState, responses=refusals())
async def read_adoption(actor: MayReadAdoption, db: Db) -> Response:
    """Who has put their name to the scheme, and whether anybody is missing."""
    return reply(await adoptions.state(db, actor))


@router.post(
    "",
    status_code=201,
    response_model=AdoptionRead,
    responses=refusals(AlreadyExists, PartNotYours, SignedAlready, KeyReused),
)
async def sign_adoption(
    actor: MaySignAdoption, db: Db, body: AdoptionCreate, once: JustOnce
) -> Response:
    """Sign one of the three parts. Nobody signs two."""
    adoption = await adoptions.sign(db, actor, body)
    return await once.created(adoptions.shown(adoption, actor))


@router.post(
    "/{adoption_id}/withdrawal",
    response_model=AdoptionRead,
    responses=refusals(PartNotYours, WithdrawnAlready, Stale),
)
async def withdraw_adoption(actor: MaySignAdoption, db: Db, adoption: AdoptionToEnd) -> Response:
    """Take a part's word back. Until it is signed again no campaign opens."""
    await adoptions.withdraw(db, actor, adoption)
    return reply(adoptions.shown(adoption, actor))
