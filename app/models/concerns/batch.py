"""Concerns that were written down while there was no way to raise them, sent together."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, SkipValidation, StringConstraints, field_validator
from sqlmodel import Field

from app.models.base import Input, Line, Output
from app.models.concerns.shapes import ConcernCreate, ConcernRaised

MOST_AT_ONCE = 100
Key = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[ -~]+$")]


class ConcernBatchItem(ConcernCreate):
    """A concern as it was written down: whatever it says of how soon, no word of it is refused."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "key": "tablet-7-000113",
                    "immediacy": "today",
                    "subject_as_told": "the lad in the end cell",
                    "account": "He gave his radio away and would not say why.",
                    "occurred_at": "2026-11-23T03:10:00+00:00",
                }
            ]
        },
    )

    key: Key = Field(
        description="As an Idempotency-Key, chosen when it was written down: sent again, in a batch"
        " or by itself, it is one concern."
    )
    immediacy: Line | None = Field(  # type: ignore[assignment]
        default=None,
        description="How soon a person must act, as it was said. What is not among the words of"
        " this service is kept as it was said, and taken for this_session, with a warning.",
    )

    @field_validator("immediacy", mode="before")
    @classmethod
    def _no_risk_levels(cls, value: Any) -> Any:
        """What stands on paper already is not refused: it is kept, and never acted on."""
        if isinstance(value, str) and not value.strip():
            return None
        return str(value) if isinstance(value, int | float) else value


class ConcernBatch(Input):
    """Concerns that were written down, in the order in which they were."""

    items: list[SkipValidation[ConcernBatchItem]] = Field(
        min_length=1,
        max_length=MOST_AT_ONCE,
        description="Each is looked at by itself: a mistake in one keeps no other from saving.",
    )


class BatchOutcome(StrEnum):
    """What became of one item."""

    saved = "saved"
    saved_before = "saved_before"
    words_added = "words_added"
    not_saved = "not_saved"


class BatchError(Output):
    """One mistake in an item."""

    field: str
    code: str
    message: str


class ConcernBatchResult(Output):
    """What became of one item. `saved_before`: this very concern had come already."""

    index: int = Field(description="Of the item in what was sent, from 0.")
    key: str | None
    outcome: BatchOutcome
    concern_id: UUID | None
    concern: ConcernRaised | None = Field(description="As raising it by itself is answered.")
    detail: str = Field(description="To be shown to whoever wrote it down.")
    errors: list[BatchError] = []


class ConcernBatchRead(Output):
    """What became of the items, in their order. Of those not saved, an officer must be told."""

    saved: int = Field(description="Items that are safe: saved now or before, or added as words.")
    not_saved: int
    results: list[ConcernBatchResult]
