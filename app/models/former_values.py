"""Former values: what a row said before it was changed, kept in the transaction that changes it.

Codes, times, numbers and ids only: free text has versions of its own (`texts.py`), and what a
person is called or was born is not kept a second time. A state's moves are in its history.
"""

from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Enum, Index, LargeBinary, String, event, inspect
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE
from sqlalchemy.orm import Session as SyncSession
from sqlmodel import Field

from app import clock
from app.models.base import Scoped, choice
from app.models.prisons import Prison
from app.models.staff import Role

# What the sweeper and the database set for themselves, what the history tells, who somebody is.
NOT_KEPT = {
    "status", "version", "step", "next_step_at", "attempts", "during", "live",
    "identity_id", "date_of_birth",
}  # fmt: skip
# Pages have a history of every attempt; the others are the service's own paper.
UNKEPT_TABLES = {"notification", "outbox", "idempotency_key"}
# Short words without a story. Of a prison all of them: they are its scheme's settings.
KEPT_WORDS = {("person", "cell_location"), ("staff", "contact")}


class FormerValue(Scoped, table=True):
    """The values that columns of one row had until `recorded_at`, and who changed them.

    Appended, never changed: the application's role may not update it.
    """

    __tablename__ = "former_value"
    __table_args__ = (Index("ix_former_value_thing", "prison_id", "thing_id", "recorded_at", "id"),)

    noun: str = Field(max_length=40)
    thing_id: UUID
    former: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    subject: str | None = Field(default=None, max_length=200)
    role: Role | None = Field(default=None, sa_type=choice(Role, "role"))


def keeps(table: str, column: Column[Any]) -> bool:
    """Whether the former values of a column are kept."""
    if table in UNKEPT_TABLES or column.primary_key or column.name in NOT_KEPT:
        return False
    if isinstance(column.type, Enum):
        return True
    if isinstance(column.type, String):
        return table == Prison.__tablename__ or (table, column.name) in KEPT_WORDS
    return not isinstance(column.type, LargeBinary | TSTZRANGE)


@cache
def kept_columns(model: type[Any]) -> tuple[str, ...]:
    """The columns of a table whose former values are kept."""
    table = model.__table__
    return tuple(column.name for column in table.columns if keeps(table.name, column))


def spelt(value: Any) -> Any:
    """A value as PostgreSQL spells it in JSON."""
    if isinstance(value, datetime):
        return clock.spell(value)
    if isinstance(value, list):
        return [spelt(each) for each in value]
    return str(value) if isinstance(value, date | UUID) else value


@event.listens_for(SyncSession, "before_flush")
def _keep_former_values(session: SyncSession, *_: Any) -> None:
    """Keep what is about to be overwritten."""
    for row in list(session.dirty):
        if not isinstance(row, Scoped | Prison):
            continue
        state = inspect(row)
        former = {
            name: spelt(history.deleted[0])
            for name in kept_columns(type(row))
            if (history := state.attrs[name].history).deleted and history.added
        }
        if former:
            actor = getattr(session.info.get("trail"), "actor", None)
            session.add(
                FormerValue(
                    prison_id=row.id if isinstance(row, Prison) else row.prison_id,
                    noun=str(type(row).__tablename__),
                    thing_id=row.id if not isinstance(row, Prison) else PRISON,
                    former=former,
                    subject=actor.subject if actor else None,
                    role=actor.role if actor else None,
                )
            )


PRISON = UUID(int=0)
"""The `thing_id` of the prison itself, whose own id is three letters."""
