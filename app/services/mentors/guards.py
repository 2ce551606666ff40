"""What stands at the doors of a mentor's life: small functions named as law, over loaded facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.mentors import LEFT, ClearanceOutcome, Mentor, MentorStatus, Observation
from app.models.modules import SiteModule
from app.models.moves import History
from app.models.placements import Placement, PlacementStatus
from app.models.prisons import Prison
from app.models.staff import Role, Staff
from app.models.trainings import Training, TrainingStatus
from app.scope import everything
from app.services import modules, placements
from app.services.lifecycle import Context, Guard, Refusal
from app.services.mentors import application
from app.services.mentors.application import NOTHING_LOADED, Application
from app.services.working_days import add_calendar_months, local_date

S = MentorStatus

FOUNDING = "founding_mentor"
FOUNDERS_AT_MOST = 2  # the published scheme began with two mentors


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards of a mentor's moves decide on, loaded with a fixed number of queries."""

    zone: ZoneInfo
    shadowing_months: int
    observations_needed: int
    history: list[History]
    observations: list[Observation]
    trainings: list[Training]
    founders: int
    supervisor_here: bool
    required: list[SiteModule] = field(default_factory=list)
    application: Application = NOTHING_LOADED
    placements: list[Placement] = field(default_factory=list)


async def load_facts(db: AsyncSession, mentor: Mentor) -> Facts:
    """The facts of one mentor: what an active one must have, the application, the placements."""
    prison = await db.get_one(Prison, mentor.prison_id)
    standing = (await load_many(db, mentor.prison_id, [mentor]))[mentor.id]
    return replace(
        standing,
        application=await application.load(db, mentor, prison.cooling_off_days),
        placements=list(await placements.of_mentor(db, mentor)),
    )


async def load_many(
    db: AsyncSession, prison_id: str, mentors: Sequence[Mentor]
) -> dict[UUID, Facts]:
    """What each of these mentors must have to be active, in seven queries however many they are:
    without the application and the placements, which only one who is not active yet is asked."""
    prison = await db.get_one(Prison, prison_id)
    ids = [mentor.id for mentor in mentors]
    told = everything(History, prison_id).where(col(History.thing_id).in_(ids))
    told = told.order_by(col(History.recorded_at), col(History.id))
    observed = everything(Observation, prison_id).where(col(Observation.mentor_id).in_(ids))
    trained = everything(Training, prison_id).where(col(Training.mentor_id).in_(ids))
    supervisors = everything(Staff, prison_id).where(
        col(Staff.id).in_([mentor.supervisor_id for mentor in mentors]), col(Staff.active)
    )
    history = (await db.scalars(told)).all()
    observations = (await db.scalars(observed)).all()
    trainings = (await db.scalars(trained)).all()
    here = set(await db.scalars(supervisors.with_only_columns(col(Staff.id))))
    founded = (await db.execute(founders(prison_id))).scalar_one()
    required = list(await modules.required_here(db, prison_id))
    return {
        mentor.id: Facts(
            prison.tz,
            prison.shadowing_months,
            prison.observed_sessions_needed,
            [each for each in history if each.thing_id == mentor.id],
            [each for each in observations if each.mentor_id == mentor.id],
            [each for each in trainings if each.mentor_id == mentor.id],
            founded,
            mentor.supervisor_id in here,
            required,
        )
        for mentor in mentors
    }


def founders(prison_id: str) -> Select[int]:
    """How many mentors were ever made active as founders of this site."""
    found = everything(History, prison_id).where(
        col(History.noun) == "mentors",
        col(History.from_state) == S.approved_conditionally,
        col(History.to_state) == S.active,
        col(History.reason) == FOUNDING,
    )
    return select(func.count()).select_from(found.subquery())


def _on_the_wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """Wall-clock time, so that a day is a day when the clocks change too."""
    return moment.astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Shadowing:
    """The clock of shadowing: when it began, when it has lasted long enough, and for how many days
    suspensions have stopped it."""

    began_on: date
    until: date
    days_stopped: int


def shadowing(
    history: list[History], months: int, zone: ZoneInfo, now: datetime | None = None
) -> Shadowing | None:
    """The clock of shadowing of `months` calendar months, or None before it began.

    Time suspended does not count: the day moves on by the days that the suspensions lasted, a
    part of a day counting whole. A suspension after that day moves nothing: what was completed
    stays completed. With `now`, one that still lasts counts up to then.
    """
    began: date | None = None
    first_until = until = date.max
    suspended: datetime | None = None
    stopped, days = timedelta(), 0
    moves = [each for each in history if each.from_state != each.to_state]  # and no mere marks
    moments = [(_on_the_wall(each.occurred_at, zone), each) for each in moves]
    for at, entry in [*moments, *([(_on_the_wall(now, zone), None)] if now else [])]:
        if began is None:
            if entry is not None and entry.to_state == S.shadowing:
                began = at.date()
                first_until = until = add_calendar_months(began, months)
        elif entry is not None and entry.to_state == S.suspended and at.date() < until:
            suspended = at
        elif suspended is not None and (entry is None or entry.from_state == S.suspended):
            stopped += max(at - suspended, timedelta())
            suspended = None
            days = -(-stopped // timedelta(days=1))
            until = first_until + timedelta(days=days)
    return None if began is None else Shadowing(began, until, days)


def shadowed_until(history: list[History], months: int, zone: ZoneInfo) -> date | None:
    """The day on which shadowing has lasted `months` calendar months, or None before it began."""
    clock = shadowing(history, months, zone)
    return clock.until if clock else None


def _today(context: Context) -> date:
    return local_date(context.now, context.facts.zone)


def placed_with_active_mentor(context: Context) -> Refusal | None:
    """A placement lives no longer than its host is active. Shadowing entered late begins no sooner
    than there was one."""
    found: list[Placement] = context.facts.placements
    began = [
        each
        for each in found
        if each.starts_on <= _today(context)
        and (each.ended_at is None or each.ended_at > context.now)
    ]
    if began and any(each.status is PlacementStatus.live for each in found):
        return None
    detail = "A placement with an active mentor must be live, and one must have begun by then."
    return Refusal("placed_with_active_mentor", detail)


def shadowed_three_months(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    until = shadowed_until(facts.history, facts.shadowing_months, facts.zone)
    if until is not None and _today(context) >= until:
        return None
    when = f"complete on {until}" if until else "not begun"
    detail = f"Shadowing lasts {facts.shadowing_months} calendar months; it is {when}."
    return Refusal("shadowed_three_months", detail)


def observed_sessions_logged(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    held = [each for each in facts.observations if each.held_at <= context.now]
    missing = facts.observations_needed - len(held)
    if missing <= 0:
        return None
    detail = f"{missing} more observed sessions with another mentor must be logged."
    return Refusal("observed_sessions_logged", detail)


def assessed_by_another(context: Context) -> Refusal | None:
    """The shadowed mentor is not the only assessor: staff assessed at least one observation."""
    if any(each.assessor_id is not None for each in context.facts.observations):
        return None
    return Refusal(
        "assessed_by_another", "A member of staff must have assessed an observed session."
    )


def modules_signed_off(context: Context) -> Refusal | None:
    """The five, and the site's own required ones; for a new one, whoever was active has time."""
    facts, today = context.facts, _today(context)
    done = {
        training.module
        for training in facts.trainings
        if training.status is TrainingStatus.competent
        and (training.expires_on is None or training.expires_on >= today)
        and (training.competent_at is None or training.competent_at <= context.now)
    }
    was_active = any(entry.to_state == S.active for entry in facts.history)
    needed = modules.binding(facts.required, today, was_active=was_active)
    missing = [code for code in needed if code not in done]
    if not missing:
        return None
    return Refusal("modules_signed_off", f"A nurse must sign off: {', '.join(missing)}.")


def clearance_current(context: Context) -> Refusal | None:
    mentor: Mentor = context.thing
    current = (
        mentor.clearance is ClearanceOutcome.cleared
        and mentor.clearance_from is not None
        and mentor.clearance_to is not None
        and mentor.clearance_from <= _today(context) <= mentor.clearance_to
    )
    return None if current else Refusal("clearance_current", "Security clearance must be current.")


def agreement_signed(context: Context) -> Refusal | None:
    signed_at = context.thing.agreement_signed_at
    if signed_at is not None and signed_at <= context.now:
        return None
    return Refusal("agreement_signed", "The role agreement must be signed.")


def supervisor_assigned(context: Context) -> Refusal | None:
    """One who works here: a mentor whose supervisor has left has none."""
    if context.thing.supervisor_id is not None and context.facts.supervisor_here:
        return None
    return Refusal("supervisor_assigned", "A supervisor who works here must be assigned.")


def founders_below_cap(context: Context) -> Refusal | None:
    """A new site has nobody to shadow: a capped exception, which `modules_signed_off` makes the
    nurse's as well as the governor's."""
    if context.facts.founders < FOUNDERS_AT_MOST:
        return None
    return Refusal("founders_below_cap", f"A site has at most {FOUNDERS_AT_MOST} founding mentors.")


def own_application(context: Context) -> Refusal | None:
    """A prisoner moves only their own record; staff move anyone's."""
    actor = context.actor
    if actor.family is not Role.mentor or context.thing.person_id == actor.person_id:
        return None
    return Refusal("own_application", "This is another person's record.")


def nobody_decides_on_themselves(context: Context) -> Refusal | None:
    actor = context.actor
    if actor.person_id is None or context.thing.person_id != actor.person_id:
        return None
    return Refusal("nobody_decides_on_themselves", "Nobody decides on themselves.")


def decided_by_another(context: Context) -> Refusal | None:
    """An appeal is decided by someone other than who declined."""
    appealed = any(entry.to_state == S.appealed for entry in context.facts.history)
    if not appealed or context.thing.declined_by != context.actor.subject:
        return None
    return Refusal("decided_by_another", "An appeal is decided by another governor.")


def first_appeal(context: Context) -> Refusal | None:
    if all(entry.to_state != S.appealed for entry in context.facts.history):
        return None
    return Refusal("first_appeal", "There is one appeal, and it was made.")


def came_from_there(target: MentorStatus) -> Guard:
    """Back from suspension only into the state it came from."""

    def came_from(context: Context) -> Refusal | None:
        if context.thing.suspended_from is target:
            return None
        return Refusal("came_from", "A suspended mentor returns to the state they came from.")

    return came_from


def ended_from(history: list[History]) -> MentorStatus | None:
    """The state from which the mentor was last recorded as transferred, released or deceased."""
    for entry in reversed(history):
        if entry.to_state in LEFT and entry.from_state not in (None, entry.to_state):
            return MentorStatus(entry.from_state)
    return None


def was_there(target: MentorStatus) -> Guard:
    """A wrong end is corrected only into the state it was recorded from."""

    def was_in_state(context: Context) -> Refusal | None:
        if ended_from(context.facts.history) is target:
            return None
        return Refusal("was_in_state", "A corrected mentor returns to the state they were in.")

    return was_in_state


def corrected_by_two(context: Context) -> Refusal | None:
    asked_by = context.thing.correction_asked_by
    if asked_by is not None and asked_by != context.actor.subject:
        return None
    return Refusal("corrected_by_two", "A wrong end is corrected by two people.")
