"""What a mentor is told of a mentee, and what a mentee is told of confidentiality."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.integrations.prison.synthetic import document
from app.services.explanations import Version, in_force, versions
from tests.mentees.test_routes import codes
from tests.story import Caller, Wing


def at(**ahead: float) -> str:
    return clock.spell(clock.now() + timedelta(**ahead))


# --- check with staff first ------------------------------------------------------------------


def plan(mentor: Caller, mentee: Any, hours: float) -> dict[str, Any]:
    """An hour of the mentor with the mentee, so many hours from now."""
    return {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": at(hours=hours),
        "ends_at": at(hours=hours + 1),
    }


async def settled(wing: Wing) -> tuple[Caller, Any]:
    """A pair that has known each other for a while and met today."""
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    clock.forward(days=8)
    await wing.support_worker.post("sessions/held", plan(mentor, mentee, -2))
    return mentor, mentee


async def checks_first(mentor: Caller, mentee: Any) -> bool:
    """What the mentor sees, the same in his list and for the one mentee."""
    shown = await mentor.get(f"mentees/{mentee['id']}")
    assert shown in (await mentor.get("mentees"))["items"]
    answer: bool = shown["check_with_staff"]
    return answer


async def put_on_acct(wing: Wing, mentor: Caller, mentee: Any) -> None:
    body = {"person_id": mentee["person_id"], "opened_on": str(clock.now().date())}
    await wing.clinician.post("acct-pointers", body)


async def just_off_acct(wing: Wing, mentor: Caller, mentee: Any) -> None:
    body = {"person_id": mentee["person_id"], "opened_on": str(clock.now().date())}
    made = await wing.clinician.post("acct-pointers", body)
    path = f"acct-pointers/{made['id']}"
    await wing.clinician.move(path, "post_closure", reason="care_plan_completed")


async def marked(wing: Wing, mentor: Caller, mentee: Any) -> None:
    path = f"mentees/{mentee['id']}/check-first"
    await wing.clinician.put(path, {"until": at(days=2)})


async def back_from_a_pause(wing: Wing, mentor: Caller, mentee: Any) -> None:
    path = f"mentees/{mentee['id']}"
    await wing.support_worker.move(path, "paused", reason="own_wish")
    await wing.checks(mentee["id"], "compatibility")
    await wing.support_worker.move(path, "engaged")


async def back_from_court(wing: Wing, mentor: Caller, mentee: Any) -> None:
    person = await wing.support_worker.get(f"people/{mentee['person_id']}")
    names = {"firstName": person["first_name"], "lastName": person["last_name"]}
    row = {**document(0, prison_id=wing.prison_id), **names, "prisonerNumber": person["number"]}
    for status in ("OUT", "IN"):
        await wing.support_worker.post("people/import", {**row, "inOutStatus": status})


async def called_off(wing: Wing, mentor: Caller, mentee: Any) -> None:
    session = await wing.support_worker.post("sessions", plan(mentor, mentee, 3))
    reason = {"reason": "mentor_unavailable"}
    await wing.support_worker.move(f"sessions/{session['id']}", "cancelled", **reason)


async def a_week_without_meeting(wing: Wing, mentor: Caller, mentee: Any) -> None:
    clock.forward(days=7)


async def paired_anew(wing: Wing, mentor: Caller, mentee: Any) -> None:
    [pairing] = (await mentor.get("pairings"))["items"]
    path = f"pairings/{pairing['id']}"
    await wing.support_worker.move(path, "ended", reason="other")
    await wing.pairs(mentor, mentee["id"])


Cause = Callable[[Wing, Caller, Any], Awaitable[None]]
CAUSES: list[Cause] = [
    put_on_acct,
    just_off_acct,
    marked,
    back_from_a_pause,
    back_from_court,
    called_off,
    a_week_without_meeting,
    paired_anew,
]


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.__name__)
async def test_an_acct_and_harmless_causes_look_the_same_to_the_mentor(
    wing: Wing, cause: Cause
) -> None:
    mentor, mentee = await settled(wing)
    path = f"mentees/{mentee['id']}"
    before = await mentor.get(path)
    assert await checks_first(mentor, mentee) is False
    await cause(wing, mentor, mentee)
    assert await checks_first(mentor, mentee) is True
    assert await mentor.get(path) == {**before, "check_with_staff": True}
    reply = await mentor.request("GET", path)
    assert "ETag" not in reply.headers


async def test_it_is_true_from_the_start_and_ends_with_its_cause(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    assert await checks_first(mentor, mentee) is True
    clock.forward(days=8)
    await wing.support_worker.post("sessions/held", plan(mentor, mentee, -2))
    assert await checks_first(mentor, mentee) is False
    await marked(wing, mentor, mentee)
    clock.forward(days=2, minutes=1)
    assert await checks_first(mentor, mentee) is False


async def test_an_ended_acct_asks_for_nothing(wing: Wing) -> None:
    mentor, mentee = await settled(wing)
    await just_off_acct(wing, mentor, mentee)
    [pointer] = (await wing.clinician.get("acct-pointers"))["items"]
    path = f"acct-pointers/{pointer['id']}"
    await wing.clinician.move(path, "closed", reason="post_closure_completed")
    assert await checks_first(mentor, mentee) is False


async def test_an_acct_of_another_man_says_nothing_of_this_one(wing: Wing) -> None:
    mentor, mentee = await settled(wing)
    await put_on_acct(wing, mentor, await wing.referred())
    assert await checks_first(mentor, mentee) is False


async def test_what_another_mentor_calls_off_is_not_this_ones(wing: Wing) -> None:
    mentor, mentee = await settled(wing)
    other = await wing.active_mentor()
    await called_off(wing, other, mentee)
    assert await checks_first(mentor, mentee) is False


async def test_staff_mark_a_mentee_without_a_reason_and_take_it_back(wing: Wing) -> None:
    mentor, mentee = await settled(wing)
    path = f"mentees/{mentee['id']}"
    until = at(days=3)
    shown = await wing.support_worker.put(f"{path}/check-first", {"until": until})
    assert shown["check_first_until"] == until
    last = (await wing.clinician.get(f"{path}/history"))["items"][-1]
    assert (last["reason"], last["note"]) == ("check_first_set", None)
    shown = await wing.clinician.put(f"{path}/check-first", {"until": None})
    assert shown["check_first_until"] is None
    assert await checks_first(mentor, mentee) is False
    for caller in (mentor, wing.governor, wing.officer):
        await caller.put(f"{path}/check-first", {"until": until}, 403)
    await wing.clinician.put(f"{path}/check-first", {"until": until}, 428, headers={})
    refused = await wing.clinician.put(f"{path}/check-first", {"until": until, "why": "x"}, 422)
    assert refused["errors"][0]["field"] == "why"


@pytest.mark.parametrize("days", [-1, 29])
async def test_a_mark_lies_ahead_and_is_not_for_ever(wing: Wing, days: int) -> None:
    path = f"mentees/{(await wing.referred())['id']}/check-first"
    assert codes(await wing.clinician.put(path, {"until": at(days=days)}, 422)) == ["until"]


# --- the one word ----------------------------------------------------------------------------


async def test_a_mentor_cannot_tell_an_acct_from_none_when_he_books_and_looks(wing: Wing) -> None:
    mentor, mentee = await settled(wing)
    first = await mentor.post("sessions", plan(mentor, mentee, 3))
    await put_on_acct(wing, mentor, mentee)
    second = await mentor.post("sessions", plan(mentor, mentee, 5))
    for session in (first, second):
        session["moves"] = [(move["to"], move["allowed"]) for move in session["moves"]]
        [part] = session.pop("participations")
        session["part"] = (part["status"], part["display_name"])
    telling = ("id", "recorded_at", "starts_at", "ends_at")
    alike = [{name: each[name] for name in each if name not in telling} for each in (first, second)]
    assert alike[0] == alike[1]
    listed = (await mentor.get("sessions"))["items"]
    assert [set(row) for row in listed] == [set(listed[0])] * len(listed)


async def test_out_of_reach_for_any_cause_is_the_same_word_in_every_refusal(wing: Wing) -> None:
    """Paused, stepped up, on an ACCT besides, or taken elsewhere: one answer."""
    mentor, answers = await wing.active_mentor(), []
    causes = ("paused", "stepped_up", "acct", "taken")
    for cause in causes:
        mentee = await wing.engaged()
        await wing.pairs(mentor, mentee["id"])
        path = f"mentees/{mentee['id']}"
        if cause == "acct":
            await put_on_acct(wing, mentor, mentee)
        if cause == "stepped_up":
            await wing.clinician.move(path, "stepped_up", reason="clinical_care_needed")
        elif cause == "taken":
            other = await wing.active_mentor()
            await wing.support_worker.post("sessions", plan(other, mentee, 3))
        else:
            await wing.support_worker.move(path, "paused", reason="unwell")
        refused = await mentor.post("sessions", plan(mentor, mentee, 3), 409)
        answers.append({name: refused[name] for name in refused if name != "instance"})
    assert answers == [answers[0]] * len(causes)
    assert answers[0]["clashes"] == [{"kind": "unavailable", "detail": "unavailable"}]
    assert [error["code"] for error in answers[0]["errors"]] == ["unavailable"]


# --- the explanation of confidentiality ------------------------------------------------------


def explanation(**fields: Any) -> dict[str, Any]:
    return {
        "explained_at": at(),
        "explained_version": "2026-1",
        "explained_language": "Welsh",
        "understood": True,
        **fields,
    }


async def test_everyone_reads_what_people_are_told_newest_first(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    found = (await mentor.get("/v1/reference/explanations"))["items"]
    assert [(each["version"], each["current"]) for each in found] == [
        ("2026-1", True),
        ("2025-1", False),
    ]
    for each in found:
        assert {text["language"] for text in each["texts"]} == {"English", "Welsh"}
        assert all(text["text"] and text["easy_read"] for text in each["texts"])
    assert (await wing.officer.get("/v1/reference/explanations"))["items"] == found


def test_the_version_in_force_is_the_newest_that_holds() -> None:
    known = [Version(name, date(year, 6, 1), {}) for name, year in (("a", 2026), ("b", 2027))]
    assert in_force(known, date(2026, 5, 31)) is None
    assert in_force(known, date(2027, 5, 31)) == "a"
    assert in_force(known, date(2027, 6, 1)) == "b"


def test_the_version_in_force_says_what_must_be_told_and_how_to_take_it_back() -> None:
    today = datetime.now(UTC).date()
    [current] = [each for each in versions() if each.version == in_force(versions(), today)]
    words = current.texts["English"].text
    for promise in (
        "stays between us",
        "harm yourself",
        "security",
        "Who sees what",
        "take it back",
    ):
        assert promise in words
    for text in current.texts.values():
        assert max(len(line.split()) for line in text.easy_read.splitlines()) <= 16


@pytest.mark.parametrize(
    ("field", "value"), [("explained_version", "2019-9"), ("explained_language", "Klingon")]
)
async def test_consent_to_an_unknown_explanation_is_refused(
    wing: Wing, field: str, value: str
) -> None:
    path = f"mentees/{(await wing.offered())['id']}"
    body = {**explanation(), "permission_to_share_at": at(), field: value}
    refused = await wing.support_worker.put(f"{path}/consent", body, 422)
    assert [(error["field"], error["code"]) for error in refused["errors"]] == [(field, "unknown")]
    assert (await wing.support_worker.get(path))["permission_to_share_at"] is None
    assert (await wing.support_worker.get("permissions"))["items"] == []


async def test_every_explanation_given_is_kept(wing: Wing) -> None:
    path = f"mentees/{(await wing.offered())['id']}"
    nothing = await wing.support_worker.get(path)
    assert (nothing["explanation_current"], nothing["explained_version"]) == (False, None)
    old = explanation(explained_version="2025-1", permission_to_share_at=at())
    shown = await wing.support_worker.put(f"{path}/consent", old)
    assert (shown["explanation_current"], shown["explained_version"]) == (False, "2025-1")
    clock.forward(hours=1)
    given = await wing.nurse.post(f"{path}/explanations", explanation(understood=False))
    assert given["explained_by"] == str(wing.nurse.staff_id)
    shown = await wing.support_worker.get(path)
    assert (shown["explanation_current"], shown["explained_version"]) == (False, "2025-1")
    clock.forward(hours=1)
    await wing.clinician.post(f"{path}/explanations", explanation())
    shown = await wing.support_worker.get(path)
    assert (shown["explanation_current"], shown["explained_language"]) == (True, "Welsh")
    kept = (await wing.clinician.get(f"{path}/explanations"))["items"]
    assert [(each["explained_version"], each["understood"]) for each in kept] == [
        ("2025-1", True),
        ("2026-1", False),
        ("2026-1", True),
    ]


async def test_only_those_who_support_see_and_record_explanations(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    path = f"mentees/{mentee['id']}/explanations"
    for caller in (mentor, wing.governor, wing.officer):
        await caller.get(path, 403)
        await caller.post(path, explanation(), 403)


async def test_an_explanation_is_not_given_in_the_future(wing: Wing) -> None:
    path = f"mentees/{(await wing.offered())['id']}/explanations"
    refused = await wing.clinician.post(path, explanation(explained_at=at(days=1)), 422)
    assert codes(refused) == ["in_the_future"]


async def test_a_mentor_hears_it_with_the_agreement(wing: Wing) -> None:
    mentor = await wing.approved()
    path = f"mentors/{mentor['id']}/agreement"
    signed = {"signed_at": at(), "explained_version": "2026-1", "explained_language": "English"}
    await wing.support_worker.put(path, {**signed, "explained_version": "x"}, 422)
    await wing.support_worker.put(path, {**signed, "explained_language": None}, 422)
    await wing.support_worker.put(path, signed)
    own = await wing.support_worker.post(
        "mentees", {"person_id": mentor["person_id"], "referred_by": "support_worker"}
    )
    kept = (await wing.support_worker.get(f"mentees/{own['id']}/explanations"))["items"]
    assert [each["explained_version"] for each in kept] == ["2026-1"]
