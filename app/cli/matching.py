"""Commands of matching: whom the prison keeps apart is taken in from files."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from app.access import the_system
from app.cli import ground
from app.cli.data import APrison, ensure_prison, told
from app.config import Settings
from app.db import Database
from app.errors import Refused
from app.models.non_associations import PairImportOutcome, PairImportReport
from app.services.non_associations import import_documents

Taken = tuple[str, PairImportReport | None, str | None]
"""A file, its report, or why it was refused whole."""


def import_non_associations(
    files: Annotated[list[Path], typer.Argument(help="Non-associations, as HMPPS answers them.")],
    prison: APrison = "SLI",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Take in non-associations from files exactly as HMPPS answers them. Nobody can read them here.

    A bad row spoils no other. Exit code 1 when a file was refused whole, else 0.
    """
    taken = asyncio.run(take_in(ground.configured(), prison, files))
    if as_json:
        typer.echo(json.dumps({"files": [_as_json(each) for each in taken]}))
    else:
        _show(taken)
    if any(report is None for _, report, _ in taken):
        raise typer.Exit(1)


async def take_in(config: Settings, prison_id: str, files: list[Path]) -> list[Taken]:
    """Import the files in order, each in a transaction of its own."""
    async with ground.opened(config) as db:
        await ensure_prison(db, prison_id)
        return [await _take_one(db, prison_id, path) for path in files]


async def _take_one(db: Database, prison_id: str, path: Path) -> Taken:
    try:
        content = await asyncio.to_thread(path.read_bytes)
        async with ground.writing(db, prison_id, "cli.import_non_associations") as session:
            report = await import_documents(session, the_system(prison_id), content)
    except Refused as refused:
        return str(path), None, refused.detail
    except OSError as error:
        return str(path), None, f"{error.strerror}."
    return str(path), report, None


def _as_json(taken: Taken) -> dict[str, object]:
    name, report, refused = taken
    if report is None:
        return {"file": name, "refused": refused}
    return {"file": name, **report.model_dump(mode="json")}


def _show(taken: list[Taken]) -> None:
    counts = Table(
        Column("file", overflow="fold", min_width=24),
        *(outcome.value for outcome in PairImportOutcome),
    )
    for name, report, refused in taken:
        if report is None:
            told.print(f"{name} was refused whole: {refused}")
        else:
            numbers = (str(report.counts[outcome]) for outcome in PairImportOutcome)
            counts.add_row(Path(name).name, *numbers)
    told.print(counts)
    for name, report, _ in taken:
        for row in report.rows if report else ():
            if row.reason:
                told.print(f"{Path(name).name}:{row.line} {row.outcome}: {row.reason}")
