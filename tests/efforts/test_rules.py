"""How hours are put together: nothing twice, nothing longer or shorter for a clock change. Pure."""

from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.base import new_id
from app.models.efforts import EffortActivity, EffortBy, EffortSource
from app.models.sessions import SessionKind
from app.services.efforts import MENTOR, Given, iso_week, minutes_between, put_together

LONDON = ZoneInfo("Europe/London")
ONE, OTHER = new_id(), new_id()
MONDAY = date(2026, 11, 23)


def gave(
    minutes: int,
    activity: str = "preparation",
    mentor: UUID | None = ONE,
    day: date = MONDAY,
    source: EffortSource = EffortSource.recorded,
) -> Given:
    role = MENTOR if mentor is not None else "support_worker"
    return Given(activity, mentor, role, day, minutes, source)


@pytest.mark.parametrize(
    ("day", "minutes"),
    [((2026, 3, 29), 120), ((2026, 10, 25), 240), ((2026, 11, 23), 180)],
)
def test_a_night_is_as_long_as_it_was_whatever_the_clocks_did(
    day: tuple[int, int, int], minutes: int
) -> None:
    starts, ends = datetime(*day, 0, 30, tzinfo=LONDON), datetime(*day, 3, 30, tzinfo=LONDON)
    assert minutes_between(starts, ends) == minutes
    assert minutes_between(starts.astimezone(UTC), ends.astimezone(UTC)) == minutes


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 11, 23), "2026-W48"),
        (date(2026, 11, 29), "2026-W48"),
        (date(2026, 11, 30), "2026-W49"),
        (date(2026, 12, 31), "2026-W53"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
    ],
)
def test_weeks_are_those_of_iso(day: date, week: str) -> None:
    assert iso_week(day) == week


def test_sessions_and_what_was_recorded_are_told_apart() -> None:
    every = [
        gave(30),
        gave(60, "one_to_one", source=EffortSource.sessions),
        gave(15, mentor=None),
        gave(45, mentor=OTHER),
    ]
    lines = put_together(every, EffortBy.activity)
    assert [(each.key, each.source, each.mentor_minutes, each.staff_minutes) for each in lines] == [
        ("one_to_one", "sessions", 60, 0),
        ("preparation", "recorded", 75, 15),
    ]
    by_role = put_together(every, EffortBy.role)
    assert [(each.key, each.source) for each in by_role] == [
        ("mentor", "recorded"), ("mentor", "sessions"), ("support_worker", "recorded"),
    ]  # fmt: skip
    by_mentor = put_together(every, EffortBy.mentor)
    assert {each.key for each in by_mentor} == {str(ONE), str(OTHER)}
    assert sum(each.staff_minutes for each in by_mentor) == 0


@given(
    st.lists(
        st.tuples(
            st.integers(5, 720), st.sampled_from([ONE, OTHER, None]), st.sampled_from(EffortSource)
        )
    )
)
def test_however_hours_are_put_together_they_come_to_the_same(
    minutes: list[tuple[int, UUID | None, EffortSource]],
) -> None:
    every = [gave(each, mentor=mentor, source=source) for each, mentor, source in minutes]
    mentors = sum(each for each, mentor, _ in minutes if mentor is not None)
    for by in EffortBy:
        lines = put_together(every, by)
        assert sum(line.mentor_minutes for line in lines) == mentors
        if by is not EffortBy.mentor:
            assert sum(line.entries for line in lines) == len(minutes)


def test_no_activity_is_a_kind_of_session() -> None:
    assert not {each.value for each in EffortActivity} & {each.value for each in SessionKind}
