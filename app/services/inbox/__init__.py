"""The inbox: what waits for one person, in all their prisons together, in order of urgency.

It is made as the board is (`app/services/board`), of rules over rows that its reader may see
anyway, one statement a prison. Unlike the board it leaves nothing out that is due later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Self
from uuid import UUID

import orjson
from sqlalchemy import Text as SQLText
from sqlalchemy import Uuid, bindparam, case, func, tuple_

from app import clock
from app.access import Actor, standing
from app.db import Database
from app.models.base import TIMESTAMP, Output
from app.models.board import BoardBand
from app.models.staff import Role
from app.paging import Compiled, compiled, read_cursor, write_cursor
from app.services import board
from app.services.inbox.rules import RULES, TOLD_BACK_FOR
from app.services.reference import labels
from app.tokens import Claims
from app.visibility import shape

_BANDS = list(BoardBand)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an item stands in the order: what it is about, since when it is due, and so on until
    no two are alike."""

    band: int
    at: datetime
    rule: str
    prison_id: str
    row_id: UUID

    @classmethod
    def of(cls, prison_id: str, row: Mapping[str, Any]) -> Self:
        band = _BANDS.index(BoardBand(row["band"]))
        at = row["due_at"] or row["since"]
        return cls(band, at, row["rule"], prison_id, UUID(str(row["row_id"])))

    def cursor(self, bound: str) -> str:
        key = orjson.dumps([self.band, self.at.isoformat(), self.rule, self.prison_id]).decode()
        return write_cursor(bound, key, str(self.row_id))

    @classmethod
    def after(cls, cursor: str, bound: str) -> Self:
        """Raises Invalid for what is not one of this inbox's cursors."""
        key, row_id = read_cursor(cursor, bound)
        band, at, rule, prison_id = orjson.loads(key)
        return cls(band, datetime.fromisoformat(at), rule, prison_id, UUID(row_id))


@dataclass(frozen=True, slots=True)
class Item:
    """An item, as its reader is shown it in that prison."""

    place: Place
    actor: Actor
    thing_id: UUID
    shown: Output


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of the inbox: `actors` is who its reader is, in each prison that was asked."""

    items: Sequence[Item]
    next: str | None
    actors: Sequence[Actor]

    def things_in(self, prison_id: str) -> list[UUID]:
        """What is shown of a prison's: for its audit."""
        return [each.thing_id for each in self.items if each.place.prison_id == prison_id]


@lru_cache(maxsize=2 * len(Role))
def _statement(role: Role, further: bool) -> Compiled | None:
    """What waits for a role in one prison, in order; `further`: only after a place. None for a
    role for which nothing ever waits."""
    rules = board.rules_of(role, RULES)
    if not rules:
        return None
    found, shown = board.found_by(rules, role)
    bands = {band.value: number for number, band in enumerate(_BANDS)}
    prison: Any = bindparam("actor_prison", type_=SQLText)
    order = (
        case(bands, value=found.c.band),
        func.coalesce(found.c.due_at, found.c.since),
        found.c.rule.collate("C"),
        prison,
        found.c.row_id,
    )
    if further:
        kinds: list[tuple[str, Any]] = [
            ("after_at", TIMESTAMP),
            ("after_rule", SQLText),
            ("after_prison", SQLText),
            ("after_row", Uuid),
        ]
        given = [bindparam(name, type_=kind) for name, kind in kinds]
        shown = shown.where(tuple_(*order) > tuple_(bindparam("after_band"), *given))
    return compiled(shown.order_by(order[0], order[1], order[2], order[4]).limit(bindparam("most")))


async def read(db: Database, who: Claims, *, most: int, cursor: str | None) -> Inbox:
    """A page of what waits for the bearer. Raises Invalid for a cursor of somebody else's."""
    bound = f"inbox {who.subject}"
    after = Place.after(cursor, bound) if cursor is not None else None
    actors = [
        actor
        for prison_id in sorted(who.prisons)
        if (actor := await standing(db, prison_id, who)) is not None
    ]
    found = [each for actor in actors for each in await _of(db, actor, most + 1, after)]
    found.sort(key=attrgetter("place"))
    following = found[most - 1].place.cursor(bound) if len(found) > most else None
    return Inbox(found[:most], following, actors)


async def _of(db: Database, actor: Actor, most: int, after: Place | None) -> list[Item]:
    """The first items of one prison after a place."""
    statement = _statement(actor.role, after is not None)
    if statement is None:
        return []
    now = clock.now()
    values = {**actor.scope(), "actor_now": now, "most": most, "told_since": now - TOLD_BACK_FOR}
    if after is not None:
        values |= {"after_band": after.band, "after_at": after.at, "after_rule": after.rule}
        values |= {"after_prison": after.prison_id, "after_row": after.row_id}
    rows = await db.fetch(actor.prison_id, statement.sql, *statement.arguments(values))
    return [_item(actor, row) for row in rows]


def _item(actor: Actor, row: Mapping[str, Any]) -> Item:
    words = labels()
    why = words["board_rule"].get(row["rule"]) or words["inbox_rule"][row["rule"]]
    told = {**row, "why": why["label"], "prison_id": actor.prison_id}
    shown = shape("inbox.row", actor.role).model_validate(told)
    return Item(Place.of(actor.prison_id, row), actor, row["thing_id"], shown)
