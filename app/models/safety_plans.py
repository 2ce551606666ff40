"""Safety plans: what helps a person in a crisis, in their own words; item by item they say who
else may read it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import Index, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Day,
    Disclosure,
    Identified,
    Input,
    Instant,
    Output,
    Rewriting,
    Scoped,
    Story,
    Versioned,
    Writing,
    Written,
    choice,
    given,
    reference,
)
from app.models.texts import VersionRead

EXAMPLE = "Walk the yard with Sam."
TICKED = "Ticked by the person themselves; recorded by you."


class SafetyItemKind(StrEnum):
    """The parts of a plan, in the order in which they are gone through."""

    warning_sign = "warning_sign"
    coping_strategy = "coping_strategy"
    distraction = "distraction"
    person_to_contact = "person_to_contact"
    professional_to_contact = "professional_to_contact"
    safer_surroundings = "safer_surroundings"
    reason_for_living = "reason_for_living"


class SafetyPlan(Versioned, table=True):
    """A person's plan; `changed_at` moves with every change of an item."""

    __tablename__ = "safety_plan"
    __table_args__ = (
        reference("person", "person_id"),
        reference("staff", "made_by", name="fk_safety_plan_made_by"),
        reference("staff", "reviewed_by", name="fk_safety_plan_reviewed_by"),
        Index(
            "uq_safety_plan_live",
            "prison_id",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    person_id: UUID
    made_by: UUID
    review_on: date
    reviewed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    reviewed_by: UUID | None = None
    changed_at: datetime = Field(sa_type=TIMESTAMP)
    ended_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class SafetyItem(Scoped, Written, table=True):
    """One item of a plan. Removed it stays, and so does every version of its text and ticks."""

    __tablename__ = "safety_item"
    __table_args__ = (
        reference("safety_plan", "plan_id"),
        Index("ix_safety_item_plan", "prison_id", "plan_id", "position"),
    )

    plan_id: UUID
    kind: SafetyItemKind = Field(sa_type=choice(SafetyItemKind, "kind"))
    text: str
    position: int
    shared_with_mentor: bool = Field(default=False, nullable=False)
    shared_with_staff: bool = Field(default=False, nullable=False)
    removed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class SafetyPlanCreate(Input):
    """A plan to begin. Its items are added one by one."""

    person_id: UUID = Field(schema_extra={"examples": ["0198c0de-0000-7000-8000-000000000003"]})
    review_on: Day = Field(schema_extra={"examples": ["2035-12-17"]})


class SafetyPlanUpdate(Input):
    """When the plan is gone through again."""

    review_on: Day = Field(schema_extra={"examples": ["2036-01-07"]})


class SafetyReview(SafetyPlanUpdate):
    """The plan was gone through with the person, and when it is the next time."""


class SafetyItemCreate(Writing):
    """An item to add, at the end of its kind unless a position is given."""

    kind: SafetyItemKind = Field(schema_extra={"examples": ["coping_strategy"]})
    text: Story = Field(max_length=1000, schema_extra={"examples": [EXAMPLE]})
    position: int | None = Field(default=None, ge=1, le=1000)
    shared_with_mentor: bool = Field(default=False, description=TICKED)
    shared_with_staff: bool = Field(default=False, description=TICKED)


class SafetyItemUpdate(Rewriting):
    """What changes of an item. What is left out stays."""

    kind: SafetyItemKind | None = None
    text: Story | None = Field(default=None, max_length=1000, schema_extra={"examples": [EXAMPLE]})
    position: int | None = Field(default=None, ge=1, le=1000)
    shared_with_mentor: bool | None = Field(default=None, description=TICKED)
    shared_with_staff: bool | None = Field(default=None, description=TICKED)

    _given = field_validator(
        "kind", "text", "position", "shared_with_mentor", "shared_with_staff", "disclosure"
    )(given)


class SafetyItemForMentor(Output):
    """An item, as the person's mentor reads it."""

    kind: SafetyItemKind
    text: str


class SafetyItemForStaff(SafetyItemForMentor):
    """An item, as support workers read it."""

    disclosure: Disclosure


class SafetyItemRead(SafetyItemForStaff):
    """An item, as clinicians read it."""

    id: UUID
    recorded_at: Instant
    position: int
    shared_with_mentor: bool
    shared_with_staff: bool


class ItemVersion(VersionRead):
    """What an item said, or whether a tick of it stood, when it was saved."""

    item_id: UUID
    field: str = Field(description="`text`, `shared_with_mentor` or `shared_with_staff`.")


class SafetyPlanRow(Identified):
    """A plan in a list, as clinicians see it."""

    person_id: UUID
    made_by: UUID
    review_on: date
    reviewed_at: Instant | None
    reviewed_by: UUID | None
    changed_at: Instant
    ended_at: Instant | None


class SafetyPlanRead(SafetyPlanRow):
    """A plan, as clinicians see it."""

    items: list[SafetyItemRead]


class SafetyPlanForStaffRow(Output):
    """A plan in a list, as support workers see it where something of it is shared with them. It
    has no version: theirs would tell of changes to what is not."""

    id: UUID
    person_id: UUID
    review_on: date


class SafetyPlanForStaff(SafetyPlanForStaffRow):
    """A plan, as support workers see it: the items that are shared with them."""

    items: list[SafetyItemForStaff]


class SafetyPlanForMentorRow(Output):
    """A plan in a list, as the person's mentor sees it where something of it is shared."""

    id: UUID
    mentee_id: UUID


class SafetyPlanForMentor(SafetyPlanForMentorRow):
    """A plan, as the person's mentor sees it: the items that the person ticked for them."""

    items: list[SafetyItemForMentor]
