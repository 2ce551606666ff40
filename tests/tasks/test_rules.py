"""The ladder of a task, as pure decisions."""

from datetime import UTC, datetime, timedelta

import pytest

from app.models.notifications import PageWhy
from app.models.tasks import TaskKind
from app.services.tasks.ladder import (
    BY_DAY,
    OF_SAFETY,
    SAFETY,
    Reach,
    TaskState,
    first_step,
    ladder_of,
    next_step,
)

OPENED = datetime(2026, 11, 23, 9, tzinfo=UTC)
DUE = OPENED + timedelta(hours=72)
R = Reach
LADDER, LAST = SAFETY.rungs, SAFETY.stays


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("given", "told_after"),
    [(72, 48), (24, 16), (3, 2), (2.9, 0), (1, 0), (0.25, 0)],
)
def test_a_reminder_comes_after_two_thirds_of_the_time_or_at_once_where_it_is_short(
    given: float, told_after: float
) -> None:
    assert first_step(OPENED, OPENED + hours(given)) == OPENED + hours(told_after)


# Step stored, hours since it was opened → rung taken, whom it reaches, step to store, hours until.
TABLE = [
    (0, 48, 0, (R.whose,), 1, 24),
    (1, 72, 1, (R.whose,), 2, 4),
    (2, 76, 2, (R.duty_governor,), 3, 4),
    (3, 80, 3, (R.last_resort,), 4, 4),
    (4, 84, 4, (R.last_resort_outside,), 5, 24),
    (5, 108, 5, tuple(R), 5, 24),
    (5, 10_000, 5, tuple(R), 5, 24),
    (0, 72, 1, (R.whose,), 2, 4),  # nobody swept while it could still be a reminder
    (0, 500, 1, (R.whose,), 2, 4),
    (3, 60, 0, (R.whose,), 1, 12),  # not due yet: a reminder, whatever was stored
]


@pytest.mark.parametrize(("stored", "at", "rung", "reaches", "following", "pause"), TABLE)
def test_the_ladder_climbs_rung_by_rung_and_goes_on_for_ever(
    stored: int, at: float, rung: int, reaches: tuple[Reach, ...], following: int, pause: float
) -> None:
    now = OPENED + hours(at)
    step = next_step(TaskState(DUE, now, stored), now)
    assert step is not None
    assert (step.step, step.reaches, step.new_step) == (rung, reaches, following)
    assert step.next_step_at == now + hours(pause)
    assert step.why is (PageWhy.task_due_soon if now < DUE else PageWhy.task_overdue)


@pytest.mark.parametrize(
    ("empty", "rung", "passed_over"),
    [
        ([], 1, 0),
        ([R.whose], 2, 1),
        ([R.whose, R.duty_governor], 3, 2),
        ([R.whose, R.duty_governor, R.last_resort], 4, 3),
        (list(R), LAST, 4),
    ],
)
def test_a_rung_that_reaches_nobody_is_passed_over_at_once(
    empty: list[Reach], rung: int, passed_over: int
) -> None:
    step = next_step(TaskState(DUE, DUE, 1), DUE, empty)
    assert step is not None
    assert (step.step, step.passed_over) == (rung, passed_over)


def test_a_reminder_that_reaches_nobody_goes_to_the_next_and_it_still_falls_due() -> None:
    now = OPENED + hours(48)
    step = next_step(TaskState(DUE, now, 0), now, [R.whose])
    assert step is not None
    assert step.reaches == (R.duty_governor,)
    assert (step.new_step, step.next_step_at) == (1, DUE)


@pytest.mark.parametrize("due", [None, DUE + timedelta(seconds=1)])
def test_a_finished_task_and_one_not_due_have_no_step(due: datetime | None) -> None:
    assert next_step(TaskState(DUE, due), DUE) is None


def test_the_next_step_is_always_in_the_future_however_late_the_sweep() -> None:
    for stored in range(len(LADDER) + 1):
        for late in (0, 1, 5, 25, 1000):
            now = DUE + hours(late)
            step = next_step(TaskState(DUE, DUE, stored), now)
            assert step is not None
            assert step.next_step_at > now


def test_the_last_rung_reaches_everyone_there_is() -> None:
    assert set(LADDER[LAST].reaches) == set(Reach)


# By day ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TaskKind))
def test_what_touches_safety_climbs_day_and_night_and_so_does_whatever_is_due_within_a_day(
    kind: TaskKind,
) -> None:
    assert (ladder_of(kind, OPENED, DUE) is SAFETY) is (kind in OF_SAFETY)
    assert ladder_of(kind, OPENED, OPENED + hours(24)) is SAFETY


@pytest.mark.parametrize(
    ("opened", "due", "told"),
    [
        ("2026-11-23T09:00", "2026-11-26T09:00", "2026-11-25T09:00"),
        ("2026-11-23T18:00", "2026-11-26T18:00", "2026-11-26T09:00"),
        ("2026-11-23T03:00", "2026-11-26T03:00", "2026-11-25T09:00"),
        ("2026-03-27T20:00", "2026-03-30T20:00", "2026-03-30T08:00"),  # 9 o'clock in summer
        ("2026-10-23T19:00", "2026-10-26T19:00", "2026-10-26T09:00"),  # and in winter again
    ],
)
def test_what_the_scheme_is_run_with_is_told_by_day(opened: str, due: str, told: str) -> None:
    at, by, then = (datetime.fromisoformat(f"{each}+00:00") for each in (opened, due, told))
    assert first_step(at, by, BY_DAY) == then


def test_it_goes_to_whose_it_is_and_then_to_the_governor_week_by_week_for_ever() -> None:
    told, at, stored = [], DUE, 1
    for _ in range(6):
        step = next_step(TaskState(DUE, at, stored, BY_DAY), at)
        assert step is not None
        told.append((step.reaches, step.next_step_at - at))
        stored, at = step.new_step, step.next_step_at
    assert told == [
        ((R.whose,), hours(24)),
        ((R.whose,), hours(48)),
        *[((R.whose, R.duty_governor), hours(7 * 24))] * 4,
    ]


def test_where_it_reaches_nobody_it_reaches_everyone_there_is() -> None:
    step = next_step(TaskState(DUE, DUE, 3, BY_DAY), DUE, [R.whose, R.duty_governor])
    assert step is not None
    assert (set(step.reaches), step.new_step) == (set(R), 3)
