"""The pages to me: mine alone, content-free, newest first."""

from structlog.testing import capture_logs

from app import logs
from app.integrations.notify import PageMessage
from app.integrations.notify.log import LogChannel
from app.models.base import new_id
from tests.concerns.conftest import Night


async def test_my_pages_are_listed_newest_first(night: Night) -> None:
    first = await night.raises()
    await night.sweep()
    second = await night.raises()
    await night.sweep()
    texts = [page["text"] for page in await night.pages(night.wing.clinician)]
    assert second["reference"] in texts[0]
    assert first["reference"] in texts[1]


async def test_pages_are_filtered_by_what_became_of_them(night: Night) -> None:
    await night.raises()
    await night.sweep()
    sent = await night.wing.clinician.get("notifications?status=sent")
    assert len(sent["items"]) == 1
    (page,) = sent["items"]
    await night.wing.clinician.post(f"notifications/{page['id']}/read", None, 200)
    assert (await night.wing.clinician.get("notifications?status=sent"))["items"] == []
    read = await night.wing.clinician.get("notifications?status=read")
    assert read["items"][0]["read_at"]


async def test_another_persons_page_is_not_there(night: Night) -> None:
    await night.raises()
    await night.sweep()
    (page,) = await night.pages(night.wing.clinician)
    assert await night.pages(night.wing.nurse) == []
    await night.wing.nurse.post(f"notifications/{page['id']}/read", None, 404)


async def test_a_page_carries_the_number_to_call(night: Night) -> None:
    number = {"call_back_number": "01632 960000"}
    await night.wing.governor.patch("", number)
    await night.raises()
    await night.sweep()
    (page,) = await night.pages(night.wing.clinician)
    assert "call 01632 960000" in page["text"]


async def test_prisoners_have_no_pages(night: Night) -> None:
    await night.mentor.get("notifications", 403)
    await night.mentor.post("notifications/0198c0de-0000-7000-8000-000000000000/read", None, 403)


async def test_a_page_is_logged_at_every_level() -> None:
    logs.configure("ERROR")
    page = PageMessage(new_id(), "SLI", "clinician", "SLI: a concern needs you, reference CABC.")
    try:
        with capture_logs() as told:
            await LogChannel().send(page)
    finally:
        logs.configure()
    assert [line["text"] for line in told] == [page.text]
