"""Clearances: recorded, extended once, reviewed before they end, and what cover their end costs.

Only outcomes and days: the material a decision rests on is held nowhere in the service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import FieldError, GuardsUnmet, Invalid, NotAllowed
from app.models.base import Output
from app.models.clearances import Clearance, ClearancePut, ClearanceStage, ExtensionCreate
from app.models.mentors import ClearanceOutcome, Mentor, MentorStatus
from app.models.people import Person
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.scope import everything, visible
from app.services import outbox, tasks
from app.services.lifecycle import Refusal
from app.services.mentors import standing
from app.services.mentors.cover import (
    LAST_DAYS,
    REVIEW_DAYS,
    CoverFacts,
    cover_lost,
    load_cover,
    stage_of,
)
from app.services.working_days import close_of_day, local_date
from app.visibility import shape

S = MentorStatus
CLEARED = ClearanceOutcome.cleared
IN_THE_SCHEME = (
    S.approved_conditionally,
    S.shadowing,
    S.ready_for_sign_off,
    S.active,
    S.paused,
    S.suspended,
)
EXTENDED_WITHIN = timedelta(days=7)  # of its end
ONE_DAY = timedelta(days=1)
_LAST_DAY_OF_STAGE = {  # days left on the day by which a stage's review is due
    ClearanceStage.within_30_days: LAST_DAYS,
    ClearanceStage.within_7_days: 0,
}
_STAGES = list(ClearanceStage)


async def record(db: AsyncSession, actor: Actor, mentor: Mentor, body: ClearancePut) -> None:
    """Record a decision about clearance; nobody clears themselves. The one before is kept.

    A renewal may begin as late as the day after the clearance that stands: then there is no day
    without. An active mentor who is not cleared is paused in the same transaction.
    """
    if actor.person_id is not None and actor.person_id == mentor.person_id:
        raise NotAllowed("Nobody decides on themselves.")
    now, zone = clock.now(), (await db.get_one(Prison, mentor.prison_id)).tz
    today, decided_at = local_date(now, zone), body.decided_at or now
    replaced = await standing.standing_clearances(db, [mentor])
    _check_decided(decided_at, now, replaced)
    goes_on = body.outcome is CLEARED and _is_current(mentor, today) and body.valid_from > today
    last = mentor.clearance_to + ONE_DAY if mentor.clearance_to else body.valid_from
    if goes_on and body.valid_from > last:
        message = f"must not be after {last}, the day after the clearance that stands"
        raise Invalid.field("valid_from", "gap", message)
    for each in replaced:
        each.superseded_at = now
    await db.flush()  # only one stands
    values = body.model_dump(exclude={"decided_at"})
    db.add(
        Clearance(
            prison_id=mentor.prison_id,
            mentor_id=mentor.id,
            decided_by=actor.subject,
            decided_at=decided_at,
            **values,
        )
    )
    mentor.clearance, mentor.clearance_to = body.outcome, body.valid_to
    mentor.clearance_from = mentor.clearance_from if goes_on else body.valid_from
    mentor.clearance_conditions = list(body.conditions)
    outbox.say(db, mentor.prison_id, "mentor.clearance_recorded", mentor.id, outcome=body.outcome)
    await tasks.finish(db, mentor, TaskKind.clearance_review, actor)
    await db.flush()
    await standing.hold(db, mentor)


def _check_decided(decided_at: datetime, now: datetime, replaced: Sequence[Clearance]) -> None:
    """A decision entered late does not undo a later one. Raises Invalid."""
    if decided_at > now:
        raise Invalid.field("decided_at", "in_the_future", "must not be in the future")
    if any(decided_at < each.decided_at for each in replaced):
        message = "must not be before the decision that it replaces"
        raise Invalid.field("decided_at", "in_order", message)


def _is_current(mentor: Mentor, today: date) -> bool:
    begins, ends = mentor.clearance_from, mentor.clearance_to
    if mentor.clearance is not CLEARED or begins is None or ends is None:
        return False
    return begins <= today <= ends


@dataclass(frozen=True, slots=True)
class Extending:
    """What the guards of an extension decide on."""

    clearance: Clearance | None
    until: date
    today: date
    most_days: int
    own: bool

    @property
    def latest(self) -> date | None:
        """The last day to which it may go, were it extended today."""
        found = self.clearance
        if found is None or found.outcome is not CLEARED or found.extended_to is not None:
            return None
        if not found.valid_from <= self.today <= found.valid_to + EXTENDED_WITHIN:
            return None
        latest = found.valid_to + timedelta(days=self.most_days)
        return latest if latest >= self.today else None


def clearance_given(of: Extending) -> Refusal | None:
    if of.clearance is not None and of.clearance.outcome is CLEARED:
        return None
    return Refusal("clearance_given", "Only a clearance that was given can be extended.")


def not_extended_before(of: Extending) -> Refusal | None:
    if of.clearance is None or of.clearance.extended_to is None:
        return None
    detail = f"It was extended already, to {of.clearance.extended_to}; record a new clearance."
    return Refusal("not_extended_before", detail)


def current_or_just_lapsed(of: Extending) -> Refusal | None:
    if of.clearance is None:
        return None
    last = of.clearance.valid_to + EXTENDED_WITHIN
    if of.clearance.valid_from <= of.today <= last:
        return None
    detail = f"A clearance is extended while it is current, or until {last}: 7 days after its end."
    return Refusal("current_or_just_lapsed", detail)


def within_bounds(of: Extending) -> Refusal | None:
    if of.clearance is None:
        return None
    ends, last = of.clearance.valid_to, of.clearance.valid_to + timedelta(days=of.most_days)
    first = max(ends + ONE_DAY, of.today)
    if first <= of.until <= last:
        return None
    return Refusal("within_bounds", f"It can be extended to a day from {first} until {last}.")


def nobody_decides_on_themselves(of: Extending) -> Refusal | None:
    if not of.own:
        return None
    return Refusal("nobody_decides_on_themselves", "Nobody decides on themselves.")


EXTENSION = (
    clearance_given,
    not_extended_before,
    current_or_just_lapsed,
    within_bounds,
    nobody_decides_on_themselves,
)


async def extend(db: AsyncSession, actor: Actor, mentor: Mentor, body: ExtensionCreate) -> None:
    """Extend the clearance that stands, once and within bounds. Raises GuardsUnmet with every
    reason at once."""
    prison = await db.get_one(Prison, mentor.prison_id)
    now = clock.now()
    found = await standing.standing_clearances(db, [mentor])
    clearance = found[0] if found else None
    own = actor.person_id is not None and actor.person_id == mentor.person_id
    today, most = local_date(now, prison.tz), prison.clearance_extension_days
    asked = Extending(clearance, body.until, today, most, own)
    unmet = [refusal for guard in EXTENSION if (refusal := guard(asked)) is not None]
    if unmet or clearance is None:
        raise GuardsUnmet(
            " ".join(refusal.detail for refusal in unmet),
            errors=[FieldError("until", refusal.code, refusal.detail) for refusal in unmet],
        )
    clearance.extended_to, clearance.extended_by = body.until, actor.subject
    clearance.extended_at, clearance.told = now, None
    mentor.clearance_to = body.until
    outbox.say(db, mentor.prison_id, "mentor.clearance_extended", mentor.id)
    await tasks.finish(db, mentor, TaskKind.clearance_review, actor)
    await db.flush()


async def review_due(db: AsyncSession, prison_id: str) -> int:
    """Open the reviews that are due 30 and 7 days before a clearance ends, each once; say how
    many. For the worker: what someone else is changing is left to the next round."""
    now, zone = clock.now(), (await db.get_one(Prison, prison_id)).tz
    today = local_date(now, zone)
    ending = everything(Mentor, prison_id).where(
        col(Mentor.status).in_(IN_THE_SCHEME),
        col(Mentor.clearance) == CLEARED,
        col(Mentor.clearance_to) >= today,
        col(Mentor.clearance_to) <= today + timedelta(days=REVIEW_DAYS),
    )
    told = everything(Clearance, prison_id).where(
        col(Clearance.superseded_at).is_(None),
        col(Clearance.mentor_id).in_(ending.with_only_columns(col(Mentor.id))),
    )
    due = [each.mentor_id for each in await db.scalars(told) if _next_stage(each, today)]
    if not due:
        return 0
    held = ending.where(col(Mentor.id).in_(due)).order_by(col(Mentor.id))
    locked = held.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    mentors = {mentor.id: mentor for mentor in await db.scalars(locked)}
    opened = 0
    for clearance in await standing.standing_clearances(db, list(mentors.values())):
        await db.refresh(clearance)
        if stage := _next_stage(clearance, today):
            last_day = clearance.ends_on - timedelta(days=_LAST_DAY_OF_STAGE[stage])
            due_at = max(close_of_day(last_day, zone), now)
            await _open_review(db, mentors[clearance.mentor_id], due_at)
            clearance.told = stage
            opened += 1
    await db.flush()
    return opened


def _next_stage(clearance: Clearance, today: date) -> ClearanceStage | None:
    """The stage whose review is to be opened now; None when it was, or there is none."""
    stage = stage_of((clearance.ends_on - today).days)
    before = clearance.told or ClearanceStage.current
    later = _STAGES.index(stage) > _STAGES.index(before)
    return stage if later and stage in _LAST_DAY_OF_STAGE else None


async def _open_review(db: AsyncSession, mentor: Mentor, due_at: datetime) -> None:
    await tasks.open_task(
        db,
        mentor.prison_id,
        TaskKind.clearance_review,
        thing=mentor,
        person_id=mentor.person_id,
        for_role=StaffRole.governor,
        due_at=due_at,
        told_at_once=True,
    )


async def expiring(db: AsyncSession, actor: Actor, within_days: int) -> list[Output]:
    """Every mentor of the scheme whose clearance ends within these days, or has ended, with the
    cover that goes with it; the soonest first."""
    prison = await db.get_one(Prison, actor.prison_id)
    today = local_date(clock.now(), prison.tz)
    ending = (
        visible(Mentor, actor)
        .join(
            Person,
            (col(Person.prison_id) == col(Mentor.prison_id))
            & (col(Person.id) == col(Mentor.person_id)),
        )
        .where(
            col(Mentor.status).in_(IN_THE_SCHEME),
            col(Mentor.clearance) == CLEARED,
            col(Mentor.clearance_to) <= today + timedelta(days=within_days),
        )
        .order_by(col(Mentor.clearance_to), col(Person.display_name), col(Mentor.id))
        .add_columns(col(Person.display_name))
    )
    rows = (await db.execute(ending)).all()
    stands = visible(Clearance, actor).where(
        col(Clearance.superseded_at).is_(None),
        col(Clearance.mentor_id).in_([mentor.id for mentor, _ in rows]),
    )
    clearances = {each.mentor_id: each for each in await db.scalars(stands)}
    cover = await load_cover(db, actor.prison_id)
    most = prison.clearance_extension_days
    found = shape("clearances.expiring", actor.role)
    return [
        found.model_validate(_ending(mentor, name, clearances.get(mentor.id), today, most, cover))
        for mentor, name in rows
    ]


def _ending(
    mentor: Mentor,
    name: str,
    clearance: Clearance | None,
    today: date,
    most_days: int,
    cover: CoverFacts,
) -> dict[str, Any]:
    assert mentor.clearance_to is not None, "the query asked for one"
    days_left = (mentor.clearance_to - today).days
    return {
        "mentor_id": mentor.id,
        "display_name": name,
        "status": mentor.status,
        "ends_on": mentor.clearance_to,
        "days_left": days_left,
        "stage": stage_of(days_left),
        "extendable_to": Extending(clearance, today, today, most_days, own=False).latest,
        "cover_lost": cover_lost(mentor.id, mentor.clearance_to, cover),
    }
