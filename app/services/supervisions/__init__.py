"""Supervisions: when they are due (`rules.py`), their life (`moves.py`), how they are planned
(`plans.py`), held and signed (`work.py`), asked for (`alerts.py`), and how they were kept."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.base import Output
from app.models.mentors import Mentor
from app.models.people import Person
from app.models.prisons import Prison
from app.models.supervisions import SUPERVISION_OPEN, Supervision, SupervisionText
from app.models.texts import VersionRead
from app.scope import everything, visible
from app.services import lifecycle, texts
from app.services.supervisions import rules
from app.services.supervisions.alerts import alert_due
from app.services.supervisions.moves import SUPERVISION
from app.services.supervisions.work import (
    hold,
    put_off,
    rewrite,
    sign_as_mentor,
    sign_as_supervisor,
    to_work_on,
)
from app.services.working_days import local_date
from app.visibility import shape

LONGEST_SPAN_DAYS = 400
USUAL_SPAN = timedelta(days=31)


async def shown(db: AsyncSession, supervision: Supervision, actor: Actor) -> Output:
    """The supervision as this actor sees it, with what they may do next."""
    open_still = supervision.status in SUPERVISION_OPEN
    overdue = open_still and supervision.due_at < clock.now()
    moves = await lifecycle.options(db, SUPERVISION, supervision, actor)
    fields = {**supervision.model_dump(), "overdue": overdue, "moves": moves}
    return shape("supervisions", actor.role).model_validate(fields)


async def history_shown(db: AsyncSession, supervision: Supervision, actor: Actor) -> list[Output]:
    """Every move made, oldest first, as far as this actor may read it."""
    return await lifecycle.history_shown(db, supervision, actor, "supervisions.history")


async def versions(
    db: AsyncSession, actor: Actor, supervision: Supervision, text: SupervisionText
) -> list[VersionRead]:
    """Every version of one of its texts, oldest first."""
    return await texts.versions(db, actor, supervision, text.value)


async def compliance(
    db: AsyncSession, actor: Actor, first: date | None, last: date | None
) -> list[Output]:
    """How supervision was kept, mentor by mentor, of what fell due in a span of days; a mentor's
    own to themselves."""
    found = shape("supervisions.compliance", actor.role)
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    last = last or local_date(clock.now(), zone)
    first = first or last - USUAL_SPAN
    if not 0 <= (last - first).days <= LONGEST_SPAN_DAYS:
        message = f"must be on `from` or after it, by at most {LONGEST_SPAN_DAYS} days"
        raise Invalid.field("to", "span", message)
    fell_due = visible(Supervision, actor).where(
        col(Supervision.first_due_on) >= first, col(Supervision.first_due_on) <= last
    )
    by_mentor: dict[object, list[Supervision]] = {}
    for each in (await db.execute(fell_due)).scalars():
        by_mentor.setdefault(each.mentor_id, []).append(each)
    db.info.setdefault("touched", set()).update(by_mentor)  # the audit keeps whose were told
    people = {each.id: each.display_name for each in (await _people(db, actor)).values()}
    mentors = visible(Mentor, actor).where(col(Mentor.id).in_(list(by_mentor)))
    rows = []
    for mentor in (await db.execute(mentors.order_by(col(Mentor.id)))).scalars():
        kept = rules.compliance(by_mentor[mentor.id], clock.now(), zone)
        fields = {
            "mentor_id": mentor.id,
            "display_name": people[mentor.person_id],
            "commitment": mentor.commitment,
            "due": kept.due,
            "on_time": kept.on_time,
            "late": kept.late,
            "missed": kept.missed,
            "signed_by_both": kept.signed_by_both,
        }
        rows.append(found.model_validate(fields))
    return rows


async def _people(db: AsyncSession, actor: Actor) -> dict[object, Person]:
    """The people who are or were mentors."""
    mentors = everything(Mentor, actor.prison_id).with_only_columns(col(Mentor.person_id))
    found = visible(Person, actor).where(col(Person.id).in_(mentors))
    return {each.id: each for each in (await db.execute(found)).scalars()}


__all__ = [
    "SUPERVISION",
    "alert_due",
    "compliance",
    "history_shown",
    "hold",
    "put_off",
    "rewrite",
    "shown",
    "sign_as_mentor",
    "sign_as_supervisor",
    "to_work_on",
    "versions",
]
