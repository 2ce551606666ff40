"""The solver, without a database: no exclusion is ever broken, and there is nothing better."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.models.match_proposals import SolverStatus
from app.services.match_solver import SHARES, Places, Problem, Two, matched, solve

EXAMPLES = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def mentee(number: int) -> UUID:
    return UUID(int=number)


def mentor(number: int) -> UUID:
    return UUID(int=1000 + number)


@st.composite
def problems(draw: st.DrawFn, mentees: int = 12, mentors: int = 4) -> Problem:
    """A waiting list in any order, mentors with some places taken, and who may have whom."""
    waiting = draw(st.permutations(range(draw(st.integers(0, mentees)))))
    working = range(draw(st.integers(1, mentors)))
    places = {}
    for each in working:
        of = draw(st.integers(1, 4))
        places[mentor(each)] = Places(draw(st.integers(0, of)), of)
    points = {
        (mentee(one), mentor(other)): draw(st.integers(0, 40))
        for one, other in product(waiting, working)
        if draw(st.booleans())
    }
    kept = frozenset(draw(st.sets(st.sampled_from(sorted(points)), max_size=4))) if points else ()
    return Problem([mentee(each) for each in waiting], places, points, frozenset(kept))


def answers(problem: Problem) -> Iterator[dict[UUID, UUID]]:
    """Every answer that is allowed, tried one by one."""
    options = [
        [None, *[other for other in problem.mentors if (one, other) in problem.points]]
        for one in problem.mentees
    ]
    for chosen in product(*options):
        pairs = {one: has for one, has in zip(problem.mentees, chosen, strict=True) if has}
        load = Counter(pairs.values())
        if all(load[each] <= places.free for each, places in problem.mentors.items()):
            yield pairs


def unevenness(problem: Problem, pairs: Mapping[UUID, UUID]) -> int:
    load = Counter(pairs.values())
    shares = [
        (SHARES // places.of) * (places.taken + load[each])
        for each, places in problem.mentors.items()
        if places.free
    ]
    return max(shares) - min(shares) if shares else 0


def worth(problem: Problem, pairs: Mapping[UUID, UUID]) -> tuple[object, ...]:
    """What the rules put first, second, third and last."""
    in_order = tuple(each in pairs for each in problem.mentees)
    twos: set[Two] = set(pairs.items())
    return (
        len(pairs),
        in_order,
        -unevenness(problem, pairs),
        len(twos & problem.kept),
        sum(problem.points[two] for two in twos),
    )


@given(problems())
@EXAMPLES
def test_no_exclusion_is_broken_and_no_mentor_gets_too_many(problem: Problem) -> None:
    solution = solve(problem)
    load = Counter(solution.pairs.values())
    assert all(two in problem.points for two in solution.pairs.items())
    assert all(load[each] <= places.free for each, places in problem.mentors.items())
    assert set(solution.pairs) == set(matched(problem))
    assert solve(problem).pairs == solution.pairs


@given(problems(mentees=5, mentors=3))
@EXAMPLES
def test_there_is_no_better_answer(problem: Problem) -> None:
    solution = solve(problem)
    assert solution.status is SolverStatus.optimal
    assert solution.gap == 0
    best = max(worth(problem, pairs) for pairs in answers(problem))
    assert worth(problem, solution.pairs) == best


def test_whoever_waits_longer_is_not_left_out_for_somebody_later() -> None:
    """The first two both fit one mentor only; the later one of them makes room, not the first."""
    places = {mentor(1): Places(0, 1), mentor(2): Places(0, 1)}
    points = {
        (mentee(1), mentor(1)): 0,
        (mentee(1), mentor(2)): 0,
        (mentee(2), mentor(1)): 40,
        (mentee(3), mentor(1)): 40,
    }
    found = solve(Problem([mentee(1), mentee(2), mentee(3)], places, points)).pairs
    assert found == {mentee(1): mentor(2), mentee(2): mentor(1)}


def test_mentees_are_shared_out_as_evenly_as_can_be_before_points_count() -> None:
    places = {mentor(1): Places(0, 6), mentor(2): Places(0, 12)}
    points = {(mentee(n), mentor(m)): 30 if m == 1 else 0 for n in range(6) for m in (1, 2)}
    found = solve(Problem([mentee(n) for n in range(6)], places, points)).pairs
    assert Counter(found.values()) == {mentor(1): 2, mentor(2): 4}


def test_the_rest_of_a_proposal_stays_as_it_was_when_some_of_it_is_done() -> None:
    waiting = [mentee(n) for n in range(12)]
    points = {(one, mentor(m)): (one.int * 7 + m * 5) % 20 for one in waiting for m in range(3)}
    places = {mentor(m): Places(0, 6) for m in range(3)}
    first = solve(Problem(waiting, places, points)).pairs
    done, rest = waiting[:5], waiting[5:]
    load = Counter(first[one] for one in done)
    left = {each: Places(load[each], 6) for each in places}
    open_points = {two: value for two, value in points.items() if two[0] in rest}
    again = solve(Problem(rest, left, open_points, frozenset(first.items()))).pairs
    assert again == {one: first[one] for one in rest}


def test_nobody_waiting_is_solved_at_once() -> None:
    assert solve(Problem([], {mentor(1): Places(0, 1)}, {})).pairs == {}
