"""A mentor's whole life over HTTP, as time goes by."""

from datetime import timedelta
from typing import Any

from app import clock
from tests.story import Caller, Wing, clearance

EVERY_CODE = {
    "shadowed_three_months",
    "observed_sessions_logged",
    "modules_signed_off",
}


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def option(shown: dict[str, Any], to: str) -> dict[str, Any]:
    """The move to `to` as a resource shows it."""
    (found,) = [move for move in shown["moves"] if move["to"] == to]
    return found


async def test_from_application_to_active_and_out_again(wing: Wing) -> None:
    other = await wing.active_mentor()
    person = await wing.person()
    himself = wing.as_person(person["id"])
    applied = await himself.post(
        "mentors", {"person_id": person["id"], "motivation": "I was helped here."}
    )
    path = f"mentors/{applied['id']}"
    assert applied["status"] == "draft"
    await himself.move(path, "submitted")
    await wing.support_worker.move(path, "screened")
    refused = await wing.clinician.move(path, "interviewed", expect=409)
    assert codes(refused) == ["interviewed_by_both"]
    await wing.interviews(applied["id"])
    await wing.clinician.move(path, "interviewed")
    await wing.support_worker.move(path, "governor_review")
    today = clock.now().date()
    await wing.governor.put(f"{path}/clearance", clearance(today, today + timedelta(days=730)))
    await wing.governor.move(path, "approved_conditionally")
    refused = await wing.support_worker.move(path, "shadowing", expect=409)
    assert codes(refused) == ["placed_with_active_mentor"]
    await wing.placed(applied["id"], other)
    await wing.support_worker.move(path, "shadowing")

    refused = await wing.support_worker.move(path, "ready_for_sign_off", expect=409)
    assert set(codes(refused)) == EVERY_CODE

    clock.forward(days=93)
    await wing.observes(applied["id"], str(other.mentor_id))
    refused = await wing.support_worker.move(path, "ready_for_sign_off", expect=409)
    assert codes(refused) == ["modules_signed_off"]
    await wing.trained(applied["id"])
    ready = await wing.support_worker.move(path, "ready_for_sign_off")
    assert ready["status"] == "ready_for_sign_off"

    refused = await wing.governor.move(path, "active", expect=409)
    assert codes(refused) == ["agreement_signed", "supervisor_assigned"]
    await wing.contracted(applied["id"])
    active = await wing.governor.move(path, "active")
    assert active["status"] == "active"
    assert (await himself.get(path))["status"] == "active"

    left = await himself.move(path, "stepped_down", reason="own_wish")
    assert left["status"] == "stepped_down"
    assert left["moves"] == []
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    assert [row["to_state"] for row in history] == [
        "draft", "submitted", "screened", "interviewed", "governor_review",
        "approved_conditionally", "shadowing", "ready_for_sign_off", "active", "stepped_down",
    ]  # fmt: skip
    assert [row["from_state"] for row in history][1:] == [row["to_state"] for row in history][:-1]
    assert history[-1]["reason"] == "own_wish"
    assert history[1]["actor_subject"] == himself.subject


async def test_coming_back_is_a_new_episode(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await mentor.move(f"mentors/{mentor.mentor_id}", "stepped_down", reason="own_wish")
    again = await mentor.post("mentors", {"person_id": str(mentor.person_id)})
    assert again["id"] != str(mentor.mentor_id)
    assert again["status"] == "draft"
    mine = (await mentor.get("mentors"))["items"]
    assert [item["status"] for item in mine] == ["draft", "stepped_down"]


async def test_a_second_application_while_one_lives_is_refused(wing: Wing) -> None:
    mentor = await wing.applicant()
    body = {"person_id": mentor["person_id"]}
    refused = await wing.support_worker.post("mentors", body, expect=409)
    assert refused["code"] == "already_exists"


async def test_moves_tell_each_role_what_it_may_do_and_what_stands_in_the_way(wing: Wing) -> None:
    mentor = await wing.shadowed()
    path = f"mentors/{mentor['id']}"
    for_worker = await wing.support_worker.get(path)
    ready = option(for_worker, "ready_for_sign_off")
    assert ready["allowed"] is False
    assert {each["code"] for each in ready["refusals"]} == EVERY_CODE - {"shadowed_three_months"}
    assert option(for_worker, "suspended")["reasons"] == [
        "concern_raised", "conduct", "security_outcome", "welfare", "other",
    ]  # fmt: skip
    himself = wing.as_person(mentor["person_id"])
    assert [move["to"] for move in (await himself.get(path))["moves"]] == ["stepped_down"]
    for_governor = await wing.governor.get(path)
    assert {move["to"] for move in for_governor["moves"]} == {
        "suspended", "transferred", "released", "deceased",
    }  # fmt: skip


async def test_a_move_of_another_role_is_refused(wing: Wing) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    himself = wing.as_person(mentor["person_id"])
    await himself.move(path, "submitted")
    assert (await himself.move(path, "screened", expect=403))["code"] == "move_not_yours"
    assert (await wing.governor.move(path, "screened", expect=403))["code"] == "move_not_yours"
    assert (await wing.clinician.move(path, "screened", expect=403))["code"] == "move_not_yours"


async def test_only_the_governor_approves(wing: Wing) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    await wing.before_the_governor(mentor["id"])
    for caller in (wing.support_worker, wing.clinician, wing.nurse):
        refused = await caller.move(path, "approved_conditionally", expect=403)
        assert refused["code"] == "move_not_yours"
    refused = await wing.governor.move(path, "approved_conditionally", expect=409)
    assert codes(refused) == ["clearance_current"]


async def test_a_state_that_does_not_exist_or_does_not_follow_is_refused(wing: Wing) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    refused = await wing.governor.move(path, "crowned", expect=422)
    assert refused["errors"][0]["field"] == "to"
    refused = await wing.governor.move(path, "active", expect=409)
    assert refused["code"] == "move_not_in_table"
    assert refused["state"] == "draft"


async def test_an_application_is_withdrawn_by_its_applicant(wing: Wing) -> None:
    mentor = await wing.applicant()
    himself = wing.as_person(mentor["person_id"])
    gone = await himself.move(f"mentors/{mentor['id']}", "withdrawn")
    assert gone["status"] == "withdrawn"


async def test_the_approved_do_not_withdraw_they_step_down(wing: Wing) -> None:
    mentor = await wing.approved()
    himself = wing.as_person(mentor["person_id"])
    path = f"mentors/{mentor['id']}"
    assert (await himself.move(path, "withdrawn", expect=409))["code"] == "move_not_in_table"
    refused = await himself.move(path, "stepped_down", expect=422)
    assert refused["errors"][0]["field"] == "reason"
    assert (await himself.move(path, "stepped_down", reason="welfare"))["status"] == "stepped_down"


async def test_shadowing_is_not_shortened_by_entering_it_as_if_before_the_approval(
    wing: Wing,
) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    clock.forward(days=100)
    await wing.approve(mentor["id"])
    long_ago = str(clock.now() - timedelta(days=99))
    refused = await wing.support_worker.move(path, "shadowing", expect=422, occurred_at=long_ago)
    assert codes(refused) == ["in_order"]
    await wing.placed(mentor["id"])
    assert (await wing.support_worker.move(path, "shadowing"))["status"] == "shadowing"


async def test_a_move_is_not_entered_as_if_before_the_one_before_it(wing: Wing) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    clock.forward(hours=2)
    await wing.support_worker.move(path, "submitted")
    an_hour_ago = str(clock.now() - timedelta(hours=1))
    refused = await wing.support_worker.move(path, "screened", expect=422, occurred_at=an_hour_ago)
    assert codes(refused) == ["in_order"]


async def test_time_suspended_does_not_count_as_shadowing(wing: Wing) -> None:
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}"
    await wing.placed(mentor["id"])
    await wing.support_worker.move(path, "shadowing")
    clock.forward(days=10)
    await wing.clinician.move(path, "suspended", reason="welfare")
    clock.forward(days=40)
    await wing.governor.move(path, "shadowing")
    clock.forward(days=45)  # 95 days since it began, 55 of them shadowing
    refused = await wing.support_worker.move(path, "ready_for_sign_off", expect=409)
    assert "shadowed_three_months" in codes(refused)
    clock.forward(days=40)
    refused = await wing.support_worker.move(path, "ready_for_sign_off", expect=409)
    assert "shadowed_three_months" not in codes(refused)


async def test_the_founding_exception_is_recorded_and_ends_with_two(wing: Wing) -> None:
    first, second = await wing.founder(), await wing.founder()
    for mentor in (first, second):
        history = (await wing.governor.get(f"mentors/{mentor.mentor_id}/history"))["items"]
        assert history[-1]["reason"] == "founding_mentor"
    third = await wing.approved()
    await wing.trained(third["id"])
    await wing.contracted(third["id"])
    refused = await wing.governor.move(
        f"mentors/{third['id']}", "active", expect=409, reason="founding_mentor"
    )
    assert codes(refused) == ["founders_below_cap"]


async def test_the_founding_exception_is_the_nurses_too(wing: Wing) -> None:
    mentor = await wing.approved()
    await wing.contracted(mentor["id"])
    path = f"mentors/{mentor['id']}"
    refused = await wing.governor.move(path, "active", expect=409, reason="founding_mentor")
    assert codes(refused) == ["modules_signed_off"]
    refused = await wing.governor.move(path, "active", expect=422)
    assert refused["errors"][0]["field"] == "reason"


async def test_a_founders_reason_on_another_move_takes_no_place(wing: Wing) -> None:
    for _ in range(2):
        mentor = await wing.applicant()
        await wing.support_worker.move(
            f"mentors/{mentor['id']}", "submitted", expect=422, reason="founding_mentor"
        )
    assert (await wing.founder()).mentor_id is not None


async def test_a_paused_mentor_comes_back_only_with_current_clearance(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    await mentor.move(path, "paused", reason="own_wish")
    clock.forward(days=731)  # clearance and sign-offs have run out
    refused = await wing.support_worker.move(path, "active", expect=409)
    assert codes(refused) == ["modules_signed_off", "clearance_current"]
    assert (await wing.governor.get(path))["status"] == "paused"


async def _ended(wing: Wing, end: str) -> tuple[Caller, str]:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    await wing.support_worker.move(path, end)
    return mentor, path


async def test_a_mentor_recorded_as_released_in_error_comes_back_by_two_people(wing: Wing) -> None:
    mentor, path = await _ended(wing, "released")
    asked = await wing.support_worker.post(f"{path}/correction", expect=200)
    assert asked["status"] == "released"
    assert asked["correction_asked_by"] == wing.support_worker.subject
    refused = await wing.support_worker.post(f"{path}/correction", expect=409)
    assert refused["code"] == "second_person_needed"
    back = await wing.governor.post(f"{path}/correction", expect=200)
    assert back["status"] == "active"
    assert back["correction_asked_by"] is None
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert [row["reason"] for row in history[-2:]] == ["correction_asked", "recorded_in_error"]
    assert (await mentor.get(path))["status"] == "active"


async def test_one_person_does_not_correct_a_death_through_a_plain_move(wing: Wing) -> None:
    _, path = await _ended(wing, "deceased")
    plain = {"expect": 409, "reason": "recorded_in_error"}
    refused = await wing.governor.move(path, "active", **plain)
    assert refused["code"] == "move_not_in_table"
    await wing.governor.post(f"{path}/correction", expect=200)
    refused = await wing.governor.move(path, "active", **plain)
    assert refused["code"] == "move_not_in_table"
    assert (await wing.governor.get(path))["moves"] == []


async def test_what_did_not_end_that_way_is_not_corrected(wing: Wing) -> None:
    mentor = await wing.approved()
    refused = await wing.governor.post(f"mentors/{mentor['id']}/correction", expect=409)
    assert refused["code"] == "move_not_in_table"
    himself = wing.as_person(mentor["person_id"])
    await himself.post(f"mentors/{mentor['id']}/correction", expect=403)
