"""Acquaintances over HTTP: in a prisoner's own words, by staff, resolved and withdrawn."""

from typing import Any

import pytest

from app import clock
from tests.story import Caller, Wing

NOBODY = "0198c0de-0000-7000-8000-000000000009"


def told(**fields: Any) -> dict[str, Any]:
    return {"other_as_told": "Danny from the servery", "relation": "debt", **fields}


async def prisoner(wing: Wing) -> Caller:
    return wing.as_person((await wing.person())["id"])


async def test_a_prisoner_says_whom_they_know_in_their_own_words(wing: Wing) -> None:
    own = await prisoner(wing)
    said = await own.post("acquaintances", told())
    assert set(said) == {
        "id",
        "recorded_at",
        "other_as_told",
        "relation",
        "declared_at",
        "withdrawn_at",
    }
    assert (await own.get("acquaintances"))["items"] == [said]
    assert await own.get(f"acquaintances/{said['id']}") == said
    read = await wing.support_worker.get(f"acquaintances/{said['id']}")
    assert (read["declared_by"], read["recorded_by"]) == ("own_word", own.subject)
    assert read["person_id"] == str(own.person_id)


async def test_a_prisoner_gets_the_same_answer_whoever_they_name(wing: Wing) -> None:
    """No id of theirs is looked up: one that is here is refused like one that is nobody's."""
    own, other = await prisoner(wing), await wing.person()
    for name in ("person_id", "other_person_id"):
        answers = [
            await own.post("acquaintances", told(**{name: row_id}), 422)
            for row_id in (other["id"], NOBODY)
        ]
        for answer in answers:
            answer.pop("instance")
        assert answers[0] == answers[1]
        assert answers[0]["errors"][0]["field"] == name
    here = await own.post("acquaintances", told(other_as_told=other["display_name"]))
    nowhere = await own.post("acquaintances", told(other_as_told="Nobody At All"))
    assert set(here) == set(nowhere)


async def test_what_staff_found_out_is_not_told_back(wing: Wing) -> None:
    own, other = await prisoner(wing), await wing.person()
    said = await own.post("acquaintances", told())
    path = f"acquaintances/{said['id']}"
    resolved = await wing.clinician.patch(path, {"other_person_id": other["id"]})
    assert (resolved["other_person_id"], resolved["version"]) == (other["id"], 2)
    answer = await own.request("GET", path)
    assert answer.json() == said
    assert "etag" not in answer.headers
    body = {"person_id": str(own.person_id), "other_person_id": other["id"], "relation": "family"}
    await wing.support_worker.post("acquaintances", body)
    assert (await own.get("acquaintances"))["items"] == [said]
    for name in ("person_id=" + other["id"], "resolved=true"):
        await own.get(f"acquaintances?{name}", expect=422)
    assert len((await wing.clinician.get(f"acquaintances?person_id={other['id']}"))["items"]) == 2


async def test_only_staff_resolve_and_withdraw(wing: Wing) -> None:
    own, other = await prisoner(wing), await wing.person()
    said = await own.post("acquaintances", told())
    path = f"acquaintances/{said['id']}"
    body = {"other_person_id": other["id"]}
    await wing.support_worker.patch(path, body)
    for etag in ('"1"', '"2"', "*"):
        headers = {"If-Match": etag}
        assert (await own.patch(path, body, 403, headers=headers))["code"] == "not_allowed"
        refused = await own.post(f"{path}/withdrawal", None, 403, headers=headers)
        assert refused["code"] == "not_allowed", "whether staff know who was meant is not told"
    stranger = await prisoner(wing)
    await stranger.get(path, expect=404)
    await stranger.post(f"{path}/withdrawal", None, 403)
    await wing.support_worker.patch(path, body, 428, headers={})
    withdrawn = await wing.support_worker.post(f"{path}/withdrawal", None, 200)
    assert withdrawn["withdrawn_by"] == wing.support_worker.subject
    assert (await own.get(path))["withdrawn_at"] == withdrawn["withdrawn_at"]
    await wing.clinician.post(f"{path}/withdrawal", None, 409)
    await wing.clinician.patch(path, body, 409)
    assert (await own.get("acquaintances?live=true"))["items"] == []


async def test_staff_declare_with_ids_or_as_told_and_later_than_it_was_said(wing: Wing) -> None:
    one, other = await wing.person(), await wing.person()
    when = clock.spell(clock.now())
    clock.forward(days=2)
    body = {"person_id": one["id"], "other_person_id": other["id"], "relation": "conflict"}
    made = await wing.support_worker.post("acquaintances", {**body, "occurred_at": when})
    assert (made["declared_at"], made["declared_by"]) == (when, "told_to_staff")
    known = await wing.clinician.post("acquaintances", {**body, "known_to_staff": True})
    assert known["declared_by"] == "known_to_staff"
    as_told = await wing.clinician.post("acquaintances", told(person_id=one["id"]))
    found = (await wing.clinician.get("acquaintances?resolved=false"))["items"]
    assert [each["id"] for each in found] == [as_told["id"]]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"person_id": None}, "person_id"),
        ({"person_id": NOBODY}, "person_id"),
        ({"other_person_id": NOBODY}, "other_person_id"),
        ({"other_person_id": "own"}, "other_person_id"),
        ({"other_as_told": None}, "other_as_told"),
        ({"relation": "enemy"}, "relation"),
        ({"occurred_at": "2199-01-01T00:00:00+00:00"}, "occurred_at"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, fields: dict[str, Any], named: str) -> None:
    person_id = (await wing.person())["id"]
    body = told(**{"person_id": person_id, **fields})
    body = {name: person_id if value == "own" else value for name, value in body.items()}
    refused = await wing.support_worker.post("acquaintances", body, 422)
    assert refused["errors"][0]["field"] == named


async def test_prisoners_choose_no_disclosure_of_staff_and_nothing_staff_know(wing: Wing) -> None:
    own = await prisoner(wing)
    for fields in ({"disclosure": "restricted"}, {"known_to_staff": True}):
        refused = await own.post("acquaintances", told(**fields), 422)
        assert refused["errors"][0]["field"] == next(iter(fields))


async def test_governors_and_wing_staff_neither_read_nor_declare(wing: Wing) -> None:
    for caller in (wing.governor, wing.officer):
        await caller.get("acquaintances", expect=403)
        await caller.post("acquaintances", told(), 403)
