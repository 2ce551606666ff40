"""ACCT pointers over HTTP: days only, for staff only."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.services.working_days import local_date
from tests.mentees.test_routes import codes
from tests.mentees.test_rules import LONDON
from tests.story import Wing


def today(**ahead: float) -> str:
    return str(local_date(clock.now(), LONDON) + timedelta(**ahead))


async def opened(wing: Wing, person_id: str | None = None, **fields: Any) -> Any:
    """An ACCT that the prison opened today, as the clinician records it."""
    person_id = person_id or (await wing.person())["id"]
    body = {"person_id": person_id, "opened_on": today(), "next_review_on": today(days=1), **fields}
    return await wing.clinician.post("acct-pointers", body)


async def test_a_clinician_records_it_and_all_staff_know(wing: Wing) -> None:
    made = await opened(wing)
    assert (made["status"], made["closed_on"]) == ("open", None)
    path = f"acct-pointers/{made['id']}"
    for caller in (wing.support_worker, wing.officer, wing.governor, wing.nurse):
        row = (await caller.get("acct-pointers?status=open"))["items"][0]
        assert row == {name: value for name, value in made.items() if name != "moves"}
        assert (await caller.get(path))["opened_on"] == today()


async def test_it_holds_days_and_no_words(wing: Wing) -> None:
    made = await opened(wing)
    assert set(made) == {
        "id",
        "version",
        "recorded_at",
        "person_id",
        "status",
        "opened_on",
        "next_review_on",
        "closed_on",
        "moves",
    }
    path = f"acct-pointers/{made['id']}"
    words = {"note": "He said why.", "reason": "care_plan_completed"}
    refused = await wing.clinician.move(path, "post_closure", 422, **words)
    assert codes(refused) == ["no_text"]
    assert all("note" not in row for row in (await wing.clinician.get(f"{path}/history"))["items"])


async def test_only_clinicians_record_and_move_it(wing: Wing) -> None:
    made = await opened(wing)
    path = f"acct-pointers/{made['id']}"
    body = {"person_id": made["person_id"], "opened_on": today()}
    for caller in (wing.support_worker, wing.officer, wing.governor):
        assert (await caller.get(path))["moves"] == []
        await caller.post("acct-pointers", body, 403)
        await caller.patch(path, {"opened_on": today()}, 403)
        await caller.move(path, "post_closure", 403, reason="care_plan_completed")


async def test_mentors_see_nothing_of_it(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    made = await opened(wing, mentee["person_id"])
    for address in ("acct-pointers", f"acct-pointers/{made['id']}"):
        await mentor.get(address, 403)
    await mentor.get(f"acct-pointers/{made['id']}/history", 403)


async def test_it_is_closed_reopened_and_ended(wing: Wing) -> None:
    path = f"acct-pointers/{(await opened(wing))['id']}"
    clock.forward(days=5)
    assert codes(await wing.clinician.move(path, "post_closure", 422)) == ["reason"]
    closed = await wing.clinician.move(path, "post_closure", reason="care_plan_completed")
    assert closed["closed_on"] == today()
    assert {move["to"] for move in closed["moves"]} == {"open", "closed"}
    again = await wing.nurse.move(path, "open", reason="new_concern")
    assert (again["status"], again["closed_on"]) == ("open", None)
    await wing.clinician.move(path, "closed", 409, reason="post_closure_completed")
    await wing.clinician.move(path, "post_closure", reason="care_plan_completed")
    ended = await wing.clinician.move(path, "closed", reason="post_closure_completed")
    assert (ended["status"], ended["next_review_on"], ended["moves"]) == ("closed", None, [])
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in history] == [
        "open",
        "post_closure",
        "open",
        "post_closure",
        "closed",
    ]


async def test_a_person_has_one_live_pointer(wing: Wing) -> None:
    made = await opened(wing)
    path = f"acct-pointers/{made['id']}"
    body = {"person_id": made["person_id"], "opened_on": today()}
    assert (await wing.clinician.post("acct-pointers", body, 409))["code"] == "already_exists"
    await wing.clinician.move(path, "post_closure", reason="care_plan_completed")
    await wing.clinician.post("acct-pointers", body, 409)
    await wing.clinician.move(path, "closed", reason="post_closure_completed")
    again = await wing.clinician.post("acct-pointers", body)
    query = f"acct-pointers?person_id={made['person_id']}"
    assert {row["id"] for row in (await wing.officer.get(query))["items"]} == {
        made["id"],
        again["id"],
    }


async def test_days_are_corrected_with_the_etag_that_was_read(wing: Wing) -> None:
    made = await opened(wing)
    path = f"acct-pointers/{made['id']}"
    await wing.clinician.patch(path, {"next_review_on": None}, 428, headers={})
    changed = await wing.clinician.patch(path, {"next_review_on": None})
    assert (changed["next_review_on"], changed["opened_on"]) == (None, today())
    await wing.clinician.patch(path, {"opened_on": None}, 422)
    stale = {"If-Match": f'"{made["version"]}"'}
    await wing.clinician.patch(path, {"opened_on": today()}, 412, headers=stale)


@pytest.mark.parametrize(
    ("field", "days", "code"),
    [("opened_on", 1, "in_the_future"), ("next_review_on", -1, "before_opening")],
)
async def test_days_that_cannot_be_are_refused(
    wing: Wing, field: str, days: int, code: str
) -> None:
    person = await wing.person()
    body = {"person_id": person["id"], "opened_on": today(), field: today(days=days)}
    refused = await wing.clinician.post("acct-pointers", body, 422)
    assert [(error["field"], error["code"]) for error in refused["errors"]] == [(field, code)]


async def test_it_is_not_opened_after_it_was_closed(wing: Wing) -> None:
    path = f"acct-pointers/{(await opened(wing, opened_on=today(days=-3)))['id']}"
    at = clock.spell(clock.now())
    await wing.clinician.move(path, "post_closure", reason="care_plan_completed", occurred_at=at)
    clock.forward(days=3)
    refused = await wing.clinician.patch(path, {"opened_on": today()}, 422)
    assert codes(refused) == ["after_closure"]


async def test_an_unknown_person_is_named(wing: Wing) -> None:
    body = {"person_id": str(wing.nurse.staff_id), "opened_on": today()}
    refused = await wing.clinician.post("acct-pointers", body, 422)
    assert refused["errors"][0]["field"] == "person_id"
