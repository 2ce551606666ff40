"""What is read beside a concern: others that may be the same, and all that happened around it."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from app.models.addresses import ChannelKind
from app.models.base import Instant, Output
from app.models.concerns.tables import ConcernStatus
from app.models.staff import Role
from app.services.escalation import Immediacy


class DuplicateWhy(StrEnum):
    """Why two concerns may be about the same."""

    same_person = "same_person"
    same_subject_as_told = "same_subject_as_told"
    same_words = "same_words"


class ConcernDuplicate(Output):
    """Another concern that may be about the same. Merging is for a person to decide."""

    id: UUID
    reference: str
    status: ConcernStatus
    immediacy: Immediacy
    raised_at: Instant
    why: list[DuplicateWhy]


class TimelineKind(StrEnum):
    """What happened: a move or an act, words, a page and what became of it, a look."""

    moved = "moved"
    done = "done"
    words_added = "words_added"
    paged = "paged"
    page_sent = "page_sent"
    page_delivered = "page_delivered"
    page_failed = "page_failed"
    page_read = "page_read"
    handed_over = "handed_over"
    raised_under = "raised_under"
    looked_at = "looked_at"


class TimelineEntry(Output):
    """One thing that happened around a concern; no word of what was written."""

    at: Instant
    kind: TimelineKind
    code: str | None = Field(
        description="Of a move its new state, of an act or a step what it was, of a page why, and"
        " of one that failed how; of a hand-over what became of it, of a policy which version; of a"
        " look the operationId."
    )
    step: int | None = Field(description="Of a page: the step of the ladder.")
    subject: str | None = Field(description="Who did it; null: a page.")
    role: Role | None
    staff_id: UUID | None = Field(description="Of a page or a hand-over: to whom in the prison.")
    channel: ChannelKind | None = Field(description="Of a page that was sent: on which.")
    outside: bool = Field(description="Of a page: to the last resort outside.")
