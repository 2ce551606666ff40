"""The month's joint review over HTTP: opened once, held by two, signed by both, with its agenda."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.models.staff import StaffRole
from app.services import joint_reviews
from tests.concerns.conftest import concern
from tests.story import Caller, Wing

SUMMARY = "Two men wait too long."


async def opened(wing: Wing) -> Any:
    await wing.tidies()
    (review,) = (await wing.support_worker.get("joint-reviews?status=due"))["items"]
    return review


def held_by(wing: Wing, **fields: Any) -> dict[str, Any]:
    return {
        "support_worker_id": str(wing.support_worker.staff_id),
        "clinician_id": str(wing.nurse.staff_id),
        "summary": SUMMARY,
        "actions": 2,
        **fields,
    }


def found(agenda: Any) -> set[tuple[str, str | None]]:
    return {(each["code"], each["mentor_id"] or each["mentee_id"]) for each in agenda["items"]}


@pytest.mark.parametrize(
    ("month", "opened_on", "expected"),
    [
        (date(2026, 11, 1), date(2026, 11, 1), date(2026, 11, 14)),
        (date(2026, 11, 1), date(2026, 11, 7), date(2026, 11, 14)),
        (date(2026, 11, 1), date(2026, 11, 20), date(2026, 11, 27)),
    ],
)
def test_it_is_due_on_the_fourteenth_or_a_week_after_it_was_opened(
    month: date, opened_on: date, expected: date
) -> None:
    assert joint_reviews.due_on(month, opened_on) == expected


def test_a_month_begins_on_the_prisons_wall() -> None:
    begins = joint_reviews.begins_at(date(2026, 7, 1), ZoneInfo("Europe/London"))
    assert begins == datetime(2026, 6, 30, 23, tzinfo=UTC)


async def test_it_is_opened_once_a_month_where_there_is_an_active_mentor(wing: Wing) -> None:
    await wing.tidies()
    assert (await wing.clinician.get("joint-reviews"))["items"] == []
    await wing.active_mentor()
    await asyncio.gather(wing.tidies(), wing.tidies())
    review = await opened(wing)
    assert review["month"] == str(clock.now().date().replace(day=1))
    (task,) = (await wing.support_worker.get("tasks?kind=joint_review_due"))["items"]
    assert (task["thing_id"], task["for_role"]) == (review["id"], "support_worker")
    assert task["due_at"][:16] == review["due_at"][:16]
    clock.forward(days=31)
    await wing.tidies()
    assert len((await wing.clinician.get("joint-reviews"))["items"]) == 2


async def test_two_hold_it_and_both_sign(wing: Wing) -> None:
    await wing.active_mentor()
    path = f"joint-reviews/{(await opened(wing))['id']}"
    held = await wing.clinician.post(f"{path}/held", held_by(wing), 200)
    assert (held["status"], held["summary"], held["actions"]) == ("held", SUMMARY, 2)
    (task,) = (await wing.support_worker.get("tasks?kind=joint_review_due"))["items"]
    assert task["status"] == "done"
    stranger = await wing.clinician.post(f"{path}/signature", None, 403)
    assert stranger["code"] == "move_not_yours"
    half = await wing.nurse.post(f"{path}/signature", None, 200)
    assert half["status"] == "held"
    assert (await wing.nurse.post(f"{path}/signature", None, 409))["code"] == "conflict"
    both = await wing.support_worker.post(f"{path}/signature", None, 200)
    assert both["status"] == "signed_by_both"
    refused = await wing.clinician.post(f"{path}/held", held_by(wing), 409)
    assert refused["code"] == "move_not_in_table"


async def test_it_is_held_by_a_support_worker_and_a_clinician(wing: Wing) -> None:
    await wing.active_mentor()
    path = f"joint-reviews/{(await opened(wing))['id']}/held"
    for name, caller in (
        ("support_worker_id", wing.clinician),
        ("support_worker_id", wing.officer),
        ("clinician_id", wing.governor),
        ("clinician_id", await wing.hires(StaffRole.support_worker)),
    ):
        body = held_by(wing, **{name: str(caller.staff_id)})
        refused = await wing.clinician.post(path, body, 422)
        assert refused["errors"][0]["field"] == name
    same = held_by(wing, clinician_id=str(wing.support_worker.staff_id))
    assert (await wing.clinician.post(path, same, 422))["errors"][0]["field"] == "clinician_id"
    for days, code in ((1, "in_the_future"), (-40, "before_the_month")):
        body = held_by(wing, held_at=clock.spell(clock.now() + timedelta(days=days)))
        refused = await wing.clinician.post(path, body, 422)
        assert refused["errors"][0]["code"] == code


async def test_the_summary_is_written_until_someone_signs(wing: Wing) -> None:
    await wing.active_mentor()
    path = f"joint-reviews/{(await opened(wing))['id']}"
    early = await wing.clinician.put(f"{path}/summary", {"summary": "?"}, 409)
    assert early["code"] == "note_locked"
    await wing.clinician.post(f"{path}/held", held_by(wing), 200)
    anew = await wing.support_worker.put(f"{path}/summary", {"summary": "One man waits."})
    assert (anew["summary"], anew["actions"]) == ("One man waits.", 2)
    for name in ("summary", "actions", "disclosure"):
        refused = await wing.support_worker.put(f"{path}/summary", {name: None}, 422)
        assert refused["errors"][0]["field"] == name
    texts = (await wing.clinician.get(f"{path}/summary/versions"))["items"]
    assert [each["text"] for each in texts] == [SUMMARY, "One man waits."]
    await wing.nurse.post(f"{path}/signature", None, 200)
    await wing.clinician.put(f"{path}/summary", {"summary": "None waits."}, 409)


async def test_governors_see_whether_and_when_and_mentors_nothing(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"joint-reviews/{(await opened(wing))['id']}"
    await wing.clinician.post(f"{path}/held", held_by(wing), 200)
    seen = await wing.governor.get(path)
    assert seen["status"] == "held"
    assert {"summary", "actions", "version", "disclosure"}.isdisjoint(seen)
    assert [each["to_state"] for each in (await wing.governor.get(f"{path}/history"))["items"]] == [
        "due",
        "held",
    ]
    await wing.governor.get(f"{path}/agenda", 403)
    await wing.governor.post(f"{path}/signature", None, 403)
    for caller in (mentor, wing.officer):
        for each in ("joint-reviews", path, f"{path}/agenda"):
            await caller.get(each, 403)


async def test_the_agenda_names_whom_to_look_at_and_why(wing: Wing) -> None:
    mentor, quiet = await wing.active_mentor(), await wing.active_mentor()
    waiting = await wing.referred()
    for to in ("triage", "accepted", "waiting"):
        await wing.support_worker.move(f"mentees/{waiting['id']}", to)
    clock.forward(days=20)
    await wing.supervises(quiet)
    stepped = await wing.engaged()
    await wing.clinician.move(f"mentees/{stepped['id']}", "stepped_up", reason="safety_need")
    body = {"mentor_id": str(mentor.mentor_id), "limits": ["no_nights"], "fitness": "rest"}
    await wing.support_worker.post("check-ins", body)
    clock.forward(days=12)
    await mentor.post("concerns", concern())
    await wing.tidies()
    review = (await wing.support_worker.get("joint-reviews?sort=-due_at"))["items"][0]
    path = f"joint-reviews/{review['id']}/agenda"
    agenda = await wing.support_worker.get(path)
    me = str(mentor.mentor_id)
    assert found(agenda) == {
        ("supervision_overdue", me),
        ("limits", me),
        ("debrief_outstanding", me),
        ("waiting_long", waiting["id"]),
        ("stepped_up", stepped["id"]),
    }
    assert all(each["display_name"] for each in agenda["items"])
    assert agenda["concerns_closed"] == 0
    named = found(await wing.clinician.get(path))
    assert named == found(agenda) - {("debrief_outstanding", me)}  # a support worker's task


async def test_the_agenda_counts_only_the_concerns_its_reader_may_see(wing: Wing) -> None:
    await wing.active_mentor()
    review = await opened(wing)
    about = str(wing.officer.staff_id)
    raised = await wing.support_worker.post(
        "concerns", concern(immediacy="today", kind="safeguarding", about_staff_id=about)
    )
    await closes(wing.clinician, wing.nurse, f"concerns/{raised['id']}")
    path = f"joint-reviews/{review['id']}/agenda"
    assert (await wing.clinician.get(path))["concerns_closed"] == 1
    assert (await wing.support_worker.get(path))["concerns_closed"] == 0


async def test_training_that_expires_within_sixty_days_is_on_it(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=320)
    await wing.supervises(mentor)
    review = await opened(wing)
    agenda = await wing.clinician.get(f"joint-reviews/{review['id']}/agenda")
    assert found(agenda) == {("training_expiring", str(mentor.mentor_id))}


async def closes(one: Caller, other: Caller, path: str) -> None:
    await one.post(f"{path}/acknowledgement", {}, 200)
    await one.post(f"{path}/seen", {}, 200)
    await one.post(f"{path}/decision", {"decision": "Seen to."}, 200)
    for to in ("under_review", "ready_to_close"):
        await one.move(path, to)
    await other.move(path, "closed")
