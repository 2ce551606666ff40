"""A goal's life, without a database."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from app.access import Actor
from app.models.goals import Goal, GoalKind
from app.models.staff import Role
from app.services.goals import GOAL, IN_THE_SCHEME
from app.services.lifecycle import Context

NOW = datetime(2027, 6, 15, 12, tzinfo=UTC)


def test_a_goal_ends_achieved_or_dropped_and_stays_so() -> None:
    made = {(str(start), str(to)) for start, to in GOAL.moves}
    assert made == {("open", "achieved"), ("open", "dropped")}


@pytest.mark.parametrize("kind", GoalKind)
def test_only_a_goal_is_achieved(kind: GoalKind) -> None:
    goal = Goal(
        prison_id="SLI", mentee_id=uuid4(), kind=kind, text="x", set_on=date(2027, 6, 1),
        recorded_by="sw",
    )  # fmt: skip
    context = Context(goal, Actor("SLI", "sw", Role.support_worker), NOW, None)
    [achieved] = [move for (_, to), move in GOAL.moves.items() if to == "achieved"]
    refusals = [refusal for guard in achieved.guards if (refusal := guard(context))]
    assert (refusals == []) is (kind is GoalKind.goal)


def test_plans_are_made_with_those_who_were_taken_in_and_have_not_ended() -> None:
    assert {str(state) for state in IN_THE_SCHEME} == {
        "accepted", "waiting", "offered", "engaged", "paused", "stepped_up",
    }  # fmt: skip
