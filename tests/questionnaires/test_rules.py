"""Scores and what comes next, as pure sums."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.questionnaires import AskedResult, Instrument, Occasion, ReliableChange
from app.services.outcomes.instruments import definitions
from app.services.outcomes.scoring import (
    asks_for_a_person,
    is_a_case,
    reliable_change,
    score,
)
from app.services.questionnaires.due import Asked, due_on

Q, When, R = Instrument, Occasion, ReliableChange
SUMMED = [Q.phq9, Q.gad7, Q.core10]
MENTEE = UUID("0198c0de-0000-7000-8000-000000000005")
REFERRED = date(2026, 9, 1)


@pytest.mark.parametrize(
    ("instrument", "items", "total", "case_at", "reliable"),
    [(Q.phq9, 9, (0, 27), 10, 6), (Q.gad7, 7, (0, 21), 8, 4), (Q.core10, 10, (0, 40), 11, 6)],
)
def test_each_is_as_its_authors_say(
    instrument: Instrument, items: int, total: tuple[int, int], case_at: int, reliable: int
) -> None:
    found = definitions()[instrument]
    assert (len(found.items), found.total) == (items, total)
    assert (found.case_at, found.reliable) == (case_at, reliable)
    assert found.review <= set(found.items)
    assert found.reversed <= set(found.items)


@pytest.mark.parametrize("instrument", SUMMED)
def test_the_least_and_the_most_are_reached(instrument: Instrument) -> None:
    found = definitions()[instrument]
    least, most = found.between
    worst = {name: least if name in found.reversed else most for name in found.items}
    best = {name: most if name in found.reversed else least for name in found.items}
    assert found.total == (score(found, best).total, score(found, worst).total)


@given(st.sampled_from(SUMMED), st.data())
def test_no_total_leaves_its_range_and_left_out_questions_are_the_mean(
    instrument: Instrument, data: st.DataObject
) -> None:
    found = definitions()[instrument]
    least, most = found.between
    names = data.draw(st.lists(st.sampled_from(sorted(found.items)), unique=True))
    answers = {name: data.draw(st.integers(least, most)) for name in names}
    scored = score(found, answers)
    assert scored.unanswered == len(found.items) - len(answers)
    if scored.unanswered > found.may_miss:
        assert scored.total is None
        return
    assert found.total is not None
    assert scored.total is not None
    assert found.total[0] <= scored.total <= found.total[1]
    assert scored.prorated == (scored.unanswered > 0)
    points = [most - n if name in found.reversed else n for name, n in answers.items()]
    assert abs(scored.total - sum(points) / len(points) * len(found.items)) <= 0.5


def test_well_being_is_never_summed() -> None:
    assert score(definitions()[Q.ons4], {"happy": 7, "anxious": 2}).total is None


@pytest.mark.parametrize(
    ("instrument", "first", "then", "expected"),
    [
        (Q.phq9, 15, 9, R.improved),
        (Q.phq9, 15, 10, R.no_reliable_change),
        (Q.phq9, 9, 15, R.deteriorated),
        (Q.gad7, 12, 8, R.improved),
        (Q.gad7, 12, 9, R.no_reliable_change),
        (Q.core10, 20, 14, R.improved),
        (Q.reqol10, 20, 25, R.improved),
        (Q.reqol10, 25, 20, R.deteriorated),
        (Q.swemwbs, 20, 30, None),
    ],
)
def test_a_change_is_reliable_or_not(
    instrument: Instrument, first: float, then: float, expected: ReliableChange | None
) -> None:
    assert reliable_change(definitions()[instrument], first, then) is expected


@pytest.mark.parametrize(
    ("instrument", "total", "expected"),
    [
        (Q.phq9, 10, True),
        (Q.phq9, 9, False),
        (Q.gad7, 8, True),
        (Q.core10, 10, False),
        (Q.reqol10, 24, True),
        (Q.reqol10, 25, False),
        (Q.swemwbs, 20, None),
        (Q.phq9, None, None),
    ],
)
def test_a_case_is_past_the_threshold(
    instrument: Instrument, total: float | None, expected: bool | None
) -> None:
    assert is_a_case(definitions()[instrument], total) is expected


def test_an_answer_and_no_total_asks_for_a_person() -> None:
    phq9 = definitions()[Q.phq9]
    highest = dict.fromkeys(phq9.items, 3)
    assert asks_for_a_person(phq9, {"better_off_dead": 1})
    assert asks_for_a_person(phq9, highest)
    assert not asks_for_a_person(phq9, highest | {"better_off_dead": 0})
    assert not asks_for_a_person(phq9, {"down": 3})
    assert not asks_for_a_person(
        definitions()[Q.gad7], dict.fromkeys(definitions()[Q.gad7].items, 3)
    )


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ([], (When.baseline, date(2026, 9, 15))),
        ([(When.baseline, "answered")], (When.follow_up, date(2026, 12, 3))),
        ([(When.baseline, "declined")], None),
        ([(When.baseline, "not_asked")], None),
        ([(When.baseline, "answered"), (When.follow_up, "declined")], None),
        ([(When.follow_up, "answered")], (When.baseline, date(2026, 9, 15))),
    ],
)
def test_what_comes_next(
    recorded: list[tuple[Occasion, str]], expected: tuple[Occasion, date] | None
) -> None:
    asked = [
        Asked(MENTEE, Q.phq9, occasion, AskedResult(result), date(2026, 9, 10))
        for occasion, result in recorded
    ]
    assert due_on(definitions()[Q.phq9], REFERRED, asked) == expected


def test_nothing_is_due_of_what_staff_choose_to_ask() -> None:
    assert due_on(definitions()[Q.ons4], REFERRED, []) is None
