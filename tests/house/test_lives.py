"""A state machine over the lives of mentors, mentees and pairings: whatever is done in whatever
order, every row has its history, nobody is paired with who is not there, and no active mentor lacks
what the role asks for on any day.

LIVES_EXAMPLES sets how many worlds are lived, up to fifty things in each; more for a long run.
"""

import asyncio
import os
import sys
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, Phase
from hypothesis import settings as tried
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from app import clock
from app.config import Settings
from app.runtime import open_database
from tests.house.lives import LIVES, Lives, Tally
from tests.story import new_prison_id

WORLDS = int(os.environ.get("LIVES_EXAMPLES", "8"))
A_WORLD = 50
ENOUGH = 60
"""From so many worlds on, every guard must have let somebody pass and have stopped somebody."""
# What only an order of events that chance seldom finds would refuse; each has a test of its own.
UNREFUSED = {
    "mentors assessed_by_another",
    "mentors came_from",
    "mentors campaign_has_place",
    "mentors decided_by_another",
    "mentors first_appeal",
    "mentors founders_below_cap",
    "mentors nobody_decides_on_themselves",
    "pairings mentor_full",
    "pairings no_one_to_one",
    "pairings own_wing_only",
}
NOUNS = st.sampled_from([*LIVES])


def test_whatever_is_done_in_whatever_order_the_lives_stay_sound(settings: Settings) -> None:
    tally = Tally()
    with asyncio.Runner() as runner:
        assert settings.database_url
        db = runner.run(open_database(settings, settings.database_url))

        class Machine(RuleBasedStateMachine):
            """A prison of its own, whose people act and are acted on."""

            worlds = 0

            @initialize(seed=st.integers(0, 2**32))
            def begins(self, seed: int) -> None:
                clock.set_offset(timedelta())
                Machine.worlds += 1
                self.lives = Lives(db, new_prison_id(), Random(seed), tally)
                runner.run(self.lives.open())
                runner.run(self.lives.grow())

            @rule(things=st.integers(1, 15))
            def much_happens(self, things: int) -> None:
                runner.run(self.lives.a_while(things))

            @rule()
            def somebody_applies(self) -> None:
                runner.run(self.lives.applies())

            @rule()
            def somebody_is_referred(self) -> None:
                runner.run(self.lives.is_referred())

            @rule(noun=NOUNS, helped=st.booleans())
            def somebody_is_moved(self, noun: str, helped: bool) -> None:
                runner.run(self.lives.moves(noun, helped=helped))

            @rule(days=st.integers(1, 60))
            def days_pass(self, days: int) -> None:
                runner.run(self.lives.days_pass(days))
                runner.run(self.lives.sound(kept=True))

            def teardown(self) -> None:
                if hasattr(self, "lives"):
                    runner.run(self.lives.sound(kept=False))

        run_state_machine_as_test(
            Machine,
            settings=tried(
                max_examples=WORLDS,
                stateful_step_count=A_WORLD,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(db.close())
    sys.stdout.write(f"{tally.steps} steps, {tally.days} days\n")
    assert tally.steps >= WORLDS * 50
    if WORLDS >= ENOUGH:
        guards = {
            f"{noun} {guard.__name__}"
            for noun, (_, life) in LIVES.items()
            for way in life.moves.values()
            for guard in way.guards
        }
        assert guards - set(tally.passed) == set(), "nobody ever got past these"
        assert guards - set(tally.refused) <= UNREFUSED, "these never stood in anybody's way"
