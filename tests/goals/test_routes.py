"""Goals and coping plans over HTTP: whose words they are, and who reads them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from tests.mentees.test_routes import codes
from tests.story import Caller, Wing

UNKNOWN = "0198c0de-0000-7000-8000-000000000000"


def words(**fields: Any) -> dict[str, Any]:
    return {"kind": "goal", "text": "Back to the workshop.", **fields}


async def mentee(wing: Wing) -> tuple[Any, Caller]:
    """A mentee in support, and his own token."""
    made = await wing.engaged()
    return made, wing.as_person(made["person_id"])


async def ids(caller: Caller, query: str = "") -> list[str]:
    return [item["id"] for item in (await caller.get(f"goals{query}"))["items"]]


# --- one's own -------------------------------------------------------------------------------


async def test_a_mentee_writes_down_what_he_wants_and_what_helps(wing: Wing) -> None:
    made, own = await mentee(wing)
    goal = await own.post("goals", words())
    assert goal["mentee_id"] == made["id"]
    assert goal["set_on"] == str(clock.now().date())
    assert goal["share_with_mentor"] is False
    assert not {"recorded_by", "disclosure"} & set(goal)
    assert [move["to"] for move in goal["moves"]] == ["achieved", "dropped"]
    helps = await own.post("goals", words(kind="what_helps", text="Drawing."))
    assert await ids(own) == [goal["id"], helps["id"]]
    assert await ids(own, "?kind=what_helps") == [helps["id"]]
    assert (await own.move(f"goals/{goal['id']}", "achieved"))["status"] == "achieved"
    refused = await own.move(f"goals/{helps['id']}", "achieved", expect=409)
    assert codes(refused) == ["is_a_goal"]
    await own.move(f"goals/{helps['id']}", "dropped")
    history = (await own.get(f"goals/{helps['id']}/history"))["items"]
    assert [set(row) for row in history] == [{"id", "occurred_at", "from_state", "to_state"}] * 2


async def test_he_changes_his_words_and_his_mind_and_what_was_before_is_kept(wing: Wing) -> None:
    _, own = await mentee(wing)
    goal = await own.post("goals", words(share_with_mentor=True))
    path = f"goals/{goal['id']}"
    await own.patch(path, {"text": "Back to work."}, expect=428, headers={})
    stale = {"If-Match": '"7"'}
    await own.patch(path, {"text": "Back to work."}, expect=412, headers=stale)
    changed = await own.patch(path, {"text": "Back to work.", "share_with_mentor": False})
    assert (changed["text"], changed["share_with_mentor"]) == ("Back to work.", False)
    for reader in (wing.support_worker, wing.nurse):
        versions = (await reader.get(f"{path}/versions"))["items"]
        assert [each["text"] for each in versions] == ["Back to the workshop.", "Back to work."]
    await own.get(f"{path}/versions", expect=403)


async def test_what_was_achieved_or_dropped_is_not_rewritten(wing: Wing) -> None:
    _, own = await mentee(wing)
    goal = await own.post("goals", words())
    await own.move(f"goals/{goal['id']}", "dropped")
    await own.patch(f"goals/{goal['id']}", {"text": "x"}, expect=409)
    await own.move(f"goals/{goal['id']}", "achieved", expect=409)


async def test_who_is_not_in_the_scheme_or_no_longer_keeps_no_plan(wing: Wing) -> None:
    """The answer is the same for one who was referred and does not know it yet."""
    stranger = wing.as_person((await wing.person())["id"])
    referred = wing.as_person((await wing.referred())["person_id"])
    answers = [await each.post("goals", words(), expect=409) for each in (stranger, referred)]
    assert answers[0]["detail"] == answers[1]["detail"]
    made, own = await mentee(wing)
    goal = await own.post("goals", words())
    await wing.support_worker.move(f"mentees/{made['id']}", "completed", reason="goals_met")
    await own.post("goals", words(), expect=409)
    assert (await own.get(f"goals/{goal['id']}"))["text"] == "Back to the workshop."


async def test_nobody_writes_another_mans_plan_whether_there_is_one_or_not(wing: Wing) -> None:
    other, _ = await mentee(wing)
    _, own = await mentee(wing)
    for mentee_id in (other["id"], UNKNOWN):
        refused = await own.post("goals", words(mentee_id=mentee_id), expect=404)
        assert refused["code"] == "not_found"
    theirs = await wing.support_worker.post("goals", words(mentee_id=other["id"]))
    path = f"goals/{theirs['id']}"
    await own.get(path, expect=404)
    await own.patch(path, {"text": "x"}, expect=404)
    await own.move(path, "dropped", expect=404)
    assert await ids(own) == []


# --- by staff, in their words ----------------------------------------------------------------


@pytest.mark.parametrize("disclosure", ["serious_harm_test", "restricted"])
async def test_nobody_writes_of_a_goal_what_the_mentee_must_not_read(
    wing: Wing, disclosure: str
) -> None:
    made, own = await mentee(wing)
    goal = await own.post("goals", words())
    for caller in (own, wing.support_worker, wing.clinician):
        body = words(mentee_id=made["id"], disclosure=disclosure)
        refused = await caller.post("goals", body, expect=422)
        assert [error["field"] for error in refused["errors"]] == ["disclosure"]
        change = {"text": "He must not read this.", "disclosure": disclosure}
        refused = await caller.patch(f"goals/{goal['id']}", change, 422)
        assert [error["field"] for error in refused["errors"]] == ["disclosure"]
    assert (await wing.support_worker.get(f"goals/{goal['id']}"))["disclosure"] == "ordinary"


@pytest.mark.parametrize("who", ["support_worker", "clinician", "nurse"])
async def test_staff_write_it_for_whoever_has_no_device(wing: Wing, who: str) -> None:
    made, own = await mentee(wing)
    staff: Caller = getattr(wing, who)
    goal = await staff.post("goals", words(mentee_id=made["id"], disclosure="third_party"))
    assert goal["recorded_by"] == staff.subject
    assert goal["disclosure"] == "third_party"
    assert (await own.get(f"goals/{goal['id']}"))["text"] == "Back to the workshop."
    assert await ids(staff, f"?mentee_id={made['id']}") == [goal["id"]]


@pytest.mark.parametrize("who", ["governor", "officer"])
async def test_governors_and_officers_read_no_plan(wing: Wing, who: str) -> None:
    made, _ = await mentee(wing)
    goal = await wing.support_worker.post("goals", words(mentee_id=made["id"]))
    caller: Caller = getattr(wing, who)
    for path in ("goals", f"goals/{goal['id']}", f"goals/{goal['id']}/history"):
        await caller.get(path, expect=403)
    await caller.post("goals", words(mentee_id=made["id"]), expect=403)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"mentee_id": UNKNOWN}, "mentee_id"),
        ({"mentee_id": None}, "mentee_id"),
        ({"kind": "risk"}, "kind"),
        ({"text": " "}, "text"),
        ({"set_on": str((clock.now() + timedelta(days=2)).date())}, "set_on"),
        ({"set_on": "2020-01-01"}, "set_on"),
        ({"status": "achieved"}, "status"),
    ],
)
async def test_a_bad_goal_names_its_field(wing: Wing, fields: dict[str, Any], field: str) -> None:
    made, _ = await mentee(wing)
    body = words(**{"mentee_id": made["id"], **fields})
    refused = await wing.support_worker.post("goals", body, expect=422)
    assert [error["field"] for error in refused["errors"]] == [field]
    assert await ids(wing.support_worker) == []


async def test_a_goal_sent_twice_under_one_key_is_one(wing: Wing) -> None:
    _, own = await mentee(wing)
    key = {"Idempotency-Key": "goal-1"}
    first = await own.post("goals", words(), headers=key)
    assert await own.post("goals", words(), headers=key) == first
    assert await ids(own) == [first["id"]]


async def test_of_two_changes_at_once_with_one_version_in_hand_one_is_stale(wing: Wing) -> None:
    _, own = await mentee(wing)
    goal = await own.post("goals", words())
    match = {"If-Match": f'"{goal["version"]}"'}
    path = f"goals/{goal['id']}"
    replies = await asyncio.gather(
        *[
            each.request("PATCH", path, json={"text": f"By {each.subject}"}, headers=match)
            for each in (own, wing.support_worker)
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [200, 412]
    assert len((await wing.support_worker.get(f"{path}/versions"))["items"]) == 2


# --- their mentor ----------------------------------------------------------------------------


async def test_his_mentor_reads_what_he_shares_and_writes_nothing(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    made, own = await mentee(wing)
    await wing.pairs(mentor, made["id"])
    kept = await own.post("goals", words(text="Ring my sister."))
    shared = await own.post("goals", words(share_with_mentor=True))
    assert await ids(mentor) == [shared["id"]]
    path = f"goals/{shared['id']}"
    read = await mentor.get(path)
    assert (read["text"], read["moves"]) == ("Back to the workshop.", [])
    await mentor.get(f"goals/{kept['id']}", expect=404)
    await mentor.patch(path, {"text": "x"}, expect=404)
    await mentor.move(path, "achieved", expect=404)
    assert await ids(other) == []
    await other.get(path, expect=404)


@pytest.mark.parametrize("how", ["untick", "drop", "revoke", "end", "leave"])
async def test_and_no_longer_once_it_is_taken_back_or_the_pairing_ends(
    wing: Wing, how: str
) -> None:
    mentor = await wing.active_mentor()
    made, own = await mentee(wing)
    pairing = await wing.pairs(mentor, made["id"])
    goal = await own.post("goals", words(share_with_mentor=True))
    path = f"goals/{goal['id']}"
    assert await ids(mentor) == [goal["id"]]
    if how == "untick":
        await own.patch(path, {"share_with_mentor": False})
    elif how == "drop":
        await own.move(path, "dropped")
    elif how == "end":
        await wing.support_worker.move(f"pairings/{pairing['id']}", "ended", reason="mentee_wish")
    elif how == "leave":
        await wing.presence(made["person_id"], "left")
    else:
        query = f"person_id={made['person_id']}&recipient=mentor"
        (given,) = (await wing.support_worker.get(f"permissions?{query}"))["items"]
        gone = {"reason": "spoken_word"}
        await wing.support_worker.move(f"permissions/{given['id']}", "revoked", **gone)
    assert await ids(mentor) == []
    await mentor.get(path, expect=404)
    reader = wing.support_worker if how == "leave" else own
    assert await ids(reader) == [goal["id"]]


async def test_a_mentor_in_support_himself_keeps_his_own_plan_beside_what_he_reads(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    body = {"person_id": str(mentor.person_id), "referred_by": "self"}
    own = await wing.support_worker.post("mentees", body)
    for to in ("triage", "accepted"):
        await wing.support_worker.move(f"mentees/{own['id']}", to)
    goal = await mentor.post("goals", words())
    assert await ids(mentor) == [goal["id"]]
    assert (await mentor.get(f"goals/{goal['id']}"))["moves"]
