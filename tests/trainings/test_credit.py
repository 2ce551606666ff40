"""Coming back is a new episode; what was learnt and still counts is credited to it."""

from typing import Any

from app import clock
from app.models.trainings import Module
from tests.story import Caller, Wing


async def trainings_of(caller: Caller, mentor_id: Any) -> list[Any]:
    found = await caller.get(f"trainings?mentor_id={mentor_id}")
    return found["items"]


async def comes_back(wing: Wing, mentor: Caller) -> Any:
    """The mentor has stepped down, applies again, and is approved."""
    await mentor.move(f"mentors/{mentor.mentor_id}", "stepped_down", reason="own_wish")
    body = {"person_id": str(mentor.person_id), "motivation": "I was helped here."}
    again = await mentor.post("mentors", body)
    return await wing.approve(again["id"])


async def test_sign_offs_that_still_count_are_credited_at_the_approval(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    before = {each["module"]: each for each in await trainings_of(wing.nurse, mentor.mentor_id)}
    clock.forward(days=200)
    again = await comes_back(wing, mentor)
    credited = await trainings_of(wing.nurse, again["id"])
    assert {each["module"] for each in credited} == set(Module)
    for each in credited:
        earlier = before[each["module"]]
        assert each["credited_from"] == earlier["id"]
        assert earlier["credited_from"] is None
        assert each["status"] == "competent"
        same = ("curriculum", "competent_at", "expires_on", "assessor_id")
        assert {name: each[name] for name in same} == {name: earlier[name] for name in same}
    path = f"trainings/{credited[0]['id']}"
    assert (await wing.nurse.get(path))["credited_from"] == credited[0]["credited_from"]
    history = (await wing.nurse.get(f"{path}/history"))["items"]
    assert [(row["to_state"], row["reason"], row["actor_role"]) for row in history] == [
        ("not_started", None, "system"),
        ("competent", "credited_from_earlier_episode", "system"),
    ]


async def test_what_has_expired_is_learnt_again(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=366)  # the service has not even noticed yet
    again = await comes_back(wing, mentor)
    assert await trainings_of(wing.nurse, again["id"]) == []
    body = {"mentor_id": again["id"], "module": Module.managing.value}
    opened = await wing.nurse.post("trainings", body)
    assert (opened["status"], opened["credited_from"]) == ("not_started", None)


async def test_a_credit_runs_out_on_its_own_last_day(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=200)
    again = await comes_back(wing, mentor)
    last = (await trainings_of(wing.nurse, again["id"]))[0]["expires_on"]
    clock.forward(days=200)
    third = await comes_back(wing, wing.as_person(again["person_id"], again["id"]))
    assert last < str(clock.now().date())
    assert await trainings_of(wing.nurse, third["id"]) == []


async def test_another_persons_training_is_not_credited(wing: Wing) -> None:
    await wing.active_mentor()
    other = await wing.approved()
    assert await trainings_of(wing.nurse, other["id"]) == []


async def test_nobody_credits_by_hand(wing: Wing) -> None:
    mentor = await wing.approved()
    body = {"mentor_id": mentor["id"], "module": Module.managing.value}
    opened = await wing.nurse.post("trainings", body)
    path = f"trainings/{opened['id']}"
    refused = await wing.nurse.move(path, "competent", expect=409)
    assert refused["code"] == "move_not_in_table"
    body = {**body, "credited_from": opened["id"]}
    refused = await wing.nurse.post("trainings", body, expect=422)
    assert refused["errors"][0]["field"] == "credited_from"
