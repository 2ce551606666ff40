"""Revoked tokens: who may end whose, at once and everywhere, and what is forgotten when."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app import clock
from app.config import settings
from app.db import Database
from app.grants import PUBLIC
from app.models.base import new_id
from app.models.revocations import RevocationReason
from app.models.staff import StaffRole
from app.openapi import api_routes
from app.services.revocations import OPERATOR, forget, revocation
from app.tokens import DevelopmentIssuer
from tests.concerns.conftest import concern
from tests.house.callers import full
from tests.story import Caller, Wing

LOST = {"reason": "lost_or_stolen"}


def signed_in(wing: Wing, caller: Caller, **extra: Any) -> Caller:
    """The same person with another token; issued a second later unless told otherwise."""
    later = int(clock.real_now().timestamp()) + 1
    role = caller.subject.rstrip("0123456789")
    extra = {"iat": later, **extra}
    token = wing.issuer.issue(caller.subject, [role], [caller.prison_id], **extra)
    return Caller(caller.http, caller.prison_id, token, caller.subject, caller.staff_id)


async def revoked(caller: Caller, path: str = "/v1/me") -> bool:
    answer = await caller.request("GET", path)
    if answer.status_code != 401:
        assert answer.status_code == 200, answer.text
        return False
    assert answer.json()["code"] == "token_revoked"
    assert answer.headers["www-authenticate"] == "Bearer"
    return True


# What ends


async def test_every_token_issued_until_now_ends_and_a_new_one_is_believed(wing: Wing) -> None:
    nurse = signed_in(wing, wing.nurse, iat=int(clock.real_now().timestamp()) - 60)
    assert not await revoked(nurse, "people")
    made = await wing.governor.post("revocations", {"subject": nurse.subject, **LOST})
    assert made["subject"] == nurse.subject
    assert made["revoked_by"] == wing.governor.subject
    for path in ("people", "/v1/me", "/v1/reference"):
        assert await revoked(nurse, path)
    assert not await revoked(signed_in(wing, nurse), "people")
    assert not await revoked(wing.clinician, "people")


async def test_one_token_ends_and_the_others_of_its_bearer_do_not(wing: Wing) -> None:
    lost, kept = signed_in(wing, wing.nurse, jti="lost"), signed_in(wing, wing.nurse, jti="kept")
    body = {"subject": wing.nurse.subject, "token_id": "lost", **LOST}
    made = await wing.governor.post("revocations", body)
    assert made["issued_until"] is None
    assert await revoked(lost, "people")
    assert not await revoked(kept, "people")
    posing = signed_in(wing, wing.clinician, jti="lost")
    assert not await revoked(posing, "people"), "the id of a token is of its subject only"


async def test_a_revoked_token_opens_no_operation_at_all(
    app: FastAPI, wing: Wing, db: Database
) -> None:
    """Nor gets an answer again that it was given before."""
    there = await full(wing, db)
    deputy = await wing.hires(StaffRole.governor)
    key = {"Idempotency-Key": "once"}
    wing_made = {"code": "E", "name": "Echo"}
    await deputy.post("wings", wing_made, headers=key)
    await wing.governor.post("revocations", {"subject": deputy.subject, **LOST})
    for route in api_routes(app):
        if route.name in {*PUBLIC, "docs", "openapi_document"}:
            continue
        for method in sorted(route.methods or ()):
            answer = await deputy.request(method, there.path(route))
            assert answer.status_code == 401, f"{route.name}: {answer.text}"
            if method != "HEAD":  # which has no body
                assert answer.json()["code"] == "token_revoked", route.name
    await deputy.post("wings", wing_made, 401, headers=key)


async def test_a_concern_under_a_revoked_token_is_said_not_to_be_saved(wing: Wing) -> None:
    await wing.governor.post("revocations", {"subject": wing.officer.subject, **LOST})
    refused = await wing.officer.post("concerns", concern(), 401)
    assert refused["title"].startswith("NOT SAVED")
    assert refused["code"] == "token_revoked"


async def test_a_prisoners_tokens_end_by_their_record(wing: Wing) -> None:
    mentor, other = await wing.founder(), await wing.founder()
    assert not await revoked(mentor, "concerns")
    body = {"person_id": str(mentor.person_id), **LOST}
    await wing.governor.post("revocations", body)
    assert await revoked(mentor, "concerns")
    assert await revoked(mentor)
    assert not await revoked(other, "concerns")
    assert not await revoked(wing.nurse)


async def test_a_clients_tokens_end(wing: Wing) -> None:
    board = await wing.lets_in("concerns.read")
    other = await wing.lets_in("concerns.read")
    assert not await revoked(board, "concerns")
    await wing.governor.post("revocations", {"subject": board.subject, **LOST})
    assert await revoked(board, "concerns")
    assert not await revoked(other, "concerns")


async def test_the_verifier_remembers_no_token_past_its_revocation(
    app: FastAPI, wing: Wing
) -> None:
    nurse = wing.nurse
    await asyncio.gather(*[nurse.get("people") for _ in range(5)])
    assert app.state.verifier.cached(nurse.token)
    await wing.governor.post("revocations", {"subject": nurse.subject, **LOST})
    assert app.state.verifier.cached(nurse.token), "its signature is as good as ever"
    assert await revoked(nurse, "people")


# Who ends whose


async def test_governors_and_the_mental_health_lead_end_tokens_and_nobody_else(
    wing: Wing,
) -> None:
    body = {"subject": wing.officer.subject, "token_id": "lost", **LOST}
    lead = await wing.hires(StaffRole.mental_health_lead)
    await wing.governor.post("revocations", body)
    await lead.post("revocations", body)
    mentor = await wing.founder()
    others = (wing.support_worker, wing.clinician, wing.nurse, wing.officer, mentor)
    for caller in (*others, await wing.lets_in("events.write")):
        await caller.post("revocations", body, 403)
        await caller.get("revocations", 403)
    await lead.get("revocations", 403)
    found = (await wing.governor.get("revocations"))["items"]
    assert [each["revoked_by"] for each in found] == [lead.subject, wing.governor.subject]


async def test_nobody_is_shut_out_by_a_prison_that_does_not_know_them(
    wing: Wing, issuer: DevelopmentIssuer
) -> None:
    for body in ({"subject": "nurse.elsewhere"}, {"person_id": str(new_id())}):
        refused = await wing.governor.post("revocations", {**body, **LOST}, 422)
        [error] = refused["errors"]
        assert (error["field"], error["code"]) == (next(iter(body)), "unknown")
    elsewhere = issuer.issue("nurse.elsewhere", ["nurse"], [])
    assert not await revoked(Caller(wing.http, wing.prison_id, elsewhere, "nurse.elsewhere"))


async def test_who_worked_here_once_is_known(wing: Wing) -> None:
    await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"active": False})
    await wing.governor.post("revocations", {"subject": wing.nurse.subject, **LOST})
    assert await revoked(wing.nurse)


async def test_a_prison_lists_its_own_and_nobody_what_is_about_themselves(wing: Wing) -> None:
    deputy = await wing.hires(StaffRole.governor)
    await wing.governor.post("revocations", {"subject": wing.nurse.subject, **LOST})
    body = {"subject": deputy.subject, "token_id": "x", "reason": "misuse"}
    await wing.governor.post("revocations", body)
    seen = {each["subject"] for each in (await wing.governor.get("revocations"))["items"]}
    assert seen == {wing.nurse.subject, deputy.subject}
    seen = {each["subject"] for each in (await deputy.get("revocations"))["items"]}
    assert seen == {wing.nurse.subject}
    await wing.officer.post("/v1/me/revocations", {"tokens": "all"}, 200)
    assert len((await wing.governor.get("revocations"))["items"]) == 2


@pytest.mark.parametrize(
    "body",
    [
        LOST,
        {"subject": "a", "person_id": str(new_id()), **LOST},
        {"token_id": "a", **LOST},
        {"subject": "a"},
        {"subject": "a", "reason": "spite"},
        {"subject": "a\x00", **LOST},
        {"subject": "a", "issued_until": "2030-01-01T00:00:00+00:00", **LOST},
    ],
)
async def test_a_revocation_that_cannot_be(wing: Wing, body: dict[str, Any]) -> None:
    await wing.governor.post("revocations", body, 422)


async def test_the_same_key_revokes_once(wing: Wing) -> None:
    body, key = {"subject": wing.nurse.subject, **LOST}, {"Idempotency-Key": "once"}
    first = await wing.governor.post("revocations", body, headers=key)
    assert await wing.governor.post("revocations", body, headers=key) == first


# Signing out


async def test_everyone_signs_out_everywhere(wing: Wing) -> None:
    mentor, board = await wing.founder(), await wing.lets_in("concerns.read")
    for caller in (wing.nurse, mentor, board):
        assert not await revoked(caller)
        ended = await caller.post("/v1/me/revocations", {"tokens": "all"}, 200)
        assert ended["tokens"] == "all"
        assert await revoked(caller)
        await caller.post("/v1/me/revocations", {"tokens": "all"}, 401)
    assert not await revoked(wing.clinician)


async def test_everyone_signs_out_here(wing: Wing) -> None:
    here, there = signed_in(wing, wing.nurse), signed_in(wing, wing.nurse)
    await here.post("/v1/me/revocations", {"tokens": "this"}, 200)
    assert await revoked(here)
    assert not await revoked(there)
    nameless = signed_in(wing, wing.nurse, jti=None)
    refused = await nameless.post("/v1/me/revocations", {"tokens": "this"}, 422)
    assert refused["errors"][0]["code"] == "no_token_id"
    await nameless.post("/v1/me/revocations", {"tokens": "everyones"}, 422)
    await nameless.post("/v1/me/revocations", {"tokens": "all"}, 200)
    assert not await revoked(nameless), "its time of issue is a second from now"


async def test_a_person_and_a_record_named_together_must_both_fit(wing: Wing, db: Database) -> None:
    """A row that names several things means the tokens that have all of them."""
    mentor = await wing.founder()
    async with db.outside() as session:
        session.add(
            revocation(
                RevocationReason.precaution,
                OPERATOR,
                subject=wing.nurse.subject,
                person_id=mentor.person_id,
            )
        )
    assert not await revoked(wing.nurse)
    assert not await revoked(mentor)


# Forgetting


async def test_what_no_living_token_can_be_of_is_forgotten(wing: Wing, db: Database) -> None:
    made = await wing.governor.post("revocations", {"subject": wing.nurse.subject, **LOST})
    count = "SELECT count(*) FROM revocation WHERE id = $1"
    longest = settings().longest_token
    await forget(db, clock.real_now() + longest - timedelta(minutes=1))
    assert await db.fetchval(count, made["id"]) == 1
    async with db.outside() as session:
        await session.execute(
            text("UPDATE revocation SET expires_at = :then WHERE id = :id"),
            {"then": clock.real_now() - timedelta(seconds=1), "id": made["id"]},
        )
    await forget(db, clock.real_now())
    assert await db.fetchval(count, made["id"]) == 0


async def test_no_token_outlives_its_revocation(wing: Wing) -> None:
    """One that could is not believed in the first place."""
    eternal = signed_in(wing, wing.nurse, exp=int(clock.real_now().timestamp()) + 400 * 3600)
    refused = await eternal.get("people", 401)
    assert "token_lives_too_long" in refused["detail"]
