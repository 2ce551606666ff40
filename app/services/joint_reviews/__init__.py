"""Joint reviews: opened every month, held by a support worker and a clinician, signed by both;
what they must look at is in `agenda.py`."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor, the_system
from app.errors import Conflicting, Invalid, MoveNotInTable, MoveNotYours, NoteLocked
from app.models.base import Output
from app.models.joint_reviews import (
    JointReview,
    JointReviewHeld,
    JointReviewStatus,
    JointReviewSummaryPut,
)
from app.models.mentors import Mentor, MentorStatus
from app.models.prisons import Prison
from app.models.staff import Role, Staff, StaffRole
from app.models.tasks import TaskKind
from app.models.texts import VersionRead
from app.scope import everything, referred
from app.services import lifecycle, outbox, tasks, texts
from app.services.joint_reviews.agenda import agenda
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.working_days import close_of_day, local_date
from app.visibility import shape

S = JointReviewStatus
DUE_DAY = 14
AT_LEAST = timedelta(days=7)
SUMMARY = "summary"


def signed_by_two(context: Context) -> Refusal | None:
    review: JointReview = context.thing
    if review.support_worker_signed_at and review.clinician_signed_at:
        return None
    return Refusal("signed_by_two", "The support worker and the clinician must both sign it.")


_CARE = frozenset({Role.support_worker, Role.clinician})
MOVES = {
    (S.due, S.held): Move(_CARE, offered=False),
    (S.held, S.signed_by_both): Move(_CARE, guards=(signed_by_two,), offered=False),
}
JOINT_REVIEW = Lifecycle("joint_reviews", "joint_review", JointReviewStatus, MOVES)


def due_on(month: date, opened_on: date) -> date:
    """The 14th; a week on where it was opened late."""
    return max(month.replace(day=DUE_DAY), opened_on + AT_LEAST)


def begins_at(month: date, zone: ZoneInfo) -> datetime:
    """The first instant of the month on the prison's wall."""
    return datetime(month.year, month.month, 1, tzinfo=zone)


async def open_due(db: AsyncSession, prison_id: str) -> JointReview | None:
    """Open this month's review, once, where the scheme has an active mentor. For the worker."""
    zone = (await db.get_one(Prison, prison_id)).tz
    today = local_date(clock.now(), zone)
    month = today.replace(day=1)
    active = everything(Mentor, prison_id).where(col(Mentor.status) == MentorStatus.active)
    if (await db.execute(active.limit(1))).first() is None:
        return None
    this_month = everything(JointReview, prison_id).where(col(JointReview.month) == month)
    if (await db.execute(this_month)).first() is not None:
        return None
    key = {"key": f"joint review {prison_id}"}
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    if (await db.execute(this_month)).first() is not None:  # another worker was faster
        return None
    by = due_on(month, today)
    at, system = close_of_day(by, zone), the_system(prison_id)
    review = JointReview(prison_id=prison_id, month=month, due_on=by, due_at=at)
    opened_at = clock.now()
    await lifecycle.begin(db, JOINT_REVIEW, review, system, occurred_at=opened_at)
    await tasks.open_task(
        db,
        prison_id,
        TaskKind.joint_review_due,
        thing=review,
        for_role=StaffRole.support_worker,
        due_in=at - opened_at,
    )
    return review


async def hold(db: AsyncSession, actor: Actor, review: JointReview, body: JointReviewHeld) -> None:
    """Record that it was held, by whom, and what came of it."""
    await _staff(db, review, body)
    zone = (await db.get_one(Prison, review.prison_id)).tz
    held_at = body.held_at or clock.now()
    if held_at > clock.now():
        raise Invalid.field("held_at", "in_the_future", "must not be in the future")
    if held_at < begins_at(review.month, zone):
        raise Invalid.field("held_at", "before_the_month", "must not be before its month")
    review.held_at, review.summary, review.actions = held_at, body.summary, body.actions
    review.support_worker_id, review.clinician_id = body.support_worker_id, body.clinician_id
    review.disclosure = body.disclosure
    when = max(held_at, review.recorded_at)
    await lifecycle.move(db, JOINT_REVIEW, review, to=S.held, actor=actor, occurred_at=when)
    await texts.keep_first(db, actor, review, SUMMARY)
    await tasks.finish(db, review, TaskKind.joint_review_due, actor)


async def _staff(db: AsyncSession, review: JointReview, body: JointReviewHeld) -> None:
    """Raises Invalid, naming the field, unless the two are a support worker and a clinician."""
    asked = (("support_worker_id", Role.support_worker), ("clinician_id", Role.clinician))
    for name, family in asked:
        staff = await referred(db, Staff, review.prison_id, getattr(body, name), name)
        of_it = Role(staff.role.value).family is family and staff.role is not StaffRole.wing_duty
        if not staff.active or not of_it:
            words = family.value.replace("_", " ")
            raise Invalid.field(name, "role", f"must be an active {words}")


async def rewrite(
    db: AsyncSession, actor: Actor, review: JointReview, body: JointReviewSummaryPut
) -> None:
    """Write the summary anew. What was signed stays as it was signed."""
    signed = review.support_worker_signed_at or review.clinician_signed_at
    if review.status is not S.held or signed is not None:
        raise NoteLocked("A summary is written of a review that was held and nobody has signed.")
    for field, value in body.model_dump(exclude_unset=True).items():
        setattr(review, field, value)
    outbox.say(db, review.prison_id, "joint_review.rewritten", review.id)
    await db.flush()
    await texts.keep(db, actor, review, SUMMARY)


async def sign(db: AsyncSession, actor: Actor, review: JointReview) -> None:
    """One of the two signs for themselves; with the second it is signed by both."""
    if review.status is not S.held:
        raise MoveNotInTable("Signed is what was held.", state=review.status.value)
    if actor.staff_id is None or actor.staff_id not in _both(review):
        raise MoveNotYours("It is signed by the support worker and the clinician who held it.")
    own = "support_worker" if actor.staff_id == review.support_worker_id else "clinician"
    if getattr(review, f"{own}_signed_at") is not None:
        raise Conflicting("You have signed it.")
    setattr(review, f"{own}_signed_at", clock.now())
    await lifecycle.mark(db, JOINT_REVIEW, review, actor, f"{own}_signed")
    await db.flush()
    if review.support_worker_signed_at and review.clinician_signed_at:
        await lifecycle.move(db, JOINT_REVIEW, review, to=S.signed_by_both, actor=actor)


def _both(review: JointReview) -> set[object]:
    return {review.support_worker_id, review.clinician_id}


async def versions(db: AsyncSession, actor: Actor, review: JointReview) -> list[VersionRead]:
    """Every version of the summary, oldest first."""
    return await texts.versions(db, actor, review, SUMMARY)


async def shown(db: AsyncSession, review: JointReview, actor: Actor) -> Output:
    """The review as this actor sees it."""
    overdue = review.status is S.due and review.due_at < clock.now()
    moves = await lifecycle.options(db, JOINT_REVIEW, review, actor)
    fields = {**review.model_dump(), "overdue": overdue, "moves": moves}
    return shape("joint_reviews", actor.role).model_validate(fields)


async def history_shown(db: AsyncSession, review: JointReview, actor: Actor) -> list[Output]:
    """Every move made, oldest first."""
    return await lifecycle.history_shown(db, review, actor, "joint_reviews.history")


__all__ = [
    "JOINT_REVIEW",
    "agenda",
    "history_shown",
    "hold",
    "open_due",
    "rewrite",
    "shown",
    "sign",
    "versions",
]
