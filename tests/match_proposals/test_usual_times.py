"""How much of a mentee's usual times a mentor can serve: by itself, and in the candidates."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.models.availabilities import Availability, AvailabilityKind
from app.services.matching import MOST, USUAL_TIMES, Facts, FitCode, fit, rank
from app.services.usual_times import (
    DAY,
    WEEK,
    WHENEVER,
    common,
    minutes,
    of_availability,
    of_meeting,
)
from tests.match_proposals.test_candidates import found
from tests.match_proposals.test_rules import a_mentee, a_mentor
from tests.rotas.story import away
from tests.story import Caller, Wing

LONDON = ZoneInfo("Europe/London")


def said(kind: str, weekday: int | None, start: str, end: str, **more: Any) -> Availability:
    return Availability(
        prison_id="SLI",
        mentor_id=UUID(int=1),
        kind=AvailabilityKind(kind),
        weekday=weekday,
        from_time=time.fromisoformat(start),
        to_time=time.fromisoformat(end),
        **more,
    )


def at(day: date, start: str, hours: float = 1) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, time.fromisoformat(start), LONDON)
    return begins, begins + timedelta(hours=hours)


MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
TEN = ((600, 660),)
TWO_HOURS = said("available", 1, "10:00", "12:00")


def test_a_summers_ten_oclock_is_a_winters() -> None:
    for day in (MONDAY, date(2026, 7, 6)):
        assert of_meeting(*at(day, "10:00"), LONDON) == TEN


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_on_days_on_which_the_clocks_change_the_wall_counts(day: date) -> None:
    assert of_meeting(*at(day, "10:00"), LONDON) == ((6 * DAY + 600, 6 * DAY + 660),)


def test_a_sundays_night_goes_on_into_monday() -> None:
    met = of_meeting(*at(SUNDAY, "23:30"), LONDON)
    assert met == ((WEEK - 30, WEEK), (0, 30))
    night = [said("available", 7, "22:00", "06:00")]
    assert common(met, of_availability(night)) == minutes(met) == 60


@pytest.mark.parametrize(
    ("rows", "can"),
    [
        ([], WHENEVER),
        ([TWO_HOURS], ((600, 720),)),
        ([TWO_HOURS, said("available", 1, "11:00", "13:00")], ((600, 780),)),
        ([said("available", 1, "00:00", "00:00")], ((0, DAY),)),
        ([TWO_HOURS, said("away", 1, "11:00", "11:30")], ((600, 660), (690, 720))),
        ([said("away", 1, "00:00", "00:00")], ((DAY, WEEK),)),
        ([said("available", None, "10:00", "12:00", on_day=MONDAY)], WHENEVER),
        ([said("away", None, "10:00", "12:00", on_day=MONDAY)], WHENEVER),
        ([said("prefers", 2, "10:00", "12:00"), said("rather_not", 1, "00:00", "00:00")], WHENEVER),
        ([said("available", 2, "10:00", "12:00", ended_at=datetime.now(LONDON))], WHENEVER),
    ],
)
def test_a_mentor_can_serve_in_their_windows(rows: list[Availability], can: Any) -> None:
    assert of_availability(rows) == can


@pytest.mark.parametrize(
    ("usual", "can", "points"),
    [
        ((), WHENEVER, None),
        (TEN, WHENEVER, USUAL_TIMES),
        (TEN, ((600, 630),), USUAL_TIMES // 2),
        (TEN, ((700, 800),), None),
        ((*TEN, *TEN, *TEN, (2000, 2060)), TEN, USUAL_TIMES * 3 // 4),  # as often as it was
    ],
)
def test_the_share_of_the_usual_times_counts(usual: Any, can: Any, points: int | None) -> None:
    parts = fit(a_mentor(can_serve=can), a_mentee(usual=usual), Facts())
    told = {part.code: part.points for part in parts}
    assert told.get(FitCode.usual_times) == points
    assert all(told[code] <= MOST[code] for code in told)


def test_who_can_serve_then_comes_first_of_two_alike() -> None:
    mentors = [a_mentor(1, can_serve=((0, 60),)), a_mentor(2, can_serve=TEN)]
    ranking = rank(a_mentee(usual=TEN), mentors, Facts())
    assert [each.mentor.id.int for each in ranking.candidates] == [2, 1]


async def meets(wing: Wing, mentor: Caller, mentee: Any) -> datetime:
    """They met yesterday at ten, by the clock on the wall."""
    now = clock.now().astimezone(LONDON)
    begins = datetime.combine(now.date() - timedelta(days=1), time(10), LONDON)
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "starts_at": clock.spell(begins),
        "ends_at": clock.spell(begins + timedelta(hours=1)),
        "mentee_ids": [mentee["id"]],
    }
    await wing.support_worker.post("sessions/held", body)
    return begins


async def usual_of(wing: Wing, mentee: Any) -> dict[str, tuple[int, int]]:
    """The points for usual times, and the most there are, by mentor."""
    return {
        each["mentor_id"]: (part["points"], part["most"])
        for each in (await found(wing.support_worker, mentee))["candidates"]
        for part in each["parts"]
        if part["code"] == "usual_times"
    }


async def test_candidates_say_how_much_of_the_usual_times_a_mentor_can_serve(wing: Wing) -> None:
    mentors = [await wing.active_mentor() for _ in range(4)]
    always, half, never, wisher = mentors
    mentee = await wing.engaged()
    assert await usual_of(wing, mentee) == {}
    begins = await meets(wing, always, mentee)
    weekday = {"weekday": begins.isoweekday(), "to_time": "12:00"}
    window = {**weekday, "kind": "available", "from_time": "10:30"}
    await half.post("availabilities", window)
    elsewhen = {**window, "weekday": begins.isoweekday() % 7 + 1}
    await never.post("availabilities", elsewhen)
    wishes = {**weekday, "kind": "rather_not", "from_time": "09:00"}
    wish = await wisher.post("availabilities", wishes)
    await away(wisher, 6)  # one day's absence is no habit
    answer = await found(wing.support_worker, mentee)
    assert await usual_of(wing, mentee) == {
        str(always.mentor_id): (12, 12),
        str(half.mentor_id): (6, 12),
        str(wisher.mentor_id): (12, 12),
    }
    assert "rather_not" not in json.dumps(answer)
    assert wish["id"] not in json.dumps(answer)
    clock.forward(days=57)  # long ago
    assert await usual_of(wing, mentee) == {}
