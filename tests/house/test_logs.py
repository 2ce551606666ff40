"""Our own mistakes: the reply holds a reference, the log says where, neither says anyone's data."""

import ast
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import orjson
import pytest
import structlog
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

import app
from app import logs
from app.config import Settings
from app.db import Database
from app.main import create_app
from app.routers import every_router
from tests.house.answers import NOT_SAVED, problem
from tests.house.test_cli import WELLWING, bare_environment
from tests.story import Wing

SECRET = "Sampleford-hides-a-blade"


class Broken(Exception):
    """Stands for a fault in the code; its message holds a person's data, as such messages do."""


@contextmanager
def written() -> Iterator[StringIO]:
    """What is logged within the block, as it is written."""
    sink = StringIO()
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sink))
    yield sink
    logs.configure()


@pytest.fixture
async def faulty(settings: Settings, db: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The API with routes that break."""
    made = create_app(settings)
    made.state.database = db

    @made.get("/broken", include_in_schema=False)
    async def broken() -> None:
        story = SECRET
        raise Broken(f"could not handle {story}")

    @made.get("/broken-statement", include_in_schema=False)
    async def broken_statement() -> None:
        async with db.write("SLI") as session:
            await session.execute(text(f"SELECT '{SECRET}'::int"))

    @made.post("/v1/prisons/SLI/concerns", include_in_schema=False)
    async def broken_concern() -> None:
        raise Broken(SECRET)

    made.router.routes.insert(0, made.router.routes.pop())
    transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        yield client


@pytest.fixture
def log_lines(faulty: httpx.AsyncClient) -> Iterator[StringIO]:
    """What is logged, as it is written."""
    with written() as sink:
        yield sink


@pytest.mark.parametrize("path", ["/broken", "/broken-statement"])
async def test_our_own_mistake_says_nothing_but_a_reference(
    faulty: httpx.AsyncClient, log_lines: StringIO, path: str
) -> None:
    answer = await faulty.get(path)
    body = problem(answer, 500, "internal")
    assert SECRET not in answer.text
    entry, access = (orjson.loads(line) for line in log_lines.getvalue().splitlines())
    assert (entry["event"], entry["instance"]) == ("unexpected", body["instance"])
    assert entry["error"] in {"Broken", "DBAPIError"}
    assert any("test_logs.py" in where for where in entry["where"])
    assert (access["event"], access["status"], access["route"]) == ("answered", 500, path)
    assert entry["request_id"] == access["request_id"] == answer.headers["x-request-id"]
    assert SECRET not in log_lines.getvalue()


async def test_our_own_mistake_with_a_concern_is_not_saved(faulty: httpx.AsyncClient) -> None:
    answer = await faulty.post("/v1/prisons/SLI/concerns", json={})
    assert problem(answer, 500, "internal")["detail"].startswith(NOT_SAVED)


def test_a_line_is_json_with_its_level_and_time() -> None:
    with written() as sink:
        structlog.get_logger().warning("swept", prison_id="SLI", steps=3)
    entry = orjson.loads(sink.getvalue())
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {"event": "swept", "level": "warning", "prison_id": "SLI", "steps": 3}


def test_an_error_is_its_kind_and_places_in_our_code_however_deep_it_happened() -> None:
    with written() as sink:
        try:
            _deep(30)
        except RecursionError:
            structlog.get_logger().exception("sweep_failed")
    entry = orjson.loads(sink.getvalue())
    assert entry["error"] == "RecursionError"
    assert 3 < len(entry["where"]) <= 12
    assert SECRET not in sink.getvalue()


def _deep(levels: int) -> None:
    if levels == 0:
        raise RecursionError(SECRET)
    _deep(levels - 1)


# -- nothing personal passes

FIRST = st.sampled_from(["Jo", "Amara", "Seán", "Oluwaseun", "Zoë"])
LAST = st.sampled_from(["Sampleford", "O'Neil", "Anders-Brown", "Nguyễn", "Kaya"])
NUMBERS = st.from_regex(r"[A-Z][0-9]{4}[A-Z]{2}", fullmatch=True)
DATES = st.dates(min_value=date(1930, 1, 1), max_value=date(2010, 12, 31))
PERSONAL = st.one_of(
    NUMBERS,
    NUMBERS.map(str.lower),
    NUMBERS.map(lambda number: f"prisoner_{number}"),
    FIRST,
    LAST,
    st.builds("{} {}".format, FIRST, LAST),
    st.builds("{}, {}".format, LAST, FIRST),
    DATES.map(str),
    DATES.map(lambda day: f"{day:%d/%m/%Y}"),
    DATES.map(lambda day: f"{day:%d.%m.%y}"),
    DATES.map(lambda day: f"born_{day:%Y%m%d}"),
    st.emails(),
    st.from_regex(r"07[0-9]{3} ?[0-9]{6}", fullmatch=True),
    st.from_regex(r"[A-D]-[1-4]-0[0-9]{2}", fullmatch=True),
    st.builds(lambda part: f"eyJhbGciOiJSUzI1NiJ9.{part}.x", st.text("abcXYZ019_-", min_size=8)),
    st.builds("/v1/prisons/SLI/people?name={}".format, LAST),
    st.builds("/v1/prisons/SLI/people/{}".format, NUMBERS),
    st.text(min_size=3).filter(lambda text: " " in text.strip()),
)


@given(st.sampled_from(sorted(logs.SHAPES)), PERSONAL)
def test_a_value_that_may_be_a_persons_is_removed_under_every_key(key: str, value: str) -> None:
    for given_as in (value, [value], {"value": value}, (value, value), ValueError(value)):
        shaped = logs.shaped(None, "info", {"event": "swept", key: given_as})
        assert shaped[key] in (logs.REMOVED, [logs.REMOVED], "ValueError")


@given(PERSONAL, PERSONAL)
def test_a_key_that_is_not_listed_is_left_out(key: str, value: str) -> None:
    assert logs.shaped(None, "info", {"event": "swept", key: value}) == {"event": "swept"}


@given(PERSONAL)
def test_what_is_bound_to_a_context_is_treated_alike(value: str) -> None:
    with written() as sink, structlog.contextvars.bound_contextvars(request_id=value, who=value):
        structlog.get_logger().info("swept")
    entry = orjson.loads(sink.getvalue())
    assert entry["request_id"] == logs.REMOVED
    assert set(entry) == {"event", "level", "timestamp", "request_id"}


@given(st.uuids(), st.integers(0, 999_999))
def test_ids_and_numbers_pass(known: UUID, number: int) -> None:
    event = {
        "event": "step_failed",
        "concern_id": known,
        "request_id": str(known),
        "instance": f"urn:uuid:{known}",
        "code": -number,
        "milliseconds": number / 10,
    }
    told = logs.shaped(None, "info", dict(event))
    assert told == {**event, "concern_id": str(known)}


@pytest.mark.parametrize("number", [19900228, 7700900123, float("nan"), float("inf")])
def test_a_number_as_long_as_a_date_or_a_telephones_is_removed(number: float) -> None:
    assert logs.shaped(None, "info", {"event": "swept", "steps": number})["steps"] == logs.REMOVED


def test_only_the_channel_of_pages_says_whom_and_what() -> None:
    page = {"to": "07700 900123", "text": "SLI: a concern needs you, reference CABC."}
    assert logs.shaped(None, "critical", {"event": "page", **page}) == {"event": "page", **page}
    assert logs.shaped(None, "critical", {"event": "swept", **page}) == {"event": "swept"}


# -- every line in the source

APP = Path(app.__file__).parent
# Where a key is not written out, each with its reason; what is not listed is left out all the same.
MAKES_A_KEY = {
    "logs.py": "the error of a library's warning, or else its place",
    "worker.py": "the id of a step's concern or task",
}
METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
LINES = [
    (path.relative_to(APP).as_posix(), node)
    for path in sorted(APP.rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.Call)
    and isinstance(node.func, ast.Attribute)
    and node.func.attr in METHODS
    and ast.unparse(node.func.value).split("(")[0] in {"log", "_log", "structlog.get_logger"}
]


def test_every_event_is_a_code_and_has_listed_keys_only() -> None:
    assert len(LINES) > 12
    for name, call in LINES:
        assert isinstance(call.func, ast.Attribute)
        at = f"{name}:{call.lineno}"
        said = call.args[1:] if call.func.attr == "log" else call.args
        for event in [each for each in ast.walk(said[0]) if isinstance(each, ast.Constant)]:
            assert logs.CODE(event.value) == event.value, at
        allowed = (ast.Constant, ast.IfExp)
        assert len(said) == 1, at
        assert isinstance(said[0], allowed), f"{at}: the event's name is put together"
        keys = {keyword.arg for keyword in call.keywords}
        told = {each.value for each in ast.walk(said[0]) if isinstance(each, ast.Constant)}
        free = {key for event in told for key in logs.CHANNEL.get(str(event), ())}
        unlisted = keys - set(logs.SHAPES) - free - {"exc_info"}
        if name in MAKES_A_KEY:
            unlisted -= {None}
        assert not unlisted, f"{at}: {unlisted} are not in logs.SHAPES"


def test_only_the_channel_writes_pages_and_nobody_has_a_logger_of_their_own() -> None:
    pages = [name for name, call in LINES if '"page"' in ast.unparse(call).replace("'", '"')]
    assert pages == ["integrations/notify/log.py"]
    for path in APP.rglob("*.py"):
        if path.name != "logs.py":
            assert "logging.getLogger(" not in path.read_text(), path


# -- every line of a real process

CANARIES = ("Canarybird", "X9999XX", "1951-03-09", "canary@prison.example", "eyJ")


def test_a_real_server_writes_nothing_of_what_it_was_asked(
    settings: Settings, wing: Wing, tmp_path: Path
) -> None:
    environment = bare_environment(
        WELLWING_DATABASE_URL=settings.database_url, WELLWING_VAR_DIR=settings.var_dir, PORT=0
    )
    with subprocess.Popen(
        [WELLWING, "serve"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stderr
        docs = orjson.loads(serving.stderr.readline())["docs"]
        statuses = _ask_with_canaries(docs.removesuffix("/docs"), wing)
        serving.terminate()
        said = serving.stderr.read()
    entries = [orjson.loads(line) for line in said.splitlines()]
    asked = [entry for entry in entries if entry["event"] == "answered"]
    assert [entry["status"] for entry in asked] == statuses
    assert {entry["route"] for entry in asked} >= {"/v1/prisons/{prison_id}/people", "none"}
    assert any(entry["event"] == "library_warned" for entry in entries)
    for canary in (*CANARIES, wing.support_worker.subject, str(wing.support_worker.staff_id)):
        assert canary not in said


def test_every_route_is_logged_by_its_whole_path(app: FastAPI) -> None:
    """Of a router within a router the framework tells the path within alone."""
    routes = [route for router in every_router(app.state.settings) for route in _within(router)]
    paths = {route.path_format for route in routes if route.include_in_schema}
    assert paths == set(app.openapi()["paths"])


def _within(router: APIRouter) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from _within(cast(Any, route).original_router)


def _ask_with_canaries(address: str, wing: Wing) -> list[int]:
    """Requests with words to look for in every place; the statuses of those that were requests."""
    name, number, born, mail, _ = CANARIES
    token = {"Authorization": f"Bearer {wing.support_worker.token}"}
    people = wing.support_worker.url("people")
    body = {"number": number, "first_name": name, "last_name": name, "date_of_birth": born}
    with httpx.Client(base_url=address, headers=token) as client:
        answers = [
            client.get(people, params={"q": name, "name": mail}),
            client.get(f"/{name}/{number}"),
            client.get(people, headers={"X-Request-ID": name, "Cookie": mail}),
            client.post(people, json={**body, "cell_location": "D-1-001"}),
            client.post(people, json={**body, "number": 5, "unknown": mail}),
            client.post(people, content=f"{{{name}"),
            client.get(people, headers={"Authorization": f"Bearer {name}"}),
            client.get(people, headers={"X-Long": name * 3000}),
        ]
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{name} {mail} what is this\r\n\r\n".encode())
        connection.recv(1000)
    return [answer.status_code for answer in answers]


def test_a_process_that_dies_of_its_own_fault_says_where_and_not_of_what(tmp_path: Path) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text(
        "import asyncio, logging, threading, warnings\n"
        "from app import logs\n"
        "logs.configure()\n"
        "logs.own_every_line()\n"
        "def fail():\n"
        f"    raise ValueError('{SECRET}')\n"
        "thread = threading.Thread(target=fail)\n"
        "thread.start()\n"
        "thread.join()\n"
        f"warnings.warn('{SECRET}')\n"
        f"logging.getLogger('asyncpg.pool').error('%s', '{SECRET}')\n"
        "async def forgotten():\n"
        "    asyncio.get_running_loop().call_soon(fail)\n"
        "    await asyncio.sleep(0.01)\n"
        "asyncio.run(forgotten())\n"
        "fail()\n"
    )
    done = subprocess.run([sys.executable, dying], capture_output=True, text=True, cwd=APP.parent)
    assert done.returncode == 1
    assert SECRET not in done.stderr + done.stdout
    entries = [orjson.loads(line) for line in done.stderr.splitlines()]
    events = [(entry["event"], entry.get("logger")) for entry in entries]
    assert events == [
        ("thread_failed", None),
        ("library_warned", "py.warnings"),
        ("library_warned", "asyncpg.pool"),
        ("library_warned", "asyncio"),
        ("process_failed", None),
    ]
    assert entries[-1]["where"][-1].startswith("dying.py:6 ")
