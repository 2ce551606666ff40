"""The next free times, without a database: found by clashes() and nothing else, and none missed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.models.mentors import MentorStatus
from app.models.prison_events import PrisonEventKind
from app.models.sessions import ClashKind, SessionKind
from app.services.scheduling import Facts, Limits, Needed, Place, Taken, Worked, clashes
from app.services.sessions.free_times import STEP, Free, Wanted, free_times
from tests.sessions.test_rules import MENTEES, MENTOR, NOW, ROOM, at, facts, taken

OTHER = uuid4()
PLACES = [Place(ROOM, 4), Place(OTHER, 12)]


def wanted(start: float = 9, end: float = 12, minutes: int = 60, **fields: Any) -> Wanted:
    whole: dict[str, Any] = {
        "kind": SessionKind.day_to_day,
        "mentor_id": MENTOR,
        "mentee_ids": MENTEES[:1],
        "length": timedelta(minutes=minutes),
        "first": at(start),
        "last": at(end),
        **fields,
    }
    return Wanted(**whole)


def hours(found: list[Free]) -> list[float]:
    return [(each.starts_at - NOW.replace(hour=0)) / timedelta(hours=1) for each in found]


def times(asked: Wanted, known: Facts, places: list[Place] | None = None) -> list[Free]:
    return list(free_times(asked, known, PLACES if places is None else places))


def test_every_time_is_free_where_nothing_is_planned_and_none_runs_into_another() -> None:
    found = times(wanted(), facts())
    assert hours(found) == [9, 10, 11]
    assert {each.room_id for each in found} == {ROOM}


@pytest.mark.parametrize(
    ("start", "end", "minutes", "expected"),
    [
        (9.1, 11, 60, [9.25]),  # on the quarter, and over by then
        (9, 9.75, 60, []),
        (9, 10, 60, [9]),
        (9, 10, 30, [9, 9.5]),
        (9, 10, 25, [9, 9.5]),
        (9, 33, 12 * 60, [9, 21]),
    ],
)
def test_times_begin_on_the_quarter_and_end_in_time(
    start: float, end: float, minutes: int, expected: list[float]
) -> None:
    assert hours(times(wanted(start, end, minutes), facts())) == expected


def test_the_first_room_that_is_free_is_named() -> None:
    found = times(wanted(), facts(taken(ClashKind.room, ROOM, 9.5, 11)))
    assert [each.room_id for each in found] == [OTHER, OTHER, ROOM]


def test_without_a_room_that_holds_them_there_is_no_time() -> None:
    small = [Place(ROOM, 1), Place(OTHER, 12, kinds=["group"]), Place(uuid4(), 9, None,
             [(at(0), at(24))])]  # fmt: skip
    assert times(wanted(), facts(), small) == []
    assert len(times(wanted(), facts(), [Place()])) == 3


def test_a_time_in_a_room_that_closes_is_not_offered() -> None:
    closing = [Place(ROOM, 4, None, [(at(9.75), at(10.5))])]
    assert hours(times(wanted(), facts(), closing)) == [10.5]


def test_what_has_nothing_to_do_with_the_time_leaves_none() -> None:
    for known in (
        facts(mentor=MentorStatus.paused),
        facts(apart=[frozenset((MENTOR, MENTEES[0]))]),
        facts(limits=Limits(0, 2)),
    ):
        assert times(wanted(), known) == []


grid = st.integers(min_value=0, max_value=19)  # quarters after nine
spans = st.tuples(grid, st.integers(min_value=1, max_value=8))


def quarter(number: int) -> datetime:
    return at(9) + number * STEP


def _span(drawn: tuple[int, int]) -> tuple[datetime, datetime]:
    return quarter(drawn[0]), quarter(drawn[0] + drawn[1])


@settings(max_examples=200, deadline=None)
@given(
    held=st.lists(
        st.tuples(spans, st.sampled_from([(ClashKind.room, ROOM), (ClashKind.room, OTHER),
                                          (ClashKind.mentor, MENTOR),
                                          (ClashKind.mentee, MENTEES[0]),
                                          (ClashKind.mentee, MENTEES[1])])),
        max_size=6,
    ),
    events=st.lists(spans, max_size=2),
    open_=st.none() | st.lists(spans, max_size=3),
    lockdowns=st.lists(spans, max_size=2),
    closed=st.lists(spans, max_size=2),
    night=st.booleans(),
    minutes=st.sampled_from([15, 20, 45, 60, 90]),
)  # fmt: skip
def test_it_offers_only_what_booking_would_take_and_misses_none(
    held: list[tuple[tuple[int, int], tuple[ClashKind, UUID]]],
    events: list[tuple[int, int]],
    open_: list[tuple[int, int]] | None,
    lockdowns: list[tuple[int, int]],
    closed: list[tuple[int, int]],
    night: bool,
    minutes: int,
) -> None:
    """By trying every quarter with the whole of the facts."""
    worked = [Worked(SessionKind.night_callout, at(0), at(0.5))] if night else []
    known = facts(
        *[Taken(*thing, *_span(span)) for span, thing in held],
        needed=[Needed(MENTOR, PrisonEventKind.visit, *_span(each)) for each in events],
        open=None if open_ is None else [_span(each) for each in open_],
        lockdowns=[_span(each) for each in lockdowns],
        limits=Limits(25, 2, worked=worked),
    )
    places = [Place(ROOM, 4, None, [_span(each) for each in closed]), Place(OTHER, 2)]
    asked = wanted(9, 14, minutes)
    found = times(asked, known, places)
    expected, starts_at = [], at(9)
    while starts_at + asked.length <= asked.last:
        fit = [
            place.room_id
            for place in places
            if not clashes(asked.plan(starts_at, place.room_id), place.within(known))
        ]
        if fit:
            expected.append(Free(starts_at, starts_at + asked.length, fit[0]))
            passed = -(-asked.length // STEP)
            starts_at += passed * STEP
        else:
            starts_at += STEP
    assert found == expected
