"""The board's rules about a life and about somebody's safety: concerns, tasks, reviews."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, true
from sqlmodel import col

from app.concern_scope import of_one_not_about_me
from app.models.board import BoardBand, BoardRule
from app.models.break_glass import REVIEWED, BreakGlass
from app.models.concerns import CONCERN_OPEN, Action, Concern
from app.models.staff import Role
from app.models.tasks import Task
from app.services.board.rules import SW, WD, C, G, Rule
from app.services.board.tasks import TOLD_BY_THE_THING, task_rule
from app.services.concerns.routing import READ_BY_CLINICIANS
from app.services.escalation import Immediacy
from app.services.tasks.ladder import OF_SAFETY
from app.ties import MY_STAFF

_STAFF = (SW, C, G)
_life_at_stake = col(Concern.immediacy) == Immediacy.now
_unanswered = col(Concern.acknowledged_at).is_(None)
_unseen = and_(col(Concern.seen_at).is_(None), col(Concern.not_seen_reason).is_(None))
_undecided = col(Concern.decided_at).is_(None)
_next_clock = case(
    (_unanswered, col(Concern.acknowledge_by)),
    (_unseen, col(Concern.seen_by)),
    else_=col(Concern.decide_by),
)


def theirs(condition: ColumnElement[bool]) -> Callable[[Role], ColumnElement[bool]]:
    """Open concerns that the role works: clinicians work none that is routed past them, though a
    broken glass may show it."""

    def when(role: Role) -> ColumnElement[bool]:
        routed_here: ColumnElement[bool] = true()
        if role.family is Role.clinician:
            kinds = sorted(READ_BY_CLINICIANS)
            routed_here = or_(~col(Concern.about_mentor), col(Concern.kind).in_(kinds))
        return and_(col(Concern.status).in_(sorted(CONCERN_OPEN)), condition, routed_here)

    return when


def _concern(
    rule: BoardRule, band: BoardBand, roles: tuple[Role, ...], when: ColumnElement[bool], due: Any
) -> Rule:
    return Rule(
        rule,
        band,
        roles,
        Concern,
        "concerns",
        when=theirs(when),
        since=col(Concern.raised_at),
        due=due,
        person=col(Concern.subject_person_id),
    )


_safety = BoardBand.safety
SAFETY: tuple[Rule, ...] = (
    _concern(
        BoardRule.concern_now,
        BoardBand.life,
        (*_STAFF, WD),
        and_(_life_at_stake, or_(_unanswered, _unseen, _undecided)),
        _next_clock,
    ),
    _concern(
        BoardRule.concern_to_answer,
        _safety,
        (*_STAFF, WD),
        and_(~_life_at_stake, _unanswered),
        col(Concern.acknowledge_by),
    ),
    _concern(
        BoardRule.concern_to_see,
        _safety,
        (*_STAFF, WD),
        and_(~_life_at_stake, ~_unanswered, _unseen),
        col(Concern.seen_by),
    ),
    _concern(
        BoardRule.concern_to_decide,
        _safety,
        _STAFF,
        and_(~_life_at_stake, ~_unanswered, ~_unseen, _undecided),
        col(Concern.decide_by),
    ),
    _concern(
        BoardRule.concern_to_close,
        _safety,
        _STAFF,
        and_(~_unanswered, ~_unseen, ~_undecided),
        None,
    ),
    Rule(
        BoardRule.action_to_do,
        _safety,
        _STAFF,
        Action,
        "concerns",
        when=and_(
            of_one_not_about_me(Action.concern_id),
            col(Action.done_at).is_(None),
            case(
                (col(Action.accepted_at).is_not(None), col(Action.handed_to)),
                else_=col(Action.owner_id),
            )
            == MY_STAFF,
        ),
        since=col(Action.recorded_at),
        due=col(Action.due_at),
        thing=col(Action.concern_id),
    ),
    task_rule(
        BoardRule.safety_task,
        _safety,
        col(Task.kind).in_(sorted(OF_SAFETY - TOLD_BY_THE_THING)),
    ),
    Rule(
        BoardRule.break_glass_to_review,
        _safety,
        (G,),
        BreakGlass,
        "break-glass",
        when=col(BreakGlass.status).not_in(sorted(REVIEWED)),
        since=col(BreakGlass.begins_at),
        person=col(BreakGlass.person_id),
    ),
)
