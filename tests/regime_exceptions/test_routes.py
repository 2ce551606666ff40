"""Dates on which the prison's day is another: set, replaced, withdrawn; and what comes of them."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.services import regimes
from app.services.working_days import at_wall, local_date
from tests.sessions.scene import a_scene
from tests.story import Wing

LONDON = ZoneInfo("Europe/London")
PATH = "regime-exceptions"
AM = {"slot": "AM", "starts": "09:00:00", "ends": "11:30:00"}
PM = {"slot": "PM", "starts": "13:45:00", "ends": "16:30:00"}
USUAL = {"lock_up": "19:30:00", "slots": [AM, PM]}


def in_days(number: int) -> date:
    return local_date(clock.now()) + timedelta(days=number)


def on(day: date, hour: int, minute: int = 0) -> datetime:
    return at_wall(day, time(hour, minute), LONDON)


async def every_day(wing: Wing) -> None:
    for weekday in range(1, 8):
        await wing.support_worker.put(f"regimes/{weekday}", USUAL, 201, headers={})


async def unlike(wing: Wing, day: date, expect: int = 201, **fields: Any) -> Any:
    body = {"on_date": str(day), "reason": "staff_training", "lock_up": None, "slots": [], **fields}
    return await wing.governor.post(PATH, body, expect)


async def days(wing: Wing, first: date, last: date) -> Any:
    query = f"regimes/days?from={first}&to={last}"
    return (await wing.support_worker.get(query))["items"]


@pytest.mark.parametrize("who", ["support_worker", "governor"])
async def test_an_exception_is_set_replaced_and_withdrawn(wing: Wing, who: str) -> None:
    caller = getattr(wing, who)
    await every_day(wing)
    day = in_days(2)
    body = {"on_date": str(day), "lock_up": "12:00:00", "slots": [AM], "reason": "maintenance"}
    made = await caller.post(PATH, body)
    path = f"{PATH}/{made['id']}"
    [found] = await days(wing, day, day)
    assert (found["source"], found["exception_id"]) == ("exception", made["id"])
    assert found["lock_up_at"] == clock.spell(on(day, 12))
    assert [slot["slot"] for slot in found["slots"]] == ["AM"]
    none = {"lock_up": None, "slots": [], "reason": "searching"}
    await caller.put(path, none, 428, headers={})
    replaced = await caller.put(path, none)
    assert (replaced["lock_up"], replaced["slots"], replaced["version"]) == (None, [], 2)
    [found] = await days(wing, day, day)
    assert (found["source"], found["lock_up_at"], found["slots"]) == ("exception", None, [])
    await caller.post(f"{path}/withdrawal", None, 200)
    [found] = await days(wing, day, day)
    assert (found["source"], found["exception_id"]) == ("weekday", None)
    await caller.post(f"{path}/withdrawal", None, 409)
    await caller.put(path, none, 409)
    await caller.post(PATH, body)  # another one, now that it is withdrawn


async def test_a_date_has_one_exception_at_most(wing: Wing) -> None:
    day = in_days(2)
    await unlike(wing, day)
    assert (await unlike(wing, day, 409))["code"] == "already_exists"


async def test_everybody_reads_them_and_only_those_who_set_the_regime_set_them(wing: Wing) -> None:
    made = await unlike(wing, in_days(1))
    mentor = await wing.founder()
    for caller in (wing.clinician, wing.officer, wing.support_worker):
        assert (await caller.get(PATH))["items"] == [made]
        assert await caller.get(f"{PATH}/{made['id']}") == made
    own = await mentor.get(f"{PATH}/{made['id']}")
    assert own == {name: value for name, value in made.items() if name != "reason"}
    assert (await mentor.get(PATH))["items"] == [own]
    for caller in (mentor, wing.clinician, wing.officer, wing.support_worker):
        assert len((await caller.get(f"regimes/days?from={in_days(0)}"))["items"]) == 7
    body = {"on_date": str(in_days(3)), "lock_up": None, "slots": [], "reason": "other"}
    for caller in (mentor, wing.clinician, wing.officer):
        await caller.post(PATH, body, 403)
        await caller.put(f"{PATH}/{made['id']}", body, 403)
        await caller.post(f"{PATH}/{made['id']}/withdrawal", None, 403)
    assert (await mentor.get(f"{PATH}?from_date={in_days(2)}"))["items"] == []
    assert (await mentor.get(f"{PATH}?until_date={in_days(1)}&live=true"))["items"] == [own]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"slots": [AM]}, "slots"),
        ({"lock_up": "19:30:00", "slots": [AM, AM]}, "slots"),
        ({"lock_up": "19:30:00", "slots": [{**AM, "ends": "08:00:00"}]}, "slots"),
        ({"reason": "because"}, "reason"),
        ({"on_date": "2020-01-01"}, "on_date"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, fields: dict[str, Any], named: str) -> None:
    refused = await unlike(wing, in_days(1), 422, **fields)
    assert refused["errors"][0]["field"].startswith(named)


@pytest.mark.parametrize(
    ("first", "last"), [("2026-12-02", "2026-12-01"), ("2026-12-01", "2027-03-03")]
)
async def test_days_are_asked_for_in_order_and_92_at_a_time(
    wing: Wing, first: str, last: str
) -> None:
    refused = await wing.support_worker.get(f"regimes/days?from={first}&to={last}", expect=422)
    assert refused["errors"][0]["field"] == "to"


async def test_bank_holidays_have_one_regime_of_their_own(wing: Wing) -> None:
    await every_day(wing)
    christmas = date(2026, 12, 25)
    [found] = await days(wing, christmas, christmas)
    assert (found["source"], found["bank_holiday"]) == ("weekday", True)
    own = {"lock_up": "17:00:00", "slots": [AM]}
    made = await wing.governor.put("regimes/8", own, 201, headers={})
    assert made["weekday"] == 8
    [found] = await days(wing, christmas, christmas)
    assert (found["source"], len(found["slots"])) == ("bank_holiday", 1)
    await wing.governor.put("regimes/9", own, 404, headers={})


async def test_the_next_lock_up_is_that_of_the_day_as_it_comes_out(wing: Wing) -> None:
    await every_day(wing)
    day = in_days(3)

    async def after(instant: datetime) -> datetime | None:
        async with wing.db.write(wing.prison_id) as db:
            return await regimes.lock_up_after(db, wing.prison_id, instant)

    assert await after(on(day, 8)) == on(day, 19, 30)
    made = await unlike(wing, day, lock_up="15:00:00", slots=[AM])
    assert await after(on(day, 8)) == on(day, 15)
    assert await after(on(day, 15)) == on(in_days(4), 19, 30)
    await wing.governor.post(f"{PATH}/{made['id']}/withdrawal", None, 200)
    await unlike(wing, day)
    assert await after(on(day, 8)) == on(in_days(4), 19, 30)


async def test_what_is_outside_every_slot_of_its_day_is_not_planned(wing: Wing) -> None:
    scene = await a_scene(wing)
    day = in_days(5)

    def group(hour: int, minute: int = 0, **fields: Any) -> dict[str, Any]:
        known = {"kind": "group", "mentee_ids": scene.mentees, **fields}
        return scene.plan(on(day, hour, minute), **known)

    async def refused(body: dict[str, Any]) -> list[tuple[str, str]]:
        problem = await wing.support_worker.post("sessions", body, 409)
        return [(each["field"], each["code"]) for each in problem["errors"]]

    early = await wing.support_worker.post("sessions", group(3))  # no regime is set
    await wing.support_worker.move(f"sessions/{early['id']}", "cancelled", reason="other")
    await every_day(wing)
    outside = [("starts_at", "regime")]
    for hour, minute in ((3, 0), (8, 30), (11, 0), (12, 0)):
        assert await refused(group(hour, minute)) == outside
    booked = await wing.support_worker.post("sessions", group(9))
    await wing.support_worker.move(f"sessions/{booked['id']}", "cancelled", reason="other")
    for kind in ("one_to_one", "day_to_day"):  # mentors are reached at all times
        body = group(3, kind=kind, mentee_ids=scene.mentees[:1])
        made = await wing.support_worker.post("sessions", body)
        await wing.support_worker.move(f"sessions/{made['id']}", "cancelled", reason="other")
    own = await scene.mentor.post("sessions", group(3), 409)
    assert [each["kind"] for each in own["clashes"]] == ["unavailable"]
    await wing.governor.patch("", {"kinds_outside_regime": ["group"]})
    assert await refused(group(3, kind="one_to_one", mentee_ids=scene.mentees[:1])) == outside
    await wing.support_worker.post("sessions", group(3))
    await wing.governor.patch("", {"kinds_outside_regime": []})
    await unlike(wing, day)
    assert await refused(group(9)) == outside


async def test_what_happened_outside_the_regime_is_recorded_with_a_warning(wing: Wing) -> None:
    scene = await a_scene(wing)
    today = in_days(0)
    await unlike(wing, today)
    await unlike(wing, in_days(1))
    clock.forward(days=1)
    past = scene.plan(on(today, 12), kind="group", mentee_ids=scene.mentees)
    session = await wing.support_worker.post("sessions/held", past)
    assert [each["kind"] for each in session["warnings"]] == ["regime"]


@pytest.mark.parametrize("said", [["walks"], None])
async def test_only_kinds_of_session_are_let_out_of_the_regime(wing: Wing, said: Any) -> None:
    refused = await wing.governor.patch("", {"kinds_outside_regime": said}, 422)
    assert refused["errors"][0]["field"].startswith("kinds_outside_regime")
