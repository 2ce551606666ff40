"""What is hidden changes no answer: not a count, an order, a cursor or an ETag.

Everything that can be read is read twice, and between both things happen of which the reader may
know nothing. Both answers must be the same, byte for byte.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app import clock
from tests.security.canaries import CLINICIANS, GOVERNORS, STAFF, WORKERS, Viewer
from tests.security.crawler import Crawl, filter_values, operations
from tests.security.planting import ABROAD, HOME, World

pytestmark = pytest.mark.xdist_group("world")  # one worker plants what they share

V = Viewer
Act = Callable[[World], Awaitable[Any]]
_numbers = count(1)
OF_PRISONERS = frozenset(
    {V.mentor, V.suspended_mentor, V.applicant, V.mentee, V.machine, V.foreign_governor}
)
STEADY = timedelta(minutes=2)
HIDDEN: list[tuple[frozenset[Viewer], Act]] = []
"""What happens, and from whom it is hidden."""


def hidden_from(viewers: frozenset[Viewer]) -> Callable[[Act], Act]:
    def noted(act: Act) -> Act:
        HIDDEN.append((viewers, act))
        return act

    return noted


@hidden_from(OF_PRISONERS | STAFF - GOVERNORS)
async def a_concern_about_a_colleague(world: World) -> None:
    about = {"kind": "misconduct", "about_staff_id": str(world.accused_worker.staff_id)}
    await world.other_mentor.post("concerns", {"account": "He looked away.", **about})


@hidden_from(OF_PRISONERS | STAFF - {V.governor})
async def a_concern_about_a_governor(world: World) -> None:
    about = {"kind": "misconduct", "about_staff_id": str(world.accused_governor.staff_id)}
    raised = await world.other_mentor.post("concerns", {"account": "He laughed.", **about})
    await world.governor.post(f"concerns/{raised['id']}/acknowledgement", {}, 200)


@hidden_from(OF_PRISONERS | CLINICIANS | {V.supervisor})
async def a_concern_about_a_mentor(world: World) -> None:
    about = {"kind": "misconduct", "subject_person_id": world.people["mentor"]["id"]}
    await world.support_worker.post("concerns", {"account": "He trades.", **about})


@hidden_from(OF_PRISONERS | STAFF - GOVERNORS)
async def words_added_to_one(world: World) -> None:
    path = f"concerns/{world.concerns['about_worker']['id']}/addenda"
    await world.governor.post(path, {"account": "Again on Sunday."})


@hidden_from(OF_PRISONERS | WORKERS | {V.wing_duty})
async def a_clinical_note(world: World) -> None:
    body = {"person_id": world.people["mentee"]["id"], "kind": "contact", "text": "Slept."}
    await world.clinician.post("clinical-notes", body)


@hidden_from(OF_PRISONERS | WORKERS | {V.wing_duty, V.nurse})
async def a_restricted_note(world: World) -> None:
    body = {"person_id": world.people["mentee"]["id"], "kind": "contact", "text": "Told me."}
    await world.clinician.post("clinical-notes", {**body, "disclosure": "restricted"})


@hidden_from(OF_PRISONERS | WORKERS | {V.wing_duty})
async def an_answer_that_a_clinician_must_look_at(world: World) -> None:
    body = {"mentee_id": world.mentees["other_mentee"]["id"], "occasion": "follow_up"}
    answers = {"instrument": "phq9", "answers": {"better_off_dead": 3}}
    await world.clinician.post("questionnaires", {**body, **answers})


@hidden_from(OF_PRISONERS | WORKERS | {V.wing_duty})
async def what_a_clinician_found(world: World) -> None:
    body = {"mentee_id": world.mentees["other_mentee"]["id"], "kind": "mental_health_contact"}
    found = {"fact": "clinical_finding", "source": "clinical_record"}
    long_ago = str((clock.now() - timedelta(days=200 + next(_numbers))).date())
    await world.clinician.post("life-events", {**body, **found, "first_day": long_ago})


@hidden_from(OF_PRISONERS | WORKERS | {V.wing_duty})
async def an_item_of_a_safety_plan_that_is_not_shared(world: World) -> None:
    plan = (await world.clinician.get("safety-plans"))["items"][0]
    item = {"kind": "warning_sign", "text": "When letters do not come."}
    await world.clinician.post(f"safety-plans/{plan['id']}/items", item)


async def complains(world: World, **about: str) -> None:
    """A governor enters a complaint for somebody."""
    raiser = world.people["stranger"]["id"]
    body = {"account": "Unfair.", "raised_by_person_id": raiser, **about}
    await world.governor.post("complaints", body)


@hidden_from(OF_PRISONERS | STAFF - GOVERNORS)
async def a_complaint_about_a_colleague(world: World) -> None:
    await complains(world, about="staff", about_staff_id=str(world.accused_worker.staff_id))


@hidden_from(OF_PRISONERS | STAFF - {V.governor})
async def a_complaint_about_a_governor(world: World) -> None:
    await complains(world, about="staff", about_staff_id=str(world.accused_governor.staff_id))


@hidden_from(OF_PRISONERS | {V.supervisor, V.wing_duty})
async def a_complaint_about_a_mentor(world: World) -> None:
    await complains(world, about="mentor", about_mentor_id=str(world.mentor.mentor_id))


@hidden_from((OF_PRISONERS - {V.mentee}) | {V.wing_duty})
async def a_goal_that_is_not_shared(world: World) -> None:
    body = {"kind": "goal", "text": "Ring home.", "mentee_id": world.mentees["mentee"]["id"]}
    await world.support_worker.post("goals", body)


@hidden_from(OF_PRISONERS)
async def an_acct(world: World) -> None:
    """Opened once, moved on afterwards; of the mentor's own mentee it stands all the time."""
    person = await world.home.person()
    today = str(clock.now().date() - timedelta(days=1))
    await world.clinician.post("acct-pointers", {"person_id": person["id"], "opened_on": today})


@hidden_from(OF_PRISONERS)
async def another_reason_for_the_referral(world: World) -> None:
    body = {"referral_reason": f"Keeps to his cell, {next(_numbers)}."}
    await world.support_worker.patch(f"mentees/{world.mentees['mentee']['id']}", body)


@hidden_from(OF_PRISONERS)
async def a_session_of_another_mentor(world: World) -> None:
    hours = 24 * 21 + 2 * next(_numbers)  # after the last meeting of the series, at any hour
    body = {
        "kind": "one_to_one",
        "mentor_id": str(world.other_mentor.mentor_id),
        "mentee_ids": [world.mentees["other_mentee"]["id"]],
        "starts_at": clock.spell(clock.now() + timedelta(hours=hours)),
        "ends_at": clock.spell(clock.now() + timedelta(hours=hours + 1)),
    }
    await world.other_mentor.post("sessions", body)


@hidden_from(OF_PRISONERS | {V.wing_duty})
async def what_an_officer_says_of_an_applicant(world: World) -> None:
    body = {
        "mentor_id": str(world.viewers[V.applicant].mentor_id),
        "referee_name": "Officer Sample",
        "referee_role": "wing_staff",
        "supports": "no",
        "text": f"He owes, {next(_numbers)}.",
        "received_on": str(clock.now().date()),
    }
    await world.support_worker.post("character-references", body)


@hidden_from(OF_PRISONERS | {V.wing_duty})
async def a_campaign_in_draft(world: World) -> None:
    today = str(clock.now().date())
    body = {"title": "Another", "opens_on": today, "closes_on": today, "places": 1}
    await world.support_worker.post("campaigns", body)


@hidden_from(OF_PRISONERS | CLINICIANS | {V.supervisor, V.accused_worker, V.wing_duty})
async def a_non_association(world: World) -> None:
    """Of two who are not here: nobody's answer tells that it is held."""
    pair = {
        "id": 6000 + next(_numbers),
        "firstPrisonerNumber": "Y6001YY",
        "secondPrisonerNumber": "Y6002YY",
        "restrictionType": "WING",
        "isOpen": True,
    }
    await world.support_worker.post("non-associations/import", [pair])


@hidden_from(OF_PRISONERS)
async def an_acquaintance_of_a_mentor(world: World) -> None:
    """Told to staff, with an id: not told back, to the mentor neither."""
    body = {
        "person_id": world.people["mentor"]["id"],
        "other_person_id": world.people["stranger"]["id"],
        "relation": "other",
    }
    await world.support_worker.post("acquaintances", body)


async def pass_what_was_read(world: World) -> None:
    """Tests before this one moved the clock: what they read in times to come is past now, or it
    would come to light while the answers are compared."""
    latest = text("SELECT max(recorded_at) AS at FROM audit_entry")
    for prison_id in (HOME, ABROAD):
        async with world.home.db.write(prison_id) as session:
            at = (await session.execute(latest)).scalar_one()
        if at is not None:
            clock.forward(seconds=max(0.0, (at - clock.now()).total_seconds()) + 1)


async def settle(world: World) -> None:
    """Let the worker take every step that is due, or will be while the answers are compared."""
    await pass_what_was_read(world)
    soonest = text(
        "SELECT min(at) AS at FROM (SELECT next_step_at AS at FROM concern UNION ALL"
        " SELECT next_step_at FROM task WHERE status = 'open') AS steps"
    )
    for _ in range(40):
        await world.sweep()
        async with world.home.db.write(HOME) as session:
            at = (await session.execute(soonest)).scalar_one()
        if at is None or at > clock.now() + STEADY:
            return
        clock.forward(seconds=max(0.0, (at - clock.now()).total_seconds()) + 1)
    raise AssertionError("the worker does not come to rest")


def _difference(asked: str, before: str, after: str) -> str:
    """Where two answers part."""
    at = next(
        (n for n, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]),
        min(len(before), len(after)),
    )
    start = max(0, at - 100)
    return f"{asked}\n  …{before[start : at + 300]}\n  …{after[start : at + 300]}"


READERS = [
    V.support_worker,
    V.accused_worker,
    V.supervisor,
    V.wing_duty,
    V.nurse,
    V.mental_health_lead,
    V.accused_governor,
    *sorted(OF_PRISONERS),
]


@pytest.mark.parametrize("viewer", READERS)
async def test_what_is_hidden_from_somebody_changes_no_answer_to_them(
    world: World, open_app: FastAPI, viewer: Viewer
) -> None:
    every = operations(open_app.openapi())
    values = await filter_values(world.home.db)
    await open_app.state.auditor.flush()
    await settle(world)

    async def answers() -> dict[str, str]:
        await open_app.state.auditor.flush()  # what others read until now,
        await open_app.state.auditor.empty_spool()  # and what had to wait on disk
        crawl = Crawl(open_app, every, viewer, world.viewers[viewer], world.ids, values)
        return await crawl.answers()

    before = await answers()
    acts = [act for viewers, act in HIDDEN if viewer in viewers]
    assert acts
    for act in acts:
        await act(world)
    await world.sweep()
    after = await answers()
    assert before.keys() == after.keys()
    changed = {asked for asked in before if before[asked] != after[asked]}
    told = "\n".join(_difference(asked, before[asked], after[asked]) for asked in sorted(changed))
    assert not changed, f"{viewer} can tell:\n{told}"
