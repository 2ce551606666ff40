"""Tasks: something a person must do by a time, and that climbs when they do not."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from app.models.base import (
    TIMESTAMP,
    Disclosure,
    Identified,
    Instant,
    Versioned,
    Written,
    choice,
    reference,
)
from app.models.moves import MoveOption
from app.models.staff import StaffRole


class TaskStatus(StrEnum):
    open = "open"
    done = "done"
    cancelled = "cancelled"


class TaskKind(StrEnum):
    break_glass_review = "break_glass_review"
    break_glass_follow_up = "break_glass_follow_up"
    debrief = "debrief"
    postvention = "postvention"
    welfare_check = "welfare_check"
    suspension_review = "suspension_review"
    application_step = "application_step"
    clearance_review = "clearance_review"
    clearance_lapsed = "clearance_lapsed"
    requirement_lapsed = "requirement_lapsed"
    training_refresher = "training_refresher"
    placement_ended = "placement_ended"
    supervision_due = "supervision_due"
    supervision_overdue = "supervision_overdue"
    joint_review_due = "joint_review_due"
    check_in_due = "check_in_due"
    triage_due = "triage_due"
    waiting_long = "waiting_long"
    offer_open = "offer_open"
    outreach_due = "outreach_due"
    complaint_due = "complaint_due"
    reassignment_due = "reassignment_due"
    wing_place_due = "wing_place_due"
    outreach_visit_due = "outreach_visit_due"
    proposal_due = "proposal_due"
    mentor_review = "mentor_review"
    contact_request_due = "contact_request_due"
    shift_uncovered = "shift_uncovered"
    place_review = "place_review"
    duty_gap = "duty_gap"
    handover_due = "handover_due"
    action_due = "action_due"
    receipt_due = "receipt_due"
    webhook_failing = "webhook_failing"
    answer_review = "answer_review"


class TaskSource(StrEnum):
    """The noun of the thing a task came from."""

    break_glass = "break_glass"
    complaints = "complaints"
    concerns = "concerns"
    contact_requests = "contact_requests"
    enrolments = "enrolments"
    duties = "duties"
    handovers = "handovers"
    joint_reviews = "joint_reviews"
    match_proposals = "match_proposals"
    mentees = "mentees"
    mentors = "mentors"
    people = "people"
    placements = "placements"
    questionnaires = "questionnaires"
    sessions = "sessions"
    shifts = "shifts"
    supervisions = "supervisions"
    trainings = "trainings"
    webhooks = "webhooks"
    wing_places = "wing_places"
    wings = "wings"


class Task(Versioned, Written, table=True):
    """A task and its clock. `next_step_at` is the clock the sweeper reads."""

    __tablename__ = "task"
    __table_args__ = (
        reference("person", "person_id", name="fk_task_person"),
        reference("staff", "for_staff_id", name="fk_task_for_staff"),
        UniqueConstraint("prison_id", "reference", name="uq_task_reference"),
        CheckConstraint("for_role IS NOT NULL OR for_staff_id IS NOT NULL", name="for_someone"),
        CheckConstraint("status <> 'open' OR next_step_at IS NOT NULL", name="open_has_next_step"),
        Index(
            "ix_task_step", "prison_id", "next_step_at", postgresql_where=text("status = 'open'")
        ),
        Index("ix_task_due", "prison_id", "due_at", "id"),
        Index("ix_task_thing", "prison_id", "thing_id"),
    )

    reference: str = Field(max_length=12)
    kind: TaskKind = Field(sa_type=choice(TaskKind, "kind"))
    status: TaskStatus = Field(default=TaskStatus.open, sa_type=choice(TaskStatus, "status"))
    person_id: UUID | None = None
    thing_noun: TaskSource = Field(sa_type=choice(TaskSource, "thing_noun"))
    thing_id: UUID
    for_role: StaffRole | None = Field(default=None, sa_type=choice(StaffRole, "for_role"))
    for_staff_id: UUID | None = None
    due_at: datetime = Field(sa_type=TIMESTAMP)
    step: int = Field(default=0, nullable=False)
    next_step_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    outcome: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    done_by: str | None = Field(default=None, max_length=200)


class TaskRow(Identified):
    """A task in a list: what, about whom, for whom, and by when."""

    reference: str
    kind: TaskKind
    status: TaskStatus
    person_id: UUID | None
    thing_noun: TaskSource = Field(
        description="What the task came from; in an address it is spelt with hyphens."
    )
    thing_id: UUID
    for_role: StaffRole | None
    for_staff_id: UUID | None
    due_at: Instant
    overdue: bool
    done_at: Instant | None


class TaskForOverseer(TaskRow):
    """A task, as governors and wing officers see it: done by whom and when, no notes."""

    done_by: str | None
    moves: list[MoveOption] = []


class TaskRead(TaskForOverseer):
    """A task, as support workers and clinicians see it."""

    outcome: str | None
    disclosure: Disclosure
