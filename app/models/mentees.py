"""Mentees: people referred to the scheme, from referral to the end of support."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from app import clock
from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Exported,
    Identified,
    Input,
    Instant,
    Line,
    Output,
    Rewriting,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    reference,
)
from app.models.moves import MoveOption


class MenteeStatus(StrEnum):
    referred = "referred"
    self_referred = "self_referred"
    triage = "triage"
    accepted = "accepted"
    waiting = "waiting"
    offered = "offered"
    engaged = "engaged"
    paused = "paused"
    signposted = "signposted"
    stepped_up = "stepped_up"
    declined_by_person = "declined_by_person"
    completed = "completed"
    disengaged = "disengaged"
    transferred = "transferred"
    released = "released"
    deceased = "deceased"
    merged = "merged"


MENTEE_ENDED = frozenset(
    {
        MenteeStatus.signposted,
        MenteeStatus.declined_by_person,
        MenteeStatus.completed,
        MenteeStatus.disengaged,
        MenteeStatus.transferred,
        MenteeStatus.released,
        MenteeStatus.deceased,
        MenteeStatus.merged,
    }
)
_ENDED_SQL = ", ".join(f"'{status.value}'" for status in sorted(MENTEE_ENDED))


class ReferredBy(StrEnum):
    self_referral = "self"
    support_worker = "support_worker"
    clinician = "clinician"
    wing_staff = "wing_staff"
    acct_review = "acct_review"


class Mentee(Versioned, Written, Exported, table=True):
    """One episode of a person as mentee."""

    __tablename__ = "mentee"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "explained_by", name="fk_mentee_explained_by"),
        reference("mentee", "merged_into", name="fk_mentee_merged_into"),
        CheckConstraint("status <> 'merged' OR merged_into IS NOT NULL", name="merged"),
        Index(
            "uq_mentee_live_person",
            "prison_id",
            "person_id",
            unique=True,
            postgresql_where=text(f"status NOT IN ({_ENDED_SQL})"),
        ),
        Index("ix_mentee_status", "prison_id", "status", "recorded_at", "id"),
    )

    person_id: UUID
    status: MenteeStatus = Field(sa_type=choice(MenteeStatus, "status"))
    referred_by: ReferredBy = Field(sa_type=choice(ReferredBy, "referred_by"))
    referred_at: datetime = Field(default_factory=clock.now, sa_type=TIMESTAMP, nullable=False)
    recorded_by: str = Field(max_length=200)
    referral_reason: str | None = None
    agreed_line: str | None = Field(default=None, max_length=300)
    safety_need: bool = Field(default=False, nullable=False)
    triage_by: datetime = Field(sa_type=TIMESTAMP)
    waiting_since: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    offered_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    engaged_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    permission_to_share_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    explained_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    explained_version: str | None = Field(default=None, max_length=20)
    explained_language: str | None = Field(default=None, max_length=40)
    explained_by: UUID | None = None
    compatibility_checked_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    outreach_attempts: int = Field(default=0, nullable=False)
    welfare_checked_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    check_first_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    merged_into: UUID | None = None


class MenteeCreate(Writing):
    """A referral."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    referred_by: ReferredBy = Field(schema_extra={"examples": ["support_worker"]})
    referral_reason: Story | None = Field(
        default=None, schema_extra={"examples": ["Keeps to his cell since Monday."]}
    )
    agreed_line: Line | None = Field(
        default=None,
        description="The line the mentee agreed a mentor may read.",
        schema_extra={"examples": ["Would like company on the exercise yard."]},
    )
    safety_need: bool = Field(
        default=False, description="They need to be seen soon: triage is then due the same day."
    )
    occurred_at: Instant | None = Field(
        default=None,
        description="When it was made, if it is entered later, from paper say; never in the future,"
        " nor before support that the person had here came to its end. Staff alone say so.",
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]},
    )


class MenteeUpdate(Rewriting):
    """What staff may correct or add on a mentee's record."""

    referral_reason: Story | None = Field(
        default=None, schema_extra={"examples": ["Keeps to his cell since Monday."]}
    )
    agreed_line: Line | None = Field(
        default=None, schema_extra={"examples": ["Would like company on the exercise yard."]}
    )
    safety_need: bool = Field(
        default=False,
        description="Set, it draws a triage that is still to come to the same day.",
        schema_extra={"examples": [True]},
    )


class ConsentPut(Input):
    """Permission to share and the confidentiality explanation, as given."""

    permission_to_share_at: Instant = Field(
        schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]}
    )
    explained_at: Instant = Field(schema_extra={"examples": ["2026-11-23T09:50:00+00:00"]})
    explained_version: Line = Field(max_length=20, schema_extra={"examples": ["2026-1"]})
    explained_language: Line = Field(max_length=40, schema_extra={"examples": ["English"]})
    understood: bool = Field(
        description="Consent that was not understood is not recorded.",
        schema_extra={"examples": [True]},
    )


class CheckFirstPut(Input):
    """Until when the mentee's mentor is asked to check with staff first. Why is not said."""

    until: Instant | None = Field(
        description="At most 28 days ahead; null takes the mark away.",
        schema_extra={"examples": ["2026-11-30T10:00:00+00:00"]},
    )


class CheckKind(StrEnum):
    compatibility = "compatibility"
    outreach = "outreach"
    welfare = "welfare"


class CheckCreate(Input):
    """A check that was made: compatibility before engaging, outreach and welfare before an end."""

    kind: CheckKind = Field(schema_extra={"examples": ["outreach"]})
    at: Instant = Field(schema_extra={"examples": ["2026-11-23T10:00:00+00:00"]})


class MenteeRow(Identified):
    """A mentee in a list, as staff see them."""

    person_id: UUID
    display_name: str
    status: MenteeStatus
    referred_by: ReferredBy
    safety_need: bool
    triage_by: Instant


class MenteeRead(MenteeRow):
    """A mentee, as staff of the scheme see them."""

    referred_at: Instant = Field(description="When it was made; entered at `recorded_at`.")
    recorded_by: str
    referral_reason: str | None
    agreed_line: str | None
    disclosure: Disclosure
    waiting_since: Instant | None
    offered_at: Instant | None
    engaged_at: Instant | None
    permission_to_share_at: Instant | None
    explained_at: Instant | None
    explained_version: str | None
    explained_language: str | None
    explained_by: UUID | None
    explanation_current: bool = Field(
        description="False when nothing was explained yet, or a newer version is in force."
    )
    compatibility_checked_at: Instant | None
    outreach_attempts: int
    welfare_checked_at: Instant | None
    check_first_until: Instant | None
    moves: list[MoveOption] = []


class MenteeForGovernor(Output):
    """A mentee, as a governor sees them: the course, not the story.

    Without a version: it would rise with words they cannot read.
    """

    id: UUID
    recorded_at: Instant
    person_id: UUID
    display_name: str
    status: MenteeStatus
    referred_by: ReferredBy
    safety_need: bool
    triage_by: Instant
    moves: list[MoveOption] = []


class MenteeSeen(StrEnum):
    """A mentee's status as their mentor sees it: why someone cannot be met is one word."""

    accepted = "accepted"
    waiting = "waiting"
    offered = "offered"
    engaged = "engaged"
    unavailable = "unavailable"


class MenteeForMentor(Output):
    """A mentee, as their own mentor sees them."""

    id: UUID
    display_name: str
    status: MenteeSeen
    agreed_line: str | None
    check_with_staff: bool = Field(
        description="Ask staff before you meet. Mostly it means nothing: it is so when you are new"
        " to each other, when you have not met for a while, or when plans changed."
    )


class MenteeReceipt(Output):
    """What wing staff, and whoever asks for themselves, get for a referral: that it arrived, and
    nothing of the course."""

    id: UUID
    status: MenteeStatus
