"""The list of sessions: as each is shown alone, filtered, sorted, paged, by role."""

from typing import Any

import pytest

from app.models.staff import StaffRole
from tests.sessions.scene import Scene, a_scene, tomorrow
from tests.story import Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


async def test_the_list_shows_each_session_as_it_is_shown_alone(scene: Scene) -> None:
    await scene.group()
    await scene.books(tomorrow(14))
    page = await scene.support_worker.get("sessions")
    assert page["next"] is None
    for row in page["items"]:
        alone = await scene.support_worker.get(f"sessions/{row['id']}")
        assert row == {name: alone[name] for name in row}
    assert [len(row["participations"]) for row in page["items"]] == [3, 1]


async def test_the_list_is_filtered_and_sorted(scene: Scene) -> None:
    group = await scene.group()
    alone = await scene.books(tomorrow(14), room_id=None)
    cancelled = await scene.books(tomorrow(16), mentee_ids=scene.mentees[1:2])
    await scene.support_worker.move(f"sessions/{cancelled['id']}", "cancelled", reason="other")
    expected: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, [group, alone, cancelled]),
        ({"sort": "-starts_at"}, [cancelled, alone, group]),
        ({"status": "planned"}, [group, alone]),
        ({"kind": "group"}, [group]),
        ({"room_id": scene.room}, [group, cancelled]),
        ({"mentor_id": str(scene.mentor.mentor_id)}, [group, alone, cancelled]),
        ({"mentor_id": scene.room}, []),
        ({"mentee_id": scene.mentees[1]}, [group, cancelled]),
        ({"starts_from": tomorrow(14).isoformat()}, [alone, cancelled]),
        ({"starts_before": tomorrow(14).isoformat()}, [group]),
        (
            {"mentee_id": scene.mentees[0], "status": "planned", "sort": "-starts_at"},
            [alone, group],
        ),
    ]
    for reader in (scene.support_worker, scene.mentor, scene.wing.officer, scene.wing.clinician):
        for params, found in expected:
            page = await reader.get("sessions", params=params)
            assert [row["id"] for row in page["items"]] == [each["id"] for each in found], params


async def test_the_list_is_paged_without_gap_or_repeat(scene: Scene) -> None:
    made = [(await scene.books(tomorrow(hour)))["id"] for hour in range(8, 15)]
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 3}
    while True:
        page = await scene.support_worker.get("sessions", params=params)
        seen += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert seen == made


@pytest.mark.parametrize(
    "params",
    [{"starts_from": "2026-01-01T00:00:00"}, {"status": "lost"}, {"mentee_id": "x"}, {"q": "1"}],
)
async def test_a_filter_that_makes_no_sense_is_refused_by_name(
    wing: Wing, params: dict[str, str]
) -> None:
    problem = await wing.support_worker.get("sessions", 422, params=params)
    assert [error["field"] for error in problem["errors"]] == list(params)


@pytest.mark.parametrize("role", [StaffRole.nurse, StaffRole.mental_health_lead])
async def test_professions_read_sessions_as_their_family_does(
    scene: Scene, role: StaffRole
) -> None:
    session = await scene.books()
    reader = await scene.wing.hires(role)
    assert [row["id"] for row in (await reader.get("sessions"))["items"]] == [session["id"]]
