"""An API of a test's own, with settings of its own, on the tests' database."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from app.config import Settings
from app.main import create_app
from tests.story import Caller

ADDRESS = "10.1.2.3"


def made(
    app: FastAPI,
    settings: Settings,
    before: Callable[[FastAPI], None] | None = None,
    **changes: Any,
) -> FastAPI:
    """The API with these settings; `before` the first request more may be added to it."""
    own = create_app(settings.model_copy(update=changes))
    for name in ("database", "verifier", "auditor"):
        setattr(own.state, name, getattr(app.state, name))
    if before is not None:
        before(own)
    return own


@asynccontextmanager
async def calling(own: FastAPI, address: str = ADDRESS) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it at an address."""
    transport = httpx.ASGITransport(app=own, raise_app_exceptions=False, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        yield client


def over(client: httpx.AsyncClient, caller: Caller) -> Caller:
    """The caller, asking that API."""
    return Caller(client, caller.prison_id, caller.token, caller.subject)
