"""The rota's solver: what it never does, what it does instead, and that nothing better exists."""

from collections import Counter
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import product

import pytest

from app.models.rotas import GapWhy
from app.services.rota.pricing import cost_of
from app.services.rota.problem import Fixed, Problem, Wish, block, split
from app.services.rota.solver import Progress, solve
from benchmarks.rota.worlds import checked, wing
from tests.rotas.wing import (
    ANN,
    BEN,
    CAT,
    DAN,
    LONDON,
    ON_CALL,
    ON_SHIFT,
    at,
    helper,
    need,
    piece,
    solved,
)


@pytest.mark.parametrize("seed", range(4))
def test_no_rule_is_broken_and_nothing_left_out_that_could_be_covered(seed: int) -> None:
    problem = wing(seed, days=7, mentors=8)
    solution = solve(problem)
    broken, uncovered = checked(problem, solution.pieces)
    assert broken == []
    assert uncovered == solution.cost.uncovered_minutes
    assert solution.optimal


def test_the_same_answer_whenever_it_is_asked() -> None:
    one, other = (solve(wing(5, days=7)) for _ in range(2))
    assert one.pieces == other.pieces
    assert one.cost == other.cost


@pytest.mark.parametrize("limit", [0, 4, 8, 12])
def test_as_many_hours_are_covered_as_any_rota_could(limit: int) -> None:
    """By trying every rota there is."""
    needs = [need(0, 8, 12), need(0, 12, 16), need(0, 22, 6), need(1, 8, 12, 2)]
    helpers = [helper(ANN, weekly_minutes=60 * limit), helper(BEN, free=[(at(0, 8), at(1, 7))])]
    problem = Problem(needs, helpers)
    least = min(
        uncovered
        for chosen in product(*[(None, ANN), (None, BEN)] * len(needs))
        for pieces in [
            [piece(who, needs[n // 2]) for n, who in enumerate(chosen) if who is not None]
        ]
        for broken, uncovered in [checked(problem, pieces)]
        if not broken
    )
    assert solved(needs, helpers).cost.uncovered_minutes == least


def test_nobody_works_more_than_the_week_allows_and_the_rest_is_a_named_gap() -> None:
    needs = [need(day, 8, 13) for day in range(7)]
    solution = solved(needs, [helper(ANN)])
    assert len(solution.pieces) == 5
    assert [dict(gap.why) for gap in solution.gaps] == [{GapWhy.hours_used_up: 1}] * 2


def test_standing_by_is_not_counted_as_work() -> None:
    needs = [need(day, 8, 20, role=ON_CALL) for day in range(7)]
    assert len(solved(needs, [helper(ANN)]).pieces) == 7


def test_what_was_worked_in_the_week_is_counted() -> None:
    session = Fixed(at(0, 8), at(0, 18))
    solution = solved([need(day, 8, 13) for day in range(1, 6)], [helper(ANN, fixed=[session])])
    assert len(solution.pieces) == 3


def test_nobody_has_more_nights_in_seven_days_than_the_prison_allows() -> None:
    needs = [need(day, 20, 8, role=ON_CALL) for day in range(9)]
    solution = solved(needs, [helper(ANN)])
    assert len(solution.pieces) == 4  # two, and two again when the first are seven days ago
    assert {reason for gap in solution.gaps for reason in gap.why} == {GapWhy.nights_used_up}


def test_nights_of_the_rota_before_count() -> None:
    before = [Fixed(at(day, 20), at(day + 1, 8), counts=False, night=True) for day in (-2, -1)]
    solution = solved([need(0, 20, 8, role=ON_CALL)], [helper(ANN, fixed=before)])
    assert dict(solution.gaps[0].why) == {GapWhy.nights_used_up: 1}


def test_a_night_on_shift_is_followed_by_eleven_hours_of_rest() -> None:
    needs = [need(0, 22, 6), need(1, 8, 12), need(1, 17, 20)]
    solution = solved(needs, [helper(ANN)])
    assert solution.pieces == [piece(ANN, needs[0]), piece(ANN, needs[2])]
    assert dict(solution.gaps[0].why) == {GapWhy.rest: 1}


def test_a_night_standing_by_needs_no_rest_but_a_call_out_does() -> None:
    needs = [need(0, 20, 8, role=ON_CALL), need(1, 8, 12)]
    assert not solved(needs, [helper(ANN)]).gaps
    called = Fixed(at(0, 2), at(0, 3), night=True, rests=True)
    needs = [need(0, 12, 14), need(0, 14, 18)]
    solution = solved(needs, [helper(ANN, fixed=[called])])
    assert [dict(gap.why) for gap in solution.gaps] == [{GapWhy.rest: 1}]


def test_no_night_goes_to_who_was_approved_without_nights() -> None:
    solution = solved([need(0, 20, 8, role=ON_CALL)], [helper(ANN, no_nights=True)])
    assert dict(solution.gaps[0].why) == {GapWhy.condition: 1}


def test_a_shift_is_not_against_a_visit_and_its_hour_alone_is_the_gap() -> None:
    needs = [need(0, 8, 12)]
    solution = solved(needs, [helper(ANN, busy=[(at(0, 9), at(0, 10))])])
    assert [(p.starts_at, p.ends_at) for p in solution.pieces] == [
        (at(0, 8), at(0, 9)),
        (at(0, 10), at(0, 12)),
    ]
    [gap] = solution.gaps
    assert (gap.starts_at, gap.ends_at, dict(gap.why)) == (at(0, 9), at(0, 10), {GapWhy.busy: 1})


def test_somebody_else_covers_the_hour_of_a_session() -> None:
    session = Fixed(at(0, 9), at(0, 10))
    solution = solved([need(0, 8, 12)], [helper(ANN, fixed=[session]), helper(BEN)])
    assert solution.pieces == [piece(BEN, need(0, 8, 12))]


def test_a_rota_that_cannot_be_is_answered_with_every_reason() -> None:
    away = helper(ANN, free=[(at(0, 0), at(0, 7))])
    tired = helper(BEN, fixed=[Fixed(at(-1, 22), at(0, 6), night=True, rests=True)])
    worked = helper(CAT, weekly_minutes=0)
    solution = solved([need(0, 8, 12, 3)], [away, tired, worked])
    [gap] = solution.gaps
    assert gap.missing == 3
    assert gap.why == {GapWhy.not_available: 1, GapWhy.rest: 1, GapWhy.hours_used_up: 1}


def test_without_any_mentor_there_is_a_rota_all_of_gaps() -> None:
    solution = solved([need(0, 8, 12)], [])
    assert (solution.pieces, solution.optimal) == ([], True)
    assert solution.gaps[0].why == {}


def test_nights_and_weekends_are_evened_out_over_past_rotas() -> None:
    nights = [need(day, 20, 8, role=ON_CALL) for day in range(4)]
    had = helper(ANN, nights=7, nights_before=3), helper(BEN, nights=7, nights_before=1)
    given = Counter(each.helper for each in solved(nights, had).pieces)
    assert given == {ANN: 1, BEN: 3}
    weekend = [need(5, 8, 12), need(6, 8, 12)]
    had = helper(ANN, weekends_before=4), helper(BEN)
    assert {each.helper for each in solved(weekend, had).pieces} == {BEN}


def test_a_wish_is_heard_and_never_leaves_an_hour_uncovered() -> None:
    rather_not = helper(ANN, wishes=[Wish(at(0, 8), at(0, 12), prefers=False)])
    assert solved([need(0, 8, 12)], [rather_not, helper(BEN)]).pieces[0].helper == BEN
    assert solved([need(0, 8, 12)], [rather_not]).pieces[0].helper == ANN
    prefers = helper(BEN, wishes=[Wish(at(1, 8), at(1, 12), prefers=True)])
    both = solved([need(0, 8, 12), need(1, 8, 12)], [helper(ANN), prefers])
    assert [each.helper for each in both.pieces] == [ANN, BEN]


def test_who_served_at_these_hours_of_the_week_serves_again() -> None:
    pattern = frozenset({(BEN, ON_SHIFT, 0, time(8)), (ANN, ON_SHIFT, 1, time(8))})
    solution = solved([need(0, 8, 12), need(1, 8, 12)], [helper(ANN), helper(BEN)], pattern=pattern)
    assert [each.helper for each in solution.pieces] == [BEN, ANN]


def test_a_repair_changes_as_few_shifts_as_can_be() -> None:
    """Whatever would be fairer or more wished for: only the shift of the one who is ill goes."""
    needs = [need(day, 8, 12) for day in range(5)]
    served = [ANN, BEN, CAT, ANN, BEN]
    before = frozenset(piece(who, each) for who, each in zip(served, needs, strict=True))
    ill = helper(BEN, free=[])
    wish = Wish(at(0, 8), at(0, 12), prefers=False)
    helpers = [helper(ANN, wishes=[wish]), ill, helper(CAT, nights_before=5), helper(DAN)]
    solution = solved(needs, helpers, before=before, repair=True)
    kept = set(solution.pieces) & before
    assert len(kept) == 3
    assert solution.cost.changes == 2  # the two that were Ben's, given anew
    assert not solution.gaps


def test_a_repair_moves_others_only_where_else_an_hour_would_be_uncovered() -> None:
    needs = [need(0, 8, 12), need(1, 8, 12)]
    before = frozenset({piece(ANN, needs[0]), piece(BEN, needs[1])})
    only_monday = helper(CAT, free=[(at(0, 0), at(0, 20))])
    solution = solved(
        needs, [helper(ANN), helper(BEN, free=[]), only_monday], before=before, repair=True
    )
    assert not solution.gaps
    assert solution.cost.changes == 1
    needs = [need(0, 8, 12), need(0, 8, 12, role=ON_CALL)]
    before = frozenset({piece(ANN, needs[0]), piece(BEN, needs[1])})
    at_its_limit = helper(CAT, weekly_minutes=0)
    solution = solved(
        [*needs], [helper(ANN, free=[]), helper(BEN), at_its_limit], before=before, repair=True
    )
    assert {each.role: each.helper for each in solution.pieces} == {ON_SHIFT: BEN, ON_CALL: CAT}
    assert solution.cost.changes == 3  # Ben's taken, and two given


SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


@pytest.mark.parametrize(("sunday", "hours"), [(SPRING, 11), (AUTUMN, 13)])
def test_hours_are_real_on_the_nights_the_clocks_change(sunday: date, hours: int) -> None:
    saturday = sunday - timedelta(days=1)
    night = need(0, 20, 8, first=saturday)
    free = [(night.starts_at, night.ends_at)]
    enough = helper(ANN, free=free, weekly_minutes=60 * hours)
    assert solved([night], [enough]).pieces[0].minutes == 60 * hours
    short = helper(ANN, free=free, weekly_minutes=60 * hours - 1)
    assert dict(solved([night], [short]).gaps[0].why) == {GapWhy.hours_used_up: 1}


@pytest.mark.parametrize("sunday", [SPRING, AUTUMN])
def test_a_fortnight_with_a_clock_change_breaks_no_rule(sunday: date) -> None:
    problem = wing(3, first=sunday - timedelta(days=6), days=14, mentors=8)
    solution = solve(problem)
    broken, uncovered = checked(problem, solution.pieces)
    assert (broken, uncovered) == ([], solution.cost.uncovered_minutes)


def test_a_block_in_the_hour_that_is_left_out_is_none_and_one_around_it_is_shorter() -> None:
    assert block(ON_SHIFT, SPRING, time(1), time(2), 1, LONDON) is None
    around = block(ON_SHIFT, SPRING, time(0), time(6), 1, LONDON)
    assert around is not None
    parts = split(around, timedelta(hours=3))
    assert [each.ends_at - each.starts_at for each in parts] == [timedelta(hours=2, minutes=30)] * 2


def test_what_the_solver_reckoned_is_what_the_rota_costs() -> None:
    """The last step's objective, as it was told while it worked, is the cost of what it gave."""
    told: list[Progress] = []
    problem = wing(1, days=7)
    solution = solve(problem, lambda progress: told.append(progress) or True)
    assert told[-1].best == solution.cost.soft == cost_of(problem, solution.pieces).soft
    assert {each.step for each in told} == {1, 2}


def test_a_search_that_is_called_off_keeps_a_rota_that_breaks_nothing() -> None:
    problem = wing(2, days=14)
    solution = solve(problem, lambda progress: progress.step < 2)
    assert not solution.optimal
    assert checked(problem, solution.pieces) == ([], solution.cost.uncovered_minutes)


def test_a_search_without_time_still_answers() -> None:
    problem = wing(2, days=14)
    solution = solve(problem, seconds=0.0)
    assert solution.pieces
    assert not solution.optimal
    assert checked(problem, solution.pieces)[0] == []


def test_blocks_of_one_role_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        solve(Problem([need(0, 8, 12), need(0, 11, 14)], [helper(ANN)]))


def test_the_second_opinion_sees_every_kind_of_mistake() -> None:
    """Each rule of the checker can fail: else it would prove nothing."""
    night, morning, noon = need(0, 22, 6), need(1, 8, 12), need(1, 11, 14)

    def said(facts: dict[str, object], *pieces: object) -> str:
        problem = Problem([night], [helper(ANN, **facts)])
        return " ".join(checked(problem, pieces)[0])  # type: ignore[arg-type]

    assert "rest" in said({}, piece(ANN, night), piece(ANN, morning))
    assert "two at once" in said({}, piece(ANN, morning), piece(ANN, noon))
    assert "h in week" in said({"weekly_minutes": 60}, piece(ANN, morning))
    assert "nights in" in said({"nights": 0}, piece(ANN, night))
    assert "against the approval" in said({"no_nights": True}, piece(ANN, night))
    assert "not available" in said({"free": []}, piece(ANN, morning))
    assert "elsewhere" in said({"busy": [(at(1, 9), at(1, 10))]}, piece(ANN, morning))
    assert "no active mentor" in said({}, piece(BEN, morning))
    assert checked(Problem([replace(night, needed=2)], []), [])[1] == 2 * 8 * 60
