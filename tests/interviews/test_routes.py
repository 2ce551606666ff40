"""Interviews over HTTP: each interviewer their own, once a round, in confidence."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.story import Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


def interview(mentor_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "mentor_id": mentor_id,
        "held_at": clock.spell(clock.now()),
        "recommendation": "recommended",
        "notes": "Has thought about it.",
        **fields,
    }


async def screened(wing: Wing) -> str:
    """The id of an application that was screened."""
    mentor = await wing.applicant()
    for to in ("submitted", "screened"):
        await wing.support_worker.move(f"mentors/{mentor['id']}", to)
    return str(mentor["id"])


async def test_an_applicant_is_interviewed_when_both_have_recorded_theirs(wing: Wing) -> None:
    mentor_id = await screened(wing)
    path = f"mentors/{mentor_id}"
    await wing.interviews(mentor_id, wing.support_worker)
    another = await wing.hires(StaffRole.support_worker)
    await wing.interviews(mentor_id, another)
    refused = await wing.clinician.move(path, "interviewed", expect=409)
    assert codes(refused) == ["interviewed_by_both"]
    assert "a clinician" in refused["detail"]
    (made,) = await wing.interviews(mentor_id, wing.nurse)
    assert made["interviewer"] == "clinician"
    assert (await wing.clinician.move(path, "interviewed"))["status"] == "interviewed"


async def test_nobody_interviews_twice_in_one_round(wing: Wing) -> None:
    mentor_id = await screened(wing)
    body = interview(mentor_id)
    answers = await asyncio.gather(
        *[wing.clinician.request("POST", "interviews", json=body) for _ in range(3)]
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409]


async def test_a_change_of_post_makes_nobody_two_people(wing: Wing) -> None:
    """Whoever interviewed as a support worker does not do so again as a clinician."""
    mentor_id = await screened(wing)
    moved = await wing.hires(StaffRole.support_worker, "moves.on")
    await wing.interviews(mentor_id, moved)
    await wing.governor.patch(f"staff/{moved.staff_id}", {"role": "clinician"})
    moved.token = wing.issuer.issue(moved.subject, ["clinician"], [wing.prison_id])
    body = interview(mentor_id)
    assert (await moved.post("interviews", body, expect=409))["code"] == "already_exists"


async def test_governors_neither_interview_nor_read_the_notes(wing: Wing) -> None:
    mentor_id = await screened(wing)
    made, _ = await wing.interviews(mentor_id)
    refused = await wing.governor.post("interviews", interview(mentor_id), expect=403)
    assert refused["code"] == "not_allowed"
    shown = await wing.governor.get(f"interviews/{made['id']}")
    assert shown["recommendation"] == "recommended"
    assert shown["staff_id"] == str(wing.support_worker.staff_id)
    assert {"notes", "disclosure", "version"}.isdisjoint(shown)
    rows = (await wing.governor.get(f"interviews?mentor_id={mentor_id}"))["items"]
    assert len(rows) == 2
    assert all({"notes", "disclosure", "version"}.isdisjoint(row) for row in rows)
    await wing.governor.get(f"interviews/{made['id']}/versions", expect=403)


async def test_those_who_care_read_each_others_notes(wing: Wing) -> None:
    mentor_id = await screened(wing)
    made, _ = await wing.interviews(mentor_id, notes="Laughs easily.")
    for caller in (wing.clinician, wing.nurse, wing.support_worker):
        assert (await caller.get(f"interviews/{made['id']}"))["notes"] == "Laughs easily."
        rows = (await caller.get("interviews"))["items"]
        assert all("notes" not in row for row in rows)


async def test_no_applicant_mentor_or_officer_reads_or_records_one(wing: Wing) -> None:
    mentor_id = await screened(wing)
    made, _ = await wing.interviews(mentor_id)
    applied = await wing.support_worker.get(f"mentors/{mentor_id}")
    mentor = await wing.active_mentor()
    for caller in (wing.as_person(applied["person_id"]), mentor, wing.officer):
        for path in ("interviews", f"interviews/{made['id']}"):
            await caller.get(path, expect=403)
        body = interview(mentor_id)
        await caller.post("interviews", body, expect=403)


async def test_an_interview_is_its_interviewers_to_put_right(wing: Wing) -> None:
    mentor_id = await screened(wing)
    _, made = await wing.interviews(mentor_id)
    path = f"interviews/{made['id']}"
    right = {
        "held_at": made["held_at"],
        "recommendation": "recommended_with_support",
        "notes": "Needs somebody near.",
    }
    refused = await wing.nurse.put(path, right, expect=403)
    assert refused["code"] == "interview_not_yours"
    changed = await wing.clinician.put(path, right)
    assert changed["recommendation"] == "recommended_with_support"
    versions = (await wing.support_worker.get(f"{path}/versions"))["items"]
    assert [each["text"] for each in versions][-1] == "Needs somebody near."
    assert len(versions) == 2


async def test_an_appeal_is_a_round_of_its_own(wing: Wing) -> None:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    await wing.before_the_governor(mentor["id"])
    await wing.governor.move(path, "declined", reason="not_suitable_now")
    body = interview(mentor["id"])
    refused = await wing.clinician.post("interviews", body, expect=409)
    assert refused["code"] == "not_in_application"
    await wing.support_worker.move(path, "appealed")
    made = await wing.clinician.post("interviews", body)
    assert made["on_appeal"] is True
    await wing.clinician.post("interviews", body, expect=409)
    (first,) = [
        row
        for row in (await wing.clinician.get("interviews"))["items"]
        if row["interviewer"] == "clinician" and not row["on_appeal"]
    ]
    right = {name: body[name] for name in ("held_at", "recommendation", "notes")}
    refused = await wing.clinician.put(f"interviews/{first['id']}", right, expect=409)
    assert refused["code"] == "not_in_application"


async def test_who_has_handed_nothing_in_is_not_interviewed(wing: Wing) -> None:
    mentor = await wing.applicant()
    body = interview(mentor["id"])
    refused = await wing.clinician.post("interviews", body, expect=409)
    assert refused["code"] == "not_in_application"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"held_at": clock.spell(clock.now() + timedelta(days=1))}, "held_at"),
        ({"held_at": "2020-01-01T10:00:00Z"}, "held_at"),
        ({"recommendation": "low_risk"}, "recommendation"),
        ({"notes": ""}, "notes"),
        ({"mentor_id": "0198c0de-0000-7000-8000-000000000002"}, "mentor_id"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, change: Any, field: str) -> None:
    mentor_id = await screened(wing)
    body = interview(mentor_id) | change
    refused = await wing.clinician.post("interviews", body, expect=422)
    assert refused["errors"][0]["field"] == field
