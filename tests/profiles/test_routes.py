"""Profiles over HTTP: put, read, and what consent keeps."""

import asyncio
from typing import Any

from app import clock
from tests.story import Caller, Wing

FIRST: dict[str, Any] = {"headers": {}}


def profile(**fields: Any) -> dict[str, Any]:
    return {"languages": ["pl", "en"], "skills": ["art"], **fields}


def consented(**fields: Any) -> dict[str, Any]:
    at = clock.spell(clock.now())
    topics = {"lived_experience": ["bereavement"], "lived_experience_consent_at": at}
    return profile(**topics, **fields)


async def prisoner(wing: Wing) -> tuple[Caller, str]:
    """Someone with a token and no record as mentor, and the path of their profile."""
    person = await wing.person()
    return wing.as_person(person["id"]), f"profiles/{person['id']}"


async def test_a_person_puts_and_reads_their_own_profile(wing: Wing) -> None:
    own, path = await prisoner(wing)
    await own.get(path, expect=404)
    made = await own.put(path, profile(needs=["literacy"]), 201, **FIRST)
    assert made["languages"] == ["en", "pl"]
    assert (await own.get(path)) == made
    assert set(made) == {
        "id",
        "version",
        "recorded_at",
        "person_id",
        "languages",
        "skills",
        "needs",
        "preferences",
        "lived_experience",
        "lived_experience_consent_at",
    }
    read = await wing.clinician.get(path)
    assert read["recorded_by"] == own.subject


async def test_staff_enter_it_for_them_and_a_version_is_asked_for(wing: Wing) -> None:
    own, path = await prisoner(wing)
    await wing.support_worker.put(path, profile(), 412)
    await wing.support_worker.put(path, profile(), 201, **FIRST)
    await wing.clinician.put(path, profile(), 428, **FIRST)
    await wing.clinician.put(path, profile(), 412, headers={"If-Match": '"7"'})
    changed = await wing.clinician.put(path, profile(skills=["music"]), headers={"If-Match": '"1"'})
    assert (changed["skills"], changed["version"]) == (["music"], 2)
    assert (await own.get(path))["skills"] == ["music"]


async def test_nobody_else_reads_it(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    path = f"profiles/{mentee['person_id']}"
    await wing.support_worker.put(path, profile(), 201, **FIRST)
    await mentor.get("people/" + mentee["person_id"])
    for call in (mentor.get(path, 404), mentor.put(path, profile(), 404)):
        await call
    for caller in (wing.governor, wing.officer):
        await caller.get(path, expect=403)
        await caller.put(path, profile(), 403)
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="conduct")
    await mentor.get(f"profiles/{mentor.person_id}", expect=403)


async def test_what_someone_has_been_through_is_kept_by_consent_only(wing: Wing) -> None:
    own, path = await prisoner(wing)
    for without in ({"lived_experience": ["self_harm"]}, {"preferences": ["lived_experience"]}):
        refused = await own.put(path, without, 422, **FIRST)
        assert refused["errors"][0]["field"] == "lived_experience_consent_at"
    ahead = clock.spell(clock.now().replace(year=clock.now().year + 1))
    body = {**consented(), "lived_experience_consent_at": ahead}
    refused = await own.put(path, body, 422, **FIRST)
    assert refused["errors"][0]["field"] == "lived_experience_consent_at"
    assert (await own.put(path, consented(), 201, **FIRST))["lived_experience"] == ["bereavement"]


async def test_consent_taken_back_takes_the_topics_with_it(wing: Wing) -> None:
    own, path = await prisoner(wing)
    given = consented(preferences=["lived_experience"])
    await own.put(path, given, 201, **FIRST)
    clock.forward(days=1)
    without = await own.put(path, profile())
    assert without["lived_experience"] == without["preferences"] == []
    assert without["lived_experience_consent_at"] is None
    assert (await wing.support_worker.get(path))["lived_experience_revoked_at"] is not None
    refused = await wing.support_worker.put(path, given, 422)  # an old form, found again
    assert refused["errors"][0]["code"] == "taken_back"
    clock.forward(minutes=1)
    assert (await own.put(path, consented()))["lived_experience"] == ["bereavement"]


async def test_codes_are_of_the_lists_and_people_of_the_prison(wing: Wing) -> None:
    own, path = await prisoner(wing)
    refused = await own.put(path, profile(languages=["xx"]), 422, **FIRST)
    assert refused["errors"][0]["field"] == "languages.0"
    refused = await own.put(path, profile(risk_level="low"), 422, **FIRST)
    assert refused["errors"][0]["field"] == "risk_level"
    unknown = "profiles/0198c0de-0000-7000-8000-000000000009"
    await wing.support_worker.put(unknown, profile(), 404, **FIRST)


async def test_of_two_first_profiles_at_once_one_is_kept(wing: Wing) -> None:
    _, path = await prisoner(wing)
    replies = await asyncio.gather(
        *[wing.support_worker.request("PUT", path, json=profile()) for _ in range(4)]
    )
    assert sorted(reply.status_code for reply in replies)[0] == 201
    assert {reply.status_code for reply in replies[1:]} <= {201, 409, 428}
    assert sum(reply.status_code == 201 for reply in replies) == 1
