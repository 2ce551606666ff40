"""The rota's month: what stands on it, for whom, on months of every length and on the days on
which the clocks change."""

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader

from app import clock
from app.models.prints import RotaMonth, RotaMonthForMentor
from app.models.rota_demands import RotaRole
from app.services.prints import layouts, sheets
from app.services.prints.facts import Serving
from app.services.prints.page import Gap
from app.services.prints.words import words
from app.services.working_days import LONDON, at_wall, local_date
from tests.house.answers import problem
from tests.rotas.story import day, needs, published, shifts, solved
from tests.story import Caller, Wing

ON_SHIFT, ON_CALL = RotaRole.mentor_on_shift, RotaRole.mentor_on_call
ANN, BEN = UUID(int=1), UUID(int=2)


def shift(
    on: date, start: int, end: int, who: str | None = "Ann", role: RotaRole = ON_SHIFT
) -> Serving:
    last = on if end > start else on + timedelta(days=1)
    starts_at, ends_at = at_wall(on, time(start), LONDON), at_wall(last, time(end), LONDON)
    mentor = None if who is None else ANN if who == "Ann" else uuid4()
    return Serving(role, on, starts_at, ends_at, mentor, who)


def month_of(*found: Serving, first: date = date(2026, 12, 1)) -> RotaMonth:
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return sheets.rota_month(first, last, found)


def row(sheet: RotaMonth | RotaMonthForMentor, on: date) -> list[Any]:
    [block] = layouts.laid_out(sheet, LONDON).blocks
    return block.rows[(on - sheet.first).days]


def heads(sheet: RotaMonth | RotaMonthForMentor) -> list[str]:
    [block] = layouts.laid_out(sheet, LONDON).blocks
    return [each.name.replace("\u00a0", " ") for each in block.columns]


@pytest.mark.parametrize(
    ("first", "days"),
    [
        (date(2027, 2, 1), 28),
        (date(2028, 2, 1), 29),
        (date(2026, 11, 1), 30),
        (date(2026, 12, 1), 31),
    ],
)
def test_a_month_has_all_its_days_and_no_other(first: date, days: int) -> None:
    sheet = month_of(shift(first, 9, 12), first=first)
    assert [each.on for each in sheet.days] == [first + timedelta(days=n) for n in range(days)]
    [block] = layouts.laid_out(sheet, LONDON).blocks
    assert len(block.rows) == days
    ends = [sheet.days[number].on.strftime("%a") for number in block.heavy]
    assert set(ends) == {"Sun"}
    assert len(ends) in {4, 5}


def test_a_column_is_a_role_at_its_usual_hours_and_another_hour_is_told() -> None:
    first = date(2026, 12, 1)
    sheet = month_of(
        shift(first, 8, 12, "Ann"),
        shift(first, 20, 8, "Ben", ON_CALL),
        shift(first + timedelta(days=1), 8, 12, "Cat"),
        shift(first + timedelta(days=1), 20, 8, "Fay", ON_CALL),
        shift(first + timedelta(days=2), 9, 12, "Dan"),
        shift(first + timedelta(days=2), 2, 8, "Eve", ON_CALL),
    )
    assert heads(sheet) == ["Day", "On shift 08:00 – 12:00", "On call 20:00 – 08:00"]
    assert row(sheet, first) == ["Tue 1 Dec", ["Ann"], ["Ben"]]
    assert row(sheet, date(2026, 12, 3))[1:] == [
        ["Dan\u200e 09:00\u00a0–\u00a012:00"],
        ["Eve\u200e 02:00\u00a0–\u00a008:00"],
    ]


def test_a_gap_stands_out_and_comes_first() -> None:
    first = date(2026, 12, 1)
    sheet = month_of(shift(first, 8, 12, "Ann"), shift(first, 8, 12, None))
    assert row(sheet, first)[1] == [Gap("NOBODY"), "Ann"]
    assert [(each.gap, each.display_name) for each in sheet.days[0].lines] == [
        (True, None),
        (False, "Ann"),
    ]
    table = list(layouts.table(sheet, LONDON))
    assert table[1] == ["2026-12-01", "1 Dec 2026 08:00", "1 Dec 2026 12:00", "On shift", "NOBODY"]
    assert layouts.count(sheet) == len(table) - 1 == 2


def test_a_day_that_no_rota_covers_says_so_and_a_month_does() -> None:
    first = date(2026, 12, 1)
    sheet = month_of(shift(first, 8, 12), shift(first, 20, 8, "Ben", ON_CALL))
    assert row(sheet, first + timedelta(days=1)) == ["Wed 2 Dec", words().empty["rota_day"], ""]
    [block] = layouts.laid_out(month_of(), LONDON).blocks
    assert (block.rows, block.empty) == ([], words().empty["rota_month"])


def test_whoever_has_left_has_no_name_and_leaves_no_gap() -> None:
    first = date(2026, 12, 1)
    gone = Serving(ON_SHIFT, first, at_wall(first, time(8)), at_wall(first, time(12)), BEN, None)
    sheet = month_of(gone)
    assert row(sheet, first)[1] == [words().rota["left"]]
    assert not sheet.days[0].lines[0].gap


@pytest.mark.parametrize(
    ("saturday", "hours", "said"),
    [(date(2026, 10, 24), 13, "clocks go back"), (date(2027, 3, 27), 11, "clocks go on")],
)
def test_the_night_on_which_the_clocks_change_is_told_by_the_wall(
    saturday: date, hours: int, said: str
) -> None:
    sheet = month_of(shift(saturday, 20, 8, "Ann", ON_CALL), first=saturday.replace(day=1))
    [line] = sheet.days[saturday.day - 1].lines
    assert line.ends_at - line.starts_at == timedelta(hours=hours)
    assert row(sheet, saturday)[1:] == [["Ann"]]
    assert heads(sheet)[1] == "On call 20:00 – 08:00"
    sunday = saturday + timedelta(days=1)
    assert row(sheet, sunday)[0] == [f"Sun {sunday.day} {sunday:%b}", said]


def test_an_hour_that_comes_twice_is_told_apart_on_a_rota() -> None:
    sunday = date(2026, 10, 25)
    second = datetime(2026, 10, 25, 1, tzinfo=UTC)
    late = Serving(ON_SHIFT, sunday, second, second + timedelta(hours=3), ANN, "Ann")
    sheet = month_of(late, first=date(2026, 10, 1))
    assert heads(sheet)[1] == "On shift 01:00 GMT – 04:00"


def test_times_keep_their_order_beside_a_name_from_right_to_left() -> None:
    first = date(2026, 12, 1)
    usual = [shift(first + timedelta(days=n), 8, 12) for n in range(1, 4)]
    sheet = month_of(shift(first, 9, 11, "\u0639\u0644\u06cc"), *usual)
    [told] = row(sheet, first)[1]
    assert told == "\u0639\u0644\u06cc\u200e 09:00\u00a0–\u00a011:00"


async def paper(caller: Caller, path: str) -> str:
    answer = await caller.request("GET", path)
    assert answer.status_code == 200, answer.text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    assert (round(pages[0].mediabox.width), round(pages[0].mediabox.height)) == (842, 595)
    text = "".join(page.extract_text() for page in pages)
    return "".join(text.replace("\u200e", "").split())  # where the reader puts it says nothing


def path_of(number: int = 1) -> str:
    return f"prints/rota?on={day(number)}"


def lines(sheet: Any) -> list[Any]:
    return [each for on in sheet["days"] for each in on["lines"]]


async def name_of(wing: Wing, mentor: Caller) -> str:
    person = await wing.support_worker.get(f"people/{mentor.person_id}")
    return str(person["display_name"])


async def test_a_published_rota_is_on_paper_in_all_formats_and_a_proposed_one_is_not(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "09:00", "12:00", days=1)
    await solved(wing, days=1)
    assert lines(await wing.governor.get(path_of())) == []
    await published(wing, days=1)
    name = await name_of(wing, mentor)
    for caller in (wing.support_worker, wing.officer, wing.clinician, wing.nurse, wing.governor):
        [line] = lines(await caller.get(path_of()))
        assert (line["display_name"], line["gap"], line["role"]) == (name, False, ON_SHIFT)
        assert datetime.fromisoformat(line["starts_at"]).astimezone(LONDON).hour == 9
    answer = await wing.officer.request("GET", f"{path_of()}&format=csv")
    heading, [on, *_, who] = csv.reader(io.StringIO(answer.text, newline=""))
    assert heading == ["day", "from", "until", "duty", "who"]
    assert (on, who) == (str(day(1)), name)
    printed = await paper(wing.officer, f"{path_of()}&format=pdf")
    assert "".join(name.split()) in printed
    assert "OFFICIAL-SENSITIVE" in printed
    assert "mentor" not in printed.lower()
    [entry] = (await wing.governor.get(f"audit?operation=print_rota&subject={wing.nurse.subject}"))[
        "items"
    ]
    assert (entry["act"], entry["rows"]) == ("read", 1)


async def test_what_nobody_has_any_more_is_a_gap_and_what_was_superseded_is_off(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "09:00", "12:00", days=1)
    await published(wing, days=1)
    [own] = await shifts(mentor)
    await mentor.move(f"shifts/{own['id']}", "uncovered", reason="sick")
    [line] = lines(await wing.officer.get(path_of()))
    assert (line["gap"], line["display_name"]) == (True, None)
    assert "NOBODY" in await paper(wing.officer, f"{path_of()}&format=pdf")
    assert lines(await mentor.get(path_of())) == []
    rota = (await wing.support_worker.get("rotas?status=published"))["items"][0]
    await wing.support_worker.move(f"rotas/{rota['id']}", "withdrawn", reason="not_needed")
    assert lines(await wing.officer.get(path_of())) == []


async def test_a_mentor_has_their_own_shifts_and_what_may_be_taken_over_and_no_name(
    wing: Wing,
) -> None:
    one = await wing.active_mentor()
    await needs(wing, "09:00", "12:00", days=1)
    await published(wing, days=1)
    other = await wing.active_mentor()
    [own] = lines(await one.get(path_of()))
    assert own["mine"] is True
    assert set(own) == {"role", "starts_at", "ends_at", "mine"}
    assert lines(await other.get(path_of())) == []
    [shift_of] = await shifts(one)
    await one.move(f"shifts/{shift_of['id']}", "swap_requested")
    [offered] = lines(await other.get(path_of()))
    assert offered["mine"] is False
    name = "".join((await name_of(wing, one)).split())
    theirs = await paper(other, f"{path_of()}&format=pdf")
    assert words().rota["offered"].replace(" ", "") in theirs
    answer = await other.request("GET", f"{path_of()}&format=csv")
    assert name not in theirs.replace("".join((await name_of(wing, other)).split()), "")
    assert await name_of(wing, one) not in answer.text


async def test_a_week_plan_has_the_mentors_own_shifts(wing: Wing) -> None:
    """Not those that others would like to give away; and none of somebody who was suspended."""
    one = await wing.active_mentor()
    await needs(wing, "20:00", "23:00", role="mentor_on_call", days=1)
    await published(wing, days=1)
    other = await wing.active_mentor()
    [own] = await shifts(one)
    await one.move(f"shifts/{own['id']}", "swap_requested")
    path = f"prints/mentors/{one.mentor_id}/week?on={day(1)}"
    for caller in (one, wing.officer):
        [line] = [each for on in (await caller.get(path))["days"] for each in on["shifts"]]
        assert line == {"role": ON_CALL, "starts_at": own["starts_at"], "ends_at": own["ends_at"]}
    answer = await wing.officer.request("GET", f"{path}&format=csv")
    [_, row] = csv.reader(io.StringIO(answer.text, newline=""))
    assert row == [str(day(1)), "20:00", "23:00", "", "On call", ""]
    answer = await wing.officer.request("GET", f"{path}&format=pdf")
    printed = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert "On call" in printed
    theirs = await wing.officer.get(f"prints/mentors/{other.mentor_id}/week?on={day(1)}")
    assert not [each for on in theirs["days"] for each in on["shifts"]]
    await wing.clinician.move(f"mentors/{one.mentor_id}", "suspended", reason="welfare")
    gone = await wing.officer.get(path)
    assert not [each for on in gone["days"] for each in on["shifts"]]


async def test_who_has_left_has_no_name_on_the_rota(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "09:00", "12:00", days=1)
    await published(wing, days=1)
    name = await name_of(wing, mentor)
    assert mentor.person_id is not None
    await wing.presence(str(mentor.person_id), "left")
    assert name not in str(await wing.officer.get(path_of()))


async def test_prisoners_who_are_no_mentors_and_machines_have_no_rota(wing: Wing) -> None:
    applicant = await wing.applicant()
    person = wing.as_person(applicant["person_id"], applicant["id"])
    for caller in (person, await wing.lets_in("concerns.read")):
        problem(await caller.request("GET", path_of()), 403, "not_allowed")


async def test_the_month_is_this_one_unless_told_and_is_a_month(wing: Wing) -> None:
    today = local_date(clock.now())
    shown = await wing.officer.get("prints/rota")
    assert (shown["first"], shown["last"][:8]) == (str(today.replace(day=1)), f"{today:%Y-%m}-")
    assert len(shown["days"]) == int(shown["last"][8:])
    leap = await wing.officer.get("prints/rota?on=2028-02-17")
    assert (leap["first"], leap["last"]) == ("2028-02-01", "2028-02-29")
    for wrong in ("2026-13-01", "2026-02-29", "1899-12-31", "2201-01-01", "now", "2026-12"):
        answer = await wing.officer.request("GET", f"prints/rota?on={wrong}")
        assert [each["field"] for each in problem(answer, 422, "invalid")["errors"]] == ["on"]
    await wing.officer.get("prints/rota?on=2200-12-31")
