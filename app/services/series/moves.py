"""A series' life as a table of moves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.series import Series, SeriesStatus
from app.models.sessions import CancelReason, SessionStatus
from app.models.staff import Role
from app.services import lifecycle
from app.services.enrolments import close
from app.services.lifecycle import Context, Lifecycle, Move, Refusal
from app.services.sessions.meetings import meetings_of
from app.services.sessions.moves import PLANNED, SESSION

S = SeriesStatus
OPEN = frozenset({S.planned, S.running})
END_REASONS = ("mentor_unavailable", "no_room", "too_few", "replaced", "other")
_WORKERS = frozenset({Role.support_worker})


@dataclass(frozen=True, slots=True)
class Standing:
    """When the first of its meetings that count begins, and how many of them are still to come."""

    begins_at: datetime | None
    to_come: int


async def standing(db: AsyncSession, series: Series) -> Standing:
    meetings = [session for _, session in await meetings_of(db, series)]
    taking_place = [each for each in meetings if each.status is not SessionStatus.cancelled]
    return Standing(
        min((each.starts_at for each in taking_place), default=None),
        sum(each.status in PLANNED for each in meetings),
    )


def has_begun(context: Context) -> Refusal | None:
    begins_at = context.facts.begins_at
    if begins_at is not None and begins_at <= context.now:
        return None
    return Refusal("has_begun", "The first meeting has not begun.")


def nothing_to_come(context: Context) -> Refusal | None:
    left = context.facts.to_come
    return Refusal("nothing_to_come", f"{left} are still planned.") if left else None


async def cancel_the_rest(db: AsyncSession, context: Context) -> None:
    """Whatever is still planned of it is called off."""
    for _, session in await meetings_of(db, context.thing):
        if session.status in PLANNED:
            to, why = SessionStatus.cancelled, CancelReason.other
            await lifecycle.move(db, SESSION, session, to=to, actor=context.actor, reason=why)


MOVES = {
    (S.planned, S.running): Move(_WORKERS, (has_begun,)),
    (S.planned, S.ended): Move(_WORKERS, reasons=END_REASONS, effects=(cancel_the_rest, close)),
    (S.running, S.completed): Move(_WORKERS, (nothing_to_come,), effects=(close,)),
    (S.running, S.ended): Move(_WORKERS, reasons=END_REASONS, effects=(cancel_the_rest, close)),
}
SERIES = Lifecycle("series", "series", SeriesStatus, MOVES, standing)
