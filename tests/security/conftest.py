"""The night wing of the concerns' tests, for whoever wants to break it; and the canaries' world."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.db import Database
from app.main import create_app
from app.tokens import verifier_for
from tests.concerns.conftest import night
from tests.security.canaries import Viewer
from tests.security.crawler import Crawl
from tests.security.planting import World, plant

__all__ = ["night"]


@pytest.fixture(scope="session")
async def open_app(settings: Settings, db: Database) -> AsyncIterator[FastAPI]:
    """The API without limits on how often one may ask: whoever crawls asks often."""
    rates = ("rate_limit_address", "rate_limit_subject", "rate_limit_pairs")
    config = settings.model_copy(update=dict.fromkeys(rates, ""))
    made = create_app(config)
    made.state.database = db
    made.state.verifier = verifier_for(config)
    made.state.auditor.start()
    yield made
    await made.state.auditor.stop()


@pytest.fixture(scope="session")
async def world(open_app: FastAPI, db: Database, var_dir: Path) -> AsyncIterator[World]:
    transport = httpx.ASGITransport(app=open_app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        yield await plant(client, db, open_app.state.verifier.keys, var_dir / "pages.ndjson")


@pytest.fixture(scope="session")
def crawled() -> dict[Viewer, Crawl]:
    """The crawls made so far."""
    return {}
