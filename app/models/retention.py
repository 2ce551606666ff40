"""Retention: how long each class of records is kept, and what was taken away when."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import TIMESTAMP, Instant, Output, Scoped, choice, reference


class RetentionClass(StrEnum):
    """Records that are kept for the same time, for the same reason."""

    scheme_administration = "scheme_administration"
    mental_health_record = "mental_health_record"
    audit = "audit"


class Expiry(Scoped, table=True):
    """One class of one person's records, taken away. Says what was done, and nothing of whom."""

    __tablename__ = "expiry"
    __table_args__ = (
        reference("person", "person_id"),
        UniqueConstraint("prison_id", "person_id", "retention_class", name="uq_expiry_class"),
    )

    person_id: UUID
    retention_class: RetentionClass = Field(sa_type=choice(RetentionClass, "retention_class"))
    last_at: datetime = Field(sa_type=TIMESTAMP)
    texts: int


class ExpiryDue(Output):
    """One class of one person's records whose time has come."""

    person_id: UUID
    retention_class: RetentionClass
    last_at: Instant = Field(description="When the last thing was recorded of the person here.")


class ClassRead(Output):
    """One class, and where it stands."""

    retention_class: RetentionClass
    label: str
    years: int = Field(description="After the last thing recorded of the person in the prison.")
    why: str
    tables: list[str]
    due: int = Field(description="People of whom it has expired and is taken away next.")
    taken_away: int = Field(description="People of whom it was taken away.")


class RetentionRead(Output):
    """How long what is kept, and what is due: nothing is taken away by asking."""

    classes: list[ClassRead]
    held: int = Field(description="People of whom nothing is taken away, since a hold stands.")
    due: list[ExpiryDue] = Field(description="The first fifty that are due.")
