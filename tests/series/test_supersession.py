"""Which meetings a change takes the place of: tables, and whatever comes in whatever order."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.series import ChangeScope
from app.models.sessions import SessionStatus
from app.services.series.expansion import instants
from app.services.series.supersession import Change, Meeting, Step, out_of_order, steps
from app.services.working_days import LONDON

S = SessionStatus
FIRST = date(2026, 10, 13)  # Tuesdays; the clocks go back before the third
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def meeting(number: int, status: SessionStatus = S.planned) -> Meeting:
    day = FIRST + timedelta(weeks=number - 1)
    return Meeting(number, day, *instants(day, time(14), 60, LONDON), status)


FOUR = [meeting(number) for number in range(1, 5)]


def numbers(change: Change, meetings: list[Meeting] = FOUR, now: datetime = NOW) -> list[int]:
    return [step.number for step in steps(meetings, change, now, LONDON)]


@pytest.mark.parametrize(
    ("scope", "number", "expected"),
    [
        (ChangeScope.this, 2, [2]),
        (ChangeScope.this, 9, []),
        (ChangeScope.following, 3, [3, 4]),
        (ChangeScope.following, 1, [1, 2, 3, 4]),
        (ChangeScope.following, 5, []),
        (ChangeScope.all, 1, [1, 2, 3, 4]),
    ],
)
def test_one_this_and_following_or_all(
    scope: ChangeScope, number: int, expected: list[int]
) -> None:
    assert numbers(Change(scope, number, elsewise=True)) == expected


@pytest.mark.parametrize("status", [S.held, S.noted, S.locked, S.cancelled])
def test_what_was_is_never_touched(status: SessionStatus) -> None:
    meetings = [FOUR[0], meeting(2, status), *FOUR[2:]]
    assert numbers(Change(ChangeScope.all, minutes=90), meetings) == [1, 3, 4]
    assert numbers(Change(ChangeScope.this, 2, minutes=90), meetings) == []


@pytest.mark.parametrize(("minutes", "expected"), [(-1, [2, 3, 4]), (0, [3, 4]), (1, [3, 4])])
def test_nor_what_has_begun_though_nobody_has_said_so(minutes: int, expected: list[int]) -> None:
    now = FOUR[1].starts_at + timedelta(minutes=minutes)
    found = numbers(Change(ChangeScope.all, minutes=90), FOUR, now)
    assert found == expected


def test_a_change_that_changes_nothing_supersedes_nothing() -> None:
    assert numbers(Change(ChangeScope.all, starts=time(14), minutes=60)) == []


def test_two_oclock_stays_two_oclock_over_the_change_of_the_clocks() -> None:
    found = steps(FOUR, Change(ChangeScope.all, days_later=1), NOW, LONDON)
    assert [each.starts_at.hour for each in found] == [13, 13, 14, 14]
    assert {each.starts_at.astimezone(LONDON).time() for each in found} == {time(14)}
    assert [each.day - one.day for each, one in zip(found, FOUR, strict=True)] == [
        timedelta(days=1)
    ] * 4


def test_what_the_change_does_not_name_stays_as_it_is_with_each() -> None:
    longer = replace(FOUR[1], ends_at=FOUR[1].starts_at + timedelta(minutes=100))
    found = steps([FOUR[0], longer], Change(ChangeScope.all, starts=time(10)), NOW, LONDON)
    assert [(each.ends_at - each.starts_at).seconds // 60 for each in found] == [60, 100]


@pytest.mark.parametrize(
    ("scope", "number", "days", "late"),
    [
        (ChangeScope.this, 2, 6, None),
        (ChangeScope.this, 2, 7, 3),
        (ChangeScope.this, 3, -8, 3),
        (ChangeScope.this, 4, 27, None),
        (ChangeScope.following, 2, -8, 2),
        (ChangeScope.all, 1, 20, None),
    ],
)
def test_a_course_keeps_its_order(
    scope: ChangeScope, number: int, days: int, late: int | None
) -> None:
    found = steps(FOUR, Change(scope, number, days_later=days), NOW, LONDON)
    assert out_of_order(FOUR, {each.number: each for each in found}) == late


def test_a_meeting_that_was_called_off_is_in_nobodys_way() -> None:
    meetings = [FOUR[0], FOUR[1], meeting(3, S.cancelled), FOUR[3]]
    change = Change(ChangeScope.this, 2, days_later=8)
    found = steps(meetings, change, NOW, LONDON)
    assert out_of_order(meetings, {each.number: each for each in found}) is None


changes = st.builds(
    Change,
    scope=st.sampled_from(list(ChangeScope)),
    number=st.integers(1, 9),
    days_later=st.integers(-27, 27),
    starts=st.none() | st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    minutes=st.none() | st.integers(10, 720),
    elsewise=st.booleans(),
)
acts = st.lists(st.tuples(changes, st.integers(0, 200), st.sampled_from(list(S))), max_size=12)


@given(acts)
def test_whatever_is_changed_attendance_is_never_lost_and_no_meeting_is_doubled(
    done: list[tuple[Change, int, SessionStatus]],
) -> None:
    """Changes, with hours that pass and meetings that are held or called off in between."""
    now, standing = NOW, {each.number: each for each in FOUR}
    superseded: list[Meeting] = []
    for change, hours, becomes in done:
        found = steps(standing.values(), change, now, LONDON)
        assert len({each.number for each in found}) == len(found)
        for step in found:
            old = standing[step.number]
            assert old.status in {S.planned, S.confirmed}
            assert old.starts_at > now
            superseded.append(old)
            standing[step.number] = _new(step)
        now += timedelta(hours=hours)
        for number, each in standing.items():
            if each.starts_at <= now and each.status is S.planned:
                standing[number] = replace(each, status=becomes)
        assert sorted(standing) == [1, 2, 3, 4]
    assert all(each.status is not S.held for each in superseded)


def _new(step: Step) -> Meeting:
    return Meeting(step.number, step.day, step.starts_at, step.ends_at, S.planned)


# -- how many weeks apart


def on_days(change: Change, meetings: list[Meeting] = FOUR) -> dict[int, int]:
    """By number, how many days after the first day of all."""
    return {step.number: (step.day - FIRST).days for step in steps(meetings, change, NOW, LONDON)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(ChangeScope.all, every_weeks=2), {2: 14, 3: 28, 4: 42}),
        (Change(ChangeScope.following, 3, every_weeks=2), {4: 28}),
        (Change(ChangeScope.following, 2, days_later=1, every_weeks=2), {2: 8, 3: 22, 4: 36}),
        (Change(ChangeScope.all, every_weeks=1), {}),
    ],
)
def test_they_are_so_many_weeks_from_the_first_that_is_changed(
    change: Change, expected: dict[int, int]
) -> None:
    assert on_days(replace(change, skip_bank_holidays=False)) == expected


def test_one_that_was_called_off_in_between_keeps_its_week_free() -> None:
    meetings = [FOUR[0], meeting(2, S.cancelled), *FOUR[2:]]
    change = Change(ChangeScope.all, every_weeks=3, skip_bank_holidays=False)
    assert on_days(change, meetings) == {3: 42, 4: 63}


def test_a_bank_holiday_on_the_way_is_skipped() -> None:
    friday = date(2026, 12, 18)  # Christmas and New Year's Day follow a week and two later
    meetings = [
        Meeting(number, day, *instants(day, time(14), 60, LONDON), S.planned)
        for number, day in enumerate((friday, date(2027, 1, 8), date(2027, 1, 15)), 1)
    ]
    change = Change(ChangeScope.all, every_weeks=2)
    found = {step.number: step.day for step in steps(meetings, change, NOW, LONDON)}
    assert found == {2: date(2027, 1, 15), 3: date(2027, 1, 29)}


@given(every=st.integers(1, 8), first=st.integers(1, 4), away=st.integers(-6, 27))
def test_they_stay_in_their_order_and_so_many_weeks_apart(
    every: int, first: int, away: int
) -> None:
    change = Change(ChangeScope.following, first, away, every_weeks=every, skip_bank_holidays=False)
    now = {each.number: (each.day - FIRST).days for each in FOUR} | on_days(change)
    days = [now[number] for number in range(first, 5)]
    gaps = [later - one for one, later in pairwise(days)]
    assert gaps == [7 * every] * (4 - first)
