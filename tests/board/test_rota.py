"""What of the rota waits for somebody: shifts to accept, shifts to pass on, and who asks."""

from datetime import datetime, timedelta
from typing import Any

from app import clock
from tests.contact_requests.test_routes import asks, path_of, serves
from tests.rotas.story import needs, published, shifts
from tests.story import Caller, Wing


async def served(wing: Wing) -> tuple[Caller, Any]:
    """A mentor, and their shift of tomorrow morning, given out and not accepted."""
    mentor = await wing.active_mentor()
    await needs(wing, "08:00", "12:00", days=1)
    await published(wing, days=1)
    [shift] = await shifts(mentor)
    return mentor, shift


async def of_the_rota(caller: Caller) -> list[tuple[str, str]]:
    """The rules and things of the caller's board that are about the rota."""
    items = (await caller.get("board?limit=200"))["items"]
    wanted = ("shift_", "contact_")
    return [(each["rule"], each["thing_id"]) for each in items if each["rule"].startswith(wanted)]


async def on_no_other_board(wing: Wing) -> None:
    for caller in (wing.clinician, wing.governor, wing.officer):
        assert await of_the_rota(caller) == []


def forward_to(at: str, **before: float) -> None:
    begins = datetime.fromisoformat(at) - timedelta(**before)
    clock.forward(seconds=(begins - clock.now()).total_seconds())


async def test_a_shift_is_to_be_accepted_by_its_mentor_and_soon_is_a_matter_for_staff(
    wing: Wing,
) -> None:
    mentor, shift = await served(wing)
    other = await wing.active_mentor()
    told = [("shift_to_accept", shift["id"])]
    forward_to(shift["starts_at"], hours=25)
    assert await of_the_rota(mentor) == told
    assert await of_the_rota(wing.support_worker) == []
    forward_to(shift["starts_at"], hours=23)
    assert await of_the_rota(wing.support_worker) == told
    assert await of_the_rota(other) == []
    await on_no_other_board(wing)
    await mentor.move(f"shifts/{shift['id']}", "accepted")
    assert await of_the_rota(mentor) == await of_the_rota(wing.support_worker) == []


async def test_staff_are_asked_to_find_somebody_for_a_shift_that_is_given_away(wing: Wing) -> None:
    mentor, shift = await served(wing)
    other = await wing.active_mentor()
    path = f"shifts/{shift['id']}"
    await mentor.move(path, "accepted")
    await mentor.move(path, "swap_requested")
    [item] = (await wing.support_worker.get("board"))["items"]
    assert (item["rule"], item["thing_id"]) == ("shift_to_hand_over", shift["id"])
    person = await wing.support_worker.get(f"people/{mentor.person_id}")
    assert item["display_name"] == person["display_name"]
    assert await of_the_rota(mentor) == await of_the_rota(other) == []
    await on_no_other_board(wing)
    await other.post(f"{path}/take", {}, 200)
    assert await of_the_rota(wing.support_worker) == []


async def test_whoever_is_called_in_is_to_say_that_they_come(wing: Wing) -> None:
    mentor, shift = await served(wing)
    path = f"shifts/{shift['id']}"
    await mentor.move(path, "accepted")
    await mentor.move(path, "uncovered", reason="sick")
    other = await wing.active_mentor()
    await wing.support_worker.post(f"{path}/give", {"mentor_id": str(other.mentor_id)}, 200)
    forward_to(shift["starts_at"], hours=3)
    told = [("shift_to_accept", shift["id"])]
    assert await of_the_rota(other) == await of_the_rota(wing.support_worker) == told
    assert await of_the_rota(mentor) == []


async def test_a_mentor_finds_first_that_somebody_asks_for_them(wing: Wing) -> None:
    mentor, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, mentor)
    made = await asks(wing)
    items = (await mentor.get("board"))["items"]
    first = items[0]
    assert (first["rule"], first["thing_id"]) == ("contact_to_answer", made["id"])
    assert first["due_at"] == made["offers"][0]["answer_by"]
    assert await of_the_rota(other) == []
    assert ("contact_to_answer", made["id"]) not in await of_the_rota(wing.support_worker)
    await mentor.move(path_of(made), "accepted")
    assert await of_the_rota(mentor) == []
