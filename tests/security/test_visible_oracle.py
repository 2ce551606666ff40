"""The scope in SQL against a slow oracle in plain Python: random worlds, and everyone in them."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from app import clock
from app.access import Actor
from app.db import Database
from app.models.staff import Role
from app.scope import NARROWINGS, visible
from tests.security.oracle import NOBODY, ORACLE, answer
from tests.security.worlds import World, insert, make
from tests.story import new_prison_id

pytestmark = pytest.mark.xdist_group("oracle")  # one worker counts what is asked
Record = Callable[[str, object], None]
WORLDS = 20
CASES = 4000
NOT_YET: set[type[SQLModel]] = set()  # tables whose oracle is still to be written
MODELS = sorted(NARROWINGS.keys() - NOT_YET, key=lambda model: model.__name__)

_made: dict[int, World] = {}
_asked: Counter[str] = Counter()
_told: Counter[str] = Counter()


async def _world(db: Database, seed: int) -> World:
    """The world with this number, in the database since it was first asked for."""
    if seed not in _made:
        world = make(seed, new_prison_id(), clock.now())
        await insert(db, world)
        _made[seed] = world
    return _made[seed]


async def _in_sql(db: Database, model: type[SQLModel], actor: Actor) -> set[Any]:
    ids = visible(model, actor).with_only_columns(model.id)  # type: ignore[attr-defined]
    async with db.write(actor.prison_id) as session:
        return set((await session.execute(ids)).scalars())


@pytest.fixture(scope="module", autouse=True)
def _enough_is_asked(record_testsuite_property: Record) -> Iterator[None]:
    """After the property, where it was run: its cases were many, and not all of them empty."""
    yield
    if _asked.total() < CASES:
        return
    record_testsuite_property("visible_cases", _asked.total())
    sys.stdout.write(f"{_asked.total()} cases in {len(_made)} worlds: {dict(_asked)}\n")
    assert _asked.total() >= 2000
    assert _asked.keys() == set(Role) - {Role.system}
    assert {model for model in MODELS if not _told[model.__name__]} == NOBODY


def test_every_narrowed_table_has_an_oracle() -> None:
    assert NARROWINGS.keys() - NOT_YET == ORACLE.keys()
    assert not NOT_YET


@settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a case is its three numbers: nothing to shrink
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, WORLDS - 1), who=st.integers(0, 10_000), model=st.sampled_from(MODELS))
async def test_what_is_visible_in_sql_is_what_the_oracle_says(
    db: Database, seed: int, who: int, model: type[SQLModel]
) -> None:
    world = await _world(db, seed)
    actors = world.actors()
    await _hold(db, world, actors[who % len(actors)], model)


async def test_so_it_is_for_machines_of_which_chance_asks_little(db: Database) -> None:
    for seed in range(WORLDS):
        world = await _world(db, seed)
        for actor in world.actors():
            for model in MODELS if actor.role is Role.machine else ():
                await _hold(db, world, actor, model)


async def _hold(db: Database, world: World, actor: Actor, model: type[SQLModel]) -> None:
    found, said = await _in_sql(db, model, actor), answer(world, actor, model)
    _asked[actor.role] += 1
    _told[model.__name__] += len(said)
    assert found == said, f"{actor.role} of {model.__name__}: {found ^ said}"
