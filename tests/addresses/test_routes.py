"""Addresses: proven by a code that only their owner gets, used as they say, their own secret."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.integrations.notify import PageMessage
from app.models.addresses import CODE_TRIES, ChannelKind
from app.models.staff import StaffRole
from app.services import retention
from app.services.addresses import MOST_ADDRESSES, MOST_CODES, MOST_IN_A_DAY
from app.services.deliveries import sending
from app.services.retention import EXPIRED
from tests.house.answers import problem
from tests.story import Caller, Wing

MAIL = {"kind": "email", "value": "n.mockham@prison.example"}


class Letterbox:
    """A carrier that keeps what it is given."""

    kind = ChannelKind.email
    patience = 5.0

    def __init__(self) -> None:
        self.given: list[PageMessage] = []

    async def send(self, page: PageMessage) -> str | None:
        self.given.append(page)
        return None


async def letters(wing: Wing) -> list[PageMessage]:
    """The codes that were sent by now."""
    box = Letterbox()
    await sending.turn(wing.db, wing.prison_id, box)
    return box.given


async def code(wing: Wing) -> str:
    return (await letters(wing))[-1].text.split(": ")[1][:6]


async def tries(caller: Caller, made: Any, code: str, expect: int = 200) -> Any:
    return await caller.post(f"addresses/{made['id']}/verification", {"code": code}, expect)


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_an_address_is_proven_by_the_code_that_comes_to_it(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    assert made["verified_at"] is None
    [letter] = await letters(wing)
    assert letter.to == MAIL["value"]
    assert letter.subject == f"{wing.prison_id}: your code"
    given = letter.text.split(": ")[1][:6]
    assert (await tries(wing.clinician, made, given))["verified_at"]
    assert (await tries(wing.clinician, made, another(given)))["verified_at"], "once is enough"
    assert await letters(wing) == []


async def test_a_code_is_in_no_answer_and_in_no_row(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    given = await code(wing)
    assert given not in str(made)
    async with wing.db.write(wing.prison_id) as session:
        for table in ("address", "delivery", "outbox", "history"):
            sql = f"SELECT * FROM {table} WHERE prison_id = :prison"
            rows = (await session.execute(text(sql), {"prison": wing.prison_id})).mappings()
            said = " ".join(str(v) for row in rows for v in row.values() if isinstance(v, str))
            assert given not in said


async def test_wrong_codes_are_counted_and_then_none_counts(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    given = await code(wing)
    for left in reversed(range(CODE_TRIES)):
        told = await tries(wing.clinician, made, another(given))
        assert (told["verified_at"], told["tries_left"]) == (None, left)
    await tries(wing.clinician, made, given, 409)
    again = await wing.clinician.post(f"addresses/{made['id']}/code", None, 200)
    assert again["tries_left"] == CODE_TRIES
    fresh = await code(wing)
    assert (await tries(wing.clinician, made, fresh))["verified_at"]


async def test_an_old_code_counts_no_more_nor_one_before_the_last(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    first = await code(wing)
    await wing.clinician.post(f"addresses/{made['id']}/code", None, 200)
    second = await code(wing)
    if first != second:
        assert (await tries(wing.clinician, made, first))["verified_at"] is None
    clock.forward(minutes=31)
    await tries(wing.clinician, made, second, 409)


async def test_codes_and_addresses_are_not_sent_without_end(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    for _ in range(MOST_CODES - 1):
        await wing.clinician.post(f"addresses/{made['id']}/code", None, 200)
    await wing.clinician.post(f"addresses/{made['id']}/code", None, 409)
    for number in range(MOST_ADDRESSES - 1):
        await wing.clinician.post("addresses", {**MAIL, "value": f"n{number}@prison.example"})
    one_more = {**MAIL, "value": "more@prison.example"}
    await wing.clinician.post("addresses", one_more, 409)
    for number in range(MOST_IN_A_DAY - MOST_ADDRESSES):
        items = (await wing.clinician.get("addresses?ended=false"))["items"]
        await wing.clinician.post(f"addresses/{items[0]['id']}/end", None, 200)
        await wing.clinician.post("addresses", {**MAIL, "value": f"m{number}@prison.example"})
    items = (await wing.clinician.get("addresses?ended=false"))["items"]
    await wing.clinician.post(f"addresses/{items[0]['id']}/end", None, 200)
    await wing.clinician.post("addresses", one_more, 409)
    clock.forward(hours=25)
    await wing.clinician.post("addresses", one_more)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "07700 900123"),
        ("email", "n.mockham"),
        ("email", "n.mockham@prison.example, else@prison.example"),
        ("sms", "n.mockham@prison.example"),
        ("sms", "999"),
        ("sms", "ext. 2231"),
    ],
)
async def test_what_is_no_address_is_refused_by_its_field(
    wing: Wing, kind: str, value: str
) -> None:
    answer = await wing.clinician.request("POST", "addresses", json={"kind": kind, "value": value})
    assert problem(answer, 422, "invalid")["errors"][0]["field"] == "value"


async def test_the_nought_that_is_dialled_at_home_alone_is_no_part_of_a_number(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", {"kind": "sms", "value": "+44 (0)7700 900123"})
    assert made["value"] == "+447700900123"


async def test_a_number_is_kept_as_digits_and_the_same_twice_is_one(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", {"kind": "sms", "value": "+44 (7700) 900-123"})
    assert made["value"] == "+447700900123"
    answer = await wing.clinician.request(
        "POST", "addresses", json={"kind": "sms", "value": "+447700900123"}
    )
    problem(answer, 409, "already_exists")
    await wing.nurse.post("addresses", {"kind": "sms", "value": "+447700900123"})


async def test_governors_see_who_can_be_reached_and_not_where(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    own = await wing.governor.post("addresses", {**MAIL, "value": "g@prison.example"})
    listed = await wing.governor.get(f"addresses?staff_id={wing.clinician.staff_id}")
    assert [each["id"] for each in listed["items"]] == [made["id"]]
    assert "value" not in listed["items"][0]
    assert "value" not in await wing.governor.get(f"addresses/{made['id']}")
    assert (await wing.governor.get(f"addresses/{own['id']}"))["value"] == "g@prison.example"
    for path, body in (("code", None), ("verification", {"code": "123456"})):
        await wing.governor.post(f"addresses/{made['id']}/{path}", body, 403)
    await wing.governor.patch(f"addresses/{made['id']}", {"ordinary": False}, 403)
    ended = await wing.governor.post(f"addresses/{made['id']}/end", None, 200)
    assert ended["ended_at"]
    assert "value" not in ended
    await wing.clinician.post(f"addresses/{made['id']}/code", None, 409)


async def test_nobody_else_finds_it(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    assert (await wing.nurse.get("addresses"))["items"] == []
    await wing.nurse.get(f"addresses/{made['id']}", 404)
    await wing.nurse.post(f"addresses/{made['id']}/end", None, 404)
    mentor = await wing.active_mentor()
    await mentor.get("addresses", 403)
    await mentor.post("addresses", MAIL, 403)


async def test_wishes_are_kept_and_half_a_day_is_refused(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    day = {"ordinary_from": "21:00:00", "ordinary_until": "07:00:00", "safety": False}
    told = await wing.clinician.patch(f"addresses/{made['id']}", day)
    assert {name: told[name] for name in day} == day
    for wrong in (
        {"ordinary_from": "09:00:00"},
        {"ordinary_from": "09:00:00", "ordinary_until": None},
        {"ordinary_from": "09:00:00", "ordinary_until": "09:00:00"},
        {"ordinary_from": "09:00:00+01:00", "ordinary_until": "17:00:00+01:00"},
        {"ordinary": None},
        {"value": "else@prison.example"},
    ):
        await wing.clinician.patch(f"addresses/{made['id']}", wrong, 422)
    told = await wing.clinician.patch(
        f"addresses/{made['id']}", {"ordinary_from": None, "ordinary_until": None}
    )
    assert told["ordinary_from"] is None


async def test_addresses_end_with_the_post(wing: Wing) -> None:
    leaving = await wing.hires(StaffRole.nurse)
    made = await leaving.post("addresses", MAIL)
    await wing.governor.patch(f"staff/{leaving.staff_id}", {"active": False})
    assert (await wing.governor.get(f"addresses/{made['id']}"))["ended_at"]


async def test_a_code_that_cannot_be_delivered_hastens_nothing(wing: Wing) -> None:
    await wing.clinician.post("addresses", MAIL)
    began = clock.now()

    class Down(Letterbox):
        async def send(self, page: PageMessage) -> str | None:
            raise OSError("down")

    assert await sending.turn(wing.db, wing.prison_id, Down()) == 1
    assert clock.now() - began < timedelta(minutes=1)


async def test_what_an_address_was_is_forgotten_after_its_end(wing: Wing) -> None:
    made = await wing.clinician.post("addresses", MAIL)
    await wing.clinician.post(f"addresses/{made['id']}/end", None, 200)
    for days, value in ((89, MAIL["value"]), (91, EXPIRED)):
        async with wing.db.write(wing.prison_id) as session:
            await retention.tidy(session, wing.prison_id, clock.now() + timedelta(days=days))
        assert (await wing.clinician.get(f"addresses/{made['id']}"))["value"] == value
