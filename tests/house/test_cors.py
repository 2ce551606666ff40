"""Browsers of other origins are let in only where the site lists them."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from app.config import Settings
from app.db import Database
from app.main import create_app

ASKING = {"Origin": "https://front.example", "Access-Control-Request-Method": "GET"}


async def preflight(app: FastAPI) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        return await client.options("/v1/me", headers=ASKING)


async def test_no_origin_is_let_in_by_default(app: FastAPI) -> None:
    answer = await preflight(app)
    assert "access-control-allow-origin" not in answer.headers


async def test_a_listed_origin_is_let_in_and_no_other(settings: Settings, db: Database) -> None:
    listed = create_app(settings.model_copy(update={"cors_origins": ["https://front.example"]}))
    assert (await preflight(listed)).headers["access-control-allow-origin"] == ASKING["Origin"]
    other = create_app(settings.model_copy(update={"cors_origins": ["https://other.example"]}))
    assert "access-control-allow-origin" not in (await preflight(other)).headers


async def test_an_answer_is_readable_to_no_other_origin_by_default(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/me", headers={"Origin": ASKING["Origin"]})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_listed_origin_brings_no_cookies(settings: Settings) -> None:
    listed = create_app(settings.model_copy(update={"cors_origins": ["https://front.example"]}))
    assert "access-control-allow-credentials" not in (await preflight(listed)).headers


async def test_a_listed_origin_sends_and_reads_what_the_document_speaks_of(
    settings: Settings, db: Database
) -> None:
    listed = create_app(settings.model_copy(update={"cors_origins": ["https://front.example"]}))
    spoken = [
        (each["name"], each["in"])
        for item in listed.openapi()["paths"].values()
        for operation in item.values()
        for each in operation.get("parameters", [])
    ]
    sent = {name for name, where in spoken if where == "header"}
    partly = {"Range", "If-Range"}  # of files, which machines fetch
    asking = {**ASKING, "Access-Control-Request-Headers": "X-Request-ID"}
    answered = {
        name
        for item in listed.openapi()["paths"].values()
        for operation in item.values()
        for response in operation["responses"].values()
        for name in response.get("headers", {})
        if not name.startswith("X-Export") and name not in {"Accept-Ranges", "Content-Range"}
    }
    transport = httpx.ASGITransport(app=listed)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        allowed = await client.options("/v1/me", headers=asking)
        answer = await client.get("/v1/me", headers={"Origin": ASKING["Origin"]})
    assert allowed.status_code == 200
    assert sent - partly <= set(allowed.headers["access-control-allow-headers"].split(", "))
    assert answered <= set(answer.headers["access-control-expose-headers"].split(", "))


def test_every_origin_at_once_cannot_be_listed() -> None:
    with pytest.raises(ValidationError, match="by name"):
        Settings(_env_file=None, cors_origins=["https://front.example", "*"])
