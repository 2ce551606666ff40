"""Telling webhooks: an event is taken, sent outside any transaction, and what came of it written.
A worker that dies with one leaves it to the next: at least once, under the same `webhook-id`."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.db import Database
from app.integrations.webhooks.sender import TIMEOUT_SECONDS, Outcome, Sender
from app.models.deliveries import DeliveryCode
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.models.webhooks import (
    OF_SAFETY,
    CloudEvent,
    CloudEventData,
    Webhook,
    WebhookDelivery,
    WebhookTopic,
)
from app.scope import everything
from app.services import tasks, webhooks
from app.services.webhooks.schedule import end_of, pause_after
from app.slots import Slots, keep_sending

log = structlog.get_logger(__name__)
AT_ONCE = 20
TO_ONE = 4  # webhook; a turn may begin with as many again
WRITING_AT_ONCE = 3
A_TURN = 50
MINE_FOR = timedelta(seconds=TIMEOUT_SECONDS + 5)
TRIES_KEPT = 50
LOOKED_AT_WITHIN = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Job:
    """An event taken to be sent."""

    delivery_id: UUID
    webhook_id: UUID
    attempt: int
    url: str
    event_id: str
    body: bytes
    secrets: list[str]


def cloud_event(delivery: WebhookDelivery) -> bytes:
    """What is sent: a CloudEvent that says of which thing, and nothing of it."""
    return (
        CloudEvent(
            id=delivery.event_id,
            source=f"/v1/prisons/{delivery.prison_id}",
            type=f"wellwing.{delivery.topic}",
            subject=delivery.thing_id,
            time=delivery.happened_at,
            data=CloudEventData(prison_id=delivery.prison_id, thing_id=delivery.thing_id),
        )
        .model_dump_json()
        .encode()
    )


async def turn(db: Database, prison_id: str, sender: Sender, most: int = A_TURN) -> int:
    """Send what waits in a prison. Answers how many."""
    telling, tried = Telling(db, sender), 0
    try:
        while tried < most and (begun := await telling.begin(prison_id)):
            tried += begun
            await telling.slots.all_free()
    finally:
        await telling.slots.end()
    return tried


class Telling:
    """What one worker has on its way to webhooks. One that hangs keeps no other waiting."""

    def __init__(self, db: Database, sender: Sender) -> None:
        self.slots = Slots(AT_ONCE, of_one=TO_ONE)
        self._db, self._sender = db, sender
        self._writing = asyncio.Semaphore(WRITING_AT_ONCE)

    async def begin(self, prison_id: str) -> int:
        """Begin with what waits in a prison, as far as there is room. Answers how many."""
        full = {each for each, held in self.slots.held.items() if held >= TO_ONE}
        left = self.slots.room(None)
        jobs = await claim(self._db, prison_id, min(left, TO_ONE), full) if left else []
        for job in jobs:
            self.slots.begin(job.webhook_id, self._send(prison_id, job))
        return len(jobs)

    async def _send(self, prison_id: str, job: Job) -> None:
        try:
            outcome = await _attempt(self._sender, job)
            async with self._writing:
                await _settle(self._db, prison_id, job, outcome)
        except Exception:
            log.exception("sending_failed", prison_id=prison_id, id=str(job.delivery_id))


async def claim(
    db: Database, prison_id: str, most: int = AT_ONCE, besides: Collection[UUID] = ()
) -> list[Job]:
    """Take the events that wait longest, besides those to some. What is owed to a webhook that is
    not active is let go."""
    now = clock.real_now()
    waiting = (
        everything(WebhookDelivery, prison_id)
        .where(
            col(WebhookDelivery.next_attempt_at) <= now,
            col(WebhookDelivery.webhook_id).not_in(besides),
        )
        .order_by(col(WebhookDelivery.next_attempt_at), col(WebhookDelivery.id))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    async with db.write(prison_id) as session:
        taken = (await session.scalars(waiting)).all()
        found = everything(Webhook, prison_id).where(
            col(Webhook.id).in_({each.webhook_id for each in taken})
        )
        to = {each.id: each for each in await session.scalars(found)}
        return [_job(each, to[each.webhook_id], now) for each in taken if _still(each, to)]


def _still(delivery: WebhookDelivery, to: Mapping[UUID, Webhook]) -> bool:
    """Whether it is still to be sent; else it is let go."""
    if to[delivery.webhook_id].active:
        return True
    delivery.next_attempt_at = None
    return False


def _job(delivery: WebhookDelivery, webhook: Webhook, now: datetime) -> Job:
    delivery.attempts += 1
    delivery.next_attempt_at = now + MINE_FOR
    return Job(
        delivery.id,
        webhook.id,
        delivery.attempts,
        webhook.url,
        str(delivery.event_id),
        cloud_event(delivery),
        webhooks.secrets_of(webhook),
    )


async def _attempt(sender: Sender, job: Job) -> Outcome:
    try:
        return await sender.send(job.url, job.event_id, job.body, job.secrets)
    except Exception:
        log.exception("channel_failed", id=str(job.delivery_id))
        return Outcome(None, DeliveryCode.broken)


async def _settle(db: Database, prison_id: str, job: Job, outcome: Outcome) -> None:
    async with db.write(prison_id) as session:
        found = everything(WebhookDelivery, prison_id)
        mine = found.where(col(WebhookDelivery.id) == job.delivery_id).with_for_update()
        delivery = (await session.scalars(mine)).one()
        known = everything(Webhook, prison_id).where(col(Webhook.id) == delivery.webhook_id)
        webhook = (await session.scalars(known.with_for_update())).one()
        told = {"at": clock.spell(clock.real_now()), "status": outcome.status}
        delivery.tries = [*delivery.tries, {**told, "code": outcome.code}][-TRIES_KEPT:]
        if outcome.taken:
            delivery.delivered_at, delivery.next_attempt_at = clock.now(), None
            webhook.failing_since = None
            return
        if delivery.attempts != job.attempt:  # another worker has it since, or it is sent anew
            return
        pause = pause_after(job.attempt, outcome)
        delivery.next_attempt_at = clock.real_now() + pause if pause is not None else None
        webhook.failing_since = webhook.failing_since or clock.now()
        ends = end_of(outcome, webhook.failing_since, clock.now())
        of_safety = bool(OF_SAFETY & {WebhookTopic(each) for each in webhook.topics})
        if ends is not None and not of_safety:
            webhook.active, webhook.ended_for = False, ends
        if of_safety and (ends is not None or pause is None):
            await _tell_a_person(session, webhook)
    log.warning("webhook_failed", prison_id=prison_id, id=str(job.delivery_id), why=outcome.code)


async def _tell_a_person(session: AsyncSession, webhook: Webhook) -> None:
    """One who is to hear of concerns hears nothing: governors are told, once until it is done."""
    kind = TaskKind.webhook_failing
    if not await tasks.open_of(session, webhook, kind):
        role, within = StaffRole.governor, LOOKED_AT_WITHIN
        await tasks.open_task(
            session,
            webhook.prison_id,
            kind,
            thing=webhook,
            for_role=role,
            due_in=within,
            told_at_once=True,
        )


async def serve(db: Database, sender: Sender, stopping: asyncio.Event, pause: float) -> None:
    """Tell webhooks, prison by prison, until told to stop."""
    await keep_sending(Telling(db, sender), db.prison_ids, stopping, pause)
