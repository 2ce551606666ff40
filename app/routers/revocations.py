"""Revocations over HTTP: a prison's, and everyone's own."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayReadRevocation, MayReadSelf, MayRevoke
from app.db import Db, OutsideDb, ReadDb
from app.errors import KeyReused
from app.models.revocations import (
    Revocation,
    RevocationCreate,
    RevocationRead,
    SignedOut,
    SignOut,
)
from app.paging import Listing, Page, PageQuery
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import revocations
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1", tags=["revocations"])

LIST = Listing(
    Revocation,
    MATRIX["revocations.row"],
    sorts={"recorded_at": col(Revocation.recorded_at)},
)


class RevocationQuery(PageQuery):
    sort: Literal["recorded_at", "-recorded_at"] = Field(default="-recorded_at")


@router.get(
    "/prisons/{prison_id}/revocations",
    response_model=Page[RevocationRead],
    responses=refusals(),
)
async def list_revocations(
    actor: MayReadRevocation,
    db: ReadDb,
    request: Request,
    query: Annotated[RevocationQuery, Query()],
) -> Response:
    """Tokens revoked in this prison, for as long as one of them may live; none of my own."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "/prisons/{prison_id}/revocations",
    status_code=201,
    response_model=RevocationRead,
    responses=refusals(KeyReused),
)
async def revoke_tokens(
    actor: MayRevoke, db: Db, body: RevocationCreate, once: JustOnce
) -> Response:
    """Revoke the tokens of somebody who works or lives here, or of a client: at once, everywhere.

    New tokens are believed: to shut someone out for good, end their row of staff or the client.
    """
    made = await revocations.create(db, actor, body)
    return await once.created(shape("revocations", actor.role).model_validate(made))


@router.post("/me/revocations", response_model=SignedOut, responses=refusals())
async def sign_out(who: MayReadSelf, db: OutsideDb, body: SignOut) -> Response:
    """Sign out: end this token, or all that were issued to me until now."""
    return reply(await revocations.sign_out(db, who, body))
