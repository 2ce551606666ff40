"""The audit: who looked at what, who changed what, who was refused; and the chain that seals it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.models.base import TIMESTAMP, Instant, Output, Scoped, choice, reference
from app.models.staff import Role


class AuditAct(StrEnum):
    """What somebody did, or tried to do."""

    read = "read"
    listed = "listed"
    written = "written"
    refused = "refused"


class AuditEntry(Scoped, table=True):
    """One act. Appended, never changed: the application's role may neither update nor delete.

    `ids` are those of every row the act named, showed or changed; `xid` orders the chain by commit.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_xid", "prison_id", "xid", "id"),
        Index("ix_audit_entry_recorded_at", "prison_id", "recorded_at", "id"),
        Index("ix_audit_entry_ids", "ids", postgresql_using="gin"),
    )

    subject: str | None = Field(default=None, max_length=200)
    role: Role | None = Field(default=None, sa_type=choice(Role, "role"))
    client: str | None = Field(default=None, max_length=200)
    operation: str = Field(max_length=100)
    act: AuditAct = Field(sa_type=choice(AuditAct, "act"))
    status: int
    code: str | None = Field(default=None, max_length=60)
    ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    rows: int | None = None
    break_glass_id: UUID | None = None
    request_id: str | None = Field(default=None, max_length=64)
    sha256: str | None = Field(default=None, max_length=64)
    xid: int = Field(
        default=None,
        sa_column=Column(
            BigInteger,
            server_default=text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
    )


class AuditLink(SQLModel, table=True):
    """One link of a prison's chain: the digest of the link before it and of one entry."""

    __tablename__ = "audit_link"
    __table_args__ = (
        reference("audit_entry", "entry_id"),
        UniqueConstraint("prison_id", "entry_id", name="uq_audit_link_entry"),
    )

    prison_id: str = Field(primary_key=True, foreign_key="prison.id", max_length=3)
    position: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
    entry_id: UUID
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed_at: datetime = Field(sa_type=TIMESTAMP)


class AuditRead(Output):
    """One act, as governors see those of their prison, and other staff their own."""

    id: UUID
    recorded_at: Instant
    subject: str | None = Field(description="The `sub` of the token; null without a valid one.")
    role: Role | None
    client: str | None = Field(description="The client application that sent the request.")
    operation: str = Field(description="The operationId; `unknown` for an address that is none.")
    act: AuditAct
    status: int = Field(description="The HTTP status of the answer.")
    code: str | None = Field(description="The problem's code, when it was refused.")
    ids: list[UUID] = Field(description="Every resource named, shown or changed.")
    rows: int | None = Field(description="How many lines a sheet, a feed or an export told of.")
    break_glass_id: UUID | None = Field(description="The broken glass it was seen through.")
    request_id: str | None
    sha256: str | None = Field(description="Of the bytes of an export that left.")
