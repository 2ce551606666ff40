"""A mentor's life as a table of moves, and what comes with each."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.errors import FieldError, GuardsUnmet
from app.models.mentors import LEFT, MENTOR_ENDED, Mentor, MentorStatus
from app.models.pairings import Pairing, PairingStatus
from app.models.staff import Role, StaffRole
from app.models.tasks import TaskKind
from app.scope import everything
from app.services import check_ins, lifecycle, tasks
from app.services.lifecycle import Context, Guard, Lifecycle, Move
from app.services.mentors import guards as g
from app.services.pairings import PAIRING
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


async def open_review(db: AsyncSession, context: Context) -> None:
    """A suspension is reviewed within days: nobody stays suspended because nobody looked."""
    mentor: Mentor = context.thing
    await tasks.open_task(
        db,
        mentor.prison_id,
        TaskKind.suspension_review,
        thing=mentor,
        person_id=mentor.person_id,
        for_role=StaffRole.governor,
        due_in=SUSPENSION_REVIEWED_WITHIN,
        actor=context.actor,
    )


async def finish_review(db: AsyncSession, context: Context) -> None:
    await tasks.finish(db, context.thing, TaskKind.suspension_review, context.actor)


async def remember_decider(db: AsyncSession, context: Context) -> None:
    mentor: Mentor = context.thing
    mentor.declined_by = context.actor.subject
    today = local_date(context.now, context.facts.zone)
    mentor.reapply_on = add_calendar_months(today, REAPPLY_AFTER_MONTHS)


async def forget_reapplying(db: AsyncSession, context: Context) -> None:
    """Approved on appeal: a later application is not held up by the decision overturned."""
    context.thing.reapply_on = None


async def forget_asking(db: AsyncSession, context: Context) -> None:
    context.thing.correction_asked_by = None


async def flag_pairings(db: AsyncSession, context: Context) -> None:
    """Leaving active work flags every live pairing for reassignment, in the same transaction.

    Locked as they are found: one that ends in this instant is passed over, and refuses nothing.
    """
    mentor: Mentor = context.thing
    live = everything(Pairing, mentor.prison_id).where(
        col(Pairing.mentor_id) == mentor.id, col(Pairing.status) == PairingStatus.live
    )
    for pairing in (await db.scalars(live.order_by(col(Pairing.id)).with_for_update())).all():
        await lifecycle.move(
            db, PAIRING, pairing, to=PairingStatus.to_reassign, actor=context.actor
        )


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

_BEFORE_APPROVAL = (S.draft, S.submitted, S.screened, S.interviewed, S.governor_review, S.appealed)
_APPROVED = (S.approved_conditionally, S.shadowing, S.ready_for_sign_off, S.active, S.paused)


def _move(*by: Role, guards: tuple[Guard, ...] = (), **rest: Any) -> Move:
    return Move(frozenset(by), guards, **rest)


MOVES: dict[tuple[MentorStatus, MentorStatus], Move] = {
    (S.draft, S.submitted): _move(M, SW, guards=(g.own_application,)),
    (S.submitted, S.screened): _move(SW),
    (S.screened, S.interviewed): _move(SW, C),
    (S.interviewed, S.governor_review): _move(SW),
    (S.governor_review, S.approved_conditionally): _move(
        G, guards=(*DECISION, g.clearance_current), effects=(forget_reapplying,)
    ),
    (S.governor_review, S.declined): _move(
        G, guards=DECISION, reasons=DECLINE_REASONS, effects=(remember_decider,)
    ),
    (S.declined, S.appealed): _move(M, SW, guards=(g.own_application, g.first_appeal)),
    (S.appealed, S.governor_review): _move(SW),
    (S.approved_conditionally, S.shadowing): _move(SW, guards=(g.clearance_current,)),
    (S.shadowing, S.ready_for_sign_off): _move(SW, guards=(*SHADOWED, g.modules_signed_off)),
    (S.ready_for_sign_off, S.active): _move(G, guards=ACTIVATION),
    (S.approved_conditionally, S.active): _move(
        G,
        guards=FOUNDING_GUARDS,
        reasons=(g.FOUNDING,),
        effects=(hold_founders_cap,),
    ),
    (S.active, S.paused): _move(
        M,
        SW,
        C,
        guards=(g.own_application,),
        reasons=PAUSE_REASONS,
        effects=(flag_pairings,),
    ),
    (S.paused, S.active): _move(SW, guards=STANDING),
    # A suspended mentor's own token can only raise concerns: staff record their wish to leave.
    (S.suspended, S.stepped_down): _move(
        SW, G, reasons=LEAVE_REASONS, effects=(forget_origin, finish_review)
    ),
    (S.suspended, S.removed): _move(
        G,
        guards=(g.nobody_decides_on_themselves,),
        reasons=SUSPEND_REASONS,
        effects=(forget_origin, finish_review),
    ),
}
MOVES |= {
    (state, S.withdrawn): _move(M, SW, guards=(g.own_application,)) for state in _BEFORE_APPROVAL
}
MOVES |= {
    (state, S.suspended): _move(
        SW, C, G, reasons=SUSPEND_REASONS, effects=(remember_origin, flag_pairings, open_review)
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
        effects=(forget_origin, finish_review),
    )
    for state in _APPROVED
}
MOVES |= {
    (state, S.stepped_down): _move(
        M, SW, guards=(g.own_application,), reasons=LEAVE_REASONS, effects=(flag_pairings,)
    )
    for state in _APPROVED
}
_LIVE = tuple(state for state in S if state not in MENTOR_ENDED)
MOVES |= {
    (state, end): _move(
        SW,
        C,
        G,
        effects=(flag_pairings, finish_review, *((follow_death,) if end is S.deceased else ())),
    )
    for state in _LIVE
    for end in sorted(LEFT)
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
