"""Somebody asks for a mentor, by day or at three in the morning: over HTTP."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from app import clock
from app.models.base import new_id
from app.models.rota_demands import RotaRole
from app.models.rotas import Rota, RotaStatus
from app.models.shifts import Shift, ShiftStatus
from app.services.working_days import LONDON, local_date
from tests.non_associations.test_routes import between
from tests.story import Caller, Wing

WEEKDAYS = range(1, 8)
REGIME = {
    "lock_up": "19:30:00",
    "slots": [{"slot": "AM", "starts": "08:30:00", "ends": "11:30:00"}],
}


async def set_regime(wing: Wing) -> None:
    for weekday in WEEKDAYS:
        await wing.governor.put(f"regimes/{weekday}", REGIME, expect=201, headers={})


def at_night() -> None:
    """Three in the morning after next, on the prison's wall."""
    day = local_date(clock.now(), LONDON) + timedelta(days=2)
    wanted = datetime.combine(day, time(3), LONDON).astimezone(UTC)
    clock.forward(days=(wanted - clock.now()) / timedelta(days=1))


async def serves(wing: Wing, mentor: Caller, role: str = "mentor_on_shift") -> None:
    """The mentor has a shift around now, of a rota that stands."""
    now = clock.now()
    rota = Rota(
        id=new_id(),
        prison_id=wing.prison_id,
        first_day=now.date(),
        last_day=now.date(),
        status=RotaStatus.published,
        made_by=wing.support_worker.staff_id,
        published_at=now,
        published_by=wing.support_worker.staff_id,
    )
    shift = Shift(
        prison_id=wing.prison_id,
        rota_id=rota.id,
        role=RotaRole(role),
        day=now.date(),
        starts_at=now - timedelta(hours=2),
        ends_at=now + timedelta(hours=6),
        mentor_id=mentor.mentor_id,
        status=ShiftStatus.accepted,
    )
    async with wing.db.write(wing.prison_id) as session:
        session.add(rota)
        await session.flush()
        session.add(shift)


async def asks(wing: Wing, **body: Any) -> Any:
    """An officer enters that a mentee asks for somebody."""
    mentee = await wing.engaged()
    return await wing.officer.post("contact-requests", {"mentee_id": mentee["id"], **body})


def path_of(made: Any) -> str:
    return f"contact-requests/{made['id']}"


async def test_a_night_from_asking_to_the_debrief(wing: Wing) -> None:
    await set_regime(wing)
    mentor = await wing.active_mentor()
    mentee = await wing.engaged()
    at_night()
    await serves(wing, mentor)
    man = wing.as_person(mentee["person_id"])
    made = await man.post("contact-requests", {})
    assert (made["status"], made["mine"], made["coming_name"]) == ("asked", True, None)
    path = path_of(made)
    found = (await mentor.get("contact-requests"))["items"]
    assert [(each["id"], each["status"]) for each in found] == [(made["id"], "offered")]
    clock.forward(minutes=4)
    accepted = await mentor.move(path, "accepted")
    assert accepted["answer_by"] is None
    clock.forward(minutes=5)
    met = await wing.officer.post(f"{path}/authorisation", {}, 200)
    assert (met["status"], met["warnings"]) == ("under_way", [])
    assert (await man.get(path))["coming_name"]
    clock.forward(minutes=40)
    ended = await wing.officer.post(f"{path}/end", {}, 200)
    session = await wing.support_worker.get(f"sessions/{ended['session_id']}")
    assert (session["kind"], session["status"]) == ("night_callout", "held")
    assert session["authorised_by"] == str(wing.officer.staff_id)
    assert [each["status"] for each in session["participations"]] == ["attended"]
    owed = await wing.support_worker.get("tasks?kind=debrief&status=open")
    assert [task["thing_id"] for task in owed["items"]] == [session["id"]]
    figures = await wing.governor.get("contact-requests/figures")
    night = figures["locked_up"]
    assert (night["asked"], night["met"], figures["unlocked"]["asked"]) == (1, 1, 0)
    assert round(night["minutes_to_accept"]["median"]) == 4
    assert round(night["minutes_to_meet"]["median"]) == 9


async def test_whoever_says_no_is_followed_by_the_next_on_duty_at_once(wing: Wing) -> None:
    first, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, first)
    await serves(wing, other, "mentor_on_call")
    made = await asks(wing)
    path = path_of(made)
    assert made["mentor_id"] == str(first.mentor_id)
    await other.get(path, 404)
    after = await first.move(path, "asked", reason="declined")
    assert after["answer_by"] is None
    await first.get(path, 404)  # it is another's to answer now
    assert (await other.get(path))["status"] == "offered"
    shown = await wing.officer.get(path)
    assert [offer["answer"] for offer in shown["offers"]] == ["declined", "open"]
    await other.move(path, "accepted")
    await other.move(path, "asked", reason="cannot_come")
    shown = await wing.officer.get(path)
    assert (shown["status"], shown["mentor_id"]) == ("asked", None)
    assert [offer["answer"] for offer in shown["offers"]] == ["declined", "taken_back"]


async def test_nobody_answers_and_it_goes_on_to_the_next(wing: Wing) -> None:
    first, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, first)
    await serves(wing, other, "mentor_on_call")
    made = await asks(wing)
    clock.forward(minutes=9)
    await wing.tidies()
    assert (await wing.officer.get(path_of(made)))["mentor_id"] == str(first.mentor_id)
    clock.forward(minutes=2)
    await wing.tidies()
    shown = await wing.officer.get(path_of(made))
    assert shown["mentor_id"] == str(other.mentor_id)
    assert [offer["answer"] for offer in shown["offers"]] == ["lapsed", "open"]


async def test_how_long_is_waited_is_the_prisons_to_say(wing: Wing) -> None:
    first, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, first)
    await serves(wing, other, "mentor_on_call")
    minutes = {"contact_answer_minutes": 4, "contact_look_minutes": 25}
    await wing.support_worker.patch("", minutes, 403)
    refused = await wing.governor.patch("", {"contact_answer_minutes": 61}, 422)
    assert [error["field"] for error in refused["errors"]] == ["contact_answer_minutes"]
    await wing.governor.patch("", minutes)
    made = await asks(wing)
    asked_at = datetime.fromisoformat(made["asked_at"])
    (put,) = made["offers"]
    offered_at, answer_by = map(datetime.fromisoformat, (put["offered_at"], put["answer_by"]))
    assert answer_by - offered_at == timedelta(minutes=4)
    (task,) = (await wing.officer.get("tasks?kind=contact_request_due"))["items"]
    due_at = datetime.fromisoformat(task["due_at"])
    assert timedelta(minutes=25) <= due_at - asked_at < timedelta(minutes=26)
    clock.forward(minutes=5)
    await wing.tidies()
    assert (await wing.officer.get(path_of(made)))["mentor_id"] == str(other.mentor_id)


async def test_ones_own_mentor_on_duty_is_asked_before_others(wing: Wing) -> None:
    other, own = [await wing.active_mentor() for _ in range(2)]
    mentee = await wing.engaged()
    await wing.pairs(own, mentee["id"])
    for mentor in (other, own):
        await serves(wing, mentor)
    made = await wing.officer.post("contact-requests", {"mentee_id": mentee["id"]})
    assert made["mentor_id"] == str(own.mentor_id)


async def test_with_nobody_on_duty_an_officer_is_told_at_once_and_chooses(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    mentee = await wing.engaged()
    made = await wing.as_person(mentee["person_id"]).post("contact-requests", {})
    assert made["status"] == "asked"
    (task,) = (await wing.officer.get("tasks?kind=contact_request_due&status=open"))["items"]
    assert task["thing_id"] == made["id"]
    chosen = {"mentor_id": str(mentor.mentor_id)}
    put = await wing.officer.post(f"{path_of(made)}/offers", chosen, 200)
    assert (put["status"], put["mentor_id"]) == ("offered", str(mentor.mentor_id))
    refused = await wing.officer.post(f"{path_of(made)}/offers", chosen, 409)
    assert refused["code"] == "move_not_in_table"


async def test_whom_a_plan_would_refuse_is_not_asked_and_an_officer_may_go_past_it(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    conditions = {"conditions": ["no_nights"]}
    await wing.governor.put(f"mentors/{mentor.mentor_id}/conditions", conditions)
    await serves(wing, mentor)
    made = await asks(wing)
    path = path_of(made)
    assert made["status"] == "asked"
    chosen = {"mentor_id": str(mentor.mentor_id)}
    refused = await wing.officer.post(f"{path}/offers", chosen, 409)
    assert [clash["kind"] for clash in refused["clashes"]] == ["approval_condition"]
    knowing = {"in_spite_of_warnings": True}
    await wing.officer.post(f"{path}/offers", {**chosen, **knowing}, 200)
    await wing.officer.move(path, "accepted")  # he said so through the door
    refused = await wing.officer.post(f"{path}/authorisation", {}, 409)
    assert [clash["kind"] for clash in refused["clashes"]] == ["approval_condition"]
    met = await wing.officer.post(f"{path}/authorisation", knowing, 200)
    assert met["warnings"] == ["approval_condition"]


async def test_a_mentor_who_leaves_work_is_followed_by_the_next(wing: Wing) -> None:
    first, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, first)
    await serves(wing, other, "mentor_on_call")
    made = await asks(wing)
    await first.move(path_of(made), "accepted")
    await wing.governor.move(f"mentors/{first.mentor_id}", "suspended", reason="conduct")
    shown = await wing.officer.get(path_of(made))
    assert (shown["status"], shown["mentor_id"]) == ("offered", str(other.mentor_id))
    await first.get(path_of(made), 403)  # a suspended mentor has no part in it


async def test_who_asked_takes_it_back_and_nobody_else_does_it_for_them(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    mentee = await wing.engaged()
    man = wing.as_person(mentee["person_id"])
    made = await man.post("contact-requests", {})
    path = path_of(made)
    body = {"to": "withdrawn", "reason": "own_wish"}
    refused = await mentor.post(f"{path}/moves", body, 409)
    assert [error["code"] for error in refused["errors"]] == ["asked_by_them"]
    assert (await man.move(path, "accepted", expect=403))["code"] == "move_not_yours"
    assert (await man.post(f"{path}/moves", body, 200))["status"] == "withdrawn"
    await mentor.get(path, 404)
    assert (await wing.officer.get("tasks?kind=contact_request_due&status=open"))["items"] == []


async def test_one_open_request_a_mentee_however_many_ask_at_once(wing: Wing) -> None:
    mentee = await wing.engaged()
    body = {"mentee_id": mentee["id"]}
    answers = await asyncio.gather(
        *[wing.officer.request("POST", "contact-requests", json=body) for _ in range(5)]
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_prisoners_ask_for_themselves_only_and_only_in_support(wing: Wing) -> None:
    mentee, person = await wing.engaged(), await wing.person()
    stranger = wing.as_person(person["id"])
    assert (await stranger.post("contact-requests", {}, 409))["code"] == "not_a_mentee"
    await stranger.post("contact-requests", {"mentee_id": mentee["id"]}, 404)
    await stranger.post("contact-requests", {"mentee_id": str(new_id())}, 404)
    man = wing.as_person(mentee["person_id"])
    early = {"occurred_at": clock.spell(clock.now() - timedelta(hours=1))}
    refused = await man.post("contact-requests", early, 422)
    assert [error["field"] for error in refused["errors"]] == ["occurred_at"]
    missing = await wing.officer.post("contact-requests", {}, 422)
    assert [error["field"] for error in missing["errors"]] == ["mentee_id"]


async def test_what_is_entered_late_is_of_the_last_day(wing: Wing) -> None:
    mentee = await wing.engaged()
    for hours in (-1, 25):
        at = clock.spell(clock.now() - timedelta(hours=hours))
        body = {"mentee_id": mentee["id"], "occurred_at": at}
        refused = await wing.officer.post("contact-requests", body, 422)
        assert [error["field"] for error in refused["errors"]] == ["occurred_at"]
    body["occurred_at"] = clock.spell(clock.now() - timedelta(minutes=20))
    made = await wing.officer.post("contact-requests", body)
    assert made["asked_at"] == body["occurred_at"]


async def test_governors_read_figures_and_no_requests(wing: Wing) -> None:
    made = await asks(wing)
    await wing.governor.get(path_of(made), 403)
    await wing.governor.get("contact-requests", 403)
    assert (await wing.governor.get("contact-requests/figures"))["all"]["asked"] == 1
    mentor = await wing.active_mentor()
    await mentor.get("contact-requests/figures", 403)


async def test_a_prisoner_filters_by_nobody(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for name in ("mentee_id", "mentor_id"):
        await mentor.get(f"contact-requests?{name}={new_id()}", 422)


async def test_an_end_lies_between_the_meeting_and_now(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    made = await asks(wing)
    path = path_of(made)
    await wing.officer.post(f"{path}/end", {}, 409)
    await wing.officer.post(f"{path}/authorisation", {}, 409)
    await mentor.move(path, "accepted")
    await wing.officer.post(f"{path}/authorisation", {}, 200)
    for minutes in (-30, 30):
        at = clock.spell(clock.now() + timedelta(minutes=minutes))
        refused = await wing.officer.post(f"{path}/end", {"ended_at": at}, 422)
        assert [error["field"] for error in refused["errors"]] == ["ended_at"]
    clock.forward(hours=13)
    refused = await wing.officer.post(f"{path}/end", {}, 422)
    assert [error["code"] for error in refused["errors"]] == ["too_long"]
    at = clock.spell(clock.now() - timedelta(hours=12, minutes=10))
    assert (await wing.officer.post(f"{path}/end", {"ended_at": at}, 200))["status"] == "ended"
    again = await wing.officer.post(f"{path}/end", {}, 409)
    assert UUID(again["instance"].removeprefix("urn:uuid:"))


async def test_that_they_met_is_entered_later_and_counts_from_when_they_did(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    path = path_of(await asks(wing))
    await mentor.move(path, "accepted")
    clock.forward(minutes=5)
    met_at = clock.spell(clock.now())
    clock.forward(minutes=90)
    for minutes in (-100, 5):  # before he said yes, and in the future
        at = clock.spell(clock.now() + timedelta(minutes=minutes))
        refused = await wing.officer.post(f"{path}/authorisation", {"occurred_at": at}, 422)
        assert [error["field"] for error in refused["errors"]] == ["occurred_at"]
        assert (await wing.officer.get(path))["status"] == "accepted"
    met = await wing.officer.post(f"{path}/authorisation", {"occurred_at": met_at}, 200)
    assert met["started_at"] == met_at
    figures = (await wing.governor.get("contact-requests/figures"))["all"]
    assert 5 <= figures["minutes_to_meet"]["median"] < 7
    left_at = clock.spell(clock.now() - timedelta(minutes=60))
    ended = await wing.officer.post(f"{path}/end", {"ended_at": left_at}, 200)
    session = await wing.support_worker.get(f"sessions/{ended['session_id']}")
    assert (session["starts_at"], session["ends_at"]) == (met_at, left_at)


async def test_who_cannot_meet_is_told_in_one_word_and_the_audit_keeps_of_whom(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    mentee = await wing.engaged()
    numbers = [
        (await wing.support_worker.get(f"people/{person_id}"))["number"]
        for person_id in (mentor.person_id, mentee["person_id"])
    ]
    apart = between(*numbers)
    await wing.support_worker.post("non-associations/import", [apart])
    made = await wing.officer.post("contact-requests", {"mentee_id": mentee["id"]})
    assert made["status"] == "asked"
    chosen = {"mentor_id": str(mentor.mentor_id)}
    refused = await wing.officer.post(f"{path_of(made)}/offers", chosen, 409)
    assert [clash["kind"] for clash in refused["clashes"]] == ["cannot_attend_together"]
    kept = (await wing.governor.get("audit?operation=offer_contact_request"))["items"]
    assert {mentee["id"], str(mentor.mentor_id)} <= set(kept[0]["ids"])


async def test_of_many_who_let_them_meet_and_part_at_once_each_counts_once(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    path = path_of(await asks(wing))
    await mentor.move(path, "accepted")
    for act in ("authorisation", "end"):
        answers = await asyncio.gather(
            *[wing.officer.request("POST", f"{path}/{act}", json={}) for _ in range(4)]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        clock.forward(minutes=30)
    sessions = (await wing.support_worker.get("sessions"))["items"]
    assert len(sessions) == 1
