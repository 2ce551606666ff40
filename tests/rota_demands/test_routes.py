"""The rota's demand over HTTP, and what it comes to on the days of a year."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from app.models.availabilities import Availability, AvailabilityKind
from app.models.rota_demands import RotaDay, RotaDemand, RotaRole
from app.services.rota.expanding import free_of, needs_of, wishes_of
from app.services.rota.problem import Need, between, overlap
from app.services.working_days import LONDON, at_wall
from tests.story import Wing

NIGHT = {
    "day": "friday",
    "from_time": "20:00:00",
    "to_time": "08:00:00",
    "role": "mentor_on_call",
    "needed": 1,
    "valid_from": "2026-11-30",
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


async def test_support_workers_say_what_is_needed_and_those_who_run_the_scheme_read(
    wing: Wing,
) -> None:
    made = await wing.support_worker.post("rota-demands", NIGHT)
    assert {name: made[name] for name in NIGHT} == NIGHT
    for reader in (wing.clinician, wing.governor):
        assert (await reader.get(f"rota-demands/{made['id']}")) == made
        assert (await reader.get("rota-demands?day=friday"))["items"] == [made]
        await reader.post("rota-demands", NIGHT, 403)
    mentor = await wing.active_mentor()
    for caller in (mentor, wing.officer):
        await caller.get("rota-demands", 403)


async def test_demand_ends_on_a_day_and_not_before_it_begins(wing: Wing) -> None:
    made = await wing.support_worker.post("rota-demands", NIGHT)
    path = f"rota-demands/{made['id']}"
    refused = await wing.support_worker.patch(path, {"valid_to": "2026-11-29"}, 422)
    assert refused["errors"][0]["field"] == "valid_to"
    await wing.support_worker.patch(path, {"valid_to": "2026-12-01"}, 428, headers={})
    ended = await wing.support_worker.patch(path, {"valid_to": "2026-12-01"})
    assert ended["valid_to"] == "2026-12-01"


def demand(day: RotaDay, start: int, end: int, **more: Any) -> RotaDemand:
    return RotaDemand(
        prison_id="SLI",
        day=day,
        from_time=time(start),
        to_time=time(end),
        recorded_by=uuid4(),
        **{
            "role": RotaRole.mentor_on_call,
            "needed": 1,
            "valid_from": date(2020, 1, 1),
            **more,
        },
    )


def on(day: date, *demands: RotaDemand, days: int = 1) -> list[Need]:
    return needs_of(demands, day, day + timedelta(days=days - 1), LONG_AGO, LONDON)


@pytest.mark.parametrize(("sunday", "hours"), [(SPRING, 11), (AUTUMN, 13)])
def test_a_night_on_which_the_clocks_change_is_one_block_as_long_as_it_is(
    sunday: date, hours: int
) -> None:
    [need] = on(sunday - timedelta(days=1), demand(RotaDay.saturday, 20, 8))
    assert need.ends_at - need.starts_at == timedelta(hours=hours)
    assert need.day == sunday - timedelta(days=1)


def test_a_bank_holiday_is_one_where_the_prison_says_what_it_needs_then() -> None:
    christmas = date(2026, 12, 25)  # a Friday
    friday = demand(RotaDay.friday, 8, 12)
    assert [each.needed for each in on(christmas, friday)] == [1]
    holiday = demand(RotaDay.bank_holiday, 8, 12, needed=3)
    assert [each.needed for each in on(christmas, friday, holiday)] == [3]
    assert [each.needed for each in on(date(2026, 12, 18), friday, holiday)] == [1]


def test_what_stands_for_one_hour_adds_up_also_past_midnight() -> None:
    monday = date(2026, 11, 30)
    night, early = demand(RotaDay.monday, 20, 8), demand(RotaDay.tuesday, 6, 10)
    found = [
        (each.starts_at.hour, each.ends_at.hour, each.needed, each.day.day)
        for each in on(monday, night, early, days=2)
    ]
    assert found == [(20, 6, 1, 30), (6, 8, 2, 30), (8, 10, 1, 1)]


def test_a_block_longer_than_one_serves_is_cut_and_demand_stands_only_for_its_days() -> None:
    monday = date(2026, 11, 30)
    whole = demand(RotaDay.monday, 0, 0, valid_to=monday)
    found = on(monday, whole)
    assert [between(each.starts_at, each.ends_at) for each in found] == [720, 720]
    assert on(monday + timedelta(days=7), whole) == []
    assert on(monday - timedelta(days=7), demand(RotaDay.monday, 8, 9, valid_from=monday)) == []


def test_of_what_has_begun_only_the_rest_is_needed() -> None:
    monday = date(2026, 11, 30)
    since = at_wall(monday, time(9), LONDON)
    [need] = needs_of([demand(RotaDay.monday, 8, 12)], monday, monday, since, LONDON)
    assert (need.starts_at, need.ends_at) == (since, at_wall(monday, time(12), LONDON))
    assert needs_of([demand(RotaDay.monday, 7, 9)], monday, monday, since, LONDON) == []


@pytest.mark.parametrize("sunday", [SPRING, AUTUMN])
def test_blocks_of_one_role_never_overlap(sunday: date) -> None:
    every = [demand(each, start, end) for each in RotaDay for start, end in ((20, 8), (7, 21))]
    found = on(sunday - timedelta(days=7), *every, days=14)
    assert not any(
        overlap((one.starts_at, one.ends_at), (other.starts_at, other.ends_at))
        for one, other in pairwise(sorted(found, key=lambda each: each.starts_at))
    )


def said(kind: AvailabilityKind, start: int, end: int, **when: Any) -> Availability:
    return Availability(
        prison_id="SLI",
        mentor_id=uuid4(),
        kind=kind,
        from_time=time(start),
        to_time=time(end),
        **when,
    )


def test_without_a_weekly_window_a_mentor_can_serve_at_any_time_but_when_away() -> None:
    monday, K = date(2026, 11, 30), AvailabilityKind
    assert len(free_of([], monday, monday, LONDON)) == 1
    away = said(K.away, 8, 12, on_day=monday)
    before, after = free_of([away], monday, monday, LONDON)
    assert (before[1], after[0]) == tuple(at_wall(monday, time(h), LONDON) for h in (8, 12))


def test_with_weekly_windows_a_mentor_serves_in_them_and_on_added_days() -> None:
    monday, K = date(2026, 11, 30), AvailabilityKind
    window = said(K.available, 20, 8, weekday=7)
    added = said(K.available, 12, 14, on_day=monday)
    found = free_of([window, added], monday, monday, LONDON)
    assert found == [
        (at_wall(monday - timedelta(days=1), time(20), LONDON), at_wall(monday, time(8), LONDON)),
        (at_wall(monday, time(12), LONDON), at_wall(monday, time(14), LONDON)),
    ]
    assert wishes_of([window, said(K.prefers, 8, 9, weekday=1)], monday, monday, LONDON) != []
    assert wishes_of([window], monday, monday, LONDON) == []
