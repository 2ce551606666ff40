"""`wellwing report`: figures on the screen and for scripts."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from sqlmodel import col

from app.access import the_system
from app.cli import ground
from app.cli.data import APrison
from app.config import ConfigurationError, Settings
from app.errors import Invalid
from app.formats import csv_text
from app.models.base import Day
from app.models.outcome_cohorts import OutcomeCohort
from app.models.prisons import Prison
from app.models.report_tables import Report, ReportName
from app.models.reports import Indicator, OutcomeReport
from app.scope import everything
from app.services import reports
from app.services.outcomes import case_study as study
from app.services.reports import board_pack as packs
from app.services.reports import outcomes as counted
from app.services.reports.tables import csv_rows

DAY = "%Y-%m-%d"
A_DAY: TypeAdapter[date | None] = TypeAdapter(Day | None)

MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def case_study(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
) -> None:
    """Print the published case study beside what a made-up sample of 60 gives, and what else its
    figures could mean. Needs no database and no settings; exit code 1 if a figure disagrees."""
    found = study.report()
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _print(found)
    if not all(each["agrees"] for each in found["figures"]):
        raise typer.Exit(1)


def outcomes(
    cohort: Annotated[str, typer.Option(help="The name of a frozen outcome cohort.")],
    prison: APrison = "SLI",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
) -> None:
    """Print what became of a cohort, from the database. The look is in the audit."""
    found = asyncio.run(_counted(ground.configured(), ground.a_prison(prison), cohort))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        typer.echo(csv_text(counted.table(found)), nl=False)


def of_period(name: ReportName) -> Callable[..., None]:
    """The command of one report of a period."""

    def command(
        first: Annotated[
            datetime | None, typer.Option("--from", formats=[DAY], help="The first day.")
        ] = None,
        last: Annotated[
            datetime | None, typer.Option("--to", formats=[DAY], help="The last day, included.")
        ] = None,
        prison: APrison = "SLI",
        as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
    ) -> None:
        days = _day(first), _day(last)
        look = _of_period(ground.configured(), ground.a_prison(prison), name, *days)
        found = asyncio.run(look)
        if as_json:
            typer.echo(found.model_dump_json(indent=2))
        else:
            typer.echo(csv_text(csv_rows(found)), nl=False)

    title = reports.REPORTS[name].title
    command.__doc__ = f"{title}: print the tables of a period, as CSV. The look is in the audit."
    return command


def _day(given: datetime | None) -> date | None:
    try:
        return A_DAY.validate_python(given and given.date())
    except ValidationError:
        raise typer.BadParameter("a day that is out of bounds") from None


async def _of_period(
    config: Settings, prison_id: str, name: ReportName, first: date | None, last: date | None
) -> Report:
    async with (
        ground.opened(config) as db,
        ground.writing(db, prison_id, f"report_{name.value}") as session,
    ):
        if await session.get(Prison, prison_id) is None:
            raise ConfigurationError(f"There is no prison {prison_id} here.")
        return await reports.report(session, the_system(prison_id), name, first, last)


def board_pack(
    month: Annotated[str, typer.Option(help="A month that is over, as 2026-10.")],
    out: Annotated[Path, typer.Option(help="The PDF to write.", dir_okay=False)],
    prison: APrison = "SLI",
) -> None:
    """Write a month's board pack as PDF, from the database. The look is in the audit."""
    if not MONTH.fullmatch(month):
        raise ConfigurationError("A month is written as 2026-10.")
    paper = asyncio.run(_packed(ground.configured(), ground.a_prison(prison), month))
    try:
        out.write_bytes(paper)
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}.") from None
    typer.echo(f"{out}: {len(paper):,} bytes")


async def _packed(config: Settings, prison_id: str, month: str) -> bytes:
    """As it may lie about: no concern is counted that is hidden from anybody here."""
    async with (
        ground.opened(config) as db,
        ground.writing(db, prison_id, "report_board_pack") as session,
    ):
        try:
            made = await packs.pack(session, the_system(prison_id), month)
            return await packs.pdf(made)
        except Invalid as error:
            raise ConfigurationError(f"{month}: {error.errors[0].message}.") from None


async def _counted(config: Settings, prison_id: str, name: str) -> OutcomeReport:
    async with (
        ground.opened(config) as db,
        ground.writing(db, prison_id, "report_outcomes") as session,
    ):
        named = everything(OutcomeCohort, prison_id).where(col(OutcomeCohort.name) == name)
        cohort = (await session.scalars(named)).one_or_none()
        if cohort is None:
            raise ConfigurationError(f"There is no outcome cohort of that name in {prison_id}.")
        return await counted.report(session, cohort)


def _print(found: dict[str, Any]) -> None:
    out = Console(highlight=False)
    table = Table(title=f"A sample of {found['sample']} mentees: {found['label']}")
    table.add_column("")
    for heading in ("published", "ours", "counted", "interval", "no answer", "or"):
        table.add_column(heading, justify="right", min_width=min(len(heading), 9))
    for each in found["figures"]:
        between = each["interval"]
        table.add_row(
            each["words"],
            f"{each['published_percent']} %",
            f"{each['percent']} %" + ("" if each["agrees"] else " (differs)"),
            each["ratio"],
            f"{between['low']:.1f}-{between['high']:.1f}",
            ", ".join(f"{n} {why.replace('_', ' ')}" for why, n in each["missing"].items()) or "-",
            " ".join(each["also"]),
        )
    out.print(table)
    out.print("Intervals are Wilson's, of 95 %. In the last column: what else rounds to it.")
    out.print(found["note"])
    out.print(f"What else they can mean together, if at most {study.UNANSWERED} did not answer:")
    for each in found["readings"]:
        out.print(
            f"  {each['had_ratio']} {study.WORDS[Indicator(each['had'])]}; "
            f"{each['improved_ratio']} {study.WORDS[Indicator(each['improved'])]}"
        )
