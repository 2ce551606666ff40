"""Questionnaires over HTTP: what is kept, what is refused, and who reads it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock, worker
from tests.story import Caller, Wing

GAD7 = {
    "nervous": 2,
    "control_worry": 1,
    "worry_much": 2,
    "relax": 1,
    "restless": 0,
    "irritable": 1,
    "afraid": 3,
}
PHQ9 = dict.fromkeys(
    ("interest", "down", "sleep", "energy", "appetite", "failure", "concentration"), 1
) | {"slow_or_restless": 0, "better_off_dead": 0}
SURVEY = {
    "ever_self_harm": "yes",
    "current_self_harm": "no",
    "suicidal_thoughts": "yes",
    "suicide_attempt": "declined",
}


def asked(mentee: Any, instrument: str = "gad7", **fields: Any) -> dict[str, Any]:
    answers = {"gad7": GAD7, "phq9": PHQ9, "survey": SURVEY}.get(instrument)
    body = {"mentee_id": mentee["id"], "instrument": instrument, "occasion": "baseline"}
    return body | ({"answers": answers} if answers else {}) | fields


def fields(refused: Any) -> list[tuple[str, str]]:
    return [(each["field"], each["code"]) for each in refused["errors"]]


async def ids(caller: Caller, query: str = "") -> list[str]:
    return [item["id"] for item in (await caller.get(f"questionnaires{query}"))["items"]]


# --- kept --------------------------------------------------------------------------------------


async def test_a_clinician_records_what_was_answered_and_the_total_is_worked_out(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    made = await wing.clinician.post("questionnaires", asked(mentee))
    assert (made["total"], made["unanswered"], made["prorated"]) == (10.0, 0, False)
    assert (made["is_case"], made["change"], made["needs_review"]) == (True, None, False)
    assert (made["instrument_version"], made["result"]) == (1, "answered")
    assert made["answers"] == GAD7
    assert await wing.nurse.get(f"questionnaires/{made['id']}") == made
    assert await ids(wing.nurse, f"?mentee_id={mentee['id']}") == [made["id"]]
    assert await ids(wing.nurse, "?instrument=phq9") == []


async def test_a_follow_up_is_read_beside_its_baseline(wing: Wing) -> None:
    mentee = await wing.engaged()
    first = await wing.clinician.post("questionnaires", asked(mentee))
    clock.forward(days=84)
    better = {**GAD7, "afraid": 0, "nervous": 1}
    body = asked(mentee, occasion="follow_up", answers=better)
    made = await wing.clinician.post("questionnaires", body)
    assert made["change"] == {
        "baseline_id": first["id"],
        "first": 10.0,
        "difference": -4.0,
        "reliable": "improved",
    }
    assert made["is_case"] is False


async def test_what_is_left_out_is_made_up_for_within_what_the_questionnaire_allows(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    some = {name: GAD7[name] for name in list(GAD7)[2:]}
    made = await wing.clinician.post("questionnaires", asked(mentee, answers=some))
    assert (made["total"], made["unanswered"], made["prorated"]) == (10.0, 2, True)
    few = asked(mentee, "core10", answers={"tense": 4})
    made = await wing.clinician.post("questionnaires", few)
    assert (made["total"], made["unanswered"], made["prorated"]) == (None, 9, False)


async def test_why_there_is_no_answer_is_kept_apart(wing: Wing) -> None:
    mentee = await wing.engaged()
    for instrument, result in (("gad7", "declined"), ("phq9", "not_asked"), ("ons4", "unknown")):
        body = asked(mentee, instrument, result=result)
        body.pop("answers", None)
        made = await wing.clinician.post("questionnaires", body)
        assert (made["result"], made["answers"], made["total"]) == (result, None, None)


async def test_of_a_licensed_one_the_total_alone_is_kept(wing: Wing) -> None:
    mentee = await wing.engaged()
    made = await wing.clinician.post("questionnaires", asked(mentee, "swemwbs", total=21.54))
    assert (made["total"], made["answers"]) == (21.54, None)
    refused = asked(mentee, "reqol10", total=20, answers={"one": 1})
    answer = await wing.clinician.post("questionnaires", refused, expect=422)
    assert fields(answer) == [("answers", "not_kept")]
    too_much = asked(mentee, "reqol10", total=41)
    answer = await wing.clinician.post("questionnaires", too_much, expect=422)
    assert fields(answer) == [("total", "out_of_range")]


async def test_what_was_entered_in_error_stays_and_counts_no_more(wing: Wing) -> None:
    mentee = await wing.engaged()
    made = await wing.clinician.post("questionnaires", asked(mentee))
    await wing.clinician.post("questionnaires", asked(mentee), expect=409)
    path = f"questionnaires/{made['id']}"
    await wing.clinician.move(path, "entered_in_error", expect=422)
    moved = await wing.clinician.move(path, "entered_in_error", reason="other_person")
    assert moved["moves"] == []
    again = await wing.clinician.post("questionnaires", asked(mentee))
    assert await ids(wing.clinician) == [again["id"], made["id"]]
    history = (await wing.clinician.get(f"{path}/history"))["items"]
    assert [each["to_state"] for each in history] == ["recorded", "entered_in_error"]


async def test_the_same_key_records_it_once(wing: Wing) -> None:
    mentee = await wing.engaged()
    headers = {"Idempotency-Key": "sheet-7"}
    body = asked(mentee, occasion="follow_up")
    first = await wing.clinician.post("questionnaires", body, headers=headers)
    assert await wing.clinician.post("questionnaires", body, headers=headers) == first
    assert await ids(wing.clinician) == [first["id"]]


# --- refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "change", "expected"),
    [
        ("gad7", {"answers": {**GAD7, "afraid": 4}}, ("answers.afraid", "out_of_range")),
        ("gad7", {"answers": {**GAD7, "afraid": -1}}, ("answers.afraid", "out_of_range")),
        ("gad7", {"answers": {**GAD7, "afraid": "often"}}, ("answers.afraid", "out_of_range")),
        ("gad7", {"answers": {**GAD7, "mood": 1}}, ("answers", "unknown_question")),
        ("gad7", {"answers": {}}, ("answers", "missing")),
        ("gad7", {"answers": None}, ("answers", "missing")),
        ("gad7", {"total": 10}, ("total", "not_kept")),
        ("gad7", {"result": "declined"}, ("answers", "not_kept")),
        ("gad7", {"instrument_version": 2}, ("instrument_version", "unknown")),
        ("swemwbs", {}, ("total", "missing")),
        (
            "survey",
            {"answers": {**SURVEY, "ever_self_harm": "no", "current_self_harm": "yes"}},
            ("answers.current_self_harm", "without_ever"),
        ),
        (
            "survey",
            {"answers": {**SURVEY, "self_harm_change": "stopped"}},
            ("answers.self_harm_change", "not_asked_then"),
        ),
        (
            "survey",
            {"answers": {**SURVEY, "suicidal_thoughts": "sometimes"}},
            ("answers.suicidal_thoughts", "out_of_range"),
        ),
        (
            "survey",
            {"answers": {"suicidal_thoughts": 1}},
            ("answers.suicidal_thoughts", "out_of_range"),
        ),
        ("gad7", {"asked_on": "2099-01-01"}, ("asked_on", "in_order")),
        ("gad7", {"asked_on": "2001-01-01"}, ("asked_on", "in_order")),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    wing: Wing, instrument: str, change: dict[str, Any], expected: tuple[str, str]
) -> None:
    mentee = await wing.engaged()
    body = asked(mentee, instrument, **change)
    refused = await wing.clinician.post("questionnaires", body, expect=422)
    assert fields(refused) == [expected]
    assert await ids(wing.clinician) == []


async def test_a_follow_up_is_not_before_its_baseline(wing: Wing) -> None:
    mentee = await wing.engaged()
    clock.forward(days=30)
    await wing.clinician.post("questionnaires", asked(mentee))
    before = str((clock.now() - timedelta(days=2)).date())
    body = asked(mentee, occasion="follow_up", asked_on=before)
    refused = await wing.clinician.post("questionnaires", body, expect=422)
    assert fields(refused) == [("asked_on", "before_baseline")]


async def test_a_question_that_nobody_knows_is_not_said_back(wing: Wing) -> None:
    mentee = await wing.engaged()
    body = asked(mentee, answers={"Danny hurt himself": 1})
    refused = await wing.clinician.post("questionnaires", body, expect=422)
    assert "Danny" not in str(refused)


# --- a person looks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "answers"),
    [("phq9", {**PHQ9, "better_off_dead": 1}), ("core10", {"plans_to_end_life": 1})],
)
async def test_an_answer_of_harm_opens_a_task_for_a_clinician_and_for_nobody_else(
    wing: Wing, instrument: str, answers: dict[str, int]
) -> None:
    mentee = await wing.engaged()
    made = await wing.clinician.post("questionnaires", asked(mentee, instrument, answers=answers))
    assert made["needs_review"] is True
    query = "tasks?kind=answer_review"
    (task,) = (await wing.clinician.get(query))["items"]
    assert (task["thing_noun"], task["thing_id"]) == ("questionnaires", made["id"])
    assert task["person_id"] == mentee["person_id"]
    for other in (wing.governor, wing.support_worker, wing.officer):
        assert (await other.get(query))["items"] == []
        await other.get(f"tasks/{task['id']}", expect=404)
    path = f"tasks/{task['id']}"
    await wing.clinician.move(path, "done", expect=422)
    await wing.clinician.move(path, "done", note="Seen at once; safe, and has a plan.")
    entries = (await wing.governor.get("audit"))["items"]
    told = [each for each in entries if task["id"] in each["ids"]]
    assert {each["act"] for each in told} == {"refused"}, "their own attempts only"
    assert {each["subject"] for each in told} == {wing.governor.subject}


async def test_however_long_nobody_looks_no_governor_is_paged_about_it(wing: Wing) -> None:
    mentee = await wing.engaged()
    answers = {**PHQ9, "better_off_dead": 3}
    await wing.clinician.post("questionnaires", asked(mentee, "phq9", answers=answers))
    paged = set()
    for _ in range(12):
        clock.forward(hours=5)
        await worker.sweep(wing.db, wing.prison_id)
        for who in (wing.clinician, wing.nurse, wing.governor, wing.support_worker):
            told = (await who.get("notifications"))["items"]
            if any(each["task_id"] for each in told):
                paged.add(who.subject)
    assert wing.clinician.subject in paged
    assert not paged & {wing.governor.subject, wing.support_worker.subject}


async def test_no_total_however_high_asks_for_a_person(wing: Wing) -> None:
    mentee = await wing.engaged()
    highest = dict.fromkeys(PHQ9, 3) | {"better_off_dead": 0}
    made = await wing.clinician.post("questionnaires", asked(mentee, "phq9", answers=highest))
    assert (made["total"], made["needs_review"]) == (24.0, False)
    assert (await wing.clinician.get("tasks?kind=answer_review"))["items"] == []


# --- who reads it ------------------------------------------------------------------------------


async def test_a_support_worker_reads_totals_that_are_shared_and_nothing_else(wing: Wing) -> None:
    mentee = await wing.engaged()
    kept = await wing.clinician.post("questionnaires", asked(mentee))
    shared = await wing.clinician.post("questionnaires", asked(mentee, "phq9", share_total=True))
    unsummed = asked(mentee, "survey", share_total=True)
    await wing.clinician.post("questionnaires", unsummed)
    (row,) = (await wing.support_worker.get("questionnaires"))["items"]
    plain = {"id", "recorded_at", "version", "mentee_id", "instrument", "instrument_version"}
    assert set(row) == plain | {"occasion", "asked_on", "total"}
    assert (row["id"], row["total"]) == (shared["id"], 7.0)
    assert set(await wing.support_worker.get(f"questionnaires/{shared['id']}")) == set(row)
    await wing.support_worker.get(f"questionnaires/{kept['id']}", expect=404)
    await wing.clinician.patch(f"questionnaires/{shared['id']}", {"share_total": False})
    await wing.support_worker.get(f"questionnaires/{shared['id']}", expect=404)
    assert await ids(wing.support_worker) == []


async def test_nobody_else_reads_or_records_any(wing: Wing) -> None:
    mentee = await wing.engaged()
    made = await wing.clinician.post("questionnaires", asked(mentee, share_total=True))
    mentor = await wing.active_mentor()
    own = wing.as_person(mentee["person_id"])
    for caller in (wing.governor, wing.officer, own, mentor):
        await caller.get("questionnaires", expect=403)
        await caller.get(f"questionnaires/{made['id']}", expect=403)
        await caller.post("questionnaires", asked(mentee, "phq9"), expect=403)
        await caller.get("questionnaires/due", expect=403)
    await wing.support_worker.post("questionnaires", asked(mentee, "phq9"), expect=403)
    await wing.support_worker.get("questionnaires/due", expect=403)
    path = f"questionnaires/{made['id']}"
    await wing.support_worker.patch(path, {"share_total": False}, expect=403)
    await wing.support_worker.get(f"{path}/history", expect=403)


# --- what comes next ---------------------------------------------------------------------------


async def test_what_is_due_is_listed_until_it_was_asked(wing: Wing) -> None:
    mentee = await wing.engaged()

    async def due() -> list[tuple[str, str, bool]]:
        rows = (await wing.clinician.get("questionnaires/due"))["items"]
        assert {each["mentee_id"] for each in rows} <= {mentee["id"]}
        return [(each["instrument"], each["occasion"], each["overdue"]) for each in rows]

    every = ("gad7", "phq9", "survey")
    assert await due() == [(each, "baseline", False) for each in every]
    clock.forward(days=15)
    assert await due() == [(each, "baseline", True) for each in every]
    await wing.clinician.post("questionnaires", asked(mentee))
    declined = asked(mentee, "phq9", result="declined", answers=None)
    await wing.clinician.post("questionnaires", declined)
    assert await due() == [
        ("survey", "baseline", True),
        ("gad7", "follow_up", False),
    ]
    clock.forward(days=85)
    assert ("gad7", "follow_up", True) in await due()
    await wing.clinician.post("questionnaires", asked(mentee, occasion="follow_up"))
    assert [each for each, *_ in await due()] == ["survey"]


async def test_everybody_may_read_what_is_asked(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    found = (await mentor.request("GET", "/v1/reference/questionnaires")).json()["items"]
    named = {each["instrument"]: each for each in found}
    assert len(named["phq9"]["questions"]) == 9
    assert named["phq9"]["total_most"] == 27
    assert named["core10"]["case_at"] == 11
    assert (named["ons4"]["least"], named["ons4"]["most"], named["ons4"]["total_most"]) == (
        0,
        10,
        None,
    )
    assert named["swemwbs"]["questions"] == []


async def test_no_word_of_an_answer_that_is_none_is_said_back(wing: Wing) -> None:
    mentee = await wing.engaged()
    for odd in ([], {}, None, True, 1.5, "Danny"):
        body = asked(mentee, answers={"Danny hurt himself": odd})
        refused = await wing.clinician.post("questionnaires", body, expect=422)
        assert "Danny" not in str(refused), odd


async def test_two_baselines_at_once_are_one(wing: Wing) -> None:
    mentee = await wing.engaged()
    answers = await asyncio.gather(
        *[wing.clinician.request("POST", "questionnaires", json=asked(mentee)) for _ in range(4)]
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
