"""Planning and re-planning sessions."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app import clock
from app.models.mentees import MenteeStatus
from tests.sessions.scene import Scene, a_mentee, a_scene, tomorrow
from tests.story import Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def fields(problem: Any) -> dict[str, str]:
    return {error["field"]: error["code"] for error in problem["errors"]}


async def test_a_support_worker_books_and_everyone_is_offered_their_part(scene: Scene) -> None:
    session = await scene.group()
    assert session["status"] == "planned"
    assert {part["mentee_id"] for part in session["participations"]} == set(scene.mentees)
    assert {part["status"] for part in session["participations"]} == {"offered"}
    assert all(part["display_name"].startswith("Jo ") for part in session["participations"])


async def test_booking_answers_where_the_session_is_and_its_etag(scene: Scene) -> None:
    response = await scene.support_worker.request("POST", "sessions", json=scene.plan())
    assert response.headers["Location"] == f"sessions/{response.json()['id']}"
    assert response.headers["ETag"] == '"1"'


async def test_a_booking_replayed_under_its_key_is_one_session(scene: Scene) -> None:
    key = {"headers": {"Idempotency-Key": "book-1"}}
    first = await scene.support_worker.post("sessions", scene.plan(), **key)
    again = await scene.support_worker.post("sessions", scene.plan(), **key)
    assert again == first
    assert len((await scene.support_worker.get("sessions"))["items"]) == 1
    other = scene.plan(tomorrow(14))
    problem = await scene.support_worker.post("sessions", other, 422, **key)
    assert problem["code"] == "idempotency_key_reused"


async def test_back_to_back_sessions_are_no_clash(scene: Scene) -> None:
    await scene.books(tomorrow(9))
    await scene.books(tomorrow(10))
    await scene.books(tomorrow(8))


async def test_a_taken_room_is_refused_by_name(scene: Scene) -> None:
    await scene.books()
    other = await scene.one_more()
    plan = {"mentor_id": str(other.mentor_id), "mentee_ids": scene.mentees[1:2]}
    problem = await scene.refused(tomorrow(9, 59), **plan)
    assert problem["code"] == "room_taken"
    assert fields(problem) == {"room_id": "room"}
    (clash,) = problem["clashes"]
    assert (clash["kind"], clash["thing_id"]) == ("room", scene.room)
    assert "is taken from" in clash["detail"]


async def test_a_taken_mentor_is_refused_by_name(scene: Scene) -> None:
    await scene.books()
    problem = await scene.refused(room_id=None, mentee_ids=scene.mentees[1:2])
    assert problem["code"] == "mentor_taken"
    assert fields(problem) == {"mentor_id": "mentor"}


async def test_a_taken_mentee_is_refused_by_its_place_in_the_list(scene: Scene) -> None:
    await scene.books()
    other = await scene.one_more()
    plan = {"kind": "group", "room_id": None, "mentor_id": str(other.mentor_id)}
    problem = await scene.refused(**plan, mentee_ids=[scene.mentees[2], scene.mentees[0]])
    assert problem["code"] == "mentee_taken"
    assert fields(problem) == {"mentee_ids.1": "mentee"}


async def test_all_clashes_are_refused_at_once(scene: Scene) -> None:
    await scene.books()
    paused = await a_mentee(scene.wing, scene.mentor, MenteeStatus.paused)
    problem = await scene.refused(kind="group", mentee_ids=[paused, scene.mentees[0]])
    assert problem["code"] == "clash"
    assert fields(problem) == {
        "room_id": "room",
        "mentor_id": "mentor",
        "mentee_ids.0": "mentee_not_engaged",
        "mentee_ids.1": "mentee",
    }
    assert [clash["kind"] for clash in problem["clashes"]] == [
        "room",
        "mentor",
        "mentee_not_engaged",
        "mentee",
    ]


async def test_a_room_holds_no_more_than_its_capacity_mentor_included(wing: Wing) -> None:
    scene = await a_scene(wing, mentees=3, capacity=3)
    problem = await scene.refused(kind="group", mentee_ids=scene.mentees)
    assert problem["code"] == "clash"
    assert fields(problem) == {"room_id": "capacity"}
    await scene.books(kind="group", mentee_ids=scene.mentees[:2])


async def test_a_plan_in_the_past_is_refused(scene: Scene) -> None:
    problem = await scene.refused(clock.now() - timedelta(hours=1))
    assert fields(problem) == {"starts_at": "in_the_past"}


async def test_a_mentor_who_paused_is_not_planned_with(scene: Scene) -> None:
    path = f"mentors/{scene.mentor.mentor_id}"
    await scene.support_worker.move(path, "suspended", reason="welfare")
    problem = await scene.refused()
    assert fields(problem) == {"mentor_id": "mentor_not_active"}


async def test_cancelling_frees_room_mentor_and_mentee(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    cancelled = await scene.support_worker.move(path, "cancelled", reason="no_escort")
    assert cancelled["status"] == "cancelled"
    assert cancelled["participations"][0]["status"] == "cancelled"
    await scene.books()


async def test_a_mentee_who_declined_is_free_at_that_time(scene: Scene) -> None:
    session = await scene.group()
    part = next(p for p in session["participations"] if p["mentee_id"] == scene.mentees[0])
    path = f"sessions/{session['id']}/participations/{part['id']}"
    await scene.support_worker.move(path, "declined")
    other = await scene.one_more()
    await scene.books(room_id=None, mentor_id=str(other.mentor_id))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends_at": "2030-05-01T08:59:00+00:00"}, "ends_at"),
        ({"ends_at": "2030-05-01T09:00:00+00:00"}, "ends_at"),
        ({"ends_at": "2030-05-01T22:00:00+00:00"}, "ends_at"),  # 13 hours
        ({"starts_at": "2030-05-01T09:00:00"}, "starts_at"),  # naive
        ({"starts_at": "0026-05-01T09:00:00+00:00"}, "starts_at"),
        ({"starts_at": "9999-05-01T09:00:00+00:00"}, "starts_at"),
        ({"starts_at": "2030-02-30T09:00:00+00:00"}, "starts_at"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"mentee_ids": []}, "mentee_ids"),
        ({"mentee_ids": [str(uuid4()), str(uuid4())]}, "mentee_ids"),  # a one-to-one
        ({"kind": "seance"}, "kind"),
        ({"kind": "night_callout"}, "kind"),
        ({"kind": "art_therapy"}, "lead_staff_id"),
        ({"risk_level": "high"}, "risk_level"),
        ({"mentor_id": "42"}, "mentor_id"),
    ],
)
async def test_a_bad_plan_is_refused_naming_the_field(
    wing: Wing, change: dict[str, Any], field: str
) -> None:
    plan = {
        "kind": "one_to_one",
        "mentor_id": str(uuid4()),
        "mentee_ids": [str(uuid4())],
        "starts_at": "2030-05-01T09:00:00+00:00",
        "ends_at": "2030-05-01T10:00:00+00:00",
    }
    problem = await wing.support_worker.post("sessions", plan | change, 422)
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_mentee_stands_once_in_a_plan(scene: Scene) -> None:
    plan = scene.plan(kind="group", mentee_ids=[scene.mentees[0], scene.mentees[0]])
    problem = await scene.support_worker.post("sessions", plan, 422)
    assert problem["errors"][0]["field"] == "mentee_ids"


@pytest.mark.parametrize("name", ["room_id", "mentor_id", "lead_staff_id"])
async def test_something_unknown_is_refused_naming_the_field(scene: Scene, name: str) -> None:
    plan = scene.plan(**{name: str(uuid4())})
    problem = await scene.support_worker.post("sessions", plan, 422)
    assert fields(problem) == {name: "unknown"}


async def test_every_unknown_mentee_is_named(scene: Scene) -> None:
    ids = [str(uuid4()), scene.mentees[0], str(uuid4())]
    plan = scene.plan(kind="group", mentee_ids=ids)
    problem = await scene.support_worker.post("sessions", plan, 422)
    assert fields(problem) == {"mentee_ids.0": "unknown", "mentee_ids.2": "unknown"}


async def test_art_therapy_has_its_qualified_lead(scene: Scene) -> None:
    lead = str(scene.wing.clinician.staff_id)
    session = await scene.books(kind="art_therapy", lead_staff_id=lead)
    assert session["lead_staff_id"] == lead


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2027-03-28T00:30:00+00:00", "2027-03-28T00:30:00+00:00"),
        ("2027-03-28T02:30:00+01:00", "2027-03-28T01:30:00+00:00"),  # the hour after the gap
        ("2027-10-31T01:30:00+01:00", "2027-10-31T00:30:00+00:00"),
        ("2027-10-31T01:30:00+00:00", "2027-10-31T01:30:00+00:00"),  # the same wall clock again
    ],
)
async def test_times_on_days_of_changing_clocks_are_kept_in_utc(
    scene: Scene, local: str, utc: str
) -> None:
    session = await scene.books(datetime.fromisoformat(local))
    assert session["starts_at"] == utc
    assert (await scene.support_worker.get(f"sessions/{session['id']}"))["starts_at"] == utc


# -- what a mentor may book, and learns of it


async def test_a_mentor_books_for_themselves_with_their_own_mentees(scene: Scene) -> None:
    session = await scene.mentor.post("sessions", scene.plan())
    assert session["mentor_id"] == str(scene.mentor.mentor_id)


async def test_a_mentor_learns_one_word_and_nothing_of_others(scene: Scene) -> None:
    other = await scene.one_more()
    theirs = await a_mentee(scene.wing, other)
    plan = scene.plan(mentor_id=str(other.mentor_id), mentee_ids=[theirs])
    await scene.support_worker.post("sessions", plan)
    problem = await scene.mentor.post("sessions", scene.plan(), 409)
    assert problem["code"] == "clash"
    assert problem["clashes"] == [{"kind": "unavailable", "detail": "unavailable"}]
    assert fields(problem) == {"room_id": "unavailable"}
    assert "taken" not in str(problem)


@pytest.mark.parametrize("status", [MenteeStatus.paused, MenteeStatus.stepped_up])
async def test_why_a_mentee_cannot_be_met_is_hidden_from_the_mentor(
    scene: Scene, status: MenteeStatus
) -> None:
    """Taken by another session or not to be met at all: the answers are the same."""
    hidden = await a_mentee(scene.wing, scene.mentor, status)
    busy = scene.mentees[0]
    other = await scene.one_more()
    await scene.books(room_id=None, mentor_id=str(other.mentor_id))
    answers = [
        await scene.mentor.post("sessions", scene.plan(mentee_ids=[mentee]), 409)
        for mentee in (hidden, busy)
    ]
    for answer in answers:
        del answer["instance"]
    assert answers[0] == answers[1]
    assert fields(answers[0]) == {"mentee_ids": "unavailable"}


async def test_to_a_mentor_anothers_mentee_is_as_unknown_as_nobody(scene: Scene) -> None:
    stranger = await a_mentee(scene.wing)
    answers = [
        await scene.mentor.post("sessions", scene.plan(mentee_ids=[mentee]), 422)
        for mentee in (stranger, str(uuid4()))
    ]
    assert fields(answers[0]) == fields(answers[1]) == {"mentee_ids.0": "unknown"}


async def test_a_mentor_does_not_book_in_anothers_name(scene: Scene) -> None:
    other = await scene.one_more()
    plan = scene.plan(mentor_id=str(other.mentor_id))
    problem = await scene.mentor.post("sessions", plan, 422)
    assert fields(problem) == {"mentor_id": "unknown"}


@pytest.mark.parametrize("role", ["officer", "clinician", "governor"])
async def test_other_staff_do_not_book(scene: Scene, role: str) -> None:
    problem = await getattr(scene.wing, role).post("sessions", scene.plan(), 403)
    assert problem["code"] == "not_allowed"


# -- re-planning


async def test_a_plan_moves_and_its_mentees_move_with_it(scene: Scene) -> None:
    session = await scene.group()
    later = {"starts_at": tomorrow(14).isoformat(), "ends_at": tomorrow(15).isoformat()}
    moved = await scene.support_worker.patch(f"sessions/{session['id']}", later)
    assert moved["starts_at"].startswith(str(tomorrow(14).date()))
    assert moved["version"] == 2
    rows = await scene.wing.db.fetch(
        scene.wing.prison_id,
        "SELECT p.during = s.during AND p.live = s.live AS same FROM participation p"
        " JOIN session s ON s.prison_id = p.prison_id AND s.id = p.session_id",
    )
    assert len(rows) == 3
    assert all(row["same"] for row in rows)
    await scene.group()  # the old time is free again
    problem = await scene.refused(tomorrow(14))
    assert set(fields(problem)) == {"room_id", "mentor_id", "mentee_ids.0"}


async def test_a_plan_may_overlap_its_own_former_time(scene: Scene) -> None:
    session = await scene.books()
    half_past = {"starts_at": tomorrow(9, 30).isoformat(), "ends_at": tomorrow(10, 30).isoformat()}
    await scene.support_worker.patch(f"sessions/{session['id']}", half_past)


async def test_replanning_onto_another_session_is_refused(scene: Scene) -> None:
    await scene.books(tomorrow(11))
    session = await scene.books()
    change = {"ends_at": tomorrow(11, 30).isoformat()}
    problem = await scene.support_worker.patch(f"sessions/{session['id']}", change, 409)
    assert fields(problem) == {
        "room_id": "room",
        "mentor_id": "mentor",
        "participations.0": "mentee",
    }


async def test_two_sessions_swap_their_rooms(scene: Scene) -> None:
    other = await scene.one_more()
    second_room = (await scene.wing.room("Garden room"))["id"]
    one = await scene.books()
    two = await scene.books(
        room_id=second_room, mentor_id=str(other.mentor_id), mentee_ids=scene.mentees[1:2]
    )
    first, second = f"sessions/{one['id']}", f"sessions/{two['id']}"
    taken = await scene.support_worker.patch(first, {"room_id": second_room}, 409)
    assert taken["code"] == "room_taken"
    await scene.support_worker.patch(first, {"room_id": None})
    await scene.support_worker.patch(second, {"room_id": scene.room})
    swapped = await scene.support_worker.patch(first, {"room_id": second_room})
    assert swapped["room_id"] == second_room


async def test_replanning_needs_the_version_that_was_read(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    missing = await scene.support_worker.patch(path, {"room_id": None}, 428, headers={})
    assert missing["code"] == "if_match_needed"
    await scene.support_worker.patch(path, {"room_id": None}, headers={"If-Match": '"1"'})
    stale = await scene.support_worker.patch(
        path, {"room_id": scene.room}, 412, headers={"If-Match": '"1"'}
    )
    assert stale["code"] == "stale"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ends_at": "2026-01-01T00:00:00+00:00"}, "ends_at"),
        ({"starts_at": None}, "starts_at"),
        ({"mentor_id": None}, "mentor_id"),
        ({"mentor_id": str(uuid4())}, "mentor_id"),
        ({"room_id": str(uuid4())}, "room_id"),
        ({"mentee_ids": []}, "mentee_ids"),
        ({"status": "held"}, "status"),
    ],
)
async def test_a_bad_change_of_plan_is_refused_naming_the_field(
    scene: Scene, change: dict[str, Any], field: str
) -> None:
    session = await scene.books()
    problem = await scene.support_worker.patch(f"sessions/{session['id']}", change, 422)
    assert [error["field"] for error in problem["errors"]] == [field]


async def test_a_plan_is_not_stretched_beyond_twelve_hours(scene: Scene) -> None:
    session = await scene.books()
    change = {"ends_at": (tomorrow() + timedelta(hours=13)).isoformat()}
    problem = await scene.support_worker.patch(f"sessions/{session['id']}", change, 422)
    assert fields(problem) == {"ends_at": "too_long"}


async def test_what_is_held_or_cancelled_is_not_replanned(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    await scene.support_worker.move(path, "cancelled", reason="other")
    problem = await scene.support_worker.patch(path, {"room_id": None}, 409)
    assert problem["code"] == "not_planned"


async def test_a_mentor_replans_their_own_session_but_gives_it_to_nobody(scene: Scene) -> None:
    session = await scene.books()
    path = f"sessions/{session['id']}"
    await scene.mentor.patch(path, {"room_id": None})
    other = await scene.one_more()
    problem = await scene.mentor.patch(path, {"mentor_id": str(other.mentor_id)}, 422)
    assert fields(problem) == {"mentor_id": "unknown"}
    await other.patch(path, {"room_id": None}, 404)


async def test_times_are_answered_in_utc_whatever_offset_was_sent(scene: Scene) -> None:
    sent = tomorrow(9).astimezone(UTC)
    session = await scene.books(sent)
    assert session["starts_at"] == sent.isoformat()
