"""ACCT pointers: that a prisoner is, or was lately, on the prison's suicide and self-harm care
plan. Dates only: the plan itself is the prison's own document and is not copied here."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app.models.base import Day, Identified, Input, Versioned, choice, given, reference
from app.models.moves import MoveOption


class AcctStatus(StrEnum):
    open = "open"
    post_closure = "post_closure"
    closed = "closed"


class AcctPointer(Versioned, table=True):
    """That a person is on an ACCT, and the days that matter of it."""

    __tablename__ = "acct_pointer"
    __table_args__ = (
        reference("person", "person_id"),
        CheckConstraint("closed_on >= opened_on", name="closed_after_opened"),
        CheckConstraint("(status = 'open') = (closed_on IS NULL)", name="closed_on"),
        Index(
            "uq_acct_pointer_live",
            "prison_id",
            "person_id",
            unique=True,
            postgresql_where=text("status <> 'closed'"),
        ),
        Index("ix_acct_pointer_opened", "prison_id", "opened_on", "id"),
    )

    person_id: UUID
    status: AcctStatus = Field(default=AcctStatus.open, sa_type=choice(AcctStatus, "status"))
    opened_on: date
    next_review_on: date | None = None
    closed_on: date | None = None


_OPENED = {"examples": ["2026-11-23"]}
_REVIEW = {"examples": ["2026-11-24"]}


class AcctPointerCreate(Input):
    """An ACCT that the prison has opened."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    opened_on: Day = Field(schema_extra=_OPENED)
    next_review_on: Day | None = Field(default=None, schema_extra=_REVIEW)


class AcctPointerUpdate(Input):
    """Days to correct. What is left out stays; only the review may be null."""

    opened_on: Day | None = Field(default=None, schema_extra=_OPENED)
    next_review_on: Day | None = Field(default=None, schema_extra=_REVIEW)

    _given = field_validator("opened_on")(given)


class AcctPointerRow(Identified):
    """An ACCT pointer in a list."""

    person_id: UUID
    status: AcctStatus
    opened_on: date
    next_review_on: date | None
    closed_on: date | None


class AcctPointerRead(AcctPointerRow):
    """An ACCT pointer, with what the caller may do next."""

    moves: list[MoveOption] = []
