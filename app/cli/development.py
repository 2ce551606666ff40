"""Commands of development: tokens, the movable clock, the tour. None of them in production."""

import asyncio
from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from app import clock, migrate, supervise
from app.cli import data, ground, running
from app.cli.welcome import subject_of
from app.config import ConfigurationError
from app.models.clients import ClientScope
from app.models.staff import StaffCreate, StaffRole
from app.runtime import Urls, embedded, move_clock
from app.tokens import SUBJECT_ACCESS, DevelopmentIssuer

TOUR_DATABASE = "wellwing_tour"
TOUR_PRISON = "SLI"


class TokenRole(StrEnum):
    """The roles a token may name; a prisoner's standing within `mentor` is the database's."""

    support_worker = "support_worker"
    wing_duty = "wing_duty"
    mentor = "mentor"
    clinician = "clinician"
    nurse = "nurse"
    mental_health_lead = "mental_health_lead"
    governor = "governor"


def token(
    role: Annotated[TokenRole | None, typer.Option(help="The token's one role.")] = None,
    prison: Annotated[list[str], typer.Option(help="A prison's id; may be repeated.")] = [],  # noqa: B006
    subject: Annotated[str | None, typer.Option(help="Default: such as nurse.sli.")] = None,
    person: Annotated[UUID | None, typer.Option(help="A mentor's person id.")] = None,
    client: Annotated[str | None, typer.Option(help="A machine's own token, for this id.")] = None,
    scope: Annotated[list[ClientScope], typer.Option(help="Of a machine's token.")] = [],  # noqa: B006
    subject_access: Annotated[
        bool, typer.Option("--subject-access", help="A client's that asks for subject access.")
    ] = False,
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366)] = 12,
) -> None:
    """Print a token of the development issuer, and nothing else."""
    config = ground.configured_for_development("Tokens are issued here")
    if not config.development_issuer:
        raise ConfigurationError("The development issuer is off: no one would trust the token.")
    lifetime = timedelta(hours=hours)
    if lifetime > config.longest_token:
        told = f"Tokens live {config.token_longest_hours:g} hours at most"
        raise ConfigurationError(f"{told} (WELLWING_TOKEN_LONGEST_HOURS).")
    issuer = DevelopmentIssuer(config.var_dir, config)
    if client is not None:
        if role or prison or subject or person:
            raise ConfigurationError("A machine's token names its --client and each --scope.")
        authority = f"ROLE_{SUBJECT_ACCESS.upper()}"
        roles = {config.claim_roles: [authority]} if subject_access else {}
        typer.echo(issuer.issue_to_client(client, scope, lifetime, **roles))
        return
    prisons = [ground.a_prison(each) for each in prison]
    if role is None or not prisons or scope or subject_access:
        raise ConfigurationError("A person's token needs --role and --prison; or a --client.")
    if (role is TokenRole.mentor) != (person is not None):
        raise ConfigurationError("A mentor's token, and no other, needs --person.")
    subject = subject or subject_of(role, prisons[0])
    typer.echo(issuer.issue(subject, [role], prisons, person, lifetime))


def forward(hours: Annotated[float, typer.Option(min=0, max=24 * 400)]) -> None:
    """Move the service's time forward, for the API and the worker alike."""
    config = ground.configured_for_development("Time can be moved")

    async def move() -> None:
        async with ground.opened(config) as db:
            await move_clock(db, clock.offset() + timedelta(hours=hours))

    asyncio.run(move())
    typer.echo(clock.spell(clock.now()))


def tour(
    base_url: Annotated[str | None, typer.Option(help="A running server; else its own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Live the case study through HTTP alone; exit 1 at the first thing that is not as told."""
    from app import tour as the_tour
    from app.tour.phones import Phones

    config = ground.configured_for_development("The tour is walked")
    if base_url is not None:
        raise typer.Exit(the_tour.run(base_url, as_json))
    server = embedded(config)
    server.start()
    server.drop_database(TOUR_DATABASE)
    server.ensure_database(TOUR_DATABASE)
    urls = Urls(server.application_url(TOUR_DATABASE), server.owner_url(TOUR_DATABASE))
    migrate.upgrade(urls.owner)
    own = config.model_copy(update={"database_url": urls.application, "port": 0})
    code, phones = 1, Phones()
    phones.start()

    async def walk() -> None:
        nonlocal code
        at = TOUR_PRISON.lower()
        await data.open_wing(own, TOUR_PRISON, "HMP Swaleside", f"governor.{at}")
        lead = StaffCreate(
            subject=f"mental-health-lead.{at}", name="Lead", role=StaffRole.mental_health_lead
        )
        await data.hire(own, TOUR_PRISON, lead)
        listener, also = ground.listen(own), phones.environment
        async with running.service(urls, listener, server, quiet=True, also=also) as address:
            code = await asyncio.to_thread(the_tour.run, address, as_json, phones)

    asyncio.run(supervise.until_told(walk()))
    raise typer.Exit(code)
