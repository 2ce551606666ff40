"""Commands that take in what the prison's own systems answer: people, whom the prison keeps apart,
what it has planned for people, its regime. Each file by itself, with a report on each row."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.progress import Progress
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.access import Actor, the_system
from app.cli import ground
from app.cli.data import APrison, ensure_prison, told
from app.cli.running import said
from app.config import Settings
from app.db import Database
from app.errors import Refused
from app.models.non_associations import PairImportOutcome
from app.models.people import ImportOutcome
from app.models.prison_events import EventImportOutcome
from app.models.regimes import RegimeImportOutcome
from app.services import event_imports, non_associations, regime_imports
from app.services.people import imports

AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
OF_PEOPLE = {ImportOutcome.refused, ImportOutcome.kept_out, ImportOutcome.marked_away}
"""What is told of a document: that it came in, though with a reason (on leave, say), is not."""


class Report(Protocol):
    """What every import answers."""

    @property
    def counts(self) -> Mapping[Any, int]: ...

    @property
    def rows(self) -> Iterable[Any]: ...

    def model_dump(self, *, mode: str) -> dict[str, Any]: ...


Done = Callable[[int, int], None]
Import = Callable[[AsyncSession, Actor, bytes, Done], Awaitable[Report]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: its report, or why it was refused whole."""

    name: str
    report: Report | None = None
    refused: str | None = None


def import_people(
    files: Annotated[list[Path], typer.Argument(help="Prisoner-search documents, as answered.")],
    prison: APrison = "SLI",
    as_json: AsJson = False,
) -> None:
    """Take in people from files exactly as HMPPS's prisoner search answers them.

    A bad row spoils no other. Exit code 1 when a file was refused whole, else 0.
    """
    command = "cli.import_people"
    work = take_in(ground.configured(), prison, dict.fromkeys(files, people), command)
    _answer(asyncio.run(work), ImportOutcome, as_json=as_json, of_these=OF_PEOPLE)


def import_non_associations(
    files: Annotated[list[Path], typer.Argument(help="Non-associations, as HMPPS answers them.")],
    prison: APrison = "SLI",
    as_json: AsJson = False,
) -> None:
    """Take in non-associations from files exactly as HMPPS answers them. Nobody can read them here.

    A bad row spoils no other. Exit code 1 when a file was refused whole, else 0.
    """
    command = "cli.import_non_associations"
    work = take_in(ground.configured(), prison, dict.fromkeys(files, pairs), command)
    _answer(asyncio.run(work), PairImportOutcome, as_json=as_json)


def import_prison_events(
    files: Annotated[list[Path], typer.Argument(help="Schedules, as HMPPS answers them.")],
    prison: APrison = "SLI",
    as_json: AsJson = False,
) -> None:
    """Take in court events, visits, appointments and activities exactly as HMPPS answers them.

    A bad row spoils no other. Exit code 1 when a file was refused whole, else 0.
    """
    command = "cli.import_schedules"
    work = take_in(ground.configured(), prison, dict.fromkeys(files, events), command)
    _answer(asyncio.run(work), EventImportOutcome, as_json=as_json)


def import_regimes(
    files: Annotated[list[Path], typer.Argument(help="Regime times: .csv a table, else JSON.")],
    prison: APrison = "SLI",
    as_json: AsJson = False,
) -> None:
    """Take in AM, PM and ED by weekday as HMPPS holds them. NIGHT and lock-up are kept.

    Rows of other prisons are passed over. Exit code 1 when a file was refused whole, else 0.
    """
    hows = {path: table if path.suffix.lower() == ".csv" else answer for path in files}
    work = take_in(ground.configured(), prison, hows, "cli.import_regimes")
    _answer(asyncio.run(work), RegimeImportOutcome, as_json=as_json)


async def people(db: AsyncSession, actor: Actor, data: bytes, done: Done) -> Report:
    return await imports.import_documents(db, actor, data, progress=done)


async def pairs(db: AsyncSession, actor: Actor, data: bytes, _: Done) -> Report:
    return await non_associations.import_documents(db, actor, data)


async def events(db: AsyncSession, actor: Actor, data: bytes, _: Done) -> Report:
    return await event_imports.import_documents(db, actor, data)


async def table(db: AsyncSession, actor: Actor, data: bytes, _: Done) -> Report:
    return await regime_imports.import_csv(db, actor, data)


async def answer(db: AsyncSession, actor: Actor, data: bytes, _: Done) -> Report:
    return await regime_imports.import_json(db, actor, data)


async def take_in(
    config: Settings, prison_id: str, files: Mapping[Path, Import], command: str
) -> list[Taken]:
    """Import the files in order, each in its way and in a transaction of its own."""
    bars = Progress(console=said, transient=True, disable=not said.is_terminal)
    async with ground.opened(config) as db:
        await ensure_prison(db, prison_id)
        with bars:
            return [
                await _take_one(db, prison_id, path, how, command, bars)
                for path, how in files.items()
            ]


async def _take_one(
    db: Database, prison_id: str, path: Path, how: Import, command: str, bars: Progress
) -> Taken:
    bar = bars.add_task(path.name, total=None)

    def done(count: int, total: int) -> None:
        bars.update(bar, completed=count, total=total)

    try:
        content = await asyncio.to_thread(path.read_bytes)
        async with ground.writing(db, prison_id, command) as session:
            report = await how(session, the_system(prison_id), content, done)
    except Refused as refused:
        return Taken(str(path), refused=refused.detail)
    except OSError as error:
        return Taken(str(path), refused=f"{error.strerror}.")
    finally:
        bars.remove_task(bar)
    return Taken(str(path), report)


def _answer(
    taken: list[Taken],
    outcomes: type[StrEnum],
    *,
    as_json: bool,
    of_these: Collection[StrEnum] | None = None,
) -> None:
    """Tell what became of each file, and why rows came out as they did; all, or one of these."""
    if as_json:
        typer.echo(json.dumps({"files": [_as_json(each) for each in taken]}))
    else:
        _show(taken, outcomes, list(outcomes) if of_these is None else of_these)
    if any(each.report is None for each in taken):
        raise typer.Exit(1)


def _as_json(taken: Taken) -> dict[str, object]:
    if taken.report is None:
        return {"file": taken.name, "refused": taken.refused}
    return {"file": taken.name, **taken.report.model_dump(mode="json")}


def _show(taken: list[Taken], outcomes: type[StrEnum], of_these: Collection[StrEnum]) -> None:
    counts = Table(Column("file", overflow="fold", min_width=24), *map(_words, outcomes))
    for each in taken:
        if each.report is None:
            told.print(f"{each.name} was refused whole: {each.refused}")
        else:
            numbers = (str(each.report.counts.get(outcome, 0)) for outcome in outcomes)
            counts.add_row(Path(each.name).name, *numbers)
    told.print(counts)
    for each in taken:
        for row in each.report.rows if each.report else ():
            if row.reason and row.outcome in of_these:
                told.print(f"{Path(each.name).name}:{row.line} {_in_words(row)}")


def _words(outcome: StrEnum) -> str:
    return outcome.value.replace("_", " ")


def _in_words(row: Any) -> str:
    """Whom it is about, where the report says so; what became of it; the field, unless the reason
    begins with it, and why."""
    whose = f"{row.number or 'no number'}: " if hasattr(row, "number") else ""
    said = row.field is None or row.reason.startswith(row.field)
    why = row.reason if said else f"{row.field}: {row.reason}"
    return f"{whose}{_words(row.outcome)}: {why}"
