"""Under what a process ran, and when nothing did: what an investigator asks years later."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app import clock
from app.models.base import TIMESTAMP, Scoped, choice, new_id


class Process(StrEnum):
    api = "api"
    worker = "worker"


class SoftwareStart(SQLModel, table=True):
    """A process started: which software, under which settings and reference files. No secrets:
    `settings_digest` is made of those that decide something, `reference_digests` of each file."""

    __tablename__ = "software_start"
    __table_args__ = (Index("ix_software_start_recorded_at", "recorded_at", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    recorded_at: datetime = Field(default_factory=clock.now, sa_type=TIMESTAMP, nullable=False)
    process: Process = Field(sa_type=choice(Process, "process"))
    software_version: str = Field(max_length=40)
    build: str = Field(max_length=64)
    settings_digest: str = Field(max_length=64)
    reference_digests: list[dict[str, str]] = Field(sa_column=Column(JSONB, nullable=False))


class Outage(Scoped, table=True):
    """A time in which nothing was swept in a prison: no page could go out. In real time."""

    __tablename__ = "outage"
    __table_args__ = (
        CheckConstraint("ended_at > began_at", name="ends_after_begin"),
        Index("ix_outage_began_at", "prison_id", "began_at"),
    )

    began_at: datetime = Field(sa_type=TIMESTAMP)
    ended_at: datetime = Field(sa_type=TIMESTAMP)
