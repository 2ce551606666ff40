"""How mentors are themselves: asked, told with limits, and asked again; a pause is only offered."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from app import clock
from app.services.check_ins import due_on
from tests.concerns.conftest import concern
from tests.story import Caller, Wing

SAID = "The nights wear me out."


def body_of(mentor: Caller, **fields: Any) -> dict[str, Any]:
    return {
        "mentor_id": str(mentor.mentor_id),
        "limits": ["no_nights", "lighter_load"],
        "fitness": "fit_with_limits",
        "said": SAID,
        **fields,
    }


async def asked(caller: Caller, status: str = "open") -> list[Any]:
    found = await caller.get(f"tasks?kind=check_in_due&status={status}")
    items: list[Any] = found["items"]
    return items


D = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("asked_on", "next_on", "events", "expected"),
    [
        (None, None, [], D + timedelta(days=28)),
        (None, None, [D + timedelta(days=3)], D + timedelta(days=10)),
        (D + timedelta(days=5), D + timedelta(days=33), [], D + timedelta(days=33)),
        (D + timedelta(days=5), D + timedelta(days=9), [], D + timedelta(days=9)),
        # what was before the last check-in was asked about then
        (D + timedelta(days=5), D + timedelta(days=33), [D], D + timedelta(days=33)),
        (
            D + timedelta(days=5),
            D + timedelta(days=33),
            [D + timedelta(days=9), D + timedelta(days=20)],
            D + timedelta(days=16),
        ),
    ],
)
def test_a_mentor_is_asked_every_28_days_and_a_week_after_what_was_hard(
    asked_on: date | None, next_on: date | None, events: list[date], expected: date
) -> None:
    assert due_on(asked_on, next_on, D, events) == expected


async def test_each_reads_of_it_what_is_theirs(wing: Wing) -> None:
    """Support workers the limits, governors how fit, the mentor all, clinicians of patients."""
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    made = await wing.support_worker.post("check-ins", body_of(mentor))
    assert made["limits"] == ["no_nights", "lighter_load"]
    path = f"check-ins/{made['id']}"
    for caller in (wing.support_worker, wing.clinician):
        assert {"said", "fitness", "disclosure"}.isdisjoint(await caller.get(path))
    seen = await wing.governor.get(path)
    assert seen["fitness"] == "fit_with_limits"
    assert {"said", "limits", "next_on"}.isdisjoint(seen)
    own = await mentor.get(path)
    assert (own["said"], own["limits"]) == (SAID, ["no_nights", "lighter_load"])
    await other.get(path, 404)
    assert (await other.get("check-ins"))["items"] == []
    await wing.officer.get(path, 403)
    await wing.nurse.post("caseloads", {"person_id": str(mentor.person_id)})
    patients = await wing.nurse.get(path)
    assert (patients["said"], patients["fitness"]) == (SAID, "fit_with_limits")
    (row,) = (await wing.nurse.get("check-ins"))["items"]
    assert "said" not in row
    assert "said" not in await wing.clinician.get(path)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"limits": []}, "limits"),
        ({"limits": ["none", "no_nights"]}, "limits"),
        ({"limits": ["no_nights", "no_nights"]}, "limits"),
        ({"limits": ["none"]}, "limits"),
        ({"fitness": "fit"}, "limits"),
        ({"fitness": "poorly"}, "fitness"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"at": "2001-01-01T00:00:00Z"}, "at"),
        ({"next_on": "2999-01-01"}, "next_on"),
        ({"mentor_id": "0198c0de-0000-7000-8000-000000000002"}, "mentor_id"),
        ({"staff_id": "0198c0de-0000-7000-8000-000000000002"}, "staff_id"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, fields: dict[str, Any], field: str) -> None:
    mentor = await wing.active_mentor()
    refused = await wing.clinician.post("check-ins", body_of(mentor, **fields), 422)
    assert {each["field"].split(".")[0] for each in refused["errors"]} == {field}
    assert (await wing.clinician.get("check-ins"))["items"] == []


async def test_officers_ask_nobody_and_mentors_and_governors_record_nothing(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for caller in (mentor, wing.governor, wing.officer):
        await caller.post("check-ins", body_of(mentor), 403)
    by_officer = body_of(mentor, staff_id=str(wing.officer.staff_id))
    refused = await wing.support_worker.post("check-ins", by_officer, 422)
    assert refused["errors"][0]["field"] == "staff_id"


async def test_late_from_paper_it_says_when_and_who_asked(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=3)
    at = clock.spell(clock.now() - timedelta(days=1))
    late = body_of(mentor, at=at, staff_id=str(wing.nurse.staff_id))
    key = {"Idempotency-Key": "from-paper"}
    made = await wing.support_worker.post("check-ins", late, headers=key)
    assert (made["at"], made["staff_id"]) == (at, str(wing.nurse.staff_id))
    assert await wing.support_worker.post("check-ins", late, headers=key) == made
    assert len((await wing.support_worker.get("check-ins"))["items"]) == 1


async def test_someone_who_was_never_active_is_not_asked(wing: Wing) -> None:
    mentor = await wing.approved()
    caller = wing.as_person(mentor["person_id"], mentor["id"])
    refused = await wing.support_worker.post("check-ins", body_of(caller), 409)
    assert refused["code"] == "conflict"


async def test_the_supervisor_is_asked_every_28_days_once(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=27)
    await wing.tidies()
    assert await asked(wing.support_worker) == []
    clock.forward(days=1.5)
    await asyncio.gather(wing.tidies(), wing.tidies())
    await wing.tidies()
    (task,) = await asked(wing.support_worker)
    assert task["for_staff_id"] == str(wing.support_worker.staff_id)
    assert task["thing_id"] == str(mentor.mentor_id)
    await wing.support_worker.post("check-ins", body_of(mentor))
    assert await asked(wing.support_worker) == []
    await wing.tidies()
    assert await asked(wing.support_worker) == []
    clock.forward(days=29)
    await wing.tidies()
    assert len(await asked(wing.support_worker)) == 1


async def test_put_aside_without_asking_it_comes_back_in_a_week(wing: Wing) -> None:
    await wing.active_mentor()
    clock.forward(days=28.5)
    await wing.tidies()
    (task,) = await asked(wing.support_worker)
    await wing.support_worker.move(f"tasks/{task['id']}", "done")
    clock.forward(days=1)
    await wing.tidies()
    assert await asked(wing.support_worker) == []
    clock.forward(days=6.5)
    await wing.tidies()
    assert len(await asked(wing.support_worker)) == 1


async def test_a_week_after_a_debrief_or_a_supportive_pause_they_are_asked(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    await mentor.post("concerns", concern())
    (debrief,) = (await wing.support_worker.get("tasks?kind=debrief&status=open"))["items"]
    done = {"note": "We went through it; he is well."}
    await wing.support_worker.move(f"tasks/{debrief['id']}", "done", **done)
    await wing.support_worker.move(f"mentors/{other.mentor_id}", "paused", reason="welfare")
    clock.forward(days=6)
    await wing.tidies()
    assert await asked(wing.support_worker) == []
    clock.forward(days=1.5)
    await wing.tidies()
    people = {each["person_id"] for each in await asked(wing.support_worker)}
    assert people == {str(mentor.person_id), str(other.person_id)}


async def acct(wing: Wing, person_id: Any) -> Any:
    body = {"person_id": str(person_id), "opened_on": str(clock.now().date())}
    return await wing.clinician.post("acct-pointers", body)


async def test_a_mentors_own_acct_asks_a_clinician_at_once_and_changes_nothing(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    pairing = await wing.pairs(mentor, mentee["id"])
    pointer = await acct(wing, mentor.person_id)
    (task,) = await asked(wing.clinician)
    assert (task["for_role"], task["person_id"]) == ("clinician", str(mentor.person_id))
    due = clock.spell(clock.now() + timedelta(hours=24))
    assert task["due_at"] <= due
    assert await asked(wing.support_worker) == []
    assert (await wing.support_worker.get(f"mentors/{mentor.mentor_id}"))["status"] == "active"
    assert (await wing.support_worker.get(f"pairings/{pairing['id']}"))["status"] == "live"
    path = f"acct-pointers/{pointer['id']}"
    await wing.clinician.move(path, "post_closure", reason="care_plan_completed")
    await wing.clinician.move(path, "open", reason="new_concern")
    assert len(await asked(wing.clinician)) == 1
    await wing.support_worker.post("check-ins", body_of(mentor))
    assert len(await asked(wing.clinician)) == 1, "what asks a clinician is a clinician's to end"
    await wing.nurse.post("check-ins", body_of(mentor))
    assert await asked(wing.clinician) == []


async def test_a_check_in_made_before_an_acct_or_by_a_support_worker_ends_no_clinicians_task(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=5)
    await acct(wing, mentor.person_id)
    before = clock.spell(clock.now() - timedelta(days=2))
    await wing.clinician.post("check-ins", body_of(mentor, at=before))
    by_another = body_of(mentor, staff_id=str(wing.support_worker.staff_id))
    await wing.clinician.post("check-ins", by_another)
    assert len(await asked(wing.clinician)) == 1
    await wing.clinician.post("check-ins", body_of(mentor))
    assert await asked(wing.clinician) == []


async def test_one_entered_late_ends_the_supervisors_task_if_the_next_is_not_due(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=29.5)
    await wing.tidies()
    at = [clock.spell(clock.now() - timedelta(days=days)) for days in (28.5, 20)]
    await wing.support_worker.post("check-ins", body_of(mentor, at=at[0]))
    assert len(await asked(wing.support_worker)) == 1
    await wing.support_worker.post("check-ins", body_of(mentor, at=at[1]))
    assert await asked(wing.support_worker) == []


async def test_an_acct_of_somebody_else_asks_nobody(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.support_worker.move(f"mentors/{mentor.mentor_id}", "paused", reason="own_wish")
    await acct(wing, mentor.person_id)
    await acct(wing, (await wing.person())["id"])
    assert await asked(wing.clinician) == []


async def test_nobody_is_asked_after_who_has_gone(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await mentor.post("concerns", concern())
    clock.forward(days=28.5)
    await wing.tidies()
    assert len(await asked(wing.support_worker)) == 1
    body = {"occurred_at": clock.spell(clock.now()), "source": "healthcare"}
    await wing.nurse.post(f"people/{mentor.person_id}/death", body)
    assert await asked(wing.support_worker) == []
    debriefs = await wing.support_worker.get("tasks?kind=debrief&status=open")
    assert str(mentor.person_id) not in {each["person_id"] for each in debriefs["items"]}
    await wing.tidies()
    assert await asked(wing.support_worker) == []


async def test_notes_on_someone_who_has_died_are_not_written_anew(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    held = await wing.supervises(mentor, shared_note="We spoke of his sister.")
    body = {"occurred_at": clock.spell(clock.now()), "source": "healthcare"}
    await wing.nurse.post(f"people/{mentor.person_id}/death", body)
    path = f"supervisions/{held['id']}/notes"
    refused = await wing.support_worker.put(path, {"shared_note": "Nothing."}, 409)
    assert refused["code"] == "note_locked"
