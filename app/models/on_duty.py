"""Who is on duty: whom of the scheme one can reach now and next, and how."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from app.models.base import Instant, Output
from app.models.duties import Post
from app.models.rota_demands import RotaRole


class ReachedBy(StrEnum):
    """How a mentor is reached: on the wing, or through an officer while the doors are locked."""

    on_the_wing = "on_the_wing"
    through_an_officer = "through_an_officer"


class MentorOnDuty(Output):
    """A mentor who serves, and until when."""

    mentor_name: str
    role: RotaRole
    starts_at: Instant
    ends_at: Instant


class MentorOnDutyForStaff(MentorOnDuty):
    """A mentor who serves, as staff see it."""

    mentor_id: UUID
    cell_location: str | None = Field(description="Where an officer finds them at night.")


class StaffOnDuty(Output):
    """A colleague on duty."""

    post: Post
    name: str


class StaffOnDutyForStaff(StaffOnDuty):
    """A colleague on duty, and how to reach them."""

    contact: str | None


class _Doors(Output):
    locked_up: bool | None = Field(
        description="By the regime and lockdowns. Null: nobody set a regime for today."
    )
    changes_at: Instant | None = Field(description="When the doors open or are locked next.")
    reached_by: ReachedBy
    in_danger: str = Field(description="What to do where somebody is in danger: not this.")


class OnDuty(_Doors):
    """Who can be reached now and next, as everyone on the scheme may know."""

    now: list[MentorOnDuty]
    next: list[MentorOnDuty] = Field(description="Who comes next, those who begin first.")
    staff: list[StaffOnDuty]


class OnDutyForStaff(_Doors):
    """Who can be reached now and next, and where."""

    now: list[MentorOnDutyForStaff]
    next: list[MentorOnDutyForStaff] = Field(description="Who comes next, the first first.")
    staff: list[StaffOnDutyForStaff]
