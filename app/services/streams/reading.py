"""What streams read of the database: events as they are committed, and who of many may see what
they are about. A fixed number of statements, however many streams there are.

A transaction that began earlier may commit later: neither times nor ids nor `xid` give the order of
commits. So what is new is asked by snapshots: whatever one shows and the one before did not. Nobody
waits for a slow writer, and no event of one is passed over.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Self
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

FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
EVENTS_A_READ = 500
_ONE_ARM = """
    SELECT id, xid, topic, thing_id, recorded_at FROM outbox
    WHERE prison_id = $1 AND {these} AND split_part(topic, '.', 1) = ANY($2)
      AND ($3::text IS NULL OR pg_visible_in_snapshot(xid::text::xid8, $3::text::pg_snapshot))
    ORDER BY xid, id LIMIT $4
"""
# What began after a snapshot, and what ran in it; as far as $3 shows it, else this statement's own
# snapshot. Each half walks the index from its own beginning.
_FOLLOWING = f"""
    SELECT s.until, e.id, e.xid, e.topic, e.thing_id, e.recorded_at
    FROM (SELECT coalesce($3::text, pg_current_snapshot()::text) AS until) s
    LEFT JOIN LATERAL (
        ({_ONE_ARM.format(these="(xid, id) > ($5, $6)")})
        UNION ALL
        ({_ONE_ARM.format(these="xid = ANY($7::bigint[]) AND (xid, id) > ($8, $9)")})
        ORDER BY xid, id LIMIT $4
    ) e ON true
"""  # noqa: S608 - of constants
# Of an actor, whatever differs between those of one role.
_OF_ONE = {
    "actor_staff": "me.staff_id",
    "actor_subject": "me.subject",
    "actor_person": "me.person_id",
    "actor_mentor": "me.mentor_id",
}


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an event stands in the order in which they are given."""

    xid: int
    event_id: UUID = FIRST


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was committed at an instant: whatever began before `xmin`, nothing from `xmax` on, and
    of those between all but the ones that were still running."""

    xmin: int
    xmax: int
    running: tuple[int, ...] = ()

    @classmethod
    def of(cls, told: str) -> Self:
        xmin, xmax, running = told.split(":")
        return cls(int(xmin), int(xmax), tuple(int(each) for each in running.split(",") if each))

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, self.running))}"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a stream was read: all that `since` shows; and of what `until` shows besides, where a
    read is under way, all up to `after`."""

    since: Snapshot
    after: Position = Position(0)
    until: Snapshot | None = None

    @classmethod
    def at(cls, position: Position) -> Self:
        """The place of who was given everything up to there."""
        return cls(Snapshot(position.xid, position.xid), position)


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

    def settled_in(self, snapshot: Snapshot) -> bool:
        """Whether everything before it had been committed or given up by then: it has a number,
        from which a stream can go on."""
        return self.xid < snapshot.xmin


async def following(
    db: Database, prison_id: str, place: Place, until: Snapshot | None
) -> tuple[list[Happened], Snapshot, Place]:
    """The next events after a place: at most so many, of those that `until` shows (None: what is
    committed now). Besides, the snapshot they are read in, and the place that was read to."""
    bound = place.until or until
    rows = await db.fetch(prison_id, _FOLLOWING, *_asked(prison_id, place, bound))
    read_in = bound or Snapshot.of(rows[0]["until"])
    found = [Happened(*row[1:]) for row in map(tuple, rows) if row[1] is not None]
    if len(found) < EVENTS_A_READ:
        return found, read_in, Place(read_in)
    return found, read_in, Place(place.since, found[-1].position, read_in)


def _asked(prison_id: str, place: Place, bound: Snapshot | None) -> tuple[object, ...]:
    """The arguments of `_FOLLOWING`."""
    since, after = place.since, place.after
    later = max(after, Position(since.xmax - 1, LAST))  # whatever began after
    return (
        *(prison_id, list(NOUNS), bound and str(bound), EVENTS_A_READ),
        *(later.xid, later.event_id, since.running, after.xid, after.event_id),
    )


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
