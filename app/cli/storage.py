"""Commands for the database itself: roles, database, schema."""

import asyncio
import os
from typing import Annotated

import typer

from app import migrate as migrations
from app import provision as provisioning
from app.cli import ground
from app.cli.running import said
from app.config import settings


def migrate() -> None:
    """Bring the database to this version's schema, as its owner."""
    config = settings()
    migrations.upgrade(ground.located(config).owner)
    said.print(f"The database is at {migrations.head()}.")


def provision(
    superuser_url: Annotated[
        str, typer.Option(envvar="WELLWING_SUPERUSER_URL", help="postgresql://postgres:...@host/")
    ],
    database: Annotated[str, typer.Option(help="The database to make ready.")] = "wellwing",
) -> None:
    """Make roles and database of an external PostgreSQL ready for `migrate`. Idempotent.

    WELLWING_OWNER_PASSWORD and WELLWING_APP_PASSWORD set the roles' passwords; they are read from
    the environment alone, where no list of processes shows them.
    """
    passwords = (os.environ.get(f"WELLWING_{role}_PASSWORD") for role in ("OWNER", "APP"))

    async def make() -> None:
        await ground.reach(superuser_url)
        await provisioning.provision(superuser_url, database, *passwords)

    try:
        asyncio.run(make())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    said.print(
        f"Ready: {database}, owned by {provisioning.OWNER}, used by {provisioning.APPLICATION}."
    )
