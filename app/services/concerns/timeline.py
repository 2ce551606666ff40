"""All that happened around a concern, in one order: the policy it was raised under, moves, acts,
steps, pages with every attempt and receipt, hand-overs, words, looks."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.audit import AuditAct, AuditEntry
from app.models.base import Output
from app.models.concerns import Addendum, Concern, TimelineKind
from app.models.deliveries import Delivery, DeliveryStatus
from app.models.escalation_policies import EscalationPolicy
from app.models.handovers import Handover, HandoverItem
from app.models.moves import History
from app.models.notifications import Notification
from app.models.tasks import Task
from app.scope import everything, visible
from app.services import lifecycle
from app.services.audit.search import touches
from app.visibility import shape

MOST_LOOKS = 500
K = TimelineKind
_LOOKS = (AuditAct.read, AuditAct.listed)
_CAME_OF_IT = {
    DeliveryStatus.sent.value: K.page_sent,
    DeliveryStatus.delivered.value: K.page_delivered,
    DeliveryStatus.failed.value: K.page_failed,
}
Entry = dict[str, Any]


async def shown(db: AsyncSession, actor: Actor, concern: Concern) -> list[Output]:
    """Oldest first. Who else looked a governor finds, as the audit shows it to them."""
    words = visible(Addendum, actor).where(col(Addendum.concern_id) == concern.id)
    entries = [
        *await _policy(db, concern),
        *_of_history(await lifecycle.history_of(db, concern)),
        *await _pages(db, concern),
        *await _handovers(db, concern),
        *(
            _entry(each.recorded_at, K.words_added, by=each.said_by)
            for each in await db.scalars(words)
        ),
        *await _looks(db, actor, concern),
    ]
    wanted = shape("concerns.timeline", actor.role)
    entries.sort(key=lambda each: (each["at"], list(K).index(each["kind"])))
    return [wanted.model_validate(each) for each in entries]


async def _policy(db: AsyncSession, concern: Concern) -> list[Entry]:
    """Which version it was raised under: its kind's, the one for every kind, or the site's file."""
    at = concern.raised_at
    then = everything(EscalationPolicy, concern.prison_id).where(
        or_(col(EscalationPolicy.kind) == concern.kind, col(EscalationPolicy.kind).is_(None)),
        col(EscalationPolicy.in_force_from) <= at,
        or_(
            col(EscalationPolicy.superseded_at).is_(None), col(EscalationPolicy.superseded_at) > at
        ),
    )
    rows = (await db.scalars(then.order_by(col(EscalationPolicy.kind).nulls_last()))).all()
    code = f"{rows[0].kind or 'every_kind'} {rows[0].number}" if rows else "site"
    return [_entry(at, K.raised_under, code)]


def _of_history(rows: Sequence[History]) -> Iterator[Entry]:
    for row in rows:
        moved = row.from_state != row.to_state
        code = row.to_state if moved else row.reason
        kind = K.moved if moved else K.done
        yield _entry(row.occurred_at, kind, code, by=row.actor_subject, role=row.actor_role)


async def _pages(db: AsyncSession, concern: Concern) -> list[Entry]:
    """Pages about it and about the tasks that came of it, each with what became of it on each
    channel, attempt by attempt."""
    here = concern.prison_id
    of_it = everything(Task, here).where(col(Task.thing_id) == concern.id)
    about = or_(
        col(Notification.concern_id) == concern.id,
        col(Notification.task_id).in_(of_it.with_only_columns(col(Task.id))),
    )
    pages = {
        each.id: each for each in await db.scalars(everything(Notification, here).where(about))
    }
    sent = everything(Delivery, here).where(col(Delivery.notification_id).in_(pages))
    deliveries = {each.id: each for each in await db.scalars(sent)}
    tries = everything(History, here).where(
        col(History.thing_id).in_(deliveries), col(History.to_state).in_(_CAME_OF_IT)
    )
    found = [entry for page in pages.values() for entry in _of_page(page)]
    for row in await db.scalars(tries):
        delivery = deliveries[row.thing_id]
        kind = _CAME_OF_IT[row.to_state]
        page = pages[_page_of(delivery)]
        code = row.reason if kind is K.page_failed else page.why
        found.append(_entry(row.occurred_at, kind, code, channel=delivery.channel, **_to(page)))
    return found


def _page_of(delivery: Delivery) -> UUID:
    assert delivery.notification_id is not None, "found by its page"
    return delivery.notification_id


def _of_page(page: Notification) -> Iterator[Entry]:
    yield _entry(page.recorded_at, K.paged, page.why, **_to(page))
    if page.read_at is not None:
        yield _entry(page.read_at, K.page_read, page.why, **_to(page))


def _to(page: Notification) -> Entry:
    return {"step": page.step, "staff_id": page.staff_id, "outside": page.staff_id is None}


async def _handovers(db: AsyncSession, concern: Concern) -> list[Entry]:
    """To whom it was offered at a change of duty, and whether they declined it. Who accepts it is
    in its own history."""
    items = everything(HandoverItem, concern.prison_id).where(
        col(HandoverItem.concern_id) == concern.id
    )
    found = (await db.scalars(items)).all()
    whole = everything(Handover, concern.prison_id).where(
        col(Handover.id).in_([each.handover_id for each in found])
    )
    of = {each.id: each for each in await db.scalars(whole)}
    entries = []
    for item in found:
        to: Entry = {"staff_id": of[item.handover_id].to_staff_id}
        entries.append(_entry(item.recorded_at, K.handed_over, "offered", **to))
        if item.declined_at is not None:
            entries.append(_entry(item.declined_at, K.handed_over, "declined", **to))
    return entries


async def _looks(db: AsyncSession, actor: Actor, concern: Concern) -> list[Entry]:
    looks = (
        visible(AuditEntry, actor)
        .where(
            touches(concern.id),
            col(AuditEntry.act).in_(_LOOKS),
            col(AuditEntry.subject).is_distinct_from(actor.subject),
        )
        .order_by(col(AuditEntry.recorded_at).desc())
        .limit(MOST_LOOKS)
    )
    return [
        _entry(each.recorded_at, K.looked_at, each.operation, by=each.subject, role=each.role)
        for each in await db.scalars(looks)
    ]


def _entry(
    at: datetime, kind: TimelineKind, code: str | None = None, *, by: str | None = None, **rest: Any
) -> Entry:
    blank = {"step": None, "role": None, "staff_id": None, "channel": None, "outside": False}
    return {"at": at, "kind": kind, "code": code, "subject": by, **blank, **rest}
