"""An active mentor has at all times what the work asks for; when not, the service pauses them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app import clock, worker
from app.models.mentors import CommitmentPut, Mentor
from app.models.staff import StaffRole
from app.scope import everything
from app.services.mentors import guards as g
from app.services.mentors import standing
from app.services.working_days import add_working_days
from tests.mentors.facts import a_mentor, codes, context
from tests.sessions.scene import a_mentee
from tests.story import Caller, Wing, clearance


async def housekeeping(wing: Wing) -> None:
    await worker.housekeeping(wing.db, wing.prison_id)


def path_of(mentor: Caller) -> str:
    return f"mentors/{mentor.mentor_id}"


async def open_tasks(wing: Wing, kind: str) -> list[Any]:
    found = await wing.governor.get(f"tasks?kind={kind}&status=open&limit=200")
    return found["items"]


async def reasons(wing: Wing, mentor: Caller) -> list[str]:
    return [
        row["reason"]
        for row in (await wing.support_worker.get(f"{path_of(mentor)}/history"))["items"]
    ]


def test_a_supervisor_who_has_left_is_none() -> None:
    assert codes((g.supervisor_assigned,), context(supervisor_here=True)) == []
    gone = context(supervisor_here=False)
    assert codes((g.supervisor_assigned,), gone) == ["supervisor_assigned"]
    never = context(mentor=a_mentor(supervisor_id=None), supervisor_here=False)
    assert codes((g.supervisor_assigned,), never) == ["supervisor_assigned"]


async def test_whoever_lacks_nothing_works_on(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await housekeeping(wing)
    assert (await mentor.get(path_of(mentor)))["status"] == "active"
    assert await open_tasks(wing, "requirement_lapsed") == []


async def test_sign_offs_that_run_out_pause_and_the_task_says_until_when(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    mentee = await a_mentee(wing, mentor)
    clock.forward(days=366)
    await housekeeping(wing)
    await housekeeping(wing)
    shown = await wing.support_worker.get(path_of(mentor))
    assert shown["status"] == "paused"
    (back,) = [move for move in shown["moves"] if move["to"] == "active"]
    assert [each["code"] for each in back["refusals"]] == ["modules_signed_off"]
    assert (await reasons(wing, mentor))[-2:] == ["lacks_modules_signed_off", "requirement_lapsed"]
    (task,) = await open_tasks(wing, "requirement_lapsed")
    assert (task["for_role"], task["thing_id"]) == ("support_worker", str(mentor.mentor_id))
    due = add_working_days(clock.now(), 3)
    assert task["due_at"] == clock.spell(due)
    assert await open_tasks(wing, "clearance_lapsed") == []
    found = await wing.support_worker.get(f"pairings?mentee_id={mentee}")
    assert [each["status"] for each in found["items"]] == ["to_reassign"]


async def test_the_mentor_learns_that_they_are_paused_and_not_why(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=366)
    await housekeeping(wing)
    last = (await mentor.get(f"{path_of(mentor)}/history"))["items"][-1]
    assert last.keys() == {"id", "occurred_at", "from_state", "to_state"}
    assert (await mentor.get(path_of(mentor)))["status"] == "paused"


async def test_a_mentor_whose_supervisor_leaves_is_paused_until_another_is_there(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    leaver = await wing.hires(StaffRole.support_worker)
    body = {"staff_id": str(leaver.staff_id)}
    await wing.support_worker.put(f"{path_of(mentor)}/supervisor", body)
    await housekeeping(wing)
    assert (await mentor.get(path_of(mentor)))["status"] == "active"
    await wing.governor.patch(f"staff/{leaver.staff_id}", {"active": False})
    await housekeeping(wing)
    assert (await reasons(wing, mentor))[-2:] == ["lacks_supervisor_assigned", "requirement_lapsed"]
    refused = await wing.support_worker.move(path_of(mentor), "active", expect=409)
    assert [error["code"] for error in refused["errors"]] == ["supervisor_assigned"]
    body = {"staff_id": str(wing.support_worker.staff_id)}
    await wing.support_worker.put(f"{path_of(mentor)}/supervisor", body)
    assert len(await open_tasks(wing, "requirement_lapsed")) == 1
    await wing.support_worker.move(path_of(mentor), "active")
    assert await open_tasks(wing, "requirement_lapsed") == []
    await housekeeping(wing)
    assert (await mentor.get(path_of(mentor)))["status"] == "active"


async def test_all_that_is_lacking_is_told_at_once(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=800)
    await housekeeping(wing)
    assert (await reasons(wing, mentor))[-3:] == [
        "lacks_modules_signed_off", "lacks_clearance_current", "clearance_lapsed",
    ]  # fmt: skip
    assert len(await open_tasks(wing, "clearance_lapsed")) == 1
    assert len(await open_tasks(wing, "requirement_lapsed")) == 1


async def test_a_wrong_end_that_is_corrected_brings_back_no_one_who_lacks_something(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    await wing.support_worker.move(path_of(mentor), "released")
    clock.forward(days=800)
    await wing.support_worker.post(f"{path_of(mentor)}/correction", expect=200)
    back = await wing.governor.post(f"{path_of(mentor)}/correction", expect=200)
    assert back["status"] == "paused"


async def test_what_is_lacking_can_be_asked_for_any_mentor(wing: Wing) -> None:
    made = await wing.approved()
    async with wing.db.write(wing.prison_id) as session:
        rows = (await session.scalars(everything(Mentor, wing.prison_id))).all()
        (mentor,) = [row for row in rows if str(row.id) == made["id"]]
        lacking = [refusal.code for refusal in await standing.unmet(session, mentor)]
    assert lacking == ["modules_signed_off", "agreement_signed", "supervisor_assigned"]


async def test_a_row_that_somebody_changes_is_left_to_the_next_round(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=366)
    async with wing.db.write(wing.prison_id) as session:
        held = everything(Mentor, wing.prison_id).with_for_update()
        await session.execute(held)
        await asyncio.wait_for(housekeeping(wing), 20)
        assert (await wing.governor.get(path_of(mentor)))["status"] == "active"
    await housekeeping(wing)
    assert (await wing.governor.get(path_of(mentor)))["status"] == "paused"


# --- commitment and pay --------------------------------------------------------------------------


async def test_commitment_is_set_by_support_workers_with_a_pointer_to_the_pay(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"{path_of(mentor)}/commitment"
    body = {"commitment": "full_time", "pay_reference": "EWB/1042"}
    shown = await wing.support_worker.put(path, body)
    assert (shown["commitment"], shown["pay_reference"]) == ("full_time", "EWB/1042")
    assert (await wing.governor.get(path_of(mentor)))["pay_reference"] == "EWB/1042"
    for caller in (wing.clinician, mentor):
        assert "pay_reference" not in await caller.get(path_of(mentor))
    assert (await reasons(wing, mentor))[-1] == "commitment_full_time"
    for caller in (wing.governor, wing.clinician, wing.officer, mentor):
        await caller.put(path, body, expect=403)
    await wing.support_worker.put(path, body, expect=428, headers={})
    stale = await wing.support_worker.put(path, body, expect=412, headers={"If-Match": '"1"'})
    assert stale["code"] == "stale"
    shown = await wing.support_worker.put(path, {"commitment": "voluntary"})
    assert (shown["commitment"], shown["pay_reference"]) == ("voluntary", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"commitment": "voluntary", "pay_reference": "EWB/1042"}, "pay_reference"),
        ({"commitment": "full_time", "pay_reference": "£12.50 a week"}, "pay_reference"),
        ({"commitment": "full_time", "pay_reference": "ewb"}, "pay_reference"),
        ({"commitment": "full_time", "pay_reference": "A" * 21}, "pay_reference"),
        ({"commitment": "part_time"}, "commitment"),
        ({}, "commitment"),
        ({"commitment": "full_time", "rate": 12}, "rate"),
    ],
)
def test_pay_is_a_pointer_and_for_full_time_only(body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CommitmentPut.model_validate(body)
    (found,) = refused.value.errors()
    assert field in (*found["loc"], found["msg"].split(": ")[0].removeprefix("Value error, "))


async def test_a_pay_reference_of_a_volunteer_is_refused_by_its_name(wing: Wing) -> None:
    mentor = await wing.applicant()
    body = {"commitment": "voluntary", "pay_reference": "EWB/1042"}
    path = f"mentors/{mentor['id']}/commitment"
    refused = await wing.support_worker.put(path, body, expect=422)
    assert [error["field"] for error in refused["errors"]] == ["pay_reference"]


async def test_the_commitment_of_an_episode_that_is_over_stays(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.support_worker.move(path_of(mentor), "released")
    body = {"commitment": "full_time"}
    refused = await wing.support_worker.put(f"{path_of(mentor)}/commitment", body, expect=409)
    assert refused["code"] == "move_not_in_table"


# --- suspensions, reviewed again -----------------------------------------------------------------


async def test_a_suspension_upheld_is_reviewed_again_on_the_day_that_was_set(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.support_worker.move(path_of(mentor), "suspended", reason="conduct")
    (first,) = await open_tasks(wing, "suspension_review")
    path = f"{path_of(mentor)}/suspension-review"
    body = {"outcome": "upheld", "review_in_days": 14}
    shown = await wing.governor.post(path, body, expect=200)
    assert shown["status"] == "suspended"
    (following,) = await open_tasks(wing, "suspension_review")
    assert following["id"] != first["id"]
    due = clock.now() + timedelta(days=14)
    assert following["due_at"][:13] == clock.spell(due)[:13]
    done = await wing.governor.get(f"tasks/{first['id']}")
    assert (done["status"], done["done_by"]) == ("done", wing.governor.subject)
    refused = await wing.governor.move(f"tasks/{following['id']}", "done", expect=409)
    assert [error["code"] for error in refused["errors"]] == ["thing_settled"]
    assert (await reasons(wing, mentor))[-1] == "suspension_upheld"
    seen = (await wing.clinician.get(f"{path_of(mentor)}/history"))["items"][-1]
    assert "reason" not in seen
    await wing.governor.move(path_of(mentor), "active")
    assert await open_tasks(wing, "suspension_review") == []


async def test_only_a_suspension_is_reviewed_and_by_governors(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"{path_of(mentor)}/suspension-review"
    body: dict[str, Any] = {"outcome": "upheld", "review_in_days": 7}
    refused = await wing.governor.post(path, body, expect=409)
    assert [error["code"] for error in refused["errors"]] == ["is_suspended"]
    await wing.support_worker.move(path_of(mentor), "suspended", reason="conduct")
    for caller in (wing.support_worker, wing.clinician, mentor):
        await caller.post(path, body, expect=403)
    for wrong in ({**body, "review_in_days": 29}, {**body, "review_in_days": 0}):
        refused = await wing.governor.post(path, wrong, expect=422)
        assert refused["errors"][0]["field"] == "review_in_days"
    refused = await wing.governor.post(path, {**body, "outcome": "ended"}, expect=422)
    assert refused["errors"][0]["field"] == "outcome"
    assert len(await open_tasks(wing, "suspension_review")) == 1


async def test_of_two_reviews_at_once_one_next_review_is_set(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.support_worker.move(path_of(mentor), "suspended", reason="conduct")
    path = f"{path_of(mentor)}/suspension-review"
    answers = await asyncio.gather(
        *[
            wing.governor.request("POST", path, json={"outcome": "upheld", "review_in_days": days})
            for days in (7, 14, 21)
        ]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len(await open_tasks(wing, "suspension_review")) == 1


async def test_a_review_sent_again_with_the_version_it_was_made_on_is_stale(wing: Wing) -> None:
    mentor = await wing.founder()
    await wing.support_worker.move(path_of(mentor), "suspended", reason="conduct")
    read = await wing.governor.request("GET", path_of(mentor))
    match = {"If-Match": read.headers["etag"]}
    path, body = f"{path_of(mentor)}/suspension-review", {"outcome": "upheld", "review_in_days": 7}
    answers = await asyncio.gather(
        *[wing.governor.request("POST", path, json=body, headers=match) for _ in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    assert (await reasons(wing, mentor)).count("suspension_upheld") == 1


async def test_a_suspension_that_nobody_looks_at_climbs(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    mentor = await wing.active_mentor()
    await wing.support_worker.move(path_of(mentor), "suspended", reason="conduct")
    pages: list[int] = []
    for hours in (47, 2, 24, 4, 4, 4):
        clock.forward(hours=hours)
        await worker.sweep(wing.db, wing.prison_id)
        pages.append(len((await wing.governor.get("notifications"))["items"]))
    assert pages[0] == 0
    assert pages[1] == 1  # the reminder
    assert pages == sorted(pages)
    assert pages[-1] >= 4
    assert (await deputy.get("notifications"))["items"]


async def test_a_renewed_clearance_alone_does_not_bring_anyone_back(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.governor.put(
        f"{path_of(mentor)}/clearance",
        clearance(clock.now().date() - timedelta(days=9), clock.now().date() - timedelta(days=2)),
    )
    assert (await wing.governor.get(path_of(mentor)))["status"] == "paused"
    today = clock.now().date()
    await wing.governor.put(f"{path_of(mentor)}/clearance", clearance(today, today))
    assert (await wing.governor.get(path_of(mentor)))["status"] == "paused"


async def test_becoming_active_late_counts_nothing_that_came_after(wing: Wing) -> None:
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}"
    then = clock.spell(clock.now() + timedelta(minutes=1))
    clock.forward(days=9)
    await wing.trained(mentor["id"])
    await wing.contracted(mentor["id"])
    late = {"reason": "founding_mentor", "occurred_at": then}
    refused = await wing.governor.move(path, "active", 409, **late)
    assert {error["code"] for error in refused["errors"]} >= {
        "modules_signed_off",
        "agreement_signed",
    }


async def test_whoever_comes_back_late_and_lacks_something_today_is_paused_at_once(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    await wing.support_worker.move(path, "paused", reason="own_wish")
    back = clock.spell(clock.now() + timedelta(hours=1))
    clock.forward(days=366)  # the sign-offs have run out
    shown = await wing.support_worker.move(path, "active", occurred_at=back)
    assert shown["status"] == "paused"
