"""Who asks too often waits; who raises a concern never does."""

import asyncio
import subprocess
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from limits.aio.storage import MemoryStorage
from pydantic import SecretStr

from app.config import ConfigurationError, Settings
from app.limits import Limits
from app.openapi import api_routes, permission_of
from tests.concerns.conftest import Night, concern, night
from tests.house.answers import problem
from tests.house.test_cli import Command, refusal, wellwing
from tests.security.serving import ADDRESS, calling, made, over
from tests.sessions.scene import Scene, a_mentee, a_scene
from tests.story import Caller, Wing

__all__ = ["night", "wellwing"]
TWICE = "2/day"


class Failing(MemoryStorage):
    """A storage whose server has gone."""

    STORAGE_SCHEME = ["async+failing"]

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        raise ConnectionResetError("gone")


class Hanging(MemoryStorage):
    """A storage whose server accepts and never answers."""

    STORAGE_SCHEME = ["async+hanging"]

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        await asyncio.sleep(60)
        return amount


class Watched(MemoryStorage):
    """A storage that shows the keys it was given."""

    STORAGE_SCHEME = ["async+watched"]
    seen: list[str] = []

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        self.seen.append(key)
        return await super().incr(key, expiry, amount)


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


def throttled(answer: httpx.Response, code: str = "too_many_requests") -> int:
    """The seconds to wait that a 429 tells, in its header and in words."""
    body = problem(answer, 429, code)
    seconds = int(answer.headers["retry-after"])
    assert str(seconds) in body["detail"]
    return seconds


# -- subjects and addresses


async def test_a_subject_that_asks_too_often_waits_and_nobody_else_does(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    async with calling(made(app, settings, rate_limit_subject=TWICE)) as client:
        worker, nurse = over(client, wing.support_worker), over(client, wing.nurse)
        await worker.get("wings")
        await worker.get("people")
        assert 0 < throttled(await worker.request("GET", "wings")) <= 24 * 3600
        await nurse.get("wings")


async def test_a_token_that_is_refused_counts_for_nobody(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    async with calling(made(app, settings, rate_limit_subject="1/day")) as client:
        worker = over(client, wing.support_worker)
        for _ in range(3):
            forged = Caller(client, worker.prison_id, f"{worker.token}x", worker.subject)
            problem(await forged.request("GET", "wings"), 401, "unauthenticated")
        await worker.get("wings")


async def test_an_address_that_asks_too_often_waits_before_anything_is_looked_at(
    app: FastAPI, settings: Settings
) -> None:
    own = made(app, settings, rate_limit_address=TWICE)
    async with calling(own) as client, calling(own, "10.9.9.9") as other:
        for _ in range(2):
            problem(await client.get("/v1/me"), 401, "unauthenticated")
        throttled(await client.get("/v1/me"))
        throttled(await client.get("/nowhere"))
        problem(await other.get("/v1/me"), 401, "unauthenticated")


async def test_a_network_of_ipv6_is_one_address(app: FastAPI, settings: Settings) -> None:
    own = made(app, settings, rate_limit_address=TWICE)
    for number in (1, 2):
        async with calling(own, f"2001:db8:0:1::{number}") as client:
            assert (await client.get("/v1/me")).status_code == 401
    async with calling(own, "2001:db8:0:1:ffff::9") as client:
        throttled(await client.get("/v1/me"))
    async with calling(own, "2001:db8:0:2::1") as client:
        assert (await client.get("/v1/me")).status_code == 401


async def test_after_the_seconds_it_was_told_the_next_request_passes(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    async with calling(made(app, settings, rate_limit_subject="2 per 2 second")) as client:
        worker = over(client, wing.support_worker)
        answer = await worker.request("GET", "wings")
        while answer.status_code == 200:
            answer = await worker.request("GET", "wings")
        wait = throttled(answer)
        assert wait <= 3
        await asyncio.sleep(wait)
        await worker.get("wings")


async def test_several_rates_hold_together(app: FastAPI, settings: Settings, wing: Wing) -> None:
    async with calling(made(app, settings, rate_limit_subject="9/day; 1/hour")) as client:
        worker = over(client, wing.support_worker)
        await worker.get("wings")
        assert throttled(await worker.request("GET", "wings")) <= 3600


async def test_health_is_never_refused(app: FastAPI, settings: Settings) -> None:
    async with calling(made(app, settings, rate_limit_address="1/day")) as client:
        for _ in range(3):
            assert (await client.get("/health")).status_code == 200
            for alarm in ("/health/escalation", "/health/channels"):
                assert (await client.get(alarm)).status_code in {200, 503}
        assert (await client.get("/v1/me")).status_code == 401


# -- concerns


@pytest.fixture
async def exhausted(app: FastAPI, settings: Settings, night: Night) -> Any:
    """The API to which the mentor, and everyone at their address, has asked too often."""
    own = made(app, settings, rate_limit_subject="1/day", rate_limit_address="1/day")
    async with calling(own) as client:
        await over(client, night.mentor).get("concerns")
        throttled(await over(client, night.mentor).request("GET", "concerns"))
        yield client


async def test_a_concern_is_raised_when_nothing_else_is_answered_any_more(
    exhausted: httpx.AsyncClient, night: Night
) -> None:
    mentor = over(exhausted, night.mentor)
    for _ in range(5):
        assert (await mentor.post("concerns", concern()))["reference"]
    throttled(await mentor.request("GET", "concerns"))


async def test_words_are_added_to_a_concern_when_nothing_else_is_answered(
    exhausted: httpx.AsyncClient, night: Night
) -> None:
    raised = await night.raises()
    mentor = over(exhausted, night.mentor)
    path = f"concerns/{raised['id']}/addenda"
    for _ in range(3):
        answer = await mentor.request("POST", path, json={"account": "He has told me more."})
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("path", ["concerns/", "Concerns", "%63oncerns", "concerns?x=1"])
async def test_a_concern_at_an_address_a_little_wrong_is_told_so_and_not_to_wait(
    exhausted: httpx.AsyncClient, night: Night, path: str
) -> None:
    answer = await over(exhausted, night.mentor).request("POST", path, json=concern())
    assert answer.status_code in {201, 404, 422}


async def test_a_concern_without_a_token_is_told_so_and_not_to_wait(
    exhausted: httpx.AsyncClient, night: Night
) -> None:
    answer = await exhausted.post(night.mentor.url("concerns"), json=concern())
    assert problem(answer, 401, "unauthenticated")["title"].startswith("NOT SAVED")


# -- the storage


@pytest.mark.parametrize("kind", ["failing", "hanging"])
async def test_a_storage_that_is_away_refuses_nobody_and_costs_little(
    app: FastAPI, settings: Settings, wing: Wing, kind: str
) -> None:
    storage = SecretStr(f"{kind}://")
    rates = {"rate_limit_subject": "1/day", "rate_limit_address": "1/day"}
    own = made(app, settings, rate_limit_storage=storage, **rates)
    async with calling(own) as client:
        began = time.monotonic()
        for _ in range(4):
            await over(client, wing.support_worker).get("wings")
        assert time.monotonic() - began < 5


async def test_no_key_of_the_storage_holds_a_subject_or_an_address(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    storage = SecretStr("watched://")
    rates = {"rate_limit_subject": "9/day", "rate_limit_address": "9/day"}
    Watched.seen.clear()
    async with calling(made(app, settings, rate_limit_storage=storage, **rates)) as client:
        await over(client, wing.support_worker).get("wings")
    assert len(Watched.seen) == 2
    for key in Watched.seen:
        assert ADDRESS not in key
        assert wing.support_worker.subject not in key


def test_a_storage_that_cannot_be_used_is_refused_without_its_password(settings: Settings) -> None:
    unusable = settings.model_copy(update={"rate_limit_storage": SecretStr("what://me:hush@host")})
    with pytest.raises(ConfigurationError, match="RATE_LIMIT_STORAGE") as refused:
        Limits(unusable)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("rate", ["often", "0/minute", "5/fortnight"])
def test_a_rate_that_makes_no_sense_is_refused_at_the_start(wellwing: Command, rate: str) -> None:
    done: subprocess.CompletedProcess[str] = wellwing("serve", WELLWING_RATE_LIMIT_SUBJECT=rate)
    assert "WELLWING_RATE_LIMIT_SUBJECT" in refusal(done)


# -- pairs


async def test_whoever_tries_pairs_that_cannot_be_learns_of_a_few_and_then_of_none(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.referred()
    willing = await wing.engaged()
    refused = {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}
    possible = {"mentor_id": str(mentor.mentor_id), "mentee_id": willing["id"]}
    async with calling(made(app, settings, rate_limit_pairs=TWICE)) as client:
        worker = over(client, wing.support_worker)
        for _ in range(2):
            problem(await worker.request("POST", "pairings", json=refused), 409, "not_pairable")
        for body in (refused, possible):  # else the refusal itself would be the answer
            answer = await worker.request("POST", "pairings", json=body)
            throttled(answer, "too_many_pair_checks")
        await worker.get("pairings")


async def test_pairs_that_can_be_are_never_counted(
    app: FastAPI, settings: Settings, wing: Wing
) -> None:
    mentor = await wing.active_mentor()
    mentees = [await wing.engaged() for _ in range(2)]
    async with calling(made(app, settings, rate_limit_pairs="1/day")) as client:
        for mentee in mentees:
            body = {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}
            await over(client, wing.support_worker).post("pairings", body)


async def test_a_mentor_cannot_book_their_way_round_the_word_unavailable(
    app: FastAPI, settings: Settings, scene: Scene
) -> None:
    other = await scene.one_more()
    await scene.books(room_id=None, mentor_id=str(other.mentor_id))
    async with calling(made(app, settings, rate_limit_pairs=TWICE)) as client:
        mentor = over(client, scene.mentor)
        for _ in range(2):
            await mentor.post("sessions", scene.plan(), 409)
        throttled(
            await mentor.request("POST", "sessions", json=scene.plan()), "too_many_pair_checks"
        )


async def test_a_room_that_is_taken_tells_nothing_of_a_pair(
    app: FastAPI, settings: Settings, scene: Scene
) -> None:
    other = await scene.one_more()
    theirs = await a_mentee(scene.wing, other)
    await scene.books(mentor_id=str(other.mentor_id), mentee_ids=[theirs])
    async with calling(made(app, settings, rate_limit_pairs="1/day")) as client:
        worker = over(client, scene.support_worker)
        for _ in range(3):
            answer = await worker.request("POST", "sessions", json=scene.plan())
            problem(answer, 409, "room_taken")


# -- the document


def test_every_operation_with_a_token_declares_that_it_may_tell_one_to_wait(app: FastAPI) -> None:
    document = app.openapi()
    asked = 0
    for route in api_routes(app):
        if permission_of(route.dependant) is None:
            continue
        for method in route.methods or ():
            responses = document["paths"][route.path_format][method.lower()]["responses"]
            name = responses["429"]["$ref"].rsplit("/", 1)[-1]
            assert "Retry-After" in document["components"]["responses"][name]["headers"]
            asked += 1
    assert asked > 50
