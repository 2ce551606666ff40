"""Machine clients over HTTP: who lets them in, and how little each scope opens."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from app.db import Database
from app.grants import GRANTS, PUBLIC, SCOPES
from app.models.clients import ClientScope
from app.models.staff import Role, StaffRole
from app.openapi import api_routes, permission_of
from app.rights import Permission
from app.tokens import DevelopmentIssuer
from tests.concerns.conftest import concern
from tests.house.callers import full
from tests.story import Caller, Wing

FIELDS = {
    "id", "version", "recorded_at", "reference", "kind", "status", "immediacy", "raised_at",
    "acknowledge_by", "acknowledged_at", "seen_by", "seen_at", "decide_by", "decided_at",
    "closed_at",
}  # fmt: skip


def client(**fields: Any) -> dict[str, Any]:
    return {"client_id": "dashboard", "name": "Dashboard", "scopes": ["concerns.read"], **fields}


async def registered(wing: Wing, **fields: Any) -> Any:
    return await wing.governor.post("clients", client(**fields))


def machine(wing: Wing, client_id: str, *scopes: str, **extra: Any) -> Caller:
    token = wing.issuer.issue_to_client(client_id, scopes, **extra)
    return Caller(wing.http, wing.prison_id, token, client_id)


# Who lets a client in


async def test_a_governor_lets_a_client_in_and_shuts_it_out(wing: Wing) -> None:
    made = await registered(wing)
    assert (made["scopes"], made["pending_scopes"], made["active"]) == (["concerns.read"], [], True)
    assert (await wing.governor.get(f"clients/{made['id']}")) == made
    dashboard = machine(wing, "dashboard", "concerns.read")
    await dashboard.get("concerns")
    path = f"clients/{made['id']}"
    await wing.governor.patch(path, {"active": False})
    await dashboard.get("concerns", 404)
    await wing.governor.patch(path, {"active": True, "name": "Board", "scopes": ["fhir.read"]})
    await dashboard.get("concerns", 403)
    shown = (await wing.governor.get("clients?active=true"))["items"]
    assert [(each["name"], each["scopes"]) for each in shown] == [("Board", ["fhir.read"])]


async def test_nobody_else_lets_one_in_or_sees_who_is(wing: Wing) -> None:
    made = await registered(wing)
    lead = await wing.hires(StaffRole.mental_health_lead)
    mentor = wing.as_person((await wing.person())["id"])
    path = f"clients/{made['id']}"
    others = (wing.support_worker, wing.clinician, wing.nurse, wing.officer, mentor)
    for caller in (*others, await wing.lets_in(*ClientScope)):
        await caller.get("clients", 403)
        await caller.get(path, 403)
        await caller.post(f"{path}/confirmation", expect=403)
    for caller in (*others, lead):
        await caller.post("clients", client(client_id="other"), 403)
        await caller.patch(path, {"active": False}, 403)
    assert (await lead.get(path))["client_id"] == "dashboard"


async def test_a_client_is_there_once(wing: Wing) -> None:
    await registered(wing)
    refused = await wing.governor.post("clients", client(), 409)
    assert refused["code"] == "already_exists"


@pytest.mark.parametrize(
    "fields",
    [
        {"scopes": ["everything"]},
        {"client_id": ""},
        {"client_id": "with space"},
        {"client_id": "a\x00b"},
        {"client_id": "x" * 201},
        {"pending_scopes": []},
    ],
)
async def test_a_client_that_cannot_be(wing: Wing, fields: dict[str, Any]) -> None:
    await wing.governor.post("clients", client(**fields), 422)


async def test_a_change_needs_the_version_it_changes(wing: Wing) -> None:
    path = f"clients/{(await registered(wing))['id']}"
    await wing.governor.patch(path, {"name": "B"}, 428, headers={})
    await wing.governor.patch(path, {"name": "B"}, headers={"If-Match": '"1"'})
    await wing.governor.patch(path, {"name": "C"}, 412, headers={"If-Match": '"1"'})
    await wing.governor.patch(path, {"scopes": None}, 422)


# What takes two


async def test_exports_with_names_wait_for_a_second_person(wing: Wing) -> None:
    made = await registered(wing, scopes=["export.identifiable", "concerns.read"])
    assert made["scopes"] == ["concerns.read"]
    assert made["pending_scopes"] == ["export.identifiable"]
    assert made["asked_by"] == wing.governor.subject
    path = f"clients/{made['id']}/confirmation"
    refused = await wing.governor.post(path, expect=409)
    assert refused["code"] == "second_person_needed"
    lead = await wing.hires(StaffRole.mental_health_lead)
    stale = {"If-Match": '"0"'}
    await lead.post(path, expect=412, headers=stale)
    shown = await lead.post(path, expect=200)
    assert shown["scopes"] == ["concerns.read", "export.identifiable"]
    assert (shown["pending_scopes"], shown["asked_by"]) == ([], None)
    assert (await lead.post(path, expect=409))["code"] == "conflict"


async def test_asking_again_does_not_make_oneself_the_second_person(wing: Wing) -> None:
    made = await registered(wing, scopes=["export.identifiable"])
    deputy = await wing.hires(StaffRole.governor)
    path = f"clients/{made['id']}"
    shown = await deputy.patch(path, {"scopes": ["export.identifiable"], "name": "Other"})
    assert shown["asked_by"] == wing.governor.subject
    await wing.governor.post(f"{path}/confirmation", expect=409)
    await wing.governor.patch(path, {"scopes": []})
    shown = await deputy.patch(path, {"scopes": ["export.identifiable"]})
    assert shown["asked_by"] == deputy.subject
    await deputy.post(f"{path}/confirmation", expect=409)
    shown = await wing.governor.post(f"{path}/confirmation", expect=200)
    assert shown["scopes"] == ["export.identifiable"]


async def test_what_was_confirmed_and_taken_away_is_asked_for_anew(wing: Wing) -> None:
    made = await registered(wing, scopes=["export.identifiable"])
    path = f"clients/{made['id']}"
    deputy = await wing.hires(StaffRole.governor)
    await deputy.post(f"{path}/confirmation", expect=200)
    kept = await wing.governor.patch(path, {"scopes": ["export.identifiable", "fhir.read"]})
    assert kept["scopes"] == ["export.identifiable", "fhir.read"]
    await wing.governor.patch(path, {"scopes": ["fhir.read"]})
    shown = await wing.governor.patch(path, {"scopes": ["export.identifiable"]})
    assert (shown["scopes"], shown["pending_scopes"]) == ([], ["export.identifiable"])


async def test_of_two_who_confirm_at_once_one_does(wing: Wing) -> None:
    made = await registered(wing, scopes=["export.identifiable"])
    others = [await wing.hires(StaffRole.governor) for _ in range(2)]
    path = f"clients/{made['id']}/confirmation"
    answers = await asyncio.gather(*[each.request("POST", path) for each in others])
    assert sorted(each.status_code for each in answers) == [200, 409]


# What a machine is


async def test_a_scope_counts_when_both_the_token_and_the_registration_have_it(
    wing: Wing,
) -> None:
    await registered(wing)
    await machine(wing, "dashboard", "concerns.read").get("concerns")
    await machine(wing, "dashboard", "fhir.read").get("concerns", 403)
    await machine(wing, "dashboard").get("concerns", 403)
    await registered(wing, client_id="other", scopes=["fhir.read"])
    await machine(wing, "other", "concerns.read", "fhir.read").get("concerns", 403)


async def test_a_machine_is_let_in_by_registration_and_not_by_the_prisons_of_its_token(
    wing: Wing,
) -> None:
    await registered(wing)
    await machine(wing, "dashboard", "concerns.read", prisons=["ZZZ"]).get("concerns")
    stranger = machine(wing, "stranger", "concerns.read", prisons=[wing.prison_id])
    await stranger.get("concerns", 404)
    elsewhere = machine(wing, "dashboard", "concerns.read", prisons=["ZZZ"])
    await elsewhere.get("/v1/prisons/ZZZ/concerns", 404)


async def test_a_machine_is_nobody_on_the_staff_and_no_prisoner(wing: Wing) -> None:
    """Not even where it is named like one, and says so in its token."""
    said = {"roles": ["governor", "mentor"], "prisons": [wing.prison_id]}
    await machine(wing, wing.governor.subject, **said).get("people", 404)
    person = await wing.person()
    posing = machine(wing, "posing", person_id=person["id"], **said)
    await posing.get("concerns", 404)


async def test_a_person_named_like_a_client_has_nothing_of_it(
    wing: Wing, issuer: DevelopmentIssuer
) -> None:
    await registered(wing)
    token = issuer.issue("dashboard", ["machine"], [wing.prison_id], scope="concerns.read")
    await Caller(wing.http, wing.prison_id, token, "dashboard").get("concerns", 403)


async def test_a_machine_reads_who_it_is(wing: Wing) -> None:
    await registered(wing, scopes=["concerns.read", "fhir.read"])
    me = await machine(wing, "dashboard", "concerns.read", prisons=[wing.prison_id]).get("/v1/me")
    [here] = me["prisons"]
    assert (here["role"], here["staff_id"]) == ("machine", None)
    assert here["permissions"] == ["concern_read", "self_read"]


# What each scope opens


@pytest.mark.parametrize("scope", [*ClientScope, None])
async def test_a_scope_opens_what_it_says_and_nothing_else(
    app: FastAPI, wing: Wing, db: Database, scope: ClientScope | None
) -> None:
    """Every operation of the document, at rows that are there."""
    there = await full(wing, db)
    caller = await wing.lets_in(*([scope] if scope else []))
    opened = SCOPES[scope] if scope else frozenset()
    wrong = []
    for route in api_routes(app):
        if "{prison_id}" not in (route.path_format or "") or route.name in PUBLIC:
            continue  # what is public asks for no token
        for method in sorted(route.methods or ()):
            answer = await caller.request(method, there.path(route))
            if (answer.status_code == 403) is (permission_of(route.dependant) in opened):
                wrong.append(f"{method} {route.path_format}: {answer.status_code}")
    assert not wrong


async def test_concerns_read_tells_how_concerns_stand_and_no_word_of_anyone(wing: Wing) -> None:
    person = await wing.person()
    raised = await wing.officer.post(
        "concerns", concern(subject_person_id=person["id"], account="Canary", needs="Canary")
    )
    board = await wing.lets_in("concerns.read")
    [row] = (await board.get("concerns"))["items"]
    assert set(row) == FIELDS
    assert row == await board.get(f"concerns/{raised['id']}")
    assert row["reference"] == raised["reference"]
    found = await board.get(f"concerns?status=raised&kind=welfare&reference={row['reference']}")
    assert found["items"] == [row]
    for path in ("history", "addenda", "acknowledgement", "moves", "feedback"):
        method = "GET" if path == "history" else "POST"
        answer = await board.request(method, f"concerns/{raised['id']}/{path}", json={})
        assert answer.status_code in {403, 405}, path


async def test_concerns_about_staff_mentors_or_security_are_not_there_for_a_machine(
    wing: Wing,
) -> None:
    mentor = await wing.founder()
    hidden = [
        {"kind": "security_matter"},
        {"kind": "coercion_of_mentor"},
        {"about_staff_id": str(wing.nurse.staff_id)},
        {"about_staff_as_told": "the tall officer on nights"},
        {"kind": "misconduct", "subject_person_id": str(mentor.person_id)},
    ]
    board = await wing.lets_in("concerns.read")
    for fields in hidden:
        raised = await wing.officer.post("concerns", concern(**fields))
        await board.get(f"concerns/{raised['id']}", 404)
        found = await board.get(f"concerns?reference={raised['reference']}")
        assert found["items"] == []
    assert (await board.get("concerns"))["items"] == []


async def test_events_write_takes_prisoner_documents_and_reads_nobody(wing: Wing) -> None:
    prison = await wing.lets_in("events.write")
    document = {
        "prisonerNumber": "A1234BC",
        "firstName": "JO",
        "lastName": "SAMPLEFORD",
        "dateOfBirth": "1990-02-28",
        "prisonId": wing.prison_id,
        "inOutStatus": "IN",
        "status": "ACTIVE IN",
        "cellLocation": "D-2-014",
    }
    report = await prison.post("people/import", [document])
    assert report["counts"]["created"] == 1
    [person] = (await wing.support_worker.get("people?number=A1234BC"))["items"]
    await prison.get("people", 403)
    await prison.get(f"people/{person['id']}", 403)
    await prison.post("people", {"number": "A1234BD"}, 403)


async def test_a_machine_raises_no_concern_and_is_told_that_nothing_was_saved(wing: Wing) -> None:
    board = await wing.lets_in(*ClientScope)
    refused = await board.post("concerns", concern(), 403)
    assert refused["title"].startswith("NOT SAVED")


def test_what_machines_hold_at_most_is_what_the_scopes_open() -> None:
    every = frozenset().union(*SCOPES.values())
    assert GRANTS[Role.machine] - {Permission.self_read} == every
    assert set(SCOPES) == set(ClientScope)


async def test_a_token_of_development_for_a_client(wing: Wing) -> None:
    await registered(wing)
    body = {"client_id": "dashboard", "scopes": ["concerns.read"]}
    answer = await wing.http.post("/development/tokens", json=body)
    caller = Caller(wing.http, wing.prison_id, answer.json()["access_token"], "dashboard")
    await caller.get("concerns")
    for wrong in ({**body, "role": "governor"}, {**body, "prison_ids": ["SLI"]}, {"scopes": []}):
        assert (await wing.http.post("/development/tokens", json=wrong)).status_code == 422


async def test_the_development_issuer_is_discovered(wing: Wing) -> None:
    found = (await wing.http.get("/.well-known/openid-configuration")).json()
    assert found["scopes_supported"] == list(ClientScope)
    assert (await wing.http.get(found["jwks_uri"])).json()["keys"]
    assert found["issuer"]


def test_the_document_declares_where_a_machine_may_call(app: FastAPI) -> None:
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    scopes = schemes["clientCredentials"]["flows"]["clientCredentials"]["scopes"]
    assert set(scopes) == set(ClientScope)
    assert all(scopes.values())
    listed = document["paths"]["/v1/prisons/{prison_id}/concerns"]["get"]["security"]
    assert {"clientCredentials": ["concerns.read"]} in listed
    raised = document["paths"]["/v1/prisons/{prison_id}/concerns"]["post"]["security"]
    assert not any("clientCredentials" in each for each in raised)
