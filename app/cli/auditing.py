"""`wellwing audit verify`: whether the audit is what was written."""

import asyncio
from typing import Annotated

import typer

from app.cli import ground
from app.config import Settings
from app.services.audit import chain
from app.services.audit.anchors import Anchors


def verify(
    prison: Annotated[str | None, typer.Option(help="Only this prison.")] = None,
) -> None:
    """Make each prison's chain anew from its entries, and hold it against what is written and
    anchored. Names the first broken link; exit code 1 when there is one."""
    found = asyncio.run(_verified(ground.configured(), prison))
    for each in found:
        state = f"BROKEN: {each.broken}" if each.broken else "whole"
        typer.echo(f"{each.prison_id}: {each.links} links, {each.unsealed} unsealed, {state}.")
    if any(each.broken for each in found):
        raise typer.Exit(1)


async def _verified(config: Settings, only: str | None) -> list[chain.Verified]:
    anchors = Anchors(config.anchor_file)
    async with ground.opened(config) as db:
        prisons = [ground.a_prison(only)] if only else await db.prison_ids()
        return [await chain.verify(db, each, anchors.of(each)) for each in prisons]
