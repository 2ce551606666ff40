"""Only in development: tokens of the own issuer, and the movable clock."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel import Field

from app import clock
from app.db import ReadDb
from app.errors import NotFound
from app.models.base import Input, Instant, Line, Output, PrisonId
from app.models.staff import Role
from app.problems import refusals
from app.runtime import move_clock
from app.tokens import DevelopmentIssuer, Verifier

router = APIRouter(tags=["development"])


async def _issuer(request: Request) -> DevelopmentIssuer:
    verifier: Verifier = request.app.state.verifier
    if not isinstance(verifier.keys, DevelopmentIssuer):
        raise NotFound()
    return verifier.keys


Issuer = Annotated[DevelopmentIssuer, Depends(_issuer)]


class TokenCreate(Input):
    """A token to issue."""

    subject: Line = Field(schema_extra={"examples": ["clinician.sli"]})
    role: Role
    prison_ids: list[PrisonId] = Field(min_length=1, schema_extra={"examples": [["SLI"]]})
    person_id: UUID | None = Field(default=None, description="A mentor's person id.")


class Token(Output):
    """A bearer token."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105


class ClockMove(Input):
    """How far to move time forward."""

    forward_seconds: float = Field(ge=0, le=400 * 86400, schema_extra={"examples": [960]})


class ClockRead(Output):
    """The service's time."""

    now: Instant
    offset_seconds: float


@router.get("/.well-known/jwks.json", response_model=dict[str, object])
async def jwks(issuer: Issuer) -> dict[str, object]:
    """The public keys of the development issuer."""
    return issuer.jwks()


@router.post("/development/tokens", response_model=Token, responses=refusals())
async def issue_development_token(issuer: Issuer, body: TokenCreate) -> Token:
    """A token for anyone: this is why the route does not exist in production."""
    return Token(
        access_token=issuer.issue(body.subject, [body.role.value], body.prison_ids, body.person_id)
    )


@router.get("/development/clock", response_model=ClockRead)
async def read_development_clock() -> ClockRead:
    """The service's time, and how far it is ahead of the machine's."""
    return ClockRead(now=clock.now(), offset_seconds=clock.offset().total_seconds())


@router.post("/development/clock", response_model=ClockRead, responses=refusals())
async def move_development_clock(db: ReadDb, body: ClockMove) -> ClockRead:
    """Move time forward for the API and the worker. Token times stay real."""
    await move_clock(db, clock.offset() + timedelta(seconds=body.forward_seconds))
    return await read_development_clock()
