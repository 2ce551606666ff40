"""Episodes of support in one table, as they were exported first."""

from datetime import date

from sqlmodel import Field

from app.models.base import Day, Input, Instant, Output, PrisonId
from app.models.mentees import MenteeStatus, ReferredBy


class EpisodeExport(Output):
    """One episode of support. Whose it is, is a pseudonym that holds within one export."""

    pseudonym: str = Field(description="The same for one person in this export, and in no other.")
    age_band: str | None = Field(description="On the day of referral; null: not known.")
    status: MenteeStatus
    referred_by: ReferredBy = Field(
        description="`acct_review` is told as `wing_staff`: a care plan leaves with no export."
    )
    safety_need: bool
    referred_on: date
    engaged_on: date | None
    ended_on: date | None
    attended: int
    dna: int
    cancelled: int
    pairings: int


class IdentifiableEpisodeExport(EpisodeExport):
    """One episode of support, and whose it is."""

    number: str
    display_name: str


class ExportTrailer(Output):
    """The last line of an export: a file without it was cut off."""

    export_id: str
    prison_id: PrisonId
    made_at: Instant
    rows: int
    sha256: str = Field(description="Of all the lines before this one, their line ends included.")


class ExportQuery(Input):
    """Which episodes: referred on these days, both included."""

    since: Day | None = Field(
        default=None,
        description="Referred on this day or later.",
        schema_extra={"examples": ["2026-01-01"]},
    )
    until: Day | None = Field(
        default=None,
        description="Referred on this day or before.",
        schema_extra={"examples": ["2026-12-31"]},
    )
