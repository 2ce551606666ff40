"""The canary test: a word in every confidential field, and everybody looks everywhere."""

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from datetime import date

import pytest
from fastapi import FastAPI
from sqlalchemy import Column, Enum, text

from app import logs
from app.config import Settings
from app.models.base import metadata
from tests.security.canaries import CANARIES, EVERY, NOT_PLANTED, Viewer, found_in
from tests.security.crawler import Crawl, asked, filter_values, operations
from tests.security.planting import HOME, ONCE, World, not_in_place

pytestmark = pytest.mark.xdist_group("world")  # one worker plants what they share

Record = Callable[[str, object], None]
OWN_CLIENTS = ("httpx", "httpcore")  # the tests' own way to the API

# What a page is for: where somebody is reached, and the number to call back.
IN_PAGES = {
    ("staff", "contact"),
    ("prison", "outside_last_resort"),
    ("prison", "call_back_number"),
}


@pytest.fixture(scope="module", autouse=True)
def written(settings: Settings, open_app: FastAPI) -> Iterator[io.StringIO]:
    """All that the process logs while everybody looks, of every level."""
    lines = io.StringIO()
    with redirect_stderr(lines):
        logs.configure("DEBUG")
    handler, root = logging.StreamHandler(lines), logging.getLogger()
    handler.addFilter(lambda record: not record.name.startswith(OWN_CLIENTS))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)
    logs.configure(settings.log_level)


def _says_something(column: Column[object]) -> bool:
    """Whether a column may hold words, days or bytes, and not an id, a number, a clock or a code of
    a closed list."""
    if isinstance(column.type, Enum) or column.name == "prison_id":
        return False
    return column.type.python_type in {str, date, dict, list, bytes, object}


def test_every_column_that_says_something_holds_a_canary_or_is_excused() -> None:
    said = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if _says_something(column)
    }
    assert said - CANARIES.keys() - NOT_PLANTED.keys() == set()
    assert NOT_PLANTED.keys() & CANARIES.keys() == set()
    assert (NOT_PLANTED.keys() | CANARIES.keys()) - said == set()


def test_every_canary_is_known_by_its_word_and_by_no_other() -> None:
    assert [str(each) for each in EVERY if found_in(each.word.upper()) != {each}] == []


async def test_every_canary_is_in_its_place(world: World) -> None:
    assert await not_in_place(world) == []


@pytest.mark.parametrize("viewer", Viewer)
async def test_nobody_sees_a_canary_but_who_may(
    world: World,
    open_app: FastAPI,
    crawled: dict[Viewer, Crawl],
    viewer: Viewer,
    record_property: Record,
) -> None:
    every = operations(open_app.openapi())
    values = await filter_values(world.home.db)
    crawl = Crawl(open_app, every, viewer, world.viewers[viewer], world.ids, values)
    crawled[viewer] = crawl
    await crawl.everything()
    expected = {each for each in EVERY if viewer in each.seen_by}
    assert sorted(map(str, expected - crawl.seen)) == [], "seen by nobody who may: a wrong list?"
    gets = {each.id for each in every if each.method == "GET"}
    assert crawl.visited == gets
    record_property("operations", len(gets))
    record_property("requests", crawl.requests)
    print(f"{viewer}: {len(gets)} operations read, {crawl.requests} requests")  # noqa: T201


async def test_an_answer_kept_under_a_key_is_given_to_nobody_else(
    world: World, open_app: FastAPI
) -> None:
    path, body = world.replayed
    values = await filter_values(world.home.db)
    for viewer, caller in world.viewers.items():
        crawl = Crawl(open_app, [], viewer, caller, world.ids, values)
        url = f"/v1/prisons/{HOME}/{path}"
        answer = await crawl.ask("POST", url, headers=ONCE, content=body)
        assert not crawl.problems
        own = viewer is Viewer.support_worker
        assert ("idempotency-replayed" in answer.headers) is own, f"{viewer}: {answer.text}"


async def test_subject_access_tells_a_person_nothing_of_anybody_else(
    world: World, open_app: FastAPI
) -> None:
    """What is held of the mentee: none of what identifies others, and no line of the staff."""
    issuer = world.home.issuer
    token = issuer.issue_to_client("subject-access", [], roles=["ROLE_SAR_DATA_ACCESS"])
    number = CANARIES["person", "number"]["mentee"].word
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/subject-access-request?prn={number}"
    answer = await asked(open_app, "GET", path, headers)
    assert answer.status == 200, answer.text
    found = found_in(answer.text)
    assert CANARIES["person", "last_name"]["mentee"] in found
    of_others = {
        str(each)
        for each in found
        if (each.table in {"person", "mentor", "mentee"} and each.variant != "mentee")
        or each.table in {"staff", "client", "break_glass"}
        or each.variant in {"restricted", "about_worker", "about_governor", "security"}
    }
    assert of_others == set()


async def test_no_canary_leaves_with_an_event_or_a_page(world: World) -> None:
    queries = ["SELECT topic || payload::text AS said FROM outbox"]
    queries += ["SELECT concat(text, why) AS said FROM notification"]
    said = world.pages.read_text().splitlines()
    async with world.home.db.write(HOME) as session:
        for sql in queries:
            said += [row.said for row in await session.execute(text(sql))]
    assert len(said) > 20
    found = {each for line in said for each in found_in(line)}
    assert {(each.table, each.column) for each in found} <= IN_PAGES


async def test_the_audit_holds_no_canary_but_who_acted(world: World) -> None:
    async with world.home.db.write(HOME) as session:
        rows = (await session.execute(text("SELECT * FROM audit_entry"))).mappings().all()
    assert len(rows) > 20
    for row in rows:
        said = " ".join(str(value) for name, value in row.items() if name != "subject")
        named = {each for each in found_in(said) if each.column not in {"subject", "client_id"}}
        assert not named


def test_every_operation_was_read_by_everybody(
    open_app: FastAPI, crawled: dict[Viewer, Crawl], record_property: Record
) -> None:
    """The count of it all: who looked, at how many operations, how often."""
    gets = {each.id for each in operations(open_app.openapi()) if each.method == "GET"}
    assert len(gets) > 50
    assert all(crawl.visited == gets for crawl in crawled.values())
    requests = sum(crawl.requests for crawl in crawled.values())
    record_property("operations", len(gets))
    record_property("viewers", len(crawled))
    record_property("requests", requests)
    print(f"{len(gets)} operations × {len(crawled)} viewers, {requests} requests")  # noqa: T201


def test_nothing_that_was_logged_holds_a_canary(
    written: io.StringIO, crawled: dict[Viewer, Crawl]
) -> None:
    lines = written.getvalue().splitlines()
    pages = [line for line in lines if '"event": "page"' in line]
    others = [line for line in lines if line not in pages]
    assert not crawled or len(others) > 1000
    assert {str(each) for line in others for each in found_in(line)} == set()
    paged = {(each.table, each.column) for line in pages for each in found_in(line)}
    assert paged <= IN_PAGES
