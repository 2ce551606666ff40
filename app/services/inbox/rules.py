"""What is in an inbox: of the board whatever is about concerns, their actions, tasks and
break-glass, and besides what is asked of one person alone."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select
from sqlmodel import col

from app.concern_scope import of_one_not_about_me
from app.models.base import TIMESTAMP
from app.models.board import BoardBand, BoardRule
from app.models.break_glass import REVIEWED, BreakGlass
from app.models.concerns import CONCERN_OPEN, Action, Concern, FeedbackOutcome
from app.models.duties import Duty, DutyOverride
from app.models.inbox import InboxRule
from app.models.notifications import Notification, NotificationStatus
from app.models.staff import Role
from app.models.tasks import Task, TaskKind, TaskStatus
from app.services.board import RULES as BOARD
from app.services.board.rules import SW, WD, C, G, M, Rule
from app.services.board.safety import theirs
from app.services.board.tasks import TOLD_BY_THE_THING, task_rule
from app.services.tasks.ladder import OF_SAFETY
from app.ties import HERE, MY_STAFF

TOLD_BACK_FOR = timedelta(days=14)
"""How long it is in the inbox of whoever raised a concern what they were told back."""
TOLD_SINCE: Any = bindparam("told_since", type_=TIMESTAMP)
_NOW: Any = bindparam("actor_now", type_=TIMESTAMP)
_STAFF = (SW, C, G, WD)
_PRISONERS = (M, Role.suspended_mentor, Role.applicant)
_ASKED_OF_SOMEBODY = {Concern, Action, Task, BreakGlass}


def _still_open() -> ColumnElement[bool]:
    """Whether what a page is about still needs somebody."""
    about: list[tuple[Any, Any, ColumnElement[bool]]] = [
        (Notification.concern_id, Concern, col(Concern.status).in_(sorted(CONCERN_OPEN))),
        (Notification.task_id, Task, col(Task.status) == TaskStatus.open),
        (
            Notification.break_glass_id,
            BreakGlass,
            col(BreakGlass.status).not_in(sorted(REVIEWED)),
        ),
    ]
    return or_(
        *(
            col(column).in_(select(col(model.id)).where(col(model.prison_id) == HERE, still))
            for column, model, still in about
        )
    )


def _on_duty() -> ColumnElement[bool]:
    """On a duty of one's own, or on a part of another's."""
    taken = select(col(DutyOverride.id)).where(
        col(DutyOverride.prison_id) == HERE,
        col(DutyOverride.staff_id) == MY_STAFF,
        col(DutyOverride.withdrawn_at).is_(None),
        col(DutyOverride.starts_at) <= _NOW,
        col(DutyOverride.ends_at) > _NOW,
    )
    mine = select(col(Duty.id)).where(
        col(Duty.prison_id) == HERE,
        col(Duty.staff_id) == MY_STAFF,
        col(Duty.starts_at) <= _NOW,
        or_(col(Duty.ends_at).is_(None), col(Duty.ends_at) > _NOW),
    )
    return or_(mine.exists(), taken.exists())


_OF_ONE_PERSON: tuple[Rule, ...] = (
    Rule(
        InboxRule.page_to_read,
        BoardBand.safety,
        _STAFF,
        Notification,
        "notifications",
        when=and_(col(Notification.status) != NotificationStatus.read, _still_open()),
        since=col(Notification.recorded_at),
    ),
    Rule(
        InboxRule.concern_to_accept,
        BoardBand.safety,
        _STAFF,
        Concern,
        "concerns",
        when=theirs(
            and_(
                col(Concern.acknowledged_at).is_not(None),
                col(Concern.accepted_on_duty_at).is_(None),
                _on_duty(),
            )
        ),
        since=col(Concern.acknowledged_at),
        person=col(Concern.subject_person_id),
    ),
    Rule(
        InboxRule.action_to_accept,
        BoardBand.safety,
        (SW, C, G),
        Action,
        "concerns",
        when=and_(
            of_one_not_about_me(Action.concern_id),
            col(Action.handed_to) == MY_STAFF,
            col(Action.accepted_at).is_(None),
            col(Action.done_at).is_(None),
        ),
        since=col(Action.recorded_at),
        due=col(Action.due_at),
        thing=col(Action.concern_id),
    ),
    Rule(
        InboxRule.told_back,
        BoardBand.waiting,
        _PRISONERS,
        Concern,
        "concerns",
        when=and_(
            col(Concern.feedback_at) >= TOLD_SINCE,
            col(Concern.feedback) != FeedbackOutcome.impossible,
        ),
        since=col(Concern.feedback_at),
    ),
)
# The board tells of these by their thing, whose own rule is in no inbox; but broken glasses and
# actions are.
_BY_ITS_TASK = TOLD_BY_THE_THING - {TaskKind.break_glass_review, TaskKind.action_due}
_TASKS = (
    task_rule(
        BoardRule.safety_task,
        BoardBand.safety,
        col(Task.kind).in_(sorted(OF_SAFETY & _BY_ITS_TASK)),
    ),
    task_rule(
        BoardRule.task_to_do,
        BoardBand.waiting,
        col(Task.kind).in_(sorted(_BY_ITS_TASK - OF_SAFETY)),
    ),
)
RULES: tuple[Rule, ...] = (
    *(rule for rule in BOARD if rule.model in _ASKED_OF_SOMEBODY),
    *_TASKS,
    *_OF_ONE_PERSON,
)
