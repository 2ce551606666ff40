"""Who is not planned with whom, and when the prison needs somebody elsewhere: over HTTP, and what
each of those who plan is told of it."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import event

from app import clock
from app.config import Settings
from app.models.sessions import SessionKind
from app.models.staff import StaffRole
from app.services.scheduling import Plan
from app.services.sessions.facts import load_facts
from tests.security.serving import calling, made, over
from tests.security.test_limits import TWICE, throttled
from tests.sessions.scene import Scene, a_mentee, a_scene, tomorrow
from tests.story import Wing

QUERIES = 22
WORDS = "They cannot attend together."


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def kinds(problem: Any) -> list[str]:
    return [each["kind"] for each in problem["clashes"]]


async def person_of(scene: Scene, mentee_id: str) -> str:
    return str((await scene.support_worker.get(f"mentees/{mentee_id}"))["person_id"])


async def needs(scene: Scene, person_id: Any, hour: int = 9, kind: str = "appointment") -> Any:
    body = {
        "person_id": str(person_id),
        "kind": kind,
        "starts_at": tomorrow(hour).isoformat(),
        "ends_at": tomorrow(hour + 1).isoformat(),
    }
    return await scene.support_worker.post("prison-events", body)


async def keeps_apart(scene: Scene, one: Any, other: Any, **changes: Any) -> None:
    numbers = [
        (await scene.support_worker.get(f"people/{each}"))["number"] for each in (one, other)
    ]
    pair = {
        "id": 4711,
        "firstPrisonerNumber": numbers[0],
        "secondPrisonerNumber": numbers[1],
        "restrictionType": "WING",
        "isOpen": True,
        **changes,
    }
    await scene.support_worker.post("non-associations/import", [pair])


async def accuses(scene: Scene, one: Any, other: Any, kind: str = "misconduct") -> Any:
    own = scene.wing.as_person(str(one))
    body = {"account": "He took my tobacco.", "kind": kind, "subject_person_id": str(other)}
    return await own.post("concerns", body)


# What the prison has planned


async def test_the_support_worker_is_told_for_what_and_the_mentor_one_word(scene: Scene) -> None:
    await needs(scene, scene.mentor.person_id, kind="visit")
    await needs(scene, await person_of(scene, scene.mentees[0]), kind="court")
    problem = await scene.refused()
    assert [(each["kind"], each["thing_id"]) for each in problem["clashes"]] == [
        ("commitment", str(scene.mentor.mentor_id)),
        ("commitment", scene.mentees[0]),
    ]
    assert "visit" in problem["clashes"][0]["detail"]
    assert "court" in problem["clashes"][1]["detail"]
    own = await scene.mentor.post("sessions", scene.plan(), 409)
    assert own["clashes"] == [{"kind": "unavailable", "detail": "unavailable"}]
    for word in ("visit", "court", "commitment", "prison, "):
        assert word not in json.dumps(own)


async def test_a_plan_moves_away_from_what_the_prison_has_planned_and_not_into_it(
    scene: Scene,
) -> None:
    await needs(scene, scene.mentor.person_id, hour=11)
    planned = await scene.books(tomorrow(9))
    path = f"sessions/{planned['id']}"

    def at(hour: int) -> dict[str, str]:
        starts = tomorrow(hour)
        return {"starts_at": str(starts), "ends_at": str(starts + timedelta(hours=1))}

    assert kinds(await scene.support_worker.patch(path, at(11), 409)) == ["commitment"]
    await scene.support_worker.patch(path, at(12))


async def test_what_is_cancelled_keeps_nobody(scene: Scene) -> None:
    event = await needs(scene, scene.mentor.person_id)
    await scene.refused()
    await scene.support_worker.post(f"prison-events/{event['id']}/cancellation", None, 200)
    await scene.books()


async def test_what_happened_is_recorded_and_says_what_only_those_may_know_who_bring_people(
    scene: Scene,
) -> None:
    begin = clock.now() - timedelta(hours=1)
    body = {
        "person_id": str(scene.mentor.person_id),
        "kind": "court",
        "starts_at": begin.isoformat(),
        "ends_at": clock.now().isoformat(),
    }
    await scene.wing.officer.post("prison-events", body)
    night = scene.plan(begin, kind="night_callout", minutes=30)
    session = await scene.wing.officer.post("sessions/held", night)
    assert [each["kind"] for each in session["warnings"]] == ["commitment"]
    assert "court" in session["warnings"][0]["detail"]
    history = (await scene.wing.clinician.get(f"sessions/{session['id']}/history"))["items"]
    assert "another commitment of the prison" in history[0]["note"]
    assert "court" not in history[0]["note"]


async def test_a_mentor_rests_after_a_night_call_out(scene: Scene) -> None:
    night = scene.plan(clock.now() - timedelta(hours=1), kind="night_callout", minutes=30)
    await scene.wing.officer.post("sessions/held", night)
    soon = clock.now() + timedelta(hours=10)
    assert kinds(await scene.refused(soon)) == ["rest"]
    await scene.books(clock.now() + timedelta(hours=10, minutes=31))
    own = await scene.mentor.post("sessions", scene.plan(soon), 409)
    assert kinds(own) == ["unavailable"]


# Who is not to meet


async def apart_by_the_prison(scene: Scene, one: Any, other: Any) -> None:
    await keeps_apart(scene, one, other)


async def apart_by_a_report(scene: Scene, one: Any, other: Any) -> None:
    await accuses(scene, one, other)


async def apart_the_other_way(scene: Scene, one: Any, other: Any) -> None:
    await accuses(scene, other, one, "harm_to_others")


Apart = Callable[[Scene, Any, Any], Any]
CAUSES = pytest.mark.parametrize(
    "cause", [apart_by_the_prison, apart_by_a_report, apart_the_other_way]
)


@CAUSES
async def test_two_of_a_group_who_are_kept_apart_are_told_in_the_same_words(
    scene: Scene, cause: Apart
) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await cause(scene, people[0], people[2])
    colleague = await scene.wing.hires(StaffRole.support_worker)
    group = scene.plan(kind="group", mentee_ids=scene.mentees)
    problem = await colleague.post("sessions", group, 409)
    assert problem["clashes"] == [{"kind": "cannot_attend_together", "detail": WORDS}]
    assert (problem["detail"], problem["code"]) == (WORDS, "clash")
    assert [each["field"] for each in problem["errors"]] == ["mentee_ids"]
    own = await scene.mentor.post("sessions", group, 409)
    assert own["clashes"] == [{"kind": "unavailable", "detail": "unavailable"}]
    await scene.books(kind="group", mentee_ids=scene.mentees[:2])


@CAUSES
async def test_to_a_mentor_it_is_as_if_one_of_them_were_needed_elsewhere(
    scene: Scene, cause: Apart
) -> None:
    """Which field a refusal names must not say that somebody has an enemy, and not who."""
    people = [await person_of(scene, each) for each in scene.mentees]
    group = scene.plan(kind="group", mentee_ids=scene.mentees)
    busy = await needs(scene, people[1])
    first = await scene.mentor.post("sessions", group, 409)
    await scene.support_worker.post(f"prison-events/{busy['id']}/cancellation", None, 200)
    await cause(scene, people[0], people[2])
    second = await scene.mentor.post("sessions", group, 409)
    assert {**first, "instance": None} == {**second, "instance": None}
    assert [each["field"] for each in first["errors"]] == ["mentee_ids"]


async def test_worry_about_somebody_keeps_nobody_apart(scene: Scene) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await accuses(scene, people[0], people[1], "welfare")
    await accuses(scene, people[0], people[2], "self_harm_or_suicide")
    await scene.group()


async def test_what_staff_may_not_know_changes_no_answer_to_them(scene: Scene) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await accuses(scene, people[0], people[1], "security_matter")
    await scene.group()


async def test_mentor_and_mentee_whom_the_prison_keeps_apart_are_not_planned(scene: Scene) -> None:
    other = await a_mentee(scene.wing)
    await keeps_apart(scene, scene.mentor.person_id, await person_of(scene, other))
    problem = await scene.refused(mentee_ids=[other])
    assert problem["clashes"] == [{"kind": "cannot_attend_together", "detail": WORDS}]


async def test_a_mentee_who_reported_a_mentor_is_not_planned_with_them_unless_they_are_a_pair(
    scene: Scene,
) -> None:
    """Of a pair it would tell that something came up since: those who read it decide."""
    other = await a_mentee(scene.wing)
    await accuses(scene, await person_of(scene, other), scene.mentor.person_id)
    paired = await person_of(scene, scene.mentees[0])
    await accuses(scene, paired, scene.mentor.person_id)
    colleague = await scene.wing.hires(StaffRole.support_worker)
    refused = await colleague.post("sessions", scene.plan(mentee_ids=[other]), 409)
    assert kinds(refused) == ["cannot_attend_together"]
    await colleague.post("sessions", scene.plan())


async def test_what_goes_past_a_mentors_supervisor_changes_no_answer_to_them(scene: Scene) -> None:
    other = await a_mentee(scene.wing)
    await accuses(scene, await person_of(scene, other), scene.mentor.person_id)
    mentor = await scene.wing.governor.get(f"mentors/{scene.mentor.mentor_id}")
    assert mentor["supervisor_id"] == str(scene.support_worker.staff_id)
    await scene.books(mentee_ids=[other])


async def test_what_happened_between_them_is_recorded_with_a_warning(scene: Scene) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await keeps_apart(scene, people[0], people[1])
    past = scene.plan(clock.now() - timedelta(hours=1), kind="group", mentee_ids=scene.mentees)
    session = await scene.support_worker.post("sessions/held", past)
    assert session["warnings"] == [
        {"kind": "cannot_attend_together", "detail": WORDS, "thing_id": None}
    ]


async def test_trying_who_cannot_meet_is_limited_and_kept_in_the_audit(
    app: FastAPI, settings: Settings, scene: Scene
) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await keeps_apart(scene, people[0], people[1])
    group = scene.plan(kind="group", mentee_ids=scene.mentees)
    async with calling(made(app, settings, rate_limit_pairs=TWICE)) as client:
        worker = over(client, scene.support_worker)
        for _ in range(2):
            await worker.post("sessions", group, 409)
        throttled(await worker.request("POST", "sessions", json=group), "too_many_pair_checks")
    query = "operation=book_session&act=refused"
    entries = (await scene.wing.governor.get(f"audit?{query}"))["items"]
    asked = {str(scene.mentor.mentor_id), *scene.mentees}
    assert [asked <= set(each["ids"]) for each in entries] == [True, True]


async def test_warnings_count_too_and_refuse_nothing_that_happened(
    app: FastAPI, settings: Settings, scene: Scene
) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await keeps_apart(scene, people[0], people[1])
    past = scene.plan(clock.now() - timedelta(hours=1), kind="group", mentee_ids=scene.mentees)
    async with calling(made(app, settings, rate_limit_pairs=TWICE)) as client:
        worker = over(client, scene.support_worker)
        for _ in range(3):
            await worker.post("sessions/held", past)
        throttled(
            await worker.request("POST", "sessions", json=scene.plan()), "too_many_pair_checks"
        )


@pytest.mark.parametrize("coming", [1, 3])
async def test_the_facts_take_as_many_queries_whoever_comes(scene: Scene, coming: int) -> None:
    plan = Plan(
        SessionKind.group,
        tomorrow(9),
        tomorrow(10),
        UUID(scene.room),
        scene.mentor.mentor_id,  # type: ignore[arg-type]
        tuple(UUID(each) for each in scene.mentees[:coming]),
    )
    sent: list[str] = []
    async with scene.wing.db.write(scene.wing.prison_id) as db:
        connection = await db.connection()
        count: Any = lambda *args: sent.append(args[2])  # noqa: E731
        event.listen(connection.sync_connection, "before_cursor_execute", count)
        await load_facts(db, scene.wing.prison_id, plan)
    assert len(sent) == QUERIES, sent
