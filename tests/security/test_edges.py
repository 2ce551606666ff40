"""What surrounds every request: the bounds of its head, browsers' headers, its id, our mistakes."""

import base64
import contextlib
import hashlib
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.cli.heads import BoundedHead
from app.config import Environment, Settings
from app.edges import LONGEST_ADDRESS, LONGEST_HEADERS
from tests.house.answers import NOT_SAVED, problem
from tests.security.serving import calling, made, over
from tests.story import Wing

SECRET = "Sampleford-hides-a-blade"
FRONT = "https://front.example"
CLOSED = "default-src 'none'; frame-ancestors 'none'"


class Crashing:
    """A middleware with a fault, met on one path only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/crash":
            raise RuntimeError(SECRET)
        await self.app(scope, receive, send)


def faulty(own: FastAPI) -> None:
    """Routes and a middleware that break, and a route with headers of its own."""
    own.add_middleware(Crashing)

    @own.get("/broken", include_in_schema=False)
    async def broken() -> None:
        raise RuntimeError(SECRET)

    @own.get("/v1/kept", include_in_schema=False)
    async def kept() -> Response:
        return Response("kept", headers={"Cache-Control": "max-age=60"})


@pytest.fixture
async def client(app: FastAPI, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(made(app, settings, faulty)) as found:
        yield found


# -- the head and the body


async def test_headers_beyond_the_bound_are_refused_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/me", headers={"X-Long": "x" * LONGEST_HEADERS})
    problem(answer, 431, "headers_too_large")
    many = {f"X-{number}": "x" * 100 for number in range(LONGEST_HEADERS // 100)}
    problem(await client.get("/health", headers=many), 431, "headers_too_large")
    answer = await client.get("/health", headers={"X-Long": "x" * (LONGEST_HEADERS - 1000)})
    assert answer.status_code == 200


@pytest.mark.parametrize("start", ["/v1/me?x=", "/v1/prisons/", "/"])
async def test_an_address_beyond_the_bound_is_refused_in_words(
    client: httpx.AsyncClient, start: str
) -> None:
    problem(await client.get(start + "x" * LONGEST_ADDRESS), 414, "uri_too_long")


async def test_a_concern_refused_for_its_head_says_that_it_is_not_saved(
    client: httpx.AsyncClient, wing: Wing
) -> None:
    worker = over(client, wing.support_worker)
    long = {"X-Long": "x" * LONGEST_HEADERS}
    answer = await worker.request("POST", "concerns", json={}, headers=long)
    assert problem(answer, 431, "headers_too_large")["title"] == NOT_SAVED


async def test_a_body_beyond_the_bound_is_refused_in_words(
    client: httpx.AsyncClient, wing: Wing
) -> None:
    worker = over(client, wing.support_worker)
    answer = await worker.request("POST", "people", content=b"x" * 3_000_000)
    problem(answer, 413, "too_large")
    assert answer.headers["x-content-type-options"] == "nosniff"


class Hurried(BoundedHead):
    """The server's protocol, less patient."""

    head_seconds = 0.4


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """The smallest app."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def port() -> Iterator[int]:
    """A real server, whose port this is."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(hello, http=Hurried, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    serving.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    serving.join()


def answered(port: int, *pieces: bytes, pause: float = 0) -> bytes:
    """All that the server answers to these pieces, until it closes."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65536):
                heard += more
    return heard


def test_a_head_without_end_is_cut_off(port: int) -> None:
    pieces = [b"GET / HTTP/1.1\r\nHost: a\r\n", *(b"X-Word: " + b"x" * 1000 + b"\r\n",) * 100]
    assert b" 431 " in answered(port, *pieces)
    assert b" 431 " in answered(port, b"GET /", *(b"x" * 1000,) * 100)


def test_a_head_that_is_never_finished_is_not_waited_for(port: int) -> None:
    assert b" 408 " in answered(port, b"GET / HTTP/1.1\r\nHost: a\r\n")
    assert b" 408 " in answered(port)
    dripping = [b"GET / HTTP/1.1\r\n", *(b"X-Drip: drop\r\n",) * 10]
    assert b" 408 " in answered(port, *dripping, pause=0.1)


def test_a_head_that_comes_in_pieces_is_answered(port: int) -> None:
    asked = [b"GET / HT", b"TP/1.1\r\nHost: a\r\nConn", b"ection: close\r\n\r\n"]
    assert b" 200 " in answered(port, *asked, pause=0.02)


def test_a_connection_is_used_again_and_its_next_head_is_bounded_too(port: int) -> None:
    whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    heard = answered(port, whole, whole, b"GET / HTTP/1.1\r\nHost:", pause=0.05)
    assert heard.count(b" 200 ") == 2
    assert heard.count(b" 408 ") == 1


# -- what browsers are told


@pytest.mark.parametrize(
    ("path", "status"),
    {
        "/health": 200,
        "/v1/me": 401,
        "/nowhere": 404,
        "/v1/nowhere": 404,
        "/broken": 500,
        "/crash": 500,
        "/openapi.json": 200,
        "/docs": 200,
    }.items(),
)
async def test_every_answer_tells_browsers_to_take_it_for_nothing_else(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    told = answer.headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["referrer-policy"] == "no-referrer"
    assert told["x-frame-options"] == "DENY"
    assert told["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert path == "/docs" or told["content-security-policy"] == CLOSED
    assert told["cache-control"] == "no-store"
    assert "strict-transport-security" not in told
    assert "server" not in told


async def test_what_a_route_says_of_its_keeping_stands(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/kept")
    assert answer.headers.get_list("cache-control") == ["max-age=60"]


async def test_production_asks_for_encrypted_connections(app: FastAPI, settings: Settings) -> None:
    own = made(app, settings, environment=Environment.production, development_issuer=False)
    async with calling(own) as client:
        assert (
            "max-age=31536000" in (await client.get("/v1/me")).headers["strict-transport-security"]
        )


async def test_the_docs_page_loads_its_own_scripts_and_no_others(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
    )
    (inline,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["default-src"] == "'none'"
    assert not re.search(r"\son\w+=|javascript:", page.text)
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert asset.startswith("/docs/assets/")
        assert (await client.get(asset)).status_code == 200


async def test_a_listed_origin_reads_refusals_and_their_ids(
    app: FastAPI, settings: Settings
) -> None:
    own = made(app, settings, cors_origins=[FRONT], rate_limit_address="1/day")
    async with calling(own) as client:
        for status in (401, 429):
            answer = await client.get("/v1/me", headers={"Origin": FRONT})
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == FRONT
            exposed = answer.headers["access-control-expose-headers"].split(", ")
            assert {"X-Request-ID", "Retry-After"} <= set(exposed)


# -- the id


async def test_every_request_has_an_id_which_a_refusal_bears(client: httpx.AsyncClient) -> None:
    answers = [await client.get(path) for path in ("/health", "/v1/me", "/broken", "/crash")]
    ids = [UUID(answer.headers["x-request-id"]) for answer in answers]
    assert len(set(ids)) == len(ids)
    for answer, known in list(zip(answers, ids, strict=True))[1:]:
        assert answer.json()["instance"] == f"urn:uuid:{known}"


@pytest.mark.parametrize("spelled", [str, lambda one: one.hex, lambda one: str(one).upper()])
async def test_a_request_keeps_the_uuid_it_came_with(
    client: httpx.AsyncClient, spelled: Callable[[UUID], str]
) -> None:
    own = uuid4()
    answer = await client.get("/v1/me", headers={"X-Request-ID": spelled(own)})
    assert answer.headers.get_list("x-request-id") == [str(own)]
    assert answer.json()["instance"] == f"urn:uuid:{own}"


@pytest.mark.parametrize("given", ["A1234BC", "Jo Sampleford", "1990-02-28", "", "x" * 500])
async def test_nothing_else_rides_in_under_the_name_of_an_id(
    client: httpx.AsyncClient, given: str
) -> None:
    answer = await client.get("/v1/me", headers={"X-Request-ID": given})
    assert UUID(answer.headers["x-request-id"]).version == 4
    assert not given or given not in answer.text


# -- our own mistakes


@pytest.mark.parametrize("path", ["/broken", "/crash"])
async def test_no_mistake_of_ours_shows_where_it_happened(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path, headers={"Accept": "text/html"})
    problem(answer, 500, "internal")
    for told in (SECRET, "Traceback", "RuntimeError", ".py"):
        assert told not in answer.text


async def test_debug_is_off(app: FastAPI) -> None:
    assert app.debug is False
