"""What stands on each sheet: decided on loaded facts, no session, no clock."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.models.prints import (
    MentorWeek,
    MovementList,
    OnCallLine,
    Register,
    RotaDayForMentor,
    RotaLine,
    RotaLineForMentor,
    RotaMonth,
    RotaMonthDay,
    RotaMonthForMentor,
    SheetLine,
    SheetLockdown,
    SheetSlot,
    WeekDay,
    WeekLine,
    WeekShift,
    WingSheet,
)
from app.models.regimes import Slot
from app.models.wings import Wing
from app.services.prints.facts import Coming, Meeting, OnDuty, Serving, wall_day
from app.services.prints.words import words
from app.services.regime_days import DayOfRegime, Span
from app.services.working_days import local_date, utc


def wing_sheet(
    wing: Wing,
    zone: ZoneInfo,
    regimes: tuple[DayOfRegime, DayOfRegime],
    meetings: Sequence[Meeting],
    duties: Sequence[OnDuty],
    lockdowns: Iterable[Span] = (),
) -> WingSheet:
    """A wing's day. `regimes`: the day before's, whose night reaches into it, and its own."""
    before, today = regimes
    since, until = wall_day(today.day, zone)
    nights = [each for each in before.slots if each[0] is Slot.night and each[2] > utc(since)]
    slots = [*nights, *today.slots]
    within: dict[int, list[SheetLine]] = {number: [] for number in range(len(slots))}
    others: list[SheetLine] = []
    for meeting in meetings:
        number = next((n for n in within if slots[n][1] <= meeting.starts_at < slots[n][2]), None)
        lines = others if number is None else within[number]
        lines += [_line(meeting, each, wing) for each in _of_wing(wing, meeting)]
    shown = [
        SheetSlot(
            slot=slot, starts=_wall(begins, zone), ends=_wall(ends, zone), lines=_in_time(within[n])
        )
        for n, (slot, begins, ends) in enumerate(slots)
        if within[n] or n >= len(nights)
    ]
    if others:
        shown.append(SheetSlot(slot=None, starts=None, ends=None, lines=_in_time(others)))
    return WingSheet(
        wing_id=wing.id,
        wing=wing.name,
        on=today.day,
        regime=today.source,
        lock_up=_wall(today.lock_up_at, zone) if today.lock_up_at else None,
        lockdowns=_lockdowns(lockdowns, (since, until)),
        slots=shown,
        on_call=[
            OnCallLine(
                post=each.post, name=each.name, starts_at=each.starts_at, ends_at=each.ends_at
            )
            for each in duties
        ],
    )


def movements(
    wing: Wing,
    zone: ZoneInfo,
    today: DayOfRegime,
    slot: Slot,
    meetings: Iterable[Meeting],
    lockdowns: Iterable[Span] = (),
) -> MovementList:
    """Whom to move in a slot, in the order of their cells; whose cell is not known stands last."""
    times = times_of(today, slot)
    lines = [
        _line(meeting, each, wing)
        for meeting in meetings
        if meeting.live
        for each in _of_wing(wing, meeting)
        if each.wing_code in {wing.code, None}
    ]
    return MovementList(
        wing_id=wing.id,
        wing=wing.name,
        on=today.day,
        regime=today.source,
        slot=slot,
        starts=_wall(times[0], zone) if times else None,
        ends=_wall(times[1], zone) if times else None,
        lockdowns=_lockdowns(lockdowns, times),
        lines=sorted(lines, key=lambda each: (*_cell_order(each), each.starts_at)),
    )


def usual(day: DayOfRegime, now: datetime | None) -> Slot:
    """The slot that is on or comes next, of a day that is not today (`now` is None) the first; the
    morning where there is none."""
    slots = [slot for slot, _, ends in day.slots if now is None or ends > now]
    last = day.slots[-1][0] if day.slots else Slot.am
    return slots[0] if slots else last


def times_of(day: DayOfRegime, slot: Slot) -> Span | None:
    """When a slot of a day is; None where the day has none such."""
    return next(((starts, ends) for each, starts, ends in day.slots if each is slot), None)


def _wall(instant: datetime, zone: ZoneInfo) -> time:
    return instant.astimezone(zone).time()


def _lockdowns(found: Iterable[Span], within: Span | None) -> list[SheetLockdown]:
    """Those that stand in a time."""
    return [
        SheetLockdown(starts_at=starts_at, ends_at=ends_at)
        for starts_at, ends_at in found
        if within is not None and starts_at < within[1] and ends_at > within[0]
    ]


def week(
    mentor_id: UUID,
    name: str,
    monday: date,
    zone: ZoneInfo,
    meetings: Iterable[Meeting],
    shifts: Iterable[Serving] = (),
) -> MentorWeek:
    """Seven days, each with its meetings and the mentor's own shifts. Both are of the day on which
    they begin."""
    sunday = monday + timedelta(days=6)
    days, serves = _by_day(monday, sunday), _by_day(monday, sunday)
    for shift in shifts:
        if shift.mentor_id == mentor_id:
            serves[shift.day].append(
                WeekShift(role=shift.role, starts_at=shift.starts_at, ends_at=shift.ends_at)
            )
    for each in meetings:
        line = WeekLine(
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            room=_room(each, None),
            activity=words().activity,
            people=_names(each.people),
        )
        days[local_date(each.starts_at, zone)].append(line)
    shown = [WeekDay(on=day, lines=lines, shifts=serves[day]) for day, lines in days.items()]
    return MentorWeek(mentor_id=mentor_id, display_name=name, days=shown)


def register(meeting: Meeting) -> Register:
    """Who is expected, by name; who leads stands above, and is not ticked."""
    return Register(
        session_id=meeting.session_id,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        room=_room(meeting, None),
        activity=words().activity,
        led_by=next((each.name for each in meeting.people if each.leads), ""),
        people=_names(meeting.people),
    )


def rota_month(first: date, last: date, shifts: Iterable[Serving]) -> RotaMonth:
    """Every day of the month with the shifts that begin on it: gaps first, where they meet."""
    days = _by_day(first, last)
    for each in shifts:
        line = RotaLine(
            role=each.role,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            gap=each.mentor_id is None,
            display_name=each.name,
        )
        days[each.day].append(line)
    shown = [RotaMonthDay(on=day, lines=sorted(found, key=_in_rota)) for day, found in days.items()]
    return RotaMonth(first=first, last=last, days=shown)


def rota_of(
    mentor_id: UUID, name: str, first: date, last: date, shifts: Iterable[Serving]
) -> RotaMonthForMentor:
    """A mentor's month: their own shifts, and those that somebody would like to give away."""
    days = _by_day(first, last)
    for each in shifts:
        line = RotaLineForMentor(
            role=each.role,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            mine=each.mentor_id == mentor_id,
        )
        days[each.day].append(line)
    shown = [RotaDayForMentor(on=day, lines=lines) for day, lines in days.items()]
    return RotaMonthForMentor(first=first, last=last, display_name=name, days=shown)


def _by_day(first: date, last: date) -> dict[date, list[Any]]:
    return {first + timedelta(days=n): [] for n in range((last - first).days + 1)}


def _in_rota(line: RotaLine) -> tuple[datetime, str, datetime, bool, tuple[str, str]]:
    name = _by_name(line.display_name or "")
    return line.starts_at, line.role, line.ends_at, not line.gap, name


def _of_wing(wing: Wing, meeting: Meeting) -> Iterator[Coming]:
    """Of those who come, whom the wing's officers need to know of: who lives there, and everybody
    where the room is theirs."""
    for each in meeting.people:
        if meeting.wing_id == wing.id or each.wing_code == wing.code:
            yield each


def _line(meeting: Meeting, coming: Coming, wing: Wing) -> SheetLine:
    return SheetLine(
        display_name=coming.name,
        cell_location=coming.cell,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        room=_room(meeting, wing),
        activity=words().activity,
    )


def _room(meeting: Meeting, wing: Wing | None) -> str | None:
    """The room's name, with its wing's unless it is the sheet's own."""
    if meeting.room is None or (wing is not None and meeting.wing_id == wing.id):
        return meeting.room
    return f"{meeting.room}, {meeting.wing_name}"


def _names(people: Iterable[Coming]) -> list[str]:
    return sorted((each.name for each in people if not each.leads), key=_by_name)


def _by_name(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _in_time(lines: Iterable[SheetLine]) -> list[SheetLine]:
    return sorted(lines, key=lambda each: (each.starts_at, *_cell_order(each)))


def _cell_order(line: SheetLine) -> tuple[bool, list[tuple[bool, int, str]], str]:
    """Cells as one walks past them: D-2-9 before D-2-10; who has none last; then by name."""
    parts = re.findall(r"\d+|\D+", line.cell_location or "")
    order = [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
    return line.cell_location is None, order, line.display_name.casefold()
