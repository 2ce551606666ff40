"""Matches a waiting list of the published size: 250 mentees to 10 mentors, some kept apart.

Run with `make bench-matching`. Several made-up worlds, each solved twice. What came out is checked
by rules written here without a look at the solver. The last line of standard output is JSON.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from app.models.languages import Language
from app.models.match_proposals import SolverStatus
from app.models.profiles import LivedTopic, Preference, Skill
from app.services.match_facts import Board
from app.services.match_proposals import problem_of
from app.services.match_solver import Solution, solve
from app.services.matching import Facts, MenteeSide, MentorSide, Traits, rank

MENTEES, MENTORS, PLACES, KEPT_APART = 250, 10, 25, 0.05
SPOKEN = [Language.EN] * 8 + [Language.PL, Language.RO, Language.AR, Language.SQ]
BEGAN = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A waiting list, its mentors, and which of them may not meet, by number."""

    board: Board
    apart: frozenset[tuple[int, int]]


def traits(random: Random) -> Traits:
    """A profile as people have them: a language or two, a few of everything else."""

    def some(kind: type[Skill] | type[Preference] | type[LivedTopic], most: int) -> frozenset[str]:
        return frozenset(random.sample([each.value for each in kind], random.randint(0, most)))

    return Traits(
        frozenset(each.value for each in random.sample(SPOKEN, random.randint(1, 2))),
        some(Skill, 4),
        some(Skill, 3),
        some(Preference, 3),
        some(LivedTopic, 2),
    )


def made(seed: int, mentees: int, mentors: int, places: int) -> World:
    """The world of this number."""
    random = Random(seed)
    born = date(1970, 1, 1)
    helping = [
        MentorSide(
            UUID(int=1_000_000 + n),
            UUID(int=2_000_000 + n),
            f"Mentor {n}",
            0,
            places,
            traits(random),
            born + timedelta(days=random.randrange(12_000)),
        )
        for n in range(mentors)
    ]
    waiting = [
        MenteeSide(
            UUID(int=n + 1),
            UUID(int=3_000_000 + n),
            f"Mentee {n}",
            BEGAN + timedelta(hours=n),
            traits(random),
            born + timedelta(days=random.randrange(12_000)),
        )
        for n in range(mentees)
    ]
    apart = frozenset(
        (mentee, mentor)
        for mentee in range(mentees)
        for mentor in range(mentors)
        if random.random() < KEPT_APART
    )
    people = frozenset((helping[b].person_id, waiting[a].person_id) for a, b in apart)
    return World(Board(waiting, helping, Facts(check_with_staff=people)), apart)


def violations(world: World, pairs: Mapping[UUID, UUID]) -> int:
    """Broken rules: someone unknown, two who are kept apart, a mentor with too many mentees. (That
    nobody is matched twice is the mapping's own.)"""
    mentees = {each.id: n for n, each in enumerate(world.board.mentees)}
    mentors = {each.id: n for n, each in enumerate(world.board.mentors)}
    unknown = sum(one not in mentees or other not in mentors for one, other in pairs.items())
    numbers = [
        (mentees[one], mentors[other])
        for one, other in pairs.items()
        if one in mentees and other in mentors
    ]
    broken = sum(two in world.apart for two in numbers)
    load = Counter(other for _, other in numbers)
    too_many = sum(
        max(0, load[n] + each.live - each.places) for n, each in enumerate(world.board.mentors)
    )
    return unknown + broken + too_many


def run(world: World) -> tuple[Solution, float]:
    """The whole reckoning, from facts to pairs."""
    began = time.perf_counter()
    board = world.board
    rankings = [rank(each, board.mentors, board.facts) for each in board.mentees]
    solution = solve(problem_of(board, rankings, ()))
    return solution, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mentees", type=int, default=MENTEES)
    parser.add_argument("--mentors", type=int, default=MENTORS)
    parser.add_argument("--places", type=int, default=PLACES)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    took, solutions, broken = [], [], 0
    for seed in range(asked.seeds):
        world = made(seed, asked.mentees, asked.mentors, asked.places)
        solution, seconds = run(world)
        again, _ = run(world)
        wrong = violations(world, solution.pairs) + (again.pairs != solution.pairs)
        took.append(seconds)
        solutions.append(solution)
        broken += wrong
        print(
            f"world {seed}: {len(solution.pairs)} of {asked.mentees} matched, {solution.status},"
            f" gap {solution.gap:.4f}, {seconds:.2f} s, {wrong} violations",
            file=sys.stderr,
        )
    fewest = min(len(each.pairs) for each in solutions)
    told = {
        "mentees": asked.mentees,
        "mentors": asked.mentors,
        "seconds": round(statistics.median(took), 3),
        "optimal": all(each.status is SolverStatus.optimal for each in solutions),
        "gap": max(each.gap for each in solutions),
        "matched": fewest,
        "unmatched": asked.mentees - fewest,
        "violations": broken,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
