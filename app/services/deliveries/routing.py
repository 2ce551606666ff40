"""On which addresses a page goes out, and not before when. Pure decisions.

There is a floor that nobody can switch off: `now` uses every address that is proven, and what is
about somebody's safety at least one, by day and by night, and where that fails all others. Only
ordinary pages follow a person's wishes, and only they go by post.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from uuid import UUID

from app.models.addresses import Address, AddressKind, ChannelKind
from app.models.deliveries import DeliveryStatus
from app.models.notifications import NotificationStatus, Urgency
from app.services.working_days import Zone, at_wall, local_date

E_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
TELEPHONE = re.compile(r"\+?[0-9]{8,15}")
POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}", re.IGNORECASE)
_BETWEEN_DIGITS = re.compile(r"[ ().-]")
# +44 (0)7700: dialled from within the country alone.
_AT_HOME_ONLY = re.compile(r"^(\+[0-9]+ ?)\(0\)")


class Rank(IntEnum):
    """Which page goes first where several wait: a concern for now, other concerns, what else is
    about somebody's safety, the rest."""

    now = 0
    concern = 1
    safety = 2
    ordinary = 3


def rank_of(urgency: Urgency, *, of_concern: bool) -> Rank:
    """The rank of a page."""
    if urgency is Urgency.now:
        return Rank.now
    if of_concern:
        return Rank.concern
    return Rank.safety if urgency is Urgency.safety else Rank.ordinary


@dataclass(frozen=True, slots=True)
class Route:
    """One way for one page. Without `address_id`: the page's own address, outside the prison."""

    channel: ChannelKind
    address_id: UUID | None
    not_before: datetime | None = None


def to_staff(
    urgency: Urgency,
    addresses: Sequence[Address],
    channels: Collection[ChannelKind],
    now: datetime,
    zone: Zone,
) -> list[Route]:
    """The ways to one of the staff. `addresses`: those proven and not ended. `channels`: what the
    site has. None is left: the log alone has the page, and the person's own list of pages."""
    if urgency is Urgency.ordinary:
        return [
            Route(each.kind.channel, each.id, _own_day(each, now, zone))
            for each in addresses
            if each.ordinary and each.kind.channel in channels
        ]
    quick = _quick(addresses, channels)
    wished = [each for each in quick if each.safety or urgency is Urgency.now]
    return [Route(each.kind.channel, each.id) for each in wished or quick]


def others(
    urgency: Urgency,
    addresses: Sequence[Address],
    channels: Collection[ChannelKind],
    tried: Collection[UUID | None],
) -> list[Route]:
    """What is left where every way that a page went has failed: for what is about somebody's
    safety all their other addresses at once, whatever was wished."""
    ways = [] if urgency is Urgency.ordinary else _quick(addresses, channels)
    return [Route(each.kind.channel, each.id) for each in ways if each.id not in tried]


def _quick(addresses: Sequence[Address], channels: Collection[ChannelKind]) -> list[Address]:
    """Those on a channel of the site that a page is not days on its way to."""
    usable = [each for each in addresses if each.kind.channel in channels]
    return [each for each in usable if each.kind is not AddressKind.letter]


def _own_day(address: Address, now: datetime, zone: Zone) -> datetime | None:
    return begins(address.ordinary_from, address.ordinary_until, now, zone)


def to_outside(address: str, channels: Collection[ChannelKind]) -> list[Route]:
    """The way to an address outside the prison, by what it looks like."""
    kind = looks_like(address)
    return [Route(kind.channel, None)] if kind and kind.channel in channels else []


def looks_like(address: str) -> AddressKind | None:
    """What an address is; None for one that only a person can use, such as an extension."""
    if E_MAIL.fullmatch(address):
        return AddressKind.email
    return AddressKind.sms if TELEPHONE.fullmatch(digits(address)) else None


def lines_of(address: str) -> str | None:
    """A postal address as it is kept: its lines parted by commas. None for one that is none."""
    lines = [" ".join(each.split()) for each in address.split(",")]
    if not (3 <= len(lines) <= 7 and all(lines)):
        return None
    return ", ".join(lines) if POSTCODE.fullmatch(lines[-1]) else None


def digits(number: str) -> str:
    """A telephone number without what people write between its digits."""
    return _BETWEEN_DIGITS.sub("", _AT_HOME_ONLY.sub(r"\1", number))


def begins(
    day_begins: time | None, day_ends: time | None, now: datetime, zone: Zone
) -> datetime | None:
    """When somebody's own day next begins on the prison's wall; None while it lasts, or without."""
    if day_begins is None or day_ends is None:
        return None
    today = local_date(now, zone)
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        start = at_wall(day, day_begins, zone)
        past_midnight = timedelta(days=1 if day_ends < day_begins else 0)
        if now < at_wall(day + past_midnight, day_ends, zone):
            return None if start <= now else start
    raise AssertionError("tomorrow's day ends after now")


def verdict(
    states: Collection[tuple[ChannelKind, DeliveryStatus]],
) -> NotificationStatus:
    """What a page has come to, by what its deliveries have. The log reaches nobody by itself: it
    counts only where there is nothing else."""
    real = [status for channel, status in states if channel is not ChannelKind.log]
    counting = set(real or [status for _, status in states])
    for reached in (DeliveryStatus.delivered, DeliveryStatus.sent, DeliveryStatus.sending):
        if reached in counting:
            return NotificationStatus(reached.value)
    waiting = DeliveryStatus.pending in counting or not counting
    return NotificationStatus.pending if waiting else NotificationStatus.failed
