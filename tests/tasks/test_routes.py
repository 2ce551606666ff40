"""Tasks over HTTP: whose they are, who sees them, and how they end."""

from datetime import timedelta

import pytest
from sqlmodel import col

from app import clock
from app.models.concerns import Concern
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.scope import everything
from tests.concerns.conftest import Night
from tests.story import Caller
from tests.tasks.conftest import opens, suspends

K, R = TaskKind, StaffRole


async def found(caller: Caller, query: str = "") -> list[str]:
    return [f"tasks/{task['id']}" for task in (await caller.get(f"tasks{query}"))["items"]]


async def test_a_task_for_a_role_is_found_by_that_role_and_by_governors(night: Night) -> None:
    path = await opens(night, K.postvention, for_role=R.support_worker)
    for caller in (night.wing.support_worker, night.wing.governor):
        assert await found(caller) == [path]
        assert (await caller.get(path))["kind"] == "postvention"
    for caller in (night.wing.officer, night.wing.clinician, night.wing.nurse):
        assert await found(caller) == []
        await caller.get(path, 404)
        await caller.move(path, "done", expect=404)


async def test_clinicians_and_nurses_share_their_tasks_and_the_lead_sees_more(
    night: Night,
) -> None:
    lead = await night.wing.hires(R.mental_health_lead)
    clinical = await opens(night, K.debrief, for_role=R.clinician)
    leading = await opens(night, K.break_glass_follow_up, for_role=R.mental_health_lead)
    for caller in (night.wing.clinician, night.wing.nurse):
        assert await found(caller) == [clinical]
        await caller.get(leading, 404)
    assert set(await found(lead)) == {clinical, leading}


async def test_wing_officers_find_what_is_asked_of_the_wing_and_read_no_outcome(
    night: Night,
) -> None:
    path = await opens(night, K.welfare_check, for_role=R.wing_duty)
    assert await found(night.wing.officer) == [path]
    done = await night.wing.support_worker.move(path, "done", note="He was asleep and is well.")
    assert done["outcome"] == "He was asleep and is well."
    for caller in (night.wing.officer, night.wing.governor):
        assert "outcome" not in await caller.get(path)


async def test_a_task_for_one_person_is_theirs_whatever_their_role(night: Night) -> None:
    path = await opens(night, K.debrief, for_staff_id=night.wing.nurse.staff_id)
    assert await found(night.wing.nurse) == [path]
    assert await found(night.wing.clinician) == []


async def test_mentors_and_applicants_have_no_tasks(night: Night) -> None:
    path = await opens(night, K.debrief, for_role=R.support_worker)
    await night.mentor.get("tasks", 403)
    await night.mentor.get(path, 403)
    await night.mentor.move(path, "done", expect=403)


async def test_a_task_of_a_concern_about_me_is_not_there(night: Night) -> None:
    """Nor one about a concern that is routed past me."""
    about = str(night.wing.governor.staff_id)
    raised = await night.raises(about_staff_id=about, kind="safeguarding", immediacy="today")
    async with night.wing.db.write(night.wing.prison_id) as session:
        rows = everything(Concern, night.wing.prison_id).where(col(Concern.id) == raised["id"])
        concern = (await session.execute(rows)).scalar_one()
    path = await opens(night, K.debrief, for_role=R.support_worker, thing=concern)
    assert await found(night.deputy) == [path]
    for caller in (night.wing.governor, night.wing.support_worker):
        assert await found(caller) == []
        await caller.get(path, 404)


async def test_a_task_done_says_by_whom_and_stops_its_clock(night: Night) -> None:
    path = await opens(night, K.debrief, for_role=R.support_worker)
    shown = await night.wing.support_worker.get(path)
    assert [(move["to"], move["allowed"]) for move in shown["moves"]] == [
        ("done", True),
        ("cancelled", True),
    ]
    done = await night.wing.support_worker.move(
        path, "done", note="We talked it through.", disclosure="third_party"
    )
    assert (done["status"], done["done_by"]) == ("done", night.wing.support_worker.subject)
    assert (done["disclosure"], done["moves"]) == ("third_party", [])
    again = await night.wing.support_worker.move(path, "done", expect=409)
    assert again["code"] == "move_not_in_table"
    clock.forward(days=5)
    assert await night.passes(minutes=3) == 0


async def test_a_task_is_cancelled_with_a_reason_only(night: Night) -> None:
    path = await opens(night, K.debrief, for_role=R.support_worker)
    await night.wing.support_worker.move(path, "cancelled", expect=422)
    await night.wing.support_worker.move(path, "cancelled", reason="no_longer_needed")


async def test_tasks_are_filtered_by_state_kind_and_lateness(night: Night) -> None:
    soon = await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=4))
    later = await opens(night, K.postvention, for_role=R.clinician)
    clock.forward(hours=5)
    clinician = night.wing.clinician
    assert await found(clinician) == [soon, later]
    assert await found(clinician, "?sort=-due_at") == [later, soon]
    assert await found(clinician, "?overdue=true") == [soon]
    assert await found(clinician, "?overdue=false") == [later]
    assert await found(clinician, "?kind=postvention") == [later]
    assert (await clinician.get(soon))["overdue"] is True
    await clinician.move(soon, "done", note="We talked it through.")
    assert await found(clinician, "?status=open") == [later]
    assert await found(clinician, "?overdue=true") == []
    await clinician.get("tasks?person=me", 422)


async def test_a_suspension_is_to_be_reviewed_by_a_governor_within_three_days(
    night: Night,
) -> None:
    path = await suspends(night)
    task = await night.wing.governor.get(path)
    assert task["for_role"] == "governor"
    assert task["person_id"] == str(night.mentor.person_id)
    assert task["due_at"] == clock.spell(
        clock.now().replace(microsecond=0) + timedelta(hours=72)
    ) or task["due_at"] > clock.spell(clock.now() + timedelta(hours=71))
    await night.wing.support_worker.get(path, 404)


@pytest.mark.parametrize("to", ["done", "cancelled"])
async def test_a_suspension_review_ends_with_the_suspension_and_not_by_saying_so(
    night: Night, to: str
) -> None:
    path = await suspends(night)
    reason = {"reason": "opened_in_error"} if to == "cancelled" else {}
    refused = await night.wing.governor.move(path, to, expect=409, **reason)
    assert [error["code"] for error in refused["errors"]] == ["thing_settled"]
    await night.wing.governor.move(f"mentors/{night.mentor.mentor_id}", "active")
    done = await night.wing.governor.get(path)
    assert (done["status"], done["done_by"]) == ("done", night.wing.governor.subject)


async def test_whoever_leaves_while_suspended_is_no_longer_to_be_reviewed(night: Night) -> None:
    path = await suspends(night)
    await night.wing.clinician.move(f"mentors/{night.mentor.mentor_id}", "released")
    assert (await night.wing.governor.get(path))["status"] == "done"
