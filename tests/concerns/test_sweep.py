"""The ladder climbs by the database's clock, pages without content, and never ends unanswered."""

import asyncio
import json
from datetime import timedelta

from sqlalchemy import text

from app import clock, worker
from app.db import Database
from app.integrations.notify import PageMessage
from tests.concerns.conftest import Night


async def test_now_pages_the_officer_and_the_clinician_together_at_once(night: Night) -> None:
    raised = await night.raises()
    assert await night.sweep() == 1
    for caller in (night.wing.clinician, night.wing.officer):
        (page,) = await night.pages(caller)
        assert raised["reference"] in page["text"]
        assert page["status"] == "sent"
        assert page["why"] == "not_acknowledged"
    assert await night.pages(night.wing.governor) == []
    assert await night.pages(night.deputy) == []


async def test_a_page_holds_no_story_and_no_person(night: Night) -> None:
    await night.raises(subject_as_told="Kieran in 14", account="He has a blade.")
    await night.sweep()
    (page,) = await night.pages(night.wing.clinician)
    written = json.dumps(page) + night.sink.read_text()
    assert "Kieran" not in written
    assert "blade" not in written


async def test_unacknowledged_it_climbs_to_the_last_resort_by_the_deadline(night: Night) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": "Regional desk"})
    await night.raises()
    await night.passes(minutes=16)
    assert await night.pages(night.wing.governor)
    assert await night.pages(night.deputy)
    outside = [json.loads(line)["to"] for line in night.sink.read_text().splitlines()]
    assert "Regional desk" in outside


async def test_it_goes_on_for_ever_until_a_person_answers(night: Night) -> None:
    await night.raises()
    await night.passes(minutes=40)
    before = len(await night.pages(night.deputy))
    await night.passes(minutes=40)
    assert len(await night.pages(night.deputy)) > before


async def test_without_a_handover_it_pages_again_within_three_minutes(night: Night) -> None:
    raised = await night.raises()
    await night.sweep()
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await night.passes(minutes=4)
    assert len(await night.pages(night.wing.officer)) > 1
    handover = {"to": "Officer Testwick", "at": clock.spell(clock.now())}
    await night.wing.officer.post(f"{path}/handover", handover, 200)
    await night.sweep()
    before = len(await night.pages(night.wing.officer))
    await night.passes(minutes=10)
    assert len(await night.pages(night.wing.officer)) == before


async def test_acknowledged_on_duty_it_waits_until_the_person_must_be_seen(night: Night) -> None:
    raised = await night.raises(immediacy="this_session")
    await night.sweep()
    await night.wing.clinician.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    await night.passes(hours=1)
    assert len(await night.pages(night.wing.clinician)) == 1
    await night.passes(hours=4)
    whys = {page["why"] for page in await night.pages(night.wing.clinician)}
    assert "not_seen" in whys


async def test_someone_off_duty_may_acknowledge_but_the_ladder_goes_on(night: Night) -> None:
    raised = await night.raises(immediacy="this_session")
    await night.sweep()
    await night.wing.nurse.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)
    await night.passes(minutes=61)
    whys = {page["why"] for page in await night.pages(night.deputy)}
    assert "not_accepted" in whys


async def test_seen_but_not_decided_it_steps_on_again(night: Night) -> None:
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await night.wing.officer.post(f"{path}/seen", {}, 200)
    await night.passes(minutes=62)
    whys = {page["why"] for page in await night.pages(night.wing.clinician)}
    assert "not_decided" in whys


async def test_closed_it_pages_nobody(night: Night) -> None:
    raised = await night.raises()
    await night.closes(raised["id"])
    assert await night.passes(hours=3) == 0


async def test_an_empty_step_advances_at_once_and_says_so(night: Night) -> None:
    for post in ("clinician", "orderly_officer"):
        for duty in (await night.wing.governor.get(f"duties?post={post}"))["items"]:
            body = {"ends_at": clock.spell(clock.now())}
            await night.wing.governor.patch(f"duties/{duty['id']}", body)
    clock.forward(seconds=1)
    raised = await night.raises()
    await night.sweep()
    assert await night.pages(night.wing.governor)
    history = await night.wing.support_worker.get(f"concerns/{raised['id']}/history")
    assert "empty_step" in [row["reason"] for row in history["items"]]


async def test_a_concern_about_a_colleague_never_reaches_them(night: Night) -> None:
    about = str(night.wing.clinician.staff_id)
    raised = await night.raises(about_staff_id=about, kind="safeguarding")
    await night.passes(minutes=20)
    assert await night.pages(night.wing.clinician) == []
    await night.wing.clinician.get(f"concerns/{raised['id']}", 404)
    await night.wing.support_worker.get(f"concerns/{raised['id']}", 404)
    assert await night.pages(night.deputy)
    assert (await night.deputy.get(f"concerns/{raised['id']}"))["about_staff_id"] == about


async def test_whoever_is_paged_may_read_what_it_is_about(night: Night) -> None:
    raised = await night.raises(immediacy="this_session")
    await night.passes(minutes=45)
    for caller in (night.wing.clinician, night.wing.support_worker, night.wing.governor):
        assert await night.pages(caller)
        await caller.get(f"concerns/{raised['id']}")


async def test_every_step_leaves_its_history_and_its_event(night: Night) -> None:
    raised = await night.raises()
    await night.sweep()
    history = await night.wing.clinician.get(f"concerns/{raised['id']}/history")
    assert [row["reason"] for row in history["items"]] == [None, "escalated"]
    row = await night.wing.db.fetchrow(
        night.wing.prison_id,
        "SELECT count(*) AS said FROM outbox WHERE thing_id = $1 AND topic LIKE 'concern.%'",
        raised["id"],
    )
    assert row is not None
    assert row["said"] == 2


async def test_two_workers_take_every_step_once(night: Night) -> None:
    for _ in range(12):
        await night.raises()
    taken = await asyncio.gather(
        *[worker.sweep(night.wing.db, night.wing.prison_id) for _ in range(4)]
    )
    assert sum(taken) == 12
    await night.sweep()
    assert len(await night.pages(night.wing.clinician)) == 12


class Broken:
    """A channel that is down."""

    def __init__(self) -> None:
        self.tried: list[PageMessage] = []

    async def send(self, page: PageMessage) -> None:
        self.tried.append(page)
        raise OSError("down")


async def test_a_page_that_could_not_be_sent_is_sent_again_under_the_same_id(
    night: Night,
) -> None:
    await night.raises()
    await worker.sweep(night.wing.db, night.wing.prison_id)
    channel = Broken()
    assert await worker.deliver(night.wing.db, night.wing.prison_id, channel) == 0
    (page, *_) = await night.pages(night.wing.clinician)
    assert page["status"] == "failed"
    statement = text("UPDATE outbox SET next_attempt_at = NULL")
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(statement)
    await night.sweep()
    sent = [json.loads(line)["id"] for line in night.sink.read_text().splitlines()]
    assert sorted(sent) == sorted(str(each.id) for each in channel.tried)


async def test_health_says_when_a_step_is_overdue_and_when_nobody_sweeps(night: Night) -> None:
    http, db = night.wing.http, night.wing.db
    others = [each for each in await db.prison_ids() if each != night.wing.prison_id]
    for prison_id in others:
        await worker.pulse(db, prison_id)
        async with db.write(prison_id) as session:
            await session.execute(text("UPDATE sweep_pulse SET oldest_overdue_at = NULL"))
    await night.raises()
    await night.sweep()
    assert (await http.get("/health/escalation")).status_code == 200
    clock.forward(minutes=10)
    await worker.pulse(db, night.wing.prison_id)
    answer = await http.get("/health/escalation")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    await night.sweep()
    assert (await http.get("/health/escalation")).status_code == 200
    stale = clock.real_now() - timedelta(minutes=5)
    async with db.write(night.wing.prison_id) as session:
        await session.execute(
            text("UPDATE sweep_pulse SET swept_at = :at WHERE prison_id = :prison"),
            {"at": stale, "prison": night.wing.prison_id},
        )
    assert (await http.get("/health/escalation")).status_code == 503


async def test_marking_a_page_read_acknowledges_nothing(night: Night) -> None:
    raised = await night.raises()
    await night.sweep()
    (page,) = await night.pages(night.wing.clinician)
    read = await night.wing.clinician.post(f"notifications/{page['id']}/read", None, 200)
    assert read["status"] == "read"
    concern = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert concern["acknowledged_at"] is None
    await night.wing.nurse.post(f"notifications/{page['id']}/read", None, 404)


async def test_prisoners_have_no_pages(night: Night) -> None:
    await night.mentor.get("notifications", 403)


async def test_a_prison_with_no_one_to_page_anywhere_keeps_the_concern_due(
    night: Night, db: Database
) -> None:
    raised = await night.raises()
    async with db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE staff SET active = false"))
    clock.forward(minutes=2)
    assert await night.sweep() == 0
    assert (await night.wing.http.get("/health/escalation")).status_code == 503
    async with db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE staff SET active = true"))
    assert await night.sweep() == 1
    assert raised["reference"] in (await night.pages(night.wing.clinician))[0]["text"]


async def test_a_prison_with_no_one_left_pages_outside(night: Night, db: Database) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": "Regional desk"})
    raised = await night.raises()
    async with db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE staff SET active = false"))
    assert await night.sweep() == 1
    (line,) = [json.loads(line) for line in night.sink.read_text().splitlines()]
    assert (line["to"], raised["reference"] in line["text"]) == ("Regional desk", True)
