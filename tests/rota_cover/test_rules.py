"""What is covered of what is needed: reckoned purely, in words and as pictures."""

from datetime import UTC, date, datetime, time, timedelta
from xml.etree import ElementTree

import pytest

from app import cover_picture
from app.models.rota_cover import CoverHour, RotaCover
from app.models.rota_demands import RotaRole
from app.services import rota_cover
from app.services.periods import Period
from app.services.rota.problem import Need, block
from app.services.rota_cover import Served
from app.services.working_days import LONDON, at_wall

DAY = date(2026, 11, 30)
ON_SHIFT, ON_CALL = RotaRole.mentor_on_shift, RotaRole.mentor_on_call


def need(
    start: int,
    end: int,
    needed: int = 1,
    role: RotaRole = ON_SHIFT,
    day: date = DAY,
    minute: int = 0,
) -> Need:
    made = block(role, day, time(start, minute), time(end), needed, LONDON)
    assert made is not None
    return made


def served(
    start: int, end: int, role: RotaRole = ON_SHIFT, day: date = DAY, minute: int = 0
) -> Served:
    last = day if end > start else day + timedelta(days=1)
    return Served(role, at_wall(day, time(start, minute), LONDON), at_wall(last, time(end), LONDON))


def cover(needs: list[Need], shifts: list[Served], days: int = 2, first: date = DAY) -> RotaCover:
    period = Period(first, first + timedelta(days=days - 1), LONDON)
    return rota_cover.covered(period, needs, shifts)


def told(found: RotaCover, day: date = DAY) -> list[tuple[int, int, int, int]]:
    """Each hour with the needed, the covered and the missing minutes."""
    [role] = found.roles
    [hours] = [each.hours for each in role.days if each.on == day]
    return [(each.hour, each.needed, each.covered, each.missing_minutes) for each in hours]


def test_each_hour_says_how_many_of_how_many_are_there() -> None:
    found = cover([need(9, 12, 2)], [served(9, 12), served(10, 11), served(10, 11)])
    assert told(found) == [(9, 2, 1, 60), (10, 2, 2, 0), (11, 2, 1, 60)]
    assert (found.roles[0].needed_minutes, found.roles[0].missing_minutes) == (360, 120)


def test_an_hour_of_which_a_part_lacks_somebody_is_a_gap_of_that_part() -> None:
    found = cover([need(9, 11)], [served(9, 11, minute=45)])
    assert told(found) == [(9, 1, 0, 45), (10, 1, 1, 0)]
    late = cover([need(9, 11, minute=30)], [])
    assert told(late) == [(9, 1, 0, 30), (10, 1, 0, 60)]


def test_a_night_stands_on_both_its_days_and_the_other_role_fills_no_gap() -> None:
    found = cover([need(22, 2, role=ON_CALL)], [served(22, 2, ON_SHIFT), served(22, 1, ON_CALL)])
    assert told(found) == [(22, 1, 1, 0), (23, 1, 1, 0)]
    assert told(found, DAY + timedelta(days=1)) == [(0, 1, 1, 0), (1, 1, 0, 60)]
    assert [each.role for each in found.roles] == [ON_CALL]


def test_every_day_is_there_also_one_on_which_nobody_is_needed() -> None:
    found = cover([need(9, 10)], [], days=3)
    assert [each.on for each in found.roles[0].days] == [DAY + timedelta(days=n) for n in range(3)]
    assert found.roles[0].days[1].hours == []
    assert cover([], []).roles == []
    assert cover([], []).description == "Nobody is needed."


def test_a_night_of_thirteen_hours_has_the_hour_that_comes_twice_twice() -> None:
    saturday = date(2026, 10, 24)
    first_only = Served(
        ON_CALL, at_wall(saturday, time(20), LONDON), datetime(2026, 10, 25, 1, tzinfo=UTC)
    )
    night = need(20, 8, role=ON_CALL, day=saturday)
    found = cover([night], [first_only], first=saturday)
    assert found.roles[0].needed_minutes == 13 * 60
    [sunday] = [each.hours for each in found.roles[0].days if each.on.day == 25]
    ones = [(each.again, each.covered) for each in sunday if each.hour == 1]
    assert ones == [(False, 1), (True, 0)]
    assert [each.hour for each in sunday] == [0, 1, 1, 2, 3, 4, 5, 6, 7]


def test_a_night_of_eleven_hours_lacks_the_hour_that_is_left_out() -> None:
    saturday = date(2027, 3, 27)
    found = cover([need(20, 8, role=ON_CALL, day=saturday)], [], first=saturday)
    assert found.roles[0].missing_minutes == 11 * 60
    [sunday] = [each.hours for each in found.roles[0].days if each.on.day == 28]
    assert [each.hour for each in sunday] == [0, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("day", "hour", "there"),
    [
        (date(2026, 10, 25), (1, False), True),
        (date(2026, 10, 25), (1, True), True),
        (date(2026, 10, 25), (2, True), False),
        (date(2026, 10, 26), (1, True), False),
        (date(2027, 3, 28), (1, False), False),
        (date(2027, 3, 28), (2, False), True),
    ],
)
def test_the_picture_knows_which_hours_a_day_has(
    day: date, hour: tuple[int, bool], there: bool
) -> None:
    assert cover_picture.has_hour(day, hour, LONDON) is there


def test_the_words_name_every_gap_with_how_many_are_missing() -> None:
    found = cover([need(9, 12, 2), need(20, 8, role=ON_CALL)], [served(9, 12), served(10, 11)])
    assert found.description == (
        "Mentor on shift: 6 hours needed, 2 hours of them not covered:"
        " Mon 30 Nov 09:00 to Mon 30 Nov 10:00 (1 missing),"
        " Mon 30 Nov 11:00 to Mon 30 Nov 12:00 (1 missing)."
        " Mentor on call: 12 hours needed, 12 hours of them not covered:"
        " Mon 30 Nov 20:00 to Tue 1 Dec 08:00 (1 missing)."
    )
    assert cover([need(9, 10)], [served(8, 11)]).description == (
        "Mentor on shift: 1 hour needed, all covered."
    )
    many = [need(9, 10, day=DAY + timedelta(days=n)) for n in range(14)]
    assert cover(many, [], days=14).description.endswith("(1 missing), and 4 times more.")


def test_the_table_has_a_row_an_hour() -> None:
    rows = list(rota_cover.table(cover([need(9, 11)], [served(9, 10)])))
    assert rows == [
        ["role", "day", "hour", "again", "needed", "covered", "missing_minutes"],
        ["mentor_on_shift", "2026-11-30", 9, "", 1, 1, 0],
        ["mentor_on_shift", "2026-11-30", 10, "", 1, 0, 60],
    ]


@pytest.mark.parametrize(("minutes", "said"), [(0, "0 hours"), (45, "45 minutes"), (120, "2 hours"),
                                               (90, "1 hour 30 minutes")])  # fmt: skip
def test_minutes_are_told_as_hours(minutes: int, said: str) -> None:
    assert rota_cover.hours_of(minutes) == said


async def test_the_picture_is_the_same_each_time_and_tells_gaps_without_colour() -> None:
    found = cover([need(9, 12, 2), need(20, 8, role=ON_CALL)], [served(9, 12), served(10, 11)])
    one, again = await cover_picture.svg(found), await cover_picture.svg(found)
    assert one == again
    root = ElementTree.fromstring(one)
    words = {each.tag.rpartition("}")[2]: each.text for each in root}
    assert words["desc"] == found.description
    assert (words["title"] or "").startswith("Cover of the rota, 30 November 2026")
    texts = [each.text for each in root.iter() if each.tag.endswith("text")]
    assert texts.count("1/2") == 2
    assert texts.count("0/1") == 12
    colours = {each.get("fill") for each in root.iter() if each.get("fill")} - {
        "transparent",
        "none",
    }
    grey = {colour for colour in colours if colour and len(set(_parts(colour))) == 1}
    assert colours == grey  # no meaning is in a colour
    assert {"#000000", "#d9d9d9", "#ffffff"} <= colours
    png = await cover_picture.png(found)
    assert png.startswith(b"\x89PNG")
    assert found.description.encode() in png
    assert await cover_picture.svg(cover([], []))


def _parts(colour: str) -> list[str]:
    """Red, green and blue of it."""
    named = {"white": "#ffffff", "black": "#000000"}.get(colour, colour).lstrip("#")
    whole = named if len(named) == 6 else "".join(2 * each for each in named)
    return [whole[at : at + 2] for at in (0, 2, 4)]


def test_an_hour_says_when_it_begins() -> None:
    [role] = cover([need(9, 10)], []).roles
    [hour] = role.days[0].hours
    assert hour == CoverHour(
        starts_at=at_wall(DAY, time(9), LONDON),
        hour=9,
        again=False,
        needed=1,
        covered=0,
        missing_minutes=60,
    )
