"""Every lifecycle: its table is sound, and drawn as it is."""

import inspect

import pytest

from app.lifecycles import every_lifecycle, moves_of
from app.models.base import metadata
from app.models.staff import Role
from app.services.lifecycle import Lifecycle
from tests import golden

LIFECYCLES = every_lifecycle()
every = pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=[each.noun for each in LIFECYCLES])


def test_the_tables_of_moves_are_as_reviewed() -> None:
    golden.check("lifecycles.txt")


def test_the_drawn_lifecycles_are_fresh() -> None:
    golden.check("lifecycles.md")


def test_the_great_lifecycles_are_found() -> None:
    nouns = {each.noun for each in LIFECYCLES}
    assert nouns >= {"mentors", "mentees", "pairings", "sessions", "participations", "concerns"}


@every
def test_every_state_is_reached_from_a_first_one(lifecycle: Lifecycle) -> None:
    arrows = [(start, to) for start, to, _ in moves_of(lifecycle)]
    states = {state.value for state in lifecycle.states}
    firsts = states - {to for _, to in arrows} | {next(iter(lifecycle.states)).value}
    reached, waiting = set(firsts), list(firsts)
    while waiting:
        here = waiting.pop()
        further = {to for start, to in arrows if start == here} - reached
        reached |= further
        waiting += further
    assert reached == states


@every
def test_every_move_leads_elsewhere_and_belongs_to_someone(lifecycle: Lifecycle) -> None:
    for start, to, move in moves_of(lifecycle):
        assert start != to or not move.offered
        assert move.by or not move.offered, f"{start} -> {to} is offered to nobody"
        assert move.by <= set(Role)


@every
def test_guards_have_names_of_their_own(lifecycle: Lifecycle) -> None:
    """A guard's refusal carries its name: it is the code a front end shows words for."""
    for start, to, move in moves_of(lifecycle):
        names = [guard.__name__ for guard in move.guards]
        assert len(set(names)) == len(names), f"{start} -> {to}"
        for guard in move.guards:
            if inspect.getclosurevars(guard).nonlocals:
                continue  # made by a function; its own tests know its name
            assert f'"{guard.__name__}"' in inspect.getsource(guard), guard.__name__
            assert list(inspect.signature(guard).parameters) == ["context"]


@every
def test_reasons_and_states_fit_their_columns(lifecycle: Lifecycle) -> None:
    history = metadata.tables["history"].columns
    for _, _, move in moves_of(lifecycle):
        assert all(len(reason) <= history["reason"].type.length for reason in move.reasons)  # type: ignore[attr-defined]
    assert all(len(state) <= history["to_state"].type.length for state in lifecycle.states)  # type: ignore[attr-defined]
