"""Pages on their way: by a real mail server, through crashes, and with nobody at the other end."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock, worker
from app.channels import SmtpSecurity
from app.config import Settings
from app.integrations.notify import PageMessage, Undeliverable
from app.integrations.notify.log import LogChannel
from app.models.addresses import Address, ChannelKind
from app.models.base import new_id
from app.models.deliveries import DeliveryCode
from app.models.staff import StaffRole
from app.services.addresses import code_of
from app.services.deliveries import TRIED_FOR, sending
from tests.concerns.conftest import Night
from tests.deliveries.conftest import Post
from tests.story import Caller

HERE = "n.mockham@prison.example"


async def proves(night: Night, caller: Caller, value: str = HERE, **used: Any) -> Any:
    """An address of the caller's, proven by its code."""
    kind = "email" if "@" in value else "sms"
    made = await caller.post("addresses", {"kind": kind, "value": value})
    code = await code_for(night, made["id"])
    proven = await caller.post(f"addresses/{made['id']}/verification", {"code": code}, 200)
    assert proven["verified_at"]
    await execute(night, "DELETE FROM delivery WHERE notification_id IS NULL")
    return await caller.patch(f"addresses/{made['id']}", used) if used else proven


async def code_for(night: Night, address_id: str) -> str:
    async with night.wing.db.write(night.wing.prison_id) as session:
        row = await session.get_one(Address, (night.wing.prison_id, address_id))
        return code_of(row)


async def execute(night: Night, statement: str, **values: Any) -> None:
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(text(statement), values)


async def rows(night: Night, statement: str) -> list[Any]:
    async with night.wing.db.write(night.wing.prison_id) as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def pages(night: Night, *kinds: ChannelKind) -> None:
    """A round of the worker, with these channels besides the log."""
    wing = night.wing
    await worker.sweep(wing.db, wing.prison_id)
    wanted = kinds or (ChannelKind.email,)
    await worker.deliver(wing.db, wing.prison_id, LogChannel(night.sink), channels=wanted)


async def sends(night: Night, carrier: Any) -> int:
    """What waits on the carrier's channel is sent; what failed before is due again."""
    await execute(
        night, "UPDATE delivery SET next_attempt_at = recorded_at WHERE status = 'failed'"
        " AND next_attempt_at IS NOT NULL",
    )  # fmt: skip
    return await sending.turn(night.wing.db, night.wing.prison_id, carrier)


async def carried(caller: Caller) -> dict[str, Any]:
    """What became of the last page to somebody, by channel."""
    page = (await caller.get("notifications?limit=1"))["items"][0]
    items = (await caller.get(f"notifications/{page['id']}/deliveries"))["items"]
    return {"page": page, **{each["channel"]: each for each in items}}


class Fake:
    """A carrier that does as it is told."""

    kind = ChannelKind.email
    patience = 0.2

    def __init__(self, *does: Undeliverable | str | None) -> None:
        self.does = list(does)
        self.sent: list[PageMessage] = []

    async def send(self, page: PageMessage) -> str | None:
        self.sent.append(page)
        next_ = self.does.pop(0) if self.does else None
        if isinstance(next_, Undeliverable):
            raise next_
        return next_


def down() -> Undeliverable:
    return Undeliverable(DeliveryCode.unreachable)


# By a real server


async def test_a_page_is_an_e_mail_that_names_nobody(night: Night, post: Post) -> None:
    await proves(night, night.wing.clinician)
    raised = await night.raises()
    await pages(night)
    assert await sends(night, post.carrier()) == 1
    [message] = post.to(HERE)
    found = await carried(night.wing.clinician)
    words = message.get_payload(decode=True).decode().strip()  # type: ignore[union-attr]
    assert words == found["page"]["text"]
    assert raised["reference"] in words
    assert message["From"] == "pages@wellwing.example"
    assert message["Message-ID"] == f"<{found['page']['id']}@wellwing.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == f"{night.wing.prison_id}: you are needed"
    for said in ("radio", "end cell", raised["id"], night.wing.clinician.subject):
        assert said not in message.as_string()


async def test_what_a_server_took_is_sent_and_its_number_is_kept(night: Night, post: Post) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    assert (await carried(night.wing.clinician))["page"]["status"] == "pending"
    await sends(night, post.carrier())
    found = await carried(night.wing.clinician)
    assert found["page"]["status"] == "sent"
    assert found["page"]["sent_at"]
    assert (found["email"]["status"], found["email"]["attempts"]) == ("sent", 1)
    assert found["log"]["status"] == "sent"
    numbers = await rows(night, "SELECT provider_reference FROM delivery WHERE channel = 'email'")
    assert numbers == [("4F2B1C",)]
    assert await sends(night, post.carrier()) == 0
    assert len(post.given) == 1


async def test_who_has_no_address_is_told_by_the_log_as_ever(night: Night, post: Post) -> None:
    await night.raises(immediacy="within_24h")
    await pages(night)
    assert await sends(night, post.carrier()) == 0
    found = await carried(night.wing.clinician)
    assert found["page"]["status"] == "sent"
    assert found.keys() == {"page", "log"}


async def test_who_has_no_address_is_not_reached_for_now_and_the_ladder_goes_on(
    night: Night,
) -> None:
    await proves(night, night.wing.officer)
    raised = await night.raises()
    await pages(night)
    found = await carried(night.wing.clinician)
    assert (found["page"]["status"], found["log"]["status"]) == ("failed", "sent")
    marks = "SELECT count(*) FROM history WHERE reason = 'page_not_delivered'"
    assert await rows(night, marks) == [(1,)]
    [(due,)] = await rows(night, f"SELECT next_step_at FROM concern WHERE id = '{raised['id']}'")
    assert due <= clock.now() + timedelta(minutes=1)
    await pages(night)
    assert await rows(night, marks) == [(1,)], "once"


@pytest.mark.parametrize(
    ("answer", "code", "again"),
    [
        ("550 5.1.1 No such user n.mockham", "no_such_address", False),
        ("554 5.7.1 Rejected", "refused", False),
        ("451 4.3.0 Greylisted", "put_off", True),
    ],
)
async def test_what_a_server_says_of_an_address_decides_whether_it_is_tried_again(
    night: Night, post: Post, answer: str, code: str, again: bool
) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    post.says[HERE] = answer
    await sends(night, post.carrier())
    found = await carried(night.wing.clinician)
    assert found["page"]["status"] == "failed"
    assert (found["email"]["status"], found["email"]["code"]) == ("failed", code)
    post.says.clear()
    assert await sends(night, post.carrier()) == (1 if again else 0)
    assert len(post.to(HERE)) == (1 if again else 0)
    said = await rows(night, "SELECT concat(reason, note) FROM history WHERE noun = 'deliveries'")
    assert not [each for (each,) in said if "mockham" in each], "a server's words are not kept"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"smtp_password": "another"}, "not_authorised"),
        ({"smtp_port": 1}, "unreachable"),
        ({"smtp_ca_file": None}, "unreachable"),
        ({"smtp_security": SmtpSecurity.tls}, "unreachable"),
    ],
)
async def test_a_server_that_is_away_or_not_ours_is_tried_again(
    post: Post, changed: dict[str, Any], code: str
) -> None:
    message = PageMessage(new_id(), "SLI", HERE, "SLI: a concern needs you, reference CABC.")
    with pytest.raises(Undeliverable) as refused:
        await post.carrier(**changed).send(message)
    assert (refused.value.code, refused.value.for_good) == (code, False)
    assert post.given == []


async def test_an_address_that_is_none_writes_no_head_of_its_own(post: Post) -> None:
    message = PageMessage(new_id(), "SLI", f"{HERE}\r\nBcc: else@prison.example", "SLI: x.")
    with pytest.raises(Undeliverable) as refused:
        await post.carrier().send(message)
    assert refused.value.for_good
    assert post.given == []


async def test_a_send_caught_by_a_crash_is_sent_again_under_the_same_id(
    night: Night, post: Post
) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    post.go_on = threading.Event()
    dying = asyncio.create_task(sends(night, post.carrier()))
    await asyncio.to_thread(post.taken.wait, 10)
    dying.cancel()  # the worker dies after the server has it, before it could write so
    post.go_on.set()
    await asyncio.wait([dying])
    assert (await carried(night.wing.clinician))["email"]["status"] == "sending"
    assert await sends(night, post.carrier()) == 0, "another worker leaves it its time"
    await execute(night, "UPDATE delivery SET next_attempt_at = recorded_at WHERE channel='email'")
    assert await sends(night, post.carrier()) == 1
    first, second = post.to(HERE)
    assert first["Message-ID"] == second["Message-ID"]
    found = (await carried(night.wing.clinician))["email"]
    assert (found["status"], found["attempts"]) == ("sent", 2)


# What follows


async def test_a_page_that_reaches_nobody_hastens_its_ladder_once(night: Night) -> None:
    await proves(night, night.wing.clinician)
    raised = await night.raises(immediacy="within_24h")
    await pages(night)
    fake = Fake(*[down() for _ in range(5)])
    for _ in range(3):
        await sends(night, fake)
    marked = await rows(
        night, "SELECT count(*) FROM history WHERE reason = 'page_not_delivered'"
    )  # fmt: skip
    assert marked == [(1,)], "one page that fails thrice does not climb three steps"
    clock.forward(minutes=2)
    await worker.sweep(night.wing.db, night.wing.prison_id)
    [page] = [each for each in await night.pages(night.wing.officer)]
    assert raised["reference"] in page["text"]


async def test_a_second_address_that_is_reached_is_enough(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await proves(night, night.wing.clinician, "07700 900123")
    await night.raises(immediacy="within_24h")
    await pages(night, ChannelKind.email, ChannelKind.sms)
    texts = Fake("a number")
    texts.kind = ChannelKind.sms
    await sends(night, Fake(down()))
    assert (await carried(night.wing.clinician))["page"]["status"] != "failed"
    await sends(night, texts)
    found = await carried(night.wing.clinician)
    assert found["page"]["status"] == "sent"
    assert found["email"]["status"] == "failed"
    assert texts.sent[0].to == "07700900123"
    marked = await rows(night, "SELECT 1 FROM history WHERE reason = 'page_not_delivered'")
    assert marked == []


async def test_every_attempt_is_kept(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    limited = Undeliverable(DeliveryCode.rate_limited, retry_after=600)
    fake = Fake(down(), limited, "its number")
    for _ in range(3):
        await sends(night, fake)
    history = await rows(
        night,
        "SELECT to_state, reason, note FROM history JOIN delivery ON delivery.id = thing_id"
        " WHERE channel = 'email' ORDER BY history.recorded_at, history.id",
    )
    assert history == [
        ("pending", None, None),
        ("sending", None, None),
        ("failed", "unreachable", None),
        ("sending", None, None),
        ("failed", "rate_limited", None),
        ("sending", None, None),
        ("sent", None, "its number"),
    ]
    assert len({each.reference for each in fake.sent}) == 1
    assert [each.again for each in fake.sent] == [False, True, True]


async def test_a_provider_that_asks_for_time_is_given_it(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    await sends(night, Fake(Undeliverable(DeliveryCode.rate_limited, retry_after=600)))
    [(due,)] = await rows(night, "SELECT next_attempt_at FROM delivery WHERE channel = 'email'")
    assert due > clock.real_now() + timedelta(seconds=500)


async def test_a_channel_that_hangs_is_given_up_and_one_that_breaks_stops_no_other(
    night: Night,
) -> None:
    class Hangs(Fake):
        async def send(self, page: PageMessage) -> str | None:
            if page.to == HERE:
                await asyncio.sleep(30)
            if page.to == "broken@prison.example":
                raise ValueError("an adapter's own fault")
            return await super().send(page)

    await proves(night, night.wing.clinician)
    await proves(night, night.wing.clinician, "broken@prison.example")
    await proves(night, night.wing.clinician, "good@prison.example")
    await night.raises()
    await pages(night)
    fake = Hangs()
    assert await sends(night, fake) == 3
    assert [each.to for each in fake.sent] == ["good@prison.example"]
    codes = await rows(night, "SELECT code FROM delivery WHERE channel = 'email' ORDER BY id")
    assert codes == [("unreachable",), ("broken",), (None,)]


async def test_what_fails_for_days_is_given_up(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    clock.forward(hours=TRIED_FOR.total_seconds() / 3600 + 1)
    await sends(night, Fake(down()))
    assert (await carried(night.wing.clinician))["email"]["code"] == "given_up"
    assert await sends(night, Fake()) == 0


async def test_an_ordinary_page_waits_for_its_readers_day_and_a_safety_one_does_not(
    night: Night,
) -> None:
    wall = clock.now() + timedelta(hours=2)
    day = {
        "ordinary_from": wall.strftime("%H:%M:00"),
        "ordinary_until": (wall + timedelta(hours=8)).strftime("%H:%M:00"),
    }
    await proves(night, night.wing.clinician, safety=False, **day)
    await night.raises()
    await pages(night)
    fake = Fake()
    assert await sends(night, fake) == 1
    await execute(night, "UPDATE notification SET urgency = 'ordinary', status = 'pending'")
    await execute(night, "DELETE FROM history WHERE noun = 'deliveries'")
    await execute(night, "DELETE FROM delivery")
    await execute(night, "UPDATE outbox SET sent_at = NULL WHERE topic = 'notification.page'")
    await pages(night)
    assert await sends(night, fake) == 0
    await worker.pulse(night.wing.db, night.wing.prison_id)
    clock.forward(hours=3)
    assert await sends(night, fake) == 1


async def test_what_an_ended_address_was_owed_is_not_sent(night: Night) -> None:
    proven = await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    await night.wing.clinician.post(f"addresses/{proven['id']}/end", None, 200)
    fake = Fake()
    await sends(night, fake)
    assert fake.sent == []
    assert (await carried(night.wing.clinician))["email"]["code"] == "no_such_address"


async def test_the_last_resort_outside_is_reached_where_it_can_be(night: Night) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": "duty@region.example"})
    await execute(night, "UPDATE staff SET active = false")
    await execute(night, "DELETE FROM duty")
    raised = await night_raises_without_staff(night)
    await pages(night)
    fake = Fake()
    assert await sends(night, fake) >= 1
    assert {each.to for each in fake.sent} == {"duty@region.example"}
    assert raised["reference"] in fake.sent[0].text


async def night_raises_without_staff(night: Night) -> Any:
    return await night.mentor.post(
        "concerns",
        {"immediacy": "now", "subject_as_told": "the lad", "account": "He would not say why."},
    )


async def test_another_persons_deliveries_are_not_there(night: Night) -> None:
    await night.raises()
    await night.sweep()
    page = (await night.wing.clinician.get("notifications?limit=1"))["items"][0]
    await night.wing.nurse.get(f"notifications/{page['id']}/deliveries", 404)
    await night.mentor.get(f"notifications/{page['id']}/deliveries", 403)


async def test_two_workers_do_not_send_the_same_twice(night: Night) -> None:
    for number in range(6):
        await proves(night, night.wing.clinician, f"n{number}@prison.example")
    await night.raises()
    await pages(night)
    fake = Fake()
    done = await asyncio.gather(*(sends(night, fake) for _ in range(3)))
    assert sum(done) == len(fake.sent) == 6


async def test_health_says_when_a_channel_takes_no_pages(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    await sends(night, Fake(down()))
    clock.forward(minutes=2)
    await worker.sweep(night.wing.db, night.wing.prison_id)
    await worker.pulse(night.wing.db, night.wing.prison_id)
    assert (await night.wing.http.get("/health/escalation")).status_code == 503


def test_mail_is_never_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="smtp_security"):
        Settings(
            _env_file=None, smtp_host="mail.example", smtp_from="a@b.example", smtp_security="none"
        )
    with pytest.raises(ValueError, match="smtp_from"):
        Settings(_env_file=None, smtp_host="mail.example")


# Kept from whom it was to


async def test_a_page_that_waits_is_not_sent_to_whom_it_is_found_to_be_about(night: Night) -> None:
    """The telephone was off when it was raised, and comes on when it is known to be about them."""
    other = await night.wing.hires(StaffRole.support_worker)
    accused = night.wing.support_worker
    supervisor = {"staff_id": str(accused.staff_id)}
    await other.put(f"mentors/{night.mentor.mentor_id}/supervisor", supervisor)
    await proves(night, accused)
    raised = await night.raises(night.wing.officer, kind="misconduct", immediacy="today")
    await pages(night)
    carrier = Fake(*[down()] * 20)
    await sends(night, carrier)
    assert {page.to for page in carrier.sent} == {HERE}
    body = {"subject_person_id": str(night.mentor.person_id)}
    await other.put(f"concerns/{raised['id']}/subject", body)
    carrier.sent, carrier.does = [], []
    await sends(night, carrier)
    assert carrier.sent == []
    told = await rows(night, "SELECT DISTINCT code, status FROM delivery WHERE channel = 'email'")
    assert told == [("withheld", "failed")]
