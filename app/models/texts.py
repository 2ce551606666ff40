"""Versions of text: what a free text said each time it was saved."""

from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import Disclosure, Instant, Output, Scoped, Written, choice
from app.models.staff import Role


class TextVersion(Scoped, Written, table=True):
    """What one field of a thing said from `recorded_at` on; `noun` is the thing's table.

    Appended, never changed: the application's role may neither update nor delete.
    """

    __tablename__ = "text_version"
    __table_args__ = (
        UniqueConstraint("prison_id", "thing_id", "field", "number", name="uq_text_version_number"),
    )

    noun: str = Field(max_length=40)
    thing_id: UUID
    field: str = Field(max_length=40)
    number: int
    text: str | None = None
    author_subject: str = Field(max_length=200)
    author_role: Role = Field(sa_type=choice(Role, "author_role"))


class VersionRead(Output):
    """What a text said when it was saved, by whom."""

    id: UUID
    recorded_at: Instant
    text: str | None = Field(description="Null: it was taken away.")
    disclosure: Disclosure
    author_subject: str
    author_role: Role
