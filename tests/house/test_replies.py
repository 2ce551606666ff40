"""One resource with its version, and answers kept under an Idempotency-Key."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from app.db import Database
from app.errors import MatchNeeded, Stale
from app.replies import check_match, etag
from tests.house.answers import fields, problem
from tests.story import Caller, Wing

ECHO = {"code": "E", "name": "Echo"}


async def create(
    caller: Caller, key: str, body: dict[str, Any] = ECHO, path: str = "wings"
) -> httpx.Response:
    return await caller.request("POST", path, json=body, headers={"Idempotency-Key": key})


async def count(db: Database, prison_id: str, table: str) -> int:
    rows = await db.fetch(prison_id, f"SELECT count(*) FROM {table}")
    return int(rows[0]["count"])


# Idempotency-Key


async def test_the_same_key_and_body_get_the_same_answer(wing: Wing, db: Database) -> None:
    first = await create(wing.support_worker, "k")
    again = await create(wing.support_worker, "k")
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await count(db, wing.prison_id, "wing") == 2


async def test_a_location_leads_to_what_was_created(wing: Wing) -> None:
    made = await create(wing.support_worker, "k")
    found = await wing.http.get(
        made.request.url.join(made.headers["location"]),
        headers={"Authorization": f"Bearer {wing.support_worker.token}"},
    )
    assert found.content == made.content
    assert found.headers["etag"] == made.headers["etag"] == '"1"'


async def test_the_answer_is_the_one_given_then_whatever_happened_since(
    wing: Wing, db: Database
) -> None:
    first = await create(wing.support_worker, "k")
    async with db.write(wing.prison_id) as session:
        await session.execute(text("UPDATE wing SET name = 'Renamed', version = 2"))
    again = await create(wing.support_worker, "k")
    assert again.content == first.content


async def test_the_same_key_with_another_body_is_refused(wing: Wing, db: Database) -> None:
    await create(wing.support_worker, "k")
    answer = await create(wing.support_worker, "k", {**ECHO, "name": "Other"})
    problem(answer, 422, "idempotency_key_reused")
    assert await count(db, wing.prison_id, "wing") == 2


async def test_the_same_key_at_another_address_is_refused(wing: Wing) -> None:
    made = (await create(wing.support_worker, "k")).json()
    body = {"wing_id": made["id"], "name": "Quiet room", "capacity": 4}
    answer = await create(wing.support_worker, "k", body, "rooms")
    problem(answer, 422, "idempotency_key_reused")


async def test_a_key_belongs_to_its_caller(wing: Wing) -> None:
    await create(wing.support_worker, "k")
    answer = await create(wing.governor, "k", {"code": "F", "name": "Foxtrot"})
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


async def test_a_refusal_keeps_no_key(wing: Wing) -> None:
    """What was not done may be tried again under its key, with its mistake mended."""
    problem(await create(wing.support_worker, "k", {"code": "E"}), 422, "invalid")
    taken = {"code": "D", "name": "Delta again"}
    problem(await create(wing.support_worker, "k", taken), 409, "already_exists")
    assert (await create(wing.support_worker, "k")).status_code == 201


async def test_ten_at_once_under_one_key_make_one_row(wing: Wing, db: Database) -> None:
    answers = await asyncio.gather(*[create(wing.support_worker, "k") for _ in range(10)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 9
    assert await count(db, wing.prison_id, "wing") == 2
    assert await count(db, wing.prison_id, "idempotency_key") == 1


async def test_ten_at_once_without_a_key_are_ten_attempts(wing: Wing, db: Database) -> None:
    answers = await asyncio.gather(
        *[wing.support_worker.request("POST", "wings", json=ECHO) for _ in range(10)]
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert await count(db, wing.prison_id, "wing") == 2


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_has_1_to_200_characters(wing: Wing, key: str) -> None:
    body = problem(await create(wing.support_worker, key), 422, "invalid")
    assert [name.lower() for name in fields(body)] == ["idempotency-key"]


async def test_a_key_may_hold_anything_a_header_may(wing: Wing) -> None:
    for number, key in enumerate(["'; DROP TABLE wing", "a b\tc", "%00", "é"]):
        body = {"code": f"K{number}", "name": "Key"}
        headers = {"Idempotency-Key": key.encode("latin-1")}
        for _ in range(2):
            answer = await wing.support_worker.request("POST", "wings", json=body, headers=headers)
            assert answer.status_code == 201


# ETag and If-Match


@pytest.fixture
async def path(wing: Wing) -> str:
    """The address of something that changes under If-Match."""
    body = {
        "staff_id": str(wing.clinician.staff_id),
        "post": "clinician",
        "starts_at": "2026-11-01T08:00:00Z",
    }
    made = await wing.governor.post("duties", body)
    return f"duties/{made['id']}"


async def change(wing: Wing, path: str, match: str | None, until: str) -> httpx.Response:
    headers = {} if match is None else {"If-Match": match}
    return await wing.governor.request("PATCH", path, json={"ends_at": until}, headers=headers)


async def test_a_change_needs_the_version_it_changes(wing: Wing, path: str) -> None:
    read = await wing.governor.request("GET", path)
    assert read.headers["etag"] == '"1"'
    problem(await change(wing, path, None, "2027-01-01T08:00:00Z"), 428, "if_match_needed")
    changed = await change(wing, path, '"1"', "2027-01-01T08:00:00Z")
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    problem(await change(wing, path, '"1"', "2028-01-01T08:00:00Z"), 412, "stale")
    again = await wing.governor.request("GET", path)
    assert again.headers["etag"] == '"2"'
    assert orjson.loads(again.content)["ends_at"] == "2027-01-01T08:00:00+00:00"


@pytest.mark.parametrize("match", ["*", ' "1"', 'W/"1"', '"0", "1"'])
async def test_any_listed_version_and_the_star_match(wing: Wing, path: str, match: str) -> None:
    assert (await change(wing, path, match, "2027-01-01T08:00:00Z")).status_code == 200


@pytest.mark.parametrize("match", ["1", '"01"', '"x"', "", '"1', "'1'", '"1";"1"'])
async def test_anything_else_is_stale(wing: Wing, path: str, match: str) -> None:
    problem(await change(wing, path, match, "2027-01-01T08:00:00Z"), 412, "stale")


async def test_of_ten_changes_of_one_version_one_is_made(wing: Wing, path: str) -> None:
    answers = await asyncio.gather(
        *[change(wing, path, '"1"', f"2027-01-{day:02}T08:00:00Z") for day in range(1, 11)]
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9


def test_a_version_is_held_against_if_match() -> None:
    check_match(7, etag(7), needed=True)
    check_match(7, None, needed=False)
    with pytest.raises(MatchNeeded):
        check_match(7, None, needed=True)
    with pytest.raises(Stale):
        check_match(7, etag(70), needed=False)
