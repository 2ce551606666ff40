"""Who comes to a session: states and reasons, what HMPPS calls them, marks, walk-ins, figures."""

from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlmodel import Field

from app.models.base import Input, Output
from app.models.moves import MoveOption

MARKS_AT_MOST = 60
_EXAMPLE = "0198c0de-0000-7000-8000-000000000000"


class ParticipationStatus(StrEnum):
    offered = "offered"
    accepted = "accepted"
    declined = "declined"
    attended = "attended"
    dna = "dna"
    cancelled = "cancelled"


class CancelReason(StrEnum):
    regime_lockdown = "regime_lockdown"
    staff_shortage = "staff_shortage"
    no_room = "no_room"
    no_escort = "no_escort"
    clash = "clash"
    segregation = "segregation"
    transfer = "transfer"
    mentor_unavailable = "mentor_unavailable"
    mentee_unwell = "mentee_unwell"
    safety = "safety"
    other = "other"


class AttendanceCorrection(StrEnum):
    """Why somebody who was marked as having come did not come."""

    marked_in_error = "marked_in_error"
    taken_for_another = "taken_for_another"


class HmppsOutcome(StrEnum):
    """What HMPPS's activities and appointments call it."""

    attended = "ATTENDED"
    cancelled = "CANCELLED"
    suspended = "SUSPENDED"
    sick = "SICK"
    refused = "REFUSED"
    not_required = "NOT_REQUIRED"
    rest = "REST"
    clash = "CLASH"
    other = "OTHER"


class MarkAs(StrEnum):
    """What is known of somebody once a session is held."""

    attended = "attended"
    dna = "dna"
    cancelled = "cancelled"


class GroupMember(Output):
    """Somebody in a mentor's group who is not their own mentee: a first name, and whether they
    come."""

    id: UUID
    version: int
    display_name: str = Field(description="In a group the first name; alike ones are numbered.")
    status: ParticipationStatus


class MyMenteesPart(GroupMember):
    """The part of one whom the mentor supports, or meets alone."""

    mentee_id: UUID


class ParticipationRow(MyMenteesPart):
    """One mentee's part in a session, as staff see it."""

    reason: CancelReason | None = Field(description="Why they did not take part, once cancelled.")
    hmpps_outcome: HmppsOutcome | None = Field(
        description="What HMPPS calls it; null while it is to come."
    )


class GroupMemberRead(GroupMember):
    """Somebody in a mentor's group, with what the mentor may do next."""

    session_id: UUID
    moves: list[MoveOption] = []


class MyMenteesPartRead(MyMenteesPart):
    """The part of one whom the mentor supports, with what the mentor may do next."""

    session_id: UUID
    moves: list[MoveOption] = []


class ParticipationRead(ParticipationRow):
    """One mentee's part in a session, with what the caller may do next."""

    session_id: UUID
    moves: list[MoveOption] = []


class AttendanceMark(Input):
    """What is known of one of them; a reason only where they were not to come after all. Of whom it
    was said that they came, a DNA is said only with why it was wrong."""

    participation_id: UUID = Field(schema_extra={"examples": [_EXAMPLE]})
    status: MarkAs = Field(schema_extra={"examples": ["attended"]})
    reason: CancelReason | None = None
    correction: AttendanceCorrection | None = Field(
        default=None, description="Why they were marked as having come, and did not come."
    )

    @model_validator(mode="after")
    def _reason_where_there_is_one(self) -> Self:
        if (self.reason is not None) != (self.status is MarkAs.cancelled):
            raise ValueError("reason: is said of whom it was cancelled for, and of nobody else")
        if self.correction is not None and self.status is not MarkAs.dna:
            raise ValueError("correction: is said of a DNA, and of nothing else")
        return self


class SessionAttendancePut(Input):
    """Who came to a session that is held. Whoever is left out stays as they are."""

    marks: list[AttendanceMark] = Field(
        min_length=1,
        max_length=MARKS_AT_MOST,
        schema_extra={"examples": [[{"participation_id": _EXAMPLE, "status": "attended"}]]},
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({mark.participation_id for mark in self.marks}) != len(self.marks):
            raise ValueError("marks: must name each once")
        return self


class WalkInCreate(Input):
    """One who came to a group without having been expected."""

    mentee_id: UUID = Field(schema_extra={"examples": [_EXAMPLE]})


class AttendanceCount(Output):
    """How often. Counts, and no share of anything: they say nothing of how anybody is."""

    attended: int
    dna: int = Field(description="Did not come, and no reason is known.")
    other: dict[CancelReason, int] = Field(description="Did not take part, by reason.")
    declined: int
    to_come: int
    not_marked: int = Field(
        description="Of sessions that have begun; nobody said whether they came."
    )


class MeetingCount(AttendanceCount):
    """One meeting of a series."""

    number: int
    session_id: UUID


class MemberCount(AttendanceCount):
    """One mentee in a series."""

    mentee_id: UUID
    display_name: str


class SeriesAttendance(Output):
    """Who came to a series: by meeting, and by mentee."""

    meetings: list[MeetingCount]
    mentees: list[MemberCount]
