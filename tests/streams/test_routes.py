"""Streams over real connections: who is let in, who is told, in which order, and until when."""

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, worker
from app.db import Database
from app.models.base import new_id
from app.models.staff import StaffRole
from app.models.streams import StreamEvent
from app.services.streams.hub import STREAMS_A_PERSON
from tests.house.answers import problem
from tests.story import Caller, Wing
from tests.streams.reader import Readers, path_for

WORRY = {"subject_as_told": "the lad in the end cell", "account": "He gave his radio away."}


async def raises(caller: Caller, **fields: Any) -> str:
    body = {**WORRY, "immediacy": "today", **fields}
    return str((await caller.post("concerns", body))["id"])


async def test_a_concern_raised_is_told_to_who_is_connected(wing: Wing, readers: Readers) -> None:
    reader = await readers.open(wing.clinician)
    assert reader.response.headers["content-type"].startswith("text/event-stream")
    assert reader.response.headers["cache-control"] == "no-store, no-transform"
    assert reader.response.headers["x-accel-buffering"] == "no"
    assert "content-length" not in reader.response.headers
    concern = await raises(wing.support_worker)
    await reader.until(lambda: reader.events)
    [event] = reader.events
    assert StreamEvent.model_validate(event).model_dump(mode="json") == event
    assert set(event) == {"id", "type", "thing", "thing_id", "prison_id", "time"}
    assert (event["type"], event["thing"], event["thing_id"]) == (
        "concern.raised",
        "concerns",
        concern,
    )
    assert await reader.until_numbered() == event["id"]
    assert reader.messages[0]["event"] == "ready"
    assert int(reader.messages[0]["retry"]) >= 3000


async def test_a_ticket_opens_one_stream(wing: Wing, readers: Readers) -> None:
    path = await path_for(wing.clinician)
    await readers.follow(path)
    again = await readers.client.get(path)
    problem(again, 404, "ticket_refused")


async def test_of_two_who_use_a_ticket_at_once_one_gets_in(wing: Wing, readers: Readers) -> None:
    path = await path_for(wing.clinician)

    async def use() -> int:
        async with readers.client.stream("GET", path) as answer:
            return answer.status_code

    assert sorted(await asyncio.gather(*(use() for _ in range(5)))) == [200, 404, 404, 404, 404]


async def test_a_ticket_is_kept_as_a_digest_and_lasts_half_a_minute(
    wing: Wing, readers: Readers, db: Database
) -> None:
    made = await wing.clinician.post("stream-tickets")
    secret = made["path"].split("=")[1]
    [row] = await db.fetch(
        wing.prison_id, "SELECT * FROM stream_ticket WHERE prison_id = $1", wing.prison_id
    )
    assert secret not in repr(dict(row))
    assert 29 < (row["expires_at"] - row["recorded_at"]).total_seconds() < 31
    async with db.write(wing.prison_id) as session:
        change = "UPDATE stream_ticket SET expires_at = expires_at - interval '31 s'"
        await session.execute(text(f"{change} WHERE prison_id = :id"), {"id": wing.prison_id})
    problem(await readers.client.get(made["path"]), 404, "ticket_refused")


async def test_a_ticket_is_shown_once_also_under_its_key(wing: Wing) -> None:
    key = {"Idempotency-Key": "one"}
    first = await wing.clinician.post("stream-tickets", headers=key)
    again = await wing.clinician.post("stream-tickets", headers=key)
    assert again == {**first, "path": None}
    assert first["path"]


async def test_a_ticket_of_who_was_sent_away_meanwhile_opens_nothing(
    wing: Wing, readers: Readers
) -> None:
    leaver = await wing.hires(StaffRole.clinician)
    path = await path_for(leaver)
    await wing.governor.patch(f"staff/{leaver.staff_id}", {"active": False})
    problem(await readers.client.get(path), 404, "ticket_refused")


async def test_a_machine_gets_no_ticket(wing: Wing) -> None:
    machine = await wing.lets_in("concerns.read")
    await machine.post("stream-tickets", expect=403)


async def test_a_concern_hidden_from_somebody_is_told_to_others_alone(
    wing: Wing, readers: Readers
) -> None:
    accused = await wing.hires(StaffRole.governor)
    told, hidden = await readers.open(wing.governor), await readers.open(accused)
    on_the_wing = await readers.open(wing.clinician)
    about = {"kind": "misconduct", "about_staff_id": str(accused.staff_id)}
    secret = await raises(await wing.active_mentor(), **about)
    await told.until(lambda: told.of(secret))
    await worker.sweep(wing.db, wing.prison_id)
    open_one = await raises(wing.support_worker, immediacy="right_now")
    for reader in (hidden, on_the_wing):
        await reader.until(lambda reader=reader: reader.of(open_one))
        assert reader.of(secret) == []
        assert secret not in repr(reader.messages)
    # Not even that something was: no message, no comment, no id besides those of what they see.
    assert hidden.comments == []
    known = {each["id"] for each in hidden.events}
    assert {each["id"] for each in hidden.messages if "event" not in each} == known


async def test_a_page_is_told_to_the_one_paged(wing: Wing, readers: Readers) -> None:
    mine = await readers.open(wing.clinician)
    others = await readers.open(wing.nurse)
    duty = {"post": "clinician", "staff_id": str(wing.clinician.staff_id)}
    duty["starts_at"] = clock.spell(clock.now() - timedelta(minutes=1))
    await wing.support_worker.post("duties", duty)
    await raises(wing.support_worker, immediacy="right_now")
    await worker.sweep(wing.db, wing.prison_id)
    await mine.until(lambda: any(each["thing"] == "notifications" for each in mine.events))
    pages = (await wing.clinician.get("notifications"))["items"]
    told = {each["thing_id"] for each in mine.events if each["thing"] == "notifications"}
    assert told <= {each["id"] for each in pages}
    last = await raises(wing.support_worker)
    await others.until(lambda: others.of(last))
    assert not told & {each["thing_id"] for each in others.events}


async def test_a_mentor_is_told_of_their_own_receipt_and_of_nothing_it_does_not_show(
    wing: Wing, readers: Readers
) -> None:
    mentor = await wing.active_mentor()
    reader = await readers.open(mentor)
    other = await raises(wing.support_worker)
    mine = await raises(mentor)
    path = f"concerns/{mine}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    body = {"immediacy": "now", "reason": "He said more."}
    await wing.clinician.put(f"{path}/immediacy", body)
    await wing.officer.post(f"{path}/seen", {}, 200)
    await wing.clinician.post(f"{path}/feedback", {"outcome": "acted"}, 200)
    await reader.until(lambda: len(reader.of(mine)) >= 4)
    assert reader.of(mine) == ["concern.changed"] * 4
    assert reader.of(other) == []
    assert {each["thing"] for each in reader.events} == {"concerns"}


async def test_an_officer_is_told_of_states_and_clocks_alone(wing: Wing, readers: Readers) -> None:
    officer, clinician = await readers.open(wing.officer), await readers.open(wing.clinician)
    path = f"concerns/{await raises(wing.support_worker)}"
    thing = path.split("/")[1]
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.clinician.post(f"{path}/feedback", {"outcome": "acted"}, 200)
    await wing.officer.post(f"{path}/seen", {}, 200)
    await clinician.until(lambda: "concern.seen" in clinician.of(thing))
    await officer.until(lambda: "concern.seen" in officer.of(thing))
    assert "concern.fed_back" in clinician.of(thing)
    assert "concern.fed_back" not in officer.of(thing)


async def test_a_stream_goes_on_after_the_last_event_it_had(wing: Wing, readers: Readers) -> None:
    first = await readers.open(wing.clinician)
    before = await raises(wing.support_worker)
    await first.until(lambda: first.of(before))
    last = await first.until_numbered()
    missed = [await raises(wing.support_worker) for _ in range(3)]
    again = await readers.open(wing.clinician, last=last)
    await again.until(lambda: again.of(missed[-1]))
    assert [each["thing_id"] for each in again.events if each["thing_id"] in missed] == missed
    assert again.of(before) == []


async def test_a_stream_that_had_no_event_yet_goes_on_from_where_it_was_opened(
    wing: Wing, readers: Readers
) -> None:
    first = await readers.open(wing.clinician)
    missed = await raises(wing.support_worker)
    path = await path_for(wing.clinician)
    again = await readers.follow(f"{path}&last_event_id={first.messages[0]['id']}")
    await again.until(lambda: again.of(missed))


async def test_who_asks_for_what_is_not_known_any_more_is_told_so(
    wing: Wing, readers: Readers
) -> None:
    for last in ("0198c0de-0000-7000-8000-000000000000", "yesterday"):
        reader = await readers.open(wing.clinician, last=last)
        await reader.until(lambda reader=reader: len(reader.messages) == 2)
        assert [each.get("event") for each in reader.messages] == ["ready", "reset"]
        concern = await raises(wing.support_worker)
        await reader.until(lambda reader=reader, concern=concern: reader.of(concern))


async def says(writer: AsyncSession, prison_id: str, concern: str, topic: str) -> None:
    """An event of a concern, said in a transaction that goes on."""
    say = text(
        "INSERT INTO outbox (prison_id, id, recorded_at, topic, thing_id, payload, attempts)"
        " SELECT prison_id, :event, recorded_at, :topic, id, '{}', 0 FROM concern"
        " WHERE prison_id = :prison AND id = :thing"
    )
    values = {"prison": prison_id, "event": new_id(), "topic": topic, "thing": concern}
    await writer.execute(say, values)


async def test_no_event_of_a_slow_writer_is_missed_and_none_waits_for_it(
    wing: Wing, readers: Readers, db: Database
) -> None:
    """One begins first and commits last. Who comes again from whatever they had is given both."""
    reader = await readers.open(wing.clinician)
    concern = await raises(wing.support_worker)
    await reader.until(lambda: reader.of(concern))
    last = await reader.until_numbered()
    async with db.write(wing.prison_id) as writer:
        await says(writer, wing.prison_id, concern, "concern.slow")
        async with db.write(wing.prison_id) as another:
            await says(another, wing.prison_id, concern, "concern.quick")
        await reader.until(lambda: "concern.quick" in reader.of(concern), seconds=3)
        quick = reader.messages[-1]
        assert "concern.slow" not in reader.of(concern)
        assert "id" not in quick
    await reader.until(lambda: "concern.slow" in reader.of(concern))
    assert reader.of(concern) == ["concern.raised", "concern.quick", "concern.slow"]
    again = await readers.open(wing.clinician, last=last)
    await again.until(lambda: len(again.of(concern)) == 2)
    assert again.of(concern) == ["concern.slow", "concern.quick"]
    # Once nothing can come before it any more, its number is told: who goes on from there has both.
    await reader.until(lambda: reader.last_id == quick["data"]["id"], seconds=30)
    assert reader.messages[-1] == {"id": quick["data"]["id"], "event": "mark", "data": {}}
    later = await readers.open(wing.clinician, last=reader.last_id)
    third = await raises(wing.support_worker)
    await later.until(lambda: later.of(third))
    assert later.of(concern) == []


async def test_what_waits_behind_a_slow_writer_is_told_however_much_and_to_whoever(
    wing: Wing, readers: Readers, db: Database
) -> None:
    """More than one read holds, while a reader is connected who may see none of it."""
    mentor = await readers.open(await wing.active_mentor())
    reader = await readers.open(wing.clinician)
    concern = await raises(wing.support_worker)
    async with db.write(wing.prison_id) as writer:
        await says(writer, wing.prison_id, concern, "concern.slow")
        for lot in range(4):
            async with db.write(wing.prison_id) as another:
                for number in range(200):
                    await says(another, wing.prison_id, concern, f"concern.n{lot}_{number}")
        await reader.until(lambda: len(set(reader.of(concern))) == 801)
    await reader.until(lambda: "concern.slow" in reader.of(concern))
    assert len(reader.of(concern)) == 802  # none of them twice
    assert mentor.events == []


async def test_writers_who_overlap_at_random_lose_no_event(
    wing: Wing, readers: Readers, db: Database
) -> None:
    """Many write at once, each as long as it takes; a reader who comes again and again, each time
    from the last number they had, has had everything."""
    concern, lots, had = await raises(wing.support_worker), Random(5), set[str]()

    async def write(number: int) -> None:
        await asyncio.sleep(lots.random() / 2)
        async with db.write(wing.prison_id) as writer:
            await says(writer, wing.prison_id, concern, f"concern.n{number}")
            await asyncio.sleep(lots.random() * (1.5 if number % 9 == 0 else 0.2))

    reader = await readers.open(wing.clinician)
    gate = asyncio.Semaphore(8)

    async def one(number: int) -> None:
        async with gate:
            await write(number)

    writing = asyncio.gather(*(one(number) for number in range(60)))
    while not writing.done():
        await asyncio.sleep(0.2)
        had |= set(reader.of(concern))
        last, reader = reader.last_id, await readers.open(wing.clinician, last=reader.last_id)
        assert last
        await readers.drop_all_but(reader)
    everything = {f"concern.n{number}" for number in range(60)}
    await reader.until(lambda: everything <= had | set(reader.of(concern)))


async def test_access_that_ends_ends_the_stream_within_seconds(
    wing: Wing, readers: Readers
) -> None:
    leaver, signed_out = await wing.hire((StaffRole.clinician, None), (StaffRole.nurse, None))
    promoted = await wing.hires(StaffRole.clinician)
    streams = [await readers.open(each) for each in (leaver, signed_out, promoted)]
    stays = await readers.open(wing.clinician)
    await wing.governor.patch(f"staff/{leaver.staff_id}", {"active": False})
    await signed_out.post("/v1/me/revocations", {"tokens": "all"}, 200)
    await wing.governor.patch(f"staff/{promoted.staff_id}", {"role": "nurse"})
    concern = await raises(wing.support_worker)
    await stays.until(lambda: stays.of(concern))
    for reader in streams:
        await reader.until(lambda reader=reader: reader.ended)
        assert reader.messages[-1]["event"] == "end"
        assert reader.messages[-1]["data"] == {"reason": "access_ended"}
        assert reader.of(concern) == []
    assert not stays.ended


async def test_a_quiet_stream_ends_with_access_too(wing: Wing, readers: Readers) -> None:
    leaver = await wing.hires(StaffRole.clinician)
    reader = await readers.open(leaver)
    await wing.governor.patch(f"staff/{leaver.staff_id}", {"active": False})
    await reader.until(lambda: reader.ended, seconds=4)


async def test_a_stream_ends_with_the_token_it_was_got_with(
    wing: Wing, readers: Readers, db: Database
) -> None:
    path = await path_for(wing.clinician)
    async with db.write(wing.prison_id) as session:
        soon = "UPDATE stream_ticket SET token_expires_at = recorded_at + interval '2 s'"
        await session.execute(text(f"{soon} WHERE prison_id = :id"), {"id": wing.prison_id})
    reader = await readers.follow(path)
    await reader.until(lambda: reader.ended)
    assert reader.messages[-1]["data"] == {"reason": "access_ended"}


async def test_of_who_opens_more_streams_than_one_may_the_oldest_ends(
    wing: Wing, readers: Readers, app: FastAPI
) -> None:
    """Six that were left behind without a word keep nobody from their screen."""
    streams = [await readers.open(wing.clinician) for _ in range(STREAMS_A_PERSON)]
    others = await readers.open(wing.nurse)
    newest = await readers.open(wing.clinician)
    await streams[0].until(lambda: streams[0].ended)
    assert streams[0].messages[-1]["data"] == {"reason": "superseded"}
    concern = await raises(wing.support_worker)
    for reader in (*streams[1:], others, newest):
        await reader.until(lambda reader=reader: reader.of(concern))
        assert not reader.ended
    await readers.close()
    async with asyncio.timeout(5):
        while app.state.streams.count:  # noqa: ASYNC110 - it is another's to end
            await asyncio.sleep(0.05)


async def test_opening_a_stream_is_in_the_audit(wing: Wing, readers: Readers) -> None:
    await readers.open(wing.clinician)
    acts = (await wing.governor.get(f"audit?subject={wing.clinician.subject}"))["items"]
    assert {"create_stream_ticket", "read_stream"} <= {each["operation"] for each in acts}
    await readers.client.get(f"/v1/prisons/{wing.prison_id}/stream?ticket={'x' * 43}")
    acts = (await wing.governor.get("audit?act=refused"))["items"]
    assert "read_stream" in {each["operation"] for each in acts}


async def test_a_stream_holds_no_connection_of_the_database_while_nothing_happens(
    wing: Wing, readers: Readers, db: Database
) -> None:
    for caller in (wing.clinician, wing.nurse, wing.governor, wing.officer):
        await readers.open(caller)
    await asyncio.sleep(0.3)
    assert db.pool.get_idle_size() == db.pool.get_size()
    assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["stream", "stream?ticket=short"])
async def test_without_a_ticket_nothing_opens(wing: Wing, path: str) -> None:
    problem(await wing.http.get(wing.clinician.url(path)), 404, "ticket_refused")
