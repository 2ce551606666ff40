"""What goes out of the prison: the figures of last month, prepared and not let out yet, and a file
that an evaluation asked for."""

from datetime import timedelta

from app import clock
from app.access import Actor
from app.config import settings
from app.demo.series import LONDON
from app.demo.wing import Wing
from app.models.clients import ClientCreate, ClientScope
from app.models.export_jobs import ExportJobCreate
from app.models.exports import ExportDataset
from app.models.publications import PublicationCreate
from app.models.staff import Role
from app.services import clients, export_jobs, publications
from app.services.export_jobs import running
from app.services.export_jobs.shelf import Shelf
from app.tokens import Claims

CLIENT = "evaluation"


async def live(wing: Wing) -> None:
    """Within the last hour: one waits for a governor, and is whole tomorrow as it is today."""
    wing.at(minutes=50)
    last_month = clock.now().astimezone(LONDON).date().replace(day=1) - timedelta(days=1)
    asks = await _let_in(wing)
    async with wing.db.write(wing.prison_id) as session:
        body = PublicationCreate(period=f"{last_month:%Y-%m}")
        await publications.prepare(session, wing.support_worker, body)
    wing.at(minutes=40)
    async with wing.db.write(wing.prison_id) as session:
        wanted = ExportJobCreate(dataset=ExportDataset.sessions)
        await export_jobs.create(session, asks, _token(asks), wanted)
    await running.take_one(wing.db, wing.prison_id, Shelf(settings()))


async def _let_in(wing: Wing) -> Actor:
    """A client that may have what names nobody."""
    scope = ClientScope.export_pseudonymised
    body = ClientCreate(
        client_id=f"{CLIENT}.{wing.prison_id.lower()}", name="Evaluation", scopes=[scope]
    )
    async with wing.db.write(wing.prison_id) as session:
        made = await clients.create(session, wing.governor, body)
    return Actor(wing.prison_id, made.client_id, Role.machine, scopes=frozenset([scope]))


def _token(client: Actor) -> Claims:
    """What a token of the client's says, issued as it asks."""
    now = clock.now()
    return Claims(
        subject=client.subject,
        roles=frozenset(),
        prisons=frozenset([client.prison_id]),
        person_id=None,
        client_id=client.subject,
        expires_at=now + timedelta(minutes=5),
        issued_at=now,
        machine=True,
    )
