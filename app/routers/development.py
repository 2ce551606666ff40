"""Only in development: tokens of the own issuer, and the movable clock."""

from datetime import timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, model_validator
from sqlmodel import Field

from app import clock
from app.config import Settings
from app.db import ReadDb
from app.errors import NotFound
from app.models.base import Input, Instant, Line, Output, PrisonId
from app.models.clients import ClientId, ClientScope
from app.models.staff import Role
from app.problems import refusals
from app.runtime import move_clock
from app.tokens import DISCOVERY, DevelopmentIssuer, Verifier

router = APIRouter(tags=["development"])


async def _issuer(request: Request) -> DevelopmentIssuer:
    verifier: Verifier = request.app.state.verifier
    if not isinstance(verifier.keys, DevelopmentIssuer):
        raise NotFound()
    return verifier.keys


Issuer = Annotated[DevelopmentIssuer, Depends(_issuer)]


class TokenCreate(Input):
    """A token to issue: a person's (`subject`, `role`, `prison_ids`), or a machine client's own
    (`client_id`, `scopes`)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"subject": "clinician.sli", "role": "clinician", "prison_ids": ["SLI"]},
                {"client_id": "dashboard.sli", "scopes": ["concerns.read"]},
            ]
        },
    )

    subject: Line | None = Field(default=None, max_length=200)
    role: Role | None = None
    prison_ids: list[PrisonId] = []
    person_id: UUID | None = Field(default=None, description="A mentor's person id.")
    client_id: ClientId | None = None
    scopes: list[ClientScope] = []

    @model_validator(mode="after")
    def _of_a_person_or_a_machine(self) -> Self:
        if self.client_id is None and not (self.subject and self.role and self.prison_ids):
            raise ValueError("subject: name subject, role and prison_ids, or a client_id")
        of_a_person = (self.subject, self.role, self.person_id, *self.prison_ids)
        if self.client_id is not None and any(of_a_person):
            raise ValueError("client_id: a machine's token names nothing but scopes")
        return self


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


class Discovery(Output):
    """What an issuer says about itself (OpenID Connect Discovery), as far as there is any."""

    issuer: str
    jwks_uri: str
    token_endpoint: str
    scopes_supported: list[ClientScope]
    grant_types_supported: list[str] = ["client_credentials"]
    response_types_supported: list[str] = []
    subject_types_supported: list[str] = ["public"]
    id_token_signing_alg_values_supported: list[str] = [DevelopmentIssuer.algorithm]


@router.get(DISCOVERY, response_model=Discovery)
async def openid_configuration(issuer: Issuer, request: Request) -> Discovery:
    """The development issuer's discovery document."""
    config: Settings = request.app.state.settings
    base = str(request.base_url)
    return Discovery(
        issuer=config.token_issuer,
        jwks_uri=f"{base}.well-known/jwks.json",
        token_endpoint=f"{base}development/tokens",
        scopes_supported=list(ClientScope),
    )


@router.get("/.well-known/jwks.json", response_model=dict[str, object])
async def jwks(issuer: Issuer) -> dict[str, object]:
    """The public keys of the development issuer."""
    return issuer.jwks()


@router.post("/development/tokens", response_model=Token, responses=refusals())
async def issue_development_token(issuer: Issuer, body: TokenCreate) -> Token:
    """A token for anyone or anything: this is why the route does not exist in production."""
    if body.client_id is not None:
        return Token(access_token=issuer.issue_to_client(body.client_id, body.scopes))
    assert body.subject is not None
    assert body.role is not None
    roles = [body.role.value]
    return Token(access_token=issuer.issue(body.subject, roles, body.prison_ids, body.person_id))


@router.get("/development/clock", response_model=ClockRead)
async def read_development_clock() -> ClockRead:
    """The service's time, and how far it is ahead of the machine's."""
    return ClockRead(now=clock.now(), offset_seconds=clock.offset().total_seconds())


@router.post("/development/clock", response_model=ClockRead, responses=refusals())
async def move_development_clock(db: ReadDb, body: ClockMove) -> ClockRead:
    """Move time forward for the API and the worker. Token times stay real."""
    await move_clock(db, clock.offset() + timedelta(seconds=body.forward_seconds))
    return await read_development_clock()
