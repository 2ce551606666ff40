"""A mentor's life as a table of moves, and the guards that stand at its doors."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models.mentors import (
    MENTOR_ENDED,
    ClearanceOutcome,
    Mentor,
    MentorStatus,
    Observation,
)
from app.models.moves import History
from app.models.pairings import Pairing, PairingStatus
from app.models.prisons import Prison
from app.models.staff import Role
from app.models.trainings import Module, Training, TrainingStatus
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.pairings import PAIRING
from app.services.working_days import add_calendar_months

S = MentorStatus
SW, C, G, M = Role.support_worker, Role.clinician, Role.governor, Role.mentor


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


async def load_facts(db: AsyncSession, mentor: Mentor) -> Facts:
    prison = await db.get_one(Prison, mentor.prison_id)
    mine = {
        model: (
            await db.execute(
                everything(model, mentor.prison_id).where(col(model.mentor_id) == mentor.id)
            )
        )
        .scalars()
        .all()
        for model in (Observation, Training)
    }
    return Facts(
        prison.tz,
        prison.shadowing_months,
        prison.observed_sessions_needed,
        await lifecycle.history_of(db, mentor),
        list(mine[Observation]),  # type: ignore[arg-type]
        list(mine[Training]),  # type: ignore[arg-type]
        await _founders(db, mentor.prison_id),
    )


async def _founders(db: AsyncSession, prison_id: str) -> int:
    """How many mentors were ever made active as founders of this site."""
    found = everything(History, prison_id).where(col(History.reason) == FOUNDING)
    counted = select(func.count()).select_from(found.subquery())
    return (await db.execute(counted)).scalar_one()


def shadowed_until(history: list[History], months: int, zone: ZoneInfo) -> date | None:
    """The day on which shadowing has lasted `months` calendar months, or None before it began.

    Time suspended does not count: the day moves on by as many days as the suspensions lasted.
    """
    began: datetime | None = None
    suspended: datetime | None = None
    stopped = timedelta()
    for entry in history:
        if entry.to_state == S.shadowing and began is None:
            began = entry.occurred_at
        elif entry.to_state == S.suspended and began is not None:
            suspended = entry.occurred_at
        elif entry.from_state == S.suspended and suspended is not None:
            stopped += entry.occurred_at - suspended
            suspended = None
    if began is None:
        return None
    until = add_calendar_months(began.astimezone(zone).date(), months)
    whole_days = -(-stopped // timedelta(days=1))
    return until + timedelta(days=whole_days)


def shadowed_three_months(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    until = shadowed_until(facts.history, facts.shadowing_months, facts.zone)
    if until is not None and context.now.astimezone(facts.zone).date() >= until:
        return None
    when = f"complete on {until}" if until else "not begun"
    detail = f"Shadowing lasts {facts.shadowing_months} calendar months; it is {when}."
    return Refusal("shadowed_three_months", detail)


def observed_sessions_logged(context: Context) -> Refusal | None:
    facts: Facts = context.facts
    missing = facts.observations_needed - len(facts.observations)
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
    today = context.now.astimezone(context.facts.zone).date()
    done = {
        training.module
        for training in context.facts.trainings
        if training.status is TrainingStatus.competent
        and (training.expires_on is None or training.expires_on >= today)
    }
    missing = [module.value for module in Module if module not in done]
    if not missing:
        return None
    return Refusal("modules_signed_off", f"A nurse must sign off: {', '.join(missing)}.")


def clearance_current(context: Context) -> Refusal | None:
    mentor: Mentor = context.thing
    today = context.now.astimezone(context.facts.zone).date()
    current = (
        mentor.clearance is ClearanceOutcome.cleared
        and mentor.clearance_from is not None
        and mentor.clearance_to is not None
        and mentor.clearance_from <= today <= mentor.clearance_to
    )
    return None if current else Refusal("clearance_current", "Security clearance must be current.")


def agreement_signed(context: Context) -> Refusal | None:
    if context.thing.agreement_signed_at is not None:
        return None
    return Refusal("agreement_signed", "The role agreement must be signed.")


def supervisor_assigned(context: Context) -> Refusal | None:
    if context.thing.supervisor_id is not None:
        return None
    return Refusal("supervisor_assigned", "A supervisor must be assigned.")


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


def came_from_there(target: MentorStatus) -> lifecycle.Guard:
    """Back from suspension only into the state it came from."""

    def came_from(context: Context) -> Refusal | None:
        if context.thing.suspended_from is target:
            return None
        return Refusal("came_from", "A suspended mentor returns to the state they came from.")

    return came_from


async def remember_origin(db: AsyncSession, context: Context) -> None:
    context.thing.suspended_from = context.came_from


async def forget_origin(db: AsyncSession, context: Context) -> None:
    context.thing.suspended_from = None


async def remember_decider(db: AsyncSession, context: Context) -> None:
    mentor: Mentor = context.thing
    mentor.declined_by = context.actor.subject
    today = context.now.astimezone(context.facts.zone).date()
    mentor.reapply_on = add_calendar_months(today, 6)


async def flag_pairings(db: AsyncSession, context: Context) -> None:
    """Leaving active work flags every live pairing for reassignment, in the same transaction."""
    mentor: Mentor = context.thing
    live = everything(Pairing, mentor.prison_id).where(
        col(Pairing.mentor_id) == mentor.id, col(Pairing.status) == PairingStatus.live
    )
    for pairing in (await db.execute(live)).scalars():
        await lifecycle.move(
            db, PAIRING, pairing, to=PairingStatus.to_reassign, actor=context.actor
        )


LEAVE_REASONS = ("own_wish", "welfare", "end_of_role", "other")
SUSPEND_REASONS = ("concern_raised", "conduct", "security_outcome", "welfare", "other")
DECLINE_REASONS = ("not_suitable_now", "clearance_refused", "no_place", "other")
ACTIVATION = (
    shadowed_three_months,
    observed_sessions_logged,
    assessed_by_another,
    modules_signed_off,
    clearance_current,
    agreement_signed,
    supervisor_assigned,
    nobody_decides_on_themselves,
)
_BEFORE_APPROVAL = (S.draft, S.submitted, S.screened, S.interviewed, S.governor_review, S.appealed)
_APPROVED = (S.approved_conditionally, S.shadowing, S.ready_for_sign_off, S.active, S.paused)


def _move(*by: Role, guards: tuple[lifecycle.Guard, ...] = (), **rest: object) -> Move:
    return Move(frozenset(by), (*guards,), **rest)  # type: ignore[arg-type]


MOVES: dict[tuple[MentorStatus, MentorStatus], Move] = {
    (S.draft, S.submitted): _move(M, SW, guards=(own_application,)),
    (S.submitted, S.screened): _move(SW),
    (S.screened, S.interviewed): _move(SW, C),
    (S.interviewed, S.governor_review): _move(SW),
    (S.governor_review, S.approved_conditionally): _move(
        G, guards=(nobody_decides_on_themselves, decided_by_another, clearance_current)
    ),
    (S.governor_review, S.declined): _move(
        G,
        guards=(nobody_decides_on_themselves, decided_by_another),
        reasons=DECLINE_REASONS,
        effects=(remember_decider,),
    ),
    (S.declined, S.appealed): _move(M, SW, guards=(own_application, first_appeal)),
    (S.appealed, S.governor_review): _move(SW),
    (S.approved_conditionally, S.shadowing): _move(SW, guards=(clearance_current,)),
    (S.shadowing, S.ready_for_sign_off): _move(
        SW, guards=(shadowed_three_months, observed_sessions_logged, modules_signed_off)
    ),
    (S.ready_for_sign_off, S.active): _move(G, guards=ACTIVATION),
    (S.approved_conditionally, S.active): _move(
        G,
        guards=(
            founders_below_cap,
            modules_signed_off,
            clearance_current,
            agreement_signed,
            supervisor_assigned,
            nobody_decides_on_themselves,
        ),
        reasons=(FOUNDING,),
    ),
    (S.active, S.paused): _move(M, SW, C, guards=(own_application,), reasons=LEAVE_REASONS),
    (S.paused, S.active): _move(SW, guards=(clearance_current, modules_signed_off)),
    (S.suspended, S.stepped_down): _move(
        SW, M, guards=(own_application,), reasons=LEAVE_REASONS, effects=(forget_origin,)
    ),
    (S.suspended, S.removed): _move(
        G, guards=(nobody_decides_on_themselves,), reasons=SUSPEND_REASONS, effects=(forget_origin,)
    ),
}
MOVES |= {
    (state, S.withdrawn): _move(M, SW, guards=(own_application,)) for state in _BEFORE_APPROVAL
}
MOVES |= {
    (state, S.suspended): _move(
        SW, C, G, reasons=SUSPEND_REASONS, effects=(remember_origin, flag_pairings)
    )
    for state in _APPROVED
}
MOVES |= {
    (S.suspended, state): _move(
        G,
        guards=(nobody_decides_on_themselves, came_from_there(state)),
        effects=(forget_origin,),
    )
    for state in _APPROVED
}
MOVES |= {
    (state, S.stepped_down): _move(
        M, SW, guards=(own_application,), reasons=LEAVE_REASONS, effects=(flag_pairings,)
    )
    for state in _APPROVED
}
MOVES |= {
    (state, end): _move(SW, C, G, effects=(flag_pairings,))
    for state in S
    if state not in MENTOR_ENDED
    for end in (S.transferred, S.released, S.deceased)
}

MENTOR = Lifecycle("mentors", "mentor", MentorStatus, MOVES, load_facts)
