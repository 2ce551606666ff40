"""Match proposals: who might support whom, worked out for many at once. Nothing comes of one until
a support worker approves it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Input,
    Instant,
    Output,
    Scoped,
    Versioned,
    choice,
    reference,
)
from app.models.matching import FitRead
from app.models.moves import MoveCreate, MoveOption

MOST_MENTEES = 500


class MatchProposalStatus(StrEnum):
    proposed = "proposed"
    approved = "approved"
    rejected = "rejected"
    superseded = "superseded"
    expired = "expired"


class SolverStatus(StrEnum):
    optimal = "optimal"
    feasible = "feasible"


class ProposedOutcome(StrEnum):
    """What became of one mentee of a proposal."""

    proposed = "proposed"
    unmatched = "unmatched"
    paired = "paired"
    left_out = "left_out"
    refused = "refused"


class UnmatchedWhy(StrEnum):
    every_candidate_excluded = "every_candidate_excluded"
    no_capacity = "no_capacity"


class MatchProposal(Versioned, table=True):
    """One proposal, and how well it was worked out. At most one is open in a prison."""

    __tablename__ = "match_proposal"
    __table_args__ = (
        Index(
            "uq_match_proposal_open",
            "prison_id",
            unique=True,
            postgresql_where=text("status = 'proposed'"),
        ),
        Index("ix_match_proposal_recorded_at", "prison_id", "recorded_at", "id"),
    )

    status: MatchProposalStatus = Field(
        default=MatchProposalStatus.proposed, sa_type=choice(MatchProposalStatus, "status")
    )
    made_by: str = Field(max_length=200)
    solver: SolverStatus = Field(sa_type=choice(SolverStatus, "solver"))
    gap: float
    seconds: float
    mentees: int
    matched: int
    expires_at: datetime = Field(sa_type=TIMESTAMP)


class MatchProposalPair(Scoped, table=True):
    """One mentee of a proposal: the mentor proposed, or why there is none, and what came of it."""

    __tablename__ = "match_proposal_pair"
    __table_args__ = (
        reference("match_proposal", "proposal_id"),
        reference("mentee", "mentee_id"),
        reference("mentor", "mentor_id"),
        reference("pairing", "pairing_id"),
        UniqueConstraint(
            "prison_id", "proposal_id", "mentee_id", name="uq_match_proposal_pair_mentee"
        ),
        CheckConstraint("(mentor_id IS NULL) = (outcome = 'unmatched')", name="matched"),
        CheckConstraint("(why IS NOT NULL) = (outcome = 'unmatched')", name="explained"),
        CheckConstraint("outcome <> 'paired' OR pairing_id IS NOT NULL", name="paired"),
    )

    proposal_id: UUID
    mentee_id: UUID
    place: int
    mentor_id: UUID | None = None
    points: int | None = None
    parts: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False)
    )
    outcome: ProposedOutcome = Field(sa_type=choice(ProposedOutcome, "outcome"))
    why: UnmatchedWhy | None = Field(default=None, sa_type=choice(UnmatchedWhy, "why"))
    refused_for: list[str] = Field(
        default_factory=list,
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")),
    )
    pairing_id: UUID | None = None


class MatchProposalCreate(Input):
    """For whom to propose mentors."""

    mentee_ids: list[UUID] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_MENTEES,
        description="Mentees who may have a mentor and have none; absent: all of them.",
        schema_extra={"examples": [["0198c0de-0000-7000-8000-000000000004"]]},
    )


class MatchProposalMove(MoveCreate):
    """A decision on a proposal. With `approved` its pairs are made, but for those left out."""

    to: str = Field(max_length=40, schema_extra={"examples": ["approved"]})
    leave_out: list[UUID] = Field(
        default=[],
        max_length=MOST_MENTEES,
        description="Mentees who are not to be paired now.",
        schema_extra={"examples": [[]]},
    )


class ProposedPairRead(Output):
    """One mentee of a proposal."""

    mentee_id: UUID
    mentee_name: str
    place: int = Field(description="On the waiting list, from 1.")
    mentor_id: UUID | None
    mentor_name: str | None
    points: int | None
    parts: list[FitRead]
    outcome: ProposedOutcome
    why: UnmatchedWhy | None
    refused_for: list[str] = Field(description="Codes of what stood in the way when approved.")
    pairing_id: UUID | None


class MatchProposalRow(Identified):
    """A proposal in a list."""

    status: MatchProposalStatus
    made_by: str
    solver: SolverStatus = Field(description="Whether a better one is proven not to exist.")
    gap: float = Field(description="How much better one might be at most, as a share; 0: none.")
    seconds: float = Field(description="How long it took to work out.")
    mentees: int
    matched: int
    expires_at: Instant


class MatchProposalRead(MatchProposalRow):
    """A proposal with its pairs, and what the caller may do next."""

    pairs: list[ProposedPairRead]
    moves: list[MoveOption] = []
