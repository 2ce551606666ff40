"""GOV.UK Notify: a fake with its wire format, on a socket; and the receipts it sends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from app import clock
from app.config import Settings
from app.integrations.notify import Fate, PageMessage, Undeliverable
from app.integrations.notify.configured import FirstOrNext, carriers
from app.integrations.notify.fake_govuk import FakeNotify
from app.integrations.notify.govuk import NotifyCarrier
from app.integrations.notify.smtp import SmtpCarrier
from app.models.addresses import ChannelKind
from app.models.base import new_id
from app.models.deliveries import DeliveryCode
from app.services.deliveries.asking import MOST_ASKED, Asking
from tests.concerns.conftest import Night
from tests.deliveries.test_sending import Fake, carried, down, execute, pages, proves, rows, sends
from tests.house.answers import problem
from tests.security.serving import calling, made

SMS, EMAIL, LETTER = str(uuid4()), str(uuid4()), str(uuid4())
SECRET = "what Notify says to be believed"
NUMBER = "07700900123"


@pytest.fixture
async def notify() -> AsyncIterator[tuple[FakeNotify, str]]:
    """A Notify that listens on this machine, and where."""
    fake = FakeNotify(SMS, EMAIL, LETTER)
    config = uvicorn.Config(fake.app, port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield fake, f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


def of_site(notify: tuple[FakeNotify, str], **changed: Any) -> Settings:
    fake, url = notify
    given = {
        "notify_api_key": fake.key,
        "notify_url": url,
        "notify_sms_template": SMS,
        "notify_email_template": EMAIL,
        "notify_callback_secret": SECRET,
    }
    return Settings(_env_file=None, **{**given, **changed})


def texts(notify: tuple[FakeNotify, str], **changed: Any) -> NotifyCarrier:
    every = NotifyCarrier.each(of_site(notify, **changed))
    return next(each for each in every if each.kind is ChannelKind.sms)


def a_page(to: str = NUMBER, **fields: Any) -> PageMessage:
    words = "SLI: a concern needs you, reference CABC."
    return PageMessage(new_id(), "SLI", to, words, f"SLI.{new_id()}", **fields)


async def test_a_text_says_the_page_and_nothing_else(notify: tuple[FakeNotify, str]) -> None:
    page = a_page()
    number = await texts(notify).send(page)
    [message] = notify[0].messages
    assert message["id"] == number
    assert message["phone_number"] == NUMBER
    assert message["body"] == page.text
    assert message["reference"] == page.reference


async def test_e_mail_goes_by_a_template_of_its_own(notify: tuple[FakeNotify, str]) -> None:
    every = NotifyCarrier.each(of_site(notify, notify_sms_template=None))
    assert [each.kind for each in every] == [ChannelKind.email]
    await every[0].send(a_page("n.mockham@prison.example"))
    assert notify[0].messages[0]["email_address"] == "n.mockham@prison.example"


LINES = "12 High Street, Sheerness, ME12 4AX"


async def test_a_letter_has_its_address_line_by_line(notify: tuple[FakeNotify, str]) -> None:
    every = NotifyCarrier.each(of_site(notify, notify_letter_template=LETTER))
    [letters] = [each for each in every if each.kind is ChannelKind.letter]
    page = a_page(LINES)
    assert await letters.send(page)
    [message] = notify[0].messages
    assert message["type"] == "letter"
    assert [message[f"line_{number}"] for number in (1, 2, 3, 4)] == [*LINES.split(", "), None]
    assert message["body"] == page.text
    assert await letters.fate(message["id"]) is Fate.on_its_way
    message["status"] = "received"  # by the printer
    assert await letters.fate(message["id"]) is Fate.on_its_way
    for wrong in ("12 High Street, ME12 4AX", "12 High Street, Sheerness, Kent"):
        with pytest.raises(Undeliverable) as refused:
            await letters.send(a_page(wrong))
        assert (refused.value.code, refused.value.for_good) == ("no_such_address", True)


@pytest.mark.parametrize(
    ("status", "code", "wait"), [(429, "rate_limited", 60.0), (500, "put_off", None)]
)
async def test_what_notify_cannot_take_now_is_tried_again(
    notify: tuple[FakeNotify, str], status: int, code: str, wait: float | None
) -> None:
    notify[0].fails = [status]
    with pytest.raises(Undeliverable) as refused:
        await texts(notify).send(a_page())
    assert (refused.value.code, refused.value.for_good) == (code, False)
    assert refused.value.retry_after == wait
    assert await texts(notify).send(a_page())


@pytest.mark.parametrize(
    ("to", "changed", "code", "for_good"),
    [
        ("07700", {}, "no_such_address", True),
        (NUMBER, {"notify_sms_template": str(uuid4())}, "refused", False),
        (NUMBER, {"notify_api_key": f"pages-{uuid4()}-{uuid4()}"}, "not_authorised", False),
        (NUMBER, {"notify_url": "http://127.0.0.1:1"}, "unreachable", False),
    ],
)
async def test_only_a_bad_number_is_refused_for_good(
    notify: tuple[FakeNotify, str], to: str, changed: dict[str, Any], code: str, for_good: bool
) -> None:
    with pytest.raises(Undeliverable) as refused:
        await texts(notify, **changed).send(a_page(to))
    assert (refused.value.code, refused.value.for_good) == (code, for_good)
    assert to not in str(refused.value)
    assert notify[0].messages == []


async def test_what_notify_has_taken_already_is_not_sent_twice(
    notify: tuple[FakeNotify, str],
) -> None:
    page, carrier = a_page(), texts(notify)
    first = await carrier.send(page)
    again = PageMessage(page.id, "SLI", page.to, page.text, page.reference, again=True)
    assert await carrier.send(again) == first
    assert len(notify[0].messages) == 1
    other = a_page(again=True)
    assert await carrier.send(other) != first
    assert len(notify[0].messages) == 2


# Receipts


async def texted(night: Night, notify: tuple[FakeNotify, str]) -> dict[str, Any]:
    """A page on its way to the clinician's telephone."""
    await proves(night, night.wing.clinician, NUMBER)
    await night.raises(immediacy="within_24h")
    await pages(night, ChannelKind.sms)
    await sends(night, texts(notify))
    assert (await carried(night.wing.clinician))["page"]["status"] == "sent"
    return notify[0].messages[-1]


@pytest.fixture
async def service(app: FastAPI, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API of a site that Notify sends its receipts to."""
    own = made(app, settings, notify_callback_secret=SecretStr(SECRET))
    async with calling(own) as http:
        yield http


async def test_a_receipt_says_that_a_page_arrived(
    night: Night, notify: tuple[FakeNotify, str], service: httpx.AsyncClient
) -> None:
    message = await texted(night, notify)
    for _ in range(2):  # Notify may say it twice
        answer = await notify[0].calls_back(service, SECRET, message, "delivered")
        assert answer.status_code == 204
    found = await carried(night.wing.clinician)
    assert found["page"]["status"] == found["sms"]["status"] == "delivered"
    assert found["sms"]["delivered_at"]
    await notify[0].calls_back(service, SECRET, message, "temporary-failure")
    assert (await carried(night.wing.clinician))["sms"]["status"] == "delivered"
    moved = await rows(
        night, "SELECT to_state FROM history WHERE noun = 'notifications' ORDER BY recorded_at, id"
    )
    assert [each for (each,) in moved][-3:] == ["sending", "sent", "delivered"]


async def test_what_notify_could_not_send_is_given_to_it_again(
    night: Night, notify: tuple[FakeNotify, str], service: httpx.AsyncClient
) -> None:
    first = await texted(night, notify)
    first["status"] = "technical-failure"
    await notify[0].calls_back(service, SECRET, first, "technical-failure")
    found = await carried(night.wing.clinician)
    assert (found["sms"]["status"], found["page"]["status"]) == ("failed", "failed")
    assert await sends(night, texts(notify)) == 1
    assert len(notify[0].messages) == 2
    await notify[0].calls_back(service, SECRET, first, "technical-failure")  # told a second time
    found = await carried(night.wing.clinician)
    assert (found["sms"]["status"], found["sms"]["attempts"]) == ("sent", 2)
    await notify[0].calls_back(service, SECRET, notify[0].messages[1], "delivered")
    assert (await carried(night.wing.clinician))["page"]["status"] == "delivered"


# Asking


async def asks(night: Night, notify: tuple[FakeNotify, str]) -> int:
    """A round of asking, once what is to be asked is due."""
    asking = Asking(night.wing.db, texts(notify))
    begun = await asking.begin(night.wing.prison_id)
    await asking.slots.all_free()
    return begun


async def due_to_ask(night: Night) -> None:
    await execute(night, "UPDATE delivery SET ask_at = recorded_at WHERE ask_at IS NOT NULL")


@pytest.mark.parametrize(
    ("status", "page"), [("delivered", "delivered"), ("permanent-failure", "failed")]
)
async def test_where_no_callback_comes_notify_is_asked(
    night: Night, notify: tuple[FakeNotify, str], status: str, page: str
) -> None:
    message = await texted(night, notify)
    assert await asks(night, notify) == 0, "not at once"
    await due_to_ask(night)
    assert await asks(night, notify) == 1
    assert (await carried(night.wing.clinician))["page"]["status"] == "sent"
    message["status"] = status
    assert await asks(night, notify) == 0, "and ever more seldom"
    await due_to_ask(night)
    assert await asks(night, notify) == 1
    assert (await carried(night.wing.clinician))["page"]["status"] == page
    marked = await rows(night, "SELECT 1 FROM history WHERE reason = 'page_not_delivered'")
    assert len(marked) == (1 if page == "failed" else 0)
    await due_to_ask(night)
    assert await asks(night, notify) == 0, "the last word is not asked for again"


async def test_it_is_asked_more_and_more_seldom_and_in_the_end_no_more(
    night: Night, notify: tuple[FakeNotify, str]
) -> None:
    await texted(night, notify)
    pauses = []
    for _ in range(9):
        await due_to_ask(night)
        before = clock.real_now()
        await asks(night, notify)
        [(at,)] = await rows(night, "SELECT ask_at FROM delivery WHERE channel = 'sms'")
        pauses.append((at - before).total_seconds())
    assert [round(each / 30) for each in pauses[:6]] == [2, 4, 8, 16, 32, 64]
    assert {round(each / 60) for each in pauses[6:]} == {60}
    await execute(night, f"UPDATE delivery SET asked = {MOST_ASKED - 1}")
    await due_to_ask(night)
    await asks(night, notify)
    assert await rows(night, "SELECT ask_at FROM delivery WHERE channel = 'sms'") == [(None,)]


async def test_a_notify_that_does_not_answer_is_asked_later(
    night: Night, notify: tuple[FakeNotify, str]
) -> None:
    message = await texted(night, notify)
    message["status"] = "delivered"
    for failing in (500, 429):
        notify[0].fails = [failing]
        await due_to_ask(night)
        assert await asks(night, notify) == 1
        assert (await carried(night.wing.clinician))["page"]["status"] == "sent"
    await due_to_ask(night)
    await asks(night, notify)
    assert (await carried(night.wing.clinician))["page"]["status"] == "delivered"


async def test_what_a_mail_server_took_is_asked_of_nobody(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    await sends(night, Fake("4F2B1C"))
    assert await rows(night, "SELECT ask_at FROM delivery WHERE channel = 'email'") == [(None,)]


@pytest.mark.parametrize("status", ["permanent-failure", "temporary-failure", "technical-failure"])
async def test_a_receipt_that_it_did_not_arrive_hastens_the_ladder(
    night: Night, notify: tuple[FakeNotify, str], service: httpx.AsyncClient, status: str
) -> None:
    message = await texted(night, notify)
    await notify[0].calls_back(service, SECRET, message, status)
    found = await carried(night.wing.clinician)
    assert (found["page"]["status"], found["sms"]["code"]) == ("failed", "not_delivered")
    marked = await rows(night, "SELECT 1 FROM history WHERE reason = 'page_not_delivered'")
    assert len(marked) == 1
    await night.passes(minutes=2)
    assert await night.pages(night.wing.officer)


@pytest.mark.parametrize("since", ["paged", "acknowledged"])
async def test_a_receipt_that_comes_when_others_have_it_wakes_nobody(
    night: Night, notify: tuple[FakeNotify, str], service: httpx.AsyncClient, since: str
) -> None:
    message = await texted(night, notify)
    [(concern,)] = await rows(night, "SELECT id FROM concern")
    if since == "paged":
        before = await rows(night, "SELECT count(*) FROM notification")
        await night.passes(hours=4)
        assert await rows(night, "SELECT count(*) FROM notification") > before
    else:
        await night.wing.clinician.post(f"concerns/{concern}/acknowledgement", {}, 200)
    due = await rows(night, "SELECT next_step_at FROM concern")
    await notify[0].calls_back(service, SECRET, message, "temporary-failure")
    assert (await rows(night, "SELECT status FROM delivery WHERE channel = 'sms'")) == [("failed",)]
    assert await rows(night, "SELECT next_step_at FROM concern") == due
    assert await rows(night, "SELECT 1 FROM history WHERE reason = 'page_not_delivered'") == []


async def test_a_page_that_was_read_stays_read(
    night: Night, notify: tuple[FakeNotify, str], service: httpx.AsyncClient
) -> None:
    message = await texted(night, notify)
    page = (await carried(night.wing.clinician))["page"]
    await night.wing.clinician.post(f"notifications/{page['id']}/read", None, 200)
    await notify[0].calls_back(service, SECRET, message, "permanent-failure")
    found = await carried(night.wing.clinician)
    assert (found["page"]["status"], found["sms"]["status"]) == ("read", "failed")
    marked = await rows(night, "SELECT 1 FROM history WHERE reason = 'page_not_delivered'")
    assert marked == []


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Bearer another", SECRET, "Basic x"])
async def test_without_the_secret_nothing_is_believed(
    night: Night,
    notify: tuple[FakeNotify, str],
    service: httpx.AsyncClient,
    authorization: str | None,
) -> None:
    message = await texted(night, notify)
    headers = {"Authorization": authorization} if authorization is not None else {}
    body = notify[0].receipt(message, "permanent-failure")
    path = "/v1/deliveries/notify-receipts"
    problem(await service.post(path, json=body, headers=headers), 401, "unauthenticated")
    assert (await carried(night.wing.clinician))["page"]["status"] == "sent"


async def test_a_site_without_a_secret_believes_nobody(http: httpx.AsyncClient) -> None:
    body = {"id": str(new_id()), "reference": "SLI.x", "status": "delivered"}
    for authorization in ("Bearer ", "Bearer None"):
        answer = await http.post(
            "/v1/deliveries/notify-receipts", json=body, headers={"Authorization": authorization}
        )
        problem(answer, 401, "unauthenticated")


async def test_what_is_no_delivery_of_ours_is_taken_and_let_be(
    night: Night, notify: tuple[FakeNotify, str], service: httpx.AsyncClient
) -> None:
    message = await texted(night, notify)
    for wrong in (None, "", "SLI", f"ZZZ.{new_id()}", f"{night.wing.prison_id}.{new_id()}"):
        strange = {**message, "reference": wrong}
        answer = await notify[0].calls_back(service, SECRET, strange, "permanent-failure")
        assert answer.status_code == 204
    answer = await notify[0].calls_back(service, SECRET, message, "a-state-to-come")
    assert answer.status_code == 204
    assert (await carried(night.wing.clinician))["page"]["status"] == "sent"


# What a site sets


async def test_where_e_mail_goes_two_ways_the_second_is_tried_at_once() -> None:
    first, second = Fake(down()), Fake("its number")
    assert await FirstOrNext(first, second).send(a_page()) == "its number"
    gone = Fake(Undeliverable(DeliveryCode.no_such_address, for_good=True))
    with pytest.raises(Undeliverable):
        await FirstOrNext(gone, second).send(a_page())
    assert len(second.sent) == 1


class Hangs(Fake):
    """A provider that never answers."""

    async def send(self, page: PageMessage) -> str | None:
        await asyncio.sleep(60)
        return None


class Breaks(Fake):
    """A fault of ours."""

    async def send(self, page: PageMessage) -> str | None:
        raise ValueError("a fault")


@pytest.mark.parametrize("first", [Hangs(), Breaks()])
async def test_the_second_way_is_there_for_whatever_ails_the_first(first: Fake) -> None:
    both = FirstOrNext(first, Fake("its number"))
    async with asyncio.timeout(both.patience):
        assert await both.send(a_page()) == "its number"


def test_each_channel_has_one_carrier(notify: tuple[FakeNotify, str]) -> None:
    mail = {"smtp_host": "mail.example", "smtp_from": "a@b.example"}
    kinds = [each.kind for each in carriers(of_site(notify, **mail))]
    assert kinds == [ChannelKind.email, ChannelKind.sms]
    [only] = carriers(Settings(_env_file=None, **mail))
    assert isinstance(only, SmtpCarrier)
    assert carriers(Settings(_env_file=None)) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"notify_api_key": "not-a-key"},
        {"notify_sms_template": None, "notify_email_template": None},
        {"notify_url": "http://notify.example"},
        {"last_resort": "switchboard"},
    ],
)
def test_settings_that_send_nothing_are_refused(
    notify: tuple[FakeNotify, str], changed: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=next(iter(changed))):
        of_site(notify, **changed)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"notify_callback_secret": None}, "NOTIFY_CALLBACK_SECRET"),
        ({"notify_callback_secret": "short"}, "20 characters"),
        ({"last_resort": None}, "LAST_RESORT"),
        ({"last_resort": "duty@region.example", "notify_email_template": None}, "LAST_RESORT"),
    ],
)
def test_production_has_a_channel_with_receipts_and_a_last_resort(
    notify: tuple[FakeNotify, str], changed: dict[str, Any], told: str
) -> None:
    assert of_site(notify, last_resort="+447700900999").unfit() is None
    unfit = of_site(notify, **{"last_resort": "+447700900999", **changed}).unfit()
    assert told in str(unfit)
