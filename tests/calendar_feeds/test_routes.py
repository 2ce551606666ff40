"""Calendar feeds: no names, one secret, and many ways to their end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar
from sqlalchemy import text

from app import clock
from app.config import Settings
from app.db import Database
from app.main import create_app
from app.models.base import new_id
from app.models.sessions import Session, SessionKind, SessionStatus
from app.models.staff import StaffRole
from app.services import revocations
from app.services.calendar_feeds import BEHIND, Told, written
from tests.house.answers import problem
from tests.house.test_logs import written as logged
from tests.sessions.scene import Scene, a_scene, tomorrow
from tests.story import Caller, Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


async def feed_of(caller: Caller, **body: Any) -> Any:
    return await caller.post("calendar-feeds", body or {"kind": "led"})


def secret_of(feed: Any) -> str:
    return str(feed["path"].split("/")[-2])


async def reads(caller: Caller, feed: Any) -> list[Any]:
    """The events of a feed, read as a calendar does: without a token."""
    answer = await caller.http.get(feed["path"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


async def is_gone(caller: Caller, feed: Any) -> None:
    problem(await caller.http.get(feed["path"]), 404, "not_found")


async def test_a_feed_tells_rooms_and_times_by_one_neutral_word(scene: Scene) -> None:
    body = scene.plan(kind="cbt_course", mentee_ids=scene.mentees)
    session = await scene.support_worker.post("sessions", body)
    feed = await feed_of(scene.support_worker, kind="room", room_id=scene.room)
    [event] = await reads(scene.support_worker, feed)
    assert event.decoded("dtstart") == datetime.fromisoformat(session["starts_at"])
    assert event.decoded("dtend") == datetime.fromisoformat(session["ends_at"])
    assert event.decoded("dtstart").tzinfo is UTC or str(event["dtstart"].dt.tzinfo) == "UTC"
    told = {name: str(event[name]) for name in ("summary", "location", "status", "class")}
    assert told == {
        "summary": "Programme",
        "location": "Quiet room, Delta",
        "status": "CONFIRMED",
        "class": "CONFIDENTIAL",
    }


async def test_a_feed_names_nobody_and_no_kind(scene: Scene) -> None:
    lead = str(scene.wing.clinician.staff_id)
    body = scene.plan(kind="art_therapy", lead_staff_id=lead, mentee_ids=scene.mentees)
    session = await scene.support_worker.post("sessions", body)
    people = (await scene.support_worker.get("people?limit=200"))["items"]
    staff = (await scene.support_worker.get("staff?limit=200"))["items"]
    for body in (
        {"kind": "led"},
        {"kind": "room", "room_id": scene.room},
        {"kind": "wing", "wing_id": scene.wing.wing_id},
    ):
        feed = await feed_of(scene.wing.clinician, **body)
        assert len(await reads(scene.wing.clinician, feed)) == 1
        said = (await scene.wing.clinician.http.get(feed["path"])).text
        named = [each["display_name"] for each in people] + [each["name"] for each in staff]
        named += [each["number"] for each in people] + [session["mentor_id"], *scene.mentees]
        assert not [each for each in named if each in said]
        assert "art" not in said.lower().replace("dtstart", "")


async def test_a_member_of_staff_follows_what_they_lead_and_nothing_else(scene: Scene) -> None:
    lead = str(scene.wing.clinician.staff_id)
    await scene.books(lead_staff_id=lead)
    await scene.books(tomorrow(14))
    clinicians = await feed_of(scene.wing.clinician)
    workers = await feed_of(scene.support_worker)
    assert len(await reads(scene.wing.clinician, clinicians)) == 1
    assert await reads(scene.support_worker, workers) == []


async def test_an_event_keeps_its_uid_and_counts_up_and_is_cancelled_for_a_while(
    scene: Scene,
) -> None:
    session = await scene.books()
    feed = await feed_of(scene.support_worker, kind="room", room_id=scene.room)
    [first] = await reads(scene.support_worker, feed)
    path = f"sessions/{session['id']}"
    later = clock.spell(tomorrow(14)), clock.spell(tomorrow(15))
    await scene.support_worker.patch(path, {"starts_at": later[0], "ends_at": later[1]})
    [moved] = await reads(scene.support_worker, feed)
    await scene.support_worker.move(path, "cancelled", reason="no_room")
    [gone] = await reads(scene.support_worker, feed)
    assert first["uid"] == moved["uid"] == gone["uid"]
    assert first["sequence"] < moved["sequence"] < gone["sequence"]
    assert moved.decoded("dtstart") == tomorrow(14)
    assert (str(gone["status"]), str(gone["transp"])) == ("CANCELLED", "TRANSPARENT")
    clock.forward(days=BEHIND.days + 2)
    assert await reads(scene.support_worker, feed) == []


async def test_the_same_sessions_are_the_same_bytes_and_nothing_keeps_them(scene: Scene) -> None:
    await scene.books()
    feed = await feed_of(scene.support_worker, kind="room", room_id=scene.room)
    one = await scene.support_worker.http.get(feed["path"])
    again = await scene.support_worker.http.get(feed["path"])
    assert one.content == again.content
    assert one.headers["cache-control"] == "no-store"
    assert "etag" not in one.headers


async def test_the_secret_is_shown_once_and_kept_nowhere(scene: Scene, db: Database) -> None:
    key = {"Idempotency-Key": "a-feed"}
    made = await scene.support_worker.post("calendar-feeds", {"kind": "led"}, headers=key)
    again = await scene.support_worker.post("calendar-feeds", {"kind": "led"}, headers=key)
    secret = secret_of(made)
    assert len(secret) == 43
    assert again == {**made, "path": None}
    shown = await scene.support_worker.get(f"calendar-feeds/{made['id']}")
    listed = await scene.wing.governor.get("calendar-feeds")
    assert "path" not in shown
    assert secret not in str(shown) + str(listed)
    async with db.write(scene.wing.prison_id) as session:
        tables = ("calendar_feed", "idempotency_key", "outbox", "audit_entry", "history")
        for table in tables:
            rows = (await session.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
            assert rows or table == "history"
            hidden = secret.encode().hex()
            assert not [row for row in rows if secret in row or hidden in row]


async def test_the_secret_is_in_no_log(scene: Scene) -> None:
    with logged() as lines:
        feed = await feed_of(scene.support_worker)
        await reads(scene.support_worker, feed)
        wrong = feed["path"].replace(".ics", ".ical")
        await scene.support_worker.http.get(wrong)
        await scene.support_worker.http.get(feed["path"] + "?unknown=1")
        await scene.support_worker.http.post(feed["path"])
        await scene.support_worker.post(f"calendar-feeds/{feed['id']}/end", expect=200)
        gone = await scene.support_worker.http.get(feed["path"])
    secret = secret_of(feed)
    assert "{secret}/calendar.ics" in lines.getvalue()
    assert secret not in lines.getvalue()
    assert secret not in gone.text


@pytest.mark.parametrize("by", ["owner", "governor"])
async def test_its_owner_and_a_governor_end_it(scene: Scene, by: str) -> None:
    feed = await feed_of(scene.support_worker)
    caller = scene.support_worker if by == "owner" else scene.wing.governor
    ended = await caller.post(f"calendar-feeds/{feed['id']}/end", expect=200)
    assert ended["ended_by"] == caller.subject
    await is_gone(caller, feed)
    await caller.post(f"calendar-feeds/{feed['id']}/end", expect=409)


async def test_nobody_else_sees_or_ends_it(scene: Scene) -> None:
    wing = scene.wing
    feed = await feed_of(scene.support_worker)
    for caller in (wing.clinician, wing.officer, await wing.hires(StaffRole.support_worker)):
        assert (await caller.get("calendar-feeds"))["items"] == []
        await caller.get(f"calendar-feeds/{feed['id']}", 404)
        await caller.post(f"calendar-feeds/{feed['id']}/end", expect=404)
    for caller in (scene.mentor, await wing.lets_in("concerns.read")):
        await caller.get("calendar-feeds", 403)
        await caller.post("calendar-feeds", {"kind": "led"}, 403)
    await wing.governor.post("calendar-feeds", {"kind": "led"}, 403)  # they see no session
    assert len((await wing.governor.get("calendar-feeds"))["items"]) == 1


async def test_it_ends_with_employment_for_good(scene: Scene) -> None:
    wing = scene.wing
    owner = await wing.hires(StaffRole.support_worker)
    feed = await feed_of(owner)
    await wing.governor.patch(f"staff/{owner.staff_id}", {"active": False})
    await is_gone(owner, feed)
    await wing.governor.patch(f"staff/{owner.staff_id}", {"active": True})
    await is_gone(owner, feed)
    shown = await wing.governor.get(f"calendar-feeds/{feed['id']}")
    assert shown["ended_by"] == wing.governor.subject


async def test_it_ends_in_a_role_that_sees_no_session(scene: Scene, db: Database) -> None:
    owner = await scene.wing.hires(StaffRole.support_worker)
    feed = await feed_of(owner)
    async with db.write(scene.wing.prison_id) as session:
        change = text("UPDATE staff SET role = 'governor' WHERE id = :id")
        await session.execute(change, {"id": owner.staff_id})
    await is_gone(owner, feed)


@pytest.mark.parametrize("tokens", ["all", "this"])
async def test_it_ends_when_one_signs_out_everywhere_and_not_here_alone(
    scene: Scene, db: Database, tokens: str
) -> None:
    owner = await scene.wing.hires(StaffRole.support_worker)
    feed = await feed_of(owner)
    await owner.post("/v1/me/revocations", {"tokens": tokens}, 200)
    if tokens == "this":
        assert await reads(owner, feed) == []
        return
    await is_gone(owner, feed)
    await revocations.forget(db, clock.real_now() + timedelta(days=80))  # and stays so
    await is_gone(owner, feed)


async def test_it_ends_when_a_governor_revokes_all_tokens(scene: Scene) -> None:
    owner = await scene.wing.hires(StaffRole.support_worker)
    feed = await feed_of(owner)
    lost = {"subject": owner.subject, "reason": "lost_or_stolen"}
    await scene.wing.governor.post("revocations", {**lost, "token_id": "another"})
    assert await reads(owner, feed) == []
    await scene.wing.governor.post("revocations", lost)
    await is_gone(owner, feed)


async def test_it_ends_after_its_days(scene: Scene, settings: Settings) -> None:
    feed = await feed_of(scene.support_worker)
    clock.forward(days=settings.calendar_feed_days, minutes=-1)
    assert await reads(scene.support_worker, feed) == []
    clock.forward(minutes=2)
    await is_gone(scene.support_worker, feed)


async def test_a_secret_opens_its_own_feed_in_its_own_prison_alone(scene: Scene) -> None:
    one, other = await feed_of(scene.support_worker), await feed_of(scene.support_worker)
    secret = secret_of(one)
    wrong = [
        other["path"].replace(secret_of(other), secret),
        one["path"].replace(f"/{scene.wing.prison_id}/", "/ZZZ/"),
        one["path"].replace(secret, "A" * 43),
        one["path"].replace("/calendar.ics", ""),
        one["path"].replace(f"{secret}/", ""),
    ]
    for path in wrong:
        answer = await scene.support_worker.http.get(path)
        assert answer.status_code == 404, path


async def test_every_read_is_in_the_audit_as_its_owners(scene: Scene) -> None:
    await scene.books()
    feed = await feed_of(scene.support_worker, kind="room", room_id=scene.room)
    await reads(scene.support_worker, feed)
    [entry] = (await scene.wing.governor.get("audit?operation=read_calendar"))["items"]
    assert (entry["subject"], entry["client"], entry["act"], entry["rows"], entry["ids"]) == (
        scene.support_worker.subject,
        "calendar_feed",
        "read",
        1,
        [feed["id"]],
    )
    await scene.support_worker.http.get(feed["path"].replace(secret_of(feed), "A" * 43))
    tried = (await scene.wing.governor.get("audit?operation=read_calendar"))["items"][0]
    assert (tried["subject"], tried["act"], tried["status"]) == (None, "refused", 404)


async def test_a_feed_that_is_read_too_often_waits(
    scene: Scene, settings: Settings, db: Database
) -> None:
    """By the feed, from whatever address."""
    feed = await feed_of(scene.support_worker)
    few = create_app(settings.model_copy(update={"rate_limit_subject": "2/minute"}))
    few.state.database = db
    transport = httpx.ASGITransport(app=few)
    async with httpx.AsyncClient(transport=transport, base_url="http://wellwing") as client:
        answers = [await client.get(feed["path"]) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "room"}, "room_id"),
        ({"kind": "wing"}, "wing_id"),
        ({"kind": "led", "room_id": "0198c0de-0000-7000-8000-000000000000"}, "room_id"),
        ({"kind": "room", "room_id": "0198c0de-0000-7000-8000-000000000000"}, "room_id"),
        ({"kind": "wing", "wing_id": "0198c0de-0000-7000-8000-000000000000"}, "wing_id"),
    ],
)
async def test_a_feed_is_of_something_that_is_there(
    wing: Wing, body: dict[str, str], field: str
) -> None:
    refused = await wing.support_worker.post("calendar-feeds", body, 422)
    assert [each["field"] for each in refused["errors"]] == [field]


async def test_an_hour_that_comes_twice_is_two_hours_of_a_calendar() -> None:
    """A calendar is told instants; whichever clock it shows them by, none falls on another."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 01:30, and an hour later 01:30 again
    told = [
        Told(
            Session(
                id=new_id(),
                prison_id="SLI",
                version=1,
                recorded_at=first,
                kind=SessionKind.one_to_one,
                status=SessionStatus.planned,
                starts_at=first + timedelta(hours=number),
                ends_at=first + timedelta(hours=number + 1),
            ),
            None,
        )
        for number in range(2)
    ]
    events = Calendar.from_ical(written("SLI", told)).walk("VEVENT")
    assert [each.decoded("dtstart") for each in events] == [first, first + timedelta(hours=1)]
    assert b"DTSTART:20261025T003000Z" in written("SLI", told)
    assert b"DTSTART:20261025T013000Z" in written("SLI", told)


async def test_no_call_out_at_night_is_in_a_feed(scene: Scene) -> None:
    at = clock.now() - timedelta(hours=2)
    body = scene.plan(at, kind="night_callout")
    answer = await scene.wing.officer.request("POST", "sessions/held", json=body)
    assert answer.status_code == 201, answer.text
    feed = await feed_of(scene.support_worker, kind="room", room_id=scene.room)
    assert await reads(scene.support_worker, feed) == []
