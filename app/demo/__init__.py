"""The demo wing: a deterministic, obviously synthetic SLI of the published size.

It is lived, not inserted: the same services as the API's, with the clock set back to the day each
thing happened, so that every guard held and every row has its history.
"""

import time
from dataclasses import dataclass

from app import clock
from app.config import ConfigurationError
from app.db import Database
from app.demo import (
    active_life,
    applications,
    break_glass,
    clinical,
    concerns,
    coordination,
    escalation,
    going_out,
    lives,
    matching,
    mentees,
    mentors,
    nights,
    outcomes,
    places,
    rota,
    series,
    sessions,
    sharing,
    support,
    training,
)
from app.demo.wing import Wing, build
from app.models.prisons import Prison


@dataclass(frozen=True, slots=True)
class Report:
    """What was loaded, and how long it took in seconds."""

    prison_id: str
    people: int
    mentors: int
    mentees: int
    sessions: int
    concerns: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.prison_id}: {self.people} people, {self.mentors} mentors,"
            f" {self.mentees} mentees, {self.sessions} sessions, {self.concerns} concerns"
            f" in {self.seconds:.1f} s"
        )


async def load(db: Database, prison_id: str = "SLI") -> Report:
    """Load the wing into an empty prison. Raises ConfigurationError where there is one already."""
    async with db.sessions() as session:
        if await session.get(Prison, prison_id) is not None:
            raise ConfigurationError(f"There is a prison {prison_id} already.")
    began, offset = time.monotonic(), clock.offset()
    wing = Wing(db, prison_id, clock.now().replace(microsecond=0))
    try:
        wing.at(days=320)
        await build(wing)
        people = await mentees.people_arrive(wing)
        await applications.live(wing)
        await mentors.live(wing)
        await coordination.live(wing)
        await training.live(wing)
        count = await mentees.live(wing)
        await sharing.live(wing)
        await matching.live(wing)
        await series.live(wing)
        held = await sessions.live(wing)
        await active_life.live(wing)
        await rota.live(wing)
        await clinical.live(wing)
        await break_glass.live(wing)
        await support.live(wing)
        await places.live(wing)
        await nights.live(wing)
        await escalation.agreed(wing)
        await outcomes.live(wing)
        await lives.live(wing)
        wing.at(minutes=30)
        raised = await concerns.live(wing) + await escalation.live(wing)
        await going_out.live(wing)
    finally:
        clock.set_offset(offset)
    seconds = time.monotonic() - began
    return Report(prison_id, people, len(wing.mentor_ids), count, held, raised, seconds)


__all__ = ["Report", "load"]
