"""Browsers of other origins are let in only where the site lists them."""

import httpx
from fastapi import FastAPI

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
