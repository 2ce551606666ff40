"""A task's ladder, as pure decisions: whom to tell that it is not done, and when. It never ends.

There are two. What touches somebody's safety climbs day and night, to the last resort outside. What
the scheme is run with (a supervision, a refresher) is told by day, to whose it is and then to the
duty governor: a pager that rings at night for paper is one that nobody answers.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from app.models.notifications import PageWhy
from app.models.tasks import TaskKind
from app.services.working_days import LONDON, Zone, at_wall, local_date, utc


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


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs in order. It goes on for ever on rung `stays`; those after it are taken only where the
    ones before reach nobody."""

    rungs: tuple[Rung, ...]
    stays: int


_FOUR_HOURS, _A_DAY, _A_WEEK = timedelta(hours=4), timedelta(hours=24), timedelta(days=7)
_EVERYONE = tuple(Reach)
SAFETY = Ladder(
    (
        Rung((Reach.whose,), _FOUR_HOURS),  # the reminder: what follows comes when it is due
        Rung((Reach.whose,), _FOUR_HOURS),
        Rung((Reach.duty_governor,), _FOUR_HOURS),
        Rung((Reach.last_resort,), _FOUR_HOURS),
        Rung((Reach.last_resort_outside,), _A_DAY),
        Rung(_EVERYONE, _A_DAY),
    ),
    stays=5,
)
BY_DAY = Ladder(
    (
        Rung((Reach.whose,), _A_DAY),
        Rung((Reach.whose,), _A_DAY),
        Rung((Reach.whose,), 2 * _A_DAY),
        Rung((Reach.whose, Reach.duty_governor), _A_WEEK),
        Rung(_EVERYONE, _A_WEEK),
    ),
    stays=3,
)
OF_SAFETY = frozenset(
    {
        TaskKind.break_glass_review,
        TaskKind.break_glass_follow_up,
        TaskKind.debrief,
        TaskKind.postvention,
        TaskKind.welfare_check,
        TaskKind.suspension_review,
        TaskKind.shift_uncovered,
        TaskKind.duty_gap,
        TaskKind.handover_due,
        TaskKind.action_due,
        TaskKind.receipt_due,
        TaskKind.webhook_failing,
        TaskKind.answer_review,
        TaskKind.contact_request_due,
    }
)
SHORT = timedelta(hours=24)
"""What must be done within this time is about safety, whatever it is."""
TIME_FOR_A_REMINDER = timedelta(hours=3)
DAY_BEGINS, DAY_ENDS = time(9), time(17)


def ladder_of(kind: TaskKind, opened_at: datetime, due_at: datetime) -> Ladder:
    return SAFETY if kind in OF_SAFETY or due_at - opened_at <= SHORT else BY_DAY


@dataclass(frozen=True, slots=True)
class TaskState:
    """All that the decision needs of a task. `step` is the rung to take at `next_step_at`."""

    due_at: datetime
    next_step_at: datetime | None
    step: int = 0
    ladder: Ladder = SAFETY
    zone: Zone = LONDON


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


def first_step(
    opened_at: datetime,
    due_at: datetime,
    ladder: Ladder = SAFETY,
    zone: Zone = LONDON,
    *,
    at_once: bool = False,
) -> datetime:
    """When someone is first told: after two thirds of the time, or at once where it is short."""
    given = due_at - opened_at
    soon = at_once or given < TIME_FOR_A_REMINDER
    return _told(opened_at if soon else opened_at + given * 2 / 3, ladder, zone)


def _told(at: datetime, ladder: Ladder, zone: Zone) -> datetime:
    """At that time; or, of what is told by day, at the prison's next 9 o'clock outside of it."""
    if ladder is SAFETY:
        return at
    day = local_date(at, zone)
    if at < at_wall(day, DAY_BEGINS, zone):
        return at_wall(day, DAY_BEGINS, zone)
    if at < at_wall(day, DAY_ENDS, zone):
        return utc(at)
    return at_wall(day + timedelta(days=1), DAY_BEGINS, zone)


def next_step(task: TaskState, now: datetime, empty: Collection[Reach] = ()) -> Step | None:
    """The step due now; None if none is due or the task is finished (`next_step_at` is None).

    One step however late; the next is always in the future. A rung that reaches nobody (`empty`)
    is passed over at once; the last one never is.
    """
    if task.next_step_at is None or now < task.next_step_at:
        return None
    rungs, last = task.ladder.rungs, len(task.ladder.rungs) - 1
    early = now < task.due_at
    index = first = 0 if early else min(max(task.step, 1), last)
    while index < last and set(rungs[index].reaches) <= set(empty):
        index += 1
    rung, passed_over = rungs[index], index - first
    if early:
        at = _told(task.due_at, task.ladder, task.zone)
        return Step(rung.reaches, PageWhy.task_due_soon, index, passed_over, 1, at)
    at = _told(now + rung.pause, task.ladder, task.zone)
    following = min(index + 1, task.ladder.stays)
    return Step(rung.reaches, PageWhy.task_overdue, index, passed_over, following, at)
