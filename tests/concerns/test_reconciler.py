"""Rows broken by hand: what is open has a next step again within a minute, and an alarm."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
import structlog

from app import clock, worker
from app.config import Settings
from tests.concerns.conftest import Night
from tests.concerns.test_trouble import execute, poisoned
from tests.handovers.test_routes import accepted, on_duty
from tests.story import Wing

CHECK = "CHECK (status IN ('closed', 'merged_duplicate') OR next_step_at IS NOT NULL)"


@asynccontextmanager
async def unguarded(settings: Settings) -> AsyncIterator[None]:
    """The database without what keeps an open concern from having no next step."""
    assert settings.owner_database_url
    owner = await asyncpg.connect(settings.owner_database_url)
    name = "ck_concern_open_has_next_step"
    await owner.execute(f"ALTER TABLE concern DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        await owner.execute(f"ALTER TABLE concern ADD CONSTRAINT {name} {CHECK}")
        await owner.close()


async def reasons(night: Night, raised: Any) -> list[str]:
    history = await night.wing.clinician.get(f"concerns/{raised['id']}/history")
    return [row["reason"] for row in history["items"] if row["reason"]]


@pytest.fixture
def alarms() -> Iterator[list[str]]:
    """The alarms of escalations, as they are logged."""
    found: list[str] = []

    def heard(_: Any, __: str, event: Any) -> Any:
        if event["event"] == "escalation_alarm":
            found.append(event["alarm"])
        return event

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[heard, *before])
    yield found
    structlog.configure(processors=before)


async def test_a_next_step_that_was_taken_away_is_made_anew(
    night: Night, settings: Settings, alarms: list[str]
) -> None:
    raised = await night.raises()
    await night.sweep()
    async with unguarded(settings):
        await execute(night.wing, "UPDATE concern SET next_step_at = NULL")
        clock.forward(minutes=2)
        assert await night.sweep() == 0  # no sweep finds it
        assert (await night.wing.http.get("/health/escalation")).status_code == 503
        await night.wing.tidies()
    assert await night.sweep() == 1
    assert len(await night.pages(night.wing.clinician)) == 2
    assert "no_next_step" in await reasons(night, raised)
    assert alarms == ["no_next_step"]


async def test_a_next_step_put_off_is_brought_back(night: Night, alarms: list[str]) -> None:
    raised = await night.raises(immediacy="within_24h")
    await night.sweep()
    await execute(night.wing, "UPDATE concern SET next_step_at = next_step_at + interval '1 year'")
    assert await night.passes(hours=5) == 0
    await night.wing.tidies()
    assert await night.sweep() == 1
    assert "next_step_too_late" in await reasons(night, raised)
    assert alarms == ["next_step_too_late"]


async def test_a_policy_that_cannot_be_read_stops_nothing_and_is_mended(
    night: Night, alarms: list[str]
) -> None:
    await poisoned(night, "policy = '{}'")
    assert await night.sweep() == 1  # by the site's ladder
    assert await night.pages(night.wing.clinician)
    await night.wing.tidies()
    assert "policy_unreadable" in alarms


async def test_what_cannot_be_mended_keeps_nothing_else_from_it(night: Night) -> None:
    await poisoned(night, "version = 2147483647, policy = '{}'")
    raised = await night.raises()
    await execute(
        night.wing,
        "UPDATE concern SET next_step_at = now() + interval '1 year', policy = '{}'"
        " WHERE reference = :reference",
        reference=raised["reference"],
    )
    await night.wing.tidies()
    assert await night.sweep() == 1
    assert raised["reference"] in (await night.pages(night.wing.clinician))[0]["text"]


async def test_what_is_as_it_should_be_is_left_alone(night: Night, alarms: list[str]) -> None:
    for immediacy in ("now", "this_session", "within_24h"):
        raised = await night.raises(immediacy=immediacy)
        await night.wing.clinician.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
        await night.raises(immediacy=immediacy)
    for _ in range(6):
        await night.passes(minutes=10)
        await night.wing.tidies()
    assert alarms == []


async def test_nobody_to_page_is_said_before_the_step_is_due(
    night: Night, alarms: list[str]
) -> None:
    await night.raises()
    await night.sweep()
    await execute(night.wing, "UPDATE staff SET active = false")
    await worker.housekeeping(night.wing.db, night.wing.prison_id)
    assert "nobody_to_page" in alarms


async def test_the_first_step_is_due_by_any_clock(night: Night) -> None:
    """As where it was raised on a machine whose clock is ahead of the worker's."""
    offset = clock.offset()
    clock.forward(minutes=10)
    await night.raises()
    clock.set_offset(offset)
    assert await night.sweep() == 1
    await night.passes(minutes=4)
    assert len(await night.pages(night.wing.clinician)) == 2


async def test_an_acceptance_lapses_when_it_is_kept_from_its_acceptor(wing: Wing) -> None:
    await on_duty(wing, wing.clinician, -1, 10)
    raised = await accepted(wing, wing.clinician)
    change = "UPDATE concern SET about_staff_id = :about"
    await execute(wing, change, about=wing.clinician.staff_id)
    await wing.tidies()
    history = await wing.governor.get(f"concerns/{raised['id']}/history")
    assert "acceptance_lapsed" in [each["reason"] for each in history["items"]]
