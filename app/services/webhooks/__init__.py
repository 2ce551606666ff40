"""Webhooks: governors let other systems be told of events. Thin: which thing, and nothing of it."""

import base64
import hmac
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.concern_scope import for_machines
from app.config import settings
from app.errors import Invalid
from app.integrations.webhooks.sender import allowed
from app.models.base import new_id
from app.models.concerns import Concern
from app.models.outbox import Outbox
from app.models.tasks import TaskKind
from app.models.webhooks import (
    ReplayCreate,
    Webhook,
    WebhookCreate,
    WebhookDelivery,
    WebhookEnd,
    WebhookTopic,
    WebhookUpdate,
)
from app.scope import everything
from app.services import outbox, tasks

OLD_SECRET_COUNTS_FOR = timedelta(hours=24)
MOST_AGAIN = 5000


def secret_of(webhook: Webhook, number: int) -> str:
    """A secret in the spelling of Standard Webhooks. It is worked out of the service's key, and so
    is kept nowhere."""
    words = f"webhook:{webhook.prison_id}:{webhook.id}:{number}".encode()
    key = settings().secret_key.get_secret_value().encode()
    return "whsec_" + base64.b64encode(hmac.digest(key, words, "sha256")).decode()


def secrets_of(webhook: Webhook) -> list[str]:
    """Those that sign now, the newest first."""
    until, number = webhook.old_secret_until, webhook.secret_number
    old = [number - 1] if until is not None and clock.now() < until and number > 1 else []
    return [secret_of(webhook, each) for each in (number, *old)]


async def create(db: AsyncSession, actor: Actor, body: WebhookCreate) -> Webhook:
    """Let another system be told of events. Raises Invalid for an address that may not be."""
    _check_url(body.url)
    webhook = Webhook(id=new_id(), prison_id=actor.prison_id, **body.model_dump(mode="json"))
    db.add(webhook)
    outbox.say(db, webhook.prison_id, "webhook.added", webhook.id)
    await db.flush()
    return webhook


async def update(db: AsyncSession, actor: Actor, webhook: Webhook, body: WebhookUpdate) -> None:
    """Change a webhook. One that is let in again begins without its failures."""
    changes = body.model_dump(mode="json", exclude_unset=True)
    if body.url is not None:
        _check_url(body.url)
    for name, value in changes.items():
        setattr(webhook, name, value)
    if body.active is not None:
        webhook.ended_for = None if body.active else webhook.ended_for or WebhookEnd.by_hand
        webhook.failing_since = None
        await tasks.finish(db, webhook, TaskKind.webhook_failing, actor)
    outbox.say(db, webhook.prison_id, "webhook.updated", webhook.id)
    await db.flush()


async def rotate(db: AsyncSession, webhook: Webhook) -> str:
    """A new secret; the one before counts for another day, so that nothing is lost meanwhile."""
    webhook.secret_number += 1
    webhook.old_secret_until = clock.now() + OLD_SECRET_COUNTS_FOR
    outbox.say(db, webhook.prison_id, "webhook.secret_made", webhook.id)
    await db.flush()
    return secret_of(webhook, webhook.secret_number)


def _check_url(url: str) -> None:
    """What can be told before anything is resolved; the rest is looked at with each event."""
    try:
        where = urlsplit(url)
        host, plain = where.hostname or "", where.port is None or where.port > 0
    except ValueError:
        host, plain = "", False
    spelt = url.isascii() and " " not in url and len(host) <= 253
    if not (host and plain and spelt) or where.username or where.password or where.fragment:
        raise Invalid.field("url", "url", "must be an address with a host, and no name or password")
    literal = _literal(host)
    networks = settings().webhook_networks
    if where.scheme != "https" and not (
        where.scheme == "http" and literal and any(literal in each for each in networks)
    ):
        raise Invalid.field("url", "https", "must be https")
    if literal is not None and not allowed(host, networks):
        raise Invalid.field("url", "private", "must not be a private address")


def _literal(host: str) -> Any:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def fan_out(db: AsyncSession, prison_id: str, events: Sequence[UUID]) -> None:
    """Write for each of these events to whom it is to be told."""
    active = everything(Webhook, prison_id).where(col(Webhook.active))
    for webhook in (await db.scalars(active.order_by(col(Webhook.id)))).all():
        told = _told(webhook).where(col(Outbox.id).in_(events))
        found = (await db.execute(told)).all()
        if found:
            await db.execute(_deliveries(webhook, found).on_conflict_do_nothing())


def _told(webhook: Webhook) -> Any:
    """The events that a webhook is told of: of concerns only those that machines may count."""
    family = func.split_part(col(Outbox.topic), ".", 1)
    countable = select(col(Concern.id)).where(
        col(Concern.prison_id) == webhook.prison_id, for_machines()
    )
    return (
        select(col(Outbox.id), col(Outbox.topic), col(Outbox.thing_id), col(Outbox.recorded_at))
        .where(
            col(Outbox.prison_id) == webhook.prison_id,
            family.in_(webhook.topics),
            (family != WebhookTopic.concern) | col(Outbox.thing_id).in_(countable),
        )
        .order_by(col(Outbox.recorded_at), col(Outbox.id))
    )


def _deliveries(webhook: Webhook, events: Sequence[Any]) -> Any:
    now = clock.real_now()
    return insert(WebhookDelivery).values(
        [
            {
                "prison_id": webhook.prison_id,
                "id": new_id(),
                "recorded_at": clock.now(),
                "version": 1,
                "webhook_id": webhook.id,
                "event_id": event_id,
                "topic": topic,
                "thing_id": thing_id,
                "happened_at": happened_at,
                "attempts": 0,
                "next_attempt_at": now,
            }
            for event_id, topic, thing_id, happened_at in events
        ]
    )


async def replay(db: AsyncSession, webhook: Webhook, body: ReplayCreate) -> int:
    """Send again what happened between two times, under the ids it had. Raises Invalid for more
    than is sent at once, and for a webhook that is not active."""
    if not webhook.active:
        raise Invalid.field("since", "not_active", "the webhook is not active")
    between = _told(webhook).where(
        col(Outbox.recorded_at) >= body.since, col(Outbox.recorded_at) < body.until
    )
    found = (await db.execute(between.limit(MOST_AGAIN + 1))).all()
    if len(found) > MOST_AGAIN:
        message = f"at most {MOST_AGAIN} events are sent again at once"
        raise Invalid.field("until", "too_many", message)
    if found:
        anew = {"attempts": 0, "next_attempt_at": clock.real_now()}
        statement = _deliveries(webhook, found).on_conflict_do_update(
            constraint="uq_webhook_delivery_event", set_=anew
        )
        await db.execute(statement)
    outbox.say(db, webhook.prison_id, "webhook.replayed", webhook.id, events=len(found))
    return len(found)
