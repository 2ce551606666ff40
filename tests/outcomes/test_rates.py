"""Rates of events, and the days on which they count, as pure sums."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.rates import confint_poisson

from app.models.life_events import FactKind, LifeEventKind
from app.models.reports import CountedEvent
from app.services.figures import poisson
from app.services.outcomes.rates import (
    FIGURES,
    Happened,
    Rate,
    Span,
    counted,
    cut,
    secluded,
    supported,
)

BEGAN, TODAY = date(2026, 9, 1), date(2026, 11, 26)
WHO, OTHER = UUID(int=1), UUID(int=2)
E, F = CountedEvent, FactKind


def day(number: int) -> date:
    return BEGAN + timedelta(days=number)


def seclusion(first: int, last: int, fact: FactKind = F.staff_recorded) -> Happened:
    return Happened(WHO, E.self_seclusion, fact, day(first), day(last))


@pytest.mark.parametrize("count", [0, 1, 2, 5, 10, 37, 250, 4000])
def test_the_interval_is_the_exact_one_of_statsmodels(count: int) -> None:
    assert poisson(count) == pytest.approx(confint_poisson(count, 1, method="exact-c"), abs=1e-9)


def test_a_rate_is_of_a_thousand_days() -> None:
    rate = Rate(10, 5000)
    assert rate.per_1000 == 2
    assert rate.interval == pytest.approx((0.959, 3.678), abs=0.001)
    assert Rate(0, 1000).interval == pytest.approx((0, 3.689), abs=0.001)
    assert (Rate(0, 0).per_1000, Rate(0, 0).interval) == (None, None)


def test_every_event_is_counted_by_each_kind_of_fact_by_itself() -> None:
    assert len(set(FIGURES)) == len(FIGURES) == 21
    assert {event for event, _ in FIGURES} == set(E)
    assert set(map(str, LifeEventKind)) < set(map(str, E))
    assert [fact for event, fact in FIGURES if event is E.disruptive_incident] == [F.staff_recorded]


def test_three_kinds_of_fact_are_three_figures_of_the_same_days() -> None:
    happened = [Happened(WHO, E.self_care, fact, day(3), day(3)) for fact in F for _ in range(2)]
    found = counted(happened, {WHO: [Span(day(0), day(9))], OTHER: [Span(day(0), day(4))]})
    assert [found[E.self_care, fact] for fact in F] == [Rate(2, 15)] * 3


def test_an_event_counts_on_a_day_that_counts_and_on_no_other() -> None:
    spans = {WHO: [Span(day(2), day(4)), Span(day(8), day(9))]}
    happened = [Happened(WHO, E.family_contact, F.self_report, day(n), day(n)) for n in range(12)]
    happened += [Happened(OTHER, E.family_contact, F.self_report, day(3), day(3))]
    assert counted(happened, spans)[E.family_contact, F.self_report] == Rate(5, 5)
    assert cut(spans, Span(day(4), day(8))) == {WHO: [Span(day(4), day(4)), Span(day(8), day(8))]}


def test_days_in_seclusion_are_those_within_the_days_that_count() -> None:
    spans = {WHO: [Span(day(2), day(4)), Span(day(8), day(9))]}
    happened = [seclusion(0, 2), seclusion(4, 20), seclusion(3, 3, F.self_report)]
    assert secluded(happened, spans) == {F.self_report: 1, F.staff_recorded: 4}


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([(0, False)], [(0, 86)]),
        ([(0, True), (3, False), (4, False)], [(3, 86)]),
        ([(0, False), (5, True)], [(0, 5)]),
        ([(0, False), (5, True), (9, False)], [(0, 5), (9, 86)]),
        ([(0, False), (5, True), (5, False), (7, True), (8, True)], [(0, 7)]),
        ([(0, False), (0, True)], [(0, 0)]),
    ],
)
def test_support_lasts_from_its_beginning_to_its_end(
    moves: list[tuple[int, bool]], expected: list[tuple[int, int]]
) -> None:
    found = supported([(day(number), ended) for number, ended in moves], TODAY)
    assert found == [Span(day(first), day(last)) for first, last in expected]


def test_who_was_never_supported_has_no_days() -> None:
    assert supported([], TODAY) == []
    assert supported([(BEGAN, True)], TODAY) == []


@given(st.lists(st.tuples(st.integers(0, 80), st.booleans()), max_size=9))
def test_no_day_in_support_counts_twice(moves: list[tuple[int, bool]]) -> None:
    found = supported([(day(number), ended) for number, ended in sorted(moves)], TODAY)
    assert all(span.days > 0 for span in found)
    assert all(one.last < then.first for one, then in pairwise(found))
