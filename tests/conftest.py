"""A real PostgreSQL for the whole run; a prison of its own for every test."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import hypothesis
import pytest
from fastapi import FastAPI

from app import clock, migrate
from app.config import Settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.main import create_app
from app.models.prisons import Prison
from app.runtime import open_database
from app.tokens import DevelopmentIssuer, verifier_for
from tests.house.commands import Commands
from tests.story import Wing, new_prison_id

# How quickly a case is decided says more of the machine's load than of the code.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def var_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ww"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(var_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(var_dir, durable=False)
    server.start()
    yield server
    server.stop(force=True)


@pytest.fixture(scope="session")
def database_name(postgres: EmbeddedPostgres) -> str:
    name = f"tests_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    postgres.ensure_database(name)
    migrate.upgrade(postgres.owner_url(name))
    return name


@pytest.fixture(scope="session")
def settings(var_dir: Path, postgres: EmbeddedPostgres, database_name: str) -> Settings:
    return Settings(
        _env_file=None,
        var_dir=var_dir,
        database_url=postgres.application_url(database_name),
        owner_database_url=postgres.owner_url(database_name),
        rate_limit_address="",
        rate_limit_subject="",
        rate_limit_pairs="",
    )


@pytest.fixture(scope="session")
async def db(settings: Settings) -> AsyncIterator[Database]:
    assert settings.database_url
    database = await open_database(settings, settings.database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def app(settings: Settings, db: Database) -> AsyncIterator[FastAPI]:
    made = create_app(settings)
    made.state.database = db
    made.state.verifier = verifier_for(settings)
    made.state.auditor.start()
    gc.collect()
    gc.freeze()  # what a run begins with stays to its end: collecting need not walk it each time
    yield made
    await made.state.auditor.stop()


@pytest.fixture(scope="session")
def issuer(app: FastAPI) -> DevelopmentIssuer:
    keys = app.state.verifier.keys
    assert isinstance(keys, DevelopmentIssuer)
    return keys


@pytest.fixture(scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        yield client


@pytest.fixture(scope="session")
def commands() -> Iterator[Commands]:
    started = Commands()
    yield started
    started.end()


@pytest.fixture(autouse=True)
def _time_starts_now() -> Iterator[None]:
    clock.set_offset(timedelta())
    yield
    clock.set_offset(timedelta())


@pytest.fixture
async def wing(http: httpx.AsyncClient, db: Database, issuer: DevelopmentIssuer) -> Wing:
    """A prison of its own with a governor, staff on duty, and a wing; nobody else in it."""
    prison_id = new_prison_id()
    async with db.sessions() as session, session.begin():
        session.add(Prison(id=prison_id, name=f"HMP Test {prison_id}"))
    story = Wing(http, db, issuer, prison_id)
    await story.open()
    return story
