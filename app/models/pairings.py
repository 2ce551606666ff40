"""Pairings: which mentor supports which mentee."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.moves import MoveOption


class PairingStatus(StrEnum):
    live = "live"
    to_reassign = "to_reassign"
    ended = "ended"


class Pairing(Versioned, table=True):
    """A mentor and a mentee, for a time."""

    __tablename__ = "pairing"
    __table_args__ = (
        reference("mentor", "mentor_id"),
        reference("mentee", "mentee_id"),
        Index(
            "uq_pairing_live",
            "prison_id",
            "mentor_id",
            "mentee_id",
            unique=True,
            postgresql_where=text("status <> 'ended'"),
        ),
        Index("ix_pairing_mentee", "prison_id", "mentee_id"),
    )

    mentor_id: UUID
    mentee_id: UUID
    status: PairingStatus = Field(
        default=PairingStatus.live, sa_type=choice(PairingStatus, "status")
    )
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class PairingCreate(Input):
    """A mentor and a mentee to bring together."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    mentee_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000004"]})


class PairingRow(Identified):
    """A pairing, as staff see it."""

    mentor_id: UUID
    mentor_name: str
    mentee_id: UUID
    mentee_name: str
    status: PairingStatus
    ended_at: Instant | None


class PairingRead(PairingRow):
    """A pairing, with what the caller may do next."""

    moves: list[MoveOption] = []


class PairingForMentor(Output):
    """A pairing, as its mentor sees it."""

    id: UUID
    mentee_id: UUID
    mentee_name: str
    status: PairingStatus
