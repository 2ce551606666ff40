"""Wing places over HTTP: asked for, waited for in order, given while there is room, left."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock, worker
from app.db import Database
from app.models.staff import StaffRole
from tests.story import Caller, Wing


async def asks(wing: Wing, caller: Caller | None = None, **fields: Any) -> Any:
    """A place asked for: by a support worker for somebody new, unless told."""
    person_id = fields.pop("person_id", None) or (await wing.person())["id"]
    body = {"person_id": person_id, "wing_id": wing.wing_id, **fields}
    return await (caller or wing.support_worker).post("wing-places", body)


async def moves_in(wing: Wing, place: Any) -> Any:
    path = f"wing-places/{place['id']}"
    for to in ("waiting", "allocated", "resident"):
        shown = await wing.support_worker.move(path, to)
    return shown


async def has(wing: Wing, places: int | None) -> Any:
    return await wing.support_worker.patch(f"wings/{wing.wing_id}", {"places": places})


async def test_a_prisoner_asks_for_themselves_and_sees_where_it_stands(wing: Wing) -> None:
    person = await wing.person()
    caller = wing.as_person(person["id"])
    place = await asks(wing, caller, person_id=person["id"])
    assert place.keys() == {"id", "wing_id", "status", "requested_at", "ended_at"}
    path = f"wing-places/{place['id']}"
    await wing.support_worker.move(path, "waiting")
    await wing.support_worker.move(path, "declined", reason="conduct", note="He knows why.")
    shown = await caller.get(path)
    assert shown["status"] == "declined"
    assert "conduct" not in str(shown)
    assert "position" not in shown
    history = await caller.get(f"{path}/history")
    assert [each["to_state"] for each in history["items"]] == ["requested", "waiting", "declined"]
    assert history["items"][0].keys() == {"id", "occurred_at", "from_state", "to_state"}
    await caller.get("wing-places", 422, params={"resident_elsewhere": "true"})
    await caller.move(path, "waiting", 403)
    await caller.get(f"wings/{wing.wing_id}/places", 403)


async def test_nobody_asks_for_another_prisoner_nor_sees_their_place(wing: Wing) -> None:
    place = await asks(wing)
    other = wing.as_person((await wing.person())["id"])
    body = {"person_id": place["person_id"], "wing_id": wing.wing_id}
    await other.post("wing-places", body, 404)
    await other.get(f"wing-places/{place['id']}", 404)
    await other.post(f"wing-places/{place['id']}/withdrawal", {}, 404)
    assert (await other.get("wing-places"))["items"] == []


async def test_who_asks_for_themselves_asks_now_and_passes_nobody(wing: Wing) -> None:
    first, person = await asks(wing), await wing.person()
    caller = wing.as_person(person["id"])
    body = {"person_id": person["id"], "wing_id": wing.wing_id}
    before = {**body, "occurred_at": str(clock.now() - timedelta(days=2))}
    refused = await caller.post("wing-places", before, 422)
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [
        ("occurred_at", "not_yours")
    ]
    await caller.post("wing-places", body)
    order = (await wing.support_worker.get("wing-places"))["items"]
    assert [each["person_id"] for each in order] == [first["person_id"], person["id"]]


async def test_staff_enter_for_others_also_later(wing: Wing) -> None:
    asked_at = clock.now().replace(microsecond=0) - timedelta(days=2)
    for caller in (wing.officer, wing.clinician, wing.support_worker):
        place = await asks(wing, caller, occurred_at=str(asked_at))
        assert place["recorded_by"] == str(caller.staff_id)
        assert place["requested_at"] == clock.spell(asked_at)
    body = {"person_id": place["person_id"], "wing_id": wing.wing_id}
    await wing.governor.post("wing-places", body, 403)
    tomorrow = {**body, "occurred_at": str(clock.now() + timedelta(days=1))}
    refused = await wing.officer.post("wing-places", tomorrow, 422)
    assert refused["errors"][0]["field"] == "occurred_at"


async def test_a_place_is_on_a_dedicated_wing_for_someone_who_is_here(wing: Wing) -> None:
    other = await wing.support_worker.post("wings", {"code": "B", "name": "Bravo"})
    person = await wing.person()
    body = {"person_id": person["id"], "wing_id": other["id"]}
    refused = await wing.support_worker.post("wing-places", body, 422)
    assert refused["errors"][0] | {"message": ""} == {
        "field": "wing_id", "code": "not_dedicated", "message": "",
    }  # fmt: skip
    unknown = {**body, "person_id": other["id"], "wing_id": wing.wing_id}
    refused = await wing.support_worker.post("wing-places", unknown, 422)
    assert refused["errors"][0]["field"] == "person_id"
    await wing.presence(person["id"], "left")
    gone = {"person_id": person["id"], "wing_id": wing.wing_id}
    assert (await wing.support_worker.post("wing-places", gone, 409))["code"] == "not_here"


async def test_one_person_has_one_live_place(wing: Wing) -> None:
    place = await asks(wing)
    body = {"person_id": place["person_id"], "wing_id": wing.wing_id}
    again = await wing.support_worker.post("wing-places", body, 409)
    assert again["code"] == "already_exists"
    path = f"wing-places/{place['id']}"
    withdrawn = await wing.officer.post(f"{path}/withdrawal", {}, 200)
    assert (withdrawn["status"], withdrawn["end_reason"]) == ("withdrawn", "own_wish")
    await asks(wing, person_id=place["person_id"])
    await wing.officer.post(f"{path}/withdrawal", {}, 409)


async def test_only_support_workers_decide(wing: Wing) -> None:
    path = f"wing-places/{(await asks(wing))['id']}"
    for caller in (wing.officer, wing.clinician, wing.governor):
        await caller.move(path, "waiting", 403)
        assert (await caller.get(path))["moves"] == []
    moves = (await wing.support_worker.get(path))["moves"]
    assert {each["to"] for each in moves} == {"waiting", "declined", "withdrawn"}
    await wing.support_worker.move(path, "declined", 422, reason="because")


async def test_the_order_of_asking_is_the_order_of_waiting(wing: Wing) -> None:
    first, second = await asks(wing), await asks(wing)
    earlier = str(clock.now() - timedelta(days=1))
    on_paper = await asks(wing, occurred_at=earlier)
    await wing.support_worker.move(f"wing-places/{second['id']}", "waiting")
    items = (await wing.governor.get("wing-places"))["items"]
    order = [(each["id"], each["position"]) for each in items]
    assert order == [(on_paper["id"], 1), (first["id"], 2), (second["id"], 3)]
    await wing.support_worker.post(f"wing-places/{first['id']}/withdrawal", {}, 200)
    assert (await wing.officer.get(f"wing-places/{second['id']}"))["position"] == 2
    ended = await wing.support_worker.get(f"wing-places/{first['id']}")
    assert ended["position"] is None


async def test_a_place_is_given_only_while_one_is_free(wing: Wing) -> None:
    await has(wing, 1)
    one, two = await asks(wing), await asks(wing)
    for place in (one, two):
        await wing.support_worker.move(f"wing-places/{place['id']}", "waiting")
    await wing.support_worker.move(f"wing-places/{one['id']}", "allocated")
    refused = await wing.support_worker.move(f"wing-places/{two['id']}", "allocated", 409)
    assert [each["code"] for each in refused["errors"]] == ["place_free"]
    full = await wing.governor.get(f"wings/{wing.wing_id}/places")
    assert full == {
        "wing_id": wing.wing_id, "places": 1, "resident": 0, "allocated": 1, "waiting": 1,
        "requested": 0, "free": 0,
    }  # fmt: skip
    await has(wing, None)
    await wing.support_worker.move(f"wing-places/{two['id']}", "allocated")
    await has(wing, 0)
    over = await wing.clinician.get(f"wings/{wing.wing_id}/places")
    assert (over["allocated"], over["free"]) == (2, 0)


async def test_places_given_at_once_are_never_more_than_there_are(wing: Wing) -> None:
    await has(wing, 2)
    places = [await asks(wing) for _ in range(5)]
    for place in places:
        await wing.support_worker.move(f"wing-places/{place['id']}", "waiting")
    answers = await asyncio.gather(
        *(
            wing.support_worker.request(
                "POST", f"wing-places/{place['id']}/moves", json={"to": "allocated"}
            )
            for place in places
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 200, 409, 409, 409]
    assert (await wing.governor.get(f"wings/{wing.wing_id}/places"))["allocated"] == 2


async def test_moving_off_for_conduct_ends_no_support(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    mentee = await wing.engaged()
    pairing = await wing.pairs(mentor, mentee["id"])
    place = await asks(wing, person_id=mentee["person_id"])
    await moves_in(wing, place)
    path = f"wing-places/{place['id']}"
    await wing.officer.move(path, "moved_off", 403, reason="conduct")
    off = await wing.support_worker.move(path, "moved_off", reason="conduct")
    assert (off["status"], off["end_reason"]) == ("moved_off", "conduct")
    assert (await wing.support_worker.get(f"mentees/{mentee['id']}"))["status"] == "engaged"
    assert (await wing.support_worker.get(f"pairings/{pairing['id']}"))["status"] == "live"


async def test_a_place_ends_when_its_person_leaves_the_prison(wing: Wing, db: Database) -> None:
    lived_in, asked_for = await asks(wing), await asks(wing)
    await moves_in(wing, lived_in)
    for place in (lived_in, asked_for):
        await wing.presence(place["person_id"], "left")
    await worker.housekeeping(db, wing.prison_id)
    await worker.housekeeping(db, wing.prison_id)
    for place, state in ((lived_in, "moved_off"), (asked_for, "withdrawn")):
        shown = await wing.support_worker.get(f"wing-places/{place['id']}")
        assert (shown["status"], shown["end_reason"]) == (state, "left_prison")


async def test_a_resident_whose_cell_is_elsewhere_is_found(wing: Wing) -> None:
    here = await asks(wing)
    person = await wing.person(cell_location="B-1-001")
    elsewhere = await asks(wing, person_id=person["id"])
    assert not elsewhere["resident_elsewhere"]
    await moves_in(wing, here)
    assert (await moves_in(wing, elsewhere))["resident_elsewhere"]
    query = {"resident_elsewhere": "true"}
    found = await wing.governor.get("wing-places", params=query)
    assert [each["id"] for each in found["items"]] == [elsewhere["id"]]


async def due(wing: Wing, kind: str) -> list[Any]:
    found = await wing.support_worker.get("tasks", params={"kind": kind, "status": "open"})
    return list(found["items"])


async def test_a_request_undecided_for_five_working_days_is_a_task_once(
    wing: Wing, db: Database
) -> None:
    asked, decided = await asks(wing), await asks(wing)
    clock.forward(days=5)
    await worker.housekeeping(db, wing.prison_id)
    assert await due(wing, "wing_place_due") == []
    await moves_in(wing, decided)
    clock.forward(days=10)
    for _ in range(2):
        await worker.housekeeping(db, wing.prison_id)
    [task] = await due(wing, "wing_place_due")
    assert (task["thing_id"], task["person_id"]) == (asked["id"], asked["person_id"])
    await wing.support_worker.move(f"wing-places/{asked['id']}", "waiting")
    assert len(await due(wing, "wing_place_due")) == 1
    await wing.support_worker.move(f"wing-places/{asked['id']}", "allocated")
    assert await due(wing, "wing_place_due") == []


async def test_a_task_done_without_a_decision_comes_again_later(wing: Wing, db: Database) -> None:
    await asks(wing)
    clock.forward(days=15)
    await worker.housekeeping(db, wing.prison_id)
    [task] = await due(wing, "wing_place_due")
    await wing.support_worker.move(f"tasks/{task['id']}", "done")
    await worker.housekeeping(db, wing.prison_id)
    assert await due(wing, "wing_place_due") == []
    clock.forward(days=15)
    await worker.housekeeping(db, wing.prison_id)
    assert len(await due(wing, "wing_place_due")) == 1


async def test_the_places_of_a_wing_are_changed_with_its_version(wing: Wing) -> None:
    shown = await has(wing, 40)
    assert shown["places"] == 40
    stale = {"If-Match": '"1"'}
    await wing.support_worker.patch(f"wings/{wing.wing_id}", {"places": 3}, 412, headers=stale)
    await wing.support_worker.patch(f"wings/{wing.wing_id}", {"places": -1}, 422)
    await wing.support_worker.patch(f"wings/{wing.wing_id}", {"name": None}, 422)
    await wing.officer.patch(f"wings/{wing.wing_id}", {"places": 3}, 403)


@pytest.mark.parametrize("role", [StaffRole.governor, StaffRole.wing_duty])
async def test_reasons_in_words_are_for_those_who_care(wing: Wing, role: StaffRole) -> None:
    path = f"wing-places/{(await asks(wing))['id']}"
    await wing.support_worker.move(path, "declined", reason="other", note="In his own words.")
    seen = await (await wing.hires(role)).get(f"{path}/history")
    assert "words" not in str(seen)
    assert seen["items"][-1]["reason"] == "other"
    assert "In his own words." in str(await wing.clinician.get(f"{path}/history"))
