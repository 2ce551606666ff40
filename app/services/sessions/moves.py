"""A session's life and a participation's, each as a table of moves."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.models.participations import AttendanceCorrection
from app.models.sessions import (
    CancelReason,
    Participation,
    ParticipationStatus,
    Session,
    SessionStatus,
)
from app.models.staff import Role
from app.scope import everything
from app.services import lifecycle
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.sessions.absence import note_absence
from app.services.sessions.debriefs import owe_of_held

S, A = SessionStatus, ParticipationStatus
CANCEL_REASONS = tuple(reason.value for reason in CancelReason)
PLANNED = frozenset({S.planned, S.confirmed})
HELD = frozenset({S.held, S.noted, S.locked})
COMING = frozenset({A.offered, A.accepted})
SUPERSEDED = "superseded"  # the service's own reason: whoever was to come comes to what is instead
NOTE_OPEN_FOR = timedelta(hours=24)
_SCHEME = frozenset({Role.support_worker, Role.mentor})
_SYSTEM: frozenset[Role] = frozenset()


async def session_of(db: AsyncSession, participation: Participation) -> Session:
    """The session a participation is part of: what its guards decide on."""
    found = everything(Session, participation.prison_id).where(
        col(Session.id) == participation.session_id
    )
    return (await db.execute(found)).scalar_one()


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What a move of a part is decided on. `status`: the session's; `expected`: whether one who is
    marked as having come had been expected."""

    status: SessionStatus
    expected: bool = True


async def part_facts(db: AsyncSession, part: Participation) -> PartFacts:
    status = (await session_of(db, part)).status
    if part.status is not A.attended:
        return PartFacts(status)
    came = [each for each in await lifecycle.history_of(db, part) if each.to_state == A.attended]
    marked = [each.from_state for each in came if each.from_state != each.to_state]
    return PartFacts(status, bool(marked) and marked[-1] in {*COMING, A.dna})


async def participations_of(db: AsyncSession, session: Session) -> list[Participation]:
    """Every participation of a session, in one order for everyone who locks them."""
    found = everything(Participation, session.prison_id).where(
        col(Participation.session_id) == session.id
    )
    return list((await db.execute(found.order_by(col(Participation.id)))).scalars())


def has_begun(context: Context) -> Refusal | None:
    if context.now >= context.thing.starts_at:
        return None
    return Refusal("has_begun", f"The session begins at {clock.spell(context.thing.starts_at)}.")


def note_written(context: Context) -> Refusal | None:
    if context.thing.note is not None:
        return None
    return Refusal("note_written", "The mentor's note must be written.")


def lock_is_due(context: Context) -> Refusal | None:
    if context.thing.locks_at is not None and context.thing.locks_at <= context.now:
        return None
    return Refusal("lock_is_due", "A note stays open for 24 hours.")


def session_planned(context: Context) -> Refusal | None:
    if context.facts.status in PLANNED:
        return None
    return Refusal("session_planned", "The session is no longer planned.")


def session_held(context: Context) -> Refusal | None:
    if context.facts.status in HELD:
        return None
    return Refusal("session_held", "Attendance is recorded once the session is held.")


def was_expected(context: Context) -> Refusal | None:
    """Who walked in, or had said no, did not stay away from anything."""
    if context.facts.expected:
        return None
    return Refusal("was_expected", "They were not expected: their part is cancelled instead.")


async def open_note(db: AsyncSession, context: Context) -> None:
    """From being recorded as held, and again from the first note, there are 24 hours to write."""
    context.thing.locks_at = (context.thing.noted_at or clock.now()) + NOTE_OPEN_FOR


async def keep_reason(db: AsyncSession, context: Context) -> None:
    """Why a part was cancelled stands with it as long as it is."""
    cancelled = context.thing.status is A.cancelled
    context.thing.reason = CancelReason(context.reason) if cancelled and context.reason else None


async def release_mentees(db: AsyncSession, context: Context) -> None:
    """Whoever was to come is told through their participation, for the same reason."""
    if context.reason == SUPERSEDED:
        return
    for participation in await participations_of(db, context.thing):
        if participation.status in COMING:
            await lifecycle.move(
                db,
                PARTICIPATION,
                participation,
                to=A.cancelled,
                actor=context.actor,
                reason=context.reason,
            )


MOVES = {
    (S.planned, S.confirmed): Move(_SCHEME),
    (S.planned, S.held): Move(_SCHEME, (has_begun,), effects=(open_note, owe_of_held)),
    (S.confirmed, S.held): Move(_SCHEME, (has_begun,), effects=(open_note, owe_of_held)),
    (S.planned, S.cancelled): Move(_SCHEME, reasons=CANCEL_REASONS, effects=(release_mentees,)),
    (S.confirmed, S.cancelled): Move(_SCHEME, reasons=CANCEL_REASONS, effects=(release_mentees,)),
    (S.held, S.noted): Move(_SCHEME, (note_written,), effects=(open_note,), offered=False),
    (S.held, S.locked): Move(_SYSTEM, (lock_is_due,), offered=False),
    (S.noted, S.locked): Move(_SYSTEM, (lock_is_due,), offered=False),
}
PARTICIPATION_MOVES = {
    (A.offered, A.accepted): Move(_SCHEME, (session_planned,)),
    (A.offered, A.declined): Move(_SCHEME, (session_planned,)),
    (A.offered, A.cancelled): Move(_SCHEME, reasons=CANCEL_REASONS, effects=(keep_reason,)),
    (A.accepted, A.cancelled): Move(_SCHEME, reasons=CANCEL_REASONS, effects=(keep_reason,)),
    (A.declined, A.accepted): Move(_SCHEME, (session_planned,), offered=False),
    (A.cancelled, A.accepted): Move(
        _SCHEME, (session_planned,), effects=(keep_reason,), offered=False
    ),
    (A.declined, A.attended): Move(_SCHEME, (session_held,)),
    (A.cancelled, A.attended): Move(_SCHEME, (session_held,), effects=(keep_reason,)),
    (A.offered, A.attended): Move(_SCHEME, (session_held,)),
    (A.offered, A.dna): Move(_SCHEME, (session_held,), effects=(note_absence,)),
    (A.accepted, A.attended): Move(_SCHEME, (session_held,)),
    (A.accepted, A.dna): Move(_SCHEME, (session_held,), effects=(note_absence,)),
    (A.attended, A.dna): Move(
        _SCHEME,
        (session_held, was_expected),
        reasons=tuple(AttendanceCorrection),
        effects=(note_absence,),
    ),
    (A.attended, A.cancelled): Move(
        _SCHEME, (session_held,), reasons=CANCEL_REASONS, effects=(keep_reason, note_absence)
    ),
    (A.dna, A.attended): Move(_SCHEME, (session_held,), effects=(note_absence,)),
    (A.dna, A.cancelled): Move(
        _SCHEME, reasons=CANCEL_REASONS, effects=(keep_reason, note_absence)
    ),
}
SESSION = Lifecycle("sessions", "session", SessionStatus, MOVES)
PARTICIPATION = Lifecycle(
    "participations", "participation", ParticipationStatus, PARTICIPATION_MOVES, part_facts
)
