"""The operator's way to end tokens: for when no governor is at hand."""

import asyncio
from typing import Annotated

import typer

from app.cli import ground
from app.config import ConfigurationError
from app.models.revocations import RevocationReason
from app.services.revocations import OPERATOR, revocation


def revoke(
    subject: Annotated[str | None, typer.Option(help="Everything issued to this `sub`.")] = None,
    token_id: Annotated[str | None, typer.Option(help="The token with this `jti`.")] = None,
    reason: Annotated[RevocationReason, typer.Option()] = RevocationReason.precaution,
) -> None:
    """Revoke tokens at once, in every prison. With both options, one token of the subject."""
    if not subject and not token_id:
        raise ConfigurationError("Name whose tokens with --subject, or one with --token-id.")
    config = ground.configured()

    async def save() -> None:
        async with ground.opened(config) as db, db.outside() as session:
            session.add(
                revocation(reason, OPERATOR, subject=subject or None, token_id=token_id or None)
            )

    asyncio.run(save())
    typer.echo("Revoked. Tokens issued from now on are believed.")
