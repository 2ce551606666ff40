"""Where every way that a page went has failed, its reader's other addresses are tried at once, and
the ladder is hastened only where they fail too."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.integrations.notify import Fate, Undeliverable
from app.models.addresses import ChannelKind
from app.models.deliveries import DeliveryCode
from app.services.deliveries import receipts
from tests.concerns.conftest import Night
from tests.deliveries.test_sending import (
    HERE,
    Fake,
    carried,
    down,
    execute,
    pages,
    proves,
    rows,
    sends,
)

TEXTS = "07700 900123"
NO_SUCH = Undeliverable(DeliveryCode.no_such_address, for_good=True)
pytestmark = pytest.mark.usefixtures("texts_and_mail")
HASTENED = "SELECT count(*) FROM history WHERE reason = 'page_not_delivered'"


@pytest.fixture
async def paged(night: Night) -> dict[str, Any]:
    """The clinician, who wishes mail and has a telephone too, is paged about a concern."""
    await proves(night, night.wing.clinician)
    await proves(night, night.wing.clinician, TEXTS, safety=False)
    raised = await night.raises(immediacy="within_24h")
    await pages(night, ChannelKind.email, ChannelKind.sms)
    assert (await carried(night.wing.clinician)).keys() == {"page", "log", "email"}
    return dict(raised)


def texts(*does: Undeliverable | str) -> Fake:
    fake = Fake(*does)
    fake.kind = ChannelKind.sms
    return fake


async def receipt(night: Night, channel: str, fate: Fate) -> None:
    """The provider's word on the page's delivery on a channel."""
    [(number,)] = await rows(night, f"SELECT id FROM delivery WHERE channel = '{channel}'")
    await receipts.note(night.wing.db, night.wing.prison_id, number, fate)


@pytest.mark.parametrize("why", [NO_SUCH, down()])
async def test_a_page_that_did_not_go_out_goes_to_its_readers_other_address_at_once(
    night: Night, paged: dict[str, Any], why: Undeliverable
) -> None:
    await sends(night, Fake(why))
    found = await carried(night.wing.clinician)
    assert [found[each]["status"] for each in ("page", "email", "sms")] == [
        "sending", "failed", "pending",
    ]  # fmt: skip
    fake = texts("its number")
    assert await sends(night, fake) == 1
    [sent] = fake.sent
    assert (sent.to, paged["reference"] in sent.text) == ("07700900123", True)
    await receipt(night, "sms", Fate.arrived)
    found = await carried(night.wing.clinician)
    assert [found[each]["status"] for each in ("page", "email", "sms")] == [
        "delivered", "failed", "delivered",
    ]  # fmt: skip
    assert (found["email"]["code"], found["sms"]["attempts"]) == (why.code, 1)
    assert await rows(night, HASTENED) == [(0,)]


async def test_a_page_that_comes_back_goes_to_the_other_address_once(
    night: Night, paged: dict[str, Any]
) -> None:
    await sends(night, Fake("its number"))
    assert (await carried(night.wing.clinician))["page"]["status"] == "sent"
    told = [receipt(night, "email", Fate.not_arrived) for _ in range(4)]
    await asyncio.gather(*told)
    assert (await carried(night.wing.clinician))["page"]["status"] == "sending"
    fake = texts("another")
    assert await sends(night, fake) == 1
    await receipt(night, "email", Fate.not_arrived)
    assert await sends(night, fake) == 0
    assert (await carried(night.wing.clinician))["page"]["status"] == "sent"
    assert await rows(night, HASTENED) == [(0,)]


async def test_where_the_other_address_fails_too_the_ladder_is_hastened_once(
    night: Night, paged: dict[str, Any]
) -> None:
    await sends(night, Fake(NO_SUCH))
    assert await rows(night, HASTENED) == [(0,)]
    await sends(night, texts("a number"))
    await receipt(night, "sms", Fate.not_arrived)
    assert (await carried(night.wing.clinician))["page"]["status"] == "failed"
    assert await rows(night, HASTENED) == [(1,)]
    for fake in (Fake(), texts()):
        assert await sends(night, fake) == 0


async def test_a_crash_at_the_other_address_doubles_nothing_but_the_send(
    night: Night, paged: dict[str, Any]
) -> None:
    class Dies(Fake):
        async def send(self, page: Any) -> str | None:
            await super().send(page)
            taken.set()
            await asyncio.sleep(30)
            return None

    await sends(night, Fake(NO_SUCH))
    fake, taken = Dies(), asyncio.Event()
    fake.kind, fake.patience = ChannelKind.sms, 30
    dying = asyncio.create_task(sends(night, fake))
    await asyncio.wait_for(taken.wait(), 10)
    dying.cancel()
    await asyncio.wait([dying])
    await execute(night, "UPDATE delivery SET next_attempt_at = recorded_at WHERE channel = 'sms'")
    anew = texts("its number")
    assert await sends(night, anew) == 1
    assert anew.sent[0].reference == fake.sent[0].reference
    assert await rows(night, "SELECT count(*) FROM delivery WHERE channel = 'sms'") == [(1,)]
    found = await carried(night.wing.clinician)
    assert (found["page"]["status"], found["sms"]["attempts"]) == ("sent", 2)


async def test_what_somebody_has_accepted_since_wakes_nobody_on_another_address(
    night: Night, paged: dict[str, Any]
) -> None:
    await sends(night, Fake("its number"))
    clock.forward(minutes=1)
    await night.wing.clinician.post(f"concerns/{paged['id']}/acknowledgement", {}, 200)
    await receipt(night, "email", Fate.not_arrived)
    assert await sends(night, texts()) == 0
    assert (await carried(night.wing.clinician))["page"]["status"] == "failed"


async def test_what_its_reader_has_read_goes_nowhere_else(
    night: Night, paged: dict[str, Any]
) -> None:
    page = (await carried(night.wing.clinician))["page"]
    await night.wing.clinician.post(f"notifications/{page['id']}/read", None, 200)
    await sends(night, Fake(NO_SUCH))
    assert await sends(night, texts()) == 0


async def test_an_ordinary_page_keeps_to_what_its_reader_wishes(
    night: Night, paged: dict[str, Any]
) -> None:
    await execute(night, "UPDATE notification SET urgency = 'ordinary'")
    await sends(night, Fake(NO_SUCH))
    assert await sends(night, texts()) == 0
    assert (await carried(night.wing.clinician))["page"]["status"] == "failed"


async def test_a_page_about_a_task_goes_to_the_other_address_while_the_task_is_open(
    night: Night, paged: dict[str, Any]
) -> None:
    clinician, path = night.wing.clinician, f"concerns/{paged['id']}"
    await clinician.post(f"{path}/acknowledgement", {}, 200)
    due = clock.spell(clock.now() + timedelta(minutes=30))
    body = {"what": "Ring the family.", "owner_id": str(clinician.staff_id), "due_at": due}
    await execute(night, "DELETE FROM history WHERE noun = 'deliveries'")
    await execute(night, "DELETE FROM delivery")
    await clinician.post(f"{path}/actions", body)
    await pages(night, ChannelKind.email, ChannelKind.sms)
    await sends(night, Fake(*[NO_SUCH] * 9))
    assert await sends(night, texts()) >= 1
    found = await carried(clinician)
    assert found["page"]["task_id"]
    assert found["sms"]["status"] == "sent"


async def test_an_address_that_is_proven_meanwhile_is_one_more_way(night: Night) -> None:
    await proves(night, night.wing.clinician)
    await night.raises()
    await pages(night)
    await proves(night, night.wing.clinician, TEXTS)
    await sends(night, Fake(NO_SUCH))
    fake = texts("its number")
    assert await sends(night, fake) == 1
    assert [each.to for each in fake.sent] == ["07700900123"]
    assert HERE not in fake.sent[0].text
