"""Lists: every item exactly once, in order, both ways; a cursor serves the list it came from."""

import asyncio
import base64
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from app.db import Database
from app.errors import Invalid
from app.paging import read_cursor, write_cursor
from tests.house.answers import fields, problem
from tests.story import Caller, Wing

SAME_TIME = "2026-11-22 10:00:00.123456+00"


@pytest.fixture
async def crowd(wing: Wing, db: Database) -> Wing:
    """23 people, most of them entered at the same instant."""
    await asyncio.gather(*[wing.person() for _ in range(23)])
    async with db.write(wing.prison_id) as session:
        sixth = "(SELECT number FROM person ORDER BY number OFFSET 5 LIMIT 1)"
        await session.execute(
            text(f"UPDATE person SET recorded_at = '{SAME_TIME}' WHERE number > {sixth}")
        )
    return wing


async def walk(caller: Caller, path: str) -> list[dict[str, Any]]:
    """Every item, following `Link`, which must say the same as `next`."""
    items: list[dict[str, Any]] = []
    while path:
        answer = await caller.request("GET", path)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        link = answer.headers.get("link", "")
        assert bool(link) is (page["next"] is not None)
        path = link.partition(">")[0].removeprefix("<")
        if path:
            assert link == f'<{path}>; rel="next"'
            assert parse_qs(urlsplit(path).query)["cursor"] == [page["next"]]
    return items


SORTS = ["recorded_at", "-recorded_at", "display_name", "-display_name"]


async def test_a_walk_finds_everyone_once(crowd: Wing) -> None:
    """Whatever the size of the pages, and with 17 of 23 under the same sort key."""
    for limit, sort in product([1, 2, 7, 22, 23, 24, 200], SORTS):
        items = await walk(crowd.support_worker, f"people?limit={limit}&sort={sort}")
        ids = [item["id"] for item in items]
        assert len(ids) == len(set(ids)) == 23
        name = sort.removeprefix("-")
        keys = [(item[name], item["id"]) for item in items]
        if name == "recorded_at":
            assert len({key for key, _ in keys}) == 7
            assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_both_ways_are_each_others_reverse(crowd: Wing) -> None:
    worker = crowd.support_worker
    for name in ("recorded_at", "display_name"):
        up = await walk(worker, f"people?limit=5&sort={name}")
        down = await walk(worker, f"people?limit=4&sort=-{name}")
        assert up == down[::-1]


async def test_a_filter_walks_along(crowd: Wing) -> None:
    number = (await crowd.support_worker.get("people?limit=1"))["items"][0]["number"]
    items = await walk(crowd.support_worker, f"people?limit=1&number={number.lower()}")
    assert [item["number"] for item in items] == [number]
    everyone = await walk(crowd.support_worker, "people?limit=9&presence=here&wing=D")
    assert len(everyone) == 23


async def test_who_arrives_meanwhile_disturbs_nobody(crowd: Wing) -> None:
    page = await crowd.support_worker.get("people?limit=10&sort=-recorded_at")
    await crowd.person()
    rest = await walk(
        crowd.support_worker, f"people?limit=10&sort=-recorded_at&cursor={page['next']}"
    )
    ids = [item["id"] for item in page["items"] + rest]
    assert len(ids) == len(set(ids)) == 23


async def test_an_empty_list_is_a_page(wing: Wing) -> None:
    assert await wing.support_worker.get("people") == {"items": [], "next": None}


# What is refused


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=1e2", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("sort=cell_location", "sort"),
        ("sort=", "sort"),
        ("surprise=1", "surprise"),
        ("LIMIT=5", "LIMIT"),
        ("offset=5", "offset"),
        ("presence=gone", "presence"),
        ("number=nonsense", "number"),
    ],
)
async def test_a_query_that_is_not_understood_names_its_parameter(
    wing: Wing, query: str, field: str
) -> None:
    answer = await wing.support_worker.request("GET", f"people?{query}")
    assert fields(problem(answer, 422, "invalid")) == [field]


@pytest.mark.parametrize("name", ["name=a%00b", "name=%ff%fe", "wing=%27--", "name=%25%25"])
async def test_no_query_breaks_the_list(wing: Wing, name: str) -> None:
    answer = await wing.support_worker.request("GET", f"people?{name}")
    assert answer.status_code in {200, 422}, answer.text


async def refused_cursor(caller: Caller, path: str, cursor: str) -> None:
    answer = await caller.request("GET", path, params={"cursor": cursor})
    assert fields(problem(answer, 422, "invalid")) == ["cursor"]


def changed(cursor: str) -> list[str]:
    """Every way a curious caller may bend a cursor."""
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    bent = []
    for position in (0, 15, 16, len(raw) // 2, len(raw) - 1):
        copy = raw.copy()
        copy[position] ^= 1
        bent.append(base64.urlsafe_b64encode(copy).rstrip(b"=").decode())
    return [*bent, cursor[:-4], cursor[4:], cursor + "AAAA", "", "x", "é", "A" * 599, "a" * 21]


async def test_a_tampered_cursor_is_refused(crowd: Wing) -> None:
    page = await crowd.support_worker.get("people?limit=5")
    for cursor in changed(page["next"]):
        path = crowd.support_worker.url("people")
        await refused_cursor(crowd.support_worker, f"{path}?limit=5", cursor)


@pytest.mark.parametrize(
    "other",
    [
        "people?sort=-display_name",
        "people?sort=recorded_at",
        "people?presence=here",
        "people?number=A1234BC",
        "staff",
        "wings",
    ],
)
async def test_a_cursor_serves_only_the_query_it_came_from(crowd: Wing, other: str) -> None:
    page = await crowd.support_worker.get("people?limit=5")
    joint = "&" if "?" in other else "?"
    answer = await crowd.support_worker.request("GET", f"{other}{joint}cursor={page['next']}")
    assert fields(problem(answer, 422, "invalid")) == ["cursor"]


async def test_a_cursor_of_another_prison_shows_nothing_of_it(crowd: Wing, db: Database) -> None:
    """It only says after which item to go on; the rows stay those of the caller's prison."""
    page = await crowd.support_worker.get("people?limit=5")
    officer = await crowd.officer.get(f"people?limit=200&cursor={page['next']}")
    assert len(officer["items"]) == 18


def test_a_cursor_is_read_as_it_was_written() -> None:
    for key in ("", "Ünïcode", "2026-11-22 10:00:00+00", '"quoted"', "x" * 100):
        cursor = write_cursor("Person", key, "0198c0de-0000-7000-8000-000000000000")
        assert read_cursor(cursor, "Person") == (key, "0198c0de-0000-7000-8000-000000000000")
        with pytest.raises(Invalid):
            read_cursor(cursor, "Staff")
