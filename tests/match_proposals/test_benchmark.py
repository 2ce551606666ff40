"""What the benchmark counts: its own rules, which know nothing of the solver."""

from benchmarks.matching import made, run, violations


def test_the_benchmarks_rules_find_what_is_broken_and_nothing_else() -> None:
    world = made(seed=1, mentees=24, mentors=4, places=6)
    solution, _ = run(world)
    assert len(solution.pairs) == 24
    assert violations(world, solution.pairs) == 0
    mentees, mentors = world.board.mentees, world.board.mentors
    one, other = next(iter(world.apart))
    assert violations(world, {mentees[one].id: mentors[other].id}) == 1
    crowded = {each.id: mentors[0].id for each in mentees if each.id}
    kept_apart = sum(mentor == 0 for _, mentor in world.apart)
    assert violations(world, crowded) == 18 + kept_apart
    assert violations(world, {mentors[0].id: mentees[0].id}) == 1
