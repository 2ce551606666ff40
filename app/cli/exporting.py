"""`wellwing export`: a dataset into a folder, of a server or of the database at hand."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from app import clock
from app.access import Actor
from app.cli import ground
from app.cli.data import APrison
from app.cli.export_client import Server, Tell
from app.cli.export_states import TRY_AGAIN, WRONG_USE, Folder, State, Stopped
from app.config import OutOfReach, Settings
from app.errors import Invalid, Refused
from app.models.exports import ExportAsked, ExportCompression, ExportDataset, ExportFormat
from app.models.staff import Role
from app.services import exports
from app.services.exports import Told

LAST = "last"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def export(
    dataset: Annotated[ExportDataset, typer.Argument(help="What to export.")],
    out: Annotated[Path, typer.Option(help="The folder it goes to, made if need be.")],
    format_: Annotated[ExportFormat, typer.Option("--format")] = ExportFormat.csv,
    compression: Annotated[ExportCompression, typer.Option()] = ExportCompression.none,
    since: Annotated[
        str | None,
        typer.Option(help="From this day on; or `last`: what changed since the last run here."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Until this day, it included.")] = None,
    names: Annotated[
        bool, typer.Option("--names", help="With names: two people must have released it.")
    ] = False,
    prison: APrison = "SLI",
    url: Annotated[
        str | None, typer.Option(help="The server to ask. Without: the database, as its operator.")
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="A file with the client's token.")] = None,
    token_env: Annotated[
        str, typer.Option(help="Else the variable that holds the token.")
    ] = "WELLWING_TOKEN",  # noqa: S107 - its name
) -> None:
    """Export a dataset to a file, whole or not at all; broken off, the next run goes on.

    Exit codes, for cron: 0 done, 1 refused, 2 wrong use, 3 try again later.
    """
    try:
        asked = _asked(dataset, format_, compression, since, until, names)
        ground.a_prison(prison)
        name = f"{prison.lower()}-{dataset}{'-named' if names else ''}.{format_}"
        folder = Folder(out, f"{name}.{compression}")
        with folder.alone() as state, _bar() as tell:
            if since == LAST:
                asked["changed_since"] = state.cursor
            if url is not None:
                server = Server(url, prison, lambda: _token(token_file, token_env))
                found = _of_server(server, asked, folder, state, tell)
            else:
                found = asyncio.run(_of_database(ground.configured(), prison, asked, folder, tell))
            path = folder.finish(_file_name(name, asked, since == LAST))
            state.done(found["next_cursor"])
            folder.keep(state)
    except Stopped as stopped:
        _stop(stopped)
    except Invalid as refused:
        _stop(Stopped(WRONG_USE, refused.detail))
    except OutOfReach as away:
        _stop(Stopped(TRY_AGAIN, str(away)))
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _stop(Stopped(TRY_AGAIN, f"There is no room in {out}."))
    typer.echo(f"{path}: {found['rows']} rows, {found['bytes']} bytes, sha256 {found['sha256']}")


def _asked(
    dataset: ExportDataset,
    format_: ExportFormat,
    compression: ExportCompression,
    since: str | None,
    until: str | None,
    names: bool,
) -> dict[str, Any]:
    """What is asked for, as a job has it. Raises Stopped."""
    days = {"first_day": None if since == LAST else since, "last_day": until}
    for day in days.values():
        try:
            date.fromisoformat(day or "2026-01-01")
        except ValueError:
            raise Stopped(WRONG_USE, f"{day} is no day: write 2026-01-31.") from None
    kept = {"format": format_.value, "compression": compression.value, **days}
    return {"dataset": dataset.value, "identifiable": names, "changed_since": None, **kept}


def _of_server(
    server: Server, asked: dict[str, Any], folder: Folder, state: State, tell: Tell
) -> Any:
    try:
        return server.had(asked, folder, state, tell)
    finally:
        server.close()


async def _of_database(
    config: Settings, prison_id: str, asked: dict[str, Any], folder: Folder, tell: Tell
) -> dict[str, Any]:
    """The same without a server, for whoever sits at the machine. It is in the audit as theirs."""
    actor, told = Actor(prison_id, ground.operator(), Role.system), Told()
    secret = config.secret_key.get_secret_value().encode()
    query = {name: value for name, value in asked.items() if name in ExportAsked.model_fields}
    dataset, names = ExportDataset(asked["dataset"]), asked["identifiable"]
    whole = ExportAsked.model_validate(query)
    wanted = exports.asked(actor, dataset, whole, secret, identifiable=names)
    async with ground.opened(config) as db:
        if prison_id not in await db.prison_ids():
            raise Refused(f"There is no prison {prison_id} here.")
        if names:
            async with db.write(prison_id) as session:
                await exports.released(session, actor)
        async with aclosing(exports.written(db, actor, wanted, secret, told)) as pieces:
            with folder.draft() as file:
                async for piece in pieces:
                    file.write(piece)
                    tell("written", told.size, None)
    return {
        "rows": told.rows,
        "bytes": told.size,
        "sha256": told.sha256,
        "next_cursor": told.cursor,
    }


def _file_name(name: str, asked: dict[str, Any], changes: bool) -> str:
    """What changed goes to a file of its own each time; all of it takes the place of what was."""
    stem, _, ending = name.partition(".")
    when = f"-{clock.now():%Y%m%dT%H%M%SZ}" if changes else ""
    within = asked["format"] == ExportFormat.parquet
    packed = {"gzip": ".gz", "zstd": ".zst"}.get(asked["compression"], "")
    return f"{stem}{when}.{ending}{'' if within else packed}"


def _token(file: Path | None, variable: str) -> str:
    """The client's token. On the command line everyone on the machine would read it."""
    if file is not None:
        return file.read_text().strip()
    if found := os.environ.get(variable, "").strip():
        return found
    raise Stopped(WRONG_USE, f"Give the token in a file with --token-file, or in {variable}.")


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int | None], None]]:
    """How far it is, where somebody looks on."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(
        *columns, TransferSpeedColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("asked for", total=None)
        yield lambda what, done, total: progress.update(
            task, description=what, completed=done, total=total
        )


def _stop(stopped: Stopped) -> None:
    typer.echo(stopped.sentence, err=True)
    raise typer.Exit(stopped.code)
