"""Two prisons with many sessions, a few mentors and rooms, and a machine that may export."""

from datetime import date
from pathlib import Path
from typing import Any

import asyncpg

from app.config import Settings
from app.db import Database
from app.models.base import Disclosure, new_id
from app.models.clients import Client, ClientScope
from app.models.mentors import Commitment, Mentor, MentorStatus
from app.models.people import Person, Source
from app.models.prisons import PersonIdentity, Prison
from app.models.rooms import Room
from app.models.wings import Wing
from app.tokens import DevelopmentIssuer

CLIENT = "evaluator"
SCOPE = ClientScope.export_pseudonymised
# Held and locked, so that nothing of them collides; written as a superuser, past the triggers.
_SESSIONS = """
    INSERT INTO session (prison_id, id, recorded_at, version, disclosure, kind, status, room_id,
        mentor_id, starts_at, ends_at, noted_at)
    SELECT $1, uuidv7(), at, 3, 'ordinary',
        (ARRAY['one_to_one', 'group', 'cbt_course', 'art_therapy', 'day_to_day'])[1 + n % 5],
        'locked', CASE WHEN n % 7 > 0 THEN rooms[1 + n % 4] END, mentors[1 + n % 10],
        at, at + interval '45 minutes', CASE WHEN n % 3 > 0 THEN at + interval '1 hour' END
    FROM generate_series(1, $2::int) n,
        LATERAL (SELECT timestamptz '2024-01-01 09:00+00' + n * interval '1 minute' AS at) t,
        (SELECT array_agg(id) AS rooms FROM room WHERE prison_id = $1) r,
        (SELECT array_agg(id) AS mentors FROM mentor WHERE prison_id = $1) m
"""


async def made(settings: Settings, superuser: str, sizes: dict[str, int]) -> str:
    """Fill prisons with so many sessions each; answers the machine's token."""
    assert settings.database_url is not None
    db = Database(settings.database_url)
    await db.open()
    for prison_id in sizes:
        await _prison(db, prison_id)
    await db.close()
    connection = await asyncpg.connect(superuser)
    await connection.execute("SET session_replication_role = replica")
    for prison_id, rows in sizes.items():
        await connection.execute(_SESSIONS, prison_id, rows)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return DevelopmentIssuer(Path(settings.var_dir), settings).issue_to_client(CLIENT, [SCOPE])


async def _prison(db: Database, prison_id: str) -> None:
    async with db.sessions() as session, session.begin():
        session.add(Prison(id=prison_id, name=f"HMP {prison_id}"))
    here: dict[str, Any] = {"prison_id": prison_id}
    async with db.write(prison_id) as session:
        wing = Wing(**here, code="D", name="Delta", dedicated=True)
        session.add(wing)
        await session.flush()
        session.add_all(
            Room(**here, wing_id=wing.id, name=f"Room {n}", capacity=12) for n in range(4)
        )
        client: dict[str, Any] = {"client_id": CLIENT, "name": "Evaluator", "scopes": [SCOPE.value]}
        session.add(Client(**here, **client, pending_scopes=[]))
        for n in range(10):
            identity = PersonIdentity(id=new_id(), numbers=[f"A{n:04}AA"])
            session.add(identity)
            await session.flush()
            person = Person(
                **here,
                identity_id=identity.id,
                number=f"A{n:04}AA",
                first_name="Jo",
                last_name=f"Sample {n}",
                display_name=f"Jo Sample {n}",
                date_of_birth=date(1990, 1, 1),
                source=Source.manual,
            )
            session.add(person)
            await session.flush()
            session.add(
                Mentor(
                    **here,
                    person_id=person.id,
                    status=MentorStatus.shadowing,
                    commitment=Commitment.voluntary,
                    disclosure=Disclosure.ordinary,
                )
            )
