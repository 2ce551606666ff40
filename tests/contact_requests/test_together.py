"""What happens to a request while somebody leaves: each order of the two comes to an end."""

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import clock
from app.access import Actor
from app.models.contact_requests import ContactOffer
from app.models.mentees import Mentee
from app.models.mentors import Mentor
from app.models.staff import Role
from app.scope import everything
from app.services import contact_requests, lifecycle
from app.services.mentees.moves import MENTEE
from app.services.mentors.moves import MENTOR
from tests.contact_requests.test_routes import asks, path_of, serves
from tests.story import Caller, Wing

A_MOMENT = 0.4  # in which the other request comes to the lock it waits for


def actor_of(wing: Wing, caller: Caller, role: Role) -> Actor:
    return Actor(wing.prison_id, caller.subject, role, staff_id=caller.staff_id)


async def locked(session: AsyncSession, wing: Wing, model: Any, row_id: Any) -> Any:
    found = everything(model, wing.prison_id).where(model.id == UUID(str(row_id)))
    return (await session.scalars(found.with_for_update())).one()


async def accepted(wing: Wing) -> tuple[Caller, Any]:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    made = await asks(wing)
    await mentor.move(path_of(made), "accepted")
    return mentor, made


async def test_a_mentor_is_suspended_while_an_officer_lets_them_meet(wing: Wing) -> None:
    mentor, made = await accepted(wing)
    governor = actor_of(wing, wing.governor, Role.governor)
    async with wing.db.write(wing.prison_id) as session:
        row = await locked(session, wing, Mentor, mentor.mentor_id)
        meeting = asyncio.create_task(
            wing.officer.request("POST", f"{path_of(made)}/authorisation", json={})
        )
        await asyncio.sleep(A_MOMENT)
        await lifecycle.move(session, MENTOR, row, to="suspended", actor=governor, reason="conduct")
    assert (await meeting).status_code == 409
    shown = await wing.officer.get(path_of(made))
    assert (shown["status"], shown["mentor_id"]) == ("asked", None)


async def test_whoever_leaves_while_they_are_together_is_not_kept_from_it(wing: Wing) -> None:
    mentor, made = await accepted(wing)
    await wing.officer.post(f"{path_of(made)}/authorisation", {}, 200)
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="conduct")
    await wing.support_worker.move(f"mentees/{made['mentee_id']}", "released")
    shown = await wing.officer.get(path_of(made))
    assert shown["status"] == "under_way"
    clock.forward(minutes=20)
    ended = await wing.officer.post(f"{path_of(made)}/end", {}, 200)
    assert ended["session_id"]


async def test_support_ends_while_an_officer_chooses_a_mentor(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    made = await asks(wing)
    worker = actor_of(wing, wing.support_worker, Role.support_worker)
    async with wing.db.write(wing.prison_id) as session:
        row = await locked(session, wing, Mentee, made["mentee_id"])
        choosing = asyncio.create_task(
            wing.officer.request(
                "POST", f"{path_of(made)}/offers", json={"mentor_id": str(mentor.mentor_id)}
            )
        )
        await asyncio.sleep(A_MOMENT)
        await lifecycle.move(session, MENTEE, row, to="completed", actor=worker, reason="goals_met")
    assert (await choosing).status_code == 409
    assert (await wing.officer.get(path_of(made)))["status"] == "unmet"


async def test_support_ends_while_somebody_asks(wing: Wing) -> None:
    mentee = await wing.engaged()
    worker = actor_of(wing, wing.support_worker, Role.support_worker)
    async with wing.db.write(wing.prison_id) as session:
        row = await locked(session, wing, Mentee, mentee["id"])
        asking = asyncio.create_task(
            wing.officer.request("POST", "contact-requests", json={"mentee_id": mentee["id"]})
        )
        await asyncio.sleep(A_MOMENT)
        await lifecycle.move(session, MENTEE, row, to="completed", actor=worker, reason="goals_met")
    assert (await asking).status_code == 409
    assert (await wing.officer.get("contact-requests"))["items"] == []


async def test_two_workers_put_one_request_on_once(wing: Wing) -> None:
    mentors = [await wing.active_mentor() for _ in range(3)]
    for mentor in mentors:
        await serves(wing, mentor)
    made = await asks(wing)
    clock.forward(minutes=11)

    async def worker() -> int:
        async with wing.db.write(wing.prison_id) as session:
            return await contact_requests.lapse_due(session, wing.prison_id)

    assert sum(await asyncio.gather(*[worker() for _ in range(4)])) == 1
    shown = await wing.officer.get(path_of(made))
    assert [each["answer"] for each in shown["offers"]] == ["lapsed", "open"]


async def test_an_offer_made_meanwhile_has_all_its_time(wing: Wing) -> None:
    """A worker found the offer overdue; before it holds the request, the mentor says no."""
    first, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, first)
    await serves(wing, other, "mentor_on_call")
    made = await asks(wing)
    clock.forward(minutes=11)
    async with wing.db.write(wing.prison_id) as held:
        await locked(held, wing, Mentee, made["mentee_id"])  # the worker waits for the mentee
        await asyncio.sleep(0)

        async def worker() -> int:
            async with wing.db.write(wing.prison_id) as session:
                return await contact_requests.lapse_due(session, wing.prison_id)

        late = asyncio.create_task(worker())
        await asyncio.sleep(A_MOMENT)
        offers = everything(ContactOffer, wing.prison_id).where(
            col(ContactOffer.contact_request_id) == UUID(made["id"])
        )
        for offer in await held.scalars(offers):
            offer.answer_by = clock.now().replace(year=2100)
    assert await late == 0
    assert (await wing.officer.get(path_of(made)))["mentor_id"] == str(first.mentor_id)
