"""What is planned for somebody whom the prison then needs elsewhere: listed at once, put before
staff until it is moved, and told to nobody who sees no plans."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from app import clock
from app.models.prison_events import PrisonEvent
from app.scope import everything
from app.services.planned_then import planned_then
from tests.board.test_routes import rules
from tests.sessions.scene import Scene, a_mentee, a_scene, a_shift, tomorrow
from tests.story import Wing

PATH = "prison-events"
IMPORT = f"{PATH}/import"


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


async def person_of(scene: Scene, mentee_id: str) -> str:
    return str((await scene.support_worker.get(f"mentees/{mentee_id}"))["person_id"])


def needed(person_id: Any, start: int = 9, end: int = 12, **fields: Any) -> dict[str, Any]:
    return {
        "person_id": str(person_id),
        "kind": "court",
        "starts_at": tomorrow(start).isoformat(),
        "ends_at": tomorrow(end).isoformat(),
        **fields,
    }


def plans(shown: Any) -> list[tuple[str, str]]:
    return [(each["thing_noun"], each["thing_id"]) for each in shown["planned"]]


async def test_of_a_mentee_the_sessions_that_it_falls_on_are_listed_by_kind_and_time(
    scene: Scene,
) -> None:
    person = await person_of(scene, scene.mentees[1])
    before = await scene.group(tomorrow(8))
    group = await scene.group(tomorrow(11), minutes=90)
    one = await scene.books(tomorrow(9), mentee_ids=scene.mentees[1:2])
    await scene.books(tomorrow(10), mentee_ids=scene.mentees[:1])  # somebody else's
    made = await scene.support_worker.post(PATH, needed(person))
    assert made["planned"] == [
        {
            "thing_noun": "sessions",
            "thing_id": each["id"],
            "kind": each["kind"],
            "starts_at": each["starts_at"],
            "ends_at": each["ends_at"],
        }
        for each in (one, group)
    ]
    path = f"{PATH}/{made['id']}"
    for caller in (scene.support_worker, scene.wing.officer):
        assert await caller.get(path) == made
        assert "planned" not in (await caller.get(PATH))["items"][0]
    await scene.support_worker.move(f"sessions/{one['id']}", "cancelled", reason="clash")
    earlier = {"starts_at": str(tomorrow(8)), "ends_at": str(tomorrow(9))}
    moved = await scene.wing.officer.patch(path, earlier)
    assert plans(moved) == [("sessions", before["id"])]
    gone = await scene.wing.officer.post(f"{path}/cancellation", None, 200)
    assert gone["planned"] == []


async def test_who_is_not_to_come_any_more_has_no_plan(scene: Scene) -> None:
    group = await scene.group(tomorrow(9))
    part = next(each for each in group["participations"] if each["mentee_id"] == scene.mentees[1])
    path = f"sessions/{group['id']}/participations/{part['id']}"
    await scene.support_worker.move(path, "declined")
    person = await person_of(scene, scene.mentees[1])
    assert plans(await scene.support_worker.post(PATH, needed(person))) == []


async def test_of_a_mentor_sessions_and_shifts_are_listed_in_order(scene: Scene) -> None:
    shift = await a_shift(scene.wing, scene.mentor, tomorrow(6))
    call = await a_shift(scene.wing, scene.mentor, tomorrow(11), role="mentor_on_call")
    other = await scene.one_more()
    await a_shift(scene.wing, other, tomorrow(9))
    one = await scene.books(tomorrow(10))
    made = await scene.support_worker.post(PATH, needed(scene.mentor.person_id))
    assert plans(made) == [("shifts", shift), ("sessions", one["id"]), ("shifts", call)]
    assert [each["kind"] for each in made["planned"]] == [
        "mentor_on_shift", "one_to_one", "mentor_on_call",
    ]  # fmt: skip


async def test_who_sees_when_and_not_what_finds_no_plans(scene: Scene) -> None:
    await scene.books(tomorrow(9))
    made = await scene.support_worker.post(PATH, needed(scene.mentor.person_id))
    for caller in (scene.wing.clinician, scene.wing.nurse):
        assert "planned" not in await caller.get(f"{PATH}/{made['id']}")


async def test_what_is_over_is_in_nobodys_way(scene: Scene) -> None:
    await scene.books(tomorrow(9))
    clock.forward(seconds=(tomorrow(10) - clock.now()).total_seconds())
    today = clock.now().replace(hour=8, minute=0, second=0, microsecond=0)
    body = needed(scene.mentor.person_id) | {
        "starts_at": today.isoformat(),
        "ends_at": (today + timedelta(hours=12)).isoformat(),
    }
    assert plans(await scene.support_worker.post(PATH, body)) == []


async def number_of(scene: Scene, person_id: Any) -> str:
    return str((await scene.support_worker.get(f"people/{person_id}"))["number"])


def schedule(number: str, number_of_event: int = 1, start: int = 9) -> dict[str, Any]:
    return {
        "offenderNo": number,
        "eventId": number_of_event,
        "event": "CRT",
        "eventType": "COURT",
        "startTime": tomorrow(start).isoformat(),
        "endTime": tomorrow(start + 1).isoformat(),
    }


async def test_an_import_says_which_events_fall_on_plans(scene: Scene) -> None:
    await scene.books(tomorrow(9))
    later = await scene.books(tomorrow(14))
    mentor = await number_of(scene, scene.mentor.person_id)
    mentee = await number_of(scene, await person_of(scene, scene.mentees[1]))
    sent = [schedule(mentee, 1, 9), schedule(mentor, 2, 9)]
    report = await scene.support_worker.post(IMPORT, sent)
    rows = {
        each["id"]: each["person_id"] for each in (await scene.support_worker.get(PATH))["items"]
    }
    [found] = report["on_plans"]
    assert rows[found["prison_event_id"]] == str(scene.mentor.person_id)
    assert [each["kind"] for each in found["planned"]] == ["one_to_one"]
    again = await scene.support_worker.post(IMPORT, sent)
    assert again["on_plans"] == [], "of what was known before nothing is told anew"
    moved = await scene.support_worker.post(IMPORT, [schedule(mentor, 2, 14)])
    assert plans(moved["on_plans"][0]) == [("sessions", later["id"])]


async def test_a_machine_is_told_of_no_plans(scene: Scene) -> None:
    await scene.books(tomorrow(9))
    machine = await scene.wing.lets_in("events.write")
    number = await number_of(scene, scene.mentor.person_id)
    report = await machine.post(IMPORT, [schedule(number)])
    assert set(report) == {"counts", "rows"}
    assert report["counts"]["created"] == 1


async def test_of_bookings_and_an_event_at_once_each_is_listed_or_refused(wing: Wing) -> None:
    scene = await a_scene(wing, mentees=6)
    booked = [
        scene.plan(tomorrow(9 + number), minutes=30, mentee_ids=[mentee], room_id=None)
        for number, mentee in enumerate(scene.mentees)
    ]
    body = needed(scene.mentor.person_id, 9, 16)
    answers = await asyncio.gather(
        *[wing.support_worker.request("POST", "sessions", json=plan) for plan in booked[:3]],
        wing.support_worker.request("POST", PATH, json=body),
        *[wing.support_worker.request("POST", "sessions", json=plan) for plan in booked[3:]],
    )
    made = answers[3].json()
    stands = {
        each.json()["id"]
        for number, each in enumerate(answers)
        if number != 3 and each.status_code == 201
    }
    assert {each["thing_id"] for each in made["planned"]} == stands


@pytest.mark.parametrize("number", [1, 4])
async def test_it_takes_three_queries_however_many_events_there_are(
    scene: Scene, number: int
) -> None:
    for _ in range(number):
        person = await person_of(scene, await a_mentee(scene.wing))
        await scene.support_worker.post(PATH, needed(person))
    sent: list[str] = []
    async with scene.wing.db.write(scene.wing.prison_id) as db:
        events = (await db.scalars(everything(PrisonEvent, scene.wing.prison_id))).all()
        assert len(events) == number
        connection = await db.connection()
        count: Any = lambda *args: sent.append(args[2])  # noqa: E731
        sqlalchemy_event.listen(connection.sync_connection, "before_cursor_execute", count)
        await planned_then(db, scene.wing.prison_id, events)
    assert len(sent) == 3, sent


# Put before staff


ON_EVENT, SHIFT, CLOSED = (
    "session_on_prison_event",
    "shift_on_prison_event",
    "session_in_closed_room",
)


async def waiting(scene: Scene) -> list[str]:
    return [each for each in await rules(scene.support_worker) if each in {ON_EVENT, SHIFT, CLOSED}]


async def test_support_workers_find_it_on_the_board_until_it_is_moved(scene: Scene) -> None:
    session = await scene.group(tomorrow(9))
    shift = await a_shift(scene.wing, scene.mentor, tomorrow(12))
    person = await person_of(scene, scene.mentees[2])
    assert await waiting(scene) == []
    await scene.support_worker.post(PATH, needed(person, 9, 10))
    made = await scene.support_worker.post(PATH, needed(scene.mentor.person_id, 12, 13))
    items = (await scene.support_worker.get("board"))["items"]
    found = {each["rule"]: each for each in items if each["rule"] in {ON_EVENT, SHIFT}}
    assert (found[ON_EVENT]["thing_noun"], found[ON_EVENT]["thing_id"]) == (
        "sessions",
        session["id"],
    )
    assert (found[ON_EVENT]["person_id"], found[ON_EVENT]["due_at"]) == (person, None)
    assert (found[SHIFT]["thing_noun"], found[SHIFT]["thing_id"]) == ("shifts", shift)
    assert found[SHIFT]["since"] == made["recorded_at"]
    everybody = (scene.wing.clinician, scene.wing.governor, scene.wing.officer, scene.mentor)
    for caller in everybody:
        assert not {ON_EVENT, SHIFT} & set(await rules(caller, "?days_ahead=31"))
    later = {"starts_at": str(tomorrow(10)), "ends_at": str(tomorrow(11))}
    await scene.support_worker.patch(f"sessions/{session['id']}", later)
    assert await waiting(scene) == [SHIFT]
    await scene.support_worker.post(f"{PATH}/{made['id']}/cancellation", None, 200)
    assert await waiting(scene) == []


async def test_a_session_in_a_room_that_was_closed_stands_there_too(scene: Scene) -> None:
    """A governor may close it, who sees no session."""
    await scene.books(tomorrow(9))
    body = {
        "room_id": scene.room,
        "from": tomorrow(9).isoformat(),
        "to": tomorrow(12).isoformat(),
        "reason": "repair",
    }
    closure = await scene.wing.governor.post("room-closures", body)
    assert await waiting(scene) == [CLOSED]
    for caller in (scene.wing.clinician, scene.wing.governor, scene.wing.officer, scene.mentor):
        assert CLOSED not in await rules(caller, "?days_ahead=31")
    await scene.support_worker.post(f"room-closures/{closure['id']}/withdrawal", None, 200)
    assert await waiting(scene) == []


async def test_what_is_over_waits_for_nobody(scene: Scene) -> None:
    session = await scene.books(tomorrow(9))
    await scene.support_worker.post(PATH, needed(scene.mentor.person_id))
    assert await waiting(scene) == [ON_EVENT]
    ends = datetime.fromisoformat(session["ends_at"])
    clock.forward(seconds=(ends - clock.now()).total_seconds() + 1)
    assert await waiting(scene) == []
