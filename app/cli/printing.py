"""`wellwing outage-sheets`: what to have on paper before the service is away."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.cli import ground
from app.config import ConfigurationError, Settings
from app.services.prints import on_disk


def outage_sheets(
    to: Annotated[
        Path | None, typer.Option(help="Folder to write to; absent: WELLWING_OUTAGE_SHEETS.")
    ] = None,
    prison: Annotated[str | None, typer.Option(help="Only this prison.")] = None,
) -> None:
    """Write each prison's hand-over sheets for an outage now, and say where they are."""
    config = ground.configured()
    folder = to or config.outage_sheets
    if folder is None:
        raise ConfigurationError("Say where: --to FOLDER, or WELLWING_OUTAGE_SHEETS.")
    for path in asyncio.run(_written(config, folder, prison)):
        typer.echo(path)


async def _written(config: Settings, folder: Path, only: str | None) -> list[Path]:
    paths = []
    async with ground.opened(config) as db:
        for prison_id in [ground.a_prison(only)] if only else await db.prison_ids():
            paths += await on_disk.write(db, prison_id, folder, ground.operator())
    return paths
