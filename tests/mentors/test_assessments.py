"""Observed sessions assessed by a second person, and the progress of shadowing, over HTTP."""

import asyncio
from datetime import date, timedelta
from typing import Any

from app import clock
from app.services.working_days import add_calendar_months, local_date
from tests.story import Caller, Wing


async def observed(wing: Wing, host: Caller) -> tuple[Any, str]:
    """A mentor whose shadowing is long enough, and the path of one session not yet assessed."""
    mentor = await wing.shadowed(host)
    body = {
        "observed_mentor_id": str(host.mentor_id),
        "held_at": clock.spell(clock.now()),
        "minutes": 50,
        "learnt": "To wait.",
    }
    path = f"mentors/{mentor['id']}"
    made = await wing.support_worker.post(f"{path}/observations", body)
    return mentor, f"{path}/observations/{made['id']}/assessment"


async def test_staff_assess_a_session_once_each_and_the_first_that_meets_counts(
    wing: Wing,
) -> None:
    host = await wing.active_mentor()
    mentor, path = await observed(wing, host)
    progress = f"mentors/{mentor['id']}/shadowing"
    said = {"outcome": "more_practice", "note": "Let him ask more."}
    made = await wing.support_worker.post(path, said)
    assert (made["outcome"], made["host_id"]) == ("more_practice", None)
    assert "assessed_by_another" in (await wing.governor.get(progress))["missing"]
    again = await wing.support_worker.post(path, {"outcome": "meets"}, expect=409)
    assert again["code"] == "already_exists"
    await wing.clinician.post(path, {"outcome": "meets"})
    told = await wing.governor.get(progress)
    assert told["observations_assessed"] == 1
    assert "assessed_by_another" not in told["missing"]
    [seen] = (await wing.clinician.get(f"mentors/{mentor['id']}/observations"))["items"]
    assert seen["assessor_id"] == str(wing.clinician.staff_id)
    listed = (await wing.governor.get(f"mentors/{mentor['id']}/assessments"))["items"]
    assert [each["outcome"] for each in listed] == ["more_practice", "meets"]


async def test_who_is_not_of_care_assesses_nobody(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor, path = await observed(wing, host)
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    for caller in (himself, host):
        await caller.post(path, {"outcome": "meets"}, expect=404)
    for caller in (wing.governor, wing.officer):
        assert (await caller.post(path, {"outcome": "meets"}, expect=403))["code"] == "not_allowed"
    refused = await wing.nurse.post(path, {"outcome": "low"}, expect=422)
    assert refused["errors"][0]["field"] == "outcome"
    other = await wing.approved()
    elsewhere = path.replace(mentor["id"], other["id"])
    await wing.nurse.post(elsewhere, {"outcome": "meets"}, expect=404)


async def test_of_two_assessments_of_one_person_at_once_one_is_kept(wing: Wing) -> None:
    _, path = await observed(wing, await wing.active_mentor())
    replies = await asyncio.gather(
        *[wing.nurse.request("POST", path, json={"outcome": "meets"}) for _ in range(3)]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409]


async def test_a_mentor_reads_staffs_outcomes_and_no_word_of_them(wing: Wing) -> None:
    mentor, path = await observed(wing, await wing.active_mentor())
    await wing.clinician.post(path, {"outcome": "more_practice", "note": "Too quick with advice."})
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    answer = await himself.request("GET", f"mentors/{mentor['id']}/assessments")
    assert "advice" not in answer.text
    [told] = answer.json()["items"]
    assert set(told) == {"id", "recorded_at", "observation_id", "outcome"}


async def test_the_progress_of_shadowing_names_what_is_missing(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}"
    before = await wing.support_worker.get(f"{path}/shadowing")
    assert (before["began_on"], before["complete_on"], before["placements"]) == (None, None, [])
    assert before["missing"][0] == "placed_with_active_mentor"
    await wing.placed(mentor["id"], host)
    await wing.support_worker.move(path, "shadowing")
    began = local_date(clock.now())
    clock.forward(days=10)
    await wing.clinician.move(path, "suspended", reason="welfare")
    clock.forward(days=3, hours=23)
    told = await wing.governor.get(f"{path}/shadowing")
    assert told["days_stopped"] == 4
    await wing.governor.move(path, "shadowing")
    body = {
        "observed_mentor_id": str(host.mentor_id),
        "held_at": clock.spell(clock.now() - timedelta(hours=5)),
        "minutes": 50,
        "learnt": "Nothing: he was not there.",
    }
    refused = await wing.support_worker.post(f"{path}/observations", body, expect=422)
    assert refused["errors"][0]["code"] == "suspended"
    clock.forward(hours=9)
    await wing.observes(mentor["id"], str(host.mentor_id), sessions=2)
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    for caller in (wing.support_worker, wing.clinician, wing.governor, himself):
        told = await caller.get(f"{path}/shadowing")
        assert told["began_on"] == str(began)
        until = add_calendar_months(began, 3) + timedelta(days=told["days_stopped"])
        assert date.fromisoformat(told["complete_on"]) == until
        assert (told["observations_logged"], told["observations_needed"]) == (2, 6)
        assert [each["host_id"] for each in told["placements"]] == [str(host.mentor_id)]
        assert told["missing"] == [
            "shadowed_three_months",
            "observed_sessions_logged",
            "modules_signed_off",
            "agreement_signed",
            "supervisor_assigned",
        ]
    await host.get(f"{path}/shadowing", expect=404)
    await wing.officer.get(f"{path}/shadowing", expect=403)
