"""What `wellwing run` prints when everything runs: the docs, tokens, and three calls to try."""

from collections.abc import Mapping
from uuid import UUID

import typer

from app.config import Settings
from app.db import Database
from app.runtime import Urls, open_database
from app.tokens import DevelopmentIssuer

STAFF = ("support_worker", "clinician", "nurse", "governor", "wing_duty")

_A_MENTOR = """
    SELECT person_id FROM mentor
    WHERE prison_id = $1 AND status = 'active' ORDER BY recorded_at, id LIMIT 1
"""
_CONCERN = """{"account": "He gave his radio away and would not say why.",\
 "subject_as_told": "the lad in the end cell", "immediacy": "right_now"}"""


async def greet(config: Settings, urls: Urls, address: str) -> None:
    """Print the address of the docs and, in development, what lets one in."""
    typer.echo(f"\nWellwing is running: {address}/docs\n")
    if config.production or not config.development_issuer:
        return
    db = await open_database(config, urls.application)
    try:
        prison_id = await db.pool.fetchval("SELECT id FROM prison WHERE demo ORDER BY id LIMIT 1")
        tokens = await _tokens(config, db, prison_id) if prison_id else {}
    finally:
        await db.close()
    if tokens:
        typer.echo(f"Tokens for {prison_id}, the synthetic wing, good for 12 hours:\n")
        for role, token in tokens.items():
            typer.echo(f"{role:15} {token}")
    calls = _calls(f"{address}/v1/prisons/{prison_id}", tokens)
    if calls:
        typer.echo("\nTo paste into another terminal:\n\n" + "\n\n".join(calls))
    typer.echo("\nCtrl-C stops everything.")


async def _tokens(config: Settings, db: Database, prison_id: str) -> dict[str, str]:
    """One token a role, for those of the synthetic wing who are there."""
    issuer = DevelopmentIssuer(config.var_dir, config)
    there = "SELECT true FROM staff WHERE prison_id = $1 AND subject = $2 AND active"
    tokens = {}
    for role in STAFF:
        subject = subject_of(role, prison_id)
        if await db.fetchrow(prison_id, there, prison_id, subject):
            tokens[role] = issuer.issue(subject, [role], [prison_id])
    mentor = await db.fetchrow(prison_id, _A_MENTOR, prison_id)
    if mentor is not None:
        person_id: UUID = mentor["person_id"]
        tokens["mentor"] = issuer.issue(
            subject_of("mentor", prison_id), ["mentor"], [prison_id], person_id
        )
    return tokens


def subject_of(role: str, prison_id: str) -> str:
    """The subject of a role's token in development, such as `support-worker.sli`."""
    return f"{role.replace('_', '-')}.{prison_id.lower()}"


def _calls(base: str, tokens: Mapping[str, str]) -> list[str]:
    """Calls to try, for the roles there are tokens of."""
    tries = [
        ("support_worker", "The wing's sessions", f"'{base}/sessions?limit=5'"),
        (
            "mentor",
            "A mentor raises a concern",
            f"'{base}/concerns' -H 'Content-Type: application/json' -d '{_CONCERN}'",
        ),
        ("clinician", "My pages, a moment later", f"'{base}/notifications'"),
    ]
    return [
        f"# {what} ({role})\ncurl -sS -H 'Authorization: Bearer {tokens[role]}' {rest}"
        for role, what, rest in tries
        if role in tokens
    ]
