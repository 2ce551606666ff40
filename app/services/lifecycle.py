"""The one door through which anything changes state.

A lifecycle is a table of moves. `move` locks the row, runs the guards, sets the state, writes the
history row and the outbox row. A test forbids assigning `.status` anywhere else.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.access import Actor
from app.errors import (
    FieldError,
    GuardsUnmet,
    Invalid,
    MoveNotInTable,
    MoveNotYours,
)
from app.models.base import Disclosure, Output
from app.models.moves import (
    History,
    MoveCreate,
    MoveOption,
    MoveRefusal,
)
from app.models.staff import Role
from app.scope import everything
from app.services import outbox, texts
from app.visibility import shape


@dataclass(frozen=True, slots=True)
class Context:
    """What a guard decides on. `facts` were loaded beforehand by the lifecycle's loader."""

    thing: Any
    actor: Actor
    now: datetime
    facts: Any
    reason: str | None = None
    note: str | None = None
    came_from: StrEnum | None = None
    disclosure: Disclosure = Disclosure.ordinary


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a guard says no: a stable code, and what would satisfy it."""

    code: str
    detail: str


Guard = Callable[[Context], Refusal | None]
Effect = Callable[[AsyncSession, Context], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Move:
    """One move: whose it is, what must hold, the reasons it takes, what comes with it.

    With `reasons` one of them must be given. `offered=False` moves are made by the service as the
    consequence of another act (a concern acknowledged, say) and are not shown as choices.
    """

    by: frozenset[Role]
    guards: tuple[Guard, ...] = ()
    reasons: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    offered: bool = True

    def belongs_to(self, role: Role) -> bool:
        return role is Role.system or role in self.by or role.family in self.by


Moves = Mapping[tuple[Any, Any], Move]


async def _no_facts(db: AsyncSession, thing: Any) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A noun's states and moves. `topic` begins the names of its events; empty: none."""

    noun: str
    topic: str
    states: type[StrEnum]
    moves: Moves
    load_facts: Callable[[AsyncSession, Any], Awaitable[Any]] = field(default=_no_facts)


def _refusals(move: Move, context: Context) -> list[Refusal]:
    return [refusal for guard in move.guards if (refusal := guard(context)) is not None]


async def options(
    db: AsyncSession, lifecycle: Lifecycle, thing: Any, actor: Actor
) -> list[MoveOption]:
    """What this actor may do next with the thing, and what stands in the way of the rest."""
    mine = {
        to: move
        for (start, to), move in lifecycle.moves.items()
        if start == thing.status and move.offered and move.belongs_to(actor.role)
    }
    if not mine:
        return []
    facts = await lifecycle.load_facts(db, thing)
    context = Context(thing, actor, clock.now(), facts)
    return [
        MoveOption(
            to=to.value,
            allowed=not (found := _refusals(move, context)),
            reasons=list(move.reasons),
            refusals=[MoveRefusal(code=each.code, detail=each.detail) for each in found],
        )
        for to, move in mine.items()
    ]


def _target(lifecycle: Lifecycle, thing: Any, to: str) -> tuple[StrEnum, Move]:
    """The move's target state and the move. Raises Invalid or MoveNotInTable."""
    try:
        target = lifecycle.states(to)
    except ValueError:
        names = ", ".join(state.value for state in lifecycle.states)
        raise Invalid.field("to", "state", f"must be one of: {names}") from None
    move = lifecycle.moves.get((thing.status, target))
    if move is None:
        raise MoveNotInTable(
            f"From {thing.status} there is no move to {target}.", state=thing.status.value
        )
    return target, move


async def move(
    db: AsyncSession,
    lifecycle: Lifecycle,
    thing: Any,
    *,
    to: StrEnum | str,
    actor: Actor,
    reason: str | None = None,
    note: str | None = None,
    occurred_at: datetime | None = None,
    disclosure: Disclosure = Disclosure.ordinary,
) -> History:
    """Move `thing` to another state. All unmet guards are refused at once, each with its code."""
    await db.flush()  # refresh would drop what the caller has set on the row
    # others may refer to it meanwhile: who wrote a row that does would wait here for one another
    await db.refresh(thing, with_for_update={"key_share": True})
    target, chosen = _target(lifecycle, thing, str(to))
    if not chosen.belongs_to(actor.role):
        raise MoveNotYours()
    if chosen.reasons and reason not in chosen.reasons and actor.role is not Role.system:
        raise Invalid.field("reason", "reason", f"must be one of: {', '.join(chosen.reasons)}")
    now = clock.now()
    if occurred_at is not None:
        await _in_order(db, thing, occurred_at, now)
    facts = await lifecycle.load_facts(db, thing)
    when, came_from = occurred_at or now, thing.status
    context = Context(thing, actor, when, facts, reason, note, came_from, disclosure)
    if unmet := _refusals(chosen, context):
        raise GuardsUnmet(
            " ".join(refusal.detail for refusal in unmet),
            errors=[FieldError("to", refusal.code, refusal.detail) for refusal in unmet],
        )
    return await _pass(db, lifecycle, target, chosen, context)


async def _in_order(db: AsyncSession, thing: Any, occurred_at: datetime, now: datetime) -> None:
    """A move entered late lies between the move before it and now: clocks run from these times."""
    moves = [each for each in await history_of(db, thing) if each.from_state != each.to_state]
    earliest = max((each.occurred_at for each in moves), default=thing.recorded_at)
    if not earliest <= occurred_at <= now:
        message = "must not be in the future, nor before the move before it"
        raise Invalid.field("occurred_at", "in_order", message)


async def _pass(
    db: AsyncSession, lifecycle: Lifecycle, target: StrEnum, chosen: Move, context: Context
) -> History:
    """The door itself: the state, its history, its event, and what comes with it."""
    context.thing.status = target
    history = _record(db, lifecycle, context, target)
    for effect in chosen.effects:
        await effect(db, context)
    await db.flush()
    return history


async def mark(
    db: AsyncSession,
    lifecycle: Lifecycle,
    thing: Any,
    actor: Actor,
    event: str,
    *,
    note: str | None = None,
    occurred_at: datetime | None = None,
    disclosure: Disclosure | None = None,
) -> History:
    """Record something that happened to a thing without changing its state."""
    when, said = occurred_at or clock.now(), disclosure or Disclosure.ordinary
    context = Context(thing, actor, when, None, event, note, thing.status, said)
    return _record(db, lifecycle, context, thing.status, event=event)


async def begin(
    db: AsyncSession,
    lifecycle: Lifecycle,
    thing: Any,
    actor: Actor,
    *,
    occurred_at: datetime | None = None,
    note: str | None = None,
) -> History:
    """Add a new thing in its first state: the row, its first history entry, its event."""
    db.add(thing)
    await db.flush()
    context = Context(thing, actor, occurred_at or clock.now(), None, note=note)
    return _record(db, lifecycle, context, thing.status)


def _record(
    db: AsyncSession,
    lifecycle: Lifecycle,
    context: Context,
    target: StrEnum,
    *,
    event: str | None = None,
) -> History:
    thing, actor, came_from = context.thing, context.actor, context.came_from
    history = History(
        prison_id=thing.prison_id,
        noun=lifecycle.noun,
        thing_id=thing.id,
        from_state=came_from.value if came_from else None,
        to_state=target.value,
        reason=context.reason,
        note=context.note,
        disclosure=context.disclosure,
        actor_subject=actor.subject,
        actor_role=actor.role,
        occurred_at=context.now,
    )
    db.add(history)
    if not lifecycle.topic:
        return history
    outbox.say(
        db,
        thing.prison_id,
        f"{lifecycle.topic}.{event or target.value}",
        thing.id,
        from_state=came_from.value if came_from else "",
    )
    return history


async def make(
    db: AsyncSession, lifecycle: Lifecycle, thing: Any, actor: Actor, body: MoveCreate
) -> History:
    """The move a caller asked for over HTTP. What comes only of another act is not asked for."""
    target, chosen = _target(lifecycle, thing, body.to)
    if not chosen.offered:
        raise MoveNotInTable(f"{target} comes of another act, not of a move.")
    if body.reason is not None and not chosen.reasons:
        raise Invalid.field("reason", "reason", "must be absent: this move takes none")
    texts.check_choice(actor, body.disclosure)
    return await move(
        db,
        lifecycle,
        thing,
        to=body.to,
        actor=actor,
        reason=body.reason,
        note=body.note,
        occurred_at=body.occurred_at,
        disclosure=body.disclosure,
    )


async def history_of(db: AsyncSession, thing: Any) -> list[History]:
    """Every move of a thing, oldest first."""
    found = everything(History, thing.prison_id).where(History.thing_id == thing.id)
    rows = await db.execute(found.order_by(History.recorded_at, History.id))  # type: ignore[arg-type]
    return list(rows.scalars())


async def history_shown(db: AsyncSession, thing: Any, actor: Actor, resource: str) -> list[Output]:
    """The history as this actor may read it: `resource` is its name in the visibility matrix."""
    found = shape(resource, actor.role)
    return [found.model_validate(row) for row in await history_of(db, thing)]
