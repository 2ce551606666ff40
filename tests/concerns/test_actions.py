"""Actions of a concern: whose they are, and how they climb when they are not done."""

from datetime import timedelta
from typing import Any

from app import clock
from tests.concerns.conftest import Night
from tests.concerns.test_work import acknowledged
from tests.story import Caller


async def given(night: Night, path: str, to: Caller, hours: float = 6) -> Any:
    """An action given to somebody by the clinician."""
    due = clock.spell(clock.now() + timedelta(hours=hours))
    body = {"what": "Ask the chaplain.", "owner_id": str(to.staff_id), "due_at": due}
    made = await night.wing.clinician.post(f"{path}/actions", body)
    return made["actions"][-1]


async def tasks_of(caller: Caller) -> list[Any]:
    found: list[Any] = (await caller.get("tasks?kind=action_due&status=open"))["items"]
    return found


async def paged_about(night: Night, caller: Caller, task: Any) -> int:
    return [each["task_id"] for each in await night.pages(caller)].count(task["id"])


async def test_an_action_that_is_not_done_pages_its_owner_and_then_climbs(night: Night) -> None:
    wing = night.wing
    path = await acknowledged(night)
    action = await given(night, path, wing.support_worker)
    [task] = await tasks_of(wing.support_worker)
    assert task["due_at"] == action["due_at"]
    assert f"concerns/{task['thing_id']}" == path
    await night.sweep()
    assert await paged_about(night, wing.support_worker, task) == 1  # that it is theirs
    clock.forward(hours=6)
    await night.sweep()
    assert await paged_about(night, wing.support_worker, task) == 2  # that it is due
    clock.forward(hours=4)
    await night.sweep()
    assert await paged_about(night, wing.governor, task) == 1
    refused = await wing.support_worker.move(f"tasks/{task['id']}", "done", 409)
    assert refused["errors"][0]["code"] == "thing_settled"
    outcome = {"outcome": "The chaplain came."}
    await wing.support_worker.post(f"{path}/actions/{action['id']}/outcome", outcome, 200)
    assert await tasks_of(wing.support_worker) == []
    text = str(await night.pages(wing.support_worker))
    assert "chaplain" not in text


async def test_handed_over_it_climbs_with_whoever_accepted_it(night: Night) -> None:
    wing = night.wing
    path = await acknowledged(night)
    action = await given(night, path, wing.support_worker)
    this = f"{path}/actions/{action['id']}"
    to = {"to_staff_id": str(wing.nurse.staff_id)}
    await wing.support_worker.post(f"{this}/handover", to, 200)
    [task] = await tasks_of(wing.support_worker)
    assert task["for_staff_id"] == str(wing.support_worker.staff_id)  # until it is accepted
    await wing.nurse.post(f"{this}/acceptance", None, 200)
    [task] = await tasks_of(wing.nurse)
    assert (task["for_staff_id"], task["for_role"]) == (str(wing.nurse.staff_id), "nurse")
    clock.forward(hours=6)
    await night.sweep()
    assert await paged_about(night, wing.nurse, task) == 1


async def test_what_is_open_of_a_duplicate_is_to_be_done_of_the_one_that_stays(
    night: Night,
) -> None:
    wing = night.wing
    first, second = await acknowledged(night), await acknowledged(night)
    action = await given(night, second, wing.support_worker)
    survivor = first.removeprefix("concerns/")
    merged = await wing.clinician.post(f"{second}/merge", {"survivor_id": survivor}, 200)
    assert [each["id"] for each in merged["actions"]] == [action["id"]]
    [task] = await tasks_of(wing.support_worker)
    assert task["thing_id"] == survivor
    outcome = {"outcome": "The chaplain came."}
    await wing.support_worker.post(f"{first}/actions/{action['id']}/outcome", outcome, 200)
    assert await tasks_of(wing.support_worker) == []
