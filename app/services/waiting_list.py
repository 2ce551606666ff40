"""The waiting list: a fair order that everybody who runs it can see the reasons of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.base import Output
from app.models.mentees import Mentee, MenteeStatus
from app.models.people import Person
from app.models.prisons import Prison
from app.models.waiting_list import OrderReason, WaitingFor
from app.scope import visible
from app.visibility import shape

WAITING = (MenteeStatus.accepted, MenteeStatus.waiting, MenteeStatus.offered)


@dataclass(frozen=True, slots=True)
class Waiting:
    """All that the order and its reasons are decided on."""

    mentee_id: UUID
    display_name: str
    status: MenteeStatus
    safety_need: bool
    referred_at: datetime
    waiting_since: datetime | None
    said_yes: bool

    @property
    def order_reason(self) -> OrderReason:
        return OrderReason.safety_need if self.safety_need else OrderReason.referred_first

    @property
    def waiting_for(self) -> WaitingFor:
        """What comes next: the offer, their answer to it, or the mentor they said yes to."""
        if self.status is not MenteeStatus.offered:
            return WaitingFor.offer
        return WaitingFor.mentor if self.said_yes else WaitingFor.answer

    def waited(self, now: datetime) -> timedelta:
        return now - self.waiting_since if self.waiting_since is not None else timedelta()

    def over_alert(self, now: datetime, alert_days: int) -> bool:
        """Only while they wait for an offer: an offer has a time of its own."""
        still = self.status is MenteeStatus.waiting
        return still and self.waited(now) > timedelta(days=alert_days)


def in_order(everybody: Iterable[Waiting]) -> list[Waiting]:
    """Safety needs first; then whoever was referred first, however late it was entered."""
    return sorted(
        everybody, key=lambda each: (not each.safety_need, each.referred_at, each.mentee_id)
    )


async def load(db: AsyncSession, actor: Actor) -> list[Waiting]:
    """Everybody who waits, as far as this actor may see them; in order."""
    name = (
        select(col(Person.display_name))
        .where(
            col(Person.prison_id) == col(Mentee.prison_id),
            col(Person.id) == col(Mentee.person_id),
        )
        .scalar_subquery()
    )
    found = visible(Mentee, actor).where(col(Mentee.status).in_(WAITING)).add_columns(name)
    return in_order(
        Waiting(
            mentee.id,
            display_name,
            mentee.status,
            mentee.safety_need,
            mentee.referred_at,
            mentee.waiting_since,
            mentee.permission_to_share_at is not None,
        )
        for mentee, display_name in (await db.execute(found)).all()
    )


async def shown(db: AsyncSession, actor: Actor) -> list[Output]:
    """The list, from the first to the last."""
    now, alert_days = clock.now(), (await db.get_one(Prison, actor.prison_id)).waiting_alert_days
    row = shape("waiting_list", actor.role)
    return [
        row.model_validate(
            {
                "position": position,
                "mentee_id": each.mentee_id,
                "display_name": each.display_name,
                "status": each.status,
                "referred_at": each.referred_at,
                "since": each.waiting_since,
                "days_waiting": each.waited(now).days,
                "over_alert": each.over_alert(now, alert_days),
                "order_reason": each.order_reason,
                "waiting_for": each.waiting_for,
            }
        )
        for position, each in enumerate(await load(db, actor), 1)
    ]
