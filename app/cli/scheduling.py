"""Commands of the day: what the prison has planned for people is taken in from files."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, the_system
from app.cli import ground
from app.cli.data import APrison, ensure_prison, told
from app.config import Settings
from app.db import Database
from app.errors import Refused
from app.models.prison_events import EventImportOutcome
from app.models.regimes import RegimeImportOutcome
from app.services import event_imports, regime_imports

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


class Report(Protocol):
    """What every import answers."""

    @property
    def counts(self) -> Mapping[Any, int]: ...

    @property
    def rows(self) -> Iterable[Any]: ...

    def model_dump(self, *, mode: str) -> dict[str, Any]: ...


Import = Callable[[AsyncSession, Actor, bytes], Awaitable[Report]]
Taken = tuple[str, Report | None, str | None]
"""A file, its report, or why it was refused whole."""


def import_prison_events(
    files: Annotated[list[Path], typer.Argument(help="Schedules, as HMPPS answers them.")],
    prison: APrison = "SLI",
    as_json: AsJson = False,
) -> None:
    """Take in court events, visits, appointments and activities exactly as HMPPS answers them.

    A bad row spoils no other. Exit code 1 when a file was refused whole, else 0.
    """
    work = take_in(ground.configured(), prison, files, event_imports.import_documents)
    _answer(asyncio.run(work), list(EventImportOutcome), as_json=as_json)


def import_regimes(
    files: Annotated[list[Path], typer.Argument(help="Regime times: .csv a table, else JSON.")],
    prison: APrison = "SLI",
    as_json: AsJson = False,
) -> None:
    """Take in AM, PM and ED by weekday as HMPPS holds them. NIGHT and lock-up are kept.

    Rows of other prisons are passed over. Exit code 1 when a file was refused whole, else 0.
    """
    config, taken = ground.configured(), []
    for path in files:
        table = path.suffix.lower() == ".csv"
        how = regime_imports.import_csv if table else regime_imports.import_json
        taken += asyncio.run(take_in(config, prison, [path], how))
    _answer(taken, list(RegimeImportOutcome), as_json=as_json)


async def take_in(config: Settings, prison_id: str, files: list[Path], how: Import) -> list[Taken]:
    """Import the files in order, each in a transaction of its own."""
    async with ground.opened(config) as db:
        await ensure_prison(db, prison_id)
        return [await _take_one(db, prison_id, path, how) for path in files]


async def _take_one(db: Database, prison_id: str, path: Path, how: Import) -> Taken:
    try:
        content = await asyncio.to_thread(path.read_bytes)
        async with ground.writing(db, prison_id, "cli.import_schedules") as session:
            report = await how(session, the_system(prison_id), content)
    except Refused as refused:
        return str(path), None, refused.detail
    except OSError as error:
        return str(path), None, f"{error.strerror}."
    return str(path), report, None


def _answer(taken: list[Taken], outcomes: list[Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"files": [_as_json(each) for each in taken]}))
    else:
        _show(taken, outcomes)
    if any(report is None for _, report, _ in taken):
        raise typer.Exit(1)


def _as_json(taken: Taken) -> dict[str, object]:
    name, report, refused = taken
    if report is None:
        return {"file": name, "refused": refused}
    return {"file": name, **report.model_dump(mode="json")}


def _show(taken: list[Taken], outcomes: list[Any]) -> None:
    counts = Table(Column("file", overflow="fold", min_width=24), *map(str, outcomes))
    for name, report, refused in taken:
        if report is None:
            told.print(f"{name} was refused whole: {refused}")
        else:
            numbers = (str(report.counts[outcome]) for outcome in outcomes)
            counts.add_row(Path(name).name, *numbers)
    told.print(counts)
    for name, report, _ in taken:
        for row in report.rows if report else ():
            if row.reason:
                told.print(f"{Path(name).name}:{row.line} {row.outcome}: {row.reason}")
