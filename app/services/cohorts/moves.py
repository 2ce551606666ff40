"""A cohort's life, and a mark of attendance and its corrections, as tables of moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.cohorts import (
    Attendance,
    AttendanceStatus,
    Cohort,
    CohortDay,
    CohortMember,
    CohortStatus,
)
from app.models.staff import Role
from app.models.trainings import Training, TrainingStatus
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move, Refusal

S = CohortStatus
A = AttendanceStatus
C = frozenset({Role.clinician})
TO_ATTEND_AGAIN = frozenset({TrainingStatus.refer, TrainingStatus.expired})
CANCEL_REASONS = ("staff_shortage", "too_few_members", "regime", "other")


@dataclass(frozen=True, slots=True)
class Course:
    """A cohort's days, members and marks: what its moves are decided on."""

    days: Sequence[CohortDay]
    members: Sequence[CohortMember]
    marked: frozenset[tuple[UUID, UUID]]


async def load_course(db: AsyncSession, cohort: Cohort) -> Course:
    here = cohort.prison_id
    days = everything(CohortDay, here).where(
        col(CohortDay.cohort_id) == cohort.id, ~col(CohortDay.called_off)
    )
    members = everything(CohortMember, here).where(
        col(CohortMember.cohort_id) == cohort.id, col(CohortMember.left_at).is_(None)
    )
    marks = everything(Attendance, here).where(col(Attendance.cohort_id) == cohort.id)
    return Course(
        (await db.scalars(days)).all(),
        (await db.scalars(members)).all(),
        frozenset((each.day_id, each.mentor_id) for each in await db.scalars(marks)),
    )


def has_days(context: Context) -> Refusal | None:
    if context.facts.days:
        return None
    return Refusal("has_days", "The course has no day yet.")


def has_members(context: Context) -> Refusal | None:
    if context.facts.members:
        return None
    return Refusal("has_members", "The cohort has no member yet.")


def every_module_has_a_day(context: Context) -> Refusal | None:
    held = {day.module for day in context.facts.days}
    missing = [code for code in context.thing.modules if code not in held]
    if not missing:
        return None
    return Refusal("every_module_has_a_day", f"No day is held of: {', '.join(missing)}.")


def every_day_held(context: Context) -> Refusal | None:
    """Every day is over, or was called off."""
    if all(day.ends_at <= context.now for day in context.facts.days):
        return None
    return Refusal("every_day_held", "A day of the course is still to come.")


def attendance_marked(context: Context) -> Refusal | None:
    course: Course = context.facts
    asked = {(day.id, member.mentor_id) for day in course.days for member in course.members}
    missing = len(asked - course.marked)
    if not missing:
        return None
    return Refusal("attendance_marked", f"{missing} marks of attendance are missing.")


COHORT_MOVES = {
    (S.planned, S.running): Move(C, guards=(has_days, has_members)),
    (S.running, S.completed): Move(
        C, guards=(every_module_has_a_day, every_day_held, attendance_marked)
    ),
    (S.planned, S.cancelled): Move(C, reasons=CANCEL_REASONS),
    (S.running, S.cancelled): Move(C, reasons=CANCEL_REASONS),
}
COHORT = Lifecycle("cohorts", "cohort", CohortStatus, COHORT_MOVES, load_course)


@dataclass(frozen=True, slots=True)
class Standing:
    """A mentor's training in the module of a day, and whether it stands on the mark alone: it was
    attended by nothing that was known before, and on no other day since it was last begun."""

    training: Training | None
    on_this_alone: bool


async def load_standing(db: AsyncSession, mark: Attendance) -> Standing:
    here = mark.prison_id
    day = everything(CohortDay, here).where(col(CohortDay.id) == mark.day_id)
    module = (await db.execute(day)).scalar_one().module
    training = everything(Training, here).where(
        col(Training.mentor_id) == mark.mentor_id, col(Training.module) == module
    )
    days = everything(CohortDay, here).where(
        col(CohortDay.module) == module, col(CohortDay.id) != mark.day_id
    )
    found = (await db.execute(training.with_for_update())).scalar_one_or_none()
    if found is None:
        return Standing(found, on_this_alone=False)
    history = await lifecycle.history_of(db, found)
    over = [entry.occurred_at for entry in history if entry.to_state in TO_ATTEND_AGAIN]
    if over:  # a day before that is attended for nothing now
        days = days.where(col(CohortDay.starts_at) >= max(over))
    others = everything(Attendance, here).where(
        col(Attendance.mentor_id) == mark.mentor_id,
        col(Attendance.status) == A.present,
        col(Attendance.day_id).in_(days.with_only_columns(col(CohortDay.id))),
    )
    if (await db.scalars(others.limit(1))).first() is not None:
        return Standing(found, on_this_alone=False)
    attended = [entry.recorded_at for entry in history if entry.to_state == TrainingStatus.attended]
    since = bool(attended) and max(attended) >= mark.recorded_at
    return Standing(found, on_this_alone=since)


def not_assessed_since(context: Context) -> Refusal | None:
    """What was assessed on the strength of a day is not undone by a mark."""
    standing: Standing = context.facts
    if standing.training is None or not standing.on_this_alone:
        return None
    if standing.training.status in {TrainingStatus.not_started, TrainingStatus.attended}:
        return None
    detail = "The module was assessed since: what was attended can no longer be taken back."
    return Refusal("not_assessed_since", detail)


ATTENDANCE_MOVES = {
    (start, to): Move(C, guards=(not_assessed_since,) if start is A.present else (), offered=False)
    for start, to in permutations(A, 2)
}
ATTENDANCE = Lifecycle(
    "attendances", "attendance", AttendanceStatus, ATTENDANCE_MOVES, load_standing
)
