"""Rooms that change and that are closed: what is planned in them is listed, and refused after."""

import asyncio
from typing import Any

import pytest

from app import clock
from tests.sessions.scene import Scene, a_scene, tomorrow
from tests.story import Wing

PATH = "room-closures"
NOBODY = "0198c0de-0000-7000-8000-000000000009"


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def closing(scene: Scene, start: int = 9, end: int = 12, **fields: Any) -> dict[str, Any]:
    return {
        "room_id": scene.room,
        "from": tomorrow(start).isoformat(),
        "to": tomorrow(end).isoformat(),
        "reason": "repair",
        **fields,
    }


def kinds(problem: Any) -> list[str]:
    return [each["kind"] for each in problem["clashes"]]


async def test_what_is_planned_in_it_is_listed_at_once_and_refused_from_then_on(
    scene: Scene,
) -> None:
    before, touched = await scene.books(tomorrow(8)), await scene.books(tomorrow(11), minutes=90)
    made = await scene.support_worker.post(PATH, closing(scene))
    assert [each["session_id"] for each in made["planned"]] == [touched["id"]]
    assert await scene.support_worker.get(f"{PATH}/{made['id']}") == made
    for hour, minutes in ((9, 60), (10, 30)):
        problem = await scene.refused(tomorrow(hour), minutes=minutes)
        assert kinds(problem) == ["room_closed"]
        assert problem["errors"][0]["field"] == "room_id"
    own = await scene.mentor.post("sessions", scene.plan(tomorrow(9)), 409)
    assert kinds(own) == ["unavailable"]
    await scene.books(tomorrow(9), room_id=None)
    into = {"starts_at": str(tomorrow(10)), "ends_at": str(tomorrow(11))}
    refused = await scene.support_worker.patch(f"sessions/{before['id']}", into, 409)
    assert kinds(refused) == ["room_closed"]
    withdrawn = await scene.support_worker.post(f"{PATH}/{made['id']}/withdrawal", None, 200)
    assert withdrawn["planned"] == []
    await scene.support_worker.patch(f"sessions/{before['id']}", into)
    await scene.support_worker.post(f"{PATH}/{made['id']}/withdrawal", None, 409)


async def test_governors_close_rooms_and_see_no_session(scene: Scene) -> None:
    await scene.books(tomorrow(9))
    made = await scene.wing.governor.post(PATH, closing(scene))
    assert "planned" not in made
    assert await scene.wing.governor.get(f"{PATH}/{made['id']}") == made
    for caller in (scene.support_worker, scene.wing.officer, scene.wing.clinician):
        assert len((await caller.get(f"{PATH}/{made['id']}"))["planned"]) == 1
        assert "planned" not in (await caller.get(PATH))["items"][0]


async def test_a_mentor_is_told_when_a_room_is_closed_and_not_why(scene: Scene) -> None:
    made = await scene.wing.governor.post(PATH, closing(scene, reason="searching"))
    read = await scene.mentor.get(f"{PATH}/{made['id']}")
    assert read == {name: value for name, value in made.items() if name != "reason"}
    assert (await scene.mentor.get(PATH))["items"] == [read]


async def test_only_those_who_set_places_close_rooms(scene: Scene) -> None:
    made = await scene.support_worker.post(PATH, closing(scene))
    for caller in (scene.mentor, scene.wing.officer, scene.wing.clinician):
        await caller.post(PATH, closing(scene), 403)
        await caller.post(f"{PATH}/{made['id']}/withdrawal", None, 403)
        await caller.patch(f"rooms/{scene.room}", {"capacity": 3}, 403)


async def test_lists_are_narrowed(scene: Scene) -> None:
    other = await scene.wing.room("Garden room")
    one = await scene.support_worker.post(PATH, closing(scene))
    two = await scene.support_worker.post(PATH, closing(scene, 14, 15, room_id=other["id"]))
    await scene.support_worker.post(f"{PATH}/{two['id']}/withdrawal", None, 200)

    async def found(query: str) -> list[str]:
        return [row["id"] for row in (await scene.mentor.get(f"{PATH}?{query}"))["items"]]

    assert await found("sort=-starts_at") == [two["id"], one["id"]]
    assert await found(f"room_id={other['id']}") == [two["id"]]
    assert await found("live=true") == [one["id"]]
    noon = tomorrow(12).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await found(f"ends_after={noon}") == [two["id"]]
    assert await found(f"starts_before={noon}") == [one["id"]]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"room_id": NOBODY}, "room_id"),
        ({"to": "2020-01-01T00:00:00+00:00"}, "to"),
        ({"to": "2199-01-01T00:00:00+00:00"}, "to"),
        ({"reason": "haunted"}, "reason"),
    ],
)
async def test_a_mistake_names_its_field(scene: Scene, fields: dict[str, Any], named: str) -> None:
    refused = await scene.support_worker.post(PATH, closing(scene, **fields), 422)
    assert refused["errors"][0]["field"] == named


async def test_of_bookings_and_a_closure_at_once_each_is_listed_or_refused(wing: Wing) -> None:
    scene = await a_scene(wing, mentees=6)
    plans = [
        scene.plan(tomorrow(9 + number), minutes=30, mentee_ids=[mentee])
        for number, mentee in enumerate(scene.mentees)
    ]
    closure = closing(scene, 9, 16)
    answers = await asyncio.gather(
        *[wing.support_worker.request("POST", "sessions", json=plan) for plan in plans[:3]],
        wing.support_worker.request("POST", PATH, json=closure),
        *[wing.support_worker.request("POST", "sessions", json=plan) for plan in plans[3:]],
    )
    made = answers[3].json()
    booked = {
        each.json()["id"]
        for number, each in enumerate(answers)
        if number != 3 and each.status_code == 201
    }
    assert {each["session_id"] for each in made["planned"]} == booked


async def test_a_room_takes_only_what_it_is_fit_for(scene: Scene) -> None:
    room = await scene.support_worker.get(f"rooms/{scene.room}")
    assert len(room["kinds"]) == 6, "every kind, unless told"
    path = f"rooms/{scene.room}"
    await scene.support_worker.patch(path, {"kinds": ["group"]}, 428, headers={})
    changed = await scene.support_worker.patch(
        path, {"kinds": ["group"], "capacity": 3, "name": "Small room"}
    )
    assert (changed["kinds"], changed["capacity"], changed["version"]) == (["group"], 3, 2)
    assert kinds(await scene.refused()) == ["room_kind"]
    group = {"kind": "group", "mentee_ids": scene.mentees}
    assert kinds(await scene.refused(**group)) == ["capacity"]
    await scene.books(kind="group", mentee_ids=scene.mentees[:2])


@pytest.mark.parametrize(
    "change", [{"kinds": []}, {"kinds": ["walks"]}, {"kinds": None}, {"capacity": 0}, {"name": ""}]
)
async def test_a_change_that_makes_no_sense_names_its_field(
    scene: Scene, change: dict[str, Any]
) -> None:
    refused = await scene.support_worker.patch(f"rooms/{scene.room}", change, 422)
    assert refused["errors"][0]["field"].startswith(next(iter(change)))


async def test_two_rooms_do_not_get_one_name(scene: Scene) -> None:
    await scene.wing.room("Garden room")
    refused = await scene.support_worker.patch(f"rooms/{scene.room}", {"name": "Garden room"}, 409)
    assert refused["code"] == "already_exists"


async def test_a_room_shows_when_it_is_in_use_and_to_mentors_not_by_what(scene: Scene) -> None:
    planned = await scene.books(tomorrow(9))
    gone = await scene.books(tomorrow(11))
    await scene.support_worker.move(f"sessions/{gone['id']}", "cancelled", reason="other")
    closure = await scene.support_worker.post(PATH, closing(scene, 13, 15))
    path = f"rooms/{scene.room}/use"
    items = (await scene.wing.officer.get(path))["items"]
    assert [(each["session_id"], each["room_closure_id"]) for each in items] == [
        (planned["id"], None),
        (None, closure["id"]),
    ]
    own = (await scene.mentor.get(path))["items"]
    assert own == [{name: each[name] for name in ("starts_at", "ends_at")} for each in items]
    await scene.wing.governor.get(path, expect=403)
    at = clock.spell(tomorrow(12)).replace("+00:00", "Z")
    assert len((await scene.mentor.get(f"{path}?from={at}"))["items"]) == 1
    for query in (f"from={at}&to={at}", f"from={at}&to=2100-01-01T00:00:00Z"):
        refused = await scene.mentor.get(f"{path}?{query}", expect=422)
        assert refused["errors"][0]["field"] == "to"


async def test_a_session_that_was_held_in_a_closed_room_is_recorded_with_a_warning(
    scene: Scene,
) -> None:
    begin = tomorrow(9)
    await scene.support_worker.post(PATH, closing(scene))
    clock.forward(days=2)
    session = await scene.support_worker.post("sessions/held", scene.plan(begin))
    assert kinds({"clashes": session["warnings"]}) == ["room_closed"]
