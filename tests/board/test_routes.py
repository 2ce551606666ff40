"""The board: what waits for whom, in order, and nothing that its reader may not see."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.audit import FLUSH_SECONDS
from app.models.board import BoardBand, BoardRule
from app.models.staff import Role, StaffRole
from app.services.board import RULES, end_of_day, rules_of
from app.services.working_days import LONDON
from tests.story import Caller, Wing

WORRY = {"subject_as_told": "the lad in the end cell", "account": "He gave his radio away."}


async def rules(caller: Caller, query: str = "") -> list[str]:
    return [item["rule"] for item in (await caller.get(f"board{query}"))["items"]]


async def item(caller: Caller, rule: str) -> Any:
    found = [each for each in (await caller.get("board"))["items"] if each["rule"] == rule]
    assert len(found) == 1, f"{rule}: {len(found)}"
    return found[0]


async def test_a_referral_waits_for_support_workers_with_its_time_and_rule(wing: Wing) -> None:
    mentee = await wing.referred(safety_need=True)
    shown = await item(wing.support_worker, "referral_to_triage")
    assert (shown["thing_noun"], shown["thing_id"]) == ("mentees", mentee["id"])
    assert shown["display_name"] == mentee["display_name"]
    assert shown["due_at"] == mentee["triage_by"]
    assert not shown["overdue"]
    assert shown["why"] == "A referral is to be triaged"
    clock.forward(days=2)
    assert (await item(wing.support_worker, "referral_to_triage"))["overdue"]
    await wing.support_worker.move(f"mentees/{mentee['id']}", "triage")
    assert "referral_to_triage" not in await rules(wing.support_worker)
    for caller in (wing.governor, wing.officer, wing.clinician):
        assert "referral_to_triage" not in await rules(caller)


async def test_what_falls_due_later_is_shown_when_asked_for(wing: Wing) -> None:
    await wing.referred()
    assert await rules(wing.support_worker, "?days_ahead=7") == ["referral_to_triage"]
    due_today = await rules(wing.support_worker)
    clock.forward(days=5)
    assert due_today in ([], ["referral_to_triage"])
    assert await rules(wing.support_worker) == ["referral_to_triage"]


async def test_a_life_comes_before_safety_and_safety_before_whoever_waits(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await wing.referred(safety_need=True)
    clock.forward(days=3)
    await mentor.post("concerns", {**WORRY, "immediacy": "today"})
    await mentor.post("concerns", {**WORRY, "immediacy": "right_now"})
    board = await wing.support_worker.get("board")
    bands = [each["band"] for each in board["items"]]
    assert bands == sorted(bands, key=[band.value for band in BoardBand].index)
    assert board["items"][0]["rule"] == "concern_now"
    assert board["total"] == len(board["items"])
    first = await wing.support_worker.get("board?limit=1")
    assert first["items"] == board["items"][:1]
    assert first["total"] == board["total"]


async def test_a_concern_goes_on_from_clock_to_clock_and_off_the_board(wing: Wing) -> None:
    raised = await wing.support_worker.post("concerns", {**WORRY, "immediacy": "can_wait_a_day"})
    path = f"concerns/{raised['id']}"
    clock.forward(hours=20)
    assert "concern_to_answer" in await rules(wing.clinician)
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    assert "concern_to_see" in await rules(wing.officer)
    await wing.officer.post(f"{path}/seen", {}, 200)
    clock.forward(days=2)
    assert "concern_to_decide" in await rules(wing.clinician)
    assert "concern_to_decide" not in await rules(wing.officer)
    decision = {"decision": "Seen daily.", "acct_decision": "not_opened", "acct_reason": "Calm."}
    await wing.clinician.post(f"{path}/decision", decision, 200)
    assert "concern_to_close" in await rules(wing.clinician)


async def test_a_concern_about_somebody_is_on_no_board_of_theirs(wing: Wing) -> None:
    accused = await wing.hires(StaffRole.governor)
    body = {"kind": "misconduct", "about_staff_id": str(accused.staff_id), **WORRY}
    before = (await accused.get("board"))["total"]
    await (await wing.active_mentor()).post("concerns", {**body, "immediacy": "right_now"})
    assert "concern_now" in await rules(wing.governor)
    assert (await accused.get("board"))["total"] == before
    for caller in (wing.support_worker, wing.clinician, wing.officer):
        assert "concern_now" not in await rules(caller)


async def test_an_application_waits_for_whoever_makes_the_next_move(wing: Wing) -> None:
    path = f"mentors/{(await wing.applicant())['id']}"
    assert await rules(wing.support_worker) == []
    await wing.support_worker.move(path, "submitted")
    assert await rules(wing.support_worker) == ["application_to_screen"]
    await wing.support_worker.move(path, "screened")
    assert await rules(wing.clinician) == ["application_to_interview"]


async def test_a_suspension_waits_for_the_governor_and_a_second_person_for_another(
    wing: Wing,
) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    await wing.support_worker.move(path, "suspended", reason="conduct")
    assert (await item(wing.governor, "suspension_to_review"))["band"] == "safety"
    await wing.governor.move(path, "released")
    await wing.governor.post(f"{path}/correction", expect=200)
    assert "end_to_correct" not in await rules(wing.governor)
    assert "end_to_correct" in await rules(wing.support_worker)


async def test_a_mentor_sees_their_own_day_and_no_person_by_id(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    mentee = await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    starts = clock.now() + timedelta(minutes=1)
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": clock.spell(starts),
        "ends_at": clock.spell(starts + timedelta(minutes=50)),
    }
    await wing.support_worker.post("sessions", body)
    shown = (await mentor.get("board?days_ahead=1"))["items"]
    assert [each["rule"] for each in shown] == ["session_today"]
    assert "person_id" not in shown[0]
    assert (await other.get("board?days_ahead=1"))["items"] == []


async def test_a_board_is_refused_to_those_without_one(wing: Wing) -> None:
    applicant = await wing.applicant()
    await wing.as_person(applicant["person_id"], applicant["id"]).get("board", expect=403)
    await wing.support_worker.get("board?limit=0", expect=422)
    await wing.support_worker.get("board?days_ahead=32", expect=422)
    await wing.support_worker.get("board?role=governor", expect=422)


async def test_the_board_is_a_look_at_every_record_on_it(wing: Wing) -> None:
    mentee = await wing.referred(safety_need=True)
    await wing.support_worker.get("board")
    await asyncio.sleep(2 * FLUSH_SECONDS)
    [look] = (await wing.governor.get("audit?operation=read_board"))["items"]
    assert (look["act"], look["ids"]) == ("listed", [mentee["id"]])
    assert look["subject"] == wing.support_worker.subject


def test_every_rule_is_somebodys_and_every_role_has_some() -> None:
    assert {rule.rule for rule in RULES} == set(BoardRule)
    staff = [Role(role.value) for role in StaffRole]
    assert all(rules_of(role) for role in [*staff, Role.mentor])
    assert not rules_of(Role.applicant)
    assert not rules_of(Role.machine)


@pytest.mark.parametrize(
    ("now", "ahead", "end"),
    [
        ("2026-11-23T23:30:00+00:00", 0, "2026-11-24T00:00:00+00:00"),
        ("2026-03-28T12:00:00+00:00", 0, "2026-03-29T00:00:00+00:00"),
        ("2026-03-29T12:00:00+00:00", 0, "2026-03-29T23:00:00+00:00"),
        ("2026-10-24T12:00:00+00:00", 1, "2026-10-26T00:00:00+00:00"),
        ("2026-07-01T23:30:00+00:00", 0, "2026-07-02T23:00:00+00:00"),
    ],
)
def test_the_day_ends_at_the_prisons_midnight(now: str, ahead: int, end: str) -> None:
    found = end_of_day(datetime.fromisoformat(now), LONDON, ahead)
    assert found.isoformat() == end
