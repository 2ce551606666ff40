"""Whom one can reach now and next, over HTTP."""

from datetime import datetime, time, timedelta

from app import clock
from app.services.working_days import LONDON, local_date
from tests.contact_requests.test_routes import at_night, serves, set_regime
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


async def test_in_a_lockdown_by_day_nobody_is_reached_but_through_an_officer(wing: Wing) -> None:
    await set_regime(wing)
    noon = datetime.combine(local_date(clock.now(), LONDON) + timedelta(days=1), time(12), LONDON)
    clock.forward(seconds=(noon - clock.now()).total_seconds())
    begins, ends = clock.now() + timedelta(minutes=5), clock.now() + timedelta(minutes=35)
    lockdown = {"from": clock.spell(begins), "to": clock.spell(ends)}
    made = await wing.support_worker.post("lockdowns", lockdown)
    told = await wing.officer.get("on-duty")
    assert (told["locked_up"], told["reached_by"]) == (False, "on_the_wing")
    assert told["changes_at"] == clock.spell(begins)
    clock.forward(minutes=6)
    told = await wing.officer.get("on-duty")
    assert (told["locked_up"], told["reached_by"]) == (True, "through_an_officer")
    assert told["changes_at"] == clock.spell(ends)
    await wing.support_worker.post(f"lockdowns/{made['id']}/lift", None, 200)
    assert (await wing.officer.get("on-duty"))["locked_up"] is False
