"""A lockdown: what was planned is called off in bulk, nobody is forgotten over it, nothing is
planned into it, and what it took is planned anew."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.models.staff import StaffRole
from app.services.working_days import local_date
from tests.sessions.scene import Scene, a_mentee, a_scene, tomorrow
from tests.sessions.test_facts import an_hour_ago
from tests.sessions.test_together import keeps_apart, person_of
from tests.story import Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def lockdown(start: int = 8, end: int = 17) -> dict[str, str]:
    return {"from": tomorrow(start).isoformat(), "to": tomorrow(end).isoformat()}


async def attended_before(scene: Scene) -> None:
    body = an_hour_ago(scene, kind="group", mentee_ids=scene.mentees)
    await scene.support_worker.post("sessions/held", body)


async def test_a_lockdown_cancels_every_plan_it_touches_and_no_other(scene: Scene) -> None:
    before = await scene.books(tomorrow(7))
    into = await scene.books(tomorrow(8), minutes=30)
    during = await scene.group(tomorrow(12))
    after = await scene.books(tomorrow(17))
    await scene.support_worker.move(f"sessions/{during['id']}", "confirmed")
    answer = await scene.support_worker.post("lockdowns", lockdown())
    gone = [each["session_id"] for each in answer["cancelled"]]
    assert gone == [into["id"], during["id"]]
    states = {
        row["id"]: row["status"] for row in (await scene.support_worker.get("sessions"))["items"]
    }
    assert states == {
        before["id"]: "planned",
        into["id"]: "cancelled",
        during["id"]: "cancelled",
        after["id"]: "planned",
    }
    entries = (await scene.support_worker.get(f"sessions/{during['id']}/history"))["items"]
    assert entries[-1]["reason"] == "regime_lockdown"
    await scene.support_worker.post(f"lockdowns/{answer['id']}/lift", None, 200)
    await scene.group(tomorrow(12))  # the slot is free again


async def test_a_lockdown_names_whose_first_session_it_takes(scene: Scene) -> None:
    await attended_before(scene)
    new = await a_mentee(scene.wing)
    await scene.group(tomorrow(9))
    await scene.books(tomorrow(11), mentee_ids=[new])
    answer = await scene.support_worker.post("lockdowns", lockdown())
    (check,) = answer["welfare_checks"]
    assert (check["mentee_id"], check["reasons"]) == (new, ["first_session"])
    assert check["display_name"].startswith("Jo ")


async def test_a_lockdown_names_who_has_an_open_concern(scene: Scene) -> None:
    await attended_before(scene)
    await scene.group(tomorrow(9))
    rows = await scene.wing.db.fetch(
        scene.wing.prison_id, "SELECT person_id FROM mentee WHERE id = $1", scene.mentees[1]
    )
    await _worry(scene, str(rows[0]["person_id"]))
    answer = await scene.support_worker.post("lockdowns", lockdown())
    (check,) = answer["welfare_checks"]
    assert (check["mentee_id"], check["reasons"]) == (scene.mentees[1], ["open_concern"])


async def _worry(scene: Scene, person_id: str, about: Any = None, kind: str = "welfare") -> None:
    """An open concern about a person, as plain as the table takes it."""
    statement = text(
        "INSERT INTO concern (prison_id, id, recorded_at, version, reference, kind, status,"
        " immediacy, subject_person_id, about_staff_id, about_mentor, account, mentions_self_harm,"
        " raised_by_subject, raised_by_role, recorded_by, occurred_at, raised_at,"
        " acknowledge_by, seen_by, decide_by, policy, step, next_step_at, disclosure)"
        " VALUES (:prison, gen_random_uuid(), :now, 1, 'C-1', :kind, 'raised', 'routine',"
        " :person, :about, false, 'Does not eat.', false, 's', 'support_worker', 's', :now, :now,"
        " :now, :now, :now, '{}', 0, :now, 'ordinary')"
    )
    values = {"prison": scene.wing.prison_id, "now": clock.now(), "person": person_id}
    values |= {"about": about, "kind": kind}
    async with scene.wing.db.write(scene.wing.prison_id) as db:
        await db.execute(statement, values)


async def test_a_lockdown_replayed_under_its_key_names_the_same_people(scene: Scene) -> None:
    await scene.books()
    key = {"headers": {"Idempotency-Key": "lockdown-1"}}
    first = await scene.support_worker.post("lockdowns", lockdown(), **key)
    assert len(first["welfare_checks"]) == 1
    assert await scene.support_worker.post("lockdowns", lockdown(), **key) == first


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"from": "2030-01-01T10:00:00+00:00", "to": "2030-01-01T10:00:00+00:00"}, "to"),
        ({"from": "2030-01-01T10:00:00+00:00", "to": "2031-01-01T10:00:00+00:00"}, "to"),
        ({"from": "2030-01-01T10:00:00", "to": "2030-01-01T12:00:00+00:00"}, "from"),
        ({"to": "2030-01-01T12:00:00+00:00"}, "from"),
    ],
)
async def test_a_lockdown_that_makes_no_sense_is_refused_naming_the_field(
    wing: Wing, body: dict[str, str], field: str
) -> None:
    problem = await wing.support_worker.post("lockdowns", body, 422)
    assert [error["field"] for error in problem["errors"]] == [field]


@pytest.mark.parametrize("who", ["officer", "clinician", "governor"])
async def test_only_support_workers_call_off_in_bulk(wing: Wing, who: str) -> None:
    await getattr(wing, who).post("lockdowns", lockdown(), 403)


async def test_a_mentor_calls_nothing_off_in_bulk(scene: Scene) -> None:
    await scene.mentor.post("lockdowns", lockdown(), 403)


# -- whom to look in on, later


async def declared(scene: Scene, start: int = 8, end: int = 17) -> Any:
    return await scene.support_worker.post("lockdowns", lockdown(start, end))


def checks_of(made: Any) -> str:
    return f"lockdowns/{made['id']}/welfare-checks"


async def test_a_lockdown_names_who_is_on_an_open_acct(scene: Scene) -> None:
    await attended_before(scene)
    await scene.group(tomorrow(9))
    person = await scene.support_worker.get(f"mentees/{scene.mentees[2]}")
    acct = {"person_id": person["person_id"], "opened_on": str(local_date(clock.now()))}
    await scene.wing.clinician.post("acct-pointers", acct)
    (check,) = (await declared(scene))["welfare_checks"]
    assert (check["mentee_id"], check["reasons"]) == (scene.mentees[2], ["open_acct"])


async def test_the_list_is_read_again_with_who_was_looked_in_on(scene: Scene) -> None:
    await scene.group(tomorrow(9))
    made = await declared(scene)
    assert len(made["welfare_checks"]) == 3
    path = checks_of(made)
    assert (await scene.wing.officer.get(path))["items"] == made["welfare_checks"]
    first = made["welfare_checks"][0]
    mark = f"{path}/{first['id']}/looked-in"
    seen = await scene.wing.officer.post(mark, {}, 200)
    assert seen["looked_in_by"] == scene.wing.officer.subject
    assert datetime.fromisoformat(seen["looked_in_at"]) <= clock.now()
    assert (await scene.support_worker.get(path))["items"][0] == seen
    await scene.support_worker.post(mark, {}, 409)
    second = f"{path}/{made['welfare_checks'][1]['id']}/looked-in"
    for when, hours in (("in_the_future", 1), ("too_early", -9000)):
        at = {"occurred_at": clock.spell(clock.now() + timedelta(hours=hours))}
        refused = await scene.support_worker.post(second, at, 422)
        assert refused["errors"][0]["code"] == when
    other = await declared(scene)
    wrong = f"{checks_of(other)}/{made['welfare_checks'][1]['id']}/looked-in"
    await scene.support_worker.post(wrong, {}, 404)


@pytest.mark.parametrize("who", ["clinician", "governor"])
async def test_those_who_look_in_read_the_list_and_nobody_else(scene: Scene, who: str) -> None:
    await scene.group(tomorrow(9))
    made = await declared(scene)
    caller = getattr(scene.wing, who)
    await caller.get(checks_of(made), expect=403)
    check = made["welfare_checks"][0]["id"]
    await caller.post(f"{checks_of(made)}/{check}/looked-in", {}, 403)
    read = await caller.get(f"lockdowns/{made['id']}")
    assert ("cancelled" in read) == (who == "clinician")
    assert "welfare_checks" not in read
    await caller.post(f"lockdowns/{made['id']}/lift", None, 403)
    await caller.post(f"lockdowns/{made['id']}/reoffers", {}, 403)
    rows = (await caller.get("lockdowns"))["items"]
    assert [row["id"] for row in rows] == [made["id"]]
    assert "cancelled" not in rows[0]


async def test_a_mentor_reads_of_no_lockdown(scene: Scene) -> None:
    made = await declared(scene)
    for path in ("lockdowns", f"lockdowns/{made['id']}", checks_of(made)):
        await scene.mentor.get(path, expect=403)


async def test_who_may_not_know_of_a_concern_finds_no_row_that_stands_for_it_alone(
    scene: Scene,
) -> None:
    """It is about the colleague: they find neither the row nor the reason, and mark nothing."""
    await attended_before(scene)
    await scene.group(tomorrow(9))
    person = (await scene.support_worker.get(f"mentees/{scene.mentees[1]}"))["person_id"]
    accused = await scene.wing.hires(StaffRole.support_worker)
    await _worry(scene, person, about=accused.staff_id, kind="misconduct")
    made = await declared(scene)
    assert made["welfare_checks"] == [], "a concern about staff is for governors"
    rows = await scene.wing.db.fetch(scene.wing.prison_id, "SELECT id FROM welfare_check")
    assert len(rows) == 1
    for caller in (accused, scene.support_worker, scene.wing.officer):
        assert (await caller.get(checks_of(made)))["items"] == []
        await caller.post(f"{checks_of(made)}/{rows[0]['id']}/looked-in", {}, 404)


# -- nothing is planned into it


async def test_nothing_is_planned_into_a_lockdown_until_it_is_lifted(scene: Scene) -> None:
    made = await declared(scene)
    for hour, minutes in ((7, 90), (8, 30), (12, 60), (16, 120)):
        problem = await scene.refused(tomorrow(hour), minutes=minutes)
        assert [each["kind"] for each in problem["clashes"]] == ["lockdown"]
    own = await scene.mentor.post("sessions", scene.plan(tomorrow(12)), 409)
    assert [each["kind"] for each in own["clashes"]] == ["unavailable"]
    planned = await scene.books(tomorrow(7))
    later = {"starts_at": str(tomorrow(9)), "ends_at": str(tomorrow(10))}
    await scene.support_worker.patch(f"sessions/{planned['id']}", later, 409)
    await scene.books(tomorrow(17))
    clock.forward(seconds=(tomorrow(10) - clock.now()).total_seconds())
    lifted = await scene.support_worker.post(f"lockdowns/{made['id']}/lift", None, 200)
    assert lifted["lifted_by"] == scene.support_worker.subject
    await scene.books(clock.now() + timedelta(hours=1))
    await scene.support_worker.post(f"lockdowns/{made['id']}/lift", None, 409)


async def test_one_that_is_over_is_not_lifted(scene: Scene) -> None:
    made = await declared(scene)
    clock.forward(days=2)
    await scene.support_worker.post(f"lockdowns/{made['id']}/lift", None, 409)


async def test_what_happened_in_a_lockdown_is_recorded_with_a_warning(scene: Scene) -> None:
    now = clock.now()
    body = {"from": clock.spell(now - timedelta(hours=2)), "to": clock.spell(now)}
    await scene.support_worker.post("lockdowns", body)
    past = scene.plan(now - timedelta(hours=1), minutes=30)
    session = await scene.support_worker.post("sessions/held", past)
    assert [each["kind"] for each in session["warnings"]] == ["lockdown"]


async def test_of_bookings_and_a_lockdown_at_once_none_is_left_standing_in_it(wing: Wing) -> None:
    scene = await a_scene(wing, mentees=8)
    plans = [
        scene.plan(tomorrow(9 + number), mentee_ids=[mentee], room_id=None)
        for number, mentee in enumerate(scene.mentees)
    ]
    answers = await asyncio.gather(
        *[wing.support_worker.request("POST", "sessions", json=plan) for plan in plans[:4]],
        wing.support_worker.request("POST", "lockdowns", json=lockdown()),
        *[wing.support_worker.request("POST", "sessions", json=plan) for plan in plans[4:]],
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    left = await wing.db.fetch(
        wing.prison_id,
        "SELECT FROM session s JOIN lockdown l USING (prison_id)"
        " WHERE s.live AND s.starts_at < l.ends_at AND s.ends_at > l.starts_at",
    )
    assert len(left) == 0


async def test_a_plan_moved_and_a_lockdown_at_once_do_not_wait_for_each_other(
    scene: Scene,
) -> None:
    planned = [await scene.books(tomorrow(hour)) for hour in (5, 6, 19, 20)]
    into = {"starts_at": str(tomorrow(10)), "ends_at": str(tomorrow(11))}
    path = [f"sessions/{each['id']}" for each in planned]
    match = {"If-Match": "*"}
    answers = await asyncio.gather(
        *[scene.support_worker.request("PATCH", each, json=into, headers=match) for each in path],
        scene.support_worker.request("POST", "lockdowns", json=lockdown()),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    rows = (await scene.support_worker.get("sessions?status=planned"))["items"]
    assert all(row["starts_at"] != clock.spell(tomorrow(10)) for row in rows)


# -- planned anew


async def reoffers(scene: Scene, made: Any, expect: int = 201, **body: Any) -> Any:
    return await scene.support_worker.post(f"lockdowns/{made['id']}/reoffers", body, expect)


def outcomes(answer: Any) -> list[str]:
    return [row["outcome"] for row in answer["items"]]


async def test_what_it_cancelled_is_planned_anew_at_the_next_free_time(scene: Scene) -> None:
    one = await scene.books(tomorrow(9))
    group = await scene.group(tomorrow(10), minutes=90)
    made = await declared(scene)
    answer = await reoffers(scene, made)
    assert outcomes(answer) == ["planned", "planned"]
    first, second = answer["items"]
    assert (first["session_id"], second["session_id"]) == (one["id"], group["id"])
    assert first["starts_at"] == clock.spell(tomorrow(17))
    assert second["starts_at"] == clock.spell(tomorrow(18)), "the first of them holds the mentor"
    new = await scene.support_worker.get(f"sessions/{second['reoffered_as']}")
    assert (new["kind"], new["room_id"], new["status"]) == ("group", scene.room, "planned")
    assert {part["mentee_id"] for part in new["participations"]} == set(scene.mentees)
    length = datetime.fromisoformat(new["ends_at"]) - datetime.fromisoformat(new["starts_at"])
    assert length == timedelta(minutes=90)
    read = await scene.support_worker.get(f"lockdowns/{made['id']}")
    assert [row["reoffered_as"] for row in read["cancelled"]] == [
        first["reoffered_as"],
        second["reoffered_as"],
    ]
    again = await reoffers(scene, made)
    assert outcomes(again) == ["planned_before"] * 2
    assert len((await scene.support_worker.get("sessions?status=planned"))["items"]) == 2


async def test_one_that_is_lifted_is_planned_anew_from_then_on(scene: Scene) -> None:
    await scene.books(tomorrow(9))
    made = await declared(scene)
    clock.forward(seconds=(tomorrow(10) - clock.now()).total_seconds())
    await scene.support_worker.post(f"lockdowns/{made['id']}/lift", None, 200)
    [row] = (await reoffers(scene, made))["items"]
    starts = datetime.fromisoformat(row["starts_at"])
    assert timedelta() < starts - clock.now() < timedelta(minutes=15)


async def test_where_its_room_is_taken_it_goes_to_one_of_the_same_wing(scene: Scene) -> None:
    other = await scene.one_more()
    await scene.books(tomorrow(9))
    small = await scene.wing.room("Small room", capacity=1)
    group_only = await scene.wing.room("Group room")
    await scene.support_worker.patch(f"rooms/{group_only['id']}", {"kinds": ["group"]})
    garden = await scene.wing.room("Garden room")
    made = await declared(scene)
    theirs = await a_mentee(scene.wing, other)
    taken = {"mentor_id": str(other.mentor_id), "mentee_ids": [theirs]}
    await scene.books(tomorrow(17), **taken)
    [row] = (await reoffers(scene, made))["items"]
    assert small["id"] != group_only["id"]
    assert (row["room_id"], row["starts_at"]) == (garden["id"], clock.spell(tomorrow(17)))


async def test_to_another_wing_it_goes_only_where_its_own_has_no_time(scene: Scene) -> None:
    other = await scene.one_more()
    wing = await scene.support_worker.post("wings", {"code": "B", "name": "B wing"})
    far = await scene.support_worker.post(
        "rooms", {"wing_id": wing["id"], "name": "B room", "capacity": 4}
    )
    await scene.books(tomorrow(9))
    await scene.books(tomorrow(12))
    made = await declared(scene)
    theirs = await a_mentee(scene.wing, other)
    taken = {"mentor_id": str(other.mentor_id), "mentee_ids": [theirs]}
    await scene.books(tomorrow(17), minutes=90, **taken)
    until = clock.spell(tomorrow(19) + timedelta(minutes=30))
    first, second = (await reoffers(scene, made, until=until))["items"]
    assert (first["room_id"], first["starts_at"]) == (
        scene.room,
        clock.spell(tomorrow(18) + timedelta(minutes=30)),
    ), "later, on the wing it was planned on"
    assert (second["room_id"], second["starts_at"]) == (far["id"], clock.spell(tomorrow(17)))


async def test_it_is_said_why_one_is_not_planned_anew(scene: Scene) -> None:
    other = await scene.one_more()
    leaves = await a_mentee(scene.wing)
    await scene.books(tomorrow(9), mentee_ids=[leaves])
    await scene.books(tomorrow(10))
    kept = await a_mentee(scene.wing, other)
    await scene.books(tomorrow(11), mentor_id=str(other.mentor_id), mentee_ids=[kept])
    made = await declared(scene)
    async with scene.wing.db.write(scene.wing.prison_id) as db:
        change = text("UPDATE mentee SET status = 'paused' WHERE id = :id")
        await db.execute(change, {"id": leaves})
    await scene.support_worker.move(f"mentors/{other.mentor_id}", "suspended", reason="welfare")
    body = {"until": clock.spell(tomorrow(17) + timedelta(minutes=30))}
    answer = await reoffers(scene, made, **body)
    assert outcomes(answer) == ["nobody_comes", "no_free_time", "mentor_not_active"]
    answer = await reoffers(scene, made)
    assert outcomes(answer) == ["nobody_comes", "planned", "mentor_not_active"]


async def test_that_some_cannot_attend_together_is_kept_in_the_audit(scene: Scene) -> None:
    people = [await person_of(scene, each) for each in scene.mentees]
    await scene.group(tomorrow(9))
    made = await declared(scene)
    await keeps_apart(scene, people[0], people[1])
    assert outcomes(await reoffers(scene, made)) == ["cannot_attend_together"]
    query = "operation=reoffer_sessions"
    [entry] = (await scene.wing.governor.get(f"audit?{query}"))["items"]
    assert {str(scene.mentor.mentor_id), *scene.mentees} <= set(entry["ids"])


@pytest.mark.parametrize(("hours", "code"), [(16, "order"), (17 + 32 * 24, "too_long")])
async def test_until_when_must_make_sense(scene: Scene, hours: int, code: str) -> None:
    made = await declared(scene)
    until = clock.spell(tomorrow(0) + timedelta(hours=hours))
    refused = await reoffers(scene, made, 422, until=until)
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [("until", code)]


# -- and no concern


async def test_a_lockdown_moves_no_concerns_clock(scene: Scene) -> None:
    raised = await scene.support_worker.post("concerns", CONCERN)
    before = await scene.support_worker.get(f"concerns/{raised['id']}")
    body = {
        "from": clock.spell(clock.now() - timedelta(hours=1)),
        "to": clock.spell(clock.now() + timedelta(days=3)),
    }
    await scene.support_worker.post("lockdowns", body)
    assert await scene.support_worker.get(f"concerns/{raised['id']}") == before
    after = await scene.support_worker.post("concerns", CONCERN)
    shown = await scene.support_worker.get(f"concerns/{after['id']}")

    def given(concern: Any) -> list[timedelta]:
        raised_at = datetime.fromisoformat(concern["raised_at"])
        return [
            datetime.fromisoformat(concern[name]) - raised_at
            for name in ("acknowledge_by", "seen_by", "decide_by")
        ]

    assert given(shown) == given(before)


CONCERN = {"account": "He does not eat.", "kind": "welfare", "immediacy": "this_session",
           "subject_as_told": "the lad in the end cell"}  # fmt: skip
