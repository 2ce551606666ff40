"""A task's ladder, as pure decisions: whom to tell that it is not done, and when. It never ends."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.models.notifications import PageWhy


class Reach(StrEnum):
    """Whom a rung pages."""

    whose = "whose"
    duty_governor = "duty_governor"
    last_resort = "last_resort"
    last_resort_outside = "last_resort_outside"


@dataclass(frozen=True, slots=True)
class Rung:
    """Page these; if the task is not done then, take the next rung."""

    reaches: tuple[Reach, ...]
    pause: timedelta


_FOUR_HOURS, _A_DAY = timedelta(hours=4), timedelta(hours=24)
LADDER = (
    Rung((Reach.whose,), _FOUR_HOURS),  # the reminder: what follows comes when it is due
    Rung((Reach.whose,), _FOUR_HOURS),
    Rung((Reach.duty_governor,), _FOUR_HOURS),
    Rung((Reach.last_resort,), _FOUR_HOURS),
    Rung((Reach.last_resort_outside,), _A_DAY),
    Rung(tuple(Reach), _A_DAY),
)
LAST = len(LADDER) - 1
TIME_FOR_A_REMINDER = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class TaskState:
    """All that the decision needs of a task. `step` is the rung to take at `next_step_at`."""

    due_at: datetime
    next_step_at: datetime | None
    step: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What must be done now: page `reaches`; then store `new_step` and `next_step_at`.

    `passed_over`: how many rungs before it had no one to page.
    """

    reaches: tuple[Reach, ...]
    why: PageWhy
    step: int
    passed_over: int
    new_step: int
    next_step_at: datetime


def first_step(opened_at: datetime, due_at: datetime) -> datetime:
    """When someone is first told: after two thirds of the time, or at once where it is short."""
    given = due_at - opened_at
    return opened_at + given * 2 / 3 if given >= TIME_FOR_A_REMINDER else opened_at


def next_step(task: TaskState, now: datetime, empty: Collection[Reach] = ()) -> Step | None:
    """The step due now; None if none is due or the task is finished (`next_step_at` is None).

    One step however late; the next is always in the future. A rung that reaches nobody (`empty`)
    is passed over at once; the last one never is.
    """
    if task.next_step_at is None or now < task.next_step_at:
        return None
    early = now < task.due_at
    index = first = 0 if early else min(max(task.step, 1), LAST)
    while index < LAST and set(LADDER[index].reaches) <= set(empty):
        index += 1
    rung = LADDER[index]
    if early:
        return Step(rung.reaches, PageWhy.task_due_soon, index, index - first, 1, task.due_at)
    following, at = min(index + 1, LAST), now + rung.pause
    return Step(rung.reaches, PageWhy.task_overdue, index, index - first, following, at)
