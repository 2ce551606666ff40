"""Attendance over HTTP: marked together, walked in, put right, counted; and what a group knows."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app import clock
from app.models.mentees import Mentee, MenteeStatus, ReferredBy
from tests.series.scene import Course, a_course
from tests.sessions.scene import Scene, a_mentee, a_scene, tomorrow
from tests.story import Caller, Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


async def held_group(scene: Scene, **fields: Any) -> Any:
    return await scene.held(kind="group", mentee_ids=scene.mentees, **fields)


def part_of(session: Any, mentee: str) -> Any:
    [found] = [each for each in session["participations"] if each["mentee_id"] == mentee]
    return found


def marks(scene: Scene, session: Any, *states: str | None, **reasons: str) -> dict[str, Any]:
    """A mark for each mentee of the scene; none where the state is none."""
    every = []
    for mentee, state in zip(scene.mentees, states, strict=True):
        if state is not None:
            name, _, reason = state.partition(":")
            mark = {"participation_id": part_of(session, mentee)["id"], "status": name}
            every.append(mark | ({"reason": reason} if reason else {}))
    return {"marks": every}


def said(session: Any, scene: Scene) -> list[tuple[str, str | None, str | None]]:
    parts = [part_of(session, mentee) for mentee in scene.mentees]
    return [(each["status"], each["reason"], each["hmpps_outcome"]) for each in parts]


# -- marking


async def test_a_whole_session_is_marked_at_once(scene: Scene) -> None:
    session = await held_group(scene)
    assert said(session, scene) == [("offered", None, None)] * 3
    body = marks(scene, session, "attended", "dna", "cancelled:mentee_unwell")
    marked = await scene.support_worker.put(f"sessions/{session['id']}/attendance", body)
    expected = [
        ("attended", None, "ATTENDED"),
        ("dna", None, "REFUSED"),
        ("cancelled", "mentee_unwell", "SICK"),
    ]
    assert said(marked, scene) == expected
    [row] = (await scene.support_worker.get("sessions"))["items"]
    assert said(row, scene) == expected
    again = await scene.support_worker.put(f"sessions/{session['id']}/attendance", body)
    assert said(again, scene) == expected


async def test_all_of_it_or_nothing_and_each_mistake_by_name(scene: Scene) -> None:
    session = await held_group(scene)
    path = f"sessions/{session['id']}/attendance"
    await scene.support_worker.put(path, marks(scene, session, None, None, "attended"))
    body = marks(scene, session, "attended", "attended", "dna")
    body["marks"][1]["participation_id"] = session["id"]
    problem = await scene.support_worker.put(path, body, 422)
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [
        ("marks.1.participation_id", "unknown"),
        ("marks.2.correction", "correction"),
    ]
    now = await scene.support_worker.get(f"sessions/{session['id']}")
    assert [status for status, *_ in said(now, scene)] == ["offered", "offered", "attended"]


@pytest.mark.parametrize(
    ("mark", "field"),
    [
        ({"status": "cancelled"}, "marks.0.reason"),
        ({"status": "attended", "reason": "clash"}, "marks.0.reason"),
        ({"status": "cancelled", "reason": "superseded"}, "marks.0.reason"),
        ({"status": "accepted"}, "marks.0.status"),
        ({"status": "attended", "correction": "marked_in_error"}, "marks.0.correction"),
        ({"status": "dna", "correction": "bored"}, "marks.0.correction"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    scene: Scene, mark: dict[str, str], field: str
) -> None:
    session = await held_group(scene)
    body = marks(scene, session, "attended", None, None)
    body["marks"][0] = {"participation_id": body["marks"][0]["participation_id"], **mark}
    problem = await scene.support_worker.put(f"sessions/{session['id']}/attendance", body, 422)
    assert [each["field"] for each in problem["errors"]] == [field]
    body["marks"] = [{**body["marks"][0], "status": "dna"}] * 2
    for name in ("reason", "correction"):
        body["marks"][0].pop(name, None)
    twice = await scene.support_worker.put(f"sessions/{session['id']}/attendance", body, 422)
    assert [each["field"] for each in twice["errors"]] == ["marks"]


async def test_nobody_is_marked_before_it_is_held_nor_over_an_older_version(scene: Scene) -> None:
    session = await scene.group()
    path = f"sessions/{session['id']}/attendance"
    body = marks(scene, session, "attended", None, None)
    assert (await scene.support_worker.put(path, body, 409))["code"] == "not_held"
    await scene.support_worker.put(path, body, 428, headers={})
    await scene.support_worker.put(path, body, 412, headers={"If-Match": '"9"'})


async def test_who_marks_and_who_does_not(scene: Scene) -> None:
    session = await held_group(scene)
    path, wing = f"sessions/{session['id']}/attendance", scene.wing
    body = marks(scene, session, "attended", None, None)
    other = await scene.one_more()
    for caller, expect in (
        (wing.clinician, 403),
        (wing.governor, 403),
        (other, 404),
        (scene.mentor, 200),
        (wing.officer, 200),
    ):
        await caller.put(path, body, expect)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("attended", ("attended", None, "ATTENDED")),
        ("cancelled:regime_lockdown", ("cancelled", "regime_lockdown", "CANCELLED")),
        ("cancelled:clash", ("cancelled", "clash", "CLASH")),
        ("cancelled:segregation", ("cancelled", "segregation", "SUSPENDED")),
        ("cancelled:other", ("cancelled", "other", "OTHER")),
    ],
)
async def test_a_wrong_dna_is_put_right_and_the_count_follows(
    scene: Scene, state: str, expected: tuple[str, str | None, str]
) -> None:
    session = await held_group(scene)
    path, counts = f"sessions/{session['id']}/attendance", f"mentees/{scene.mentees[0]}/attendance"
    await scene.support_worker.put(path, marks(scene, session, "dna", None, None))
    assert (await scene.support_worker.get(counts))["dna"] == 1
    right = await scene.support_worker.put(path, marks(scene, session, state, None, None))
    assert said(right, scene)[0] == expected
    after = await scene.support_worker.get(counts)
    assert after["dna"] == 0
    assert after["attended"] + sum(after["other"].values()) == 1
    if expected[1]:
        assert after["other"] == {expected[1]: 1}


# -- walking in


async def test_one_who_walks_in_to_a_group_was_there(scene: Scene) -> None:
    session = await held_group(scene)
    newcomer = await a_mentee(scene.wing)
    path = f"sessions/{session['id']}/walk-ins"
    added = await scene.support_worker.post(path, {"mentee_id": newcomer})
    assert (added["status"], added["hmpps_outcome"]) == ("attended", "ATTENDED")
    now = await scene.support_worker.get(f"sessions/{session['id']}")
    assert part_of(now, newcomer)["id"] == added["id"]
    again = await scene.support_worker.post(path, {"mentee_id": newcomer}, 409)
    assert again["code"] == "already_exists"


async def test_who_had_said_no_or_was_called_off_and_came_was_there(scene: Scene) -> None:
    session = await scene.group()
    path = f"sessions/{session['id']}"
    first, second = (part_of(session, each)["id"] for each in scene.mentees[:2])
    await scene.support_worker.move(f"{path}/participations/{first}", "declined")
    off = f"{path}/participations/{second}"
    await scene.support_worker.move(off, "cancelled", reason="clash")
    clock.set_offset(tomorrow() - clock.real_now() + timedelta(minutes=1))
    await scene.support_worker.move(path, "held")
    for mentee, part in zip(scene.mentees[:2], (first, second), strict=True):
        added = await scene.support_worker.post(f"{path}/walk-ins", {"mentee_id": mentee})
        assert (added["id"], added["status"], added["reason"]) == (part, "attended", None)


async def test_nobody_walks_in_to_what_is_no_group_or_was_not_held(scene: Scene) -> None:
    planned = await scene.group()
    body = {"mentee_id": await a_mentee(scene.wing)}
    early = await scene.support_worker.post(f"sessions/{planned['id']}/walk-ins", body, 409)
    assert early["code"] == "not_held"
    await scene.support_worker.move(f"sessions/{planned['id']}", "cancelled", reason="other")
    alone = await scene.held()
    problem = await scene.support_worker.post(f"sessions/{alone['id']}/walk-ins", body, 409)
    assert problem["code"] == "not_a_group"


async def test_a_mentor_names_only_their_own_mentees(scene: Scene) -> None:
    session = await held_group(scene)
    path = f"sessions/{session['id']}/walk-ins"
    stranger, own = await a_mentee(scene.wing), await a_mentee(scene.wing, scene.mentor)
    problem = await scene.mentor.post(path, {"mentee_id": stranger}, 422)
    assert [each["field"] for each in problem["errors"]] == ["mentee_id"]
    assert (await scene.mentor.post(path, {"mentee_id": own}))["status"] == "attended"
    for caller in (scene.wing.clinician, scene.wing.governor):
        await caller.post(path, {"mentee_id": stranger}, 403)


# -- a group's confidentiality


async def a_mixed_group(scene: Scene) -> tuple[Any, str]:
    """Two Sams and an Al, of whom the mentor supports one Sam."""
    people = [("Sam", "Aardvark"), ("Sam", "Zebra"), ("Al", "Yak")]
    made = []
    for first, last in people:
        person = await scene.wing.person(first_name=first, last_name=last)
        made.append(await _mentee_of(scene.wing, person))
    await scene.wing.pairs(scene.mentor, made[0])
    session = await scene.books(kind="group", mentee_ids=made)
    return session, made[0]


async def _mentee_of(wing: Wing, person: Any) -> str:
    mentee = Mentee(
        prison_id=wing.prison_id,
        person_id=UUID(person["id"]),
        status=MenteeStatus.engaged,
        referred_by=ReferredBy.support_worker,
        triage_by=clock.now(),
        recorded_by=wing.support_worker.subject,
    )
    async with wing.db.write(wing.prison_id) as db:
        db.add(mentee)
    return str(mentee.id)


async def test_in_a_group_a_mentor_knows_first_names_and_of_others_nothing_else(
    scene: Scene,
) -> None:
    session, own = await a_mixed_group(scene)
    alone = await scene.mentor.get(f"sessions/{session['id']}")
    [listed] = (await scene.mentor.get("sessions"))["items"]
    assert listed["participations"] == alone["participations"]
    shown = alone["participations"]
    assert [each["display_name"] for each in shown] == ["Al", "Sam 1", "Sam 2"]
    assert [each.get("mentee_id") for each in shown] == [None, own, None]
    assert set(shown[0]) == {"id", "version", "display_name", "status"}
    assert "Aardvark" not in str(alone)
    for each in shown:
        one = await scene.mentor.get(f"sessions/{session['id']}/participations/{each['id']}")
        assert {name: one[name] for name in each} == each
        assert set(one) - set(each) == {"session_id", "moves"}
    staff = await scene.support_worker.get(f"sessions/{session['id']}")
    assert {each["display_name"] for each in staff["participations"]} == {
        "Sam Aardvark", "Sam Zebra", "Al Yak",
    }  # fmt: skip


async def test_alone_with_their_own_mentee_the_whole_name_is_known(scene: Scene) -> None:
    session = await scene.books()
    [mine] = (await scene.mentor.get(f"sessions/{session['id']}"))["participations"]
    staff = (await scene.support_worker.get(f"sessions/{session['id']}"))["participations"][0]
    assert mine == {name: staff[name] for name in mine}
    assert "hmpps_outcome" not in mine
    [listed] = (await scene.mentor.get("sessions"))["items"]
    assert listed["participations"] == [mine]


async def test_a_filter_tells_a_mentor_nothing_of_the_others_in_a_group(scene: Scene) -> None:
    session, own = await a_mixed_group(scene)
    staff = await scene.support_worker.get(f"sessions/{session['id']}")
    for each in staff["participations"]:
        found = (await scene.mentor.get(f"sessions?mentee_id={each['mentee_id']}"))["items"]
        assert bool(found) == (each["mentee_id"] == own)


async def test_a_mentor_marks_a_group_by_who_is_in_it(scene: Scene) -> None:
    session, _ = await a_mixed_group(scene)
    clock.set_offset(tomorrow() - clock.real_now() + timedelta(minutes=1))
    await scene.mentor.move(f"sessions/{session['id']}", "held")
    seen = (await scene.mentor.get(f"sessions/{session['id']}"))["participations"]
    body = {"marks": [{"participation_id": each["id"], "status": "attended"} for each in seen]}
    marked = await scene.mentor.put(f"sessions/{session['id']}/attendance", body)
    assert {each["status"] for each in marked["participations"]} == {"attended"}


# -- figures


async def test_figures_of_a_series_by_meeting_and_by_mentee(wing: Wing) -> None:
    course: Course = await a_course(wing, mentees=2)
    made = await course.plans(meetings=2)
    for mentee in course.scene.mentees:
        body = {"series_id": made["id"], "mentee_id": mentee}
        place = await course.worker.post("enrolments", body)
        await course.worker.move(f"enrolments/{place['id']}", "accepted")
    first = (await course.counting(made))[0]
    session = await course.holds(first)
    body = marks(course.scene, session, "attended", "cancelled:clash")
    await course.worker.put(f"sessions/{session['id']}/attendance", body)
    path = f"series/{made['id']}/attendance"
    found = await wing.clinician.get(path)
    assert [(each["number"], each["attended"], each["other"], each["to_come"])
            for each in found["meetings"]] == [(1, 1, {"clash": 1}, 0), (2, 0, {}, 2)]  # fmt: skip
    by_mentee = {each["mentee_id"]: each for each in found["mentees"]}
    assert [by_mentee[each]["attended"] for each in course.scene.mentees] == [1, 0]
    assert [by_mentee[each]["dna"] for each in course.scene.mentees] == [0, 0]
    one = await wing.clinician.get(f"mentees/{course.scene.mentees[0]}/attendance")
    assert (one["attended"], one["to_come"]) == (1, 1)
    callers: tuple[Caller, ...] = (wing.governor, wing.officer, course.scene.mentor)
    for caller in callers:
        await caller.get(path, 403)
        await caller.get(f"mentees/{course.scene.mentees[0]}/attendance", 403)


async def test_the_reference_says_what_hmpps_calls_everything(wing: Wing) -> None:
    found = await wing.officer.get("/v1/reference")
    codes = {each["code"] for each in found["lists"]["hmpps_outcome"]}
    assert {each["outcome"] for each in found["hmpps_outcomes"]} == codes - {"REST"}
    assert {each["reason"] for each in found["hmpps_outcomes"] if each["reason"]} == {
        each["code"] for each in found["lists"]["cancel_reason"]
    }


# -- two who mark at once, and what nobody marked


async def test_of_two_who_mark_from_the_same_reading_the_second_reads_again(scene: Scene) -> None:
    session = await held_group(scene)
    path, read = f"sessions/{session['id']}/attendance", {"If-Match": f'"{session["version"]}"'}
    first = marks(scene, session, "dna", None, None)
    marked = await scene.support_worker.put(path, first, headers=read)
    second = marks(scene, session, "attended", None, None)
    await scene.support_worker.put(path, second, 412, headers=read)
    await scene.support_worker.put(path, second, headers={"If-Match": f'"{marked["version"]}"'})


async def test_who_walks_in_is_part_of_what_the_etag_is_of(scene: Scene) -> None:
    session = await held_group(scene)
    body = {"mentee_id": await a_mentee(scene.wing)}
    await scene.support_worker.post(f"sessions/{session['id']}/walk-ins", body)
    now = await scene.support_worker.get(f"sessions/{session['id']}")
    assert now["version"] > session["version"]


async def test_what_has_begun_and_nobody_marked_is_not_to_come(scene: Scene) -> None:
    session = await scene.group()
    path = f"mentees/{scene.mentees[0]}/attendance"
    before = await scene.support_worker.get(path)
    assert (before["to_come"], before["not_marked"]) == (1, 0)
    clock.set_offset(tomorrow() - clock.real_now() + timedelta(minutes=1))
    await scene.support_worker.move(f"sessions/{session['id']}", "held")
    after = await scene.support_worker.get(path)
    assert (after["to_come"], after["not_marked"]) == (0, 1)


# -- an attendance that was none


async def outreach(scene: Scene) -> list[str]:
    page = await scene.support_worker.get("tasks?kind=outreach_due&status=open")
    return [each["person_id"] for each in page["items"]]


async def test_an_attendance_that_was_none_is_put_right_with_why_and_back(scene: Scene) -> None:
    session = await held_group(scene)
    path, counts = f"sessions/{session['id']}", f"mentees/{scene.mentees[0]}/attendance"
    put = f"{path}/attendance"
    body = marks(scene, session, "dna", None, None)
    body["marks"][0]["correction"] = "taken_for_another"
    early = await scene.support_worker.put(put, body, 422)
    assert [each["field"] for each in early["errors"]] == ["marks.0.correction"]
    await scene.support_worker.put(put, marks(scene, session, "attended", None, None))
    assert said(await scene.support_worker.put(put, body), scene)[0] == ("dna", None, "REFUSED")
    after = await scene.support_worker.get(counts)
    assert (after["attended"], after["dna"]) == (0, 1)
    part = f"{path}/participations/{part_of(session, scene.mentees[0])['id']}"
    await scene.support_worker.move(part, "attended")
    refused = await scene.support_worker.move(part, "dna", 422)
    assert [each["field"] for each in refused["errors"]] == ["reason"]
    await scene.support_worker.move(part, "dna", reason="marked_in_error")
    await scene.support_worker.move(part, "attended")
    await scene.support_worker.move(part, "cancelled", reason="segregation")
    last = await scene.support_worker.get(counts)
    assert (last["attended"], last["dna"], last["other"]) == (0, 0, {"segregation": 1})


async def test_two_in_a_row_count_also_where_one_was_put_right_late(scene: Scene) -> None:
    person = (await scene.support_worker.get(f"mentees/{scene.mentees[0]}"))["person_id"]
    for number in range(2):
        session = await scene.held(starts_at=tomorrow())
        body = {"marks": [{"participation_id": session["participations"][0]["id"],
                           "status": ("attended", "dna")[number]}]}  # fmt: skip
        await scene.support_worker.put(f"sessions/{session['id']}/attendance", body)
        if number == 0:
            part = f"sessions/{session['id']}/participations/{session['participations'][0]['id']}"
    assert await outreach(scene) == []
    await scene.support_worker.move(part, "dna", reason="marked_in_error")
    assert await outreach(scene) == [person]
    await scene.support_worker.move(part, "attended")
    assert await outreach(scene) == []


async def test_who_had_not_been_expected_has_not_stayed_away(scene: Scene) -> None:
    session = await held_group(scene)
    put = f"sessions/{session['id']}/attendance"
    newcomer = {"mentee_id": await a_mentee(scene.wing)}
    added = await scene.support_worker.post(f"sessions/{session['id']}/walk-ins", newcomer)
    mark = {
        "participation_id": added["id"],
        "status": "dna",
        "correction": "taken_for_another",
    }
    attended = marks(scene, session, "attended", None, None)["marks"]
    problem = await scene.support_worker.put(put, {"marks": [*attended, mark]}, 409)
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [
        ("marks.1.status", "was_expected")
    ]
    now = await scene.support_worker.get(f"sessions/{session['id']}")
    assert part_of(now, scene.mentees[0])["status"] == "offered"  # all of it or nothing
    off = {"participation_id": added["id"], "status": "cancelled", "reason": "other"}
    await scene.support_worker.put(put, {"marks": [off]})


async def test_whoever_puts_a_dna_right_puts_an_attendance_right_and_nobody_else(
    scene: Scene,
) -> None:
    session = await held_group(scene)
    put, wing = f"sessions/{session['id']}/attendance", scene.wing
    body = marks(scene, session, "dna", None, None)
    body["marks"][0]["correction"] = "marked_in_error"
    for caller, expect in (
        (wing.clinician, 403),
        (wing.governor, 403),
        (await scene.one_more(), 404),
        (scene.mentor, 200),
        (wing.officer, 200),
    ):
        right = marks(scene, session, "attended", None, None)
        await scene.support_worker.put(put, right)
        await caller.put(put, body, expect)
