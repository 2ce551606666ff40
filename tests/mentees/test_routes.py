"""Mentees over HTTP: referral, correction, lists, and who sees what."""

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.services.mentees import triage_due
from tests.story import Caller, Wing

LONDON = ZoneInfo("Europe/London")


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def referral(person_id: str, referred_by: str = "support_worker", **fields: Any) -> dict[str, Any]:
    return {"person_id": person_id, "referred_by": referred_by, **fields}


# --- referral --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("referred_by", "status"),
    [
        ("self", "self_referred"),
        ("support_worker", "referred"),
        ("clinician", "referred"),
        ("wing_staff", "referred"),
    ],
)
async def test_a_referral_remembers_who_asked(wing: Wing, referred_by: str, status: str) -> None:
    mentee = await wing.referred(referred_by=referred_by)
    assert mentee["status"] == status
    assert mentee["referred_by"] == referred_by


async def test_triage_is_due_in_two_working_days_or_the_same_day_for_a_safety_need(
    wing: Wing,
) -> None:
    for safety_need in (False, True):
        mentee = await wing.referred(safety_need=safety_need)
        made = datetime.fromisoformat(mentee["recorded_at"])
        due = triage_due(made, LONDON, safety_need=safety_need)
        assert mentee["triage_by"] == clock.spell(due)


async def test_a_person_has_one_live_episode(wing: Wing) -> None:
    mentee = await wing.referred()
    body = referral(mentee["person_id"])
    refused = await wing.clinician.post("mentees", body, expect=409)
    assert refused["code"] == "already_exists"
    await wing.support_worker.move(
        f"mentees/{mentee['id']}", "declined_by_person", reason="not_now"
    )
    again = await wing.clinician.post("mentees", body)
    assert again["id"] != mentee["id"]


async def test_of_two_referrals_at_once_exactly_one_is_taken(wing: Wing) -> None:
    body = referral((await wing.person())["id"])
    callers = [wing.support_worker, wing.clinician, wing.nurse, wing.officer]
    bodies = [body, body, body, {**body, "referred_by": "wing_staff"}]
    replies = await asyncio.gather(
        *[
            caller.request("POST", "mentees", json=each)
            for caller, each in zip(callers, bodies, strict=True)
        ]
    )
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]


@pytest.mark.parametrize("presence", ["away", "left"])
async def test_who_is_not_here_is_not_referred(wing: Wing, presence: str) -> None:
    person = await wing.person()
    await wing.presence(person["id"], presence)
    refused = await wing.support_worker.post("mentees", referral(person["id"]), expect=409)
    assert refused["code"] == "not_here"


async def test_an_unknown_person_is_named(wing: Wing) -> None:
    mentee = await wing.referred()
    refused = await wing.support_worker.post("mentees", referral(mentee["id"]), expect=422)
    assert refused["errors"][0]["field"] == "person_id"


async def test_wing_staff_refer_directly_and_get_a_receipt_and_no_more(wing: Wing) -> None:
    person = await wing.person()
    body = referral(person["id"], "wing_staff", referral_reason="Will not come out.")
    receipt = await wing.officer.post("mentees", body)
    assert set(receipt) == {"id", "status"}
    assert receipt["status"] == "referred"
    path = f"mentees/{receipt['id']}"
    for address in ("mentees", path, f"{path}/history"):
        await wing.officer.get(address, expect=403)
    await wing.officer.move(path, "triage", expect=403)
    assert (await wing.support_worker.get(path))["referral_reason"] == "Will not come out."


@pytest.mark.parametrize("referred_by", ["support_worker", "clinician"])
async def test_wing_staff_do_not_refer_in_anothers_name(wing: Wing, referred_by: str) -> None:
    body = referral((await wing.person())["id"], referred_by)
    refused = await wing.officer.post("mentees", body, expect=422)
    assert codes(refused) == ["not_yours"]


async def test_governors_do_not_refer(wing: Wing) -> None:
    await wing.governor.post("mentees", referral((await wing.person())["id"]), expect=403)


@pytest.mark.parametrize(
    "field",
    [{"risk_score": 7}, {"referred_by": "chaplain"}, {"agreed_line": "x" * 301}],
)
async def test_a_bad_referral_names_its_field(wing: Wing, field: dict[str, Any]) -> None:
    body = {**referral((await wing.person())["id"]), **field}
    refused = await wing.support_worker.post("mentees", body, expect=422)
    assert [error["field"] for error in refused["errors"]] == list(field)


async def test_a_referral_sent_twice_under_one_key_is_one(wing: Wing) -> None:
    body, key = referral((await wing.person())["id"]), {"Idempotency-Key": "referral-1"}
    first = await wing.officer.post("mentees", {**body, "referred_by": "self"}, headers=key)
    again = await wing.officer.post("mentees", {**body, "referred_by": "self"}, headers=key)
    assert again == first


# --- correcting ------------------------------------------------------------------------------


async def test_a_record_is_corrected_with_the_etag_that_was_read(wing: Wing) -> None:
    mentee = await wing.referred(referral_reason="Keeps to his cell.")
    path = f"mentees/{mentee['id']}"
    body = {"agreed_line": "Would like company."}
    await wing.support_worker.patch(path, body, expect=428, headers={})
    etag = (await wing.support_worker.request("GET", path)).headers["ETag"]
    changed = await wing.support_worker.patch(path, body, headers={"If-Match": etag})
    assert changed["agreed_line"] == "Would like company."
    assert changed["referral_reason"] == "Keeps to his cell."
    assert changed["version"] == mentee["version"] + 1
    await wing.clinician.patch(path, body, expect=412, headers={"If-Match": etag})


@pytest.mark.parametrize("field", ["status", "triage_by", "person_id", "permission_to_share_at"])
async def test_what_has_its_own_door_is_not_patched(wing: Wing, field: str) -> None:
    path = f"mentees/{(await wing.referred())['id']}"
    refused = await wing.support_worker.patch(path, {field: "engaged"}, expect=422)
    assert refused["errors"][0]["field"] == field


async def test_a_safety_need_that_appears_draws_triage_to_the_same_day(wing: Wing) -> None:
    mentee = await wing.referred()
    path = f"mentees/{mentee['id']}"
    drawn = await wing.support_worker.patch(path, {"safety_need": True})
    today = clock.spell(triage_due(clock.now(), LONDON, safety_need=True))
    assert drawn["triage_by"] == today
    back = await wing.support_worker.patch(path, {"safety_need": False})
    assert back["safety_need"] is False
    assert back["triage_by"] == today
    await wing.support_worker.patch(path, {"safety_need": None}, expect=422)


async def test_a_safety_need_after_triage_moves_no_deadline(wing: Wing) -> None:
    mentee = await wing.offered()
    changed = await wing.support_worker.patch(f"mentees/{mentee['id']}", {"safety_need": True})
    assert changed["triage_by"] == mentee["triage_by"]


# --- lists -----------------------------------------------------------------------------------


async def ids(caller: Caller, query: str = "") -> set[str]:
    return {item["id"] for item in (await caller.get(f"mentees?{query}"))["items"]}


async def test_mentees_are_filtered(wing: Wing) -> None:
    plain, urgent, waiting = (
        await wing.referred(),
        await wing.referred(safety_need=True),
        await wing.offered(),
    )
    assert await ids(wing.support_worker, "status=offered") == {waiting["id"]}
    assert await ids(wing.support_worker, "safety_need=true") == {urgent["id"]}
    assert await ids(wing.support_worker, f"person_id={plain['person_id']}") == {plain["id"]}
    assert await ids(wing.governor, "safety_need=false&status=referred") == {plain["id"]}


async def test_overdue_triages_are_found_and_those_in_triage_are_not(wing: Wing) -> None:
    late, triaged = await wing.referred(), await wing.offered()
    assert await ids(wing.support_worker, "triage_overdue=true") == set()
    clock.forward(days=12)
    new = await wing.referred()
    assert await ids(wing.support_worker, "triage_overdue=true") == {late["id"]}
    assert await ids(wing.support_worker, "triage_overdue=false") == {triaged["id"], new["id"]}


async def test_the_most_urgent_triage_comes_first_across_pages(wing: Wing) -> None:
    later, first = await wing.referred(), await wing.referred(safety_need=True)
    page = await wing.support_worker.get("mentees?sort=triage_by&limit=1")
    assert [item["id"] for item in page["items"]] == [first["id"]]
    rest = await wing.support_worker.get(f"mentees?sort=triage_by&limit=1&cursor={page['next']}")
    assert [item["id"] for item in rest["items"]] == [later["id"]]


# --- who sees what ---------------------------------------------------------------------------

STORY = {"referral_reason", "agreed_line", "permission_to_share_at", "welfare_checked_at"}


async def test_governors_see_the_course_and_not_the_story(wing: Wing) -> None:
    mentee = await wing.engaged(referral_reason="Keeps to his cell.", agreed_line="Company.")
    path = f"mentees/{mentee['id']}"
    await wing.support_worker.move(path, "paused", reason="unwell", note="He told me why.")
    shown = await wing.governor.get(path)
    assert STORY.isdisjoint(shown)
    assert shown["status"] == "paused"
    assert shown["moves"] == []
    history = (await wing.governor.get(f"{path}/history"))["items"]
    assert history[-1]["reason"] == "unwell"
    assert all("note" not in row for row in history)
    assert (await wing.clinician.get(f"{path}/history"))["items"][-1]["note"] == "He told me why."


async def test_a_mentor_sees_their_own_mentees_name_and_agreed_line(wing: Wing) -> None:
    mentor, stranger = await wing.active_mentor(), await wing.active_mentor()
    mentee = await wing.engaged(referral_reason="Keeps to his cell.", agreed_line="Company.")
    other = await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    path = f"mentees/{mentee['id']}"
    shown = await mentor.get(path)
    assert set(shown) == {"id", "display_name", "status", "agreed_line", "check_with_staff"}
    assert (shown["agreed_line"], shown["status"]) == ("Company.", "engaged")
    assert (await mentor.get("mentees"))["items"] == [shown]
    await mentor.get(f"mentees/{other['id']}", expect=404)
    await stranger.get(path, expect=404)
    assert (await stranger.get("mentees"))["items"] == []


async def test_why_a_mentee_cannot_be_met_is_one_word_to_their_mentor(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    path = f"mentees/{mentee['id']}"
    moves = [
        (wing.support_worker, "paused", "unwell"),
        (wing.clinician, "stepped_up", "clinical_care_needed"),
    ]
    for caller, to, reason in moves:
        await caller.move(path, to, reason=reason)
        assert (await mentor.get(path))["status"] == "unavailable"
        assert (await mentor.get("mentees"))["items"][0]["status"] == "unavailable"
    await mentor.get(f"{path}/history", expect=403)


@pytest.mark.parametrize(
    "query",
    [
        "status=stepped_up",
        "safety_need=true",
        "safety_need=false",
        "triage_overdue=true",
        "sort=triage_by",
        "sort=-triage_by",
        "person_id=0198c0de-0000-7000-8000-000000000001",
    ],
)
async def test_what_a_mentor_may_not_read_they_may_not_ask_for(wing: Wing, query: str) -> None:
    mentor = await wing.founder()
    refused = await mentor.get(f"mentees?{query}", expect=422)
    assert codes(refused) == ["extra_forbidden"]


async def test_a_mentors_view_carries_no_etag_that_tells_of_changes(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    reply = await mentor.request("GET", f"mentees/{mentee['id']}")
    assert "ETag" not in reply.headers


async def test_when_the_pairing_ends_the_mentee_is_no_longer_there(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    pairing = await wing.pairs(mentor, mentee["id"])
    await wing.support_worker.move(f"pairings/{pairing['id']}", "ended", reason="mentee_wish")
    await mentor.get(f"mentees/{mentee['id']}", expect=404)
    assert (await mentor.get("mentees"))["items"] == []


async def test_a_mentee_may_become_a_mentor_without_sight_of_their_own_file(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    own = await wing.support_worker.post("mentees", referral(str(mentor.person_id)))
    await mentor.get(f"mentees/{own['id']}", expect=404)
    assert (await mentor.get("mentees"))["items"] == []
