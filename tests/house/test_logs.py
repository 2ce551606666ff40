"""Our own mistakes: the reply holds a reference, the log says where, neither says anyone's data."""

from collections.abc import AsyncIterator, Iterator
from io import StringIO

import httpx
import orjson
import pytest
import structlog
from sqlalchemy import text

from app import logs
from app.config import Settings
from app.db import Database
from app.main import create_app
from tests.house.answers import NOT_SAVED, problem

SECRET = "Sampleford-hides-a-blade"


class Broken(Exception):
    """Stands for a fault in the code; its message holds a person's data, as such messages do."""


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
    sink = StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sink))
    yield sink
    logs.configure()


@pytest.mark.parametrize("path", ["/broken", "/broken-statement"])
async def test_our_own_mistake_says_nothing_but_a_reference(
    faulty: httpx.AsyncClient, log_lines: StringIO, path: str
) -> None:
    answer = await faulty.get(path)
    body = problem(answer, 500, "internal")
    assert SECRET not in answer.text
    [line] = log_lines.getvalue().splitlines()
    entry = orjson.loads(line)
    assert (entry["event"], entry["instance"]) == ("unexpected", body["instance"])
    assert entry["error"] in {"Broken", "DBAPIError"}
    assert any("test_logs.py" in where for where in entry["where"])
    assert SECRET not in line


async def test_our_own_mistake_with_a_concern_is_not_saved(faulty: httpx.AsyncClient) -> None:
    answer = await faulty.post("/v1/prisons/SLI/concerns", json={})
    assert problem(answer, 500, "internal")["detail"].startswith(NOT_SAVED)


def test_a_line_is_json_with_its_level_and_time() -> None:
    sink = StringIO()
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sink))
    structlog.get_logger().warning("swept", prison_id="SLI", steps=3)
    logs.configure()
    entry = orjson.loads(sink.getvalue())
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {"event": "swept", "level": "warning", "prison_id": "SLI", "steps": 3}


def test_an_error_is_its_kind_and_places_in_our_code_however_deep_it_happened() -> None:
    sink = StringIO()
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sink))
    try:
        _deep(30)
    except RecursionError:
        structlog.get_logger().exception("sweep_failed")
    logs.configure()
    entry = orjson.loads(sink.getvalue())
    assert entry["error"] == "RecursionError"
    assert 3 < len(entry["where"]) <= 12
    assert SECRET not in sink.getvalue()


def _deep(levels: int) -> None:
    if levels == 0:
        raise RecursionError(SECRET)
    _deep(levels - 1)
