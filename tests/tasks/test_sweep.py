"""Undone tasks climb by the database's clock, content-free, to someone outside the prison."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col

from app import clock, worker
from app.models.concerns import Concern
from app.models.staff import StaffRole
from app.models.tasks import TaskKind
from app.scope import everything
from tests.concerns.conftest import Night
from tests.pulses import all_well
from tests.tasks.conftest import opens, suspends

K, R = TaskKind, StaffRole


async def hours_pass(night: Night, hours: float) -> int:
    """Time passes, from one step of a task to the next, with the worker sweeping at each."""
    end, taken = clock.now() + timedelta(hours=hours), 0
    while clock.now() < end:
        row = await night.wing.db.fetchrow(
            night.wing.prison_id,
            "SELECT min(next_step_at) AS next FROM task WHERE status = 'open'",
        )
        following = end if row is None or row["next"] is None else min(end, row["next"])
        clock.forward(seconds=max((following - clock.now()).total_seconds(), 0) + 0.01)
        taken += await night.sweep()
    return taken


def outside(night: Night) -> list[str]:
    lines = night.sink.read_text().splitlines() if night.sink.exists() else []
    return [page["text"] for page in map(json.loads, lines) if page["to"] == "Regional desk"]


@pytest.fixture
async def desk(night: Night) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": "Regional desk"})


@pytest.mark.usefixtures("desk")
async def test_undone_it_climbs_to_the_outside_and_goes_on_every_day(night: Night) -> None:
    await opens(night, K.debrief, for_role=R.clinician)
    clinician, governor, deputy = night.wing.clinician, night.wing.governor, night.deputy
    assert await hours_pass(night, 47) == 0
    assert await hours_pass(night, 1.01) == 1
    (page,) = await night.pages(clinician)
    assert page["why"] == "task_due_soon"
    await hours_pass(night, 24)
    assert (await night.pages(clinician))[0]["why"] == "task_overdue"
    assert await night.pages(governor) == []
    await hours_pass(night, 4)
    assert len(await night.pages(governor)) == 1
    assert await night.pages(deputy) == []
    await hours_pass(night, 4)
    assert len(await night.pages(deputy)) == 1
    assert outside(night) == []
    await hours_pass(night, 4)
    assert len(outside(night)) == 1
    for day in (2, 3):
        await hours_pass(night, 25)
        assert len(outside(night)) == day
    assert len(await night.pages(clinician)) == 4


async def test_a_page_about_a_task_holds_its_reference_and_nothing_of_it(night: Night) -> None:
    path = await opens(night, K.postvention, for_role=R.clinician, due_in=timedelta(hours=1))
    assert await night.sweep() == 1
    (page,) = await night.pages(night.wing.clinician)
    task = await night.wing.clinician.get(path)
    assert page["text"] == (
        f"{night.wing.prison_id}: a task needs you, reference {task['reference']}."
    )
    assert (page["task_id"], page["concern_id"]) == (task["id"], None)
    assert "postvention" not in json.dumps(page)
    await night.wing.clinician.post(f"notifications/{page['id']}/read", None, 200)


async def test_done_it_pages_nobody_and_overdue_the_doing_ends_it(night: Night) -> None:
    path = await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=5))
    await hours_pass(night, 6)
    await night.wing.clinician.move(path, "done", note="He slept badly.")
    assert await hours_pass(night, 60) == 0


async def test_with_nobody_on_duty_everyone_in_the_role_is_told(night: Night) -> None:
    for duty in (await night.wing.governor.get("duties?post=support_worker"))["items"]:
        body = {"ends_at": clock.spell(clock.now())}
        await night.wing.governor.patch(f"duties/{duty['id']}", body)
    another = await night.wing.hires(R.support_worker)
    clock.forward(seconds=1)
    await opens(night, K.debrief, for_role=R.support_worker, due_in=timedelta(hours=1))
    await night.sweep()
    for caller in (night.wing.support_worker, another):
        assert len(await night.pages(caller)) == 1


async def test_a_task_for_one_person_pages_them_first(night: Night) -> None:
    nurse = night.wing.nurse
    await opens(night, K.debrief, for_staff_id=nurse.staff_id, due_in=timedelta(hours=1))
    await night.sweep()
    assert len(await night.pages(nurse)) == 1
    assert await night.pages(night.wing.clinician) == []


async def test_whoever_is_paged_as_last_resort_may_see_the_task_and_do_it(night: Night) -> None:
    keeper = await night.wing.hires(R.support_worker)
    for duty in (await night.wing.governor.get("duties?post=last_resort"))["items"]:
        starts = clock.spell(clock.now() - timedelta(hours=1))
        body = {"staff_id": str(keeper.staff_id), "post": "last_resort", "starts_at": starts}
        await night.wing.governor.post("duties", body)
        ends = {"ends_at": clock.spell(clock.now())}
        await night.wing.governor.patch(f"duties/{duty['id']}", ends)
    path = await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=1))
    await keeper.get(path, 404)
    await hours_pass(night, 10)
    assert await night.pages(keeper)
    await keeper.move(path, "done", note="We talked it through.")


@pytest.mark.usefixtures("desk")
async def test_nobody_is_paged_about_a_task_of_a_concern_about_themselves(night: Night) -> None:
    about = str(night.wing.governor.staff_id)
    raised = await night.raises(about_staff_id=about, kind="safeguarding", immediacy="today")
    async with night.wing.db.write(night.wing.prison_id) as session:
        rows = everything(Concern, night.wing.prison_id).where(col(Concern.id) == raised["id"])
        concern = (await session.execute(rows)).scalar_one()
        await session.execute(text("UPDATE concern SET next_step_at = '2100-01-01'"))
    path = await opens(night, K.debrief, for_role=R.governor, thing=concern)
    await hours_pass(night, 150)
    assert await night.pages(night.wing.governor) == []
    tasks = {page["task_id"] for page in await night.pages(night.deputy)}
    assert tasks == {path.removeprefix("tasks/")}
    assert outside(night)


async def test_a_suspension_nobody_reviews_climbs(night: Night) -> None:
    await suspends(night)
    await hours_pass(night, 73)
    whys = [page["why"] for page in await night.pages(night.wing.governor)]
    assert whys == ["task_overdue", "task_due_soon"]


async def test_two_workers_take_every_step_once(night: Night) -> None:
    for _ in range(8):
        await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=1))
    taken = await asyncio.gather(
        *[worker.sweep(night.wing.db, night.wing.prison_id) for _ in range(4)]
    )
    assert sum(taken) == 8
    await night.sweep()
    assert len(await night.pages(night.wing.clinician)) == 8


async def test_a_concern_is_swept_before_any_number_of_tasks(night: Night) -> None:
    for _ in range(3):
        await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=1))
    await night.raises()
    assert await worker.sweep(night.wing.db, night.wing.prison_id, most=1) == 2
    found = await night.pages(night.wing.clinician)
    assert sorted(page["concern_id"] is None for page in found) == [False, True]


async def test_health_says_when_the_step_of_a_task_is_overdue(night: Night) -> None:
    http, db = night.wing.http, night.wing.db
    await all_well(db)
    await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=1))
    await night.sweep()
    assert (await http.get("/health/escalation")).status_code == 200
    clock.forward(hours=2)
    await worker.pulse(db, night.wing.prison_id)
    assert (await http.get("/health/escalation")).status_code == 503
    await night.sweep()
    assert (await http.get("/health/escalation")).status_code == 200


async def test_a_prison_with_no_one_to_page_keeps_the_task_due(night: Night) -> None:
    await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=1))
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE staff SET active = false"))
    assert await night.sweep() == 0
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE staff SET active = true"))
    assert await night.sweep() == 1


async def test_an_overdue_page_that_is_not_delivered_brings_the_next_step_forward(
    night: Night,
) -> None:
    class Broken:
        """A channel that is down."""

        async def send(self, page: object) -> None:
            raise OSError("down")

    await opens(night, K.debrief, for_role=R.clinician, due_in=timedelta(hours=1))
    await night.sweep()
    clock.forward(hours=1, seconds=1)
    db, prison_id = night.wing.db, night.wing.prison_id
    assert await worker.sweep(db, prison_id) == 1
    assert await worker.deliver(db, prison_id, Broken()) == 0
    clock.forward(minutes=16)
    assert await worker.sweep(db, prison_id) == 1
    assert await night.pages(night.wing.governor)
