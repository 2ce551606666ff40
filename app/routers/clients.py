"""Clients over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Field, col

from app.access import MayConfirmClient, MayReadClient, MayWriteClient
from app.db import Db, ReadDb
from app.errors import AlreadyExists, Conflicting, KeyReused, MatchNeeded, SecondPersonNeeded, Stale
from app.models.clients import Client, ClientCreate, ClientRead, ClientUpdate
from app.paging import Listing, Page, PageQuery
from app.paths import to_change, to_read
from app.problems import refusals
from app.replies import JustOnce, reply
from app.services import clients
from app.visibility import MATRIX, shape

router = APIRouter(prefix="/v1/prisons/{prison_id}/clients", tags=["clients"])
ThisClient = Annotated[Client, Depends(to_read(Client, "client_id"))]
ClientToChange = Annotated[Client, Depends(to_change(Client, "client_id", match=True))]
ClientToConfirm = Annotated[Client, Depends(to_change(Client, "client_id", match=False))]

LIST = Listing(
    Client,
    MATRIX["clients.row"],
    filters={"active": lambda value: col(Client.active) == value},
    sorts={"client_id": col(Client.client_id)},
)


class ClientQuery(PageQuery):
    active: bool | None = Field(default=None, description="Who is let in now, or who was.")
    sort: Literal["client_id", "-client_id"] = Field(default="client_id")


@router.get("", response_model=Page[ClientRead], responses=refusals())
async def list_clients(
    actor: MayReadClient, db: ReadDb, request: Request, query: Annotated[ClientQuery, Query()]
) -> Response:
    """Machine clients of the prison, past ones too."""
    return await LIST.page(request, db, actor, query, query.sort)


@router.post(
    "", status_code=201, response_model=ClientRead, responses=refusals(AlreadyExists, KeyReused)
)
async def create_client(
    actor: MayWriteClient, db: Db, body: ClientCreate, once: JustOnce
) -> Response:
    """Let a machine client in. `export.identifiable` waits for a second person."""
    made = await clients.create(db, actor, body)
    shown = shape("clients", actor.role).model_validate(made)
    return await once.created(shown, location=f"clients/{made.id}")


@router.get("/{client_id}", response_model=ClientRead, responses=refusals())
async def read_client(actor: MayReadClient, client: ThisClient) -> Response:
    """One machine client."""
    return reply(shape("clients", actor.role).model_validate(client))


@router.patch(
    "/{client_id}",
    response_model=ClientRead,
    responses=refusals(MatchNeeded, Stale),
)
async def update_client(
    actor: MayWriteClient, db: Db, client: ClientToChange, body: ClientUpdate
) -> Response:
    """Change a client. Scopes taken away, and a client no longer active, are shut out at once."""
    await clients.update(db, actor, client, body)
    return reply(shape("clients", actor.role).model_validate(client))


@router.post(
    "/{client_id}/confirmation",
    response_model=ClientRead,
    responses=refusals(Conflicting, SecondPersonNeeded, Stale),
)
async def confirm_client(actor: MayConfirmClient, db: Db, client: ClientToConfirm) -> Response:
    """Confirm what somebody else has asked for: the pending scopes are in force from now on."""
    await clients.confirm(db, actor, client)
    return reply(shape("clients", actor.role).model_validate(client))
