"""Trainings: a mentor's way through the modules, signed off by a nurse, and refreshed."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Invalid, NotCompetent, NursesOnly
from app.models.base import Output
from app.models.mentors import MENTOR_ENDED, Mentor, MentorStatus
from app.models.modules import ModuleStatus, SiteModule
from app.models.prisons import Prison
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskKind
from app.models.trainings import (
    RefresherCreate,
    Training,
    TrainingCreate,
    TrainingStatus,
)
from app.scope import everything, referred
from app.services import lifecycle, modules, tasks
from app.services.curriculum import Curriculum, Version, curriculum, title_of
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.working_days import add_calendar_months, local_date
from app.visibility import shape

S = TrainingStatus
CREDITED = "credited_from_earlier_episode"
C, NURSE = Role.clinician, Role.nurse
REFRESHED_BEFORE = timedelta(days=60)
CORRECTED = "attendance_corrected"
NOT_YET_APPROVED = frozenset(
    {
        MentorStatus.draft,
        MentorStatus.submitted,
        MentorStatus.screened,
        MentorStatus.interviewed,
        MentorStatus.governor_review,
        MentorStatus.appealed,
    }
)


async def note_assessor(db: AsyncSession, context: Context) -> None:
    context.thing.assessor_id = context.actor.staff_id


async def note_competence(db: AsyncSession, context: Context) -> None:
    """Signed off for the pinned version's calendar months, from the local day on which it was."""
    await _counts_from(db, context.thing, context.now)
    await tasks.finish(db, context.thing, TaskKind.training_refresher, context.actor)


async def _counts_from(db: AsyncSession, training: Training, at: datetime) -> None:
    zone = (await db.get_one(Prison, training.prison_id)).tz
    training.competent_at = at
    training.expires_on = add_calendar_months(local_date(at, zone), training.validity_months)


async def begin_again(db: AsyncSession, context: Context) -> None:
    """A module attended again is signed off anew; what was before stands in the history."""
    training: Training = context.thing
    training.assessor_id = training.competent_at = training.expires_on = None


def _move(*by: Role, **rest: Any) -> Move:
    return Move(frozenset(by), **rest)


MOVES: dict[tuple[TrainingStatus, TrainingStatus], Move] = {
    (S.not_started, S.attended): _move(C),
    (S.attended, S.assessed): _move(C),
    # A cohort's attendance corrected: what it was before stands in the history.
    (S.attended, S.not_started): _move(C, reasons=(CORRECTED,), offered=False),
    (S.assessed, S.competent): _move(NURSE, effects=(note_assessor, note_competence)),
    (S.assessed, S.refer): _move(NURSE, effects=(note_assessor,)),
    (S.competent, S.expired): _move(Role.system, offered=False),
    (S.not_started, S.competent): _move(Role.system, offered=False),  # credited
    (S.refer, S.attended): _move(C, effects=(begin_again,)),
    (S.expired, S.attended): _move(C, effects=(begin_again,)),
}
TRAINING = Lifecycle("trainings", "training", TrainingStatus, MOVES)


def trainable(mentor: Mentor, name: str = "mentor_id") -> Mentor:
    """The mentor, if they are trained now. Raises Invalid, naming the field."""
    if mentor.status in MENTOR_ENDED:
        raise Invalid.field(name, "ended", "this mentor's episode has ended")
    if mentor.status in NOT_YET_APPROVED:
        raise Invalid.field(name, "not_approved", "training follows the governor's approval")
    return mentor


def is_trainable(mentor: Mentor) -> bool:
    """Whether the mentor is trained now."""
    return mentor.status not in MENTOR_ENDED | NOT_YET_APPROVED


async def open_module(
    db: AsyncSession, actor: Actor, body: TrainingCreate, *, at: datetime | None = None
) -> Training:
    """Open a module for an approved mentor, pinned to what it is today. A module that is open
    already is refused by the database. `at`: when it began, if entered later."""
    trainable(await referred(db, Mentor, actor.prison_id, body.mentor_id, "mentor_id"))
    taught = await modules.pinned(db, actor.prison_id, body.module)
    training = Training(
        prison_id=actor.prison_id,
        title=taught.title,
        curriculum=taught.edition,
        validity_months=taught.validity_months,
        **body.model_dump(),
    )
    await lifecycle.begin(db, TRAINING, training, actor, occurred_at=at)
    return training


async def refresh(
    db: AsyncSession, actor: Actor, training: Training, body: RefresherCreate
) -> None:
    """Renew a sign-off that still counts, from the day of the refresher. Raises NursesOnly,
    NotCompetent (an expired one is attended, assessed and signed off anew), Invalid."""
    if actor.role is not NURSE:
        raise NursesOnly("A refresher is signed off by a nurse.")
    zone = (await db.get_one(Prison, training.prison_id)).tz
    at = body.held_at or clock.now()
    if at > clock.now():
        raise Invalid.field("held_at", "in_the_future", "must not be in the future")
    over = training.expires_on is None or training.expires_on < local_date(at, zone)
    if training.status is not S.competent or over:
        raise NotCompetent()
    if training.competent_at is not None and at < training.competent_at:
        message = "must not be before the sign-off that it renews"
        raise Invalid.field("held_at", "before_sign_off", message)
    if body.to_current:
        taught = await modules.pinned(db, training.prison_id, training.module, "to_current")
        training.title, training.curriculum = taught.title, taught.edition
        training.validity_months = taught.validity_months
    training.assessor_id = actor.staff_id
    await _counts_from(db, training, at)
    await lifecycle.mark(db, TRAINING, training, actor, "refreshed", occurred_at=at)
    await tasks.finish(db, training, TaskKind.training_refresher, actor)
    await db.flush()


async def credit(db: AsyncSession, mentor: Mentor) -> None:
    """Credit a new episode with the sign-offs of the person's earlier ones that still count: the
    one that counts longest of each module, under its own version, until its own last day."""
    prison_id, system = mentor.prison_id, the_system(mentor.prison_id)
    today = local_date(clock.now(), (await db.get_one(Prison, prison_id)).tz)
    episodes = everything(Mentor, prison_id).where(col(Mentor.person_id) == mentor.person_id)
    theirs = everything(Training, prison_id).where(
        col(Training.mentor_id).in_(episodes.with_only_columns(col(Mentor.id)))
    )
    found = (await db.scalars(theirs.order_by(col(Training.recorded_at)))).all()
    there = {each.module for each in found if each.mentor_id == mentor.id}
    best: dict[str, Training] = {}
    for each in found:
        counts = each.status is S.competent and (each.expires_on or date.max) >= today
        before = best.get(each.module)
        longer = before is None or (each.expires_on or date.max) >= (before.expires_on or date.max)
        if counts and longer and each.module not in there:
            best[each.module] = each
    for each in best.values():
        copied = (
            "module",
            "title",
            "curriculum",
            "validity_months",
            "assessor_id",
            "competent_at",
            "expires_on",
        )
        values = {name: getattr(each, name) for name in copied}
        credited = Training(
            prison_id=prison_id, mentor_id=mentor.id, credited_from=each.id, **values
        )
        await lifecycle.begin(db, TRAINING, credited, system)
        to = S.competent
        await lifecycle.move(db, TRAINING, credited, to=to, actor=system, reason=CREDITED)


async def expire_due(db: AsyncSession, prison_id: str) -> int:
    """Expire every sign-off whose last day has passed, and say how many. For the worker: rows that
    someone else is changing are left to the next sweep."""
    zone = (await db.get_one(Prison, prison_id)).tz
    due = everything(Training, prison_id).where(
        col(Training.status) == S.competent,
        col(Training.expires_on) < local_date(clock.now(), zone),
    )
    rows = (await db.scalars(due.with_for_update(skip_locked=True))).all()
    for training in rows:
        await lifecycle.move(db, TRAINING, training, to=S.expired, actor=the_system(prison_id))
    return len(rows)


async def refreshers_due(db: AsyncSession, prison_id: str) -> int:
    """Open a nurse's task for every sign-off that soon expires, once for each expiry, and say how
    many. For the worker: rows that someone else is changing are left to the next sweep."""
    prison = await db.get_one(Prison, prison_id)
    soon = local_date(clock.now() + REFRESHED_BEFORE, prison.tz)
    retired = everything(SiteModule, prison_id).where(
        col(SiteModule.status) == ModuleStatus.retired
    )
    working = everything(Mentor, prison_id).where(col(Mentor.status).not_in(sorted(MENTOR_ENDED)))
    due = everything(Training, prison_id).where(
        col(Training.status) == S.competent,
        col(Training.expires_on) <= soon,
        col(Training.expires_on) >= local_date(clock.now(), prison.tz),
        col(Training.refresher_for).is_distinct_from(col(Training.expires_on)),
        col(Training.module).not_in(retired.with_only_columns(col(SiteModule.code))),
        col(Training.mentor_id).in_(working.with_only_columns(col(Mentor.id))),
    )
    rows = (await db.scalars(due.with_for_update(skip_locked=True))).all()
    for training in rows:
        assert training.expires_on is not None, "what is signed off has its last day"
        mentor = await referred(db, Mentor, prison_id, training.mentor_id, "mentor_id")
        await tasks.open_task(
            db,
            prison_id,
            TaskKind.training_refresher,
            thing=training,
            person_id=mentor.person_id,
            for_role=StaffRole.nurse,
            due_in=_end_of(training.expires_on, prison) - clock.now(),
        )
        training.refresher_for = training.expires_on
    await db.flush()
    return len(rows)


def _end_of(day: date, prison: Prison) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), prison.tz)


async def end_refreshers(db: AsyncSession, context: Context) -> None:
    """Whose episode has ended needs no refresher."""
    mentor: Mentor = context.thing
    if mentor.status in MENTOR_ENDED:
        for training in await of_mentor(db, mentor):
            await tasks.finish(db, training, TaskKind.training_refresher, context.actor)


async def of_mentor(db: AsyncSession, mentor: Mentor) -> Sequence[Training]:
    """Every module of a mentor, opened or done."""
    found = everything(Training, mentor.prison_id).where(col(Training.mentor_id) == mentor.id)
    return (await db.scalars(found)).all()


async def shown(db: AsyncSession, training: Training, actor: Actor) -> Output:
    """The training, with what this actor may do next."""
    moves = await lifecycle.options(db, TRAINING, training, actor)
    return shape("trainings", actor.role).model_validate({**training.model_dump(), "moves": moves})


__all__ = [
    "TRAINING",
    "Curriculum",
    "Version",
    "curriculum",
    "end_refreshers",
    "expire_due",
    "of_mentor",
    "open_module",
    "refresh",
    "refreshers_due",
    "shown",
    "title_of",
    "trainable",
]
