"""From mentee to mentor: separate episodes, a time between, no sight of the own file, the count."""

from datetime import timedelta
from typing import Any

from app import clock
from tests.story import Caller, Wing


def codes(problem: dict[str, Any]) -> list[str]:
    return [error["code"] for error in problem["errors"]]


async def was_supported(wing: Wing) -> Any:
    """A mentee whose support by a mentor has ended, with everything that is held of it."""
    mentor = await wing.active_mentor()
    mentee = await wing.engaged(referral_reason="Did not leave his cell.")
    await wing.pairs(mentor, mentee["id"])
    now = clock.now().replace(microsecond=0)
    held = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": clock.spell(now - timedelta(hours=2)),
        "ends_at": clock.spell(now - timedelta(hours=1)),
        "note": "He told me of his brother.",
    }
    session = await mentor.post("sessions/held", held)
    plan = await wing.clinician.post(
        "safety-plans", {"person_id": mentee["person_id"], "review_on": str(now.date())}
    )
    item = {"kind": "coping_strategy", "text": "Drawing.", "shared_with_mentor": True}
    await wing.clinician.post(f"safety-plans/{plan['id']}/items", item)
    note = {"person_id": mentee["person_id"], "kind": "contact", "text": "Slept."}
    clinical = await wing.clinician.post("clinical-notes", note)
    raised = {"subject_person_id": mentee["person_id"], "account": "He gave his radio away."}
    concern = await mentor.post("concerns", raised)
    await wing.support_worker.move(f"mentees/{mentee['id']}", "completed", reason="goals_met")
    return {
        "mentee": mentee,
        "session": session["id"],
        "plan": plan["id"],
        "clinical": clinical["id"],
        "concern": concern["id"],
    }


async def applies(wing: Wing, person_id: str) -> str:
    """The application of someone who was supported waits for the governor, cleared."""
    body = {"person_id": person_id, "motivation": "I was helped here."}
    made = await wing.support_worker.post("mentors", body)
    await wing.before_the_governor(made["id"])
    await wing.clears(made["id"])
    return f"mentors/{made['id']}"


async def test_nobody_is_approved_while_supported_or_soon_after(wing: Wing) -> None:
    await wing.governor.patch("", {"cooling_off_days": 30})
    mentee = await wing.engaged()
    path = await applies(wing, mentee["person_id"])
    refused = await wing.governor.move(path, "approved_conditionally", expect=409)
    assert codes(refused) == ["cooled_off"]
    (item,) = (await wing.governor.get("mentors/queue"))["items"]
    assert (item["cooling_off"], item["cooling_off_until"]) == ("in_support", None)
    await wing.support_worker.move(f"mentees/{mentee['id']}", "completed", reason="goals_met")
    refused = await wing.governor.post(f"{path}/approval", {"conditions": []}, expect=409)
    until = str(clock.now().date() + timedelta(days=30))
    assert codes(refused) == ["cooled_off"]
    assert until in refused["detail"]
    (item,) = (await wing.governor.get("mentors/queue"))["items"]
    assert (item["cooling_off"], item["cooling_off_until"]) == ("cooling_off", until)
    assert item["stands_in_the_way"] == ["cooled_off"]
    clock.forward(days=30)
    (item,) = (await wing.governor.get("mentors/queue"))["items"]
    assert (item["cooling_off"], item["stands_in_the_way"]) == ("over", [])
    await wing.governor.move(path, "approved_conditionally")


async def test_a_site_may_do_without_the_time_but_not_with_both_at_once(wing: Wing) -> None:
    await wing.governor.patch("", {"cooling_off_days": 0})
    mentee = await wing.engaged()
    path = await applies(wing, mentee["person_id"])
    refused = await wing.governor.move(path, "approved_conditionally", expect=409)
    assert codes(refused) == ["cooled_off"]
    await wing.support_worker.move(f"mentees/{mentee['id']}", "completed", reason="goals_met")
    await wing.governor.move(path, "approved_conditionally")


async def test_the_applicant_is_not_told_by_his_moves_that_he_was_a_mentee(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = await applies(wing, mentee["person_id"])
    himself = wing.as_person(mentee["person_id"])
    shown = await himself.get(path)
    assert "cooled_off" not in str(shown)
    refused = await himself.move(path, "approved_conditionally", expect=403)
    assert refused["code"] == "move_not_yours"


def own_paths(file: Any) -> list[str]:
    mentee, person = file["mentee"]["id"], file["mentee"]["person_id"]
    return [
        f"mentees/{mentee}",
        f"mentees/{mentee}/history",
        f"mentees/{mentee}/explanations",
        f"sessions/{file['session']}",
        f"sessions/{file['session']}/participations",
        f"sessions/{file['session']}/history",
        f"safety-plans/{file['plan']}",
        f"clinical-notes/{file['clinical']}",
        f"concerns/{file['concern']}",
        f"concerns/{file['concern']}/history",
        f"people/{person}/chronology",
        "clinical-notes",
        "caseloads",
        "acct-pointers",
        "permissions",
        "tasks",
        "audit",
    ]


async def within_reach(himself: Caller, file: Any) -> set[str]:
    """The addresses of his own file that answer him."""
    answers = {path: await himself.request("GET", path) for path in own_paths(file)}
    return {path for path, each in answers.items() if each.status_code not in {403, 404}}


async def test_who_was_supported_has_no_sight_of_his_own_file(wing: Wing) -> None:
    """As an applicant, as a mentor, and as a mentor who works with a mentee of his own."""
    file = await was_supported(wing)
    person_id = file["mentee"]["person_id"]
    assert set(own_paths(file)[:1]) <= await within_reach(wing.clinician, file)
    await wing.governor.patch("", {"cooling_off_days": 0})
    path = await applies(wing, person_id)
    himself = wing.as_person(person_id, path.removeprefix("mentors/"))
    assert await within_reach(himself, file) == set()
    await wing.governor.move(path, "approved_conditionally")
    assert await within_reach(himself, file) == set()
    lists = ("mentees", "pairings", "sessions", "safety-plans", "concerns")
    for name in lists:
        assert (await himself.get(name))["items"] == [], name
    await wing.trained(path.removeprefix("mentors/"))
    await wing.contracted(path.removeprefix("mentors/"))
    await wing.governor.move(path, "active", reason="founding_mentor")
    another = await wing.engaged()
    await wing.pairs(himself, another["id"])
    assert await within_reach(himself, file) == set()
    assert [each["id"] for each in (await himself.get("mentees"))["items"]] == [another["id"]]
    assert file["mentee"]["id"] not in str([await himself.get(name) for name in lists])
    assert (await himself.get(f"people/{person_id}")).keys() == {"id", "display_name"}


async def test_of_his_application_he_reads_his_own_words_and_where_it_stands(wing: Wing) -> None:
    mentee = await wing.engaged()
    path = await applies(wing, mentee["person_id"])
    himself = wing.as_person(mentee["person_id"])
    (own,) = (await himself.get("mentors"))["items"]
    assert set(own).isdisjoint({"motivation", "clearance_to", "declined_by"})
    for address in ("interviews", "character-references", "mentors/queue", "mentors/pathway"):
        await himself.get(address, expect=403)
    history = (await himself.get(f"{path}/history"))["items"]
    assert all(set(row) == {"id", "occurred_at", "from_state", "to_state"} for row in history)


async def test_nobody_is_paired_with_himself(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    body = {"person_id": str(mentor.person_id), "referred_by": "support_worker"}
    mentee = await wing.support_worker.post("mentees", body)
    for to in ("triage", "accepted", "waiting", "offered"):
        await wing.support_worker.move(f"mentees/{mentee['id']}", to)
    await wing.consents(mentee["id"])
    await wing.checks(mentee["id"], "compatibility")
    await wing.support_worker.move(f"mentees/{mentee['id']}", "engaged")
    pair = {"mentor_id": str(mentor.mentor_id), "mentee_id": mentee["id"]}
    answer = await wing.support_worker.request("POST", "pairings", json=pair)
    assert answer.status_code in {409, 422}
    await mentor.get(f"mentees/{mentee['id']}", expect=404)


# --- the count -------------------------------------------------------------------------------


async def test_the_way_from_mentee_to_mentor_is_counted(wing: Wing) -> None:
    await wing.governor.patch("", {"cooling_off_days": 0})
    await wing.founder()  # never supported: not of the count
    first, second = await wing.engaged(), await wing.engaged()
    await wing.referred()  # and never supported
    clock.forward(days=1)
    await wing.support_worker.move(f"mentees/{first['id']}", "completed", reason="goals_met")
    path = await applies(wing, first["person_id"])
    await applies(wing, second["person_id"])
    await wing.governor.move(path, "approved_conditionally")
    mentor_id = path.removeprefix("mentors/")
    await wing.trained(mentor_id)
    await wing.contracted(mentor_id)
    await wing.governor.move(path, "active", reason="founding_mentor")
    expected = {"mentees": 2, "applied": 2, "approved": 1, "became_active": 1, "active_now": 1}
    for caller in (wing.support_worker, wing.clinician, wing.nurse, wing.governor):
        assert await caller.get("mentors/pathway") == expected
    await wing.support_worker.move(path, "paused", reason="own_wish")
    assert (await wing.governor.get("mentors/pathway")) == {**expected, "active_now": 0}


async def test_an_application_on_paper_counts_from_when_it_was_received(wing: Wing) -> None:
    received = clock.spell(clock.now())
    clock.forward(days=1)
    mentee = await wing.engaged()
    body = {"person_id": mentee["person_id"], "motivation": "I was helped here."}
    await wing.support_worker.post("mentors", {**body, "occurred_at": received})
    counted = await wing.governor.get("mentors/pathway")
    assert (counted["mentees"], counted["applied"]) == (1, 0)


async def test_a_period_takes_in_its_first_and_last_day(wing: Wing) -> None:
    await wing.engaged()
    today = clock.now().date()
    tomorrow = today + timedelta(days=1)
    counted = [
        (await wing.governor.get(f"mentors/pathway?{query}"))["mentees"]
        for query in (
            f"from={today - timedelta(days=1)}&to={tomorrow}",
            f"to={today - timedelta(days=2)}",
            f"from={today + timedelta(days=2)}",
        )
    ]
    assert counted == [1, 0, 0]
    refused = await wing.governor.get(f"mentors/pathway?from={tomorrow}&to={today}", expect=422)
    assert refused["errors"][0]["field"] == "to"
    await wing.governor.get("mentors/pathway?since=2026-01-01", expect=422)


async def test_the_count_is_staffs(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    for caller in (mentor, wing.as_person((await wing.person())["id"]), wing.officer):
        await caller.get("mentors/pathway", expect=403)
