"""The next free times over HTTP: what is offered can be booked; why the rest is not is untold."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from app import clock
from app.access import Actor
from app.config import Settings
from app.models.sessions import SessionKind
from app.models.staff import Role
from app.services.sessions import Asked, find
from tests.security.serving import calling, made, over
from tests.security.test_limits import TWICE, throttled
from tests.sessions.scene import Scene, a_mentee, a_scene, tomorrow
from tests.sessions.test_together import accuses, keeps_apart, needs, person_of
from tests.story import Caller, Wing

SLOTS = "sessions/slots"


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def at(hour: int) -> str:
    return tomorrow(hour).strftime("%Y-%m-%dT%H:%M:%SZ")


def asking(scene: Scene, start: int = 9, end: int = 12, **fields: Any) -> dict[str, Any]:
    return {
        "mentor_id": str(scene.mentor.mentor_id),
        "mentee_ids": scene.mentees[:1],
        "kind": "one_to_one",
        "from": at(start),
        "to": at(end),
        **fields,
    }


async def slots(caller: Caller, asked: dict[str, Any], expect: int = 200) -> Any:
    answer = await caller.get(SLOTS, expect, params=asked)
    return answer["items"] if expect == 200 else answer


def hours(items: Any) -> list[int]:
    return [datetime.fromisoformat(each["starts_at"]).hour for each in items]


async def test_what_is_offered_can_be_booked_by_staff_and_by_the_mentor(scene: Scene) -> None:
    for caller, start in ((scene.support_worker, 9), (scene.mentor, 13)):
        found = await slots(caller, asking(scene, start, start + 3))
        assert hours(found) == [start, start + 1, start + 2]
        for each in found:
            body = {**scene.plan(), **each}
            await caller.post("sessions", body)
        assert await slots(caller, asking(scene, start, start + 3)) == []


async def test_times_are_around_what_is_planned_for_each_of_them(scene: Scene) -> None:
    other = await scene.one_more()
    await scene.books(tomorrow(9))
    theirs = {"mentor_id": str(other.mentor_id), "room_id": None}
    await scene.books(tomorrow(10), mentee_ids=scene.mentees[1:2], **theirs)
    await needs(scene, await person_of(scene, scene.mentees[2]), hour=11)
    group = {"kind": "group", "mentee_ids": scene.mentees}
    assert hours(await slots(scene.support_worker, asking(scene, 9, 14, **group))) == [12, 13]
    both = {"minutes": "120", "limit": "1"}
    assert hours(await slots(scene.support_worker, asking(scene, 9, 20, **group, **both))) == [12]


async def test_a_room_is_found_for_each_the_smallest_that_is_free_first(scene: Scene) -> None:
    den = await scene.wing.room("Den", capacity=2)
    other = await scene.one_more()
    theirs = await a_mentee(scene.wing, other)
    await scene.books(
        tomorrow(9), room_id=den["id"], mentor_id=str(other.mentor_id), mentee_ids=[theirs]
    )
    found = await slots(scene.support_worker, asking(scene, 9, 11))
    assert [each["room_id"] for each in found] == [scene.room, den["id"]]
    only = await slots(scene.support_worker, asking(scene, 9, 11, room_id=den["id"]))
    assert [hours(only), only[0]["room_id"]] == [[10], den["id"]]
    wing = await scene.support_worker.post("wings", {"code": "E", "name": "Echo"})
    far = {"wing_id": wing["id"], "name": "Far room", "capacity": 9}
    assert await slots(scene.mentor, asking(scene, 9, 10, wing_id=wing["id"])) == []
    room = await scene.support_worker.post("rooms", far)
    other_wing = asking(scene, 9, 10, wing_id=wing["id"], room_id=den["id"])
    assert await slots(scene.mentor, other_wing) == []
    found = await slots(scene.mentor, asking(scene, 9, 10, wing_id=wing["id"]))
    assert [each["room_id"] for each in found] == [room["id"]]
    body = {"room_id": room["id"], "from": at(0), "to": at(23), "reason": "cleaning"}
    await scene.support_worker.post("room-closures", body)
    assert await slots(scene.mentor, asking(scene, 9, 10, wing_id=wing["id"])) == []


async def test_a_lockdown_leaves_no_time_and_nobody_learns_that_there_is_one(scene: Scene) -> None:
    await scene.support_worker.post("lockdowns", {"from": at(9), "to": at(11)})
    answer = await scene.mentor.get(SLOTS, params=asking(scene))
    assert hours(answer["items"]) == [11]
    assert set(answer) == {"items"}
    assert set(answer["items"][0]) == {"starts_at", "ends_at", "room_id"}


async def test_mentors_ask_for_themselves_and_their_own_mentees_only(scene: Scene) -> None:
    other = await scene.one_more()
    theirs = await a_mentee(scene.wing, other)
    for fields, named in (
        ({"mentor_id": str(other.mentor_id)}, "mentor_id"),
        ({"mentee_ids": [theirs]}, "mentee_ids.0"),
        ({"mentee_ids": ["0198c0de-0000-7000-8000-000000000009"]}, "mentee_ids.0"),
    ):
        refused = await slots(scene.mentor, asking(scene, **fields), 422)
        assert [each["field"] for each in refused["errors"]] == [named]
    for caller in (scene.wing.clinician, scene.wing.governor, scene.wing.officer):
        await slots(caller, asking(scene), 403)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "night_callout"}, "kind"),
        ({"mentee_ids": []}, "mentee_ids"),
        ({"kind": "one_to_one", "mentee_ids": "two"}, "mentee_ids"),
        ({"kind": "group", "mentee_ids": "twice"}, "mentee_ids"),
        ({"minutes": "4"}, "minutes"),
        ({"minutes": "721"}, "minutes"),
        ({"limit": "51"}, "limit"),
        ({"to": "2020-01-01T00:00:00Z"}, "to"),
        ({"to": "2199-01-01T00:00:00Z"}, "to"),
        ({"room_id": "0198c0de-0000-7000-8000-000000000009"}, "room_id"),
        ({"wing_id": "0198c0de-0000-7000-8000-000000000009"}, "wing_id"),
        ({"lead_staff_id": "0198c0de-0000-7000-8000-000000000009"}, "lead_staff_id"),
        ({"why": "true"}, "why"),
    ],
)
async def test_a_mistake_names_its_field(scene: Scene, fields: dict[str, Any], named: str) -> None:
    some = {"two": scene.mentees[:2], "twice": scene.mentees[:1] * 2}
    fields = {name: some.get(value, value) if isinstance(value, str) else value
              for name, value in fields.items()}  # fmt: skip
    refused = await slots(scene.support_worker, asking(scene, **fields), 422)
    assert named in [each["field"] for each in refused["errors"]]


async def test_the_past_is_not_offered(scene: Scene) -> None:
    asked = {**asking(scene), "from": "2020-01-01T00:00:00Z"}
    found = await slots(scene.support_worker, asked)
    assert datetime.fromisoformat(found[0]["starts_at"]) >= clock.now()


async def test_who_cannot_meet_gets_no_time_and_asking_is_limited_and_in_the_audit(
    app: FastAPI, settings: Settings, scene: Scene
) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await keeps_apart(scene, people[0], people[1])
    asked = asking(scene, kind="group", mentee_ids=scene.mentees)
    async with calling(made(app, settings, rate_limit_pairs=TWICE)) as client:
        for caller in (scene.support_worker, scene.mentor):
            asks = over(client, caller)
            for _ in range(2):
                assert await slots(asks, asked) == []
            throttled(await asks.request("GET", SLOTS, params=asked), "too_many_pair_checks")
    entries = (await scene.wing.governor.get("audit?operation=list_free_slots&act=read"))["items"]
    who = {str(scene.mentor.mentor_id), *scene.mentees}
    assert [who <= set(each["ids"]) for each in entries] == [True] * 4


async def test_times_that_are_found_are_never_counted(
    app: FastAPI, settings: Settings, scene: Scene
) -> None:
    async with calling(made(app, settings, rate_limit_pairs="1/day")) as client:
        for _ in range(3):
            assert await slots(over(client, scene.mentor), asking(scene))


async def test_a_report_of_a_pair_changes_no_time_that_the_mentor_is_offered(
    scene: Scene,
) -> None:
    before = await slots(scene.mentor, asking(scene))
    await accuses(scene, await person_of(scene, scene.mentees[0]), scene.mentor.person_id)
    assert await slots(scene.mentor, asking(scene)) == before
    assert "apart" not in json.dumps(before)


async def test_it_takes_as_many_queries_however_many_times_are_tried(scene: Scene) -> None:
    for number in range(3):
        await scene.wing.room(f"Room {number}")
    assert scene.mentor.mentor_id
    actor = Actor(scene.wing.prison_id, "s", Role.support_worker, scene.support_worker.staff_id)
    counts = []
    for days, coming in ((1, 1), (30, 3)):
        first = tomorrow(9)
        asked = Asked(
            mentor_id=scene.mentor.mentor_id,
            mentee_ids=[UUID(each) for each in scene.mentees[:coming]],
            kind=SessionKind.group,
            minutes=60,
            first=first,
            last=first + timedelta(days=days),
            room_id=None,
            wing_id=None,
            lead_staff_id=None,
            limit=50,
        )
        sent: list[str] = []
        async with scene.wing.db.write(scene.wing.prison_id) as db:
            connection = await db.connection()
            count: Any = lambda *args, sent=sent: sent.append(args[2])  # noqa: E731
            event.listen(connection.sync_connection, "before_cursor_execute", count)
            await find(db, actor, asked)
        counts.append(len(sent))
    assert counts[0] == counts[1]
