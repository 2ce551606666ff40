"""The board's rules about applicants and mentors, and what mentors are to do themselves."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    or_,
    select,
    true,
)
from sqlmodel import col

from app.models.assessments import Assessment
from app.models.base import TIMESTAMP
from app.models.board import BoardBand, BoardRule
from app.models.cohorts import CohortDay
from app.models.interviews import Interview, Interviewer
from app.models.joint_reviews import JointReview, JointReviewStatus
from app.models.mentors import Mentor, MentorStatus, Observation
from app.models.moves import History
from app.models.placements import Placement, PlacementStatus
from app.models.prisons import Prison
from app.models.sessions import Session, SessionStatus
from app.models.staff import Role
from app.models.supervisions import SUPERVISION_OPEN, Supervision, SupervisionStatus
from app.models.tasks import Task, TaskKind, TaskStatus
from app.models.trainings import Training, TrainingStatus
from app.services.board.rules import NURSES, SOON, SW, C, G, M, Rule, entered, in_state, person_of
from app.ties import HERE, MY_MENTOR, MY_STAFF, MY_SUBJECT

_waiting = BoardBand.waiting
_NOW: Any = bindparam("actor_now", type_=TIMESTAMP)
ANYONES_AFTER = timedelta(days=3)


def _not_interviewed(role: Role) -> ColumnElement[bool]:
    """Nobody of the role's profession has recorded an interview in this round."""
    by = Interviewer.clinician if role.family is Role.clinician else Interviewer.support_worker
    held = (
        select(col(Interview.id))
        .where(
            col(Interview.prison_id) == HERE,
            col(Interview.mentor_id) == col(Mentor.id),
            col(Interview.interviewer) == by,
        )
        .correlate(Mentor)
    )
    return ~held.exists()


def _unplaced(role: Role) -> ColumnElement[bool]:
    live = (
        select(col(Placement.id))
        .where(
            col(Placement.prison_id) == HERE,
            col(Placement.mentor_id) == col(Mentor.id),
            col(Placement.status) == PlacementStatus.live,
        )
        .correlate(Mentor)
    )
    return ~live.exists()


def _unassessed(role: Role) -> ColumnElement[bool]:
    """Of a mentor who still shadows, and not looked at by any member of staff."""
    by_staff = (
        select(col(Assessment.id))
        .where(
            col(Assessment.prison_id) == HERE,
            col(Assessment.observation_id) == col(Observation.id),
            col(Assessment.assessor_id).is_not(None),
        )
        .correlate(Observation)
    )
    shadows = select(col(Mentor.id)).where(
        col(Mentor.prison_id) == HERE, col(Mentor.status) == MentorStatus.shadowing
    )
    unseen = ~by_staff.exists()
    return and_(col(Observation.mentor_id).in_(shadows), unseen)


def _shadowed_enough() -> Any:
    """From when on a mentor's shadowing has lasted long enough, by the same clock as
    `guards.shadowing`: the prison's months, and the days that suspensions have stopped it."""
    wall = func.timezone(col(Prison.zone), col(History.occurred_at))
    began = (
        select(func.min(col(History.occurred_at)))
        .where(
            col(History.prison_id) == HERE,
            col(History.thing_id) == col(Mentor.id),
            col(History.to_state) == MentorStatus.shadowing,
        )
        .correlate(Mentor)
        .scalar_subquery()
    )
    sign = case(
        (col(History.from_state) == MentorStatus.suspended, 1),
        (col(History.to_state) == MentorStatus.suspended, -1),
        else_=0,
    )
    stopped = (
        select(func.coalesce(func.sum(sign * func.extract("epoch", wall)), 0))
        .where(
            col(History.prison_id) == HERE,
            col(History.thing_id) == col(Mentor.id),
            col(History.occurred_at) >= began,
            col(History.from_state).is_distinct_from(col(History.to_state)),
        )
        .correlate(Mentor, Prison)
        .scalar_subquery()
    )
    first_day = func.date_trunc("day", func.timezone(col(Prison.zone), began))
    # Months first: a month's last day stays one, as calendars have it.
    whole_months = first_day + func.make_interval(0, col(Prison.shadowing_months))
    days = func.make_interval(0, 0, 0, cast(func.ceil(stopped / 86400), Integer))
    return (
        select(func.timezone(col(Prison.zone), whole_months + days))
        .where(col(Prison.id) == HERE)
        .correlate(Mentor)
        .scalar_subquery()
    )


def _mine_or_late(role: Role) -> ColumnElement[bool]:
    """One's own to hold; once it is long overdue, every support worker's."""
    mine = col(Supervision.supervisor_id) == MY_STAFF
    late = and_(true() if role is SW else false(), col(Supervision.due_at) + ANYONES_AFTER < _NOW)
    return and_(col(Supervision.status).in_(sorted(SUPERVISION_OPEN)), or_(mine, late))


def _unsigned(role: Role) -> ColumnElement[bool]:
    """Held, and waiting for this actor's own signature."""
    if role.family is Role.mentor:
        mine = and_(
            col(Supervision.mentor_id) == MY_MENTOR, col(Supervision.mentor_signature).is_(None)
        )
    else:
        mine = and_(
            col(Supervision.held_by) == MY_STAFF, col(Supervision.supervisor_signed_at).is_(None)
        )
    return and_(col(Supervision.status) == SupervisionStatus.held, mine)


_review_due = (
    select(func.min(col(Task.due_at)))
    .where(
        col(Task.prison_id) == HERE,
        col(Task.thing_id) == col(Mentor.id),
        col(Task.kind) == TaskKind.suspension_review,
        col(Task.status) == TaskStatus.open,
    )
    .correlate(Mentor)
    .scalar_subquery()
)


_mentor = partial(in_state, Mentor, "mentors")


def _training(rule: BoardRule, status: TrainingStatus) -> Rule:
    return Rule(
        rule,
        _waiting,
        NURSES,
        Training,
        "trainings",
        when=col(Training.status) == status,
        since=entered(Training),
        person=person_of(Mentor, col(Training.mentor_id), Training),
    )


APPLICATIONS = (
    _mentor(BoardRule.application_to_screen, (SW,), MentorStatus.submitted),
    _mentor(
        BoardRule.application_to_interview,
        (SW, C),
        MentorStatus.screened,
        when=_not_interviewed,
    ),
    _mentor(BoardRule.application_to_put_forward, (SW,), MentorStatus.interviewed),
    _mentor(BoardRule.appeal_to_put_forward, (SW,), MentorStatus.appealed),
    _mentor(BoardRule.application_to_decide, (G,), MentorStatus.governor_review),
    _mentor(BoardRule.mentor_to_make_active, (G,), MentorStatus.ready_for_sign_off),
)
MENTORS = (
    _mentor(
        BoardRule.mentor_to_place,
        (SW,),
        MentorStatus.approved_conditionally,
        MentorStatus.shadowing,
        when=_unplaced,
    ),
    _mentor(
        BoardRule.shadowing_to_complete,
        (SW,),
        MentorStatus.shadowing,
        when=_shadowed_enough() <= _NOW,
        since=_shadowed_enough(),
    ),
    Rule(
        BoardRule.observation_to_assess,
        _waiting,
        (SW, C),
        Observation,
        "mentors",
        when=_unassessed,
        since=col(Observation.held_at),
        person=person_of(Mentor, col(Observation.mentor_id), Observation),
        thing=col(Observation.mentor_id),
    ),
    Rule(
        BoardRule.cohort_day_to_mark,
        _waiting,
        (C,),
        CohortDay,
        "cohorts",
        when=and_(
            col(CohortDay.marked_at).is_(None),
            col(CohortDay.called_off).is_(False),
            col(CohortDay.ends_at) < _NOW,
        ),
        since=col(CohortDay.ends_at),
        thing=col(CohortDay.cohort_id),
    ),
    Rule(
        BoardRule.supervision_to_hold,
        _waiting,
        (SW, C),
        Supervision,
        "supervisions",
        when=_mine_or_late,
        since=col(Supervision.recorded_at),
        due=col(Supervision.due_at),
        person=person_of(Mentor, col(Supervision.mentor_id), Supervision),
    ),
    Rule(
        BoardRule.supervision_to_sign,
        _waiting,
        (SW, C, M),
        Supervision,
        "supervisions",
        when=_unsigned,
        since=col(Supervision.held_at),
        person=person_of(Mentor, col(Supervision.mentor_id), Supervision),
    ),
    Rule(
        BoardRule.joint_review_to_hold,
        _waiting,
        (SW, C),
        JointReview,
        "joint-reviews",
        when=col(JointReview.status) == JointReviewStatus.due,
        since=col(JointReview.recorded_at),
        due=col(JointReview.due_at),
    ),
    Rule(
        BoardRule.joint_review_to_sign,
        _waiting,
        (SW, C),
        JointReview,
        "joint-reviews",
        when=and_(
            col(JointReview.status) == JointReviewStatus.held,
            or_(
                and_(
                    col(JointReview.support_worker_id) == MY_STAFF,
                    col(JointReview.support_worker_signed_at).is_(None),
                ),
                and_(
                    col(JointReview.clinician_id) == MY_STAFF,
                    col(JointReview.clinician_signed_at).is_(None),
                ),
            ),
        ),
        since=col(JointReview.held_at),
    ),
    _mentor(
        BoardRule.suspension_to_review,
        (G,),
        MentorStatus.suspended,
        band=BoardBand.safety,
        due=_review_due,
    ),
    _mentor(
        BoardRule.clearance_runs_out,
        (SW,),
        MentorStatus.active,
        when=col(Mentor.clearance_to) < SOON,
    ),
    _mentor(
        BoardRule.end_to_correct,
        (SW, C, G),
        *sorted({MentorStatus.transferred, MentorStatus.released, MentorStatus.deceased}),
        when=and_(
            col(Mentor.correction_asked_by).is_not(None),
            col(Mentor.correction_asked_by) != MY_SUBJECT,
        ),
    ),
    _training(BoardRule.training_to_assess, TrainingStatus.attended),
    _training(BoardRule.training_to_sign_off, TrainingStatus.assessed),
)
MENTORS_OWN = (
    Rule(
        BoardRule.session_today,
        _waiting,
        (M,),
        Session,
        "sessions",
        when=col(Session.live).is_(True),
        since=col(Session.recorded_at),
        due=col(Session.starts_at),
    ),
    Rule(
        BoardRule.note_to_write,
        _waiting,
        (M,),
        Session,
        "sessions",
        when=and_(col(Session.mentor_id) == MY_MENTOR, col(Session.status) == SessionStatus.held),
        since=col(Session.ends_at),
        due=col(Session.locks_at),
    ),
)
MENTORS_RULES: tuple[Rule, ...] = (*APPLICATIONS, *MENTORS, *MENTORS_OWN)
