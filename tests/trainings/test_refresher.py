"""Refreshers: asked for in time, once for each expiry, and signed off by a nurse."""

from datetime import date, timedelta
from typing import Any

from app import clock
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.services import trainings
from app.services.working_days import add_calendar_months, local_date
from tests.story import Wing

MODULE = "managing_concerns"


async def competent(wing: Wing, module: str = MODULE) -> tuple[Any, str]:
    """A module that a nurse has signed off: it, and its path."""
    mentor = await wing.approved()
    training = await wing.nurse.post("trainings", {"mentor_id": mentor["id"], "module": module})
    path = f"trainings/{training['id']}"
    for to in ("attended", "assessed", "competent"):
        training = await wing.nurse.move(path, to)
    return training, path


async def sweep(wing: Wing) -> int:
    async with wing.db.write(wing.prison_id) as session:
        await trainings.expire_due(session, wing.prison_id)
        return await trainings.refreshers_due(session, wing.prison_id)


async def asked(wing: Wing) -> list[Any]:
    found = await wing.nurse.get("tasks?kind=training_refresher&status=open")
    return list(found["items"])


async def test_a_refresher_renews_the_sign_off_from_its_day_and_stands_in_the_history(
    wing: Wing,
) -> None:
    training, path = await competent(wing)
    clock.forward(days=300)
    done = await wing.nurse.post(f"{path}/refresher", {}, 200)
    today = local_date(clock.now())
    assert done["status"] == "competent"
    assert date.fromisoformat(done["expires_on"]) == add_calendar_months(today, 12)
    assert (done["curriculum"], done["version"] > training["version"]) == ("2026-1", True)
    history = (await wing.nurse.get(f"{path}/history"))["items"]
    assert (history[-1]["reason"], history[-1]["to_state"]) == ("refreshed", "competent")


async def test_a_refresher_entered_late_counts_from_when_it_was(wing: Wing) -> None:
    training, path = await competent(wing)
    clock.forward(days=300)
    held = clock.now() - timedelta(days=20)
    done = await wing.nurse.post(f"{path}/refresher", {"held_at": clock.spell(held)}, 200)
    assert date.fromisoformat(done["expires_on"]) == add_calendar_months(local_date(held), 12)
    for wrong, code in (
        (clock.now() + timedelta(hours=1), "in_the_future"),
        (held - timedelta(days=1), "before_sign_off"),
    ):
        body = {"held_at": clock.spell(wrong)}
        refused = await wing.nurse.post(f"{path}/refresher", body, 422)
        assert [(each["field"], each["code"]) for each in refused["errors"]] == [("held_at", code)]
    assert training["expires_on"] < done["expires_on"]


async def test_only_a_nurse_refreshes_and_only_what_is_signed_off(wing: Wing) -> None:
    _, path = await competent(wing)
    lead = await wing.hires(StaffRole.mental_health_lead)
    for caller in (wing.clinician, lead):
        refused = await caller.post(f"{path}/refresher", {}, 403)
        assert refused["code"] == "nurses_only"
    for caller in (wing.support_worker, wing.governor, wing.officer):
        assert (await caller.post(f"{path}/refresher", {}, 403))["code"] == "not_allowed"
    clock.forward(days=367)  # past its last day, swept or not
    assert (await wing.nurse.post(f"{path}/refresher", {}, 409))["code"] == "not_competent"
    await sweep(wing)
    assert (await wing.nurse.post(f"{path}/refresher", {}, 409))["code"] == "not_competent"
    stale = {"If-Match": '"1"'}
    await wing.nurse.post(f"{path}/refresher", {}, 412, headers=stale)


async def test_a_refresher_of_todays_edition_is_pinned_to_it(wing: Wing) -> None:
    own = {"code": "sleep_and_rest", "title": "Sleep and rest", "validity_months": 12}
    module = await wing.nurse.post("modules", own)
    _, path = await competent(wing, own["code"])
    await wing.nurse.patch(f"modules/{module['id']}", {"title": "Sleep", "validity_months": 6})
    kept = await wing.nurse.post(f"{path}/refresher", {}, 200)
    assert (kept["title"], kept["curriculum"]) == ("Sleep and rest", "1")
    moved = await wing.nurse.post(f"{path}/refresher", {"to_current": True}, 200)
    assert (moved["title"], moved["curriculum"]) == ("Sleep", "2")
    assert date.fromisoformat(moved["expires_on"]) == add_calendar_months(
        local_date(clock.now()), 6
    )
    await wing.nurse.move(f"modules/{module['id']}", "retired")
    refused = await wing.nurse.post(f"{path}/refresher", {"to_current": True}, 422)
    assert refused["errors"][0]["field"] == "to_current"


async def test_a_nurse_is_asked_sixty_days_before_the_last_day_and_once(wing: Wing) -> None:
    training, path = await competent(wing)
    last = date.fromisoformat(training["expires_on"])
    clock.forward(days=(last - local_date(clock.now())).days - 62)
    assert await sweep(wing) == 0
    clock.forward(days=3)
    assert (await sweep(wing), await sweep(wing)) == (1, 0)
    [task] = await asked(wing)
    assert (task["for_role"], task["thing_id"]) == ("nurse", training["id"])
    async with wing.db.write(wing.prison_id) as session:
        zone = (await session.get_one(Prison, wing.prison_id)).tz
    from_midnight = clock.now().astimezone(zone).fromisoformat(task["due_at"]).astimezone(zone)
    assert (from_midnight.date(), from_midnight.hour) == (last + timedelta(days=1), 0)
    await wing.nurse.move(f"tasks/{task['id']}", "cancelled", reason="done_elsewhere")
    assert await sweep(wing) == 0  # it was asked for this expiry
    await wing.nurse.post(f"{path}/refresher", {}, 200)
    clock.forward(days=320)
    assert await sweep(wing) == 1


async def test_the_task_ends_with_the_refresher_a_renewal_or_the_episode(wing: Wing) -> None:
    paths = [(await competent(wing))[1] for _ in range(3)]
    clock.forward(days=330)
    assert await sweep(wing) == 3
    await wing.nurse.post(f"{paths[0]}/refresher", {}, 200)
    assert len(await asked(wing)) == 2
    gone = await wing.nurse.get(paths[1])
    await wing.support_worker.move(f"mentors/{gone['mentor_id']}", "released")
    assert len(await asked(wing)) == 1
    clock.forward(days=40)
    await sweep(wing)
    for to in ("attended", "assessed", "competent"):
        await wing.nurse.move(paths[2], to)
    assert await asked(wing) == []
    clock.forward(days=330)
    assert await sweep(wing) == 1  # nobody asks for who has left
