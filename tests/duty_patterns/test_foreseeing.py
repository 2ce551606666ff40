"""Further ahead than duties are made: what patterns will make is known there too."""

from datetime import datetime, time, timedelta
from typing import Any

from app import clock
from app.services.working_days import local_date
from tests.duty_patterns.test_routes import EVERY_DAY, LONDON, duties_of, pattern, today
from tests.escalation_policies.policies import policy, puts_in_force
from tests.escalation_policies.test_simulation import simulates
from tests.story import Wing


def at(days: int, hour: int) -> datetime:
    """An hour by the wall on a day to come."""
    day = local_date(clock.now(), LONDON) + timedelta(days=days)
    return datetime.combine(day, time(hour), LONDON)


async def gaps(wing: Wing, first: datetime, last: datetime) -> list[tuple[str, str | None]]:
    period = {"from": clock.spell(first), "to": clock.spell(last)}
    found = (await wing.officer.get("duties/gaps", params=period))["items"]
    clinicians = [each for each in found if each["post"] == "clinician"]
    walls = [datetime.fromisoformat(each["starts_at"]).astimezone(LONDON) for each in clinicians]
    return [
        (f"{wall:%a %H:%M}", each["after_duty_id"])
        for wall, each in zip(walls, clinicians, strict=True)
    ]


async def test_no_gap_is_named_that_a_pattern_will_fill(wing: Wing) -> None:
    made = await wing.governor.post("duty-patterns", pattern(wing.nurse))
    day = pattern(wing.clinician, from_time="08:00:00", to_time="20:00:00", weekdays=EVERY_DAY[:6])
    await wing.governor.post("duty-patterns", day)
    for begins in (180, 300, 900):
        found = await gaps(wing, at(begins, 1), at(begins + 14, 1))
        assert [wall for wall, _ in found] == ["Sun 08:00"] * 2, begins
    assert {duty for _, duty in found} == {None}, "what is before it is no duty yet"
    assert max(each["starts_at"] for each in await duties_of(wing, made)) < clock.spell(at(183, 12))


async def test_what_ends_or_is_of_who_has_left_fills_nothing(wing: Wing) -> None:
    made = await wing.governor.post("duty-patterns", pattern(wing.nurse, last_day=today(190)))
    assert len(await gaps(wing, at(188, 20), at(191, 8))) == 2
    assert len(await gaps(wing, at(191, 8), at(193, 8))) == 1
    night = (at(188, 20), at(189, 8))
    assert await gaps(wing, *night) == []
    await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"active": False})
    assert len(await gaps(wing, *night)) == 1
    await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"active": True})
    await wing.governor.post(f"duty-patterns/{made['id']}/end", {}, 200)
    assert len(await gaps(wing, *night)) == 1


async def test_a_simulation_knows_who_will_be_on_duty(wing: Wing) -> None:
    for who, post in ((wing.nurse, "clinician"), (wing.governor, "duty_governor")):
        body = pattern(who, post=post, from_time="00:00:00", to_time="00:00:00")
        await wing.governor.post("duty-patterns", body)
    made = await puts_in_force(wing, policy())
    told: Any = await simulates(wing, made["id"], at=clock.spell(at(400, 2)), immediacy="now")
    paged = {page["staff_id"] for step in told["steps"] for page in step["pages"]}
    assert {str(wing.nurse.staff_id), str(wing.governor.staff_id)} <= paged
