"""The operator tries the last resort from the command line."""

from uuid import uuid4

from app.config import Settings
from tests.house.test_cli import Command, refusal, wellwing
from tests.story import Wing

__all__ = ["wellwing"]
NUMBER = "+447700900999"


async def test_the_operator_tries_the_last_resort_and_is_told_what_became_of_it(
    wellwing: Command, wing: Wing, settings: Settings
) -> None:
    site = {
        "WELLWING_DATABASE_URL": settings.database_url,
        "WELLWING_OWNER_DATABASE_URL": settings.owner_database_url,
        "WELLWING_NOTIFY_API_KEY": f"pages-{uuid4()}-{uuid4()}",
        "WELLWING_NOTIFY_SMS_TEMPLATE": str(uuid4()),
    }
    command = ("page-test", "--prison", wing.prison_id, "--wait", "1")
    assert "name one first" in refusal(wellwing(*command, **site))
    await wing.governor.patch("", {"outside_last_resort": NUMBER})
    assert "has not arrived (sms: pending)" in refusal(wellwing(*command, **site))
    [test] = (await wing.governor.get("page-tests"))["items"]
    assert (test["asked_by"], test["arrived_at"]) == ("operator", None)
    assert "There is no prison ZZZ" in refusal(wellwing("page-test", "--prison", "ZZZ", **site))
