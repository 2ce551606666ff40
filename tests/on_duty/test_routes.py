"""Whom one can reach now and next, over HTTP."""

from datetime import timedelta

from app import clock
from app.services.working_days import LONDON
from tests.contact_requests.test_routes import at_night, serves, set_regime
from tests.sessions.scene import a_shift
from tests.story import Wing


async def test_everyone_on_the_scheme_learns_who_can_be_reached_and_how(wing: Wing) -> None:
    await set_regime(wing)
    mentor = await wing.active_mentor()
    mentee = await wing.engaged()
    at_night()
    await serves(wing, mentor)
    for caller in (wing.officer, wing.support_worker, wing.clinician, wing.governor):
        told = await caller.get("on-duty")
        assert (told["locked_up"], told["reached_by"]) == (True, "through_an_officer")
        (found,) = told["now"]
        assert (found["mentor_id"], found["role"]) == (str(mentor.mentor_id), "mentor_on_shift")
        assert found["cell_location"]
    told = await mentor.get("on-duty")
    (found,) = told["now"]
    assert set(found) == {"mentor_name", "role", "starts_at", "ends_at"}
    assert "cell bell" in told["in_danger"]
    await wing.as_person(mentee["person_id"]).get("on-duty", 403)  # he asks, and somebody comes


async def test_by_day_the_doors_are_open_and_who_comes_next_is_told(wing: Wing) -> None:
    told = await wing.officer.get("on-duty")
    assert (told["locked_up"], told["changes_at"], told["now"], told["next"]) == (
        None,
        None,
        [],
        [],
    )
    assert told["reached_by"] == "through_an_officer"  # nobody knows that they are open


async def test_a_machine_is_told_nothing(wing: Wing) -> None:
    machine = await wing.lets_in("events.write")
    await machine.get("on-duty", 403)


async def test_in_a_lockdown_mentors_still_serve_and_an_officer_is_at_the_door(wing: Wing) -> None:
    await set_regime(wing)
    mentor = await wing.active_mentor()
    at_night()
    noon = clock.now().astimezone(LONDON).replace(hour=12, minute=0, second=0, microsecond=0)
    shift = await a_shift(wing, mentor, noon - timedelta(hours=3), hours=8)
    starts, ends = clock.spell(noon + timedelta(hours=1)), clock.spell(noon + timedelta(hours=3))
    await wing.support_worker.post("lockdowns", {"from": starts, "to": ends})
    clock.forward(seconds=(noon - clock.now()).total_seconds())
    lock_up = clock.spell(noon.replace(hour=19, minute=30))
    told = await wing.officer.get("on-duty")
    assert (told["locked_up"], told["changes_at"]) == (False, starts)
    own = await mentor.get("on-duty")
    assert (own["locked_up"], own["changes_at"]) == (False, lock_up), "no prisoner is warned of it"
    clock.forward(hours=1, seconds=1)
    told = await wing.officer.get("on-duty")
    assert (told["locked_up"], told["changes_at"]) == (True, ends)
    assert told["reached_by"] == "through_an_officer"
    assert [each["mentor_id"] for each in told["now"]] == [str(mentor.mentor_id)]
    assert (await mentor.get("on-duty"))["locked_up"] is True
    assert (await wing.support_worker.get(f"shifts/{shift}"))["status"] == "accepted"
    [lockdown] = (await wing.support_worker.get("lockdowns"))["items"]
    await wing.support_worker.post(f"lockdowns/{lockdown['id']}/lift", None, 200)
    assert (await wing.officer.get("on-duty"))["locked_up"] is False
