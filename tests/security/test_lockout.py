"""A suspended mentor is locked out at once, with a token issued long before: but may raise a
concern, and read what became of their own."""

from fastapi import FastAPI

from app.db import Database
from app.grants import PUBLIC
from app.openapi import api_routes, permission_of
from app.rights import Permission
from tests.concerns.conftest import Night, concern
from tests.house.callers import full
from tests.sessions.scene import Scene, a_mentee
from tests.story import Caller, Wing

# All that is left to them; beside it the pages that hold nothing of a prison.
LEFT = {
    "raise_concern",
    "raise_concerns",
    "list_concerns",
    "read_concern",
    "add_to_concern",
    "create_stream_ticket",  # to what became of their own concerns
}
OF_NO_PRISON = {Permission.self_read}


async def suspends(wing: Wing, mentor: Caller) -> None:
    path = f"mentors/{mentor.mentor_id}"
    await wing.governor.move(path, "suspended", reason="security_outcome")


async def test_a_token_issued_before_opens_nothing_but_concerns_from_then_on(
    app: FastAPI, wing: Wing, db: Database
) -> None:
    """Every operation of the document, at rows that were theirs a moment ago."""
    there = await full(wing, db)
    mentor = await wing.founder()
    await mentor.get(f"mentors/{mentor.mentor_id}")
    await suspends(wing, mentor)
    wrong, asked = [], 0
    for route in api_routes(app):
        permission = permission_of(route.dependant)
        if route.name in LEFT or permission is None or permission in OF_NO_PRISON:
            continue
        for method in sorted(route.methods or ()):
            path = there.path(route).replace(
                str(there.world["mentor"]["id"]), str(mentor.mentor_id)
            )
            answer = await mentor.request(method, path)
            asked += 1
            if answer.status_code not in {403, 404}:
                wrong.append(f"{route.name}: {answer.status_code} {answer.text[:100]}")
    assert not wrong, "\n".join(wrong)
    assert asked == sum(len(item) for item in app.openapi()["paths"].values()) - _left(app), (
        "no operation is overlooked"
    )


def _left(app: FastAPI) -> int:
    """How many operations are public, left to them, or hold nothing of a prison."""
    return sum(
        route.name in LEFT or route.name in PUBLIC or permission_of(route.dependant) in OF_NO_PRISON
        for route in api_routes(app)
        if route.include_in_schema
    )


async def test_a_suspended_mentor_still_raises_a_concern_and_reads_their_receipts(
    night: Night,
) -> None:
    before = await night.raises()
    await suspends(night.wing, night.mentor)
    after = await night.raises(account="It is worse now.")
    shown = await night.mentor.get("concerns")
    assert {each["id"] for each in shown["items"]} == {before["id"], after["id"]}
    receipt = await night.mentor.get(f"concerns/{before['id']}")
    assert "received" in receipt
    words = {"account": "He asks for his sister."}
    await night.mentor.post(f"concerns/{before['id']}/addenda", words)
    assert await night.sweep(), "and somebody is paged"
    others = await night.wing.officer.post("concerns", concern())
    await night.mentor.get(f"concerns/{others['id']}", 404)


async def test_an_answer_given_before_is_not_given_again(wing: Wing) -> None:
    """An Idempotency-Key opens nothing that the role does not."""
    mentor = await wing.founder()
    mentee = await a_mentee(wing, mentor)
    scene = Scene(wing, mentor, (await wing.room())["id"], [mentee])
    key = {"Idempotency-Key": "booked"}
    plan = scene.plan()
    booked = await mentor.post("sessions", plan, headers=key)
    assert await mentor.post("sessions", plan, headers=key) == booked
    await suspends(wing, mentor)
    await mentor.post("sessions", plan, 403, headers=key)


async def test_back_in_the_role_the_same_token_opens_it_again(wing: Wing) -> None:
    mentor = await wing.founder()
    await suspends(wing, mentor)
    await mentor.get("mentees", 403)
    path = f"mentors/{mentor.mentor_id}"
    await wing.governor.move(path, "active")
    await mentor.get("mentees")
