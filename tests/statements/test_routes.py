"""Statements over HTTP: the applicant's own words, until the application is handed in."""

import asyncio
from typing import Any

import pytest

from tests.story import Caller, Wing


async def applying(wing: Wing) -> tuple[Caller, str]:
    """An applicant who has said nothing yet, and the id of the application."""
    himself = wing.as_person((await wing.person())["id"])
    made = await himself.post("mentors", {"person_id": str(himself.person_id)})
    return himself, made["id"]


def words(mentor_id: str, prompt: str = "why_mentor", **fields: Any) -> dict[str, Any]:
    return {"mentor_id": mentor_id, "prompt": prompt, "text": "I was helped here.", **fields}


async def test_an_application_is_handed_in_when_it_is_said_why(wing: Wing) -> None:
    himself, mentor_id = await applying(wing)
    path = f"mentors/{mentor_id}"
    await himself.post("statements", words(mentor_id, "what_i_bring"))
    refused = await himself.move(path, "submitted", expect=409)
    assert [error["code"] for error in refused["errors"]] == ["statements_complete"]
    await himself.post("statements", words(mentor_id))
    assert (await himself.move(path, "submitted"))["status"] == "submitted"


async def test_the_applicant_reads_his_own_words_and_nobody_elses(wing: Wing) -> None:
    himself, mentor_id = await applying(wing)
    other, another_id = await applying(wing)
    own = await himself.post("statements", words(mentor_id))
    others = await other.post("statements", words(another_id))
    assert {"disclosure", "recorded_by"}.isdisjoint(own)
    assert (await himself.get("statements"))["items"] == [own]
    assert await himself.get(f"statements/{own['id']}") == own
    assert (await himself.get(f"statements?mentor_id={another_id}"))["items"] == []
    await himself.get(f"statements/{others['id']}", expect=404)
    await himself.put(f"statements/{others['id']}", {"text": "x"}, expect=404)


async def test_those_who_decide_read_them_and_wing_officers_do_not(wing: Wing) -> None:
    himself, mentor_id = await applying(wing)
    own = await himself.post("statements", words(mentor_id))
    for caller in (wing.support_worker, wing.clinician, wing.nurse, wing.governor):
        shown = await caller.get(f"statements/{own['id']}")
        assert (shown["text"], shown["recorded_by"]) == ("I was helped here.", None)
    await wing.officer.get("statements", expect=403)
    for caller in (wing.clinician, wing.governor):
        await caller.post("statements", words(mentor_id, "what_i_bring"), expect=403)


async def test_an_application_of_another_is_not_told_from_one_that_is_not_there(
    wing: Wing,
) -> None:
    himself, _ = await applying(wing)
    _, another_id = await applying(wing)
    refused = [
        await himself.post("statements", words(each), expect=422)
        for each in (another_id, str(himself.person_id))
    ]
    assert [each["errors"] for each in refused] == [refused[0]["errors"]] * 2
    assert refused[0]["errors"][0]["field"] == "mentor_id"


async def test_a_support_worker_writes_for_an_applicant_who_cannot(wing: Wing) -> None:
    himself, mentor_id = await applying(wing)
    made = await wing.support_worker.post("statements", words(mentor_id))
    assert made["recorded_by"] == str(wing.support_worker.staff_id)
    (own,) = (await himself.get("statements"))["items"]
    assert own["text"] == "I was helped here."
    await himself.put(f"statements/{made['id']}", {"text": "My brother was helped here."})
    shown = await wing.support_worker.get(f"statements/{made['id']}")
    assert shown["recorded_by"] is None


async def test_every_save_stays_as_a_version_for_those_who_may_read_it(wing: Wing) -> None:
    himself, mentor_id = await applying(wing)
    made = await himself.post("statements", words(mentor_id))
    path = f"statements/{made['id']}"
    await himself.put(path, {"text": "Because.", "disclosure": "third_party"})
    for caller in (wing.support_worker, wing.clinician):
        versions = (await caller.get(f"{path}/versions"))["items"]
        assert [(each["text"], each["disclosure"]) for each in versions] == [
            ("I was helped here.", "ordinary"),
            ("Because.", "third_party"),
        ]
        assert {each["author_subject"] for each in versions} == {himself.subject}
    for other in (himself, wing.governor):
        await other.get(f"{path}/versions", expect=403)


async def test_once_handed_in_the_words_stand(wing: Wing) -> None:
    himself, mentor_id = await applying(wing)
    made = await himself.post("statements", words(mentor_id))
    await himself.move(f"mentors/{mentor_id}", "submitted")
    for caller in (himself, wing.support_worker):
        refused = await caller.put(f"statements/{made['id']}", {"text": "x"}, expect=409)
        assert refused["code"] == "application_sent"
        refused = await caller.post("statements", words(mentor_id, "what_i_bring"), expect=409)
        assert refused["code"] == "application_sent"
    assert (await himself.get(f"statements/{made['id']}"))["text"] == "I was helped here."


async def test_a_prompt_is_answered_once(wing: Wing) -> None:
    himself, mentor_id = await applying(wing)
    answers = await asyncio.gather(
        *[himself.request("POST", "statements", json=words(mentor_id)) for _ in range(3)]
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": "why_not"}, "prompt"),
        ({"text": ""}, "text"),
        ({"disclosure": "restricted"}, "disclosure"),
        ({"mood": "low"}, "mood"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, change: Any, field: str) -> None:
    himself, mentor_id = await applying(wing)
    refused = await himself.post("statements", words(mentor_id, **change), expect=422)
    assert refused["errors"][0]["field"] == field
