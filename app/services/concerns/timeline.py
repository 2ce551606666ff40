"""All that happened around a concern, in one order: moves, acts, steps, pages, words, looks."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.audit import AuditAct, AuditEntry
from app.models.base import Output
from app.models.concerns import Addendum, Concern, TimelineKind
from app.models.moves import History
from app.models.notifications import Notification
from app.scope import everything, visible
from app.services import lifecycle
from app.services.audit.search import touches
from app.visibility import shape

MOST_LOOKS = 500
K = TimelineKind
_LOOKS = (AuditAct.read, AuditAct.listed)


async def shown(db: AsyncSession, actor: Actor, concern: Concern) -> list[Output]:
    """Oldest first. Who else looked a governor finds, as the audit shows it to them."""
    pages = everything(Notification, concern.prison_id).where(
        col(Notification.concern_id) == concern.id
    )
    words = visible(Addendum, actor).where(col(Addendum.concern_id) == concern.id)
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
    entries = [
        *_of_history(await lifecycle.history_of(db, concern)),
        *_of_pages((await db.scalars(pages)).all()),
        *(
            _entry(each.recorded_at, K.words_added, by=each.said_by)
            for each in await db.scalars(words)
        ),
        *(
            _entry(each.recorded_at, K.looked_at, each.operation, by=each.subject, role=each.role)
            for each in await db.scalars(looks)
        ),
    ]
    wanted = shape("concerns.timeline", actor.role)
    entries.sort(key=lambda each: (each["at"], list(K).index(each["kind"])))
    return [wanted.model_validate(each) for each in entries]


def _of_history(rows: Sequence[History]) -> Iterator[dict[str, Any]]:
    for row in rows:
        moved = row.from_state != row.to_state
        code = row.to_state if moved else row.reason
        kind = K.moved if moved else K.done
        yield _entry(row.occurred_at, kind, code, by=row.actor_subject, role=row.actor_role)


def _of_pages(rows: Sequence[Notification]) -> Iterator[dict[str, Any]]:
    for page in rows:
        to: dict[str, Any] = {
            "step": page.step,
            "staff_id": page.staff_id,
            "outside": page.staff_id is None,
        }
        yield _entry(page.recorded_at, K.paged, page.why, **to)
        if page.sent_at is not None:
            yield _entry(page.sent_at, K.page_sent, page.why, **to)
        if page.read_at is not None:
            yield _entry(page.read_at, K.page_read, page.why, **to)


def _entry(
    at: datetime, kind: TimelineKind, code: str | None = None, *, by: str | None = None, **rest: Any
) -> dict[str, Any]:
    blank = {"step": None, "role": None, "staff_id": None, "outside": False}
    return {"at": at, "kind": kind, "code": code, "subject": by, **blank, **rest}
