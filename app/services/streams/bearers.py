"""Who holds a stream open, and whether they are still who they were: asked of many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from app import clock, standing
from app.access import Actor, prisoner_role
from app.db import Database
from app.models.staff import Role
from app.models.streams import StreamTicket


@dataclass(frozen=True, slots=True)
class Bearer:
    """What is kept of the token that a ticket was got with."""

    subject: str
    staff_id: UUID | None
    person_id: UUID | None
    token_id: str | None
    issued_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, ticket: StreamTicket) -> Self:
        return cls(
            ticket.subject,
            ticket.staff_id,
            ticket.bearer_person_id,
            ticket.token_id,
            ticket.token_issued_at,
            ticket.token_expires_at,
        )

    @property
    def token(self) -> tuple[object, ...]:
        return self.subject, self.person_id, self.token_id, self.issued_at


async def as_they_stand(
    db: Database, prison_id: str, bearers: Sequence[Bearer]
) -> list[Actor | None]:
    """Who each of them is in the prison at this moment; None for who is nobody there any more,
    or whose token was revoked or has expired."""
    found: dict[int, Actor] = {}
    for staff in (True, False):
        some = [each for each in bearers if (each.staff_id is not None) is staff]
        rows = await standing.of_many(db, prison_id, [each.token for each in some], staff=staff)
        for bearer, row in zip(some, rows, strict=True):
            if row["revoked"] or row["id"] is None or bearer.expires_at <= clock.real_now():
                continue
            found[id(bearer)] = _actor(prison_id, bearer, row)
    return [found.get(id(each)) for each in bearers]


def _actor(prison_id: str, bearer: Bearer, row: standing.Row) -> Actor:
    if bearer.staff_id is not None:
        return Actor(prison_id, bearer.subject, Role(row["role"]), staff_id=row["id"])
    role = prisoner_role(row["status"])
    return Actor(prison_id, bearer.subject, role, None, row["id"], row["mentor_id"])
