"""Commands that put something into the database: prisons, staff, the synthetic wing."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access import the_system
from app.cli import ground
from app.cli.running import said
from app.config import ConfigurationError, Settings
from app.db import Database
from app.models.prisons import Prison, PrisonUpdate
from app.models.staff import Staff, StaffCreate, StaffRole
from app.scope import everything
from app.services import staff

told = Console(highlight=False, soft_wrap=True)

APrison = Annotated[str, typer.Option(help="The prison's id.")]


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
