"""Webhooks: governors say who is told; each event is signed, thin, tried again, and on record."""

import asyncio
import json
from ipaddress import ip_network
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from app import clock
from app.config import Settings
from app.integrations.webhooks import sender as sender_module
from app.integrations.webhooks.sender import HttpSender
from app.models.staff import StaffRole
from app.services.webhooks import sending
from tests.house.answers import problem
from tests.story import Caller, Wing, with_some_others
from tests.webhooks.conftest import HERE, Receiver, Told


async def a_room(told: Told, name: str = "Quiet room") -> Any:
    """A room that is changed: one event."""
    body = {"wing_id": told.wing.wing_id, "name": name, "capacity": 8}
    room = await told.wing.support_worker.post("rooms", body)
    return await told.wing.support_worker.patch(f"rooms/{room['id']}", {"capacity": 9})


async def raises(told: Told, caller: Caller, **fields: Any) -> Any:
    body = {"immediacy": "within_24h", "subject_as_told": "the lad", "account": "He is low."}
    return await caller.post("concerns", {**body, **fields})


async def execute(told: Told, statement: str) -> None:
    async with told.wing.db.write(told.wing.prison_id) as session:
        await session.execute(text(statement))


async def due_again(told: Told) -> None:
    await execute(
        told,
        "UPDATE webhook_delivery SET next_attempt_at = recorded_at"
        " WHERE next_attempt_at IS NOT NULL",
    )


async def test_an_event_is_a_thin_signed_cloud_event(told: Told) -> None:
    room = await a_room(told)
    assert await told.tells() == 1
    [(headers, body)] = told.receiver.given
    event = Verifier(told.webhook["secret"]).verify(body, headers)
    assert event["data"] == {"prison_id": told.wing.prison_id, "thing_id": room["id"]}
    assert (event["specversion"], event["id"]) == ("1.0", headers["webhook-id"])
    assert event["type"].startswith("wellwing.room.")
    assert event["source"] == f"/v1/prisons/{told.wing.prison_id}"
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert "Quiet" not in body.decode()
    with pytest.raises(WebhookVerificationError):
        Verifier(told.webhook["secret"]).verify(body + b" ", headers)
    assert await told.tells() == 0


async def test_what_is_sent_is_what_the_document_says_is_sent(told: Told, app: FastAPI) -> None:
    document = app.openapi()
    operation = document["webhooks"]["event"]["post"]
    [(media, content)] = operation["requestBody"]["content"].items()
    schema = {**content["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(content["example"])
    await a_room(told)
    await told.tells()
    [(headers, body)] = told.receiver.given
    Draft202012Validator(schema).validate(json.loads(body))
    assert set(json.loads(body)) == set(document["components"]["schemas"]["CloudEvent"]["required"])
    assert headers["content-type"].startswith(media)
    assert {each["name"] for each in operation["parameters"]} <= set(headers)


async def test_a_concern_is_told_of_and_a_sensitive_one_is_not(told: Told) -> None:
    raised = await raises(told, told.wing.nurse)
    about = str(told.wing.officer.staff_id)
    await raises(told, told.wing.nurse, about_staff_id=about)
    await raises(told, told.wing.nurse, kind="security_matter")
    await told.tells()
    events = [json.loads(body) for _, body in told.receiver.given]
    assert {each["subject"] for each in events} == {raised["id"]}
    assert "He is low" not in str(told.receiver.given)


async def test_only_the_topics_asked_for_are_told(told: Told) -> None:
    await told.wing.referred()
    assert await told.tells() == 0


async def test_what_is_not_taken_is_tried_again_under_the_same_id(told: Told) -> None:
    await a_room(told)
    told.receiver.answers = ["500 Broken", "302 Found\r\nLocation: http://127.0.0.1:1/", "200 OK"]
    for _ in range(3):
        await told.tells()
        await due_again(told)
    assert len({headers["webhook-id"] for headers, _ in told.receiver.given}) == 1
    [logged] = await told.log()
    assert logged["delivered_at"]
    statuses = [(each["status"], each["code"]) for each in logged["tries"]]
    assert statuses == [(500, "put_off"), (302, "refused"), (200, None)]
    assert await told.log("?delivered=false") == []


async def test_a_failure_is_waited_after_and_a_success_forgets_it(told: Told) -> None:
    await a_room(told)
    told.receiver.answers = ["503 Busy\r\nretry-after: 120"]
    await told.tells()
    [logged] = await told.log()
    assert logged["next_attempt_at"] > clock.spell(clock.real_now())
    assert (await told.read())["failing_since"]
    assert await told.tells() == 0, "not before it asked for"
    await due_again(told)
    assert await told.tells() == 1
    assert (await told.read())["failing_since"] is None


async def test_a_receiver_that_says_gone_is_left_alone(wing: Wing, receiver: Receiver) -> None:
    body = {"name": "Board", "url": receiver.url, "topics": ["room"]}
    told = Told(wing, receiver, await wing.governor.post("webhooks", body))
    await told.lets_go()
    await execute(told, "DELETE FROM webhook_delivery")
    await a_room(told)
    receiver.answers = ["410 Gone"]
    await told.tells()
    now = await told.read()
    assert (now["active"], now["ended_for"]) == (False, "gone")
    await a_room(told, "Another")
    assert await told.tells() == 0
    again = await wing.governor.patch(f"webhooks/{now['id']}", {"active": True})
    assert (again["active"], again["ended_for"]) == (True, None)


async def test_five_days_of_failures_end_one_and_of_safety_tell_a_person(
    told: Told, wing: Wing
) -> None:
    body = {"name": "Rooms", "url": "http://127.0.0.1:1/", "topics": ["room"]}
    rooms = await wing.governor.post("webhooks", body)
    for hours in (0, 121):
        clock.forward(hours=hours)
        await a_room(told, f"Room {hours}")
        told.receiver.answers = ["500 Broken"] * 9
        await due_again(told)
        await told.tells()
    assert (await wing.governor.get(f"webhooks/{rooms['id']}"))["ended_for"] == "failing"
    assert (await told.read())["active"], "who hears of concerns is not left out in silence"
    tasks = (await wing.governor.get("tasks?kind=webhook_failing"))["items"]
    assert [each["thing_id"] for each in tasks] == [told.webhook["id"]]
    assert tasks[0]["for_role"] == "governor"
    await wing.governor.patch(f"webhooks/{told.webhook['id']}", {"active": True})
    assert (await wing.governor.get("tasks?kind=webhook_failing&status=open"))["items"] == []


async def test_a_name_that_means_an_address_inside_is_not_asked(told: Told) -> None:
    """What is looked at is what the name means when it is asked, not what it says."""
    await a_room(told)
    await told.tells("203.0.113.0/24")
    assert told.receiver.given == []
    [logged] = await told.log()
    assert logged["tries"][0]["code"] == "refused"
    outcome = await HttpSender([]).send(
        told.receiver.url.replace("127.0.0.1", "localhost"), "id", b"{}", [told.webhook["secret"]]
    )
    assert (outcome.status, outcome.code) == (None, "refused")
    assert told.receiver.given == []


async def test_a_receiver_that_hangs_is_given_up(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "TIMEOUT_SECONDS", 0.2)
    told.receiver.holds = 5
    await a_room(told)
    await told.tells()
    [logged] = await told.log()
    assert logged["tries"][0]["code"] == "unreachable"


async def test_one_that_hangs_keeps_no_other_waiting(
    told: Told, wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_some_others(wing.db, wing, monkeypatch)
    told.receiver.holds = 60
    await a_room(told)
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(
            text(
                "INSERT INTO webhook_delivery (prison_id, id, recorded_at, version, webhook_id,"
                " event_id, topic, thing_id, happened_at, attempts, next_attempt_at)"
                " SELECT o.prison_id, gen_random_uuid(), o.recorded_at, 1, :webhook,"
                " gen_random_uuid(), 'room.added', o.thing_id, o.recorded_at, 0, o.recorded_at"
                " FROM (SELECT * FROM outbox WHERE topic LIKE 'room.%' LIMIT 1) o,"
                " generate_series(1, 60)"
            ),
            {"webhook": told.webhook["id"]},
        )
    other = Receiver()
    await other.opens()
    await wing.governor.post("webhooks", {"name": "Another", "url": other.url, "topics": ["room"]})
    await told.lets_go()
    await a_room(told, "Another room")
    await told.lets_go()
    stopping = asyncio.Event()
    sender = HttpSender([ip_network(HERE)])
    serving = asyncio.create_task(sending.serve(wing.db, sender, stopping, 0.05))
    async with asyncio.timeout(12):  # those that hang are given up after 15 s
        while not other.given:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.05)
    stopping.set()
    serving.cancel()
    await asyncio.wait([serving])
    assert 4 <= len(told.receiver.given) < 10


async def test_a_secret_is_shown_once_and_gives_way_over_a_day(told: Told, wing: Wing) -> None:
    old, path = told.webhook["secret"], f"webhooks/{told.webhook['id']}"
    assert "secret" not in await told.read()
    made = await wing.governor.post(f"{path}/secret", None, 200)
    assert made["secret"] != old
    await a_room(told)
    await told.tells()
    headers, body = told.receiver.given[-1]
    for secret in (old, made["secret"]):
        Verifier(secret).verify(body, headers)
    clock.forward(hours=25)
    await a_room(told, "Another")
    await told.tells()
    headers, body = told.receiver.given[-1]
    signatures = headers["webhook-signature"].split(" ")
    assert len(signatures) == 1


async def test_a_replayed_creation_has_no_secret(wing: Wing) -> None:
    body = {"name": "Board", "url": "https://board.example/", "topics": ["shift"]}
    once = {"Idempotency-Key": "a-webhook"}
    first = await wing.governor.post("webhooks", body, headers=once)
    again = await wing.governor.post("webhooks", body, headers=once)
    assert first["secret"].startswith("whsec_")
    assert (again["id"], again["secret"]) == (first["id"], None)


async def test_what_happened_between_two_times_is_sent_again(told: Told, wing: Wing) -> None:
    before = clock.now()
    await a_room(told)
    await told.tells()
    body = {"since": clock.spell(before), "until": clock.spell(clock.now())}
    path = f"webhooks/{told.webhook['id']}/replay"
    assert (await wing.governor.post(path, body, 200))["events"] == 1
    assert await told.tells() == 1
    first, second = told.receiver.given
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]
    [logged] = await told.log()
    assert len(logged["tries"]) == 2
    earlier = {"since": "2020-01-01T00:00:00+00:00", "until": "2020-01-02T00:00:00+00:00"}
    assert (await wing.governor.post(path, earlier, 200))["events"] == 0
    await wing.governor.post(path, {"since": body["until"], "until": body["since"]}, 422)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://board.example/", "https"),
        ("ftp://board.example/", "https"),
        ("https://user:secret@board.example/", "url"),
        ("https:///events", "url"),
        ("https://b\u00f6rd.example/", "url"),
        ("https://board.example/my events", "url"),
        ("https://board.example:0x/", "url"),
        ("https://10.1.2.3/", "private"),
        ("https://169.254.169.254/latest", "private"),
        ("https://[::1]/", "private"),
        ("http://10.1.2.3/", "https"),
    ],
)
async def test_an_address_that_may_not_be_is_refused(wing: Wing, url: str, code: str) -> None:
    body = {"name": "Board", "url": url, "topics": ["shift"]}
    answer = await wing.governor.request("POST", "webhooks", json=body)
    [error] = problem(answer, 422, "invalid")["errors"]
    assert (error["field"], error["code"]) == ("url", code)


async def test_webhooks_are_the_governors(told: Told, wing: Wing) -> None:
    lead = await wing.hires(StaffRole.mental_health_lead)
    for caller in (wing.support_worker, wing.clinician, wing.officer, lead):
        await caller.get("webhooks", 403)
        await caller.get(f"webhooks/{told.webhook['id']}/deliveries", 403)
        await caller.post(f"webhooks/{told.webhook['id']}/secret", None, 403)


def test_networks_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="webhook_allowed_networks"):
        Settings(_env_file=None, webhook_allowed_networks="10.0.0.1/8")
    found = Settings(_env_file=None, webhook_allowed_networks=f"{HERE}, fd00::/8")
    assert [str(each) for each in found.webhook_networks] == [HERE, "fd00::/8"]
