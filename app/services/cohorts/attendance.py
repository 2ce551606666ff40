"""Who came to a day of the course, in one call; and what that makes of their modules."""

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Conflicting, FieldError, GuardsUnmet, Invalid, NotFound
from app.models.cohorts import (
    Attendance,
    AttendancePut,
    AttendanceStatus,
    Cohort,
    CohortDay,
    CohortMember,
    CohortStatus,
    Mark,
)
from app.models.mentors import Mentor
from app.models.trainings import Training, TrainingCreate, TrainingStatus
from app.scope import everything
from app.services import lifecycle, modules, trainings
from app.services.cohorts.moves import ATTENDANCE, TO_ATTEND_AGAIN, load_standing

A = AttendanceStatus
TO_ATTEND = TO_ATTEND_AGAIN | {TrainingStatus.not_started}


async def mark(
    db: AsyncSession, actor: Actor, cohort: Cohort, day: CohortDay, body: AttendancePut
) -> None:
    """Mark who came, all or none of it: whoever was present has attended the module; a mark may
    be corrected. A cohort that is over is corrected too: what happened can always be recorded.

    Raises NotFound for a day of another cohort, Conflicting before the day has begun or where it
    was called off, Invalid for who is not of the cohort, GuardsUnmet for what was assessed since.
    """
    if day.cohort_id != cohort.id:
        raise NotFound()
    if day.called_off or cohort.status is CohortStatus.cancelled:
        raise Conflicting("The day was called off.")
    if day.starts_at > clock.now():
        raise Conflicting("Attendance is marked from the beginning of the day.")
    members = await _members(db, cohort)
    for number, each in enumerate(body.marks):
        if each.mentor_id not in members:
            message = "must be a member of the cohort"
            raise Invalid.field(f"marks.{number}.mentor_id", "not_a_member", message)
    for number, each in sorted(enumerate(body.marks), key=lambda item: item[1].mentor_id):
        try:
            await _mark_one(db, actor, day, members[each.mentor_id], each)
        except GuardsUnmet as refused:
            errors = [
                FieldError(f"marks.{number}.status", error.code, error.message)
                for error in refused.errors
            ]
            raise GuardsUnmet(refused.detail, errors=errors) from None
    day.marked_at = clock.now()
    await db.flush()


async def _members(db: AsyncSession, cohort: Cohort) -> dict[object, Mentor]:
    """The mentors who are or were in the cohort."""
    ids = everything(CohortMember, cohort.prison_id).where(col(CohortMember.cohort_id) == cohort.id)
    found = everything(Mentor, cohort.prison_id).where(
        col(Mentor.id).in_(ids.with_only_columns(col(CohortMember.mentor_id)))
    )
    return {mentor.id: mentor for mentor in await db.scalars(found)}


async def _mark_one(
    db: AsyncSession, actor: Actor, day: CohortDay, mentor: Mentor, said: Mark
) -> None:
    found = everything(Attendance, day.prison_id).where(
        col(Attendance.day_id) == day.id, col(Attendance.mentor_id) == mentor.id
    )
    row = (await db.execute(found.with_for_update())).scalar_one_or_none()
    if row is None:
        row = Attendance(
            prison_id=day.prison_id,
            cohort_id=day.cohort_id,
            day_id=day.id,
            mentor_id=mentor.id,
            status=said.status,
        )
        await lifecycle.begin(db, ATTENDANCE, row, actor, occurred_at=day.starts_at)
    elif row.status is said.status:
        return
    else:
        was_present = row.status is A.present
        await lifecycle.move(db, ATTENDANCE, row, to=said.status, actor=actor)
        if was_present:
            await _take_back(db, actor, row)
    if said.status is A.present:
        await _attended(db, actor, day, mentor)


async def _training(db: AsyncSession, day: CohortDay, mentor_id: object) -> Training | None:
    found = everything(Training, day.prison_id).where(
        col(Training.mentor_id) == mentor_id, col(Training.module) == day.module
    )
    return (await db.execute(found.with_for_update())).scalar_one_or_none()


async def _attended(db: AsyncSession, actor: Actor, day: CohortDay, mentor: Mentor) -> None:
    """The mentor's module is attended since the day, opened where it was not. A day before the
    module's last move changes nothing: what came after it is known already."""
    training = await _training(db, day, mentor.id)
    if training is None:
        taught = await modules.is_taught(db, day.prison_id, day.module)
        if not taught or not trainings.is_trainable(mentor):
            return  # that he came is recorded; what is over, module or episode, is not opened
        body = TrainingCreate(mentor_id=mentor.id, module=day.module)
        training = await trainings.open_module(db, actor, body, at=day.starts_at)
    if training.status not in TO_ATTEND:
        return
    history = await lifecycle.history_of(db, training)
    in_order = max(entry.occurred_at for entry in history) <= day.starts_at
    if not in_order and training.status is not TrainingStatus.not_started:
        return
    await lifecycle.move(
        db,
        trainings.TRAINING,
        training,
        to=TrainingStatus.attended,
        actor=actor,
        occurred_at=day.starts_at if in_order else None,
    )


async def _take_back(db: AsyncSession, actor: Actor, row: Attendance) -> None:
    """A mark of `present` was a mistake: a module that stands on it alone is not attended."""
    standing = await load_standing(db, row)
    training = standing.training
    if training is None or not standing.on_this_alone:
        return
    if training.status is TrainingStatus.attended:
        await lifecycle.move(
            db,
            trainings.TRAINING,
            training,
            to=TrainingStatus.not_started,
            actor=actor,
            reason=trainings.CORRECTED,
        )
