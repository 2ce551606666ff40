"""Me: who the bearer of a token is, prison by prison."""

from uuid import UUID

from sqlmodel import Field

from app.models.base import Instant, Output, PrisonId
from app.models.staff import Role
from app.rights import Permission


class MyPrison(Output):
    """What the bearer is in one prison of the token; without a row there, nothing."""

    prison_id: PrisonId
    role: Role | None = Field(description="The role in force: the row's, within the token's.")
    staff_id: UUID | None
    person_id: UUID | None
    mentor_id: UUID | None
    permissions: list[Permission]


class MeRead(Output):
    """The bearer of the token."""

    subject: str
    roles: list[str] = Field(description="As the token says; what counts is each prison's `role`.")
    token_expires_at: Instant
    prisons: list[MyPrison]
