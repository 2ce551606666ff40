"""How much rooms are in use, by weekday and hour."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import Actor
from app.errors import SheetTooLong
from app.models.prisons import Prison
from app.models.rooms import Room, RoomUsage, RoomUsageHour, RoomUsageRead
from app.models.sessions import Session, SessionKind, SessionStatus
from app.models.wings import Wing
from app.scope import visible
from app.services.periods import Period, period_of
from app.services.working_days import utc

USUAL = timedelta(days=27)
MOST_ROOMS = 60
ONE_HOUR = timedelta(hours=1)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Times = tuple[datetime, datetime]
Hours = Counter[tuple[int, int]]


async def usage(
    db: AsyncSession, actor: Actor, first: date | None, last: date | None, wing_id: UUID | None
) -> RoomUsageRead:
    """When rooms are in use in a period: four queries. What came unplanned at night is left out,
    as on every sheet."""
    zone = (await db.get_one(Prison, actor.prison_id)).tz
    period = period_of(zone, first, last, USUAL)
    wanted = visible(Room, actor).order_by(col(Room.name), col(Room.id)).limit(MOST_ROOMS + 1)
    if wing_id is not None:
        wanted = wanted.where(col(Room.wing_id) == wing_id)
    rooms = (await db.scalars(wanted)).all()
    if len(rooms) > MOST_ROOMS:
        raise SheetTooLong(f"At most {MOST_ROOMS} rooms are shown at a time: ask for one wing.")
    wings = {each.id: each.name for each in await db.scalars(visible(Wing, actor))}
    found = (
        visible(Session, actor)
        .where(
            col(Session.room_id).in_([each.id for each in rooms]),
            col(Session.starts_at) < period.until,
            col(Session.ends_at) > period.since,
            col(Session.status) != SessionStatus.cancelled,
            col(Session.kind) != SessionKind.night_callout,
        )
        .with_only_columns(col(Session.room_id), col(Session.starts_at), col(Session.ends_at))
    )
    taken: dict[UUID, list[Times]] = {each.id: [] for each in rooms}
    for room_id, starts_at, ends_at in await db.execute(found):
        assert room_id is not None, "only sessions in these rooms"
        taken[room_id].append((starts_at, ends_at))
    return used(period, rooms, wings, taken)


def used(
    period: Period,
    rooms: Sequence[Room],
    wings: dict[UUID, str],
    taken: dict[UUID, list[Times]],
) -> RoomUsageRead:
    """The use of each room. Pure."""
    there = minutes([(period.since, period.until)], period)
    shown = [
        RoomUsage(
            room_id=room.id,
            name=room.name,
            wing=wings[room.wing_id],
            minutes=sum(mine.values()),
            hours=[
                RoomUsageHour(
                    weekday=weekday,
                    hour=hour,
                    minutes=count,
                    percent=min(round(100 * count / there[weekday, hour]), 100),
                )
                for (weekday, hour), count in sorted(mine.items())
                if count
            ],
        )
        for room in rooms
        for mine in [minutes(taken[room.id], period)]
    ]
    return RoomUsageRead(
        first=period.first, last=period.last, description=in_words(shown), rooms=shown
    )


def minutes(times: Iterable[Times], period: Period) -> Hours:
    """How many minutes of each weekday's hours lie in these times and the period. On the day with
    25 hours one of them has twice as many, on the one with 23 one has none."""
    seconds: Counter[tuple[int, int]] = Counter()
    for starts_at, ends_at in times:
        begins, ends = max(utc(starts_at), utc(period.since)), min(utc(ends_at), utc(period.until))
        for since, until in by_the_hour(begins, ends, period.zone):
            local = since.astimezone(period.zone)
            seconds[local.isoweekday(), local.hour] += round((until - since).total_seconds())
    return Counter({hour: round(count / 60) for hour, count in seconds.items()})


def by_the_hour(begins: datetime, ends: datetime, zone: ZoneInfo) -> Iterator[Times]:
    """A time cut where an hour on the wall begins."""
    while begins < ends:
        local = begins.astimezone(zone)
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        following = min(begins.astimezone(UTC) - into + ONE_HOUR, ends)
        yield begins, following
        begins = following


def in_words(rooms: Sequence[RoomUsage]) -> str:
    """The picture in words: for each room how long it was in use, and when most."""
    lines = []
    for room in rooms:
        said = f"{room.name}, {room.wing}: "
        if not room.hours:
            lines.append(f"{said}not in use.")
            continue
        most = max(room.hours, key=lambda each: (each.percent, -each.weekday, -each.hour))
        lines.append(
            f"{said}{room.minutes} minutes in use, most on {DAYS[most.weekday - 1]}"
            f" from {most.hour:02}:00, {most.percent} percent."
        )
    return " ".join(lines) or "No rooms."


def table(found: RoomUsageRead) -> Iterator[list[str]]:
    """The use as rows of words, the heading first."""
    yield ["room", "wing", "weekday", "hour", "minutes", "percent"]
    for room in found.rooms:
        for each in room.hours:
            numbers = [f"{each.hour:02}:00", str(each.minutes), str(each.percent)]
            yield [room.name, room.wing, DAYS[each.weekday - 1], *numbers]
