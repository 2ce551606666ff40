"""Explanations of confidentiality: their words by version, and every one that was given."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from app.models.base import TIMESTAMP, Input, Instant, Line, Output, Scoped, reference


class Explanation(Scoped, table=True):
    """One explanation given to a person. Rows are added and never changed."""

    __tablename__ = "explanation"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "explained_by", name="fk_explanation_explained_by"),
        Index("ix_explanation_person", "prison_id", "person_id", "explained_at", "id"),
    )

    person_id: UUID
    explained_version: str = Field(max_length=20)
    explained_language: str = Field(max_length=40)
    explained_at: datetime = Field(sa_type=TIMESTAMP)
    explained_by: UUID | None = None
    understood: bool


class ExplanationCreate(Input):
    """An explanation as it was given, understood or not."""

    explained_at: Instant = Field(schema_extra={"examples": ["2026-11-23T09:50:00+00:00"]})
    explained_version: Line = Field(max_length=20, schema_extra={"examples": ["2026-1"]})
    explained_language: Line = Field(max_length=40, schema_extra={"examples": ["English"]})
    understood: bool = Field(schema_extra={"examples": [True]})


class ExplanationRead(Output):
    """An explanation that was given."""

    id: UUID
    recorded_at: Instant
    explained_version: str
    explained_language: str
    explained_at: Instant
    explained_by: UUID | None
    understood: bool


class ExplanationText(Output):
    """The words of one version in one language."""

    language: str
    text: str
    easy_read: str


class ExplanationVersion(Output):
    """One version of the explanation: since when it holds, and its words."""

    version: str
    valid_from: date
    current: bool
    texts: list[ExplanationText]
