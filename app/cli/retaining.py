"""`wellwing retention`: what has expired, and taking it away now rather than tonight."""

import asyncio
from typing import Annotated

import typer

from app import clock
from app.cli import ground
from app.config import Settings
from app.services import retention as records
from app.worker import expire


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what, and change nothing.")] = (
        False
    ),
    prison: Annotated[str | None, typer.Option(help="Only this prison.")] = None,
) -> None:
    """Take away what has expired: its words, and at last its person. Legal holds are kept."""
    for line in asyncio.run(_retained(ground.configured(), prison, dry_run=dry_run)):
        typer.echo(line)


async def _retained(config: Settings, only: str | None, *, dry_run: bool) -> list[str]:
    lines = []
    async with ground.opened(config) as db:
        for prison_id in [ground.a_prison(only)] if only else await db.prison_ids():
            if not dry_run:
                lines.append(f"{prison_id}: {await expire(db, prison_id)} taken away.")
                continue
            async with db.write(prison_id) as session:
                due = await records.due(session, prison_id, clock.now())
            lines.append(f"{prison_id}: {len(due)} due.")
            lines += [f"  person {each.person_id}: {each.retention_class}" for each in due]
    return lines
