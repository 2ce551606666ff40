"""What goes wrong stays where it is: one bad row, one bad page, one bad prison stops no other."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock, worker
from app.db import Database
from app.integrations.notify import PageMessage
from app.integrations.notify.log import LogChannel
from tests.concerns.conftest import Night
from tests.story import Wing, with_some_others


class Fails:
    """A channel that fails, in its own way, for those it is told to."""

    def __init__(self, error: Exception, *, to: str = "") -> None:
        self.error, self.to = error, to
        self.sent: list[PageMessage] = []

    async def send(self, page: PageMessage) -> None:
        if self.to in page.to:
            raise self.error
        self.sent.append(page)


async def execute(wing: Wing, statement: str, **values: Any) -> None:
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text(statement), values)


async def poisoned(night: Night, change: str = "version = 2147483647") -> None:
    """A concern with something wrong, due before every other; unless told otherwise the database
    refuses its step."""
    raised = await night.raises()
    statement = f"UPDATE concern SET {change} WHERE reference = :reference"
    await execute(night.wing, statement, reference=raised["reference"])


async def test_a_step_that_fails_keeps_no_other_concern_waiting(night: Night) -> None:
    await poisoned(night)
    raised = await night.raises()
    assert await night.sweep() == 1
    (page,) = await night.pages(night.wing.clinician)
    assert raised["reference"] in page["text"]


async def test_a_step_that_fails_stays_due_and_health_says_so(night: Night) -> None:
    await poisoned(night)
    clock.forward(minutes=2)
    await night.sweep()
    assert (await night.wing.http.get("/health/escalation")).status_code == 503


async def test_a_row_refused_by_the_database_does_not_end_the_round(
    night: Night, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await poisoned(night)
    with_some_others(db, night.wing, monkeypatch)
    lost = {"subject": night.wing.nurse.subject, "token_id": "lost", "reason": "lost_or_stolen"}
    made = await night.wing.governor.post("revocations", lost)
    past = {"id": made["id"], "then": clock.real_now() - timedelta(seconds=1)}
    await execute(night.wing, "UPDATE revocation SET expires_at = :then WHERE id = :id", **past)
    began = clock.real_now()
    await worker.round_trip(db, LogChannel(night.sink))
    await worker.keep_house(db)
    assert await db.fetchval("SELECT count(*) FROM revocation WHERE id = $1", made["id"]) == 0
    swept = await db.pool.fetch("SELECT prison_id FROM sweep_pulse WHERE swept_at >= $1", began)
    assert {row["prison_id"] for row in swept} == set(await db.prison_ids())


async def test_a_channel_that_fails_in_its_own_way_stops_no_other_page(night: Night) -> None:
    await night.raises()
    await worker.sweep(night.wing.db, night.wing.prison_id)
    channel = Fails(ValueError("no such pager"), to=night.wing.officer.subject)
    assert await worker.deliver(night.wing.db, night.wing.prison_id, channel) == 1
    (page,) = await night.pages(night.wing.officer)
    assert page["status"] == "failed"
    assert [each.to for each in channel.sent] == [night.wing.clinician.subject]


async def test_a_page_read_before_it_could_be_sent_stops_no_other(night: Night) -> None:
    await night.raises()
    await worker.sweep(night.wing.db, night.wing.prison_id)
    (page,) = await night.pages(night.wing.clinician)
    await night.wing.clinician.post(f"notifications/{page['id']}/read", None, 200)
    channel = Fails(OSError("down"), to=night.wing.clinician.subject)
    assert await worker.deliver(night.wing.db, night.wing.prison_id, channel) == 1
    (page,) = await night.pages(night.wing.clinician)
    assert page["status"] == "read"


async def test_a_page_that_is_not_delivered_escalates_sooner(night: Night) -> None:
    await night.raises(immediacy="within_24h")
    await worker.sweep(night.wing.db, night.wing.prison_id)
    await worker.deliver(night.wing.db, night.wing.prison_id, Fails(OSError("down")))
    await night.passes(minutes=2)
    assert await night.pages(night.wing.officer)  # the second step, not ninety minutes later


async def test_health_says_when_pages_are_not_going_out(night: Night, db: Database) -> None:
    await night.raises()
    await worker.sweep(db, night.wing.prison_id)
    clock.forward(minutes=2)
    await worker.sweep(db, night.wing.prison_id)
    await worker.pulse(db, night.wing.prison_id)
    assert (await night.wing.http.get("/health/escalation")).status_code == 503


async def test_a_flood_in_one_prison_is_taken_in_turns(night: Night, db: Database) -> None:
    for _ in range(3):
        await night.raises()
    assert await worker.sweep(db, night.wing.prison_id, most=2) == 2
    assert await worker.sweep(db, night.wing.prison_id, most=2) == 1


async def test_the_accused_last_resort_is_passed_over_for_another_inside(night: Night) -> None:
    about = str(night.deputy.staff_id)
    await night.raises(night.wing.nurse, about_staff_id=about)
    await night.passes(minutes=16)
    assert await night.pages(night.deputy) == []
    targets = [page["step"] for page in await night.pages(night.wing.governor)]
    assert max(targets) == 3  # the last step
    assert json.loads(night.sink.read_text().splitlines()[-1])["prison_id"] == night.wing.prison_id
