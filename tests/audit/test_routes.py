"""Who looked at what, who changed what, and who was refused."""

import asyncio
from typing import Any

from app.audit import FLUSH_SECONDS
from tests.story import Caller, Wing


async def acts(who: Caller, **query: Any) -> list[dict[str, Any]]:
    """The audit as somebody finds it, once the lists have been written down."""
    await asyncio.sleep(2 * FLUSH_SECONDS)
    found = await who.get("audit", params={"limit": 200, "sort": "recorded_at", **query})
    return list(found["items"])


async def test_a_record_read_is_in_the_audit_before_the_answer(wing: Wing) -> None:
    person = await wing.person()
    await wing.clinician.get(f"people/{person['id']}")
    found = await wing.governor.get("audit", params={"thing_id": person["id"]})
    assert [
        (each["operation"], each["act"], each["subject"], each["role"]) for each in found["items"]
    ] == [
        ("read_person", "read", wing.clinician.subject, "clinician"),
        ("create_person", "written", wing.support_worker.subject, "support_worker"),
    ]


async def test_a_page_of_a_list_is_in_the_audit_soon_with_whom_it_showed(wing: Wing) -> None:
    person = await wing.person()
    await wing.support_worker.get("people")
    [listed] = await acts(wing.governor, operation="list_people")
    assert (listed["act"], listed["ids"]) == ("listed", [person["id"]])


async def test_a_refused_attempt_is_in_the_audit_with_its_code(wing: Wing) -> None:
    person = await wing.person()
    mentor = await wing.active_mentor()
    await mentor.get(f"people/{person['id']}", expect=404)
    await wing.officer.get(f"mentors/{mentor.mentor_id}", expect=403)
    refused = await acts(wing.governor, act="refused")
    assert [(each["operation"], each["status"], each["code"]) for each in refused] == [
        ("read_person", 404, "not_found"),
        ("read_mentor", 403, "not_allowed"),
    ]
    assert refused[0]["ids"] == [person["id"]]


async def test_what_was_rolled_back_is_a_refusal_and_nothing_written(wing: Wing) -> None:
    person = await wing.person()
    await wing.support_worker.post("mentors", {"person_id": person["id"]})
    await wing.support_worker.post("mentors", {"person_id": person["id"]}, expect=409)
    found = await acts(wing.governor, operation="apply_as_mentor")
    assert [each["act"] for each in found] == ["written", "refused"]


async def test_staff_find_their_own_acts_and_mentors_none(wing: Wing) -> None:
    person = await wing.person()
    await wing.clinician.get(f"people/{person['id']}")
    mine = await acts(wing.clinician)
    assert {each["subject"] for each in mine} == {wing.clinician.subject}
    mentor = await wing.active_mentor()
    await mentor.get("audit", expect=403)
    await wing.clinician.get("audit/export", expect=403)


async def test_walls_are_nobodys_record(wing: Wing) -> None:
    await wing.support_worker.get("rooms")
    await wing.support_worker.get(f"wings/{wing.wing_id}")
    assert not [each for each in await acts(wing.governor) if "room" in each["operation"]]


async def test_everything_of_a_person_is_found_by_the_person(wing: Wing) -> None:
    mentee = await wing.engaged()
    await wing.clinician.get(f"mentees/{mentee['id']}")
    await wing.clinician.get("mentees")
    other = await wing.engaged()
    await wing.clinician.get(f"mentees/{other['id']}")
    params = {"person_id": mentee["person_id"], "subject": wing.clinician.subject}
    assert [each["operation"] for each in await acts(wing.governor, **params)] == [
        "read_mentee",
        "list_mentees",
    ]


async def test_the_audit_is_exported_line_by_line(wing: Wing) -> None:
    await wing.person()
    response = await wing.governor.request("GET", "audit/export")
    lines = response.text.splitlines()
    assert response.headers["content-type"].startswith("application/x-ndjson")
    assert any('"create_person"' in line for line in lines)


async def test_an_answer_given_again_is_read_again(wing: Wing) -> None:
    body = {"number": "A2222AA", "first_name": "Jo", "last_name": "Again"}
    key = {"Idempotency-Key": "again"}
    first = await wing.support_worker.post("people", body, headers=key)
    await wing.support_worker.post("people", body, headers=key)
    found = await acts(wing.governor, operation="create_person")
    assert [each["act"] for each in found] == ["written", "read"]
    assert first["id"] in found[0]["ids"]


async def test_every_write_names_what_it_changed(wing: Wing) -> None:
    mentee = await wing.referred()
    await wing.support_worker.move(f"mentees/{mentee['id']}", "triage")
    found = await acts(wing.governor, thing_id=mentee["id"], act="written")
    assert [each["operation"] for each in found] == ["refer_mentee", "move_mentee"]


async def test_another_prisons_audit_is_not_there(wing: Wing, http: Any) -> None:
    stranger = wing.issuer.issue("stranger", ["governor"], ["XXX"])
    headers = {"Authorization": f"Bearer {stranger}"}
    response = await http.get(f"/v1/prisons/{wing.prison_id}/audit", headers=headers)
    assert response.status_code == 404
    [refused] = await acts(wing.governor, act="refused", subject="stranger")
    assert (refused["role"], refused["status"]) == (None, 404)


async def test_whoever_has_no_token_is_refused_and_written_down(wing: Wing, http: Any) -> None:
    await http.get(f"/v1/prisons/{wing.prison_id}/people")
    [refused] = await acts(wing.governor, act="refused")
    assert (refused["subject"], refused["status"]) == (None, 401)
