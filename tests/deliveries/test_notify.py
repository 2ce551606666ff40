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

from app.config import Settings
from app.integrations.notify import PageMessage, Undeliverable
from app.integrations.notify.configured import FirstOrNext, carriers
from app.integrations.notify.fake_govuk import FakeNotify
from app.integrations.notify.govuk import NotifyCarrier
from app.integrations.notify.smtp import SmtpCarrier
from app.models.addresses import ChannelKind
from app.models.base import new_id
from app.models.deliveries import DeliveryCode
from tests.concerns.conftest import Night
from tests.deliveries.test_sending import Fake, carried, down, pages, proves, rows, sends
from tests.house.answers import problem
from tests.security.serving import calling, made

SMS, EMAIL = str(uuid4()), str(uuid4())
SECRET = "what Notify says to be believed"
NUMBER = "07700900123"


@pytest.fixture
async def notify() -> AsyncIterator[tuple[FakeNotify, str]]:
    """A Notify that listens on this machine, and where."""
    fake = FakeNotify(SMS, EMAIL)
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
