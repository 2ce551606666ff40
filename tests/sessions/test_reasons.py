"""Why a plan cannot be, beyond what holds the room and the people: rest after a night call-out,
what the prison has planned, who is not to meet. Decided without a database."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.prison_events import PrisonEventKind
from app.models.sessions import ClashKind, SessionKind
from app.services.scheduling import Limits, Needed, Worked, clashes
from tests.sessions.test_rules import MENTEES, MENTOR, at, facts, kinds, plan

K, E = ClashKind, PrisonEventKind
NIGHT, TALK = SessionKind.night_callout, SessionKind.day_to_day
LONDON = ZoneInfo("Europe/London")


def worked(kind: SessionKind, start: float, end: float) -> Limits:
    return Limits(60, 7, worked=[Worked(kind, at(start), at(end))])


# Rest


@pytest.mark.parametrize(
    ("made", "other", "start", "end", "clash"),
    [
        (TALK, NIGHT, -3, -0.98, True),
        (TALK, NIGHT, -3, -1, False),  # it ended eleven hours before, to the minute
        (TALK, NIGHT, -4, -2, False),
        (TALK, TALK, -3, -1, False),
        (TALK, NIGHT, 9, 10.5, True),  # still out when it would begin
        (TALK, NIGHT, 10, 10.5, True),
        (TALK, NIGHT, 11, 12, False),  # the call-out comes after the plan
        (NIGHT, TALK, 21.98, 23, True),  # work that begins within eleven hours of its end
        (NIGHT, TALK, 22, 23, False),
        (NIGHT, TALK, 11, 12, True),
        (NIGHT, TALK, 8, 9, False),  # work before it needs no rest
        (NIGHT, NIGHT, 21, 22, True),
        (NIGHT, NIGHT, -3, -0.98, True),
        (NIGHT, NIGHT, -3, -1, False),
    ],
)
def test_a_mentor_rests_after_a_night_whichever_was_there_first(
    made: SessionKind, other: SessionKind, start: float, end: float, clash: bool
) -> None:
    """The plan is from 10 to 11."""
    found = kinds(plan(kind=made), facts(limits=worked(other, start, end)))
    assert found == ([K.rest] if clash else [])


def test_rest_is_told_once_until_when_it_lasts() -> None:
    nights = [Worked(NIGHT, at(0), at(1)), Worked(NIGHT, at(3), at(4))]
    (clash,) = clashes(plan(), facts(limits=Limits(60, 7, worked=nights)))
    assert clash.field == "mentor_id"
    assert "until 2026-11-23T15:00:00+00:00" in clash.detail


@pytest.mark.parametrize(
    ("ended", "began"),
    [
        ("2026-10-25T00:30:00", "2026-10-25T10:30:00"),  # the night has an hour more
        ("2026-03-29T00:30:00", "2026-03-29T12:30:00"),  # the night has an hour less
        ("2026-11-24T00:30:00", "2026-11-24T11:30:00"),
    ],
)
def test_eleven_hours_are_eleven_on_every_day(ended: str, began: str) -> None:
    out = datetime.fromisoformat(ended).replace(tzinfo=LONDON)
    rested = datetime.fromisoformat(began).replace(tzinfo=LONDON)
    limits = Limits(60, 7, worked=[Worked(NIGHT, out - timedelta(hours=1), out)])
    for early, expected in ((timedelta(minutes=1), [K.rest]), (timedelta(), [])):
        starts_at = rested.astimezone(UTC) - early
        made = plan(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
        assert kinds(made, facts(limits=limits, now=out)) == expected


# What the prison has planned


def needed(whom: UUID, kind: E = E.visit, start: float = 10, end: float = 11) -> Needed:
    return Needed(whom, kind, at(start), at(end))


@pytest.mark.parametrize(
    ("start", "end", "clash"),
    [(8, 10, False), (11, 12, False), (10, 11, True), (9, 10.02, True), (10.98, 12, True)],
)
@pytest.mark.parametrize(
    ("whom", "field"),
    [(MENTOR, "mentor_id"), (MENTEES[0], "mentee_ids.0"), (MENTEES[2], "mentee_ids.2")],
)
def test_nobody_is_planned_with_while_the_prison_needs_them(
    whom: UUID, field: str, start: float, end: float, clash: bool
) -> None:
    found = clashes(plan(mentee_ids=MENTEES), facts(needed=[needed(whom, start=start, end=end)]))
    expected = [(K.commitment, field, whom)] if clash else []
    assert [(each.kind, each.field, each.thing_id) for each in found] == expected


def test_what_the_prison_needs_others_for_is_no_clash() -> None:
    assert clashes(plan(), facts(needed=[needed(uuid4()), needed(MENTEES[1])])) == []


@pytest.mark.parametrize("pair", list(permutations(PrisonEventKind, 2)))
def test_the_most_pressing_is_named_once(pair: tuple[E, E]) -> None:
    order = ["court", "transfer", "visit", "adjudication", "appointment", "activity"]
    (clash,) = clashes(plan(), facts(needed=[needed(MENTOR, kind) for kind in pair]))
    first, second = sorted(pair, key=lambda kind: order.index(kind.value))
    assert first.value in clash.detail
    assert second.value not in clash.detail


@pytest.mark.parametrize("kind", PrisonEventKind)
def test_for_what_is_told_to_those_who_may_know_and_to_nobody_else(kind: E) -> None:
    (clash,) = clashes(plan(), facts(needed=[needed(MENTEES[0], kind)]))
    assert kind.value in clash.told(whole=True)
    assert clash.told(whole=False) == (
        "The mentee has another commitment of the prison from 2026-11-23T10:00:00+00:00"
        " until 2026-11-23T11:00:00+00:00."
    )


# Who is not to meet


def two(one: UUID, other: UUID) -> frozenset[UUID]:
    return frozenset((one, other))


@pytest.mark.parametrize(
    ("apart", "clash"),
    [
        ([two(MENTOR, MENTEES[0])], True),
        ([two(MENTEES[0], MENTEES[1])], True),
        ([two(MENTEES[0], MENTEES[1]), two(MENTOR, MENTEES[1])], True),
        ([two(MENTEES[0], MENTEES[2])], False),  # one of them does not come
        ([two(MENTOR, uuid4())], False),
        ([], False),
    ],
)
def test_two_who_are_kept_apart_are_not_brought_together(
    apart: list[frozenset[UUID]], clash: bool
) -> None:
    found = clashes(plan(mentee_ids=MENTEES[:2]), facts(apart=apart))
    expected = [(K.cannot_attend_together, "mentee_ids", None)] if clash else []
    assert [(each.kind, each.field, each.thing_id) for each in found] == expected


def test_the_words_are_the_same_whoever_it_is_and_however_many() -> None:
    twos = [two(*pair) for pair in permutations([MENTOR, *MENTEES], 2)]
    said = {str(clashes(plan(mentee_ids=MENTEES), facts(apart=[each]))) for each in twos}
    assert len(said) == 1
    assert said == {str(clashes(plan(mentee_ids=MENTEES), facts(apart=twos)))}


def test_every_reason_is_found_at_once() -> None:
    known = facts(
        limits=worked(NIGHT, 6, 7),
        needed=[needed(MENTOR), needed(MENTEES[0], E.court)],
        apart=[two(MENTOR, MENTEES[0])],
    )
    assert kinds(plan(), known) == [
        K.commitment,
        K.rest,
        K.commitment,
        K.cannot_attend_together,
    ]


hours = st.floats(min_value=0, max_value=23, allow_nan=False)


@given(st.tuples(hours, hours), st.tuples(hours, hours), st.sampled_from(PrisonEventKind))
def test_it_is_a_clash_exactly_when_they_share_an_instant(
    one: tuple[float, float], other: tuple[float, float], kind: E
) -> None:
    (a, b), (c, d) = sorted(one), sorted(other)
    event = Needed(MENTOR, kind, at(c), at(d + 1))
    made = plan(a, b + 1)
    shared = max(made.starts_at, event.starts_at) < min(made.ends_at, event.ends_at)
    found: Any = kinds(made, facts(needed=[event], now=at(0)))
    assert (K.commitment in found) == shared


# The room, the regime, a lockdown


@pytest.mark.parametrize(
    ("start", "end", "clash"),
    [(8, 10, False), (11, 12, False), (10, 11, True), (9, 10.02, True), (10.98, 12, True)],
)
@pytest.mark.parametrize(
    ("name", "kind", "field"),
    [("closed", K.room_closed, "room_id"), ("lockdowns", K.lockdown, "starts_at")],
)
def test_what_is_closed_is_closed_from_its_begin_until_its_end(
    name: str, kind: ClashKind, field: str, start: float, end: float, clash: bool
) -> None:
    spans = [(at(20), at(21)), (at(start), at(end)), (at(start), at(end))]
    found = clashes(plan(), facts(**{name: spans}))
    assert [(each.kind, each.field) for each in found] == ([(kind, field)] if clash else [])


def test_a_room_that_is_closed_or_unfit_is_nothing_to_a_plan_without_a_room() -> None:
    known = facts(closed=[(at(0), at(24))], kinds=[], capacity=0)
    assert clashes(plan(room_id=None), known) == []


@pytest.mark.parametrize("kind", SessionKind)
def test_a_room_is_for_the_kinds_it_is_fit_for(kind: SessionKind) -> None:
    made = plan(kind=kind)
    assert kinds(made, facts(kinds=[kind.value])) == []
    others = [each.value for each in SessionKind if each is not kind]
    assert kinds(made, facts(kinds=others)) == [K.room_kind]


@pytest.mark.parametrize(
    ("spans", "clash"),
    [
        (None, False),
        ([], True),
        ([(10, 11)], False),
        ([(9, 12)], False),
        ([(10.02, 12)], True),
        ([(8, 10.98)], True),
        ([(8, 10.5), (10.6, 12)], True),
    ],
)
@pytest.mark.parametrize("kind", SessionKind)
def test_a_plan_lies_within_the_regime_unless_its_kind_need_not(
    spans: list[tuple[float, float]] | None, clash: bool, kind: SessionKind
) -> None:
    known = facts(open=None if spans is None else [(at(a), at(b)) for a, b in spans])
    assert kinds(plan(kind=kind), known) == ([K.regime] if clash else [])
    let = facts(open=known.open, outside=[kind.value])
    assert kinds(plan(kind=kind), let) == []
