"""Bad input over HTTP: every refusal is a problem that names what is wrong and echoes nothing."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from jose import jwt

from app import clock
from app.config import Settings
from app.db import Database
from app.errors import Refused
from app.main import create_app
from app.problems import MEDIA_TYPE
from app.tokens import verifier_for
from tests.house.answers import NOT_SAVED, fields, problem
from tests.story import Caller, Wing

SECRET = "Sampleford-hides-a-blade"


# Addresses


async def test_an_unknown_address_is_a_problem(http: httpx.AsyncClient) -> None:
    problem(await http.get("/v2/nothing"), 404, "not_found")
    problem(await http.get("/docs/assets/nothing.js"), 404, "not_found")


async def test_an_unknown_method_is_a_problem_that_names_the_known(wing: Wing) -> None:
    answer = await wing.governor.request("DELETE", "wings")
    problem(answer, 405, "http_405")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "row_id", ["1", "not-an-id", "%00", "' OR 1=1", "x" * 3000, "%F0%9F%A6%84"]
)
async def test_a_malformed_id_is_simply_not_there(wing: Wing, row_id: str) -> None:
    problem(await wing.governor.request("GET", f"wings/{row_id}"), 404, "not_found")


@pytest.mark.parametrize("prison_id", ["sli", "SLIX", "SL", "SL1", "%00%00%00", "ÅÄÖ"])
async def test_a_malformed_prison_is_simply_not_there(wing: Wing, prison_id: str) -> None:
    answer = await wing.governor.request("GET", f"/v1/prisons/{prison_id}/wings")
    problem(answer, 404, "not_found")


async def test_the_row_of_another_prison_is_not_there(wing: Wing, db: Database) -> None:
    """Not even for someone who works in both."""
    from app.models.prisons import Prison

    other = f"{wing.prison_id[::-1]}"[:2] + "Q"
    async with db.sessions() as session, session.begin():
        session.add(Prison(id=other, name="HMP Other"))
    elsewhere = Wing(wing.http, wing.db, wing.issuer, other)
    await elsewhere.open()
    both = wing.issuer.issue(wing.governor.subject, ["governor"], [wing.prison_id, other])
    caller = Caller(wing.http, wing.prison_id, both, wing.governor.subject)
    assert await caller.get(f"wings/{wing.wing_id}")
    problem(await caller.request("GET", f"wings/{elsewhere.wing_id}"), 404, "not_found")
    problem(await caller.request("GET", f"/v1/prisons/{other}/wings"), 403, "not_allowed")


# Bodies


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"nonsense", b'{"code": NaN}', b"[1,"])
async def test_a_body_that_is_no_json_is_named_as_such(wing: Wing, body: bytes) -> None:
    answer = await wing.governor.request(
        "POST", "wings", content=body, headers={"Content-Type": "application/json"}
    )
    assert "body" in fields(problem(answer, 422, "invalid")) or body == b'{"code": NaN}'


@pytest.mark.parametrize("body", [[], "words", 1, None, [{"code": "E", "name": "Echo"}]])
async def test_json_of_another_kind_is_refused(wing: Wing, body: Any) -> None:
    answer = await wing.governor.request("POST", "wings", json=body)
    problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("surprise", SECRET),
        ("name", 7),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 101),
        ("name", f"{SECRET}\x00"),
        ("name", "\ud800"),
        ("code", "lower"),
        ("dedicated", SECRET),
        ("dedicated", None),
    ],
)
async def test_a_mistake_names_its_field_and_echoes_nothing(
    wing: Wing, field: str, value: Any
) -> None:
    body = {"code": "E", "name": "Echo", field: value}
    answer = await wing.governor.request(
        "POST",
        "wings",
        content=orjson.dumps(body) if value != "\ud800" else b'{"code":"E","name":"\\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    assert fields(problem(answer, 422, "invalid")) == [field]
    assert SECRET not in answer.text


async def test_all_mistakes_are_named_at_once(wing: Wing) -> None:
    answer = await wing.governor.request("POST", "wings", json={"code": "no good", "more": 1})
    assert set(fields(problem(answer, 422, "invalid"))) == {"code", "name", "more"}


@pytest.mark.parametrize(
    "when",
    [
        "2026-11-22T10:00:00",
        "yesterday",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2026-02-30T10:00:00Z",
        "",
        True,
    ],
)
async def test_a_time_must_be_sensible_and_have_its_offset(wing: Wing, when: Any) -> None:
    staff_id = str(wing.clinician.staff_id)
    body = {"staff_id": staff_id, "post": "clinician", "starts_at": when}
    answer = await wing.governor.request("POST", "duties", json=body)
    assert fields(problem(answer, 422, "invalid")) == ["starts_at"]


async def test_an_absurd_date_of_birth_is_refused(wing: Wing) -> None:
    person = {"number": "A1234BC", "first_name": "Jo", "last_name": "Sample"}
    for born in ("1066-10-14", "2190-01-01", "not-a-date", 5.5):
        answer = await wing.support_worker.request(
            "POST", "people", json={**person, "date_of_birth": born}
        )
        assert fields(problem(answer, 422, "invalid")) == ["date_of_birth"]


# Size: FastAPI's own limit stands outside the handlers


async def chunks(size: int) -> AsyncIterator[bytes]:
    yield b'{"name": "'
    for _ in range(size // 65_536):
        yield b"x" * 65_536
    yield b'"}'


@pytest.mark.parametrize("path", ["wings", "concerns"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_ten_megabytes_is_too_large(wing: Wing, path: str, chunked: bool) -> None:
    body = chunks(10_000_000) if chunked else b'{"name": "' + b"x" * 10_000_000 + b'"}'
    answer = await wing.support_worker.request(
        "POST", path, content=body, headers={"Content-Type": "application/json"}
    )
    found = problem(answer, 413, "too_large")
    assert found["title"].startswith(NOT_SAVED) is (path == "concerns")
    assert ("content-length" in answer.request.headers) is not chunked


async def test_a_stranger_with_a_large_body_is_refused_too(http: httpx.AsyncClient) -> None:
    for content in (b"x" * 10_000_000, chunks(10_000_000)):
        answer = await http.post("/v1/prisons/SLI/concerns", content=content)
        assert answer.status_code in {401, 413}
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["title"] == NOT_SAVED


# Tokens


def _claims(settings: Settings, **changes: Any) -> dict[str, Any]:
    now = clock.real_now()
    return {
        "iss": settings.token_issuer,
        "aud": settings.token_audience,
        "sub": "governor",
        "roles": ["governor"],
        "prisons": ["SLI"],
        "iat": now,
        "exp": now + timedelta(hours=1),
        **changes,
    }


@pytest.fixture(scope="module")
def bad_tokens(settings: Settings, app: FastAPI) -> dict[str, str]:
    """Tokens that must not be taken, by what is wrong with them."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    issuer = app.state.verifier.keys
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = foreign.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = foreign.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    [key] = issuer.jwks()["keys"]
    good = issuer.issue("governor", ["governor"], ["SLI"])
    head, body, signature = good.split(".")
    none = jwt.encode(_claims(settings), "", algorithm="HS256", headers={"kid": key["kid"]})
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + none.split(".")[1] + "."
    return {
        "foreign key under our kid": jwt.encode(
            _claims(settings), pem, algorithm="RS256", headers={"kid": key["kid"]}
        ),
        "foreign kid": jwt.encode(
            _claims(settings), pem, algorithm="RS256", headers={"kid": "other"}
        ),
        "no algorithm": unsigned,
        "our public key as a secret": jwt.encode(
            _claims(settings), public.hex(), algorithm="HS256", headers={"kid": key["kid"]}
        ),
        "changed body": f"{head}.{body[:-2]}AA.{signature}",
        "cut off": good[:-10],
        "no token": "nonsense",
        "empty": "",
        "two": f"{good} {good}",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "foreign key under our kid",
        "foreign kid",
        "no algorithm",
        "our public key as a secret",
        "changed body",
        "cut off",
        "no token",
        "empty",
        "two",
    ],
)
async def test_a_bad_token_is_401_and_tells_how_to_ask(
    http: httpx.AsyncClient, bad_tokens: dict[str, str], wrong: str
) -> None:
    headers = {"Authorization": f"Bearer {bad_tokens[wrong]}"}
    for path in ("/v1/me", "/v1/prisons/SLI/wings"):
        answer = await http.get(path, headers=headers)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert len(bad_tokens[wrong]) < 9 or bad_tokens[wrong] not in answer.text


async def test_an_expired_token_is_401(wing: Wing, app: FastAPI) -> None:
    expired = app.state.verifier.keys.issue(
        wing.governor.subject, ["governor"], [wing.prison_id], lifetime=timedelta(seconds=-3600)
    )
    caller = Caller(wing.http, wing.prison_id, expired, wing.governor.subject)
    answer = await caller.request("GET", "wings")
    assert "expired" in problem(answer, 401, "unauthenticated")["detail"].lower()


@pytest.mark.parametrize("scheme", ["Basic Z292OmVybm9y", "bearer", "Token x"])
async def test_another_scheme_is_no_token(http: httpx.AsyncClient, scheme: str) -> None:
    problem(await http.get("/v1/me", headers={"Authorization": scheme}), 401, "unauthenticated")


# A concern that could not be saved says so first


async def test_every_refused_concern_begins_not_saved(wing: Wing, http: httpx.AsyncClient) -> None:
    worker = wing.support_worker
    good = {"kind": "welfare", "subject_as_told": "the lad in the end cell", "account": "Quiet."}
    answers = [
        await http.post(worker.url("concerns"), json=good),
        await worker.request("POST", "/v1/prisons/ZZZ/concerns", json=good),
        await worker.request("POST", "/v1/prisons/zzz/concerns/", json=good),
        await worker.request("POST", "concerns", json={}),
        await worker.request("POST", "concerns", json={**good, "immediacy": "high"}),
        await worker.request("POST", "concerns", json={**good, "account": "a\x00b"}),
        await worker.request("POST", "concerns", content=b"x" * 3_000_000),
        await worker.request("POST", "concerns", json=good, headers={"Idempotency-Key": ""}),
    ]
    for answer in answers:
        assert answer.status_code >= 400
        body = problem(answer, answer.status_code, answer.json()["code"])
        assert body["title"] == NOT_SAVED
        assert body["detail"].startswith(f"{NOT_SAVED}. ")


async def test_reading_concerns_is_refused_without_alarm(wing: Wing) -> None:
    answer = await wing.support_worker.request("GET", "concerns?limit=0")
    assert not problem(answer, 422, "invalid")["title"].startswith("NOT SAVED")


@pytest.fixture
async def lost(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API after its connections are gone."""
    made = create_app(settings)
    assert settings.database_url
    made.state.database = Database(settings.database_url)
    await made.state.database.open()
    await made.state.database.pool.close()
    made.state.verifier = verifier_for(settings)
    transport = httpx.ASGITransport(app=made, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        yield client
    await made.state.database.engine.dispose()


async def test_without_a_database_a_concern_is_not_saved_and_says_when_to_try_again(
    lost: httpx.AsyncClient, wing: Wing
) -> None:
    worker = wing.support_worker
    answer = await lost.post(
        worker.url("concerns"), json={}, headers={"Authorization": f"Bearer {worker.token}"}
    )
    body = problem(answer, 503, "busy")
    assert body["title"] == NOT_SAVED
    assert answer.headers["retry-after"] == "2"


# The refusals themselves


def _kinds(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)


def test_every_refusal_has_a_code_of_its_own_and_words_without_full_stop() -> None:
    codes: dict[str, str] = {}
    for kind in _kinds():
        assert codes.setdefault(kind.code, kind.__name__) == kind.__name__, kind.code
        assert kind.code.replace("_", "").isalpha()
        assert not kind.title.endswith(".")
        assert 400 <= kind.status < 600
        assert kind.status != 503 or "Retry-After" in kind.headers


@pytest.mark.parametrize("path", ["/v1/me", "/v1/reference", "", "wings", "mentors"])
async def test_a_parameter_that_an_address_does_not_know_is_refused(wing: Wing, path: str) -> None:
    url = path if path.startswith("/") else f"/v1/prisons/{wing.prison_id}/{path}".rstrip("/")
    refused = await wing.support_worker.get(f"{url}?satus=active", 422)
    assert refused["errors"][0]["field"] == "satus"
