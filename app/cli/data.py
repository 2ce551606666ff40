"""Commands that put something into the database: prisons, staff, people, the synthetic wing."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.cli import ground
from app.cli.running import said
from app.config import ConfigurationError, Settings
from app.db import Database
from app.errors import Refused
from app.models.people import ImportOutcome, ImportReport, ImportRow
from app.models.prisons import Prison, PrisonUpdate
from app.models.staff import Staff, StaffCreate, StaffRole
from app.scope import everything
from app.services import staff
from app.services.people.imports import import_documents

told = Console(highlight=False, soft_wrap=True)
NOT_TAKEN_IN = {ImportOutcome.refused, ImportOutcome.kept_out, ImportOutcome.marked_away}

APrison = Annotated[str, typer.Option(help="The prison's id.")]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: its report, or why it was refused whole."""

    name: str
    report: ImportReport | None = None
    refused: str | None = None


def open_prison(
    prison_id: Annotated[str, typer.Argument(metavar="ID", help="Three capitals.")],
    name: Annotated[str, typer.Option(help="The prison's name.")],
    governor_subject: Annotated[
        str | None, typer.Option(help="The `sub` of the tokens of its first governor.")
    ] = None,
) -> None:
    """Open a prison, with its first governor. Does nothing to what is there already."""
    said.print(asyncio.run(open_wing(ground.configured(), prison_id, name, governor_subject)))


async def open_wing(
    config: Settings, prison_id: str, name: str, governor_subject: str | None
) -> str:
    """Open a prison and say what was done."""
    name = PrisonUpdate(name=name).name or name
    ground.a_prison(prison_id)
    done = []
    async with (
        ground.opened(config) as db,
        ground.writing(db, prison_id, "cli.open_prison") as session,
    ):
        if await session.get(Prison, prison_id) is None:
            session.add(Prison(id=prison_id, name=name))
            await session.flush()
            done.append("opened")
        if governor_subject is not None:
            body = StaffCreate(subject=governor_subject, name="Governor", role=StaffRole.governor)
            if await _hire(session, prison_id, body):
                done.append(f"governor {governor_subject} added")
    return f"{prison_id}: {' and '.join(done) or 'was open already'}."


def add_staff(
    prison: APrison,
    role: Annotated[StaffRole, typer.Option(help="What they work as here.")],
    subject: Annotated[str, typer.Option(help="The `sub` of their tokens.")],
    name: Annotated[str, typer.Option(help="As colleagues know them.")],
) -> None:
    """Add a member of staff. One who is there already in this role is left as they are."""
    body = StaffCreate(subject=subject, name=name, role=role)
    added = asyncio.run(hire(ground.configured(), prison, body))
    said.print(f"{subject} {'is now' if added else 'was already'} {role} in {prison}.")


async def hire(config: Settings, prison_id: str, body: StaffCreate) -> bool:
    """Add a member of staff; False when they are there already in this role. Whoever sits at the
    machine answers for it: no second person is asked, as there may be none yet."""
    async with ground.opened(config) as db:
        await ensure_prison(db, prison_id)
        async with ground.writing(db, prison_id, "cli.add_staff") as session:
            return await _hire(session, prison_id, body)


def import_people(
    files: Annotated[list[Path], typer.Argument(help="Prisoner-search documents, as answered.")],
    prison: APrison = "SLI",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Take in people from files exactly as HMPPS's prisoner search answers them.

    A bad row spoils no other. Exit code 1 when a file was refused whole, else 0.
    """
    taken = asyncio.run(_take_in(ground.configured(), prison, files))
    if as_json:
        typer.echo(json.dumps({"files": [_as_json(each) for each in taken]}))
    else:
        _show(taken)
    if any(each.report is None for each in taken):
        raise typer.Exit(1)


def load_demo() -> None:
    """Load the synthetic wing: a made-up SLI of the published size. Development only."""
    from app import demo

    config = ground.configured_for_development("The synthetic wing is loaded")

    async def load() -> object:
        async with ground.opened(config) as db:
            report = await demo.load(db)
        await ground.analyzed(config)
        return report

    typer.echo(str(asyncio.run(load())))


async def ensure_prison(db: Database, prison_id: str) -> None:
    if ground.a_prison(prison_id) not in await db.prison_ids():
        command = f'wellwing prison open {prison_id} --name "..."'
        raise ConfigurationError(f"There is no prison {prison_id} yet: run `{command}`.")


async def _hire(session: AsyncSession, prison_id: str, body: StaffCreate) -> bool:
    """Add the member of staff; False when they are there already in this role."""
    found = everything(Staff, prison_id).where(col(Staff.subject) == body.subject)
    there = (await session.execute(found)).scalar_one_or_none()
    if there is None:
        await staff.create(session, the_system(prison_id), body)
        return True
    if there.role is not body.role or not there.active:
        state = there.role if there.active else "no longer active"
        raise ConfigurationError(f"{body.subject} is {state} in {prison_id}: change that there.")
    return False


async def _take_in(config: Settings, prison_id: str, files: list[Path]) -> list[Taken]:
    """Import the files in order, each in a transaction of its own."""
    bars = Progress(console=said, transient=True, disable=not said.is_terminal)
    async with ground.opened(config) as db:
        await ensure_prison(db, prison_id)
        with bars:
            return [await _take_one(db, prison_id, path, bars) for path in files]


async def _take_one(db: Database, prison_id: str, path: Path, bars: Progress) -> Taken:
    bar = bars.add_task(path.name, total=None)
    try:
        content = await asyncio.to_thread(path.read_bytes)
        async with ground.writing(db, prison_id, "cli.import_people") as session:
            report = await import_documents(
                session,
                the_system(prison_id),
                content,
                progress=lambda done, total: bars.update(bar, completed=done, total=total),
            )
    except Refused as refused:
        return Taken(str(path), refused=refused.detail)
    except OSError as error:
        return Taken(str(path), refused=f"{error.strerror}.")
    finally:
        bars.remove_task(bar)
    return Taken(str(path), report)


def _as_json(taken: Taken) -> dict[str, object]:
    if taken.report is None:
        return {"file": taken.name, "refused": taken.refused}
    return {"file": taken.name, **taken.report.model_dump(mode="json")}


def _show(taken: list[Taken]) -> None:
    counts = Table(
        Column("file", overflow="fold", min_width=24),
        *(outcome.value.replace("_", " ") for outcome in ImportOutcome),
    )
    for each in taken:
        if each.report is not None:
            numbers = (str(each.report.counts.get(outcome, 0)) for outcome in ImportOutcome)
            counts.add_row(Path(each.name).name, *numbers)
        else:
            told.print(f"{each.name} was refused whole: {each.refused}")
    told.print(counts)
    for each in taken:
        for row in each.report.rows if each.report else ():
            if row.outcome in NOT_TAKEN_IN:
                what = row.outcome.value.replace("_", " ")
                where = f"{Path(each.name).name}:{row.line}"
                told.print(f"{where} {row.number or 'no number'}: {what}: {_reason(row)}")


def _reason(row: ImportRow) -> str:
    return f"{row.field}: {row.reason}" if row.field else row.reason or ""
