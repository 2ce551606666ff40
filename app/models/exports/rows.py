"""What a row of each dataset holds. The data dictionary and every file's columns come from here.

A row depends on its own record alone (of people also on the person's), so that whatever changes it
is seen on that record.
"""

from datetime import date
from typing import Annotated

from pydantic import StringConstraints
from sqlmodel import Field

from app.models.base import Instant, Output
from app.models.concerns import ConcernKind, ConcernStatus, FeedbackOutcome
from app.models.mentees import MenteeStatus, ReferredBy
from app.models.mentors import Commitment, MentorStatus
from app.models.participations import CancelReason, ParticipationStatus
from app.models.questionnaires import AskedResult, Instrument, Occasion
from app.models.rota_demands import RotaRole
from app.models.sessions import SessionKind, SessionStatus
from app.models.shifts import ShiftStatus
from app.models.staff import Role
from app.services.escalation import Immediacy

Pseudonym = Annotated[str, StringConstraints(pattern="^x[0-9a-f]{24}$")]
"""Of a person or of a record: the same wherever it stands in one series of exports."""

_KEY = "The record's pseudonym, by which its later changes are told."


class ExportRow(Output):
    """A row of an export."""

    removed: bool = Field(
        description="It is no longer among the rows asked for; but for its key, it is empty. Only"
        " an export with `changed_since` tells of those."
    )


class SessionExport(ExportRow):
    """One session, planned or held."""

    session: Pseudonym = Field(description=_KEY)
    kind: SessionKind
    status: SessionStatus
    mentor: Pseudonym = Field(description="The `mentor` of the mentors.")
    room: Pseudonym | None
    starts_at: Instant
    ends_at: Instant
    minutes: int = Field(description="How long it was planned for, or lasted.")
    noted: bool = Field(description="Whether the mentor wrote a note; what it says is not held.")


class AttendanceExport(ExportRow):
    """One mentee's part in one session."""

    attendance: Pseudonym = Field(description=_KEY)
    session: Pseudonym = Field(description="The `session` of the sessions.")
    mentee: Pseudonym = Field(description="The `mentee` of the mentees.")
    status: ParticipationStatus
    reason: CancelReason | None = Field(description="Why it was cancelled.")
    starts_at: Instant = Field(description="When the session begins.")


class MentorExport(ExportRow):
    """One person's time as a mentor, from the application to its end."""

    mentor: Pseudonym = Field(description=_KEY)
    pseudonym: Pseudonym = Field(description="The person, who may have been a mentee before.")
    age_band: str | None = Field(description="On the day of application; empty: not known.")
    status: MentorStatus
    commitment: Commitment
    applied_at: Instant
    agreement_signed_at: Instant | None
    merged_into: Pseudonym | None = Field(description="The `mentor` that stands for it now.")


class NamedMentorExport(MentorExport):
    """The same, and who it is."""

    number: str
    display_name: str


class MenteeExport(ExportRow):
    """One episode of support, from referral to its end."""

    mentee: Pseudonym = Field(description=_KEY)
    pseudonym: Pseudonym = Field(description="The person, who may come again or become a mentor.")
    age_band: str | None = Field(description="On the day of referral; empty: not known.")
    status: MenteeStatus
    referred_by: ReferredBy = Field(
        description="`acct_review` is told as `wing_staff`: a care plan leaves with no export."
    )
    safety_need: bool
    referred_at: Instant
    waiting_since: Instant | None
    offered_at: Instant | None
    engaged_at: Instant | None
    outreach_attempts: int
    merged_into: Pseudonym | None = Field(description="The `mentee` that stands for it now.")


class NamedMenteeExport(MenteeExport):
    """The same, and who it is."""

    number: str
    display_name: str


class ConcernExport(ExportRow):
    """One concern: codes and times. None about staff or mentors, none of security."""

    concern: Pseudonym = Field(description=_KEY)
    pseudonym: Pseudonym | None = Field(description="Whom it is about; empty: not identified.")
    kind: ConcernKind
    status: ConcernStatus
    immediacy: Immediacy = Field(description="How soon a person must act. It is not a risk.")
    mentions_self_harm: bool
    occurred_at: Instant
    raised_at: Instant
    acknowledged_at: Instant | None
    seen_at: Instant | None
    decided_at: Instant | None
    feedback: FeedbackOutcome | None
    closed_at: Instant | None


class OutcomeExport(ExportRow):
    """One questionnaire of one episode: its points, or why there are none."""

    outcome: Pseudonym = Field(description=_KEY)
    mentee: Pseudonym = Field(description="The `mentee` of the mentees.")
    instrument: Instrument
    instrument_version: int
    occasion: Occasion
    result: AskedResult
    asked_on: date
    answers: dict[str, int | str] | None = Field(
        description="By item, points or codes; empty for a licensed questionnaire."
    )
    total: float | None
    unanswered: int | None
    prorated: bool


class RotaExport(ExportRow):
    """One shift of a published rota."""

    shift: Pseudonym = Field(description=_KEY)
    rota: Pseudonym
    mentor: Pseudonym | None = Field(description="The `mentor` of the mentors; empty: nobody.")
    role: RotaRole
    status: ShiftStatus
    day: date = Field(description="A night belongs to the day it begins on.")
    starts_at: Instant
    ends_at: Instant


class HistoryExport(ExportRow):
    """One move of a record from state to state."""

    move: Pseudonym = Field(description=_KEY)
    noun: str = Field(description="What moved: the last part of its address.")
    thing: Pseudonym = Field(description="Which: the key of its dataset.")
    from_state: str | None
    to_state: str
    reason: str | None = Field(description="A code; never told of mentors.")
    actor_role: Role
    occurred_at: Instant
    recorded_at: Instant


EXPORTED: dict[str, type[ExportRow]] = {
    "sessions": SessionExport,
    "attendance": AttendanceExport,
    "mentors": MentorExport,
    "mentees": MenteeExport,
    "concerns": ConcernExport,
    "outcomes": OutcomeExport,
    "rota": RotaExport,
    "history": HistoryExport,
}
NAMED: dict[str, type[ExportRow]] = {"mentors": NamedMentorExport, "mentees": NamedMenteeExport}
"""Those whose rows are people: the others name them by their pseudonyms."""
