"""Revocations: tokens that are no longer believed, whatever their signature says."""

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from app import clock
from app.models.base import TIMESTAMP, Input, Instant, Line, Output, choice, new_id


class RevocationReason(StrEnum):
    signed_out = "signed_out"
    lost_or_stolen = "lost_or_stolen"
    left_post = "left_post"
    misuse = "misuse"
    precaution = "precaution"


def _index(column: str) -> Index:
    where = text(f"{column} IS NOT NULL")
    return Index(f"ix_revocation_{column}", column, postgresql_where=where)


class Revocation(SQLModel, table=True):
    """Tokens revoked: those that have every one of `subject`, `person_id` and `token_id` that is
    set, and were issued up to `issued_until`. In real time, as tokens are."""

    __tablename__ = "revocation"
    __table_args__ = (
        CheckConstraint("num_nonnulls(subject, person_id, token_id) > 0", name="of_something"),
        CheckConstraint("num_nonnulls(token_id, issued_until) > 0", name="of_the_past"),
        Index("ix_revocation_prison_id", "prison_id", "recorded_at", "id"),
        _index("subject"),
        _index("person_id"),
        _index("token_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    recorded_at: datetime = Field(default_factory=clock.real_now, sa_type=TIMESTAMP, nullable=False)
    prison_id: str | None = Field(default=None, foreign_key="prison.id", max_length=3)
    subject: str | None = Field(default=None, max_length=200)
    person_id: UUID | None = None
    token_id: str | None = Field(default=None, max_length=200)
    issued_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    expires_at: datetime = Field(sa_type=TIMESTAMP)
    reason: RevocationReason = Field(sa_type=choice(RevocationReason, "reason"))
    revoked_by: str = Field(max_length=200)


class RevocationCreate(Input):
    """Whose tokens to revoke: all that were issued until now, or one of them."""

    subject: Line | None = Field(
        default=None,
        max_length=200,
        description="The `sub` of a member of staff, or a client's id.",
        schema_extra={"examples": ["nurse.sli"]},
    )
    person_id: UUID | None = Field(default=None, description="A prisoner, in place of a subject.")
    token_id: Line | None = Field(
        default=None, max_length=200, description="Only the token with this `jti`."
    )
    reason: RevocationReason = Field(schema_extra={"examples": ["lost_or_stolen"]})

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.subject is None) == (self.person_id is None):
            raise ValueError("subject: name either a subject or a person_id")
        return self


class RevocationRead(Output):
    """Tokens revoked."""

    id: UUID
    recorded_at: Instant
    subject: str | None
    person_id: UUID | None
    token_id: str | None
    issued_until: Instant | None = Field(description="Tokens issued up to this time; null: any.")
    expires_at: Instant = Field(description="When none of those tokens can be alive any more.")
    reason: RevocationReason
    revoked_by: str


class TokensOfMine(StrEnum):
    this = "this"
    all = "all"


class SignOut(Input):
    """Which of my tokens end."""

    tokens: TokensOfMine = Field(
        description="`this` one, or `all` that were issued to me until now.",
        schema_extra={"examples": ["all"]},
    )


class SignedOut(Output):
    """What ended."""

    tokens: TokensOfMine
    at: Instant
