"""What streams read of the database: events in the order of their commits, and who of many may see
what they are about. A fixed number of statements, however many streams there are.

A transaction that began earlier may commit later: neither times nor ids give the order of commits.
So an event is read once every transaction that began before its own has ended: its `xid` is below
the snapshot's xmin. No slow writer's event is passed over.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam
from sqlmodel import SQLModel, col

from app import clock
from app.access import Actor
from app.db import Database
from app.models.staff import Role
from app.paging import Compiled, compiled
from app.scope import narrowed
from app.services.streams.topics import NOUNS

FIRST = UUID(int=0)
EVENTS_A_READ = 500
_BOUND = """
    SELECT b.xmin, EXISTS (
        SELECT FROM outbox WHERE prison_id = $1 AND xid >= b.xmin
          AND split_part(topic, '.', 1) = ANY($2)
    ) AS more
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin) b
"""
_AFTER = """
    SELECT id, xid, topic, thing_id, recorded_at FROM outbox
    WHERE prison_id = $1 AND (xid, id) > ($2, $3) AND xid < $4
      AND split_part(topic, '.', 1) = ANY($5)
    ORDER BY xid, id LIMIT $6
"""
_AHEAD = """
    SELECT id, xid, topic, thing_id, recorded_at FROM outbox
    WHERE prison_id = $1 AND xid >= $2 AND split_part(topic, '.', 1) = ANY($3)
      AND id <> ALL($4::uuid[])
    ORDER BY xid, id LIMIT $5
"""
# Of an actor, whatever differs between those of one role.
_OF_ONE = {
    "actor_staff": "me.staff_id",
    "actor_subject": "me.subject",
    "actor_person": "me.person_id",
    "actor_mentor": "me.mentor_id",
}


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a stream has been read: every event up to this one, in the order of commits."""

    xid: int
    event_id: UUID = FIRST


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the outbox."""

    id: UUID
    xid: int
    topic: str
    thing_id: UUID
    recorded_at: datetime

    @property
    def position(self) -> Position:
        return Position(self.xid, self.id)


async def bound(db: Database, prison_id: str) -> tuple[Position, bool]:
    """How far may be read now, and whether there is already more that still waits for a slower
    writer."""
    row = await db.fetchrow(prison_id, _BOUND, prison_id, list(NOUNS))
    assert row is not None
    return Position(row["xmin"]), row["more"]


async def after(
    db: Database, prison_id: str, position: Position, until: Position
) -> tuple[list[Happened], Position]:
    """The next events after a position, and the position that has been read to."""
    rows = await db.fetch(
        prison_id,
        _AFTER,
        *(prison_id, position.xid, position.event_id, until.xid, list(NOUNS), EVENTS_A_READ),
    )
    found = [Happened(**row) for row in rows]
    return found, found[-1].position if len(found) == EVENTS_A_READ else until


async def ahead(
    db: Database, prison_id: str, until: Position, besides: Collection[UUID]
) -> list[Happened]:
    """Events that are committed already, while one that began before them is not."""
    values = (until.xid, list(NOUNS), list(besides), EVENTS_A_READ)
    return [Happened(**row) for row in await db.fetch(prison_id, _AHEAD, prison_id, *values)]


async def visible_to(
    db: Database, model: type[SQLModel], actors: Sequence[Actor], ids: Collection[UUID]
) -> list[set[UUID]]:
    """Which of these rows each of the actors may see at this moment. They are of one role and one
    prison: it is `scope.visible` for all of them in one statement."""
    first = actors[0]
    sql, statement = _for_many(model, first.role)
    values: Mapping[str, object] = {
        "actor_prison": first.prison_id,
        "actor_now": clock.now(),
        "things": list(ids),
    }
    rows = await db.fetch(
        first.prison_id,
        sql,
        *statement.arguments(values),
        [each.staff_id for each in actors],
        [each.subject for each in actors],
        [each.person_id for each in actors],
        [each.mentor_id for each in actors],
    )
    found: list[set[UUID]] = [set() for _ in actors]
    for row in rows:
        found[row["number"] - 1].add(row["id"])
    return found


@lru_cache(maxsize=64)
def _for_many(model: type[SQLModel], role: Role) -> tuple[str, Compiled]:
    """The role's narrowed select with the actor's own values taken from a list of actors."""
    row_id = col(model.id)  # type: ignore[attr-defined]
    things = bindparam("things", type_=ARRAY(Uuid))
    one = compiled(narrowed(model, role).where(row_id == any_(things)).with_only_columns(row_id))
    kept = [name for name in one.names if name not in _OF_ONE]

    def placed(found: re.Match[str]) -> str:
        name = one.names[int(found[1]) - 1]
        return _OF_ONE.get(name) or f"${kept.index(name) + 1}"

    narrow = re.sub(r"\$(\d+)", placed, one.sql)
    lists = ("uuid[]", "text[]", "uuid[]", "uuid[]")
    given = ", ".join(f"${len(kept) + n}::{kind}" for n, kind in enumerate(lists, 1))
    names = "staff_id, subject, person_id, mentor_id, number"
    sql = (
        f"SELECT me.number, seen.id FROM unnest({given}) WITH ORDINALITY AS me({names})"  # noqa: S608
        f" CROSS JOIN LATERAL ({narrow}) AS seen"
    )
    return sql, Compiled(sql, tuple(kept), one.literals, one.processors)
