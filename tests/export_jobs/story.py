"""The day of an export job: asked for, written by a worker, fetched."""

from typing import Any

import httpx
from sqlalchemy import text

from app.config import Settings
from app.models.clients import ClientScope
from app.models.staff import StaffRole
from app.services.export_jobs import running
from app.services.export_jobs.shelf import Shelf
from tests.story import Caller, Wing

JOBS = "exports/jobs"
LINES = {"dataset": "mentees", "format": "ndjson"}


async def asks(who: Caller, **fields: Any) -> Any:
    """Asks for a file; the job as it is answered."""
    return await who.post(JOBS, {**LINES, **fields}, expect=202)


async def worked(wing: Wing, settings: Settings) -> None:
    """A worker writes all that waits in the prison, and removes what has had its day."""
    while await running.take_one(wing.db, wing.prison_id, Shelf(settings)):
        pass
    await running.tidy(wing.db, wing.prison_id, Shelf(settings))


async def ready(wing: Wing, settings: Settings, who: Caller, **fields: Any) -> Any:
    """A job whose file is written."""
    job = await asks(who, **fields)
    await worked(wing, settings)
    return await who.get(f"{JOBS}/{job['id']}")


async def fetches(who: Caller, job: Any, **headers: str) -> httpx.Response:
    return await who.request("GET", f"{JOBS}/{job['id']}/file", headers=headers)


async def machine(wing: Wing) -> Caller:
    return await wing.lets_in(ClientScope.export_pseudonymised)


async def released(wing: Wing) -> Any:
    """Two people let names out."""
    lead = await wing.hires(StaffRole.mental_health_lead)
    body = {"kind": "identifiable_export", "purpose": "The regional evaluation."}
    release = await wing.governor.post("releases", body)
    await lead.move(f"releases/{release['id']}", "released")
    return release


MANY = text(
    "INSERT INTO history (prison_id, id, recorded_at, noun, thing_id, from_state, to_state,"
    " actor_subject, actor_role, occurred_at, disclosure)"
    " SELECT prison_id, gen_random_uuid(), recorded_at, noun, thing_id, from_state, to_state,"
    " actor_subject, actor_role, occurred_at, disclosure FROM history, generate_series(1, 1500)"
    " WHERE prison_id = :prison AND noun = 'mentees'"
)


async def much(wing: Wing) -> dict[str, str]:
    """Moves enough for a file of several pieces; what to ask for."""
    await wing.engaged()
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(MANY, {"prison": wing.prison_id})
    return {"dataset": "history", "format": "csv"}
