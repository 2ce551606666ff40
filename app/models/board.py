"""The board: who needs something from me today, in order, and the rule that says so."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from app.models.base import Instant, Output


class BoardBand(StrEnum):
    """What comes before what."""

    life = "life"
    safety = "safety"
    waiting = "waiting"


class BoardRule(StrEnum):
    """Why something stands on the board."""

    concern_now = "concern_now"
    concern_to_answer = "concern_to_answer"
    concern_to_see = "concern_to_see"
    concern_to_decide = "concern_to_decide"
    concern_to_close = "concern_to_close"
    action_to_do = "action_to_do"
    safety_task = "safety_task"
    break_glass_to_review = "break_glass_to_review"
    suspension_to_review = "suspension_to_review"
    mentee_stepped_up = "mentee_stepped_up"
    referral_to_triage = "referral_to_triage"
    mentee_to_place = "mentee_to_place"
    offer_to_make = "offer_to_make"
    offer_to_answer = "offer_to_answer"
    place_to_answer = "place_to_answer"
    mentor_to_find = "mentor_to_find"
    pairing_to_reassign = "pairing_to_reassign"
    proposal_to_decide = "proposal_to_decide"
    complaint_to_answer = "complaint_to_answer"
    wing_place_to_decide = "wing_place_to_decide"
    wing_place_to_give = "wing_place_to_give"
    wing_place_to_take_up = "wing_place_to_take_up"
    acquaintance_to_resolve = "acquaintance_to_resolve"
    application_to_screen = "application_to_screen"
    application_to_interview = "application_to_interview"
    application_to_put_forward = "application_to_put_forward"
    application_to_decide = "application_to_decide"
    appeal_to_put_forward = "appeal_to_put_forward"
    mentor_to_place = "mentor_to_place"
    shadowing_to_complete = "shadowing_to_complete"
    observation_to_assess = "observation_to_assess"
    mentor_to_make_active = "mentor_to_make_active"
    training_to_assess = "training_to_assess"
    training_to_sign_off = "training_to_sign_off"
    cohort_day_to_mark = "cohort_day_to_mark"
    clearance_runs_out = "clearance_runs_out"
    supervision_to_hold = "supervision_to_hold"
    supervision_to_sign = "supervision_to_sign"
    joint_review_to_hold = "joint_review_to_hold"
    joint_review_to_sign = "joint_review_to_sign"
    contact_to_answer = "contact_to_answer"
    shift_to_accept = "shift_to_accept"
    shift_to_hand_over = "shift_to_hand_over"
    task_to_do = "task_to_do"
    hold_to_confirm = "hold_to_confirm"
    release_to_decide = "release_to_decide"
    staff_to_confirm = "staff_to_confirm"
    client_to_confirm = "client_to_confirm"
    end_to_correct = "end_to_correct"
    session_on_prison_event = "session_on_prison_event"
    shift_on_prison_event = "shift_on_prison_event"
    session_in_closed_room = "session_in_closed_room"
    session_today = "session_today"
    note_to_write = "note_to_write"


class BoardItemForMentor(Output):
    """One thing that waits for a mentor."""

    rule: BoardRule
    why: str
    band: BoardBand
    thing_noun: str = Field(description="The resource's address within the prison.")
    thing_id: UUID
    display_name: str | None
    since: Instant = Field(description="Since when it waits.")
    due_at: Instant | None = Field(description="By when; null: there is no time set for it.")
    overdue: bool


class BoardItem(BoardItemForMentor):
    """One thing that waits for a member of staff."""

    person_id: UUID | None


class BoardForMentor(Output):
    """What a mentor is to do today."""

    total: int = Field(description="How many there are; `items` holds the first of them.")
    items: list[BoardItemForMentor]


class BoardRead(BoardForMentor):
    """Who needs something from me today, in order."""

    items: list[BoardItem]  # type: ignore[assignment]
