"""What who asks for a mentor is not told: who may not come to them, and who said no."""

from typing import Any

from app import clock
from tests.contact_requests.test_routes import asks, path_of, serves
from tests.non_associations.test_routes import between
from tests.story import Caller, Wing

TOLD = ("status", "moves", "coming_name", "answer_by")


async def seen(man: Caller, made: Any) -> dict[str, Any]:
    """All that the prisoner who asked can tell two requests apart by, without ids and times."""
    path = path_of(made)
    answer = await man.request("GET", path)
    history = (await man.get(f"{path}/history"))["items"]
    (row,) = (await man.get("contact-requests"))["items"]
    return {
        **{name: answer.json()[name] for name in TOLD},
        "fields": sorted(answer.json()),
        "etag": answer.headers.get("ETag"),
        "row": {name: value for name, value in row.items() if name in TOLD},
        "history": [(each["from_state"], each["to_state"]) for each in history],
        "offered": (await man.get("contact-requests?status=offered"))["items"],
        "answer": (await man.move(path, "accepted", expect=403))["code"],
        "stale": (
            await man.request(
                "POST", f"{path}/moves", json={"to": "accepted"}, headers={"If-Match": '"1"'}
            )
        ).status_code,
    }


async def test_it_looks_the_same_whether_a_mentor_may_come_or_is_kept_apart(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    mentees = [await wing.engaged() for _ in range(2)]
    people = (mentor.person_id, mentees[1]["person_id"])
    numbers = [(await wing.support_worker.get(f"people/{each}"))["number"] for each in people]
    await wing.support_worker.post("non-associations/import", [between(*numbers)])
    men = [wing.as_person(each["person_id"]) for each in mentees]
    made = [await man.post("contact-requests", {}) for man in men]
    states = [(await wing.officer.get(path_of(each)))["status"] for each in made]
    assert states == ["offered", "asked"]
    first, other = [await seen(man, each) for man, each in zip(men, made, strict=True)]
    assert first == other
    assert first["status"] == "asked"


async def test_that_somebody_said_no_is_not_told(wing: Wing) -> None:
    first, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, first)
    await serves(wing, other, "mentor_on_call")
    mentee = await wing.engaged()
    man = wing.as_person(mentee["person_id"])
    made = await man.post("contact-requests", {})
    before = await seen(man, made)
    await first.move(path_of(made), "asked", reason="declined")
    assert await seen(man, made) == before
    shown = await other.get(f"{path_of(made)}/history")
    assert [each["to_state"] for each in shown["items"]] == ["asked"]  # nor to who is asked next
    told = await other.move(path_of(made), "accepted")
    assert told["status"] == "accepted"
    assert (await man.get(path_of(made)))["status"] == "accepted"
    await other.move(path_of(made), "asked", reason="cannot_come")
    history = (await man.get(f"{path_of(made)}/history"))["items"]
    assert [each["to_state"] for each in history] == ["asked", "accepted", "asked"]


async def test_nobody_comes_to_themselves(wing: Wing) -> None:
    mentor, other = [await wing.active_mentor() for _ in range(2)]
    await serves(wing, mentor)
    body = {"person_id": str(mentor.person_id), "referred_by": "support_worker"}
    mentee = await wing.support_worker.post("mentees", body)
    made = await wing.officer.post("contact-requests", {"mentee_id": mentee["id"]})
    assert (made["status"], made["offers"]) == ("asked", [])
    path = path_of(made)
    chosen = {"mentor_id": str(mentor.mentor_id), "in_spite_of_warnings": True}
    refused = await wing.officer.post(f"{path}/offers", chosen, 422)
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [
        ("mentor_id", "same_person")
    ]
    chosen["mentor_id"] = str(other.mentor_id)
    await wing.officer.post(f"{path}/offers", chosen, 200)


async def test_no_officer_goes_past_it_that_a_mentor_was_stopped(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    made = await asks(wing)
    await wing.clinician.move(f"mentors/{mentor.mentor_id}", "suspended", reason="concern_raised")
    chosen = {"mentor_id": str(mentor.mentor_id), "in_spite_of_warnings": True}
    refused = await wing.officer.post(f"{path_of(made)}/offers", chosen, 409)
    assert [each["code"] for each in refused["errors"]] == ["mentor_not_active"]
    assert (await wing.officer.get(path_of(made)))["status"] == "asked"


async def test_a_late_yes_counts_until_it_is_put_to_the_next(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    await serves(wing, mentor)
    made = await asks(wing)
    clock.forward(minutes=30)  # and no worker was there to see it
    assert (await mentor.move(path_of(made), "accepted"))["status"] == "accepted"
    await wing.tidies()
    assert (await wing.officer.get(path_of(made)))["status"] == "accepted"
