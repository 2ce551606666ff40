"""The command that takes in what HMPPS tells of two numbers that are one person."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.access import the_system
from app.cli import ground
from app.cli.data import APrison, ensure_prison
from app.config import Settings
from app.db import Database
from app.errors import NotFound, Refused
from app.integrations.prison.documents import FileRefused
from app.integrations.prison.merged_events import Told, read
from app.services.people import merges

told = Console(highlight=False, soft_wrap=True)


def merged(
    files: Annotated[list[Path], typer.Argument(help="Events, as they stand on the queue.")],
    prison: APrison = "SLI",
) -> None:
    """Make one person of two numbers, as `prison-offender-events.prisoner.merged` tells.

    Other events are passed over; the same event again changes nothing. Exit code 1 when a file or
    an event was refused, else 0.
    """
    if not asyncio.run(take_in(ground.configured(), ground.a_prison(prison), files)):
        raise typer.Exit(1)


async def take_in(config: Settings, prison_id: str, files: list[Path]) -> bool:
    """Each event in a transaction of its own. Answers whether all could be read and done."""
    well = True
    async with ground.opened(config) as db:
        await ensure_prison(db, prison_id)
        for path in files:
            try:
                events = read(await asyncio.to_thread(path.read_bytes))
            except FileRefused as refused:
                told.print(f"{path.name} was refused whole: {refused}.")
                well = False
                continue
            for event in events:
                line, done = await _take_one(db, prison_id, event)
                told.print(f"{path.name}:{event.position} {line}")
                well = well and done
    return well


async def _take_one(db: Database, prison_id: str, event: Told) -> tuple[str, bool]:
    if event.merge is None:
        if event.passed_over is not None:
            return f"passed over: {event.passed_over}", True
        return f"refused: {event.refused}", False
    try:
        async with ground.writing(db, prison_id, "cli.people_merged") as session:
            done = await merges.merge(session, the_system(prison_id), event.merge)
    except NotFound:
        return "neither number is known here", True
    except Refused as refused:
        return f"refused: {refused.detail}", False
    rest = f" ({', '.join(done.warnings)})" if done.warnings else ""
    return f"{done.outcome}: {', '.join(done.numbers)}{rest}", True
