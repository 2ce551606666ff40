"""What the history says of an instant, and which days a period has. Pure."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.errors import Invalid
from app.models.base import new_id
from app.services.outreach_visits import USUAL_PERIOD, state_at
from app.services.periods import period_of
from app.services.scheduling import LONDON

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def moved(to: str, hours: float, recorded: float | None = None, start: str = "") -> Any:
    at = NOON + timedelta(hours=hours)
    late = at if recorded is None else NOON + timedelta(hours=recorded)
    return SimpleNamespace(
        from_state=start, to_state=to, occurred_at=at, recorded_at=late, id=new_id()
    )


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        ([], None),
        ([moved("active", 1)], None),
        ([moved("active", 0)], "active"),
        ([moved("active", -2), moved("suspended", -1)], "suspended"),
        ([moved("suspended", -1), moved("active", -2)], "suspended"),
        ([moved("active", -2), moved("suspended", 1)], "active"),
        ([moved("active", -2), moved("active", -1, 5)], "active"),
        ([moved("active", -1, 1), moved("paused", -1, 2)], "paused"),
        # a mark in the state of then, and a move of before it that was entered after it
        (
            [moved("active", -3), moved("active", -1, start="active"), moved("paused", -2, 1)],
            "paused",
        ),
    ],
)
def test_a_state_at_an_instant_is_the_last_one_moved_to_before(
    moves: list[Any], state: str | None
) -> None:
    assert state_at(moves, NOON) == state


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), 24),
        (date(2026, 3, 29), date(2026, 3, 29), 23),
        (date(2026, 10, 25), date(2026, 10, 25), 25),
        (date(2026, 10, 24), date(2026, 10, 26), 73),
    ],
)
def test_a_period_is_whole_days_of_the_prison(since: date, until: date, hours: int) -> None:
    period = period_of(LONDON, since, until, USUAL_PERIOD)
    seconds = period.until.timestamp() - period.since.timestamp()
    assert seconds == hours * 3600


@pytest.mark.parametrize(
    ("since", "until"),
    [(date(2026, 3, 2), date(2026, 3, 1)), (date(2025, 1, 1), date(2026, 3, 1))],
)
def test_a_period_that_cannot_be_is_refused(since: date, until: date) -> None:
    with pytest.raises(Invalid):
        period_of(LONDON, since, until, USUAL_PERIOD)
