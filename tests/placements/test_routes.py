"""Placements over HTTP: begun, ended with the host's leaving, and observed in."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.services.working_days import local_date
from tests.story import Caller, Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def body(mentor: Any, host: Caller, days_ago: int = 0) -> dict[str, Any]:
    began = local_date(clock.now() - timedelta(days=days_ago))
    return {
        "mentor_id": mentor["id"],
        "host_id": str(host.mentor_id),
        "starts_on": str(began),
    }


async def learner(wing: Wing, host: Caller) -> tuple[Any, str]:
    """A mentor in shadowing, and the path of the placement."""
    mentor = await wing.approved()
    placement = await wing.placed(mentor["id"], host)
    await wing.support_worker.move(f"mentors/{mentor['id']}", "shadowing")
    return mentor, f"placements/{placement['id']}"


async def waiting(wing: Wing) -> list[Any]:
    found = await wing.support_worker.get("tasks?kind=placement_ended&status=open")
    return list(found["items"])


async def test_a_support_worker_places_a_mentor_with_an_active_one(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor, path = await learner(wing, host)
    shown = await wing.support_worker.get(path)
    assert (shown["status"], shown["ended_at"]) == ("live", None)
    assert shown["mentor_name"] == mentor["display_name"]
    assert shown["host_name"] == (await host.get(f"mentors/{host.mentor_id}"))["display_name"]
    assert [move["to"] for move in shown["moves"]] == ["ended"]
    ended = await wing.support_worker.move(path, "ended", reason="changed")
    assert ended["ended_at"] is not None
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert [(row["to_state"], row["reason"]) for row in history] == [
        ("live", None), ("ended", "changed"),
    ]  # fmt: skip


async def test_only_support_workers_place_and_end(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor, path = await learner(wing, host)
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    for caller in (wing.clinician, wing.governor, himself, wing.officer):
        await caller.post("placements", body(mentor, host), expect=403)
        await caller.move(path, "ended", reason="changed", expect=403)
    for reader in (wing.clinician, wing.governor):
        assert (await reader.get(path))["moves"] == []
    await wing.officer.get(path, expect=403)


async def test_both_sides_see_their_live_placement_and_nobody_elses(wing: Wing) -> None:
    host, other = await wing.active_mentor(), await wing.active_mentor()
    mentor, path = await learner(wing, host)
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    for caller in (host, himself):
        assert [item["id"] for item in (await caller.get("placements"))["items"]] == [
            path.removeprefix("placements/")
        ]
        assert (await caller.get(path))["moves"] == []
        history = (await caller.get(f"{path}/history"))["items"]
        assert set(history[0]) == {"id", "occurred_at", "from_state", "to_state"}
    assert (await other.get("placements"))["items"] == []
    await other.get(path, expect=404)
    await wing.support_worker.move(path, "ended", reason="changed")
    await host.get(path, expect=404)
    assert (await wing.clinician.get("placements?status=ended"))["items"][0]["id"] in path


async def test_the_day_it_began_lies_between_the_approval_and_today(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor = await wing.approved()
    clock.forward(days=3)
    ahead = await wing.support_worker.post("placements", body(mentor, host, -1), expect=422)
    assert codes(ahead) == ["in_the_future"]
    early = await wing.support_worker.post("placements", body(mentor, host, 4), expect=422)
    assert (early["errors"][0]["field"], codes(early)) == ("starts_on", ["before_approval"])
    late = await wing.support_worker.post("placements", body(mentor, host, 3))
    history = (await wing.support_worker.get(f"placements/{late['id']}/history"))["items"]
    assert history[0]["occurred_at"] < history[0]["recorded_at"]


async def test_shadowing_entered_late_began_no_sooner_than_a_placement(wing: Wing) -> None:
    host, mentor = await wing.active_mentor(), await wing.approved()
    clock.forward(days=120)
    first = await wing.support_worker.post("placements", body(mentor, host, 60))
    path = f"mentors/{mentor['id']}"
    early = {"occurred_at": clock.spell(clock.now() - timedelta(days=100))}
    refused = await wing.support_worker.move(path, "shadowing", expect=409, **early)
    assert codes(refused) == ["placed_with_active_mentor"]
    ended = {"reason": "changed", "occurred_at": clock.spell(clock.now() - timedelta(days=30))}
    await wing.support_worker.move(f"placements/{first['id']}", "ended", **ended)
    late = {"occurred_at": clock.spell(clock.now() - timedelta(days=50))}
    refused = await wing.support_worker.move(path, "shadowing", expect=409, **late)
    assert codes(refused) == ["placed_with_active_mentor"]  # nobody hosts him now
    await wing.placed(mentor["id"], host)
    await wing.support_worker.move(path, "shadowing", **late)


async def test_why_one_cannot_shadow_the_other_is_told_at_once(wing: Wing) -> None:
    mentor = await wing.applicant()
    host = await wing.active_mentor()
    await wing.support_worker.move(f"mentors/{host.mentor_id}", "paused", reason="own_wish")
    refused = await wing.support_worker.post("placements", body(mentor, host), expect=409)
    assert refused["code"] == "not_placeable"
    assert codes(refused) == ["mentor_not_shadowing", "host_not_active"]
    unknown = {**body(mentor, host), "host_id": mentor["person_id"]}
    refused = await wing.support_worker.post("placements", unknown, expect=422)
    assert refused["errors"][0]["field"] == "host_id"


async def test_of_many_who_ask_for_one_host_at_once_two_are_placed(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentors = [await wing.approved() for _ in range(4)]
    replies = await asyncio.gather(
        *[
            wing.support_worker.request("POST", "placements", json=body(mentor, host))
            for mentor in mentors
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 201, 409, 409]
    assert {codes(reply.json())[0] for reply in replies if reply.status_code == 409} == {
        "host_full"
    }


async def test_the_same_two_are_placed_once(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor, path = await learner(wing, host)
    refused = await wing.support_worker.post("placements", body(mentor, host), expect=409)
    assert refused["code"] == "already_exists"
    await wing.support_worker.move(path, "ended", reason="other")
    again = await wing.support_worker.post("placements", body(mentor, host))
    assert again["status"] == "live"


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("paused", "welfare"),
        ("suspended", "welfare"),
        ("stepped_down", "welfare"),
        ("transferred", None),
    ],
)
async def test_a_host_who_leaves_active_hosts_nobody_and_it_is_somebodys_task(
    wing: Wing, to: str, reason: str | None
) -> None:
    host, other = await wing.active_mentor(), await wing.active_mentor()
    mentor, path = await learner(wing, host)
    kept, kept_path = await learner(wing, host)
    await wing.placed(kept["id"], other)
    await wing.support_worker.move(f"mentors/{host.mentor_id}", to, reason=reason)
    for each in (path, kept_path):
        assert (await wing.support_worker.get(each))["status"] == "ended"
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    assert history[-1]["reason"] == "host_left"
    [task] = await waiting(wing)  # for the one without any other host
    assert (task["person_id"], task["for_role"]) == (mentor["person_id"], "support_worker")
    assert task["thing_id"] in path
    await wing.placed(mentor["id"], other)
    assert await waiting(wing) == []


async def test_two_hosts_who_leave_in_one_instant_leave_one_task(wing: Wing) -> None:
    host, other = await wing.active_mentor(), await wing.active_mentor()
    mentor, _ = await learner(wing, host)
    await wing.placed(mentor["id"], other)
    suspension = {"to": "suspended", "reason": "conduct"}
    replies = await asyncio.gather(
        *[
            wing.governor.request("POST", f"mentors/{each.mentor_id}/moves", json=suspension)
            for each in (host, other)
        ]
    )
    assert [reply.status_code for reply in replies] == [200, 200]
    assert len(await waiting(wing)) == 1


async def test_a_placement_made_while_its_host_is_suspended_is_never_live(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor = await wing.approved()
    suspension = {"to": "suspended", "reason": "conduct"}
    await asyncio.gather(
        wing.support_worker.request("POST", "placements", json=body(mentor, host)),
        wing.governor.request("POST", f"mentors/{host.mentor_id}/moves", json=suspension),
    )
    assert (await wing.support_worker.get("placements?status=live"))["items"] == []


async def test_who_ends_shadows_nobody_and_leaves_no_task(wing: Wing) -> None:
    host = await wing.active_mentor()
    mentor, _ = await learner(wing, host)
    await wing.support_worker.move(f"mentors/{host.mentor_id}", "paused", reason="welfare")
    assert len(await waiting(wing)) == 1
    other = await wing.active_mentor()
    second = await wing.placed(mentor["id"], other)
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    await himself.move(f"mentors/{mentor['id']}", "stepped_down", reason="own_wish")
    assert (await wing.support_worker.get(f"placements/{second['id']}"))["status"] == "ended"
    assert await waiting(wing) == []


async def test_who_becomes_active_has_completed_the_placement(wing: Wing) -> None:
    await wing.active_mentor()
    await wing.active_mentor()
    third = await wing.active_mentor()
    [done] = (await wing.clinician.get(f"placements?mentor_id={third.mentor_id}"))["items"]
    history = (await wing.clinician.get(f"placements/{done['id']}/history"))["items"]
    assert (done["status"], history[-1]["reason"]) == ("ended", "completed")


async def test_what_was_entered_late_of_a_host_who_has_left_is_recorded_as_over(
    wing: Wing,
) -> None:
    host, other = await wing.active_mentor(), await wing.active_mentor()
    mentor = await wing.approved()
    await wing.placed(mentor["id"], other)
    await wing.support_worker.move(f"mentors/{mentor['id']}", "shadowing")
    clock.forward(days=10)
    left = clock.now()
    await wing.support_worker.move(f"mentors/{host.mentor_id}", "stepped_down", reason="own_wish")
    clock.forward(days=5)
    late = await wing.support_worker.post("placements", body(mentor, host, 12))
    assert (late["status"], late["ended_at"][:10]) == ("ended", left.isoformat()[:10])
    seen = {
        "observed_mentor_id": str(host.mentor_id),
        "held_at": clock.spell(clock.now() - timedelta(days=11)),
        "minutes": 50,
        "learnt": "To wait.",
    }
    path = f"mentors/{mentor['id']}/observations"
    assert (await wing.support_worker.post(path, seen))["placement_id"] == late["id"]
    seen["held_at"] = clock.spell(clock.now() - timedelta(days=1))
    refused = await wing.support_worker.post(path, seen, expect=422)
    assert codes(refused) == ["no_placement"]
    since = await wing.support_worker.post("placements", body(mentor, host, 2), expect=409)
    assert codes(since) == ["host_not_active"]


# --- the host's view -------------------------------------------------------------------------


async def observed(wing: Wing, host: Caller) -> tuple[Any, str, str]:
    """A mentor in shadowing who observed once: them, the placement's path, the observation's."""
    mentor, path = await learner(wing, host)
    clock.forward(hours=3)
    await wing.observes(mentor["id"], str(host.mentor_id), sessions=1)
    [seen] = (await host.get(f"{path}/observations"))["items"]
    return mentor, path, f"{path}/observations/{seen['id']}/host-view"


async def test_a_host_tells_their_view_over_their_own_token_and_reads_no_word_learnt(
    wing: Wing,
) -> None:
    host = await wing.active_mentor()
    mentor, path, view = await observed(wing, host)
    [seen] = (await host.get(f"{path}/observations"))["items"]
    assert set(seen) == {"id", "held_at", "minutes", "host_outcome"}
    assert seen["host_outcome"] is None
    said = {"outcome": "more_practice", "note": "Talks too much himself."}
    assert (await host.post(view, said))["host_outcome"] == "more_practice"
    assert (await host.post(view, said, expect=409))["code"] == "already_exists"
    [told] = [
        each
        for each in (await wing.clinician.get(f"mentors/{mentor['id']}/assessments"))["items"]
        if each["host_id"] is not None
    ]
    assert (told["recorded_by"], told["note"]) == (host.subject, said["note"])
    himself = wing.as_person(mentor["person_id"], mentor["id"])
    own = (await himself.get(f"mentors/{mentor['id']}/assessments"))["items"]
    assert [set(each) for each in own] == [{"id", "recorded_at", "observation_id", "outcome"}]
    assert own[0]["outcome"] == "meets"  # staff's; what his host thinks is for staff
    assert (await himself.get(f"{path}/observations"))["items"] == []
    await himself.post(view, said, expect=404)


async def test_staff_enter_a_hosts_view_for_them_and_it_counts_for_no_member_of_staff(
    wing: Wing,
) -> None:
    host = await wing.active_mentor()
    mentor, path = await learner(wing, host)
    seen = {
        "observed_mentor_id": str(host.mentor_id),
        "held_at": clock.spell(clock.now()),
        "minutes": 50,
        "learnt": "To wait.",
    }
    made = await wing.support_worker.post(f"mentors/{mentor['id']}/observations", seen)
    view = f"{path}/observations/{made['id']}/host-view"
    assert made["id"] in str(await wing.clinician.get(f"{path}/observations"))
    await wing.support_worker.post(view, {"outcome": "meets"})
    progress = await wing.governor.get(f"mentors/{mentor['id']}/shadowing")
    assert progress["observations_assessed"] == 0
    assert "assessed_by_another" in progress["missing"]
    await wing.governor.post(view, {"outcome": "meets"}, expect=403)
    await wing.support_worker.post(view, {"outcome": "high"}, expect=422)
    other = await wing.active_mentor()
    await other.post(view, {"outcome": "meets"}, expect=404)
