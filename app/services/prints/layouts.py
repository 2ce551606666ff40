"""How each sheet is laid out on paper, and its rows as a table. Both tell what the shape holds, in
the prison's own time, and nothing that it does not."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from app.models.prints import (
    MentorWeek,
    MovementList,
    OnCallLine,
    OutageSheet,
    Register,
    RotaMonth,
    RotaMonthForMentor,
    Sheet,
    SheetLine,
    SheetLockdown,
    WingSheet,
)
from app.models.regimes import RegimeSource, Slot
from app.services.prints import outage_layout, rota_layout
from app.services.prints.page import (
    Block,
    Cell,
    Column,
    Layout,
    Row,
    beside,
    day_and_wall,
    long_day,
    span,
    wall,
)
from app.services.prints.words import words
from app.services.reference import labels
from app.services.working_days import local_date

UNPLANNED = 3  # empty lines of a register, for whoever comes unexpected


def laid_out(sheet: Sheet, zone: ZoneInfo) -> Layout:
    """The sheet for paper."""
    if isinstance(sheet, WingSheet):
        return _wing_sheet(sheet, zone)
    if isinstance(sheet, MovementList):
        return _movements(sheet, zone)
    if isinstance(sheet, MentorWeek):
        return _week(sheet, zone)
    if isinstance(sheet, Register):
        return _register(sheet, zone)
    if isinstance(sheet, OutageSheet):
        return outage_layout.laid_out(sheet, zone)
    return rota_layout.laid_out(sheet, zone)


def table(sheet: Sheet, zone: ZoneInfo) -> Iterator[Row]:
    """The sheet as rows of words, the heading first."""
    if isinstance(sheet, WingSheet):
        yield ["part", "from", "until", "cell", "name", "where", "what"]
        for slot in sheet.slots:
            part = slot.slot.value if slot.slot else words().other_times
            yield from ([part, *_cells(each, zone)] for each in slot.lines)
        for duty in sheet.on_call:
            until = day_and_wall(duty.ends_at, zone) if duty.ends_at else ""
            since = day_and_wall(duty.starts_at, zone)
            yield [words().on_call, since, until, "", duty.name, "", _post(duty.post)]
    elif isinstance(sheet, MovementList):
        yield ["part", "from", "until", "cell", "name", "where", "what"]
        yield from ([sheet.slot.value, *_cells(each, zone)] for each in sheet.lines)
    elif isinstance(sheet, MentorWeek):
        yield ["day", "from", "until", "where", "what", "who"]
        for day in sheet.days:
            for line in day.lines:
                times = [wall(line.starts_at, zone), wall(line.ends_at, zone)]
                for who in line.people or [""]:
                    yield [day.on.isoformat(), *times, line.room or "", line.activity, who]
            for shift in day.shifts:
                times = [wall(shift.starts_at, zone), wall(shift.ends_at, zone)]
                yield [day.on.isoformat(), *times, "", words().rota[shift.role], ""]
    elif isinstance(sheet, Register):
        yield ["name", "here", "not here", "reason"]
        yield from ([name, "", "", ""] for name in sheet.people)
    elif isinstance(sheet, OutageSheet):
        yield from outage_layout.table(sheet, zone)
    else:
        yield from rota_layout.table(sheet, zone)


def count(sheet: Sheet) -> int:
    """How many rows of the table tell of somebody: what the audit keeps."""
    if isinstance(sheet, WingSheet):
        return sum(len(each.lines) for each in sheet.slots) + len(sheet.on_call)
    if isinstance(sheet, MentorWeek):
        met = sum(max(len(line.people), 1) for day in sheet.days for line in day.lines)
        return met + sum(len(day.shifts) for day in sheet.days)
    if isinstance(sheet, OutageSheet):
        return len(sheet.on_duty) + len(sheet.concerns)
    if isinstance(sheet, RotaMonth | RotaMonthForMentor):
        return sum(len(day.lines) for day in sheet.days)
    return len(sheet.lines if isinstance(sheet, MovementList) else sheet.people)


def _cells(line: SheetLine, zone: ZoneInfo) -> Row:
    times = [wall(line.starts_at, zone), wall(line.ends_at, zone)]
    return [*times, line.cell_location or "", line.display_name, line.room or "", line.activity]


def _post(post: str) -> str:
    return str(labels()["post"][post]["label"])


def _slot(slot: Slot | None) -> str:
    return str(labels()["slot"][slot.value]["label"]) if slot else words().other_times


def _columns(
    *names: str, bold: Sequence[str] = ("name",), tick: Sequence[str] = ()
) -> list[Column]:
    """Columns by their words; names and rooms share what is left beside the rest."""
    wide = {"name": 6, "room": 4, "people": 5, "remark": 6}
    said = words().column
    return [Column(said[each], wide.get(each, 0), each in bold, each in tick) for each in names]


def _times(line: SheetLine, zone: ZoneInfo) -> str:
    return span(line.starts_at, line.ends_at, zone)


def _wing_sheet(sheet: WingSheet, zone: ZoneInfo) -> Layout:
    said = words()
    blocks = [
        Block(
            _slot_heading(slot.slot, slot.starts, slot.ends),
            said.empty["day"],
            _columns("time", "cell", "name", "room"),
            [
                [
                    _times(each, zone),
                    each.cell_location or said.no_cell,
                    each.display_name,
                    each.room or said.no_room,
                ]
                for each in slot.lines
            ],
        )
        for slot in sheet.slots
    ]
    if not any(each.rows for each in blocks):
        blocks = [Block(None, said.empty["wing_sheet"], [], [])]
    duties: list[list[Cell]] = [
        [_post(each.post), each.name, _when(each, sheet.on, zone)] for each in sheet.on_call
    ]
    blocks.append(
        Block(said.on_call, said.empty["on_call"], _columns("post", "name", "when"), duties)
    )
    lock_up = f". Lock-up {sheet.lock_up:%H:%M}" if sheet.lock_up else ""
    subtitle = f"{sheet.wing}, {long_day(sheet.on)}{lock_up}"
    return _layout("wing_sheet", subtitle, blocks, _notices(sheet, zone))


def _layout(sheet: str, subtitle: str, blocks: list[Block], notices: Iterable[str] = ()) -> Layout:
    """The activity stands once, above: it is the same word on every line."""
    said = words()
    return Layout(f"{said.activity}: {said.title[sheet]}", subtitle, blocks, list(notices))


def _notices(sheet: WingSheet | MovementList, zone: ZoneInfo) -> Iterator[str]:
    """What is not as on other days."""
    said = words().notice
    for each in sheet.lockdowns:
        yield said["lockdown"].format(when=_when(each, sheet.on, zone))
    if sheet.regime is RegimeSource.exception and isinstance(sheet, WingSheet):
        yield said["exception" if sheet.lock_up else "no_regime"]
    elif sheet.regime in {RegimeSource.exception, RegimeSource.bank_holiday}:
        yield said[sheet.regime]


def _when(told: OnCallLine | SheetLockdown, day: date, zone: ZoneInfo) -> str:
    """Which part of the day a time is. What ends as the day does goes on to its end."""
    said = words()
    midnight = local_date(told.starts_at, zone) < day
    ends = told.ends_at if told.ends_at and local_date(told.ends_at, zone) <= day else None
    if midnight:
        return f"{said.until} {wall(ends, zone)}" if ends else said.all_day
    starts = wall(told.starts_at, zone)
    return f"{starts} – {wall(ends, zone)}" if ends else f"{said.since} {starts}"


def _slot_heading(slot: Slot | None, starts: object, ends: object) -> str:
    times = f", {starts:%H:%M} – {ends:%H:%M}" if slot else ""
    return f"{_slot(slot)}{times}"


def _movements(sheet: MovementList, zone: ZoneInfo) -> Layout:
    said = words()
    rows: list[list[Cell]] = [
        [
            each.cell_location or said.no_cell,
            each.display_name,
            _times(each, zone),
            each.room or said.no_room,
            None,
            None,
        ]
        for each in sheet.lines
    ]
    empty = said.empty["movements" if sheet.starts else "no_slot"]
    columns = _columns(
        "cell",
        "name",
        "time",
        "room",
        "moved",
        "back",
        bold=("cell", "name"),
        tick=("moved", "back"),
    )
    heading = _slot_heading(sheet.slot, sheet.starts, sheet.ends) if sheet.starts else None
    slot = "" if heading else f", {_slot(sheet.slot)}"
    subtitle = f"{sheet.wing}, {long_day(sheet.on)}{slot}"
    blocks = [Block(heading, empty, columns, rows)]
    return _layout("movements", subtitle, blocks, _notices(sheet, zone))


def _week(sheet: MentorWeek, zone: ZoneInfo) -> Layout:
    said = words()
    rows: list[list[Cell]] = []
    for day in sheet.days:
        short = f"{day.on:%a} {day.on.day} {day.on:%b}"
        if not day.lines and not day.shifts:
            rows.append([short, "", said.empty["day"], ""])
        for line in day.lines:
            times = span(line.starts_at, line.ends_at, zone)
            rows.append([short, times, line.room or said.no_room, list(line.people)])
        for shift in day.shifts:
            times = span(shift.starts_at, shift.ends_at, zone)
            rows.append([short, times, said.rota[shift.role], ""])
    if not any(day.lines or day.shifts for day in sheet.days):
        rows = []
    columns = _columns("day", "time", "room", "people", bold=("day",))
    first, last = sheet.days[0].on, sheet.days[-1].on
    days = f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
    block = Block(None, said.empty["week"], columns, rows)
    return _layout("week", f"{beside(sheet.display_name)}, {days}", [block])


def _register(sheet: Register, zone: ZoneInfo) -> Layout:
    said = words()
    day = long_day(local_date(sheet.starts_at, zone))
    times = span(sheet.starts_at, sheet.ends_at, zone)
    with_whom = f", with {beside(sheet.led_by)}" if sheet.led_by else ""
    columns = _columns("name", "present", "absent", "remark", tick=("present", "absent"))
    unplanned = [""] * UNPLANNED if sheet.people else []
    rows: list[list[Cell]] = [[name, None, None, ""] for name in [*sheet.people, *unplanned]]
    subtitle = f"{day}, {times}, {sheet.room or said.no_room}{with_whom}"
    return _layout("register", subtitle, [Block(None, said.empty["register"], columns, rows)])
