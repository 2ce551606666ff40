"""Revocations: who may end whose tokens. That they have ended is asked in `app/access.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.config import settings
from app.db import Database
from app.errors import Invalid
from app.models.clients import Client
from app.models.people import Person
from app.models.revocations import (
    Revocation,
    RevocationCreate,
    RevocationReason,
    SignedOut,
    SignOut,
    TokensOfMine,
)
from app.models.staff import Staff
from app.services import outbox
from app.tokens import Claims

OPERATOR = "operator"


async def create(db: AsyncSession, actor: Actor, body: RevocationCreate) -> Revocation:
    """Revoke the tokens of someone this prison knows, now or formerly. Raises Invalid for others:
    nobody is shut out by a prison that they have nothing to do with."""
    if not await _known(db, actor.prison_id, body):
        name = "subject" if body.person_id is None else "person_id"
        raise Invalid.field(name, "unknown", "there is nobody of that name here")
    made = revocation(body.reason, actor.subject, **body.model_dump(exclude={"reason"}))
    made.prison_id = actor.prison_id
    db.add(made)
    outbox.say(db, actor.prison_id, "token.revoked", made.id, reason=made.reason)
    await db.flush()
    return made


async def _known(db: AsyncSession, prison_id: str, body: RevocationCreate) -> bool:
    """Whether there is, or was, a row of staff, a client or a prisoner here."""
    staff = select(col(Staff.id)).where(
        col(Staff.prison_id) == prison_id, col(Staff.subject) == body.subject
    )
    client = select(col(Client.id)).where(
        col(Client.prison_id) == prison_id, col(Client.client_id) == body.subject
    )
    person = select(col(Person.id)).where(
        col(Person.prison_id) == prison_id, col(Person.id) == body.person_id
    )
    found = await db.execute(staff.union_all(client, person).limit(1))
    return found.first() is not None


def revocation(reason: RevocationReason, by: str, **of: Any) -> Revocation:
    """A revocation from now on, kept for as long as what it means may live: a
    token, or the secret of a calendar feed."""
    now = clock.real_now()
    alive = settings().longest_token if of.get("token_id") else settings().longest_secret
    return Revocation(
        **of,
        recorded_at=now,
        issued_until=None if of.get("token_id") else now,
        expires_at=now + alive,
        reason=reason,
        revoked_by=by,
    )


async def sign_out(db: AsyncSession, who: Claims, body: SignOut) -> SignedOut:
    """End the bearer's own tokens: this one, or all until now."""
    of = {"subject": who.subject}
    if body.tokens is TokensOfMine.this:
        if who.token_id is None:
            message = "your token has no id of its own (`jti`): end all of them"
            raise Invalid.field("tokens", "no_token_id", message)
        of["token_id"] = who.token_id
    made = revocation(RevocationReason.signed_out, who.subject, **of)
    db.add(made)
    await db.flush()
    return SignedOut(tokens=body.tokens, at=made.recorded_at)


async def forget(db: Database, now: datetime) -> int:
    """Delete what is of no use any more: no token that it means can be alive. Answers how many."""
    async with db.outside() as session:
        gone = delete(Revocation).where(col(Revocation.expires_at) < now)
        found = await session.execute(gone.returning(col(Revocation.id)))
        return len(found.all())
