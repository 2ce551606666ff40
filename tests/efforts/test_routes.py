"""Hours over HTTP: one's own or entered for a mentor, corrected, voided, and put together."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import clock
from tests.house.answers import fields, problem
from tests.story import Caller, Wing


def today() -> str:
    return str(clock.now().astimezone(UTC).date())


def gave(**fields: Any) -> dict[str, Any]:
    return {"activity": "preparation", "done_on": today(), "minutes": 45, **fields}


async def held(wing: Wing, mentor: Caller, mentee: Any, minutes: int, **fields: Any) -> Any:
    """A session that took place, ended a minute ago."""
    ends = clock.now() - timedelta(minutes=1)
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": str(ends - timedelta(minutes=minutes)),
        "ends_at": str(ends),
        **fields,
    }
    return await wing.support_worker.post("sessions/held", body)


@pytest.fixture(autouse=True)
def _at_noon() -> None:
    """Far from midnight, where the day in London may not be that of UTC."""
    noon = clock.now().replace(hour=12, minute=0)
    clock.set_offset(noon - clock.real_now() + timedelta(days=1))


async def test_a_mentor_records_their_own_hours_and_sees_no_others(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    mine = await mentor.post("efforts", gave())
    assert (mine["mentor_id"], mine["recorded_by"]) == (str(mentor.mentor_id), None)
    theirs = await other.post("efforts", gave(minutes=60))
    assert (await mentor.get("efforts"))["items"] == [mine]
    await mentor.get(f"efforts/{theirs['id']}", 404)
    await mentor.patch(f"efforts/{theirs['id']}", {"minutes": 5}, 404)
    for name in ("mentor_id", "staff_id"):
        body = gave(**{name: str(other.mentor_id)})
        refused = await mentor.post("efforts", body, 422)
        assert refused["errors"][0]["field"] == name
    own = await mentor.get("efforts/summary")
    assert (own["mentor_minutes"], own["staff_minutes"]) == (45, 0)


async def test_staff_record_their_own_and_enter_for_mentors(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    own = await wing.clinician.post("efforts", gave(activity="clinical_input"))
    assert (own["staff_id"], own["mentor_id"]) == (str(wing.clinician.staff_id), None)
    entered = await wing.clinician.post("efforts", gave(mentor_id=str(mentor.mentor_id)))
    assert entered["recorded_by"] == str(wing.clinician.staff_id)
    assert (await mentor.get("efforts"))["items"] == [entered]
    body = gave(staff_id=str(wing.nurse.staff_id))
    refused = await wing.clinician.post("efforts", body, 422)
    assert refused["errors"][0]["field"] == "staff_id"
    await wing.support_worker.patch(f"efforts/{own['id']}", {"minutes": 10}, 403)
    await wing.support_worker.patch(f"efforts/{entered['id']}", {"minutes": 10})


async def test_governors_read_hours_put_together_only(wing: Wing) -> None:
    made = await wing.support_worker.post("efforts", gave())
    await wing.governor.get("efforts", 403)
    await wing.governor.get(f"efforts/{made['id']}", 404)
    await wing.governor.post("efforts", gave(), 403)
    await wing.officer.get("efforts/summary", 403)
    assert (await wing.governor.get("efforts/summary"))["staff_minutes"] == 45


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"activity": "one_to_one"}, "activity"),
        ({"activity": "gardening"}, "activity"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 721}, "minutes"),
        ({"done_on": "2199-01-01"}, "done_on"),
        ({"done_on": "2020-01-01"}, "done_on"),
        ({"mentor_id": "0198c0de-0000-7000-8000-000000000002"}, "mentor_id"),
        ({"note": "Words."}, "note"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, fields: dict[str, Any], named: str) -> None:
    refused = await wing.support_worker.post("efforts", gave(**fields), 422)
    assert [each["field"] for each in refused["errors"]] == [named]
    assert (await wing.support_worker.get("efforts"))["items"] == []


async def test_an_effort_is_corrected_with_its_version_and_voided_not_deleted(wing: Wing) -> None:
    made = await wing.support_worker.post("efforts", gave())
    path = f"efforts/{made['id']}"
    await wing.support_worker.patch(path, {"minutes": 50}, 428, headers={})
    await wing.support_worker.patch(path, {"minutes": 50}, headers={"If-Match": '"1"'})
    await wing.support_worker.patch(path, {"minutes": 55}, 412, headers={"If-Match": '"1"'})
    await wing.support_worker.patch(path, {"activity": "group"}, 422)
    await wing.support_worker.patch(path, {"done_on": "2199-01-01"}, 422)
    assert (await wing.support_worker.get(path))["minutes"] == 50
    reason = {"reason": "entered_twice"}
    voided = await wing.support_worker.post(f"{path}/void", reason, 200)
    assert (voided["void_reason"], voided["minutes"]) == ("entered_twice", 50)
    await wing.support_worker.post(f"{path}/void", reason, 409)
    await wing.support_worker.patch(path, {"minutes": 5}, 409)
    assert (await wing.governor.get("efforts/summary"))["lines"] == []
    kept = await wing.support_worker.get("efforts", params={"voided": "true"})
    assert [each["id"] for each in kept["items"]] == [made["id"]]


async def test_hours_of_sessions_are_counted_from_the_sessions(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    lead = str(wing.nurse.staff_id)
    await held(wing, mentor, mentee, 60, kind="art_therapy", lead_staff_id=lead)
    clock.forward(hours=2)
    await held(wing, mentor, mentee, 30)
    await mentor.post("efforts", gave(minutes=20))
    await wing.nurse.post("efforts", gave(minutes=15, activity="debrief"))
    query = {"by": "activity"}
    found = await wing.governor.get("efforts/summary", params=query)
    assert [
        (each["key"], each["source"], each["mentor_minutes"], each["staff_minutes"])
        for each in found["lines"]
    ] == [
        ("art_therapy", "sessions", 60, 60),
        ("debrief", "recorded", 0, 15),
        ("one_to_one", "sessions", 30, 0),
        ("preparation", "recorded", 20, 0),
    ]
    assert (found["mentor_minutes"], found["staff_minutes"]) == (110, 75)
    by_role = await wing.support_worker.get("efforts/summary", params={"by": "role"})
    assert {each["key"] for each in by_role["lines"]} == {"mentor", "nurse"}
    by_mentor = await wing.governor.get("efforts/summary", params={"by": "mentor"})
    assert {each["key"] for each in by_mentor["lines"]} == {str(mentor.mentor_id)}
    own = await mentor.get("efforts/summary", params={"by": "week"})
    assert (own["mentor_minutes"], own["staff_minutes"]) == (110, 0)
    year, week, _ = datetime.now(UTC).isocalendar()
    assert {each["key"][:4] for each in own["lines"]} <= {str(year), str(year + 1)}, week
    before = str(clock.now().date() - timedelta(days=1))
    none = await wing.governor.get("efforts/summary", params={"from": "2020-01-01", "to": before},
                                   expect=422)  # fmt: skip
    assert none["errors"][0]["field"] == "from"
    empty = await wing.governor.get("efforts/summary", params={"from": before, "to": before})
    assert empty["lines"] == []


async def test_a_session_that_did_not_take_place_counts_nothing(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    starts = clock.now() + timedelta(hours=1)
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": str(starts),
        "ends_at": str(starts + timedelta(hours=1)),
    }
    planned = await wing.support_worker.post("sessions", body)
    await wing.support_worker.move(f"sessions/{planned['id']}", "cancelled", reason="no_escort")
    clock.forward(hours=3)
    assert (await wing.governor.get("efforts/summary"))["lines"] == []


@pytest.mark.parametrize("activity", [[], {}, ["preparation"], {"a": 1}, None, 5, True])
async def test_an_activity_that_is_no_word_is_refused(wing: Wing, activity: Any) -> None:
    answer = await wing.support_worker.request("POST", "efforts", json=gave(activity=activity))
    assert fields(problem(answer, 422, "invalid")) == ["activity"]
