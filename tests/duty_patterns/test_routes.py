"""Duties that come again: made ahead, taken by others, ended."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import clock, worker
from app.models.staff import StaffRole
from app.services.working_days import local_date
from tests.story import Caller, Wing

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
LONDON = ZoneInfo("Europe/London")


def today(days: int = 0) -> str:
    return (local_date(clock.now(), LONDON) + timedelta(days=days)).isoformat()


def pattern(who: Caller, **fields: Any) -> dict[str, Any]:
    body = {
        "staff_id": str(who.staff_id),
        "post": "clinician",
        "weekdays": EVERY_DAY,
        "from_time": "20:00:00",
        "to_time": "08:00:00",
        "first_day": today(),
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


async def duties_of(wing: Wing, made: Any) -> list[Any]:
    path = f"duties?pattern_id={made['id']}&sort=starts_at&limit=200"
    return list((await wing.officer.get(path))["items"])


def wall(spelt: str) -> str:
    return f"{datetime.fromisoformat(spelt).astimezone(LONDON):%a %H:%M}"


async def test_alternate_mondays_are_made_half_a_year_ahead_by_the_wall(wing: Wing) -> None:
    body = pattern(wing.nurse, weekdays=[1], every_weeks=2)
    made = await wing.clinician.post("duty-patterns", body)
    found = await duties_of(wing, made)
    assert len(found) in {12, 13, 14}
    assert {(wall(each["starts_at"]), wall(each["ends_at"])) for each in found} == {
        ("Mon 20:00", "Tue 08:00")
    }
    days = [local_date(datetime.fromisoformat(each["starts_at"]), LONDON) for each in found]
    weeks = {later - earlier for earlier, later in pairwise(days)}
    assert weeks == {timedelta(days=14)}
    assert made["made_until"] == today(182)
    assert {each["staff_id"] for each in found} == {str(wing.nurse.staff_id)}


async def test_the_night_on_which_the_clocks_change_is_an_hour_longer_or_shorter(
    wing: Wing,
) -> None:
    made = await wing.clinician.post("duty-patterns", pattern(wing.nurse))
    times = [
        [datetime.fromisoformat(each[name]) for name in ("starts_at", "ends_at")]
        for each in await duties_of(wing, made)
    ]
    lengths = [(ends - begins) / timedelta(hours=1) for begins, ends in times]
    assert {*lengths} <= {11, 12, 13}
    assert 1 <= sum(each != 12 for each in lengths) <= 2  # half a year has a change or two


async def test_each_day_what_comes_into_reach_is_made_and_nothing_twice(wing: Wing) -> None:
    made = await wing.clinician.post("duty-patterns", pattern(wing.nurse))
    before = await duties_of(wing, made)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert await duties_of(wing, made) == before
    clock.forward(hours=72)
    for _ in range(2):
        await worker.housekeeping(wing.db, wing.prison_id)
    after = await duties_of(wing, made)
    assert len(after) == len(before) + 3
    assert len({each["starts_at"] for each in after}) == len(after)


async def test_a_gap_is_where_no_pattern_comes(wing: Wing) -> None:
    night = pattern(wing.nurse)
    day = pattern(wing.clinician, from_time="08:00:00", to_time="20:00:00", weekdays=EVERY_DAY[:5])
    for body in (night, day):
        await wing.governor.post("duty-patterns", body)
    begins = datetime.combine(
        date.fromisoformat(today(1)), datetime.min.time(), LONDON
    ) + timedelta(hours=20)
    period = {"from": clock.spell(begins), "to": clock.spell(begins + timedelta(days=28))}
    found = (await wing.officer.get("duties/gaps", params=period))["items"]
    gaps = [each for each in found if each["post"] == "clinician"]
    assert len(gaps) == 8
    assert {(wall(each["starts_at"]), wall(each["ends_at"])) for each in gaps} == {
        ("Sat 08:00", "Sat 20:00"),
        ("Sun 08:00", "Sun 20:00"),
    }


async def test_somebody_else_takes_one_of_its_duties(wing: Wing) -> None:
    made = await wing.clinician.post("duty-patterns", pattern(wing.nurse))
    duty = (await duties_of(wing, made))[3]
    part = {
        "staff_id": str(wing.clinician.staff_id),
        "starts_at": duty["starts_at"],
        "ends_at": duty["ends_at"],
    }
    await wing.clinician.post(f"duties/{duty['id']}/overrides", part)
    at = datetime.fromisoformat(duty["starts_at"]) + timedelta(hours=1)
    clock.forward(seconds=(at - clock.now()).total_seconds())
    told = (await wing.officer.get("on-duty"))["staff"]
    assert [each["name"] for each in told] == [wing.clinician.subject.title()]


async def test_ended_it_comes_no_more_and_what_has_begun_goes_on(wing: Wing) -> None:
    body = pattern(wing.nurse, from_time="00:00:00", to_time="00:00:00")
    made = await wing.clinician.post("duty-patterns", body)
    before = await duties_of(wing, made)
    path = f"duty-patterns/{made['id']}/end"
    ended = await wing.clinician.post(path, {}, 200)
    assert ended["ended_at"] is not None
    assert ended["last_day"] == today(-1)
    after = await duties_of(wing, made)
    begun = [each["starts_at"] <= clock.spell(clock.now()) for each in before]
    assert [each["ends_at"] > each["starts_at"] for each in after] == begun
    assert any(begun)
    assert (await wing.clinician.post(path, {}, 409))["code"] == "conflict"
    clock.forward(hours=48)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert len(await duties_of(wing, made)) == len(before)
    assert (await wing.officer.get("on-duty"))["staff"] == []


async def test_it_may_end_on_a_day_to_come_and_sooner_but_not_later(wing: Wing) -> None:
    made = await wing.clinician.post("duty-patterns", pattern(wing.nurse))
    path = f"duty-patterns/{made['id']}/end"
    for last, expect in ((10, 200), (12, 409), (5, 200), (-1, 422)):
        told = await wing.clinician.post(path, {"last_day": today(last)}, expect)
    assert told["errors"][0]["field"] == "last_day"
    left = [each for each in await duties_of(wing, made) if each["ends_at"] > each["starts_at"]]
    assert local_date(datetime.fromisoformat(left[-1]["starts_at"]), LONDON).isoformat() == today(5)


async def test_one_of_its_duties_is_called_off_alone_and_stays_so(wing: Wing) -> None:
    made = await wing.clinician.post("duty-patterns", pattern(wing.nurse))
    duty = (await duties_of(wing, made))[5]
    path = f"duties/{duty['id']}"
    called_off = await wing.clinician.patch(path, {"ends_at": duty["starts_at"]})
    assert called_off["ends_at"] == duty["starts_at"]
    await worker.housekeeping(wing.db, wing.prison_id)
    period = {"from": duty["starts_at"], "to": duty["ends_at"]}
    (gap,) = [
        each
        for each in (await wing.officer.get("duties/gaps", params=period))["items"]
        if each["post"] == "clinician"
    ]
    assert (gap["starts_at"], gap["ends_at"]) == (duty["starts_at"], duty["ends_at"])


async def test_a_duty_that_has_begun_is_not_called_off(wing: Wing) -> None:
    begun = clock.spell(clock.now() - timedelta(hours=1))
    body = {"staff_id": str(wing.nurse.staff_id), "post": "clinician", "starts_at": begun}
    duty = await wing.clinician.post("duties", body)
    refused = await wing.clinician.patch(f"duties/{duty['id']}", {"ends_at": begun}, 422)
    assert refused["errors"][0]["field"] == "ends_at"


async def test_of_who_has_left_nothing_is_made_until_they_are_back(wing: Wing) -> None:
    made = await wing.clinician.post("duty-patterns", pattern(wing.nurse))
    before = await duties_of(wing, made)
    staff = f"staff/{wing.nurse.staff_id}"
    await wing.governor.patch(staff, {"active": False})
    clock.forward(hours=72)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert len(await duties_of(wing, made)) == len(before)
    await wing.governor.patch(staff, {"active": True})
    await worker.housekeeping(wing.db, wing.prison_id)
    assert len(await duties_of(wing, made)) == len(before) + 3


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [1, 1]}, "weekdays"),
        ({"weekdays": [0]}, "weekdays.0"),
        ({"every_weeks": 13}, "every_weeks"),
        ({"from_time": "20:00:00Z"}, "from_time"),
        ({"first_day": "2026-02-30"}, "first_day"),
        ({"last_day": "2020-01-01", "first_day": "2019-01-01"}, "last_day"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"first_day": "2190-01-01"}, "first_day"),
        ({"post": "last_resort"}, "post"),
    ],
)
async def test_what_cannot_be_is_refused_by_field(
    wing: Wing, fields: dict[str, Any], field: str
) -> None:
    refused = await wing.clinician.post("duty-patterns", pattern(wing.nurse, **fields), 422)
    assert [each["field"] for each in refused["errors"]] == [field]


async def test_only_a_clinician_comes_again_at_the_clinicians_post(wing: Wing) -> None:
    refused = await wing.clinician.post("duty-patterns", pattern(wing.officer), 422)
    assert [each["code"] for each in refused["errors"]] == ["not_a_clinician"]


async def test_officers_read_patterns_and_make_none_and_mentors_neither(wing: Wing) -> None:
    made = await wing.clinician.post("duty-patterns", pattern(wing.nurse))
    other = await wing.hires(StaffRole.nurse)
    await wing.clinician.post("duty-patterns", pattern(other))
    listed = await wing.officer.get(f"duty-patterns?staff_id={wing.nurse.staff_id}")
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    assert (await wing.officer.get(f"duty-patterns/{made['id']}"))["version"] == made["version"]
    await wing.officer.post("duty-patterns", pattern(wing.nurse), 403)
    await wing.officer.post(f"duty-patterns/{made['id']}/end", {}, 403)
    mentor = await wing.active_mentor()
    await mentor.get("duty-patterns", 403)


async def test_what_is_over_already_is_not_made(wing: Wing) -> None:
    body = pattern(wing.nurse, first_day=today(-30))
    found = await duties_of(wing, await wing.clinician.post("duty-patterns", body))
    assert all(datetime.fromisoformat(each["ends_at"]) > clock.now() for each in found)
    assert datetime.fromisoformat(found[0]["starts_at"]) < datetime.now(UTC) + timedelta(days=2)
