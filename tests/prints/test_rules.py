"""What stands on a sheet: decided purely, on the day that has 23 hours and the one with 25."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

import pytest

from app.models.duties import Post
from app.models.prints import MovementList
from app.models.regimes import RegimeSource, Slot
from app.models.wings import Wing
from app.services.prints import layouts, page, sheets
from app.services.prints.facts import Coming, Meeting, OnDuty, wall_day
from app.services.prints.words import words
from app.services.regime_days import DayOfRegime, Regimes, Times, resolve
from app.services.working_days import LONDON, at_wall

DAY = date(2026, 11, 23)
USUAL = Times(time(19, 30), [(Slot.am, time(8, 30), time(11, 30)), (Slot.night, time(20), time(8))])
REGIMES = Regimes(LONDON, dict.fromkeys(range(1, 8), USUAL))
DELTA = Wing(prison_id="SLI", code="D", name="Delta wing")
BRAVO = Wing(prison_id="SLI", code="B", name="B wing")


def coming(name: str, cell: str | None = "D-1-001", leads: bool = False) -> Coming:
    return Coming(uuid4(), name, cell, cell.partition("-")[0] if cell else None, leads)


def meeting(
    at: datetime, *people: Coming, wing: Wing | None = DELTA, room: str | None = "Quiet room",
    live: bool = True,
) -> Meeting:  # fmt: skip
    return Meeting(
        uuid4(), at, at + timedelta(minutes=30), room, wing.id if wing else None,
        wing.name if wing else None, live, people,
    )  # fmt: skip


def on_wall(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return at_wall(day, time(hour, minute), LONDON)


def sheet_of(*meetings: Meeting, wing: Wing = DELTA, day: date = DAY, **more: OnDuty):  # type: ignore[no-untyped-def]
    return sheets.wing_sheet(wing, LONDON, days_of(day), meetings, list(more.values()))


def days_of(day: date = DAY, regimes: Regimes = REGIMES) -> tuple[DayOfRegime, DayOfRegime]:
    return resolve(regimes, day - timedelta(days=1)), resolve(regimes, day)


def movements(*meetings: Meeting, **more: object) -> MovementList:
    return sheets.movements(DELTA, LONDON, days_of()[1], Slot.am, meetings, **more)  # type: ignore[arg-type]


def names(lines: object) -> list[str]:
    return [each.display_name for each in lines]  # type: ignore[attr-defined]


def test_each_stands_in_the_slot_in_which_it_begins() -> None:
    shown = sheet_of(
        meeting(on_wall(2), coming("Early")),
        meeting(on_wall(8, 30), coming("First")),
        meeting(on_wall(11, 30), coming("After")),
        meeting(on_wall(23), coming("Late")),
    )
    found = [(each.slot, names(each.lines)) for each in shown.slots]
    assert found == [
        (Slot.night, ["Early"]),
        (Slot.am, ["First"]),
        (Slot.night, ["Late"]),
        (None, ["After"]),
    ]


def test_a_day_without_a_regime_has_its_sessions_all_the_same() -> None:
    none = days_of(regimes=Regimes(LONDON))
    shown = sheets.wing_sheet(DELTA, LONDON, none, [meeting(on_wall(9), coming("Jo"))], [])
    assert [(each.slot, names(each.lines)) for each in shown.slots] == [(None, ["Jo"])]


def test_a_wing_is_told_of_its_own_people_and_of_who_comes_to_its_rooms() -> None:
    here, there = coming("Here", "D-1-001"), coming("There", "B-1-001")
    at_delta, at_bravo = (
        meeting(on_wall(9), here, there),
        meeting(on_wall(10), here, there, wing=BRAVO),
    )
    delta, bravo = sheet_of(at_delta, at_bravo), sheet_of(at_bravo, wing=BRAVO)
    morning = next(each for each in delta.slots if each.slot is Slot.am)
    assert [(each.display_name, each.room) for each in morning.lines] == [
        ("There", "Quiet room"),
        ("Here", "Quiet room"),
        ("Here", "Quiet room, B wing"),
    ]
    assert sorted(names(next(each for each in bravo.slots if each.slot is Slot.am).lines)) == [
        "Here",
        "There",
    ]


def test_nothing_on_a_sheet_tells_a_mentor_from_anybody_else() -> None:
    shown = sheet_of(meeting(on_wall(9), coming("Lead", leads=True), coming("Other")))
    lines = next(each for each in shown.slots if each.slot is Slot.am).lines
    one, other = (each.model_dump(exclude={"display_name"}) for each in lines)
    assert one == other


def test_movements_are_in_the_order_of_cells_and_the_unknown_last() -> None:
    people = [
        coming("E", None),
        coming("D", "D-2-10"),
        coming("C", "D-2-9"),
        coming("B", "D-1-100"),
        coming("Away", "B-1-1"),
        coming("A", "D-1-20"),
    ]
    shown = movements(meeting(on_wall(9), *people))
    assert names(shown.lines) == ["A", "B", "C", "D", "E"]


def test_nobody_is_moved_to_what_is_over_or_off() -> None:
    gone = meeting(on_wall(9), coming("Jo"), live=False)
    assert movements(gone).lines == []


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 11), (date(2026, 10, 24), 13), (DAY, 12)]
)
def test_a_night_is_as_long_as_it_is_when_the_clocks_change(day: date, hours: int) -> None:
    found = sheets.times_of(days_of(day)[1], Slot.night)
    assert found is not None
    begins, ends = found
    assert ends - begins == timedelta(hours=hours)
    assert begins == at_wall(day, time(20), LONDON)


def test_a_slot_that_ends_in_the_hour_that_comes_twice_holds_both() -> None:
    """A night until 01:30: who is due at 01:15, first or second, is due in it."""
    night = Times(time(19, 30), [(Slot.night, time(20), time(1, 30))])
    sunday = date(2026, 10, 25)
    first = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    shown = sheets.wing_sheet(
        DELTA,
        LONDON,
        days_of(sunday, Regimes(LONDON, dict.fromkeys(range(1, 8), night))),
        [meeting(first, coming("First")), meeting(first + timedelta(hours=1), coming("Second"))],
        [],
    )
    assert [(each.slot, names(each.lines)) for each in shown.slots] == [
        (Slot.night, ["First", "Second"]),
        (Slot.night, []),
    ]


def test_a_date_has_its_own_regime_and_says_so() -> None:
    late = Times(time(16), [(Slot.pm, time(13), time(16))])
    shown = sheets.wing_sheet(
        DELTA,
        LONDON,
        days_of(regimes=replace(REGIMES, exceptions={DAY: late})),
        [meeting(on_wall(9), coming("Jo")), meeting(on_wall(14), coming("Al"))],
        [],
    )
    assert [(each.slot, names(each.lines)) for each in shown.slots] == [
        (Slot.pm, ["Al"]),
        (None, ["Jo"]),
    ]
    assert (shown.regime, shown.lock_up) == (RegimeSource.exception, time(16))
    assert layouts.laid_out(shown, LONDON).notices == [words().notice["exception"]]
    none = days_of(regimes=replace(REGIMES, exceptions={DAY: Times(None)}))
    shut = sheets.wing_sheet(DELTA, LONDON, none, [], [])
    assert layouts.laid_out(shut, LONDON).notices == [words().notice["no_regime"]]


def test_a_bank_holiday_has_its_regime_and_says_so() -> None:
    regimes = replace(REGIMES, weekdays={**REGIMES.weekdays, 8: Times(time(17), [])})
    shown = sheets.wing_sheet(DELTA, LONDON, days_of(date(2026, 12, 25), regimes), [], [])
    assert (shown.regime, shown.lock_up, shown.slots) == (RegimeSource.bank_holiday, time(17), [])
    assert layouts.laid_out(shown, LONDON).notices == [words().notice["bank_holiday"]]


def test_a_lockdown_stands_above_the_sheet_for_as_long_as_it_does() -> None:
    before = (on_wall(9, day=DAY - timedelta(days=2)), on_wall(9, day=DAY - timedelta(days=1)))
    spans = [before, (on_wall(10), on_wall(12)), (on_wall(18), on_wall(7, day=date(2026, 11, 24)))]
    shown = sheets.wing_sheet(DELTA, LONDON, days_of(), [], [], spans)
    assert layouts.laid_out(shown, LONDON).notices == [
        "Lockdown 10:00 – 12:00: nobody is unlocked.",
        "Lockdown from 18:00: nobody is unlocked.",
    ]
    morning = movements(lockdowns=spans)
    assert layouts.laid_out(morning, LONDON).notices == [
        "Lockdown 10:00 – 12:00: nobody is unlocked."
    ]


def test_the_slot_is_todays_next_and_of_another_day_the_first() -> None:
    today = days_of()[1]
    assert sheets.usual(today, on_wall(7)) is Slot.am
    assert sheets.usual(today, on_wall(11, 29)) is Slot.am
    assert sheets.usual(today, on_wall(11, 30)) is Slot.night
    assert sheets.usual(today, on_wall(9, day=date(2026, 11, 24))) is Slot.night
    assert sheets.usual(today, None) is Slot.am
    assert sheets.usual(resolve(Regimes(LONDON), DAY), None) is Slot.am


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)]
)
def test_a_day_is_from_midnight_to_midnight(day: date, hours: int) -> None:
    begins, ends = (each.astimezone(UTC) for each in wall_day(day, LONDON))
    assert ends - begins == timedelta(hours=hours)


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert page.wall(first, LONDON) == "01:30 BST"
    assert page.wall(first + timedelta(hours=1), LONDON) == "01:30 GMT"
    assert page.wall(first + timedelta(hours=2), LONDON) == "02:30"


def test_a_week_has_seven_days_each_with_its_own() -> None:
    sunday = date(2026, 10, 25)  # 25 hours long
    monday = sunday - timedelta(days=6)
    late = meeting(datetime(2026, 10, 25, 23, 30, tzinfo=UTC), coming("b"), coming("A"))
    lead = meeting(on_wall(9, day=monday), coming("Me", leads=True), coming("Jo"))
    week = sheets.week(uuid4(), "Me", monday, LONDON, [lead, late])
    assert [each.on for each in week.days] == [monday + timedelta(days=n) for n in range(7)]
    assert [line.people for day in week.days for line in day.lines] == [["Jo"], ["A", "b"]]
    assert week.days[6].lines[0].people == ["A", "b"]
    assert layouts.count(week) == 3
    twice = sheets.week(uuid4(), "Me", monday, LONDON, [lead, lead, late])
    [block] = layouts.laid_out(twice, LONDON).blocks
    days = [row[0] for row in block.rows]
    assert days[:3] == ["Mon 19 Oct", "Mon 19 Oct", "Tue 20 Oct"]  # should they come apart
    assert len(days) == 8


def test_a_register_ticks_everybody_but_who_leads() -> None:
    shown = sheets.register(
        meeting(on_wall(9), coming("Lead", leads=True), coming("Z"), coming("a"))
    )
    assert (shown.led_by, shown.people) == ("Lead", ["a", "Z"])
    [block] = layouts.laid_out(shown, LONDON).blocks
    assert [row[0] for row in block.rows] == ["a", "Z", "", "", ""]  # lines for the unexpected
    assert [row[0] for row in layouts.table(shown, LONDON)] == ["name", "a", "Z"]


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [
        (on_wall(9, day=DAY - timedelta(days=9)), None, "all day"),
        (
            on_wall(9, day=DAY - timedelta(days=9)),
            on_wall(9, day=DAY + timedelta(days=1)),
            "all day",
        ),
        (on_wall(9, day=DAY - timedelta(days=1)), on_wall(8), "until 08:00"),
        (on_wall(8), on_wall(20), "08:00 – 20:00"),
        (on_wall(20), on_wall(8, day=DAY + timedelta(days=1)), "from 20:00"),
    ],
)
def test_a_duty_is_told_by_the_part_of_the_day_it_is(
    starts: datetime, ends: datetime | None, said: str
) -> None:
    sheet = sheet_of(duty=OnDuty(Post.clinician, "C. Sample", starts, ends))
    block = layouts.laid_out(sheet, LONDON).blocks[-1]
    assert block.rows == [["Duty clinician", "C. Sample", said]]


def test_a_table_has_every_line_of_the_sheet() -> None:
    duty = OnDuty(Post.clinician, "C. Sample", on_wall(8), None)
    sheet = sheet_of(meeting(on_wall(9), coming("Jo"), coming("Al", None)), duty=duty)
    rows = list(layouts.table(sheet, LONDON))
    assert rows == [
        ["part", "from", "until", "cell", "name", "where", "what"],
        ["AM", "09:00", "09:30", "D-1-001", "Jo", "Quiet room", "Programme"],
        ["AM", "09:00", "09:30", "", "Al", "Quiet room", "Programme"],
        ["On call", "23 Nov 2026 08:00", "", "", "C. Sample", "", "Duty clinician"],
    ]
    assert layouts.count(sheet) == len(rows) - 1
