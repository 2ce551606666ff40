"""A request of somebody who is not there to be met any more closes itself."""

from typing import Any

import pytest

from tests.contact_requests.test_routes import asks, path_of, serves
from tests.story import Wing


async def closed(wing: Wing, made: Any, reason: str) -> None:
    shown = await wing.officer.get(path_of(made))
    assert (shown["status"], shown["mentor_id"]) == ("unmet", None)
    assert {each["answer"] for each in shown["offers"]} <= {"taken_back"}
    last = (await wing.support_worker.get(f"{path_of(made)}/history"))["items"][-1]
    assert (last["reason"], last["actor_role"]) == (reason, "system")
    assert (await wing.officer.get("tasks?kind=contact_request_due&status=open"))["items"] == []
    (task,) = (await wing.officer.get("tasks?kind=contact_request_due"))["items"]
    assert task["status"] == "cancelled"


@pytest.mark.parametrize("far", ["asked", "offered", "accepted"])
async def test_support_that_ends_closes_what_was_asked_for(wing: Wing, far: str) -> None:
    mentor = await wing.active_mentor()
    if far != "asked":
        await serves(wing, mentor)
    made = await asks(wing)
    if far == "accepted":
        await mentor.move(path_of(made), "accepted")
    assert (await wing.officer.get(path_of(made)))["status"] == far
    path = f"mentees/{made['mentee_id']}"
    await wing.support_worker.move(path, "completed", reason="goals_met")
    await closed(wing, made, "support_ended")
    await mentor.get(path_of(made), 404)


@pytest.mark.parametrize("end", ["transferred", "released", "deceased"])
async def test_whoever_leaves_asks_for_nobody_any_more(wing: Wing, end: str) -> None:
    made = await asks(wing)
    await wing.support_worker.move(f"mentees/{made['mentee_id']}", end)
    await closed(wing, made, "left")
    figures = (await wing.governor.get("contact-requests/figures"))["all"]
    assert (figures["asked"], figures["unmet"], figures["open"]) == (1, 1, 0)


async def test_a_pause_closes_nothing(wing: Wing) -> None:
    made = await asks(wing)
    path = f"mentees/{made['mentee_id']}"
    await wing.support_worker.move(path, "paused", reason="unwell")
    assert (await wing.officer.get(path_of(made)))["status"] == "asked"


async def test_whom_the_prison_tells_to_be_gone_asks_for_nobody(wing: Wing) -> None:
    made = await asks(wing)
    mentee = await wing.support_worker.get(f"mentees/{made['mentee_id']}")
    person = await wing.support_worker.get(f"people/{mentee['person_id']}")
    gone = {
        "prisonerNumber": person["number"],
        "firstName": "Gone",
        "lastName": "Elsewhere",
        "prisonId": "OUT",
        "status": "INACTIVE OUT",
    }
    report = await wing.support_worker.post("people/import", [gone])
    assert report["counts"]["marked_away"] == 1
    await closed(wing, made, "left")
