"""The `wellwing` command. Whatever goes wrong with a site's set-up is said in one sentence."""

import signal
import sys

import typer

from app import logs
from app.cli import (
    auditing,
    bundles,
    data,
    development,
    exporting,
    ground,
    importing,
    merging,
    printing,
    reporting,
    retaining,
    revoking,
    running,
    showing,
    storage,
    testing,
)

cli = typer.Typer(
    name="wellwing",
    help="Runs a prison's peer-mentor emotional well-being scheme.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _group(name: str, text: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True)
    cli.add_typer(group, name=name, help=text)
    return group


cli.command()(running.run)
cli.command()(running.serve)
cli.command()(running.worker)
cli.command()(running.health)
cli.command()(storage.migrate)
cli.command()(testing.page_test)
cli.command()(development.token)
cli.command()(development.tour)
cli.command()(revoking.revoke)
cli.command()(showing.openapi)
cli.command()(showing.lifecycles)
_group("database", "Roles and databases of an external PostgreSQL.").command()(storage.provision)
_group("prison", "Prisons served here.").command("open")(data.open_prison)
_group("staff", "Staff of a prison.").command("add")(data.add_staff)
_people = _group("people", "Prisoners.")
_people.command("import")(importing.import_people)
_people.command("merged")(merging.merged)
_group("non-associations", "Whom the prison keeps apart.").command("import")(
    importing.import_non_associations
)
_group("prison-events", "What the prison has planned for people.").command("import")(
    importing.import_prison_events
)
_group("regimes", "The prison's day.").command("import")(importing.import_regimes)
_group("demo", "The synthetic wing.").command("load")(data.load_demo)
_group("audit", "Who looked at what.").command("verify")(auditing.verify)
_report = _group("report", "What became of people.")
_report.command("case-study")(reporting.case_study)
_report.command()(reporting.outcomes)
cli.command()(exporting.export)
cli.command()(retaining.retention)
cli.command()(printing.outage_sheets)
_bundle = _group("bundle", "What was released: signed chronologies.")
_bundle.command("verify")(bundles.verify)
_bundle.command("key")(bundles.public_key)
_group("clock", "The movable clock of development.").command()(development.forward)


def main() -> None:
    """Run the command line; a failure that a person can mend is one sentence and exit code 1."""
    logs.own_every_line()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's `&` leaves SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        cli()
    except Exception as error:
        told = ground.sentence(error)
        if told is None:
            raise
        print(told, file=sys.stderr)  # noqa: T201
        sys.exit(1)
