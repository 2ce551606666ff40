"""Exports: machines take coded fields away under pseudonyms, or names that two people let out."""

import hashlib
import json
from datetime import date
from typing import Any

import pytest

from app import clock
from app.models.clients import ClientScope
from app.models.staff import StaffRole
from app.services.exports import age_band
from tests.story import Caller, Wing

NAMED = "exports/identifiable-episodes"


async def lines(who: Caller, **query: str) -> list[dict[str, Any]]:
    """The lines of an export, its trailer held against them and taken off."""
    response = await who.request("GET", "exports/episodes", params=query)
    assert response.status_code == 200, response.text
    return whole(response.content)


def whole(content: bytes) -> list[dict[str, Any]]:
    *rows, last = content.splitlines(keepends=True)
    trailer = json.loads(last)
    assert trailer["rows"] == len(rows)
    assert trailer["sha256"] == hashlib.sha256(b"".join(rows)).hexdigest()
    return [json.loads(row) for row in rows]


async def released(wing: Wing) -> None:
    """Two people let names out."""
    lead = await wing.hires(StaffRole.mental_health_lead)
    body = {"kind": "identifiable_export", "purpose": "The regional evaluation."}
    release = await wing.governor.post("releases", body)
    await lead.move(f"releases/{release['id']}", "released")


async def test_episodes_leave_under_pseudonyms_without_a_name_a_number_or_a_word(
    wing: Wing,
) -> None:
    mentee = await wing.engaged(referral_reason="Keeps to his cell.", agreed_line="Company.")
    person = await wing.clinician.get(f"people/{mentee['person_id']}")
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    response = await machine.request("GET", "exports/episodes")
    for word in (
        person["number"],
        person["last_name"],
        person["id"],
        mentee["id"],
        person["date_of_birth"],
        "Keeps",
        "Company",
    ):
        assert word not in response.text
    [row] = whole(response.content)
    assert (row["status"], row["age_band"], row["pairings"]) == ("engaged", "30-39", 0)
    assert row["referred_on"] == row["engaged_on"] == str(clock.now().date())


async def test_a_pseudonym_holds_within_one_export_and_in_no_other(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = f"mentees/{mentee['id']}"
    await wing.support_worker.move(path, "completed", reason="goals_met")
    again = {"person_id": mentee["person_id"], "referred_by": "support_worker"}
    await wing.support_worker.post("mentees", again)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    first, second = await lines(machine), await lines(machine)
    assert len(first) == 2
    assert len({row["pseudonym"] for row in first}) == 1
    assert first[0]["pseudonym"] != second[0]["pseudonym"]


async def test_days_asked_for_are_the_days_of_referral(wing: Wing) -> None:
    await wing.referred()
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    assert len(await lines(machine, since="2020-01-01")) == 1
    assert await lines(machine, until="2020-01-01") == []


async def test_an_export_is_in_the_audit_with_whom_it_held(wing: Wing) -> None:
    mentee = await wing.engaged()
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    await lines(machine)
    found = await wing.governor.get("audit", params={"operation": "export_episodes"})
    assert [(each["role"], each["ids"]) for each in found["items"]] == [("machine", [mentee["id"]])]


async def test_names_leave_once_when_two_people_released_them(wing: Wing) -> None:
    mentee = await wing.engaged()
    person = await wing.clinician.get(f"people/{mentee['person_id']}")
    machine = await wing.lets_in(ClientScope.export_identifiable)
    refused = await machine.post(NAMED, {}, expect=403)
    assert refused["code"] == "release_needed"
    await released(wing)
    response = await machine.request("POST", NAMED, json={})
    [row] = whole(response.content)
    assert (row["number"], row["display_name"]) == (person["number"], person["display_name"])
    assert (await machine.post(NAMED, {}, expect=403))["code"] == "release_needed"


async def test_a_release_not_taken_within_its_week_is_none(wing: Wing) -> None:
    machine = await wing.lets_in(ClientScope.export_identifiable)
    await released(wing)
    clock.forward(days=8)
    assert (await machine.post(NAMED, {}, expect=403))["code"] == "release_needed"


async def test_each_scope_opens_its_own_export_and_no_other(wing: Wing) -> None:
    without_names = await wing.lets_in(ClientScope.export_pseudonymised)
    with_names = await wing.lets_in(ClientScope.export_identifiable)
    await released(wing)
    await without_names.post(NAMED, {}, expect=403)
    await with_names.get("exports/episodes", expect=403)
    other = await wing.lets_in(ClientScope.concerns_read)
    await other.get("exports/episodes", expect=403)


@pytest.mark.parametrize("name", ["governor", "clinician", "nurse", "support_worker", "officer"])
async def test_no_person_exports(wing: Wing, name: str) -> None:
    who = getattr(wing, name)
    await who.get("exports/episodes", expect=403)
    await who.post(NAMED, {}, expect=403)


async def test_no_mentor_exports(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await mentor.get("exports/episodes", expect=403)


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2008, 11, 23), "18-20"),
        (date(2008, 11, 24), "under 18"),
        (date(2005, 11, 24), "18-20"),
        (date(2005, 11, 23), "21-24"),
        (date(1966, 11, 23), "60+"),
        (None, None),
    ],
)
def test_ages_leave_as_bands(born: date | None, band: str | None) -> None:
    assert age_band(born, date(2026, 11, 23)) == band
