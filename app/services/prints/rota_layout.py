"""The rota's month on paper and as a table: a row a day, a column for each kind of shift, which is
its role and the part of the day in which it begins."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.models.prints import (
    RotaDayForMentor,
    RotaLine,
    RotaLineForMentor,
    RotaMonth,
    RotaMonthDay,
    RotaMonthForMentor,
)
from app.models.rota_demands import RotaRole
from app.services.prints.page import (
    Block,
    Cell,
    Column,
    Gap,
    Layout,
    Line,
    Row,
    beside,
    day_and_wall,
    span,
)
from app.services.prints.words import words
from app.services.working_days import at_wall

Shown = RotaMonth | RotaMonthForMentor
Shift = RotaLine | RotaLineForMentor
PARTS = (5, 12, 17, 20)  # from which hours on a shift is a morning's, an afternoon's and so on
Kind = tuple[int, RotaRole]


def table(sheet: Shown, zone: ZoneInfo) -> Iterator[Row]:
    """A row a shift, the heading first."""
    yield ["day", "from", "until", "duty", "who"]
    for day in sheet.days:
        for line in day.lines:
            times = [day_and_wall(line.starts_at, zone), day_and_wall(line.ends_at, zone)]
            yield [day.on.isoformat(), *times, words().rota[line.role], _who(line)]


def laid_out(sheet: Shown, zone: ZoneInfo) -> Layout:
    """The month for the wall. A shift at the usual hours of its column is a name; another says
    when it is."""
    said = words()
    days: Sequence[RotaMonthDay | RotaDayForMentor] = sheet.days
    lines: list[Shift] = [line for day in days for line in day.lines]
    kinds = sorted({_kind(line, zone) for line in lines})
    usual = {kind: _usual([each for each in lines if _kind(each, zone) == kind], zone)
             for kind in kinds}  # fmt: skip
    rows: list[list[Cell]] = [
        [_day(day.on, zone), *_cells(day.lines, kinds, usual, zone)] for day in days
    ]
    heads = [f"{said.rota[role]} {usual[part, role]}" for part, role in kinds]
    columns = [Column(said.column["day"], 0, bold=True), *(Column(head, 1) for head in heads)]
    sundays = [number for number, day in enumerate(days) if day.on.isoweekday() == 7]
    block = Block(None, said.empty["rota_month"], columns, rows if lines else [], sundays)
    whose = f", {beside(sheet.display_name)}" if isinstance(sheet, RotaMonthForMentor) else ""
    title = f"{said.activity}: {said.title['rota_month']}"
    return Layout(title, f"{sheet.first:%B %Y}{whose}", [block], landscape=True)


def _kind(line: Shift, zone: ZoneInfo) -> Kind:
    """The column of a shift. What begins in the small hours is the night's."""
    hour = line.starts_at.astimezone(zone).hour
    part = sum(hour >= each for each in PARTS)
    return part or len(PARTS), line.role


def _times(line: Shift, zone: ZoneInfo) -> str:
    return span(line.starts_at, line.ends_at, zone)


def _usual(lines: Sequence[Shift], zone: ZoneInfo) -> str:
    """The hours that most of a column have."""
    found = Counter(_times(each, zone) for each in lines)
    return min(found, key=lambda each: (-found[each], each))


def _day(day: date, zone: ZoneInfo) -> Cell:
    """The day; of the two on which the clocks change, that they do."""
    name = f"{day:%a} {day.day} {day:%b}"
    midnight = datetime.min.time()
    length = at_wall(day + timedelta(days=1), midnight, zone) - at_wall(day, midnight, zone)
    if length == timedelta(days=1):
        return name
    back = length > timedelta(days=1)
    return [name, words().rota["clocks_back" if back else "clocks_on"]]


def _cells(
    lines: Sequence[Shift], kinds: Sequence[Kind], usual: dict[Kind, str], zone: ZoneInfo
) -> Iterator[Cell]:
    """Who serves, column by column; of a day without any shift, that there is none."""
    if not lines and kinds:
        yield words().empty["rota_day"]
        yield from [""] * (len(kinds) - 1)
        return
    found: dict[Kind, list[Shift]] = defaultdict(list)
    for line in lines:
        found[_kind(line, zone)].append(line)
    for kind in kinds:
        yield [_line(line, usual[kind], zone) for line in found[kind]]


def _line(line: Shift, usual: str, zone: ZoneInfo) -> Line:
    times = _times(line, zone)
    said = _who(line) if times == usual else f"{beside(_who(line))} {times}"
    return Gap(said) if isinstance(line, RotaLine) and line.gap else said


def _who(line: Shift) -> str:
    said = words().rota
    if isinstance(line, RotaLineForMentor):
        return said["mine" if line.mine else "offered"]
    return said["gap"] if line.gap else line.display_name or said["left"]
