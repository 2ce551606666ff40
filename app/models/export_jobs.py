"""Export jobs: exports that are too large to wait for. A worker writes the file, whoever asked for
it fetches it within a day."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Identified,
    Instant,
    Output,
    Versioned,
    choice,
    reference,
)
from app.models.exports import ExportAsked, ExportCompression, ExportDataset, ExportFormat
from app.models.moves import MoveOption


class ExportJobStatus(StrEnum):
    """Only of a `ready` one is there a file."""

    queued = "queued"
    running = "running"
    ready = "ready"
    failed = "failed"
    cancelled = "cancelled"
    expired = "expired"


LIVE = (ExportJobStatus.queued, ExportJobStatus.running)


class ExportFailure(StrEnum):
    """Why there is no file."""

    disk_full = "disk_full"
    over_quota = "over_quota"
    access_ended = "access_ended"
    release_ended = "release_ended"
    cursor_ended = "cursor_ended"
    interrupted = "interrupted"
    our_mistake = "our_mistake"


class ExportJob(Versioned, table=True):
    """A job, and what is known of its file. What it holds of the token it was asked for with ends
    it when that token is revoked; `issued` and `beat` are real times, as a token's are."""

    __tablename__ = "export_job"
    __table_args__ = (
        reference("release", "release_id"),
        CheckConstraint("(release_id IS NOT NULL) = identifiable", name="released"),
        CheckConstraint("(status = 'failed') = (failure IS NOT NULL)", name="failed"),
        CheckConstraint("(claimed_by IS NULL) = (beat_at IS NULL)", name="claimed"),
        CheckConstraint(
            "status <> 'ready' OR (sha256 IS NOT NULL AND expires_at IS NOT NULL)", name="ready"
        ),
        Index(
            "uq_export_job_release",
            "prison_id",
            "release_id",
            unique=True,
            postgresql_where=text("status IN ('queued', 'running', 'ready')"),
        ),
        Index("ix_export_job_subject", "prison_id", "subject", "recorded_at", "id"),
        Index("ix_export_job_status", "prison_id", "status", "recorded_at"),
    )

    subject: str = Field(max_length=200)
    token_id: str | None = Field(default=None, max_length=200)
    token_issued_at: datetime = Field(sa_type=TIMESTAMP)
    dataset: ExportDataset = Field(sa_type=choice(ExportDataset, "dataset"))
    format: ExportFormat = Field(sa_type=choice(ExportFormat, "format"))
    identifiable: bool = Field(default=False, nullable=False)
    release_id: UUID | None = None
    compression: ExportCompression = Field(sa_type=choice(ExportCompression, "compression"))
    first_day: date | None = None
    last_day: date | None = None
    kind: str | None = Field(default=None, max_length=60)
    changed_since: str | None = Field(default=None, max_length=400)
    same_as: str | None = Field(default=None, max_length=400)
    status: ExportJobStatus = Field(
        default=ExportJobStatus.queued, sa_type=choice(ExportJobStatus, "status")
    )
    failure: ExportFailure | None = Field(default=None, sa_type=choice(ExportFailure, "failure"))
    rows: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    rows_expected: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    bytes: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    sha256: str | None = Field(default=None, max_length=64)
    next_cursor: str | None = Field(default=None, max_length=400)
    attempts: int = Field(default=0, nullable=False)
    claimed_by: UUID | None = None
    beat_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    finished_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    expires_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    collected_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ExportJobCreate(ExportAsked):
    """An export to be written while one does something else."""

    dataset: ExportDataset = Field(schema_extra={"examples": ["sessions"]})
    identifiable: bool = Field(
        default=False,
        description="With names and numbers, of mentors or mentees. Two people must have released"
        " it; each release is for one file.",
    )


class ExportJobRow(Identified):
    """A job in a list."""

    dataset: ExportDataset
    format: ExportFormat
    compression: ExportCompression
    identifiable: bool
    first_day: date | None
    last_day: date | None
    kind: str | None
    changed_since: str | None
    same_as: str | None
    status: ExportJobStatus
    failure: ExportFailure | None = Field(description="Why there is no file, of a failed one.")
    rows: int = Field(description="So far; of a `ready` one, in all.")
    rows_expected: int | None = Field(
        description="Of how many, where that is known: of a whole dataset, by its table."
    )
    bytes: int = Field(description="So far; of a `ready` one, the size of the file.")
    sha256: str | None = Field(description="Of the whole file, which has it as its ETag.")
    next_cursor: str | None = Field(
        description="Give it as `changed_since` next time, to be told only of what changed."
    )
    finished_at: Instant | None
    expires_at: Instant | None = Field(description="Until then the file is there.")


class ExportJobRead(ExportJobRow):
    """A job: how far it is, or what came of it, and what you may do next."""

    moves: list[MoveOption] = []


class ExportLinkMade(Output):
    """An address under which one file is fetched without a token, for a quarter of an hour."""

    export_job_id: UUID
    expires_at: Instant
    path: str | None = Field(
        description="Where the file is, after this API's own address. Null when the answer is given"
        " again under the same key: it is kept nowhere."
    )
