"""Health: for load balancers, and the dead man's switch of the escalation."""

from datetime import timedelta
from typing import Literal

from fastapi import APIRouter, Request
from sqlmodel import Field

from app import __version__, clock
from app.db import ReadDb
from app.errors import Busy
from app.models.base import Output
from app.problems import refusals
from app.services import page_tests

router = APIRouter(tags=["health"])
STALE_AFTER = timedelta(seconds=30)
OVERDUE_BOUND = timedelta(seconds=60)


class Health(Output):
    """The service answers, and so does its database."""

    status: str
    version: str
    audit: Literal["ok", "spooling"] = Field(
        description="`spooling`: entries wait on disk, since the database did not take them."
    )


class EscalationHealth(Output):
    """Every prison's concerns are being swept in time."""

    status: str
    prisons: int


class ChannelHealth(Output):
    """Pages have a channel that says what arrived, and every last resort has been reached."""

    status: str
    prisons: int


@router.get("/health", response_model=Health)
async def health(db: ReadDb, request: Request) -> Health:
    """Whether this process and its database answer, and the audit is written where it belongs."""
    await db.pool.fetchval("SELECT 1")
    spooling = request.app.state.auditor.spooling
    return Health(status="ok", version=__version__, audit="spooling" if spooling else "ok")


@router.get(
    "/health/escalation",
    response_model=EscalationHealth,
    responses={503: refusals()[503]},
)
async def escalation_health(db: ReadDb) -> EscalationHealth:
    """503 when any prison's sweep is missing, stale, or has left a step overdue too long."""
    rows = await db.pool.fetch(
        "SELECT p.id, s.swept_at, s.oldest_overdue_at FROM prison p"
        " LEFT JOIN sweep_pulse s ON s.prison_id = p.id"
    )
    now, real = clock.now(), clock.real_now()
    for row in rows:
        if row["swept_at"] is None or real - row["swept_at"] > STALE_AFTER:
            raise Busy("The escalation worker is not sweeping every prison.")
        overdue = row["oldest_overdue_at"]
        if overdue is not None and now - overdue > OVERDUE_BOUND:
            raise Busy("A step of an escalation is overdue.")
    return EscalationHealth(status="ok", prisons=len(rows))


@router.get(
    "/health/channels",
    response_model=ChannelHealth,
    responses={503: refusals()[503]},
)
async def channel_health(db: ReadDb, request: Request) -> ChannelHealth:
    """503 while no channel says what arrived, or some prison's last resort outside has not been
    reached by a test (`POST .../page-tests`) for too long, or not since it is another."""
    config = request.app.state.settings
    if config.notify_api_key is None:
        raise Busy("No channel says what arrived.")
    tested, prisons = await page_tests.all_tested(db, config.last_resort_test_days)
    if not tested:
        raise Busy("The last resort of a prison has not been tested.")
    return ChannelHealth(status="ok", prisons=prisons)
