"""`wellwing report`: figures on the screen and for scripts."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.services.outcomes import case_study as study
from app.services.outcomes.indicators import Indicator


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
