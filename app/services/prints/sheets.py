"""What stands on each sheet: decided on loaded facts, no session, no clock."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.models.prints import (
    MentorWeek,
    MovementList,
    OnCallLine,
    Register,
    SheetLine,
    SheetSlot,
    WeekDay,
    WeekLine,
    WingSheet,
)
from app.models.regimes import Slot
from app.models.wings import Wing
from app.services.prints.facts import Coming, DayRegime, DaySlot, Meeting, OnDuty, wall_day
from app.services.prints.words import words
from app.services.working_days import at_wall, local_date, utc


def window(slot: DaySlot, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants a slot of a day lies between. The night ends on the following day."""
    over = slot.slot is Slot.night and slot.ends <= slot.starts
    last = day + timedelta(days=1) if over else day
    return at_wall(day, slot.starts, zone), at_wall(last, slot.ends, zone)


def wing_sheet(
    wing: Wing,
    day: date,
    zone: ZoneInfo,
    regimes: tuple[DayRegime, DayRegime],
    meetings: Sequence[Meeting],
    duties: Sequence[OnDuty],
) -> WingSheet:
    """A wing's day. `regimes`: the day before's, whose night reaches into it, and its own."""
    before, today = regimes
    nights = [each for each in before.slots if each.slot is Slot.night]
    since, _ = wall_day(day, zone)
    slots = [(each, *window(each, day - timedelta(days=1), zone)) for each in nights]
    slots = [each for each in slots if each[2] > utc(since)]
    slots += [(each, *window(each, day, zone)) for each in today.slots]
    within: dict[int, list[SheetLine]] = {number: [] for number in range(len(slots))}
    others: list[SheetLine] = []
    for meeting in meetings:
        number = next((n for n in within if slots[n][1] <= meeting.starts_at < slots[n][2]), None)
        lines = others if number is None else within[number]
        lines += [_line(meeting, each, wing) for each in _of_wing(wing, meeting)]
    shown = [
        SheetSlot(slot=slot.slot, starts=slot.starts, ends=slot.ends, lines=_in_time(within[n]))
        for n, (slot, *_) in enumerate(slots)
        if within[n] or n >= len(slots) - len(today.slots)
    ]
    if others:
        shown.append(SheetSlot(slot=None, starts=None, ends=None, lines=_in_time(others)))
    return WingSheet(
        wing_id=wing.id,
        wing=wing.name,
        on=day,
        lock_up=today.lock_up,
        slots=shown,
        on_call=[
            OnCallLine(
                post=each.post, name=each.name, starts_at=each.starts_at, ends_at=each.ends_at
            )
            for each in duties
        ],
    )


def movements(
    wing: Wing, day: date, slot: Slot, times: DaySlot | None, meetings: Iterable[Meeting]
) -> MovementList:
    """Whom to move in a slot, in the order of their cells; whose cell is not known stands last."""
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
        on=day,
        slot=slot,
        starts=times.starts if times else None,
        ends=times.ends if times else None,
        lines=sorted(lines, key=lambda each: (*_cell_order(each), each.starts_at)),
    )


def week(
    mentor_id: UUID, name: str, monday: date, zone: ZoneInfo, meetings: Iterable[Meeting]
) -> MentorWeek:
    """Seven days, each with its meetings. A session is of the day on which it begins."""
    days: dict[date, list[WeekLine]] = {monday + timedelta(days=n): [] for n in range(7)}
    for each in meetings:
        line = WeekLine(
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            room=_room(each, None),
            activity=words().activity,
            people=_names(each.people),
        )
        days[local_date(each.starts_at, zone)].append(line)
    shown = [WeekDay(on=day, lines=lines) for day, lines in days.items()]
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
