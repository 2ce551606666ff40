"""Telling webhooks: an event is taken, sent outside any transaction, and what came of it written.
A worker that dies with one leaves it to the next: at least once, under the same `webhook-id`."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.db import Database
from app.integrations.webhooks.sender import TIMEOUT_SECONDS, Outcome, Sender
from app.models.deliveries import DeliveryCode
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.models.webhooks import OF_SAFETY, Webhook, WebhookDelivery, WebhookTopic
from app.scope import everything
from app.services import tasks, webhooks
from app.services.webhooks.schedule import end_of, pause_after

log = structlog.get_logger(__name__)
AT_ONCE = 10
A_TURN = 50
MINE_FOR = timedelta(seconds=TIMEOUT_SECONDS + 5)
TRIES_KEPT = 50
LOOKED_AT_WITHIN = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Job:
    """An event taken to be sent."""

    delivery_id: UUID
    attempt: int
    url: str
    event_id: str
    body: bytes
    secrets: list[str]


def cloud_event(delivery: WebhookDelivery) -> bytes:
    """What is sent: a CloudEvent that says of which thing, and nothing of it."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": str(delivery.event_id),
            "source": f"/v1/prisons/{delivery.prison_id}",
            "type": f"wellwing.{delivery.topic}",
            "subject": str(delivery.thing_id),
            "time": clock.spell(delivery.happened_at),
            "datacontenttype": "application/json",
            "data": {"prison_id": delivery.prison_id, "thing_id": str(delivery.thing_id)},
        }
    )


async def turn(db: Database, prison_id: str, sender: Sender, most: int = A_TURN) -> int:
    """Send what waits in a prison, a handful at once. Answers how many."""
    tried = 0
    while tried < most:
        jobs = await claim(db, prison_id)
        if not jobs:
            break
        outcomes = await asyncio.gather(*(_attempt(sender, job) for job in jobs))
        for job, outcome in zip(jobs, outcomes, strict=True):
            await _settle(db, prison_id, job, outcome)
        tried += len(jobs)
    return tried


async def claim(db: Database, prison_id: str) -> list[Job]:
    """Take the events that wait longest. What is owed to a webhook that is not active is let go."""
    now = clock.real_now()
    waiting = (
        everything(WebhookDelivery, prison_id)
        .where(col(WebhookDelivery.next_attempt_at) <= now)
        .order_by(col(WebhookDelivery.next_attempt_at), col(WebhookDelivery.id))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    async with db.write(prison_id) as session:
        taken = (await session.scalars(waiting)).all()
        wanted = {each.webhook_id for each in taken}
        found = everything(Webhook, prison_id).where(col(Webhook.id).in_(wanted))
        to = {each.id: each for each in await session.scalars(found)}
        jobs = []
        for each in taken:
            webhook = to[each.webhook_id]
            each.next_attempt_at = now + MINE_FOR if webhook.active else None
            if webhook.active:
                each.attempts += 1
                body, signing = cloud_event(each), webhooks.secrets_of(webhook)
                event_id = str(each.event_id)
                jobs.append(Job(each.id, each.attempts, webhook.url, event_id, body, signing))
        return jobs


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
    while not stopping.is_set():
        tried = 0
        try:
            for prison_id in await db.prison_ids():
                tried += await turn(db, prison_id, sender)
        except Exception:
            log.exception("sending_failed")
        if not tried:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
