from datetime import UTC, datetime

import pytest

from app.services import regimes
from tests.story import Wing

AM = {"slot": "AM", "starts": "08:30:00", "ends": "11:30:00"}
NIGHT = {"slot": "NIGHT", "starts": "20:00:00", "ends": "07:30:00"}
BODY = {"lock_up": "19:30:00", "slots": [AM, NIGHT]}


async def test_a_regime_is_set_once_and_then_replaced_with_its_etag(wing: Wing) -> None:
    made = await wing.support_worker.put("regimes/1", BODY, 201, headers={})
    assert (made["weekday"], made["version"], made["slots"]) == (1, 1, [AM, NIGHT])
    later = {**BODY, "lock_up": "18:00:00"}
    refused = await wing.governor.put("regimes/1", later, 428, headers={})
    assert refused["code"] == "if_match_needed"
    changed = await wing.governor.put("regimes/1", later, headers={"If-Match": '"1"'})
    assert (changed["lock_up"], changed["version"]) == ("18:00:00", 2)
    await wing.governor.put("regimes/1", BODY, 412, headers={"If-Match": '"1"'})


async def test_an_etag_matches_nothing_where_no_regime_is_set(wing: Wing) -> None:
    refused = await wing.governor.put("regimes/1", BODY, 412, headers={"If-Match": '"1"'})
    assert refused["code"] == "stale"


async def test_the_week_is_listed_monday_first(wing: Wing) -> None:
    for weekday in (7, 1, 3):
        await wing.support_worker.put(f"regimes/{weekday}", BODY, 201, headers={})
    listed = await wing.officer.get("regimes")
    assert [item["weekday"] for item in listed["items"]] == [1, 3, 7]
    assert listed["items"][0] == await wing.officer.get("regimes/1")


@pytest.mark.parametrize("weekday", ["0", "9", "monday"])
async def test_there_are_seven_weekdays_and_the_one_of_bank_holidays(
    wing: Wing, weekday: str
) -> None:
    await wing.support_worker.put(f"regimes/{weekday}", BODY, 404, headers={})


async def test_a_weekday_without_a_regime_is_not_there(wing: Wing) -> None:
    await wing.officer.get("regimes/2", 404)


async def test_mentors_read_the_regime_and_set_none(wing: Wing) -> None:
    await wing.support_worker.put("regimes/1", BODY, 201, headers={})
    mentor = await wing.active_mentor()
    assert (await mentor.get("regimes/1"))["lock_up"] == "19:30:00"
    for caller in (mentor, wing.clinician, wing.officer):
        await caller.put("regimes/1", BODY, 403)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lock_up": "19:30:00+01:00"}, "lock_up"),
        ({"lock_up": "25:00:00"}, "lock_up"),
        ({"slots": [AM, AM]}, "slots"),
        ({"slots": [{**AM, "ends": "08:00:00"}]}, "slots"),
        ({"slots": [{**AM, "slot": "PM"}, AM]}, "slots"),
        ({"slots": [{"slot": "NIGHT", "starts": "11:00", "ends": "07:00"}, AM]}, "slots"),
        ({"slots": [{**AM, "colour": "red"}]}, "slots.0.colour"),
        ({"slots": [{**AM, "slot": "NOON"}]}, "slots.0.slot"),
    ],
)
async def test_an_impossible_day_names_its_field(
    wing: Wing, change: dict[str, object], field: str
) -> None:
    refused = await wing.support_worker.put("regimes/1", BODY | change, 422, headers={})
    assert refused["errors"][0]["field"] == field


async def test_lock_up_is_found_in_the_prisons_zone(wing: Wing) -> None:
    await wing.support_worker.put("regimes/1", BODY, 201, headers={})
    monday = datetime(2026, 7, 6, 12, tzinfo=UTC)
    async with wing.db.write(wing.prison_id) as db:
        found = await regimes.lock_up_after(db, wing.prison_id, monday)
    assert found == datetime(2026, 7, 6, 18, 30, tzinfo=UTC)


async def test_a_prison_without_a_regime_has_no_lock_up(wing: Wing) -> None:
    async with wing.db.write(wing.prison_id) as db:
        assert await regimes.lock_up_after(db, wing.prison_id, datetime.now(UTC)) is None
