"""Trainings over HTTP: opened, attended, assessed, signed off by a nurse, and expired."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from app import clock
from app.models.prisons import Prison
from app.models.staff import StaffRole
from app.models.trainings import Module
from app.services import trainings
from app.services.working_days import add_calendar_months
from tests.story import Wing

MODULE = "managing_concerns"


async def opened(wing: Wing, module: str = MODULE) -> Any:
    mentor = await wing.approved()
    body = {"mentor_id": mentor["id"], "module": module}
    return await wing.clinician.post("trainings", body)


async def assessed(wing: Wing) -> tuple[Any, str]:
    training = await opened(wing)
    path = f"trainings/{training['id']}"
    await wing.clinician.move(path, "attended")
    await wing.clinician.move(path, "assessed")
    return training, path


async def expire(wing: Wing) -> int:
    async with wing.db.write(wing.prison_id) as session:
        return await trainings.expire_due(session, wing.prison_id)


async def test_a_module_is_opened_with_its_title_and_the_curriculum_pinned(wing: Wing) -> None:
    training = await opened(wing)
    assert training["status"] == "not_started"
    assert training["title"] == "Managing concerns"
    assert training["curriculum"] == trainings.curriculum().current
    assert [move["to"] for move in training["moves"]] == ["attended"]
    assert await wing.clinician.get(f"trainings/{training['id']}") == training


async def test_a_module_is_opened_once(wing: Wing) -> None:
    training = await opened(wing)
    body = {"mentor_id": training["mentor_id"], "module": MODULE}
    refused = await wing.nurse.post("trainings", body, expect=409)
    assert refused["code"] == "already_exists"


async def test_of_two_openings_at_once_exactly_one_is_taken(wing: Wing) -> None:
    mentor = await wing.approved()
    body = {"mentor_id": mentor["id"], "module": MODULE}
    replies = await asyncio.gather(
        *[wing.nurse.request("POST", "trainings", json=body) for _ in range(4)]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]


async def test_training_follows_approval(wing: Wing) -> None:
    mentor = await wing.applicant()
    body = {"mentor_id": mentor["id"], "module": MODULE}
    refused = await wing.nurse.post("trainings", body, expect=422)
    assert refused["errors"][0]["code"] == "not_approved"
    assert refused["errors"][0]["field"] == "mentor_id"


async def test_an_ended_episode_is_not_trained(wing: Wing) -> None:
    mentor = await wing.approved()
    await wing.support_worker.move(f"mentors/{mentor['id']}", "transferred")
    body = {"mentor_id": mentor["id"], "module": MODULE}
    refused = await wing.nurse.post("trainings", body, expect=422)
    assert refused["errors"][0]["code"] == "ended"


async def test_a_mentor_or_module_that_is_not_there_is_named(wing: Wing) -> None:
    person = await wing.person()
    body = {"mentor_id": person["id"], "module": MODULE}
    refused = await wing.nurse.post("trainings", body, expect=422)
    assert refused["errors"][0] == {
        "field": "mentor_id", "code": "unknown", "message": "there is no such mentor here",
    }  # fmt: skip
    mentor = await wing.approved()
    for module in ("first_aid", "First aid"):
        body = {"mentor_id": mentor["id"], "module": module}
        refused = await wing.nurse.post("trainings", body, expect=422)
        assert refused["errors"][0]["field"] == "module"


async def test_a_nurse_signs_off_for_twelve_calendar_months(wing: Wing) -> None:
    _, path = await assessed(wing)
    done = await wing.nurse.move(path, "competent")
    assert done["status"] == "competent"
    assert done["assessor_id"] == str(wing.nurse.staff_id)
    signed = date.fromisoformat(done["competent_at"][:10])
    assert date.fromisoformat(done["expires_on"]) == add_calendar_months(signed, 12)
    assert done["moves"] == []


@pytest.mark.parametrize("to", ["competent", "refer"])
async def test_no_one_but_a_nurse_signs_off_or_refers(wing: Wing, to: str) -> None:
    _, path = await assessed(wing)
    lead = await wing.hires(StaffRole.mental_health_lead)
    for caller in (wing.clinician, lead):
        assert (await caller.get(path))["moves"] == []
        assert (await caller.move(path, to, expect=403))["code"] == "move_not_yours"
    for caller in (wing.support_worker, wing.governor, wing.officer):
        assert (await caller.move(path, to, expect=403))["code"] == "not_allowed"
    assert [move["to"] for move in (await wing.nurse.get(path))["moves"]] == ["competent", "refer"]


async def test_a_module_is_not_signed_off_unassessed(wing: Wing) -> None:
    training = await opened(wing)
    path = f"trainings/{training['id']}"
    assert (await wing.nurse.move(path, "competent", expect=409))["code"] == "move_not_in_table"
    await wing.nurse.move(path, "attended")
    assert (await wing.nurse.move(path, "competent", expect=409))["code"] == "move_not_in_table"


async def test_whoever_is_referred_attends_again(wing: Wing) -> None:
    _, path = await assessed(wing)
    referred = await wing.nurse.move(path, "refer")
    assert referred["assessor_id"] == str(wing.nurse.staff_id)
    assert referred["competent_at"] is referred["expires_on"] is None
    again = await wing.clinician.move(path, "attended")
    assert again["assessor_id"] is None


async def test_a_sign_off_expires_after_its_last_day_and_not_on_it(wing: Wing) -> None:
    _, path = await assessed(wing)
    done = await wing.nurse.move(path, "competent")
    last_day = date.fromisoformat(done["expires_on"])
    clock.forward(days=(last_day - clock.now().date()).days)
    assert await expire(wing) == 0
    clock.forward(days=1)
    assert await expire(wing) == 1
    assert await expire(wing) == 0
    shown = await wing.clinician.get(path)
    assert shown["status"] == "expired"
    history = (await wing.clinician.get(f"{path}/history"))["items"]
    assert history[-1]["actor_role"] == history[-1]["actor_subject"] == "system"


async def test_an_expired_module_is_attended_and_signed_off_anew(wing: Wing) -> None:
    _, path = await assessed(wing)
    await wing.nurse.move(path, "competent")
    clock.forward(days=400)
    await expire(wing)
    again = await wing.clinician.move(path, "attended")
    assert again["competent_at"] is again["expires_on"] is None
    await wing.clinician.move(path, "assessed")
    renewed = await wing.nurse.move(path, "competent")
    assert renewed["expires_on"] > str(clock.now().date() + timedelta(days=360))


async def test_expiry_is_the_systems_and_nobodys_by_hand(wing: Wing) -> None:
    _, path = await assessed(wing)
    await wing.nurse.move(path, "competent")
    refused = await wing.nurse.move(path, "expired", expect=409)
    assert refused["code"] == "move_not_in_table"


async def test_expiry_stays_in_its_prison(wing: Wing) -> None:
    _, path = await assessed(wing)
    await wing.nurse.move(path, "competent")
    clock.forward(days=400)
    async with wing.db.write("ZZZ") as session:
        session.add(Prison(id="ZZZ", name="Elsewhere"))
        await session.flush()
        assert await trainings.expire_due(session, "ZZZ") == 0
        await session.rollback()
    assert (await wing.nurse.get(path))["status"] == "competent"


async def test_trainings_are_filtered_by_mentor_module_and_status(wing: Wing) -> None:
    mentor = await wing.approved()
    await wing.trained(mentor["id"])
    other = await opened(wing)

    async def found(query: str) -> set[str]:
        items = (await wing.governor.get(f"trainings?{query}"))["items"]
        return {f"{item['mentor_id']} {item['module']}" for item in items}

    every_one = {f"{mentor['id']} {module.value}" for module in Module}
    assert await found(f"mentor_id={mentor['id']}") == every_one
    assert await found("status=competent") == every_one
    assert await found("status=not_started") == {f"{other['mentor_id']} {MODULE}"}
    assert await found(f"module={MODULE}&mentor_id={mentor['id']}") == {f"{mentor['id']} {MODULE}"}
    await wing.governor.get("trainings?module=First%20aid", expect=422)


async def test_a_list_shows_the_titles_of_the_pinned_version(wing: Wing) -> None:
    mentor = await wing.approved()
    await wing.trained(mentor["id"])
    listed = (await wing.support_worker.get("trainings"))["items"]
    titles = trainings.curriculum().versions["2026-1"].titles
    assert {item["module"]: item["title"] for item in listed} == titles


async def test_pages_of_trainings_follow_each_other(wing: Wing) -> None:
    mentor = await wing.approved()
    await wing.trained(mentor["id"])
    first = await wing.nurse.get("trainings?limit=3")
    second = await wing.nurse.get(f"trainings?limit=3&cursor={first['next']}")
    assert second["next"] is None
    modules = [item["module"] for item in first["items"] + second["items"]]
    assert sorted(modules) == sorted(module.value for module in Module)


async def test_a_mentor_reads_their_own_trainings_and_moves_none(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    other = await opened(wing)
    listed = (await mentor.get("trainings"))["items"]
    assert len(listed) == len(Module)
    assert {item["mentor_id"] for item in listed} == {str(mentor.mentor_id)}
    own = f"trainings/{listed[0]['id']}"
    assert (await mentor.get(own))["moves"] == []
    await mentor.move(own, "expired", expect=403)
    await mentor.get(f"trainings/{other['id']}", expect=404)
    history = (await mentor.get(f"{own}/history"))["items"]
    assert set(history[0]) == {"id", "occurred_at", "from_state", "to_state"}


async def test_support_workers_read_and_do_not_train(wing: Wing) -> None:
    training = await opened(wing)
    body = {"mentor_id": training["mentor_id"], "module": "how_to_speak_with_people"}
    for caller in (wing.support_worker, wing.governor):
        assert (await caller.get(f"trainings/{training['id']}"))["moves"] == []
        await caller.post("trainings", body, expect=403)
    await wing.officer.get("trainings", expect=403)


async def test_a_training_opened_twice_under_one_key_is_one(wing: Wing) -> None:
    mentor = await wing.approved()
    body = {"mentor_id": mentor["id"], "module": MODULE}
    key = {"Idempotency-Key": "open-1"}
    first = await wing.nurse.post("trainings", body, headers=key)
    assert await wing.nurse.post("trainings", body, headers=key) == first
    other = {"mentor_id": mentor["id"], "module": "how_to_speak_with_people"}
    refused = await wing.nurse.post("trainings", other, expect=422, headers=key)
    assert refused["code"] == "idempotency_key_reused"


async def test_a_training_that_changed_meanwhile_is_not_moved_on(wing: Wing) -> None:
    _, path = await assessed(wing)
    body = {"to": "competent"}
    stale = {"If-Match": '"1"'}
    refused = await wing.nurse.post(f"{path}/moves", body, expect=412, headers=stale)
    assert refused["code"] == "stale"
    replies = await asyncio.gather(
        *[wing.nurse.request("POST", f"{path}/moves", json=body) for _ in range(2)]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 409]
