"""ACCT pointers: that someone is on the prison's care plan, by its days and nothing else."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import Invalid
from app.models.acct_pointers import (
    AcctPointer,
    AcctPointerCreate,
    AcctPointerUpdate,
    AcctStatus,
)
from app.models.base import Output
from app.models.moves import MoveCreate
from app.models.people import Person
from app.models.prisons import Prison
from app.models.staff import Role
from app.scope import referred
from app.services import check_ins, lifecycle, outbox
from app.services.lifecycle import Context, Lifecycle, Move
from app.services.working_days import local_date
from app.visibility import shape

S = AcctStatus
CLOSE_REASONS = ("care_plan_completed", "opened_in_error")
END_REASONS = ("post_closure_completed", "opened_in_error")
REOPEN_REASONS = ("new_concern", "post_closure_review", "closed_in_error")


async def zone_of(db: AsyncSession, pointer: AcctPointer) -> ZoneInfo:
    """The prison's time, in whose days an ACCT is counted."""
    return (await db.get_one(Prison, pointer.prison_id)).tz


async def note_closure(db: AsyncSession, context: Context) -> None:
    """The care plan is closed; the days in which it can be opened again begin."""
    pointer: AcctPointer = context.thing
    pointer.closed_on = max(local_date(context.now, context.facts), pointer.opened_on)


async def forget_closure(db: AsyncSession, context: Context) -> None:
    context.thing.closed_on = None


async def review_pause(db: AsyncSession, context: Context) -> None:
    await check_ins.review_pause(db, context.thing.prison_id, context.thing.person_id)


async def forget_review(db: AsyncSession, context: Context) -> None:
    context.thing.next_review_on = None


def _move(**rest: Any) -> Move:
    return Move(frozenset({Role.clinician}), **rest)


MOVES = {
    (S.open, S.post_closure): _move(reasons=CLOSE_REASONS, effects=(note_closure,)),
    (S.post_closure, S.open): _move(reasons=REOPEN_REASONS, effects=(forget_closure, review_pause)),
    (S.post_closure, S.closed): _move(reasons=END_REASONS, effects=(forget_review,)),
}
ACCT_POINTER = Lifecycle("acct_pointers", "acct_pointer", AcctStatus, MOVES, zone_of)


async def create(db: AsyncSession, actor: Actor, body: AcctPointerCreate) -> AcctPointer:
    """Record that an ACCT was opened. A second one of a person is refused by the database."""
    await referred(db, Person, actor.prison_id, body.person_id, "person_id")
    pointer = AcctPointer(prison_id=actor.prison_id, **body.model_dump())
    _check_days(pointer, await zone_of(db, pointer))
    await lifecycle.begin(db, ACCT_POINTER, pointer, actor)
    await check_ins.review_pause(db, pointer.prison_id, pointer.person_id)
    return pointer


async def update(
    db: AsyncSession, actor: Actor, pointer: AcctPointer, body: AcctPointerUpdate
) -> None:
    """Correct the days of an ACCT."""
    zone = await zone_of(db, pointer)  # asked first: a query would flush days not checked yet
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(pointer, name, value)
    _check_days(pointer, zone)
    outbox.say(db, pointer.prison_id, "acct_pointer.updated", pointer.id)
    await db.flush()


async def move(db: AsyncSession, actor: Actor, pointer: AcctPointer, body: MoveCreate) -> None:
    """Close an ACCT, end what follows on it, or open it again. A note is refused: no text of an
    ACCT is held here."""
    if body.note is not None:
        message = "no text of an ACCT is held here: write it in the ACCT itself"
        raise Invalid.field("note", "no_text", message)
    await lifecycle.make(db, ACCT_POINTER, pointer, actor, body)


def _check_days(pointer: AcctPointer, zone: ZoneInfo) -> None:
    """Raises Invalid, naming the field, for days that cannot be."""
    if pointer.opened_on > local_date(clock.now(), zone):
        raise Invalid.field("opened_on", "in_the_future", "must not be in the future")
    if pointer.closed_on is not None and pointer.closed_on < pointer.opened_on:
        raise Invalid.field("opened_on", "after_closure", "must not be after the closure")
    if pointer.next_review_on is not None and pointer.next_review_on < pointer.opened_on:
        message = "must not be before the ACCT was opened"
        raise Invalid.field("next_review_on", "before_opening", message)


async def shown(db: AsyncSession, pointer: AcctPointer, actor: Actor) -> Output:
    """The pointer, with what this actor may do next."""
    moves = await lifecycle.options(db, ACCT_POINTER, pointer, actor)
    fields = {**pointer.model_dump(), "moves": moves}
    return shape("acct_pointers", actor.role).model_validate(fields)


async def history_shown(db: AsyncSession, pointer: AcctPointer, actor: Actor) -> list[Output]:
    """Every move made, oldest first: by its code, for there are no words."""
    return await lifecycle.history_shown(db, pointer, actor, "acct_pointers.history")
