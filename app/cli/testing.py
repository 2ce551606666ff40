"""The operator's way to try a prison's last resort, and to wait whether the page arrives."""

import asyncio
from typing import Annotated

import typer
from sqlmodel import col

from app.cli import ground
from app.cli.data import APrison
from app.config import ConfigurationError, Settings
from app.db import Database
from app.models.page_tests import PageTest, PageTestTo
from app.models.prisons import Prison
from app.scope import everything
from app.services import page_tests
from app.services.revocations import OPERATOR

LOOK_EVERY_SECONDS = 1.0


def page_test(
    prison: APrison,
    last_resort: Annotated[PageTestTo, typer.Option(help="Which one.")] = PageTestTo.outside,
    wait: Annotated[int, typer.Option(min=0, max=3600, help="Seconds to wait for it.")] = 120,
) -> None:
    """Send a test page to a prison's last resort, and wait for the receipt, or until a governor has
    entered its code. A worker must run."""
    told = asyncio.run(_tried(ground.configured(), ground.a_prison(prison), last_resort, wait))
    typer.echo(told)


async def _tried(config: Settings, prison_id: str, last_resort: PageTestTo, wait: int) -> str:
    async with ground.opened(config) as db:
        async with ground.writing(db, prison_id, "page-test") as session:
            prison = await session.get(Prison, prison_id)
            if prison is None:
                raise ConfigurationError(f"There is no prison {prison_id}.")
            test = await page_tests.create(session, prison, last_resort, OPERATOR)
        for _ in range(int(wait / LOOK_EVERY_SECONDS)):
            if await _arrived(db, test):
                return f"{test.reference} arrived: the last resort is tested."
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        async with db.write(prison_id) as session:
            tries = await page_tests.tries(session, test)
    each = ", ".join(f"{one.channel}: {one.code or one.status}" for one in tries)
    raise ConfigurationError(f"{test.reference} has not arrived ({each}).")


async def _arrived(db: Database, test: PageTest) -> bool:
    found = everything(PageTest, test.prison_id).where(
        col(PageTest.id) == test.id, col(PageTest.arrived_at).is_not(None)
    )
    async with db.write(test.prison_id) as session:
        return (await session.scalars(found)).first() is not None
