"""How fast somebody came who was asked for, by day and while the doors are locked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.models.base import Output
from app.models.contact_requests import (
    CONTACT_OPEN,
    ContactCount,
    ContactOffer,
    ContactRequest,
    ContactStatus,
    OfferAnswer,
    Waited,
)
from app.models.prisons import Prison
from app.scope import everything
from app.services import on_duty
from app.services.periods import Period, period_of
from app.visibility import shape

USUAL_PERIOD = timedelta(days=27)
S = ContactStatus


@dataclass(frozen=True, slots=True)
class Request:
    """One request as far as it is counted."""

    id: UUID
    status: ContactStatus
    asked_at: datetime
    accepted_at: datetime | None
    started_at: datetime | None


def counted(requests: Sequence[Request], answers: Iterable[OfferAnswer]) -> ContactCount:
    """What came of these requests and of the offers that were made for them."""
    of = Counter(each.status for each in requests)
    said = Counter(answers)
    return ContactCount(
        asked=len(requests),
        met=sum(each.started_at is not None for each in requests),
        withdrawn=of[S.withdrawn],
        unmet=of[S.unmet],
        open=sum(of[status] for status in CONTACT_OPEN),
        minutes_to_accept=waited((each.asked_at, each.accepted_at) for each in requests),
        minutes_to_meet=waited((each.asked_at, each.started_at) for each in requests),
        offers=said.total(),
        declined=said[OfferAnswer.declined],
        lapsed=said[OfferAnswer.lapsed],
    )


def waited(spans: Iterable[tuple[datetime, datetime | None]]) -> Waited:
    """Median and 90th percentile (nearest rank) of the minutes between, of those that ended."""
    minutes = sorted((end - start).total_seconds() / 60 for start, end in spans if end is not None)
    if not minutes:
        return Waited(counted=0, median=None, p90=None)
    rank = ceil(0.9 * len(minutes)) - 1
    return Waited(
        counted=len(minutes), median=round(median(minutes), 1), p90=round(minutes[rank], 1)
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """Of all requests, and of those made while the doors were open, and locked."""

    all: ContactCount
    unlocked: ContactCount
    locked_up: ContactCount


async def figures(db: AsyncSession, actor: Actor, since: date | None, until: date | None) -> Output:
    """The requests asked in a period of days, both included; the last 28 unless told. Raises
    Invalid."""
    prison_id = actor.prison_id
    period = period_of((await db.get_one(Prison, prison_id)).tz, since, until, USUAL_PERIOD)
    counts = await of_period(db, prison_id, period)
    return shape("contact_requests.figures", actor.role).model_validate(
        {
            "first_day": period.first,
            "last_day": period.last,
            "all": counts.all,
            "unlocked": counts.unlocked,
            "locked_up": counts.locked_up,
        }
    )


async def of_period(db: AsyncSession, prison_id: str, period: Period) -> Counts:
    """The requests asked in a period. Where nobody set a regime, doors count as locked."""
    asked = everything(ContactRequest, prison_id).where(
        col(ContactRequest.asked_at) >= period.since, col(ContactRequest.asked_at) < period.until
    )
    columns = (
        col(ContactRequest.id),
        col(ContactRequest.status),
        col(ContactRequest.asked_at),
        col(ContactRequest.accepted_at),
        col(ContactRequest.started_at),
    )
    requests = [Request(*row) for row in await db.execute(asked.with_only_columns(*columns))]
    offers = everything(ContactOffer, prison_id).where(
        col(ContactOffer.contact_request_id).in_(asked.with_only_columns(col(ContactRequest.id)))
    )
    pair = (col(ContactOffer.contact_request_id), col(ContactOffer.answer))
    answers: list[Any] = list(await db.execute(offers.with_only_columns(*pair)))
    doors = await on_duty.doors(db, prison_id, period.since, period.until)
    locked = {each.id for each in requests if doors.locked_up(each.asked_at) is not False}

    def part(ids: set[UUID]) -> ContactCount:
        rows = [each for each in requests if each.id in ids]
        return counted(rows, [answer for request_id, answer in answers if request_id in ids])

    everyone = {each.id for each in requests}
    return Counts(part(everyone), part(everyone - locked), part(locked))
