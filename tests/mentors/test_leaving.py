"""What comes with a mentor leaving active work: everything of it, or nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app import clock
from app.config import Settings
from app.services.working_days import add_working_days
from tests.sessions.scene import Scene, a_mentee, a_scene, tomorrow
from tests.story import Caller, Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    """A mentor with three mentees, and a second who may take them over."""
    return await a_scene(wing)


def path_of(mentor: Caller) -> str:
    return f"mentors/{mentor.mentor_id}"


async def open_tasks(wing: Wing, kind: str = "reassignment_due") -> list[Any]:
    found = await wing.governor.get(f"tasks?kind={kind}&status=open&limit=200")
    return found["items"]


async def pairings(wing: Wing, mentor: Caller) -> list[Any]:
    found = await wing.support_worker.get(f"pairings?mentor_id={mentor.mentor_id}")
    return found["items"]


async def stand(scene: Scene) -> dict[str, Any]:
    """All that a leaving touches, as it stands."""
    wing = scene.wing
    sessions = (await wing.support_worker.get("sessions"))["items"]
    return {
        "mentor": (await wing.governor.get(path_of(scene.mentor)))["status"],
        "pairings": sorted(each["status"] for each in await pairings(wing, scene.mentor)),
        "sessions": sorted(each["status"] for each in sessions),
        "parts": sorted(part["status"] for each in sessions for part in each["participations"]),
        "tasks": len(await open_tasks(wing)),
    }


WORKING = {
    "mentor": "active",
    "pairings": ["live"] * 3,
    "sessions": ["planned", "planned"],
    "parts": ["offered"] * 4,
    "tasks": 0,
}
LEAVINGS: list[tuple[str, str, dict[str, str]]] = [
    ("mentor", "paused", {"reason": "own_wish"}),
    ("support_worker", "suspended", {"reason": "conduct"}),
    ("mentor", "stepped_down", {"reason": "own_wish"}),
    ("support_worker", "transferred", {}),
    ("support_worker", "released", {}),
]


def caller_of(scene: Scene, who: str) -> Caller:
    return scene.mentor if who == "mentor" else scene.support_worker


@pytest.mark.parametrize(("who", "to", "body"), LEAVINGS, ids=[to for _, to, _ in LEAVINGS])
async def test_pairings_are_flagged_plans_released_and_one_task_opened(
    scene: Scene, who: str, to: str, body: dict[str, str]
) -> None:
    await scene.books()
    await scene.group(tomorrow(14))
    assert await stand(scene) == WORKING
    await caller_of(scene, who).move(path_of(scene.mentor), to, **body)
    assert await stand(scene) == {
        "mentor": to,
        "pairings": ["to_reassign"] * 3,
        "sessions": ["cancelled", "cancelled"],
        "parts": ["cancelled"] * 4,
        "tasks": 1,
    }
    (task,) = await open_tasks(scene.wing)
    assert (task["for_role"], task["thing_noun"]) == ("support_worker", "mentors")
    assert task["thing_id"] == str(scene.mentor.mentor_id)
    assert task["due_at"] == clock.spell(add_working_days(clock.now(), 3))
    for each in (await scene.support_worker.get("sessions"))["items"]:
        history = await scene.support_worker.get(f"sessions/{each['id']}/history")
        assert history["items"][-1]["reason"] == "mentor_unavailable"


async def test_a_death_releases_the_same(scene: Scene) -> None:
    await scene.books()
    await scene.group(tomorrow(14))
    await scene.wing.nurse.move(path_of(scene.mentor), "deceased")
    after = await stand(scene)
    assert after["pairings"] == ["to_reassign"] * 3
    assert (after["sessions"], after["parts"]) == (["cancelled"] * 2, ["cancelled"] * 4)
    assert after["tasks"] == 1


async def test_what_was_held_stays_held(scene: Scene) -> None:
    held = await scene.held()
    await scene.mentor.move(path_of(scene.mentor), "paused", reason="own_wish")
    assert (await scene.support_worker.get(f"sessions/{held['id']}"))["status"] == "held"


async def test_a_session_cancelled_for_a_mentor_counts_against_nobody(scene: Scene) -> None:
    planned = await scene.books()
    await scene.mentor.move(path_of(scene.mentor), "paused", reason="own_wish")
    (part,) = (await scene.support_worker.get(f"sessions/{planned['id']}"))["participations"]
    assert part["status"] == "cancelled"


async def test_a_move_entered_late_releases_from_when_it_happened(scene: Scene) -> None:
    """Suspended on paper yesterday; what was planned for this morning was no session of theirs."""
    missed = await scene.books()
    left_at = clock.now() + timedelta(minutes=1)
    begins = datetime.fromisoformat(missed["starts_at"])
    clock.forward(seconds=(begins - clock.now()).total_seconds() + 3600)
    body = {"reason": "conduct", "occurred_at": str(left_at)}
    await scene.support_worker.move(path_of(scene.mentor), "suspended", **body)
    assert (await scene.support_worker.get(f"sessions/{missed['id']}"))["status"] == "cancelled"


async def test_a_mentor_without_mentees_leaves_no_task(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await mentor.move(path_of(mentor), "paused", reason="own_wish")
    assert await open_tasks(wing) == []


async def test_a_mentee_somebody_worries_about_is_given_another_within_a_day(scene: Scene) -> None:
    wing = scene.wing
    mentee = await wing.support_worker.get(f"mentees/{scene.mentees[0]}")
    concern = {
        "immediacy": "can_wait_a_day",
        "account": "He has stopped eating.",
        "subject_person_id": mentee["person_id"],
    }
    await wing.support_worker.post("concerns", concern)
    await scene.mentor.move(path_of(scene.mentor), "paused", reason="own_wish")
    (task,) = await open_tasks(wing)
    due = datetime.fromisoformat(task["due_at"])
    assert timedelta(hours=23) < due - clock.now() <= timedelta(days=1)


async def test_a_concern_kept_from_support_workers_is_not_told_by_a_date(scene: Scene) -> None:
    wing = scene.wing
    mentee = await wing.support_worker.get(f"mentees/{scene.mentees[0]}")
    kept = {
        "immediacy": "can_wait_a_day",
        "account": "An officer sells phones.",
        "subject_person_id": mentee["person_id"],
        "kind": "security_matter",
    }
    await wing.governor.post("concerns", kept)
    await scene.mentor.move(path_of(scene.mentor), "paused", reason="own_wish")
    (task,) = await open_tasks(wing)
    assert task["due_at"] == clock.spell(add_working_days(clock.now(), 3))


async def test_the_task_ends_when_the_last_mentee_has_another_or_none(scene: Scene) -> None:
    wing, mentor = scene.wing, scene.mentor
    await mentor.move(path_of(mentor), "paused", reason="own_wish")
    first, second, third = await pairings(wing, mentor)
    ended = {"reason": "reassigned"}
    await wing.support_worker.move(f"pairings/{first['id']}", "ended", **ended)
    await wing.support_worker.move(f"pairings/{second['id']}", "ended", **ended)
    (task,) = await open_tasks(wing)
    await wing.support_worker.move(path_of(mentor), "active")
    await wing.support_worker.move(f"pairings/{third['id']}", "live")
    assert await open_tasks(wing) == []
    done = await wing.support_worker.get(f"tasks/{task['id']}")
    assert (done["status"], done["done_by"]) == ("done", wing.support_worker.subject)


async def test_the_last_two_ended_at_once_end_the_task(scene: Scene) -> None:
    wing, mentor = scene.wing, scene.mentor
    await mentor.move(path_of(mentor), "paused", reason="own_wish")
    answers = await asyncio.gather(
        *[
            wing.support_worker.request(
                "POST", f"pairings/{each['id']}/moves", json={"to": "ended", "reason": "reassigned"}
            )
            for each in await pairings(wing, mentor)
        ]
    )
    assert [answer.status_code for answer in answers] == [200] * 3
    assert await open_tasks(wing) == []


async def test_leaving_again_opens_no_second_task_and_is_due_no_later(scene: Scene) -> None:
    wing, mentor = scene.wing, scene.mentor
    await mentor.move(path_of(mentor), "paused", reason="own_wish")
    (first,) = await open_tasks(wing)
    await wing.support_worker.move(path_of(mentor), "active")
    another = await a_mentee(wing, mentor)
    body = await wing.support_worker.get(f"mentees/{another}")
    concern = {
        "immediacy": "can_wait_a_day",
        "account": "He gives his things away.",
        "subject_person_id": body["person_id"],
    }
    await wing.support_worker.post("concerns", concern)
    await wing.support_worker.move(path_of(mentor), "suspended", reason="welfare")
    (again,) = await open_tasks(wing)
    assert again["id"] == first["id"]
    assert again["due_at"] < first["due_at"]


FAILS = """
CREATE FUNCTION session_fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'cancelled' AND NEW.kind = 'day_to_day' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_session_commit';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER session_fails AFTER UPDATE ON session
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION session_fails();
"""


@pytest.fixture
async def failing(settings: Settings) -> AsyncIterator[None]:
    """Cancelling a session of one kind fails when the whole is committed."""
    owner = await asyncpg.connect(str(settings.owner_database_url).replace("+asyncpg", ""))
    await owner.execute(FAILS)
    yield
    await owner.execute("DROP TRIGGER session_fails ON session; DROP FUNCTION session_fails()")
    await owner.close()


@pytest.mark.usefixtures("failing")
async def test_when_one_part_fails_at_the_commit_nothing_is_done(scene: Scene) -> None:
    await scene.books(kind="day_to_day")
    await scene.group(tomorrow(14))
    path = path_of(scene.mentor)
    refused = await scene.support_worker.move(path, "suspended", expect=409, reason="conduct")
    assert refused["code"] == "conflict"
    assert await stand(scene) == WORKING
    assert await open_tasks(scene.wing, "suspension_review") == []
    assert (await scene.mentor.get(path))["status"] == "active"
    history = (await scene.wing.governor.get(f"{path}/history"))["items"]
    assert history[-1]["to_state"] == "active"


async def test_a_suspension_and_replannings_at_once_leave_no_plan(scene: Scene) -> None:
    """Whoever comes first: in the end nobody waits for a mentor who is suspended."""
    planned = [await scene.books(tomorrow(hour)) for hour in (8, 10, 12)]

    async def replanned(each: Any, hour: int) -> Any:
        starts = tomorrow(hour)
        body = {"starts_at": str(starts), "ends_at": str(starts + timedelta(hours=1))}
        path = f"sessions/{each['id']}"
        headers = {"If-Match": "*"}
        return await scene.support_worker.request("PATCH", path, json=body, headers=headers)

    answers = await asyncio.gather(
        *[replanned(each, 14 + 2 * number) for number, each in enumerate(planned)],
        scene.support_worker.request(
            "POST", f"{path_of(scene.mentor)}/moves", json={"to": "suspended", "reason": "conduct"}
        ),
        *[replanned(each, 15 + 2 * number) for number, each in enumerate(planned)],
    )
    assert answers[3].status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 409}
    after = await stand(scene)
    assert (after["mentor"], set(after["sessions"])) == ("suspended", {"cancelled"})


async def test_access_to_mentees_ends_with_the_work(scene: Scene) -> None:
    mentee = f"mentees/{scene.mentees[0]}"
    await scene.mentor.get(mentee)
    await scene.support_worker.move(path_of(scene.mentor), "paused", reason="welfare")
    await scene.mentor.get(mentee, expect=404)
    assert (await scene.mentor.get("pairings"))["items"] == []
