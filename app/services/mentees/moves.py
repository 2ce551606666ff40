"""A mentee's way through the scheme as a table of moves, and the guards that stand at its doors."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.mentees import MENTEE_ENDED, Mentee, MenteeStatus
from app.models.sessions import CancelReason
from app.models.staff import Role
from app.services import pairings
from app.services.contact_requests.moves import LEFT, SUPPORT_ENDED, close_all_of
from app.services.enrolments import leave_series
from app.services.lifecycle import Context, Effect, Lifecycle, Move, Refusal
from app.services.mentees.clocks import (
    ENDED_BY_LEAVING,
    note_offer,
    note_waiting,
    settle_tasks,
)
from app.services.mentees.facts import load_facts
from app.services.people import deaths
from app.services.sessions.leaving import leave_plans

S = MenteeStatus
SW, C = Role.support_worker, Role.clinician

CHECKED_WITHIN = timedelta(hours=24)
OUTREACH_NEEDED = 2

SIGNPOST_REASONS = ("better_served_elsewhere", "not_eligible", "no_capacity", "other")
DECLINE_REASONS = ("not_wanted", "not_now", "prefers_another_service", "not_said")
STEP_UP_REASONS = ("clinical_care_needed", "assessment_asked_for", "safety_need", "other")
PERMISSION_REVOKED = "permission_revoked"
PAUSE_REASONS = ("own_wish", "unwell", "not_reachable_for_now", PERMISSION_REVOKED, "other")
COMPLETE_REASONS = ("goals_met", "course_completed", "moved_to_work_or_education", "other")
CORRECTION_REASONS = ("recorded_in_error",)
DISENGAGE_REASONS = ("no_response", "own_wish", "other")


def permission_to_share(context: Context) -> Refusal | None:
    """Recorded, and not revoked since."""
    taken_back = context.facts.permission_taken_back
    if context.thing.permission_to_share_at is not None and not taken_back:
        return None
    return Refusal("permission_to_share", "Permission to share must be recorded.")


def confidentiality_explained(context: Context) -> Refusal | None:
    """Recorded only when it was understood, with its version, its language and by whom."""
    if context.thing.explained_at is not None:
        return None
    detail = "The confidentiality explanation must be recorded as understood."
    return Refusal("confidentiality_explained", detail)


def compatibility_checked(context: Context) -> Refusal | None:
    checked = context.thing.compatibility_checked_at
    if checked is not None and timedelta() <= context.now - checked <= CHECKED_WITHIN:
        return None
    detail = "Compatibility must have been checked within the last 24 hours."
    return Refusal("compatibility_checked", detail)


def two_outreach_attempts(context: Context) -> Refusal | None:
    """On days of their own, since support began: knocking twice on one evening is one attempt."""
    missing = OUTREACH_NEEDED - len(context.facts.outreach_days)
    if missing <= 0:
        return None
    detail = (
        f"Outreach must be recorded on {missing} more day(s) since support began:"
        " a missed session ends nothing."
    )
    return Refusal("two_outreach_attempts", detail)


def welfare_checked(context: Context) -> Refusal | None:
    if context.thing.welfare_checked_at is not None:
        return None
    return Refusal("welfare_checked", "A welfare check must be recorded.")


async def start_afresh(db: AsyncSession, context: Context) -> None:
    """Outreach and welfare checks before this engagement do not count towards its end."""
    mentee: Mentee = context.thing
    mentee.engaged_at = context.now
    mentee.outreach_attempts = 0
    mentee.welfare_checked_at = None


async def end_pairings(db: AsyncSession, context: Context) -> None:
    await pairings.end_all_of(db, context.actor, context.thing)


async def leave_sessions(db: AsyncSession, context: Context) -> None:
    mentee: Mentee = context.thing
    gone = mentee.status in {S.transferred, S.released, S.deceased}
    reason = CancelReason.transfer if gone else CancelReason.other
    await leave_series(db, mentee.prison_id, mentee.id)
    await leave_plans(db, mentee.prison_id, mentee.id, reason)
    why = LEFT if gone else SUPPORT_ENDED
    await close_all_of(db, mentee.prison_id, [mentee.id], why)


async def follow_death(db: AsyncSession, context: Context) -> None:
    await deaths.follow(db, context)


ENGAGEMENT = (permission_to_share, confidentiality_explained, compatibility_checked)
_NEW = (S.referred, S.self_referred)
_TRIAGED = (S.triage, S.accepted, S.waiting, S.offered)
_LIVE = tuple(state for state in S if state not in MENTEE_ENDED)


def _move(*by: Role, **rest: Any) -> Move:
    return Move(frozenset(by), **rest)


def _engage(*by: Role) -> Move:
    return _move(*by, guards=ENGAGEMENT, effects=(start_afresh,))


def _end(*by: Role, and_then: tuple[Effect, ...] = (), **rest: Any) -> Move:
    return _move(*by, effects=(end_pairings, leave_sessions, *and_then), **rest)


MOVES: dict[tuple[MenteeStatus, MenteeStatus], Move] = {
    (S.triage, S.accepted): _move(SW),
    (S.accepted, S.waiting): _move(SW),
    (S.waiting, S.offered): _move(SW),
    (S.offered, S.engaged): _engage(SW),
    (S.engaged, S.paused): _move(SW, C, reasons=PAUSE_REASONS),
    (S.paused, S.engaged): _engage(SW),
    (S.stepped_up, S.engaged): _engage(C),
    (S.completed, S.engaged): _engage(SW),
    (S.disengaged, S.engaged): _engage(SW),
    (S.engaged, S.completed): _end(SW, reasons=COMPLETE_REASONS),
    (S.stepped_up, S.completed): _end(C, reasons=COMPLETE_REASONS),
    (S.engaged, S.disengaged): _end(
        SW, guards=(two_outreach_attempts, welfare_checked), reasons=DISENGAGE_REASONS
    ),
}
MOVES |= {(state, S.triage): _move(SW) for state in _NEW}
MOVES |= {(state, S.signposted): _end(SW, reasons=SIGNPOST_REASONS) for state in _TRIAGED}
MOVES |= {
    (state, S.declined_by_person): _end(SW, reasons=DECLINE_REASONS) for state in (*_NEW, *_TRIAGED)
}
MOVES |= {
    (state, S.stepped_up): _move(C, reasons=STEP_UP_REASONS)
    for state in _LIVE
    if state is not S.stepped_up
}
MOVES |= {(state, end): _end(SW, C) for state in _LIVE for end in (S.transferred, S.released)}
MOVES |= {(state, S.deceased): _end(SW, C, and_then=(follow_death,)) for state in _LIVE}
MOVES |= {(state, S.merged): _end(offered=False) for state in _LIVE}
MOVES |= {(S.deceased, state): _move(reasons=CORRECTION_REASONS, offered=False) for state in _LIVE}

ENTERING = {S.waiting: note_waiting, S.offered: note_offer}
MOVES |= {
    (start, to): replace(move, effects=(*move.effects, ENTERING[to]))
    for (start, to), move in MOVES.items()
    if to in ENTERING and start is not S.deceased
}
MOVES |= {
    (start, to): replace(move, effects=(*move.effects, settle_tasks))
    for (start, to), move in MOVES.items()
    if start in ENDED_BY_LEAVING
}

MENTEE = Lifecycle("mentees", "mentee", MenteeStatus, MOVES, load_facts)
