"""Breaking the glass: who may, what it opens, to whom, and for how long."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app import clock, worker
from app.access import Actor
from app.models.staff import Role, StaffRole
from app.services import break_glass
from tests.break_glass.conftest import about_the_mentor, body, breaks
from tests.concerns.conftest import Night
from tests.story import Caller


def actor_of(caller: Caller) -> Actor:
    return Actor(caller.prison_id, caller.subject, Role.nurse, staff_id=caller.staff_id)


async def test_every_clinician_may_and_nobody_else(night: Night) -> None:
    lead = await night.wing.hires(StaffRole.mental_health_lead)
    for caller in (night.wing.clinician, night.wing.nurse, lead):
        opened = await breaks(night, caller)
        assert opened["status"] == "open"
    for caller in (
        night.wing.support_worker,
        night.wing.officer,
        night.wing.governor,
        night.mentor,
    ):
        await caller.post("break-glass", body(night), 403)


async def test_it_says_until_when_and_an_hour_is_the_custom(night: Night) -> None:
    asked: list[tuple[int, dict[str, Any]]] = [
        (60, {}),
        (5, {"minutes": 5}),
        (240, {"minutes": 240}),
    ]
    for minutes, given in asked:
        opened = await breaks(night, **given)
        begins, expires = (
            datetime.fromisoformat(opened[each]) for each in ("begins_at", "expires_at")
        )
        assert expires - begins == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 4},
        {"minutes": 241},
        {"reason": "  "},
        {"reason_code": "curiosity"},
        {"person_id": "0198c0de-0000-7000-8000-000000000000"},
        {"staff_id": "0198c0de-0000-7000-8000-000000000000"},
    ],
)
async def test_a_reason_is_needed_and_the_time_is_boxed(
    night: Night, wrong: dict[str, object]
) -> None:
    await night.wing.nurse.post("break-glass", body(night, **wrong), 422)


async def test_it_opens_concerns_about_a_mentor_to_the_one_who_broke_it(night: Night) -> None:
    path = await about_the_mentor(night)
    for caller in (night.wing.nurse, night.wing.clinician):
        await caller.get(path, 404)
    await breaks(night)
    assert (await night.wing.nurse.get(path))["account"]
    listed = (await night.wing.nurse.get("concerns"))["items"]
    assert [f"concerns/{each['id']}" for each in listed] == [path]
    await night.wing.clinician.get(path, 404)
    assert (await night.wing.clinician.get("concerns"))["items"] == []


async def test_the_records_of_others_stay_closed(night: Night) -> None:
    other = await night.wing.active_mentor()
    path = await about_the_mentor(night)
    await breaks(night, person_id=str(other.person_id))
    await night.wing.nurse.get(path, 404)


@pytest.mark.parametrize(
    "fields",
    [
        {"about_staff_as_told": "the tall officer on nights"},
        {"kind": "security_matter"},
    ],
)
async def test_concerns_about_staff_and_of_security_stay_closed(
    night: Night, fields: dict[str, str]
) -> None:
    path = await about_the_mentor(night, **fields)
    await breaks(night)
    await night.wing.nurse.get(path, 404)


async def test_a_concern_about_oneself_stays_closed(night: Night) -> None:
    about = str(night.wing.nurse.staff_id)
    path = await about_the_mentor(night, about_staff_id=about, kind="safeguarding")
    await breaks(night)
    await night.wing.nurse.get(path, 404)


async def test_a_concern_about_a_mentor_of_ones_own_stays_closed(night: Night) -> None:
    supervisor = {"staff_id": str(night.wing.nurse.staff_id)}
    mentor = f"mentors/{night.mentor.mentor_id}/supervisor"
    await night.wing.support_worker.put(mentor, supervisor)
    path = await about_the_mentor(night)
    await breaks(night)
    await night.wing.nurse.get(path, 404)
    await breaks(night, night.wing.clinician)
    await night.wing.clinician.get(path)


async def test_what_is_seen_through_it_may_be_read_and_not_changed(night: Night) -> None:
    path = await about_the_mentor(night)
    await breaks(night)
    nurse = night.wing.nurse
    await nurse.post(f"{path}/acknowledgement", {}, 403)
    await nurse.post(f"{path}/addenda", {"account": "More."}, 403)
    await nurse.put(f"{path}/immediacy", {"immediacy": "now", "reason": "Worse."}, 403)
    other = await about_the_mentor(night)
    merge = {"survivor_id": other.removeprefix("concerns/")}
    await nurse.post(f"{path}/merge", merge, 403)
    assert (await nurse.get(path))["acknowledged_at"] is None


async def test_it_closes_by_itself_when_its_time_is_over(night: Night) -> None:
    path = await about_the_mentor(night)
    opened = await breaks(night, minutes=30)
    clock.forward(minutes=29)
    await night.wing.nurse.get(path)
    clock.forward(minutes=2)
    await night.wing.nurse.get(path, 404)
    own = f"break-glass/{opened['id']}"
    assert (await night.wing.nurse.get(own))["status"] == "open"
    await worker.housekeeping(night.wing.db, night.wing.prison_id)
    assert (await night.wing.nurse.get(own))["status"] == "expired"
    await night.wing.nurse.post(f"{own}/end", None, 409)


async def test_it_is_ended_early_by_the_one_who_broke_it(night: Night) -> None:
    path = await about_the_mentor(night)
    opened = await breaks(night)
    own = f"break-glass/{opened['id']}"
    await night.wing.clinician.post(f"{own}/end", None, 404)
    await night.wing.governor.post(f"{own}/end", None, 403)
    ended = await night.wing.nurse.post(f"{own}/end", None, 200)
    assert (ended["status"], ended["ended_at"] is None) == ("ended", False)
    await night.wing.nurse.get(path, 404)
    again = await night.wing.nurse.post(f"{own}/end", None, 409)
    assert again["code"] == "move_not_in_table"


async def test_one_ended_leaves_another_open(night: Night) -> None:
    path = await about_the_mentor(night)
    first = await breaks(night)
    await breaks(night)
    await night.wing.nurse.post(f"break-glass/{first['id']}/end", None, 200)
    await night.wing.nurse.get(path)


async def test_nothing_limits_how_often(night: Night) -> None:
    for _ in range(8):
        await breaks(night)
    assert len((await night.wing.nurse.get("break-glass"))["items"]) == 8


async def test_the_same_key_opens_it_once(night: Night) -> None:
    headers = {"Idempotency-Key": "night-7"}
    first = await night.wing.nurse.post("break-glass", body(night), headers=headers)
    again = await night.wing.nurse.post("break-glass", body(night), headers=headers)
    assert first == again
    assert len((await night.wing.nurse.get("break-glass"))["items"]) == 1


async def test_a_clinician_who_has_left_sees_through_nothing(night: Night) -> None:
    path = await about_the_mentor(night)
    await breaks(night)
    change = {"active": False}
    await night.wing.governor.patch(f"staff/{night.wing.nurse.staff_id}", change)
    await night.wing.nurse.get(path, 403)


async def test_clinicians_find_their_own_and_their_lead_and_governors_all(night: Night) -> None:
    lead = await night.wing.hires(StaffRole.mental_health_lead)
    mine = await breaks(night)
    theirs = await breaks(night, night.wing.clinician, reason_code="other")
    both = {mine["id"], theirs["id"]}
    for caller, seen in (
        (night.wing.nurse, {mine["id"]}),
        (night.wing.clinician, {theirs["id"]}),
        (lead, both),
        (night.wing.governor, both),
    ):
        items = (await caller.get("break-glass"))["items"]
        assert {each["id"] for each in items} == seen
        for glass_id in both - seen:
            await caller.get(f"break-glass/{glass_id}", 404)
    for caller in (night.wing.support_worker, night.wing.officer, night.mentor):
        await caller.get("break-glass", 403)
        await caller.get(f"break-glass/{mine['id']}", 403)
    query = f"break-glass?staff_id={night.wing.clinician.staff_id}&status=open"
    (found,) = (await night.wing.governor.get(query))["items"]
    assert found["id"] == theirs["id"]


async def test_governors_see_who_whom_when_and_why(night: Night) -> None:
    opened = await breaks(night)
    shown = await night.wing.governor.get(f"break-glass/{opened['id']}")
    (row,) = (await night.wing.governor.get("break-glass"))["items"]
    assert row["staff_name"] == shown["staff_name"] == night.wing.nurse.subject.title()
    person = await night.wing.governor.get(f"people/{night.mentor.person_id}")
    assert row["person_name"] == shown["person_name"] == person["display_name"]
    assert shown["reason"] == "Found unresponsive and nobody else is here."
    assert "staff_name" not in await night.wing.nurse.get(f"break-glass/{opened['id']}")


async def test_what_is_in_force_is_known_by_person_and_altogether(night: Night) -> None:
    db, nurse, other = night.wing.db, actor_of(night.wing.nurse), actor_of(night.wing.clinician)
    person_id = night.mentor.person_id
    assert person_id is not None
    assert await break_glass.in_force(db, nurse, person_id) is None
    opened = await breaks(night, minutes=10)
    assert str(await break_glass.in_force(db, nurse, person_id)) == opened["id"]
    assert [str(each) for each in await break_glass.any_in_force(db, nurse)] == [opened["id"]]
    assert await break_glass.in_force(db, other, person_id) is None
    assert nurse.staff_id is not None
    assert await break_glass.in_force(db, nurse, nurse.staff_id) is None
    clock.forward(minutes=11)
    assert await break_glass.any_in_force(db, nurse) == []
