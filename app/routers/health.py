"""Health: for load balancers, and the dead man's switch of the escalation."""

from typing import Literal

import structlog
from fastapi import APIRouter, Request, Response
from sqlmodel import Field

from app import __version__
from app.db import ReadDb
from app.errors import Busy
from app.formats import PROMETHEUS, files
from app.models.base import Output
from app.problems import refusals
from app.services import page_tests, pulses
from app.services.pulses import Trouble

log = structlog.get_logger(__name__)
router = APIRouter(tags=["health"])
SAYS = {
    Trouble.not_swept: "The escalation worker is not sweeping every prison.",
    Trouble.overdue: "A step of an escalation is overdue.",
    Trouble.clocks_differ: "The clocks of this machine, a worker and the database differ.",
}


class Health(Output):
    """The service answers, and so does its database."""

    status: str
    version: str
    audit: Literal["ok", "spooling"] = Field(
        description="`spooling`: entries wait on disk, since the database did not take them."
    )
    clock: Literal["ok", "differs"] = Field(
        description="`differs`: this process's clock is not the database's; set the machine's."
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
    skew = await pulses.skew_of(db)
    if skew.too_far:
        log.critical("clocks_differ", process="api", seconds=round(skew.ahead.total_seconds(), 1))
    spooling = request.app.state.auditor.spooling
    return Health(
        status="ok",
        version=__version__,
        audit="spooling" if spooling else "ok",
        clock="differs" if skew.too_far else "ok",
    )


@router.get(
    "/health/escalation",
    response_model=EscalationHealth,
    responses={503: refusals()[503]},
)
async def escalation_health(db: ReadDb) -> EscalationHealth:
    """503 when any prison's sweep is missing, stale, or has left a step overdue too long; and when
    clocks differ by which steps are due."""
    engine = await pulses.judge(db)
    if engine.troubles:
        raise Busy(SAYS[engine.troubles[0]])
    return EscalationHealth(status="ok", prisons=engine.prisons)


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


@router.get("/metrics", response_class=Response, responses=files(PROMETHEUS))
async def metrics(db: ReadDb) -> Response:
    """What health judges, as gauges for Prometheus. They count nobody, and name no prison."""
    gauges = pulses.gauges(await pulses.judge(db))
    lines = [
        f"# HELP {name} {means}\n# TYPE {name} gauge\n{name} {value}\n"
        for name, means, value in gauges
    ]
    return Response("".join(lines), media_type=f"{PROMETHEUS.media}; charset=utf-8")
