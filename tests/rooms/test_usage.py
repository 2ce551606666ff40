"""When rooms are in use: counted purely, on days of 23 and 25 hours too, and told as JSON, as a
table and as pictures."""

import asyncio
import csv
import io
from datetime import date, datetime, timedelta
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from app import clock, pictures
from app.errors import Busy, SheetTooLong
from app.models.rooms import Room, RoomUsageRead
from app.services import room_usage
from app.services.periods import Period
from app.services.working_days import LONDON, at_wall, local_date
from tests.house.answers import problem
from tests.sessions.scene import a_scene, tomorrow
from tests.story import Wing

MONDAY = date(2026, 11, 23)
WEEK = Period(MONDAY, MONDAY + timedelta(days=6), LONDON)
QUIET = Room(prison_id="SLI", wing_id=uuid4(), name="Quiet room", capacity=4)


def wall(day: date, hour: int, minute: int = 0) -> datetime:
    return at_wall(day, datetime.min.time().replace(hour=hour, minute=minute), LONDON)


def used(*times: tuple[datetime, datetime], period: Period = WEEK) -> RoomUsageRead:
    return room_usage.used(period, [QUIET], {QUIET.wing_id: "Delta wing"}, {QUIET.id: list(times)})


def told(found: RoomUsageRead) -> list[tuple[int, int, int, int]]:
    [room] = found.rooms
    return [(each.weekday, each.hour, each.minutes, each.percent) for each in room.hours]


def test_a_session_counts_in_every_hour_it_touches() -> None:
    found = used((wall(MONDAY, 9, 30), wall(MONDAY, 11, 15)))
    assert told(found) == [(1, 9, 30, 50), (1, 10, 60, 100), (1, 11, 15, 25)]
    assert found.rooms[0].minutes == 105


def test_the_same_hour_of_each_week_is_one() -> None:
    period = Period(MONDAY, MONDAY + timedelta(days=13), LONDON)
    later = MONDAY + timedelta(days=7)
    found = used(
        (wall(MONDAY, 9), wall(MONDAY, 10)), (wall(later, 9), wall(later, 9, 30)), period=period
    )
    assert told(found) == [(1, 9, 90, 75)]


def test_what_lies_outside_the_period_is_not_counted() -> None:
    before, after = MONDAY - timedelta(days=1), MONDAY + timedelta(days=7)
    found = used((wall(before, 23), wall(MONDAY, 1)), (wall(after, 0), wall(after, 2)))
    assert told(found) == [(1, 0, 60, 100)]


@pytest.mark.parametrize(
    ("sunday", "hours"),
    [
        (date(2026, 3, 29), [(7, 0, 60, 100), (7, 2, 60, 100)]),  # there is no hour from one
        (date(2026, 10, 25), [(7, 0, 60, 100), (7, 1, 120, 100), (7, 2, 60, 100)]),
    ],
)
def test_an_hour_is_as_long_as_it_is_when_the_clocks_change(
    sunday: date, hours: list[tuple[int, int, int, int]]
) -> None:
    period = Period(sunday, sunday, LONDON)
    found = used((wall(sunday, 0), wall(sunday, 3)), period=period)
    assert told(found) == hours


def test_an_hour_that_came_twice_and_was_used_once_is_half_used() -> None:
    sunday = date(2026, 10, 25)
    found = used((wall(sunday, 1), wall(sunday, 1) + timedelta(hours=1)), period=Period(
        sunday, sunday, LONDON
    ))  # fmt: skip
    assert told(found) == [(7, 1, 60, 50)]


def test_the_words_say_what_the_picture_shows() -> None:
    found = used((wall(MONDAY, 9), wall(MONDAY, 10)), (wall(MONDAY, 14), wall(MONDAY, 14, 30)))
    assert found.description == (
        "Quiet room, Delta wing: 90 minutes in use, most on Monday from 09:00, 100 percent."
    )
    assert used().description == "Quiet room, Delta wing: not in use."
    assert room_usage.used(WEEK, [], {}, {}).description == "No rooms."


async def test_the_picture_is_the_same_each_time_and_has_its_words() -> None:
    room = Room(prison_id="SLI", wing_id=QUIET.wing_id, name="<b>&'\" \x08 " + "W" * 90, capacity=4)
    found = room_usage.used(WEEK, [room], {QUIET.wing_id: "Delta"}, {room.id: []})
    one, again = await pictures.room_usage(found), await pictures.room_usage(found)
    assert one == again
    root = ElementTree.fromstring(one)
    words = [each.text or "" for each in root if each.tag.endswith(("title", "desc"))]
    assert words[0] == "Use of rooms in percent of each hour, 23 November 2026 to 29 November 2026"
    assert "not in use" in words[1]
    assert root.get("role") == "img"
    assert b"<image" not in one
    png = await pictures.room_usage_png(found)
    assert png.startswith(b"\x89PNG")
    assert b"iTXtDescription" in png
    assert b"not in use" in png
    assert png.endswith(b"IEND\xaeB\x60\x82")
    assert await pictures.room_usage(room_usage.used(WEEK, [], {}, {}))


async def test_more_rooms_than_one_picture_holds_are_figures_alone() -> None:
    """A picture takes seconds: one of a whole prison would keep everybody else waiting."""
    rooms = [
        Room(prison_id="SLI", id=uuid4(), wing_id=QUIET.wing_id, name=f"Room {n}", capacity=4)
        for n in range(pictures.MOST_ROOMS + 1)
    ]
    found = room_usage.used(WEEK, rooms, {QUIET.wing_id: "Delta"}, {each.id: [] for each in rooms})
    for draw in (pictures.room_usage, pictures.room_usage_png):
        with pytest.raises(SheetTooLong):
            await draw(found)


async def test_pictures_are_drawn_one_after_another_and_few_wait() -> None:
    """Each who waits keeps a connection to the database."""
    found = used((wall(MONDAY, 9), wall(MONDAY, 10)))
    allowed = pictures.TURNS.at_once + pictures.TURNS.most_waiting
    drawn = [pictures.room_usage(found) for _ in range(allowed + 3)]
    made = await asyncio.gather(*drawn, return_exceptions=True)
    assert sum(isinstance(each, Busy) for each in made) == 3
    assert sum(isinstance(each, bytes) for each in made) == allowed


async def test_every_format_tells_the_same(wing: Wing) -> None:
    scene = await a_scene(wing)
    await scene.group(tomorrow(9))
    day = local_date(tomorrow(9))
    path = f"rooms/usage?from={day}&to={day}"
    found = await wing.governor.get(path)
    [room] = found["rooms"]
    assert (room["name"], room["minutes"]) == ("Quiet room", 60)
    assert room["hours"][0]["weekday"] == day.isoweekday()
    answer = await wing.support_worker.request("GET", f"{path}&format=csv")
    heading, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert heading == ["room", "wing", "weekday", "hour", "minutes", "percent"]
    assert sum(int(row[4]) for row in rows) == 60
    svg = await wing.clinician.request("GET", f"{path}&format=svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert found["description"] in svg.text
    png = await wing.officer.request("GET", f"{path}&format=png")
    assert png.headers["content-type"] == "image/png"
    assert found["description"].encode() in png.content
    for word in ("mentee", "mentor", "group", "display_name"):
        assert word not in str(found)


async def test_what_is_cancelled_and_rooms_of_other_wings_are_left_out(wing: Wing) -> None:
    scene = await a_scene(wing)
    session = await scene.books(tomorrow(9))
    await scene.support_worker.move(f"sessions/{session['id']}", "cancelled", reason="no_room")
    other = await wing.support_worker.post("wings", {"code": "B", "name": "B wing"})
    day = local_date(tomorrow(9))
    found = await wing.governor.get(f"rooms/usage?from={day}&to={day}")
    assert [each["minutes"] for each in found["rooms"]] == [0]
    found = await wing.governor.get(f"rooms/usage?from={day}&to={day}&wing_id={other['id']}")
    assert (found["rooms"], found["description"]) == ([], "No rooms.")


async def test_prisoners_and_machines_ask_in_vain(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for caller in (mentor, await wing.lets_in("concerns.read")):
        problem(await caller.request("GET", "rooms/usage"), 403, "not_allowed")


async def test_a_period_is_in_order_and_no_longer_than_a_year(wing: Wing) -> None:
    today = clock.now().date()
    for first, last in ((today, today - timedelta(days=1)), (today - timedelta(days=400), today)):
        answer = await wing.officer.request("GET", f"rooms/usage?from={first}&to={last}")
        problem(answer, 422, "invalid")
    shown = await wing.officer.get("rooms/usage")
    assert (date.fromisoformat(shown["last"]) - date.fromisoformat(shown["first"])).days == 27
