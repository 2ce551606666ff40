"""Shifts: accepted, given away, taken over, given out (here); what must hold for that
(`guards.py`), their life (`moves.py`), who is told that nobody has one (`alerts.py`), and what
comes by the clock or with a mentor's leaving (`passing.py`)."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.errors import FieldError, GuardsUnmet, Invalid, NotFound, NotOpen
from app.models.base import Output
from app.models.mentors import Mentor
from app.models.moves import MoveCreate, MoveOption
from app.models.shifts import Shift, ShiftGive, ShiftStatus, ShiftTake
from app.models.staff import Role
from app.rights import Permission
from app.scope import everything, referred
from app.services import lifecycle, outbox
from app.services.names import names
from app.services.shifts.guards import RULES, UNAVAILABLE, broken, load_facts
from app.services.shifts.moves import SHIFT
from app.visibility import shape

S = ShiftStatus


async def hold_mentors(db: AsyncSession, shift: Shift) -> None:
    """Keep the shift's mentor as they are until the commit: whoever leaves work is locked before
    their shifts, and everybody takes the two in that order."""
    mentor = everything(Mentor, shift.prison_id).where(col(Mentor.id) == shift.mentor_id)
    await db.execute(mentor.with_only_columns(col(Mentor.id)).with_for_update(read=True))


async def take_mentor(db: AsyncSession, prison_id: str, mentor_id: UUID) -> None:
    """Wait for everyone who plans with the mentor, sessions or shifts; until the commit."""
    key = f"{prison_id}:mentor:{mentor_id}"
    await db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


async def act(db: AsyncSession, actor: Actor, shift: Shift, body: MoveCreate) -> None:
    """The move a caller asked for: a mentor of their own shift, staff of anybody's."""
    if actor.family is Role.mentor and shift.mentor_id != actor.mentor_id:
        raise NotFound()
    if shift.mentor_id is not None:
        await take_mentor(db, shift.prison_id, shift.mentor_id)
    await lifecycle.make(db, SHIFT, shift, actor, body)


async def give(db: AsyncSession, actor: Actor, shift: Shift, body: ShiftGive) -> None:
    """Call somebody in for a shift that nobody has. Of one that has begun, whoever is called in
    comes at once: staff say that they do, and it is accepted."""
    if shift.status is not S.uncovered:
        raise NotOpen("The shift is not uncovered.")
    await referred(db, Mentor, actor.prison_id, body.mentor_id, "mentor_id")
    begun = shift.starts_at <= clock.now()
    await _hand_to(db, actor, shift, body.mentor_id, S.accepted if begun else S.published)


async def take(db: AsyncSession, actor: Actor, shift: Shift, body: ShiftTake) -> None:
    """Take over a shift that its mentor would like to give away; the giver is free of it then.
    Raises Invalid or NotOpen."""
    mentor_id = body.mentor_id or actor.mentor_id
    if actor.family is Role.mentor and mentor_id != actor.mentor_id:
        raise Invalid.field("mentor_id", "unknown", "there is no such mentor here")
    if mentor_id is None:
        raise Invalid.field("mentor_id", "missing", "say who takes it")
    await referred(db, Mentor, actor.prison_id, mentor_id, "mentor_id")
    if shift.status is not S.swap_requested or shift.mentor_id == mentor_id:
        raise NotOpen("The shift is not offered.")
    giver = shift.mentor_id
    await _hand_to(db, actor, shift, mentor_id, S.accepted)
    outbox.say(db, shift.prison_id, "shift.swapped", shift.id, given_by=giver, taken_by=mentor_id)


async def _hand_to(
    db: AsyncSession, actor: Actor, shift: Shift, mentor_id: UUID, to: ShiftStatus
) -> None:
    """Give the shift to another mentor, if they may have it as things stand now. Raises
    GuardsUnmet, naming the field."""
    await take_mentor(db, shift.prison_id, mentor_id)
    shift.mentor_id = mentor_id
    with db.no_autoflush:  # the constraint would say what the rules say, in fewer words
        codes = broken(await load_facts(db, shift))
    if codes:
        mine = actor.family is Role.mentor
        told = {UNAVAILABLE: UNAVAILABLE} if mine else {code: RULES[code][1] for code in codes}
        errors = [FieldError("mentor_id", code, detail) for code, detail in told.items()]
        raise GuardsUnmet(" ".join(told.values()), errors=errors)
    await lifecycle.move(db, SHIFT, shift, to=to, actor=actor)


async def shown(db: AsyncSession, shift: Shift, actor: Actor) -> Output:
    """The shift as this actor sees it, with what they may do next. Whoever looks at another's
    offer has no move of it: they take it over, or not."""
    moves: list[MoveOption] = []
    mine = shift.mentor_id is not None and shift.mentor_id == actor.mentor_id
    if actor.allowed(Permission.shift_write) and (mine or actor.family is not Role.mentor):
        moves = await lifecycle.options(db, SHIFT, shift, actor)
    known = await names(db, Mentor, shift.prison_id, [shift.mentor_id])
    name = known.get(shift.mentor_id) if shift.mentor_id else None
    fields: dict[str, Any] = {
        **shift.model_dump(), "moves": moves, "mine": mine, "mentor_name": name
    }  # fmt: skip
    return shape("shifts", actor.role).model_validate(fields)
