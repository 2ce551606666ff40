"""What a mentor is spared binds plans, shifts and the rota, until they are asked again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import clock
from app.models.check_ins import CheckIn, CheckInLimit
from app.services.spared import NOTHING, Spared, spared
from tests.rotas.story import day, needs, published, shifts, solved
from tests.sessions.scene import Scene, a_scene, tomorrow
from tests.story import Caller, Wing

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


async def spares(wing: Wing, mentor: Caller, *limits: str) -> None:
    fitness = "fit" if limits == ("none",) else "fit_with_limits"
    body = {"mentor_id": str(mentor.mentor_id), "limits": list(limits), "fitness": fitness}
    clock.forward(minutes=1)
    await wing.support_worker.post("check-ins", body)


def kinds(refused: Any) -> list[str]:
    return [each["kind"] for each in refused["clashes"]]


def test_what_each_limit_spares() -> None:
    def by(*limits: CheckInLimit) -> Spared:
        return spared(CheckIn(limits=list(limits), at=AT))

    assert spared(None) == by(CheckInLimit.none) == by(CheckInLimit.lighter_load) == NOTHING
    assert by(CheckInLimit.no_nights, CheckInLimit.no_groups) == Spared(nights=True, groups=True)
    rest = by(CheckInLimit.rest_this_week)
    assert rest.rests(AT + timedelta(days=7, seconds=-1))
    assert not rest.rests(AT + timedelta(days=7))
    assert not NOTHING.rests(AT)


async def test_a_week_of_rest_takes_no_plan_and_then_it_does(scene: Scene) -> None:
    await spares(scene.wing, scene.mentor, "rest_this_week")
    assert kinds(await scene.refused()) == ["spared"]
    refused = await scene.mentor.post("sessions", scene.plan(), 409)
    assert kinds(refused) == ["unavailable"]
    await scene.books(tomorrow() + timedelta(days=8))
    await spares(scene.wing, scene.mentor, "none")
    await scene.books()


async def test_without_groups_there_is_the_one_to_one(scene: Scene) -> None:
    await spares(scene.wing, scene.mentor, "no_groups", "shorter_sessions")
    group = scene.plan(kind="group", mentee_ids=scene.mentees)
    assert kinds(await scene.support_worker.post("sessions", group, 409)) == ["spared"]
    await scene.books()


async def test_who_is_spared_the_nights_has_none_on_the_rota(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await needs(wing, "20:00", "08:00", role="mentor_on_call")
    await spares(wing, mentor, "no_nights")
    path = await solved(wing)
    gaps = (await wing.support_worker.get(path))["solve"]["gaps"]
    assert {each["why"] for gap in gaps for each in gap["why"]} == {"condition"}


async def test_who_rests_has_no_shift_and_takes_none(wing: Wing) -> None:
    first = await wing.active_mentor()
    await needs(wing, "08:00", "12:00")
    await published(wing)
    [shift, *_] = await shifts(wing.support_worker)
    assert shift["mentor_id"] == str(first.mentor_id)
    other = await wing.active_mentor()
    await spares(wing, other, "rest_this_week")
    path = f"shifts/{shift['id']}"
    await first.move(path, "accepted")
    await first.move(path, "swap_requested")
    refused = await other.post(f"{path}/take", {}, 409)
    assert [each["code"] for each in refused["errors"]] == ["unavailable"]
    body = {"mentor_id": str(other.mentor_id)}
    told = await wing.support_worker.post(f"{path}/take", body, 409)
    assert [each["code"] for each in told["errors"]] == ["spared"]
    await spares(wing, first, "rest_this_week")
    again = await solved(wing)
    gaps = (await wing.support_worker.get(again))["solve"]["gaps"]
    assert {gap["starts_at"][:10] for gap in gaps} == {str(day(1)), str(day(2))}
