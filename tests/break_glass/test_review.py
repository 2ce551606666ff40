"""The governor is told at once, judges it afterwards, and is not let forget it."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.models.staff import StaffRole
from tests.break_glass.conftest import breaks
from tests.concerns.conftest import Night
from tests.tasks.test_sweep import desk, hours_pass, outside

__all__ = ["desk"]
JUSTIFIED = {"outcome": "justified", "note": "Life was at risk."}
NOT_JUSTIFIED = {"outcome": "not_justified", "note": "He was asleep, and not in danger."}


async def over(night: Night, **fields: Any) -> str:
    """A glass broken and closed again; answers its path."""
    opened = await breaks(night, **fields)
    path = f"break-glass/{opened['id']}"
    await night.wing.nurse.post(f"{path}/end", None, 200)
    return path


async def topics(night: Night, path: str) -> list[str]:
    rows = await night.wing.db.fetch(
        night.wing.prison_id,
        "SELECT topic, payload FROM outbox WHERE thing_id = $1 ORDER BY recorded_at, id",
        path.removeprefix("break-glass/"),
    )
    assert all("unresponsive" not in str(row["payload"]) for row in rows)
    return [row["topic"] for row in rows]


async def test_the_governor_on_duty_is_paged_at_once_without_a_word_of_it(night: Night) -> None:
    opened = await breaks(night)
    (page,) = await night.pages(night.wing.governor)
    assert page["text"] == (
        f"{night.wing.prison_id}: a break-glass needs your review, reference {opened['reference']}."
    )
    assert (page["why"], page["break_glass_id"]) == ("glass_broken", opened["id"])
    assert (page["status"], await night.sweep()) == ("pending", 0)
    (sent,) = [json.loads(line) for line in night.sink.read_text().splitlines()]
    person = await night.wing.governor.get(f"people/{night.mentor.person_id}")
    for word in ("unresponsive", "danger", person["display_name"], str(night.mentor.person_id)):
        assert word not in json.dumps([sent, page])
    assert await night.pages(night.deputy) == []


async def test_each_opening_pages_anew(night: Night) -> None:
    for _ in range(3):
        await breaks(night)
    assert len(await night.pages(night.wing.governor)) == 3


async def test_without_a_governor_on_duty_all_are_paged(night: Night) -> None:
    for duty in (await night.wing.governor.get("duties?post=duty_governor"))["items"]:
        body = {"ends_at": clock.spell(clock.now())}
        await night.wing.governor.patch(f"duties/{duty['id']}", body)
    clock.forward(seconds=1)
    await breaks(night)
    for caller in (night.wing.governor, night.deputy):
        assert len(await night.pages(caller)) == 1


@pytest.mark.usefixtures("desk")
async def test_without_any_governor_the_outside_is_told_and_the_nurse_not_stopped(
    night: Night,
) -> None:
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE staff SET active = false WHERE role = 'governor'"))
    await breaks(night)
    await night.sweep()
    assert len(outside(night)) == 1


async def test_with_nobody_to_tell_it_is_opened_all_the_same(night: Night) -> None:
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE staff SET active = false WHERE role = 'governor'"))
    assert (await breaks(night))["status"] == "open"


async def test_a_governor_judges_it_and_the_task_is_done(night: Night) -> None:
    path = await over(night)
    (task,) = (await night.wing.governor.get("tasks"))["items"]
    assert (task["kind"], task["thing_id"]) == ("break_glass_review", path.split("/")[1])
    reviewed = await night.deputy.post(f"{path}/review", JUSTIFIED, 200)
    assert (reviewed["status"], reviewed["reviewed_by"]) == (
        "reviewed_justified",
        night.deputy.subject,
    )
    done = await night.wing.governor.get(f"tasks/{task['id']}")
    assert (done["status"], done["done_by"]) == ("done", night.deputy.subject)
    again = await night.wing.governor.post(f"{path}/review", NOT_JUSTIFIED, 409)
    assert again["code"] == "move_not_in_table"
    assert await topics(night, path) == [
        "break_glass.opened",
        "break_glass.ended",
        "break_glass.justified",
    ]


async def test_the_review_task_cannot_be_ticked_off(night: Night) -> None:
    await over(night)
    (task,) = (await night.wing.governor.get("tasks"))["items"]
    for to, more in (("done", {}), ("cancelled", {"reason": "other"})):
        refused = await night.wing.governor.move(f"tasks/{task['id']}", to, expect=409, **more)
        assert [error["code"] for error in refused["errors"]] == ["thing_settled"]


async def test_one_not_justified_is_said_and_followed_up_by_the_clinical_lead(
    night: Night,
) -> None:
    lead = await night.wing.hires(StaffRole.mental_health_lead)
    path = await over(night)
    await night.wing.governor.post(f"{path}/review", NOT_JUSTIFIED, 200)
    assert "break_glass.not_justified" in await topics(night, path)
    (task,) = (await lead.get("tasks"))["items"]
    assert (task["kind"], task["thing_id"]) == ("break_glass_follow_up", path.split("/")[1])
    assert (await lead.get(path))["review_note"] == NOT_JUSTIFIED["note"]
    await lead.move(f"tasks/{task['id']}", "done", note="We spoke.")


async def test_the_one_who_broke_it_reads_the_outcome_and_not_the_review(night: Night) -> None:
    path = await over(night)
    await night.wing.governor.post(f"{path}/review", NOT_JUSTIFIED, 200)
    own = await night.wing.nurse.get(path)
    assert own["status"] == "reviewed_not_justified"
    assert not {"review_note", "reviewed_by"} & set(own)


async def test_a_lead_who_broke_it_neither_reads_the_review_nor_follows_it_up(
    night: Night,
) -> None:
    lead = await night.wing.hires(StaffRole.mental_health_lead)
    path = f"break-glass/{(await breaks(night, lead))['id']}"
    await lead.post(f"{path}/end", None, 200)
    await night.wing.governor.post(f"{path}/review", NOT_JUSTIFIED, 200)
    assert "review_note" not in await lead.get(path)
    assert (await lead.get("tasks"))["items"] == []
    (task,) = (await night.deputy.get("tasks?kind=break_glass_follow_up"))["items"]
    assert task["for_role"] == "governor"


async def test_nobody_judges_their_own(night: Night) -> None:
    """A clinician who has become a governor since."""
    path = await over(night)
    nurse = night.wing.nurse
    change = text("UPDATE staff SET role = 'governor' WHERE id = :id")
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(change, {"id": nurse.staff_id})
    nurse.token = night.wing.issuer.issue(nurse.subject, ["governor"], [night.wing.prison_id])
    await nurse.post(f"{path}/review", JUSTIFIED, 404)
    await nurse.get(path, 404)
    assert (await nurse.get("tasks"))["items"] == []
    assert (await nurse.get("break-glass"))["items"] == []
    await night.wing.governor.post(f"{path}/review", JUSTIFIED, 200)


async def test_only_governors_judge(night: Night) -> None:
    path = await over(night)
    lead = await night.wing.hires(StaffRole.mental_health_lead)
    for caller in (
        lead,
        night.wing.nurse,
        night.wing.clinician,
        night.wing.support_worker,
        night.wing.officer,
        night.mentor,
    ):
        await caller.post(f"{path}/review", JUSTIFIED, 403)


async def test_what_is_still_open_is_not_judged_yet_and_what_has_expired_is(
    night: Night,
) -> None:
    opened = await breaks(night, minutes=5)
    path = f"break-glass/{opened['id']}"
    await night.wing.governor.post(f"{path}/review", JUSTIFIED, 409)
    clock.forward(minutes=6)
    await night.wing.governor.post(f"{path}/review", JUSTIFIED, 200)
    assert await topics(night, path) == [
        "break_glass.opened",
        "break_glass.expired",
        "break_glass.justified",
    ]


async def test_a_review_needs_its_note(night: Night) -> None:
    path = await over(night)
    await night.wing.governor.post(f"{path}/review", {"outcome": "justified"}, 422)


@pytest.mark.usefixtures("desk")
async def test_a_review_not_made_in_three_days_climbs_to_the_outside(night: Night) -> None:
    path = await over(night)
    await night.sweep()
    await hours_pass(night, 49)
    whys = [page["why"] for page in await night.pages(night.wing.governor)]
    assert whys == ["task_due_soon", "glass_broken"]
    await hours_pass(night, 24)
    assert outside(night) == []
    await hours_pass(night, 13)
    assert len(outside(night)) == 1
    assert await night.pages(night.deputy)
    await night.wing.governor.post(f"{path}/review", JUSTIFIED, 200)
    assert await hours_pass(night, 50) == 0


async def test_the_one_who_broke_it_is_never_paged_about_it(night: Night) -> None:
    """Not even as the prison's last resort, nor anyone else who is no governor."""
    await over(night)
    starts = clock.spell(clock.now())
    for caller in (night.wing.nurse, night.wing.support_worker):
        body = {"staff_id": str(caller.staff_id), "post": "last_resort", "starts_at": starts}
        await night.wing.governor.post("duties", body)
    for duty in (await night.wing.governor.get("duties?post=last_resort"))["items"]:
        if duty["staff_id"] == str(night.deputy.staff_id):
            ends = {"ends_at": clock.spell(clock.now())}
            await night.wing.governor.patch(f"duties/{duty['id']}", ends)
    await hours_pass(night, 150)
    assert await night.pages(night.wing.nurse) == []
    assert await night.pages(night.wing.support_worker) == []
    assert await night.pages(night.wing.governor)
