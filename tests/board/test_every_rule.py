"""Each rule of the board: nothing before, something for exactly those it is for, nothing after."""

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.board.test_routes import WORRY, rules
from tests.series.scene import a_course
from tests.story import Caller, Wing

Story = Callable[[Wing], AsyncGenerator[None]]
SW, C, N, G, WD, LEAD = "support_worker", "clinician", "nurse", "governor", "officer", "lead"
CARE = {C, N, LEAD}
STORIES: list[tuple[str, set[str], Story]] = []
"""By rule: whose boards it is on at the first yield; none at the second."""


def on_the_board_of(*who: str) -> Callable[[Story], Story]:
    """The story of the rule it is called after."""

    def noted(story: Story) -> Story:
        STORIES.append((story.__name__, set(who), story))
        return story

    return noted


def in_a_while(**parts: float) -> str:
    return clock.spell(clock.now() + timedelta(**parts))


async def who_has(rule: str, looking: dict[str, Caller]) -> set[str]:
    return {
        name for name, caller in looking.items() if rule in await rules(caller, "?days_ahead=31")
    }


@on_the_board_of(N)
async def action_to_do(wing: Wing) -> AsyncGenerator[None]:
    raised = await wing.support_worker.post("concerns", {**WORRY, "immediacy": "can_wait_a_day"})
    path = f"concerns/{raised['id']}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    body = {"what": "Ring.", "owner_id": str(wing.nurse.staff_id), "due_at": in_a_while(days=1)}
    shown = await wing.clinician.post(f"{path}/actions", body)
    yield
    action = f"{path}/actions/{shown['actions'][0]['id']}"
    await wing.nurse.post(f"{action}/outcome", {"outcome": "Rang."}, 200)
    yield


@on_the_board_of(*CARE)
async def mentee_stepped_up(wing: Wing) -> AsyncGenerator[None]:
    path = f"mentees/{(await wing.engaged())['id']}"
    await wing.clinician.move(path, "stepped_up", reason="clinical_care_needed")
    yield
    await wing.clinician.move(path, "engaged")
    yield


@on_the_board_of(SW)
async def mentee_to_place(wing: Wing) -> AsyncGenerator[None]:
    path = f"mentees/{(await wing.referred())['id']}"
    await wing.support_worker.move(path, "triage")
    await wing.support_worker.move(path, "accepted")
    yield
    await wing.support_worker.move(path, "waiting")
    yield


@on_the_board_of(SW)
async def offer_to_answer(wing: Wing) -> AsyncGenerator[None]:
    mentee = await wing.offered()
    yield
    await wing.support_worker.move(
        f"mentees/{mentee['id']}", "declined_by_person", reason="not_now"
    )
    yield


@on_the_board_of(SW)
async def place_to_answer(wing: Wing) -> AsyncGenerator[None]:
    course = await a_course(wing, mentees=1)
    body = {"series_id": (await course.plans())["id"], "mentee_id": course.scene.mentees[0]}
    place = await wing.support_worker.post("enrolments", body)
    yield
    await wing.support_worker.move(f"enrolments/{place['id']}", "declined")
    yield


@on_the_board_of(SW)
async def mentor_to_find(wing: Wing) -> AsyncGenerator[None]:
    mentee, mentor = await wing.engaged(), await wing.active_mentor()
    yield
    await wing.pairs(mentor, mentee["id"])
    yield


@on_the_board_of(SW)
async def pairing_to_reassign(wing: Wing) -> AsyncGenerator[None]:
    mentee, mentor = await wing.engaged(), await wing.active_mentor()
    pairing = await wing.pairs(mentor, mentee["id"])
    await wing.governor.move(f"mentors/{mentor.mentor_id}", "suspended", reason="welfare")
    yield
    await wing.support_worker.move(f"pairings/{pairing['id']}", "ended", reason="reassigned")
    yield


@on_the_board_of(SW)
async def proposal_to_decide(wing: Wing) -> AsyncGenerator[None]:
    await wing.active_mentor()
    await wing.offered()
    made = await wing.support_worker.post("match-proposals", {})
    yield
    await wing.support_worker.post(
        f"match-proposals/{made['id']}/moves", {"to": "rejected", "reason": "other"}, 200
    )
    yield


@on_the_board_of(SW, *CARE)
async def acquaintance_to_resolve(wing: Wing) -> AsyncGenerator[None]:
    own = wing.as_person((await wing.person())["id"])
    said = await own.post("acquaintances", {"other_as_told": "Danny", "relation": "debt"})
    yield
    meant = {"other_person_id": (await wing.person())["id"]}
    await wing.support_worker.patch(f"acquaintances/{said['id']}", meant)
    yield


@on_the_board_of(SW)
async def application_to_put_forward(wing: Wing) -> AsyncGenerator[None]:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    await wing.support_worker.move(path, "submitted")
    await wing.support_worker.move(path, "screened")
    await wing.interviews(mentor["id"])
    await wing.clinician.move(path, "interviewed")
    yield
    await wing.support_worker.move(path, "governor_review")
    yield


@on_the_board_of(G)
async def application_to_decide(wing: Wing) -> AsyncGenerator[None]:
    mentor = await wing.applicant()
    await wing.before_the_governor(mentor["id"])
    yield
    await wing.clears(mentor["id"])
    await wing.governor.move(f"mentors/{mentor['id']}", "approved_conditionally")
    yield


@on_the_board_of(SW)
async def appeal_to_put_forward(wing: Wing) -> AsyncGenerator[None]:
    mentor = await wing.applicant()
    path = f"mentors/{mentor['id']}"
    await wing.before_the_governor(mentor["id"])
    await wing.governor.move(path, "declined", reason="not_suitable_now")
    await wing.support_worker.move(path, "appealed")
    yield
    await wing.support_worker.move(path, "governor_review")
    yield


@on_the_board_of(SW, *CARE)
async def observation_to_assess(wing: Wing) -> AsyncGenerator[None]:
    host = await wing.active_mentor()
    path = f"mentors/{(await wing.shadowed(host))['id']}"
    body = {
        "observed_mentor_id": str(host.mentor_id),
        "held_at": clock.spell(clock.now()),
        "minutes": 50,
        "learnt": "To wait.",
    }
    made = await wing.support_worker.post(f"{path}/observations", body)
    yield
    said = {"outcome": "meets"}
    await wing.clinician.post(f"{path}/observations/{made['id']}/assessment", said)
    yield


@on_the_board_of(G)
async def mentor_to_make_active(wing: Wing) -> AsyncGenerator[None]:
    host = await wing.active_mentor()
    mentor_id = (await wing.shadowed(host))["id"]
    await wing.observes(mentor_id, str(host.mentor_id))
    await wing.trained(mentor_id)
    await wing.contracted(mentor_id)
    await wing.support_worker.move(f"mentors/{mentor_id}", "ready_for_sign_off")
    yield
    await wing.governor.move(f"mentors/{mentor_id}", "active")
    yield


async def in_training(wing: Wing, *states: str) -> str:
    mentor = await wing.approved()
    body = {"mentor_id": mentor["id"], "module": "managing_concerns"}
    path = f"trainings/{(await wing.nurse.post('trainings', body))['id']}"
    for state in states:
        await wing.nurse.move(path, state)
    return path


@on_the_board_of(N, LEAD)
async def training_to_assess(wing: Wing) -> AsyncGenerator[None]:
    path = await in_training(wing, "attended")
    yield
    await wing.nurse.move(path, "assessed")
    yield


@on_the_board_of(N, LEAD)
async def training_to_sign_off(wing: Wing) -> AsyncGenerator[None]:
    path = await in_training(wing, "attended", "assessed")
    yield
    await wing.nurse.move(path, "competent")
    yield


@on_the_board_of(*CARE)
async def cohort_day_to_mark(wing: Wing) -> AsyncGenerator[None]:
    module = "managing_concerns"
    lead = str(wing.nurse.staff_id)
    cohort = await wing.nurse.post(
        "cohorts", {"title": "Spring", "lead_id": lead, "modules": [module]}
    )
    path = f"cohorts/{cohort['id']}"
    mentor = await wing.approved()
    await wing.nurse.post(f"{path}/members", {"mentor_id": mentor["id"]})
    day = {"module": module, "starts_at": in_a_while(hours=-4), "ends_at": in_a_while(hours=-1)}
    made = await wing.nurse.post(f"{path}/days", day)
    yield
    marks = [{"mentor_id": mentor["id"], "status": "present"}]
    await wing.nurse.put(f"{path}/days/{made['id']}/attendance", {"marks": marks})
    yield


@on_the_board_of(SW)
async def clearance_runs_out(wing: Wing) -> AsyncGenerator[None]:
    mentor = await wing.active_mentor()
    clock.forward(days=705)
    yield
    await wing.clears(str(mentor.mentor_id))
    yield


@on_the_board_of(SW, *CARE)
async def joint_review_to_hold(wing: Wing) -> AsyncGenerator[None]:
    await wing.active_mentor()
    await wing.tidies()
    (due,) = (await wing.support_worker.get("joint-reviews?status=due"))["items"]
    yield
    await holds(wing, due)
    yield


async def holds(wing: Wing, review: Any) -> str:
    path = f"joint-reviews/{review['id']}"
    body = {
        "support_worker_id": str(wing.support_worker.staff_id),
        "clinician_id": str(wing.nurse.staff_id),
        "summary": "Two men wait too long.",
        "actions": 2,
    }
    await wing.support_worker.post(f"{path}/held", body, 200)
    return path


@on_the_board_of(SW, N)
async def joint_review_to_sign(wing: Wing) -> AsyncGenerator[None]:
    await wing.active_mentor()
    await wing.tidies()
    (due,) = (await wing.support_worker.get("joint-reviews?status=due"))["items"]
    path = await holds(wing, due)
    yield
    for caller in (wing.support_worker, wing.nurse):
        await caller.post(f"{path}/signature", None, 200)
    yield


@on_the_board_of(LEAD)
async def hold_to_confirm(wing: Wing) -> AsyncGenerator[None]:
    body = {"person_id": (await wing.person())["id"], "reason": "investigation"}
    path = f"legal-holds/{(await wing.governor.post('legal-holds', body))['id']}/lift"
    await wing.governor.post(path, expect=200)
    yield
    await (await wing.hires(StaffRole.governor)).post(path, expect=200)
    yield


@on_the_board_of(LEAD)
async def release_to_decide(wing: Wing) -> AsyncGenerator[None]:
    body = {
        "kind": "chronology_bundle",
        "person_id": (await wing.person())["id"],
        "purpose": "For the Ombudsman.",
    }
    release = await wing.governor.post("releases", body)
    yield
    await wing.governor.move(f"releases/{release['id']}", "refused", reason="withdrawn")
    yield


@on_the_board_of(LEAD)
async def staff_to_confirm(wing: Wing) -> AsyncGenerator[None]:
    body = {"subject": "gov.next", "name": "G. Nextman", "role": "governor"}
    made = await wing.governor.post("staff", body)
    yield
    deputy = await wing.hires(StaffRole.governor)
    await deputy.post(f"staff/{made['id']}/confirmation", None, 200)
    yield


@on_the_board_of(LEAD)
async def client_to_confirm(wing: Wing) -> AsyncGenerator[None]:
    body = {
        "client_id": f"exports.{wing.prison_id.lower()}",
        "name": "Exports",
        "scopes": ["export.identifiable"],
    }
    made = await wing.governor.post("clients", body)
    yield
    deputy = await wing.hires(StaffRole.governor)
    await deputy.post(f"clients/{made['id']}/confirmation", expect=200)
    yield


@on_the_board_of(SW)
async def safety_task(wing: Wing) -> AsyncGenerator[None]:
    mentor = await wing.active_mentor()
    await mentor.post("concerns", {**WORRY, "immediacy": "right_now"})
    yield
    tasks = (await wing.support_worker.get("tasks?kind=debrief&status=open"))["items"]
    for task in tasks:
        await wing.support_worker.move(f"tasks/{task['id']}", "done", note="He is well.")
    yield


@on_the_board_of(SW)
async def task_to_do(wing: Wing) -> AsyncGenerator[None]:
    mentor = await wing.active_mentor()
    clock.forward(days=29)
    await wing.tidies()
    yield
    body = {"mentor_id": str(mentor.mentor_id), "fitness": "fit", "limits": ["none"]}
    await wing.support_worker.post("check-ins", body)
    yield


@on_the_board_of(G)
async def break_glass_to_review(wing: Wing) -> AsyncGenerator[None]:
    mentor = await wing.active_mentor()
    body = {
        "person_id": str(mentor.person_id),
        "reason_code": "danger_to_life",
        "reason": "Found unresponsive and nobody else is here.",
    }
    path = f"break-glass/{(await wing.nurse.post('break-glass', body))['id']}"
    clock.forward(hours=2)
    await wing.tidies()
    yield
    deputy = await wing.hires(StaffRole.governor)
    await deputy.post(
        f"{path}/review", {"outcome": "justified", "note": "A life was at risk."}, 200
    )
    yield


@pytest.mark.parametrize(
    ("rule", "whose", "story"), [pytest.param(*each, id=each[0]) for each in STORIES]
)
async def test_it_waits_for_these_and_nobody_else_until_it_is_done(
    wing: Wing, rule: str, whose: set[str], story: Story
) -> None:
    looking = {name: getattr(wing, name) for name in (SW, C, N, G, WD)}
    looking[LEAD] = await wing.hires(StaffRole.mental_health_lead)
    assert await who_has(rule, looking) == set()
    scenes = story(wing)
    await anext(scenes)
    assert await who_has(rule, looking) == whose
    await anext(scenes)
    assert await who_has(rule, looking) == set()
    await scenes.aclose()
