"""Matching: which mentors fit a mentee, with every reason said; and whether two may meet."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from app.models.base import Input, Output


class MayMeet(StrEnum):
    yes = "yes"
    no = "no"
    check_with_staff = "check_with_staff"


class PairCheck(Input):
    """Two who might meet."""

    mentor_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000002"]})
    mentee_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000004"]})


class PairCheckRead(Output):
    """Whether the two may meet; never why not."""

    may_meet: MayMeet


class FitCode(StrEnum):
    """What speaks for a mentor. Points are about how two fit, never about how either of them is."""

    continuity = "continuity"
    free_places = "free_places"
    shared_language = "shared_language"
    preferences = "preferences"
    lived_experience = "lived_experience"
    skills = "skills"
    usual_times = "usual_times"


class MatchBar(StrEnum):
    """What keeps two from being brought together now, as coarse as it may be told."""

    same_person = "same_person"
    mentor_not_here = "mentor_not_here"
    mentor_full = "mentor_full"
    check_with_staff = "check_with_staff"
    knows_each_other = "knows_each_other"
    already_paired = "already_paired"
    no_one_to_one = "no_one_to_one"
    own_wing_only = "own_wing_only"
    supervision_overdue = "supervision_overdue"
    mentee_not_accepted = "mentee_not_accepted"
    mentee_not_here = "mentee_not_here"


class FitRead(Output):
    """One reason for a mentor."""

    code: FitCode
    points: int
    most: int = Field(description="The most points that there are for this reason.")
    words: str


class BarRead(Output):
    """One reason against."""

    code: MatchBar
    words: str


class CandidateRead(Output):
    """A mentor who may support the mentee."""

    mentor_id: UUID
    display_name: str
    points: int = Field(description="The sum of the parts.")
    parts: list[FitRead]
    live_pairings: int
    places: int = Field(description="How many mentees the prison gives such a mentor at most.")


class ExcludedRead(Output):
    """An active mentor who may not support the mentee now."""

    mentor_id: UUID
    display_name: str
    reasons: list[BarRead]


class MatchCandidatesRead(Output):
    """Every active mentor: those who fit, the best first, and those who may not now."""

    mentee_id: UUID
    reasons: list[BarRead] = Field(description="Why nobody may now; then both lists are empty.")
    candidates: list[CandidateRead]
    excluded: list[ExcludedRead]
