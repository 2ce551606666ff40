"""Whether the last resort is reached: a page that says it is a test, and its receipt."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app import clock, worker
from app.config import Settings
from app.integrations.notify import Fate, Receipted
from app.integrations.notify.log import LogChannel
from app.models.addresses import ChannelKind
from app.models.staff import StaffRole
from app.services import page_tests
from app.services.deliveries import receipts
from app.services.page_tests import MOST_IN_A_DAY
from tests.concerns.conftest import Night
from tests.deliveries.conftest import NOTIFY_KEY
from tests.deliveries.test_sending import Fake, execute, proves, rows, sends
from tests.house.answers import problem
from tests.pulses import all_well
from tests.security.serving import calling, made

NUMBER = "+447700900999"
pytestmark = pytest.mark.usefixtures("texts_and_mail")


@pytest.fixture
async def service(app: FastAPI, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API of a site that has Notify."""
    async with calling(made(app, settings, notify_api_key=SecretStr(NOTIFY_KEY))) as http:
        yield http


MAIL = "duty@region.example"


async def told(night: Night, address: str = MAIL) -> tuple[str, str]:
    """A test by the mail server, which sends no receipt: its path, and the code in the page."""
    await night.wing.governor.patch("", {"outside_last_resort": address})
    test = await night.wing.governor.post("page-tests", {"last_resort": "outside"})
    fake = Fake("a number")
    assert await sends(night, fake) == 1
    [code] = re.findall(r"code, (\d{6})\.", fake.sent[0].text)
    return f"page-tests/{test['id']}", code


def texts(*does: str) -> Fake:
    fake = Fake(*[Receipted(each) for each in does])
    fake.kind = ChannelKind.sms
    return fake


async def arrives(night: Night, fate: Fate = Fate.arrived, number: str = "a number") -> None:
    """The receipt of what was sent last comes."""
    [(last,)] = await rows(
        night, "SELECT id FROM delivery WHERE page_test_id IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    await receipts.note(night.wing.db, night.wing.prison_id, last, fate, number)


async def test_a_test_page_counts_when_its_receipt_arrives(night: Night) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": NUMBER})
    test = await night.wing.governor.post("page-tests", {"last_resort": "outside"})
    assert [each["status"] for each in test["deliveries"]] == ["pending"]
    fake = texts("a number")
    assert await sends(night, fake) == 1
    [page] = fake.sent
    assert (page.to, page.prison_id) == (NUMBER, night.wing.prison_id)
    assert test["reference"] in page.text
    assert "do nothing" in page.text
    path = f"page-tests/{test['id']}"
    read = await night.wing.governor.get(path)
    assert (read["arrived_at"], read["deliveries"][0]["status"]) == (None, "sent")
    await arrives(night)
    read = await night.wing.governor.get(path)
    assert read["arrived_at"]
    assert read["deliveries"][0]["status"] == "delivered"
    listed = (await night.wing.governor.get("page-tests?arrived=true"))["items"]
    assert [each["id"] for each in listed] == [test["id"]]
    assert (await night.wing.governor.get("page-tests?last_resort=inside"))["items"] == []


async def test_one_that_does_not_arrive_counts_for_nothing_and_says_why(night: Night) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": NUMBER})
    test = await night.wing.governor.post("page-tests", {"last_resort": "outside"})
    await sends(night, texts("a number"))
    await arrives(night, Fate.not_arrived)
    read = await night.wing.governor.get(f"page-tests/{test['id']}")
    assert read["arrived_at"] is None
    assert read["deliveries"][0]["code"] == "not_delivered"


async def test_the_last_resort_inside_is_tried_on_every_address(night: Night) -> None:
    body = {"last_resort": "inside"}
    await night.wing.governor.post("page-tests", body, 409)
    await proves(night, night.deputy, "deputy@prison.example", safety=False)
    await proves(night, night.deputy, "07700 900123")
    test = await night.wing.governor.post("page-tests", body)
    assert test["staff_id"] == str(night.deputy.staff_id)
    assert {each["channel"] for each in test["deliveries"]} == {"email", "sms"}
    fake = texts("a number")
    await sends(night, fake)
    assert [each.to for each in fake.sent] == ["07700900123"]
    await arrives(night)
    assert (await night.wing.governor.get(f"page-tests/{test['id']}"))["arrived_at"]


@pytest.mark.parametrize("address", [None, "switchboard, extension 100"])
async def test_where_nothing_reaches_it_that_is_said(night: Night, address: str | None) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": address})
    await night.wing.governor.post("page-tests", {"last_resort": "outside"}, 409)
    assert (await night.wing.governor.get("page-tests"))["items"] == []


async def test_tests_are_the_governors_and_so_many_in_a_day(night: Night) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": NUMBER})
    body = {"last_resort": "outside"}
    test = await night.wing.governor.post("page-tests", body)
    officer = await night.wing.hires(StaffRole.wing_duty)
    for other in (officer, night.wing.clinician, night.wing.support_worker, night.mentor):
        await other.post("page-tests", body, 403)
        await other.get("page-tests", 403)
        await other.get(f"page-tests/{test['id']}", 403)
    for _ in range(MOST_IN_A_DAY - 1):
        await night.wing.governor.post("page-tests", body)
    await night.wing.governor.post("page-tests", body, 409)
    clock.forward(days=1, minutes=1)
    await night.wing.governor.post("page-tests", body)


# By a person, where no receipt comes


async def test_a_test_by_mail_counts_once_its_code_is_entered(night: Night) -> None:
    governor = night.wing.governor
    path, code = await told(night)
    read = await governor.get(path)
    assert (read["arrived_at"], read["deliveries"][0]["status"]) == (None, "sent")
    assert code not in read.values(), "who has only asked for it does not know it"
    wrong = "000000" if code != "000000" else "000001"
    tried = await governor.post(f"{path}/confirmation", {"code": wrong}, 200)
    assert (tried["arrived_at"], tried["confirmed_by"], tried["tries_left"]) == (None, None, 4)
    done = await governor.post(f"{path}/confirmation", {"code": code}, 200)
    assert done["confirmed_by"] == governor.subject
    assert done["arrived_at"]
    clock.forward(minutes=1)
    again = await governor.post(f"{path}/confirmation", {"code": code}, 200)
    assert again == done, "what has arrived stays so"


async def test_another_tests_code_is_none_and_codes_are_not_tried_for_ever(night: Night) -> None:
    governor = night.wing.governor
    path, code = await told(night)
    _, another = await told(night)
    assert code != another
    for left in range(4, -1, -1):
        tried = await governor.post(f"{path}/confirmation", {"code": another}, 200)
        assert (tried["arrived_at"], tried["tries_left"]) == (None, left)
    await governor.post(f"{path}/confirmation", {"code": code}, 409)
    path, code = await told(night)
    clock.forward(days=3, minutes=1)
    await governor.post(f"{path}/confirmation", {"code": code}, 409)
    for other in (night.wing.clinician, night.wing.officer, night.mentor):
        await other.post(f"{path}/confirmation", {"code": code}, 403)


async def test_health_counts_a_test_that_a_person_confirmed_for_that_address(
    night: Night, service: httpx.AsyncClient
) -> None:
    await all_well(night.wing.db, tested=True)
    path, code = await told(night)
    await minute(night)
    assert (await service.get("/health/channels")).status_code == 503
    await night.wing.governor.post(f"{path}/confirmation", {"code": code}, 200)
    await minute(night)
    assert (await service.get("/health/channels")).status_code == 200
    await night.wing.governor.patch("", {"outside_last_resort": "else@region.example"})
    await minute(night)
    assert (await service.get("/health/channels")).status_code == 503


# Health


async def arrived(night: Night) -> None:
    await night.wing.governor.post("page-tests", {"last_resort": "outside"})
    await sends(night, texts("a number"))
    await arrives(night)
    await minute(night)


async def minute(night: Night) -> None:
    """What a worker does once a minute."""
    async with night.wing.db.write(night.wing.prison_id) as session:
        await page_tests.tell_health(session, night.wing.prison_id)


async def test_health_asks_for_a_test_that_arrived_at_the_last_resort_that_it_is_now(
    night: Night, service: httpx.AsyncClient
) -> None:
    await all_well(night.wing.db, tested=True)
    await night.wing.governor.patch("", {"outside_last_resort": NUMBER})
    await minute(night)
    answer = await service.get("/health/channels")
    assert "not been tested" in problem(answer, 503, "busy")["detail"]
    await arrived(night)
    assert (await service.get("/health/channels")).status_code == 200
    await night.wing.governor.patch("", {"outside_last_resort": "+447700900998"})
    await minute(night)
    assert (await service.get("/health/channels")).status_code == 503
    await arrived(night)
    assert (await service.get("/health/channels")).status_code == 200
    clock.forward(days=93)
    assert (await service.get("/health/channels")).status_code == 503


async def test_health_asks_for_a_channel_that_says_what_arrived(http: httpx.AsyncClient) -> None:
    answer = await http.get("/health/channels")
    assert "says what arrived" in problem(answer, 503, "busy")["detail"]


async def test_a_delivery_of_a_test_is_no_page_of_anybodys(night: Night) -> None:
    await night.wing.governor.patch("", {"outside_last_resort": NUMBER})
    await night.wing.governor.post("page-tests", {"last_resort": "outside"})
    await worker.deliver(
        night.wing.db, night.wing.prison_id, LogChannel(), channels=[ChannelKind.sms]
    )
    assert (await night.wing.governor.get("notifications"))["items"] == []
    await execute(night, "DELETE FROM delivery")
