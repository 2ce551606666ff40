"""A mentor's life as a table of moves, and what comes with each."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import flag_modified

from app import clock
from app.access import Actor
from app.errors import FieldError, GuardsUnmet
from app.models.mentors import (
    LEFT,
    MENTOR_ENDED,
    Mentor,
    MentorStatus,
    SuspensionReviewCreate,
)
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskKind
from app.services import check_ins, lifecycle, tasks, trainings
from app.services.lifecycle import Context, Guard, Lifecycle, Move, Refusal
from app.services.mentors import application as a
from app.services.mentors import guards as g
from app.services.mentors import leaving
from app.services.mentors.leaving import LEAVE_WORK
from app.services.people import deaths
from app.services.supervisions import plans as supervision
from app.services.working_days import add_calendar_months, local_date

S = MentorStatus
SW, C, G, M = Role.support_worker, Role.clinician, Role.governor, Role.mentor

PAUSE_REASONS = ("own_wish", "welfare", "other")
LEAVE_REASONS = ("own_wish", "welfare", "end_of_role", "other")
SUSPEND_REASONS = ("concern_raised", "conduct", "security_outcome", "welfare", "other")
DECLINE_REASONS = ("not_suitable_now", "clearance_refused", "no_place", "other")
CORRECTION_REASONS = ("recorded_in_error",)
REAPPLY_AFTER_MONTHS = 6
SUSPENSION_REVIEWED_WITHIN = timedelta(hours=72)


async def remember_origin(db: AsyncSession, context: Context) -> None:
    context.thing.suspended_from = context.came_from


async def forget_origin(db: AsyncSession, context: Context) -> None:
    context.thing.suspended_from = None


async def open_review(
    db: AsyncSession, context: Context, due_in: timedelta = SUSPENSION_REVIEWED_WITHIN
) -> None:
    """A suspension is reviewed within days: nobody stays suspended because nobody looked."""
    mentor: Mentor = context.thing
    await tasks.open_task(
        db,
        mentor.prison_id,
        TaskKind.suspension_review,
        thing=mentor,
        person_id=mentor.person_id,
        for_role=StaffRole.governor,
        due_in=due_in,
        actor=context.actor,
    )


def is_suspended(context: Context) -> Refusal | None:
    if context.thing.status is S.suspended:
        return None
    return Refusal("is_suspended", "Only a suspension is reviewed.")


async def finish_review(db: AsyncSession, context: Context) -> None:
    await tasks.finish(db, context.thing, TaskKind.suspension_review, context.actor)


async def finish_step(db: AsyncSession, context: Context) -> None:
    """Somebody was asked to take an application on: here it goes on."""
    await tasks.finish(db, context.thing, TaskKind.application_step, context.actor)


async def remember_decider(db: AsyncSession, context: Context) -> None:
    mentor: Mentor = context.thing
    mentor.declined_by = context.actor.subject
    today = local_date(context.now, context.facts.zone)
    mentor.reapply_on = add_calendar_months(today, REAPPLY_AFTER_MONTHS)


async def forget_reapplying(db: AsyncSession, context: Context) -> None:
    """Approved on appeal: a later application is not held up by the decision overturned."""
    context.thing.reapply_on = None


async def credit_training(db: AsyncSession, context: Context) -> None:
    """What the person was signed off for before, and is not out of date, counts again."""
    await trainings.credit(db, context.thing)


async def forget_asking(db: AsyncSession, context: Context) -> None:
    context.thing.correction_asked_by = None


async def follow_death(db: AsyncSession, context: Context) -> None:
    await deaths.follow(db, context)


async def undo_death(db: AsyncSession, context: Context) -> None:
    await deaths.undone(db, context)


async def hold_founders_cap(db: AsyncSession, context: Context) -> None:
    """Two founders made in one instant would each see the other's place free: count under a lock,
    held until the commit. Raises GuardsUnmet."""
    mentor: Mentor = context.thing
    key = {"key": f"founders {mentor.prison_id}"}
    await db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    await db.flush()
    if (await db.execute(g.founders(mentor.prison_id))).scalar_one() > g.FOUNDERS_AT_MOST:
        detail = f"A site has at most {g.FOUNDERS_AT_MOST} founding mentors."
        raise GuardsUnmet(detail, errors=[FieldError("to", "founders_below_cap", detail)])


# What an active mentor must have at all times, however they became active.
STANDING = (
    g.modules_signed_off,
    g.clearance_current,
    g.agreement_signed,
    g.supervisor_assigned,
)
SHADOWED = (g.shadowed_three_months, g.observed_sessions_logged)
ACTIVATION = (*SHADOWED, g.assessed_by_another, *STANDING, g.nobody_decides_on_themselves)
FOUNDING_GUARDS = (g.founders_below_cap, *STANDING, g.nobody_decides_on_themselves)
DECISION = (g.nobody_decides_on_themselves, g.decided_by_another)
APPROVAL = (g.clearance_current, a.campaign_has_place, a.cooled_off)

_BEFORE_APPROVAL = (S.draft, S.submitted, S.screened, S.interviewed, S.governor_review, S.appealed)
_APPROVED = (S.approved_conditionally, S.shadowing, S.ready_for_sign_off, S.active, S.paused)


def _move(*by: Role, guards: tuple[Guard, ...] = (), **rest: Any) -> Move:
    return Move(frozenset(by), guards, **rest)


MOVES: dict[tuple[MentorStatus, MentorStatus], Move] = {
    (S.draft, S.submitted): _move(M, SW, guards=(g.own_application, a.statements_complete)),
    (S.submitted, S.screened): _move(SW),
    (S.screened, S.interviewed): _move(SW, C, guards=(a.interviewed_by_both,)),
    (S.interviewed, S.governor_review): _move(SW),
    (S.governor_review, S.approved_conditionally): _move(
        G,
        guards=(*DECISION, *APPROVAL),
        effects=(forget_reapplying, a.hold_campaign_place, credit_training),
    ),
    (S.governor_review, S.declined): _move(
        G, guards=DECISION, reasons=DECLINE_REASONS, effects=(remember_decider,)
    ),
    (S.declined, S.appealed): _move(M, SW, guards=(g.own_application, g.first_appeal)),
    (S.appealed, S.governor_review): _move(SW),
    (S.approved_conditionally, S.shadowing): _move(
        SW, guards=(g.clearance_current, g.placed_with_active_mentor)
    ),
    (S.shadowing, S.ready_for_sign_off): _move(SW, guards=(*SHADOWED, g.modules_signed_off)),
    (S.ready_for_sign_off, S.active): _move(
        G, guards=ACTIVATION, effects=(leaving.end_placements,)
    ),
    (S.approved_conditionally, S.active): _move(
        G,
        guards=FOUNDING_GUARDS,
        reasons=(g.FOUNDING,),
        effects=(hold_founders_cap, leaving.end_placements),
    ),
    (S.active, S.paused): _move(
        M,
        SW,
        C,
        guards=(g.own_application,),
        reasons=PAUSE_REASONS,
        effects=LEAVE_WORK,
    ),
    (S.paused, S.active): _move(SW, guards=STANDING, effects=(leaving.settle,)),
    # A suspended mentor's own token can only raise concerns: staff record their wish to leave.
    (S.suspended, S.stepped_down): _move(
        SW,
        G,
        reasons=LEAVE_REASONS,
        effects=(forget_origin, finish_review, leaving.end_placements, leaving.let_go),
    ),
    (S.suspended, S.removed): _move(
        G,
        guards=(g.nobody_decides_on_themselves,),
        reasons=SUSPEND_REASONS,
        effects=(forget_origin, finish_review, leaving.end_placements, leaving.let_go),
    ),
}
MOVES |= {
    (state, S.withdrawn): _move(M, SW, guards=(g.own_application,)) for state in _BEFORE_APPROVAL
}
MOVES |= {
    (state, S.suspended): _move(
        SW, C, G, reasons=SUSPEND_REASONS, effects=(remember_origin, *LEAVE_WORK, open_review)
    )
    for state in _APPROVED
}
MOVES |= {
    (S.suspended, state): _move(
        G,
        guards=(
            g.nobody_decides_on_themselves,
            g.came_from_there(state),
            *(STANDING if state is S.active else ()),
        ),
        effects=(
            forget_origin,
            finish_review,
            *((leaving.settle,) if state is S.active else ()),
        ),
    )
    for state in _APPROVED
}
MOVES |= {
    (state, S.stepped_down): _move(
        M,
        SW,
        guards=(g.own_application,),
        reasons=LEAVE_REASONS,
        effects=(*LEAVE_WORK, leaving.let_go),
    )
    for state in _APPROVED
}
_LIVE = tuple(state for state in S if state not in MENTOR_ENDED)
MOVES |= {
    (state, end): _move(
        SW,
        C,
        G,
        effects=(
            *LEAVE_WORK,
            leaving.let_go,
            finish_review,
            *((follow_death,) if end is S.deceased else ()),
        ),
    )
    for state in _LIVE
    for end in sorted(LEFT)
}
MOVES |= {
    (state, S.merged): _move(effects=(forget_origin, leaving.stop_reviewing), offered=False)
    for state in _LIVE
}
MOVES |= {
    (end, state): _move(
        SW,
        C,
        G,
        guards=(g.corrected_by_two, g.was_there(state)),
        reasons=CORRECTION_REASONS,
        effects=(
            forget_asking,
            *((open_review,) if state is S.suspended else ()),
            *((undo_death,) if end is S.deceased else ()),
        ),
        offered=False,
    )
    for end in sorted(LEFT)
    for state in _LIVE
}

# States in which somebody must take the application on, and whoever moves it has.
WAITING = frozenset({S.submitted, S.screened, S.interviewed, S.appealed, S.governor_review})
MOVES |= {
    (start, to): replace(move, effects=(*move.effects, finish_step))
    for (start, to), move in MOVES.items()
    if start in WAITING
}
# Whoever is active is supervised: planned on becoming it, cancelled on leaving off.
MOVES |= {
    ends: replace(move, effects=(*move.effects, supervision.begin))
    for ends, move in MOVES.items()
    if ends[1] is S.active
}
MOVES |= {
    ends: replace(move, effects=(*move.effects, supervision.leave_off))
    for ends, move in MOVES.items()
    if ends[0] is S.active
}

MOVES |= {
    ends: replace(move, effects=(*move.effects, check_ins.stop_asking))
    for ends, move in MOVES.items()
    if ends[1] in MENTOR_ENDED and ends[0] in (S.active, S.paused, S.suspended)
}

MENTOR = Lifecycle("mentors", "mentor", MentorStatus, MOVES, g.load_facts)


async def uphold_suspension(
    db: AsyncSession, actor: Actor, mentor: Mentor, body: SuspensionReviewCreate
) -> None:
    """A suspension was reviewed and goes on: the review ends by setting the next one."""
    context = Context(mentor, actor, clock.now(), None)
    guards = (is_suspended, g.nobody_decides_on_themselves)
    if unmet := [refusal for guard in guards if (refusal := guard(context)) is not None]:
        raise GuardsUnmet(
            " ".join(refusal.detail for refusal in unmet),
            errors=[FieldError("outcome", refusal.code, refusal.detail) for refusal in unmet],
        )
    before = await tasks.open_of(db, mentor, TaskKind.suspension_review)
    await lifecycle.mark(db, MENTOR, mentor, actor, f"suspension_{body.outcome}")
    await open_review(db, context, timedelta(days=body.review_in_days))
    flag_modified(mentor, "version")  # the same review, sent again with its old version, is stale
    for task in before:
        await tasks.settle(db, task, actor)
    await db.flush()
