"""A chronology as at an instant: who knew what when, and the same answer whenever it is asked."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.config import Settings
from app.models.software import Process
from app.models.staff import StaffRole
from app.services import software
from app.worker import deliver, sweep
from tests.story import Caller, Wing


async def look_into(by: Caller, person_id: str) -> None:
    """A hold, without which nobody browses a life; one that stands already is enough."""
    body = {"person_id": person_id, "reason": "investigation"}
    await by.request("POST", "legal-holds", json=body)


async def asked(by: Caller, person_id: str, as_at: str | None = None) -> bytes:
    await look_into(by, person_id)
    query = {"as_at": as_at} if as_at else {}
    path = f"/v1/prisons/{by.prison_id}/people/{person_id}/chronology"
    found = await by.request("GET", path, params=query)
    assert found.status_code == 200, found.text
    return found.content


async def chronology(by: Caller, person_id: str) -> list[Any]:
    await look_into(by, person_id)
    items: list[Any] = (await by.get(f"people/{person_id}/chronology"))["items"]
    return items


async def audited() -> str:
    """An instant by which all that was listed so far has reached the audit."""
    await asyncio.sleep(0.4)
    return clock.spell(clock.now())


def of(events: list[Any], kind: str, noun: str | None = None) -> list[Any]:
    return [
        each for each in events
        if each["kind"] == kind and noun in (None, each["thing"]["noun"])
    ]  # fmt: skip


def words(events: list[Any]) -> set[str]:
    return {text for each in events for text in each.get("texts", {}).values() if text}


async def concern(by: Caller, person_id: str | None, **fields: Any) -> Any:
    body = {"immediacy": "now", "account": "He gave his radio away.", **fields}
    if person_id is not None:
        body["subject_person_id"] = person_id
    return await by.post("concerns", body)


async def lead_of(wing: Wing) -> Caller:
    return await wing.hires(StaffRole.mental_health_lead)


async def a_life(wing: Wing) -> tuple[Caller, Any, Any]:
    """A mentor, a mentee, and a concern about the mentee that was taken up and decided."""
    mentor, mentee = await wing.active_mentor(), await wing.engaged(referral_reason="Low mood.")
    await wing.pairs(mentor, mentee["id"])
    raised = await concern(mentor, mentee["person_id"], subject_as_told="Jo")
    path = f"concerns/{raised['id']}"
    await wing.clinician.get(path)
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.clinician.post(f"{path}/seen", {}, 200)
    decision = {"decision": "Moved next to the office.", "acct_decision": "opened"}
    await wing.clinician.post(f"{path}/decision", decision, 200)
    return mentor, mentee, raised


async def test_governors_and_the_mental_health_lead_read_it_and_nobody_else(wing: Wing) -> None:
    person = await wing.person()
    lead = await lead_of(wing)
    for reader in (wing.governor, lead):
        assert await chronology(reader, person["id"])
    mentor = await wing.active_mentor()
    for other in (wing.support_worker, wing.clinician, wing.nurse, wing.officer, mentor):
        await other.get(f"people/{person['id']}/chronology", 403)


async def test_of_the_future_nothing_is_known(wing: Wing) -> None:
    person = await wing.person()
    ahead = clock.spell(clock.now() + timedelta(minutes=1))
    path = f"/v1/prisons/{wing.prison_id}/people/{person['id']}/chronology"
    refused = await wing.governor.request("GET", path, params={"as_at": ahead})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "as_at"


async def test_an_instant_is_answered_in_the_same_bytes_for_ever(wing: Wing) -> None:
    lead = await lead_of(wing)
    mentor, mentee, raised = await a_life(wing)
    session = await wing.support_worker.post("sessions", booking(mentor, mentee))
    then = await audited()
    person_id = mentee["person_id"]
    before = [await asked(each, person_id, then) for each in (wing.governor, lead)]
    await concern(wing.support_worker, person_id, account="Later.")
    start = clock.now() + timedelta(days=3)
    moved = {"starts_at": str(start), "ends_at": str(start + timedelta(hours=1))}
    await wing.support_worker.patch(f"sessions/{session['id']}", moved)
    await wing.governor.patch("", {"call_back_number": "ext. 1"})
    body = {"account": "Asks for his sister."}
    await mentor.post(f"concerns/{raised['id']}/addenda", body)
    clock.forward(days=9)
    await sweep(wing.db, wing.prison_id)
    await wing.clinician.put(
        f"concerns/{raised['id']}/immediacy", {"immediacy": "this_session", "reason": "Settled."}
    )
    await wing.support_worker.get(f"concerns/{raised['id']}")
    await wing.nurse.post(
        f"people/{person_id}/death", {"occurred_at": str(clock.now()), "source": "hospital"}
    )
    await audited()
    after = [await asked(each, person_id, then) for each in (wing.governor, lead)]
    assert after == before
    assert len(await asked(wing.governor, person_id)) > len(after[0])


def booking(mentor: Caller, mentee: Any) -> dict[str, Any]:
    start = clock.now() + timedelta(days=2)
    return {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": str(start),
        "ends_at": str(start + timedelta(hours=1)),
    }


async def test_it_tells_what_was_raised_seen_and_decided_and_who_knew(wing: Wing) -> None:
    lead = await lead_of(wing)
    mentor, mentee, raised = await a_life(wing)
    await audited()
    events = await chronology(lead, mentee["person_id"])
    (told,) = of(events, "recorded", "concern")
    assert told["texts"]["account"] == "He gave his radio away."
    assert told["who"]["subject"] == mentor.subject
    marks = [each["what"]["event"] for each in of(events, "marked", "concern")]
    assert {"seen", "decided"} <= set(marks)
    assert any("Moved next to the office." in text for text in words(events))
    (policy,) = of(events, "policy_in_force", "concern")
    assert policy["what"]["policy"]
    looks = of(await chronology(wing.governor, mentee["person_id"]), "read")
    assert any(
        each["who"]["subject"] == wing.clinician.subject and raised["id"] in each["what"]["ids"]
        for each in looks
    )
    times = [datetime.fromisoformat(each["at"]) for each in events]
    assert times == sorted(times)


async def test_each_side_reads_no_more_than_its_matrix(wing: Wing) -> None:
    lead = await lead_of(wing)
    _, mentee, _ = await a_life(wing)
    person_id = mentee["person_id"]
    await concern(
        wing.support_worker, person_id, kind="security_matter", account="A parcel was thrown."
    )
    governors, leads = await chronology(wing.governor, person_id), await chronology(lead, person_id)
    assert "Low mood." in words(leads)
    assert "Low mood." not in words(governors)
    assert not any("Moved next to the office." in text for text in words(governors))
    assert "He gave his radio away." in words(governors) & words(leads)
    assert "A parcel was thrown." in words(governors)
    assert "A parcel was thrown." not in words(leads)
    assert not of(governors, "recorded", "participation")


async def test_nobody_finds_there_what_is_about_themselves(wing: Wing) -> None:
    second = await wing.hires(StaffRole.governor)
    person = await wing.person()
    about = str(wing.governor.staff_id)
    hidden = await concern(
        wing.support_worker, person["id"], about_staff_id=about, account="He shouts at him."
    )
    await second.get(f"concerns/{hidden['id']}")
    await audited()
    assert "He shouts at him." in words(await chronology(second, person["id"]))
    mine = await asked(wing.governor, person["id"])
    assert hidden["id"].encode() not in mine
    assert b"He shouts at him." not in mine


async def test_a_concern_resolved_later_was_not_known_to_be_about_them(wing: Wing) -> None:
    person = await wing.person()
    raised = await concern(wing.support_worker, None, subject_as_told="the lad in the end cell")
    unresolved = await audited()
    body = {"subject_person_id": person["id"]}
    await wing.support_worker.put(f"concerns/{raised['id']}/subject", body)
    known = await asked(wing.governor, person["id"], unresolved)
    assert raised["id"].encode() not in known
    events = await chronology(wing.governor, person["id"])
    (change,) = [
        each for each in of(events, "changed", "concern")
        if "subject_person_id" in each["what"]
    ]  # fmt: skip
    assert change["what"]["subject_person_id"] == person["id"]
    assert change["who"]["subject"] == wing.support_worker.subject


async def test_a_session_taken_over_stays_in_the_first_mentors_past(wing: Wing) -> None:
    lead = await lead_of(wing)
    first, second = await wing.active_mentor(), await wing.active_mentor()
    mentee = await wing.engaged()
    session = await wing.support_worker.post("sessions", booking(first, mentee))
    then = await audited()
    before = await asked(lead, str(first.person_id), then)
    body = {"mentor_id": str(second.mentor_id)}
    await wing.support_worker.patch(f"sessions/{session['id']}", body)
    assert session["id"].encode() in before
    assert await asked(lead, str(first.person_id), then) == before
    assert session["id"].encode() not in await asked(lead, str(second.person_id), then)


async def test_it_tells_the_pages_the_duty_the_settings_and_the_software(
    wing: Wing, settings: Settings
) -> None:
    body = {
        "staff_id": str(wing.clinician.staff_id),
        "post": "clinician",
        "starts_at": str(clock.now() - timedelta(hours=1)),
    }
    duty = await wing.clinician.post("duties", body)
    part = {
        "staff_id": str(wing.nurse.staff_id),
        "starts_at": str(clock.now()),
        "ends_at": str(clock.now() + timedelta(hours=1)),
    }
    taken = await wing.clinician.post(f"duties/{duty['id']}/overrides", part)
    await software.started(wing.db, Process.worker, settings)
    person = await wing.person()
    await concern(wing.support_worker, person["id"])
    await sweep(wing.db, wing.prison_id)
    await deliver(wing.db, wing.prison_id, Loft())
    await wing.governor.patch("", {"call_back_number": "ext. 2000"})
    events = await chronology(wing.governor, person["id"])
    assert of(events, "recorded", "notification")
    assert {each["what"]["to"] for each in of(events, "moved", "notification")} == {"sent"}
    on_duty = {each["thing"]["id"]: each["what"] for each in of(events, "on_duty")}
    assert duty["id"] in on_duty
    assert on_duty[taken["id"]]["post"] == "clinician"
    assert on_duty[taken["id"]]["instead_of"] == str(wing.clinician.staff_id)
    numbers = [each["what"]["call_back_number"] for each in of(events, "configuration")]
    assert numbers == [None, "ext. 2000"]
    assert of(events, "configuration")[1]["who"]["subject"] == wing.governor.subject
    started = of(events, "software_started")[-1]["what"]
    assert {"version", "build", "settings_digest", "reference_digests"} <= started.keys()
    assert "escalation.toml" in {each["file"] for each in started["reference_digests"]}


class Loft:
    """A channel that carries every page home."""

    async def send(self, message: Any) -> None:
        return None


@pytest.mark.parametrize("by", ["governor", "support_worker"])
async def test_a_person_elsewhere_has_none(wing: Wing, by: str) -> None:
    expected = 404 if by == "governor" else 403
    nobody = "0198c0de-0000-7000-8000-000000000000"
    await getattr(wing, by).get(f"people/{nobody}/chronology", expected)


async def test_without_a_hold_nobody_browses_a_life(wing: Wing) -> None:
    person = await wing.person()
    lead = await lead_of(wing)
    for by in (wing.governor, lead):
        refused = await by.get(f"people/{person['id']}/chronology", expect=409)
        assert refused["code"] == "hold_needed"
