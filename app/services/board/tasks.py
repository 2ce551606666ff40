"""The board's rules about tasks: those that no other rule tells of by the thing itself."""

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from app.concern_scope import TASKS_OF
from app.models.board import BoardBand, BoardRule
from app.models.staff import Role
from app.models.tasks import Task, TaskKind, TaskStatus
from app.services.board.rules import SW, WD, C, G, Rule
from app.ties import MY_STAFF

# Whoever has such a task finds what it is about on the board, under a rule of its own.
TOLD_BY_THE_THING = frozenset(
    {
        TaskKind.break_glass_review,
        TaskKind.suspension_review,
        TaskKind.action_due,
        TaskKind.application_step,
        TaskKind.placement_ended,
        TaskKind.supervision_due,
        TaskKind.supervision_overdue,
        TaskKind.joint_review_due,
        TaskKind.triage_due,
        TaskKind.offer_open,
        TaskKind.complaint_due,
        TaskKind.reassignment_due,
        TaskKind.wing_place_due,
        TaskKind.proposal_due,
    }
)


def _falls_to(role: Role) -> ColumnElement[bool]:
    """Tasks of the role or of oneself; governors see the others' too, and are to do their own."""
    mine = col(Task.for_staff_id) == MY_STAFF
    for_role = col(Task.for_role).in_(TASKS_OF.get(role, []))
    return or_(mine, and_(col(Task.for_staff_id).is_(None), for_role))


def task_rule(rule: BoardRule, band: BoardBand, kinds: ColumnElement[bool]) -> Rule:
    return Rule(
        rule,
        band,
        (SW, C, G, WD),
        Task,
        "tasks",
        when=lambda role: and_(col(Task.status) == TaskStatus.open, kinds, _falls_to(role)),
        since=col(Task.recorded_at),
        due=col(Task.due_at),
        person=col(Task.person_id),
    )
