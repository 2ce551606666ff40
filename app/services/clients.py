"""Clients: machines let in by governors. What would carry people out of the scheme by name takes
two persons: one asks, another confirms."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor
from app.errors import Conflicting, SecondPersonNeeded
from app.models.clients import TWO_PERSON, Client, ClientCreate, ClientScope, ClientUpdate
from app.services import outbox


async def create(db: AsyncSession, actor: Actor, body: ClientCreate) -> Client:
    """Let a client in. One that is there already is refused by the database."""
    client = Client(
        prison_id=actor.prison_id,
        client_id=body.client_id,
        name=body.name,
        scopes=[],
        pending_scopes=[],
    )
    _ask(client, actor, body.scopes)
    db.add(client)
    outbox.say(db, client.prison_id, "client.added", client.id)
    await db.flush()
    return client


async def update(db: AsyncSession, actor: Actor, client: Client, body: ClientUpdate) -> None:
    """Change a client. Scopes taken away are gone at once."""
    changes = body.model_dump(exclude_unset=True)
    if body.scopes is not None:
        _ask(client, actor, body.scopes)
    for name in changes.keys() - {"scopes"}:
        setattr(client, name, changes[name])
    outbox.say(db, client.prison_id, "client.updated", client.id, active=str(client.active).lower())
    await db.flush()


async def confirm(db: AsyncSession, actor: Actor, client: Client) -> None:
    """Put the scopes in force that somebody else has asked for."""
    if not client.pending_scopes:
        raise Conflicting("Nothing waits for a second person here.")
    if client.asked_by == actor.subject:
        raise SecondPersonNeeded("Someone other than who asked must confirm this.")
    client.scopes = _ordered({*client.scopes, *client.pending_scopes})
    client.pending_scopes, client.asked_by = [], None
    outbox.say(db, client.prison_id, "client.confirmed", client.id)
    await db.flush()


def _ask(client: Client, actor: Actor, wanted: Collection[str]) -> None:
    """Set the scopes: in force at once, but for those new ones that a second person confirms."""
    pending = {scope for scope in wanted if scope in TWO_PERSON and scope not in client.scopes}
    if not pending:
        client.asked_by = None
    elif pending - set(client.pending_scopes):
        client.asked_by = actor.subject
    client.scopes = _ordered(set(wanted) - pending)
    client.pending_scopes = _ordered(pending)


def _ordered(scopes: Collection[str]) -> list[str]:
    return [scope.value for scope in ClientScope if scope in scopes]
