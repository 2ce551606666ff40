"""Nobody learns of a concern about themselves or a mentor of theirs, nor reads their own file."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.models.staff import StaffRole
from tests.concerns.conftest import Night, concern
from tests.concerns.test_work import DECISION
from tests.story import Caller

UNKNOWN = "0198c0de-0000-7000-8000-000000000000"
WORDS = "He sells tobacco on the landing."


async def accuses(night: Night, accused: Caller, **fields: Any) -> Any:
    """A mentor raises a concern about a member of staff, by name."""
    about = {"about_staff_id": str(accused.staff_id), "kind": "misconduct", "account": WORDS}
    return await night.raises(**{**about, **fields})


async def learns_nothing(caller: Caller, raised: Any) -> None:
    """Every way to the concern answers as if it were not there."""
    path, absent = f"concerns/{raised['id']}", f"concerns/{UNKNOWN}"
    for method, rest, body in (
        ("GET", "", None),
        ("GET", "/history", None),
        ("POST", "/addenda", {"account": "It was not so."}),
        ("POST", "/acknowledgement", {}),
        ("POST", "/seen", {}),
        ("POST", "/handover", {"to": "Officer Testwick", "at": clock.spell(clock.now())}),
        ("POST", "/decision", DECISION),
        ("POST", "/feedback", {"outcome": "received"}),
        ("POST", "/sign-off", None),
        ("PUT", "/immediacy", {"immediacy": "routine", "reason": "Nothing in it."}),
        ("PUT", "/subject", {"subject_person_id": UNKNOWN}),
        ("POST", "/moves", {"to": "under_review"}),
        ("POST", "/merge", {"survivor_id": UNKNOWN}),
        (
            "POST",
            "/actions",
            {"what": "Ask.", "owner_id": UNKNOWN, "due_at": raised["recorded_at"]},
        ),
        ("POST", f"/actions/{UNKNOWN}/outcome", {"outcome": "Done."}),
    ):
        headers = {"If-Match": "*"} if method == "PUT" else {}
        answers = [
            await caller.request(method, f"{address}{rest}", json=body, headers=headers)
            for address in (path, absent)
        ]
        theirs, none = [
            (each.status_code, {**each.json(), "instance": None}, each.headers.get("etag"))
            for each in answers
        ]
        assert theirs == none, (method, rest)
        assert theirs[0] in {403, 404}, (method, rest)
    for query in ("", f"?reference={raised['reference']}", "?kind=misconduct", "?limit=1"):
        listed = await caller.get(f"concerns{query}")
        assert raised["id"] not in str(listed)
        assert listed["next"] is None, "no page is kept for what is not shown"
    pages = await caller.get("notifications?limit=200")
    assert raised["id"] not in str(pages)
    assert raised["reference"] not in str(pages)


# About a member of staff


@pytest.mark.parametrize("who", ["support_worker", "clinician", "nurse", "officer", "governor"])
async def test_the_accused_learns_nothing_whoever_they_are(night: Night, who: str) -> None:
    accused: Caller = getattr(night.wing, who)
    raised = await accuses(night, accused)
    await night.passes(minutes=20)
    await learns_nothing(accused, raised)
    reader = night.deputy if who == "governor" else night.wing.governor
    assert (await reader.get(f"concerns/{raised['id']}"))["account"] == WORDS


async def test_even_a_safeguarding_matter_that_clinicians_read_passes_the_accused_one(
    night: Night,
) -> None:
    raised = await accuses(night, night.wing.clinician, kind="safeguarding")
    await night.passes(minutes=20)
    await learns_nothing(night.wing.clinician, raised)
    assert (await night.wing.nurse.get(f"concerns/{raised['id']}"))["account"] == WORDS


async def test_two_accused_governors_leave_it_to_the_third(night: Night) -> None:
    third = await night.wing.hires(StaffRole.governor)
    for accused in (night.wing.governor, night.deputy):
        raised = await accuses(night, accused)
        await learns_nothing(accused, raised)
        assert (await third.get(f"concerns/{raised['id']}"))["account"] == WORDS


async def test_an_accused_governor_makes_no_account_to_read_it_with(night: Night) -> None:
    """Whoever they hire to read it waits for a second person; so does a second person they hire."""
    accused = night.wing.governor
    raised = await accuses(night, accused)
    for role in ("governor", "mental_health_lead"):
        body = {"subject": f"second.{role}", "name": "G. Second", "role": role}
        made = await accused.post("staff", body)
        await accused.post(f"staff/{made['id']}/confirmation", None, 409)
        token = night.wing.issuer.issue(body["subject"], [role], [night.wing.prison_id])
        second = Caller(accused.http, accused.prison_id, token, body["subject"])
        await second.get(f"concerns/{raised['id']}", 403)
        await second.post(f"staff/{made['id']}/confirmation", None, 403)


async def test_a_lesser_role_is_no_way_round_it_either(night: Night) -> None:
    """Nobody whom a governor hires alone has eyes for what only governors read."""
    raised = await accuses(night, night.wing.governor)
    for role in ("nurse", "clinician", "support_worker", "wing_duty"):
        body = {"subject": f"new.{role}", "name": "N. New", "role": role}
        await night.wing.governor.post("staff", body)
        token = night.wing.issuer.issue(body["subject"], [role], [night.wing.prison_id])
        hired = Caller(night.wing.http, night.wing.prison_id, token, body["subject"])
        await hired.get(f"concerns/{raised['id']}", 404)
        assert raised["id"] not in str(await hired.get("concerns"))


async def test_the_accused_has_their_own_row_of_staff_and_nothing_else_of_it(night: Night) -> None:
    accused = night.wing.support_worker
    before = await accused.get(f"staff/{accused.staff_id}")
    await accuses(night, accused)
    assert await accused.get(f"staff/{accused.staff_id}") == before


# About a mentor: past their supervisor


async def about_the_mentor(night: Night, **fields: Any) -> Any:
    """An officer raises a concern about the conduct of the night's mentor."""
    body = {
        "kind": "misconduct",
        "immediacy": "today",
        "account": WORDS,
        "subject_person_id": str(night.mentor.person_id),
        **fields,
    }
    return await night.raises(night.wing.officer, **body)


async def test_the_mentors_supervisor_learns_nothing(night: Night) -> None:
    raised = await about_the_mentor(night)
    await night.passes(minutes=65)
    await learns_nothing(night.wing.support_worker, raised)
    other = await night.wing.hires(StaffRole.support_worker)
    assert (await other.get(f"concerns/{raised['id']}"))["account"] == WORDS


async def test_the_mentor_himself_learns_nothing(night: Night) -> None:
    raised = await about_the_mentor(night)
    path = f"concerns/{raised['id']}"
    await night.mentor.get(path, 404)
    await night.mentor.post(f"{path}/addenda", {"account": "Lies."}, 404)
    assert (await night.mentor.get("concerns"))["items"] == []
    own = await night.mentor.get(f"mentors/{night.mentor.mentor_id}")
    assert raised["reference"] not in str(own)


async def paged_as_told(night: Night) -> Any:
    """A concern told in words, of which the supervisor on duty was paged and which they read."""
    raised = await night.raises(night.wing.officer, kind="misconduct", immediacy="today")
    await night.passes(minutes=65)
    supervisor = night.wing.support_worker
    assert raised["id"] in str(await supervisor.get("notifications"))
    await supervisor.get(f"concerns/{raised['id']}")
    return raised


async def test_paged_before_it_was_known_the_line_loses_concern_and_page_at_once(
    night: Night,
) -> None:
    raised = await paged_as_told(night)
    supervisor, path = night.wing.support_worker, f"concerns/{raised['id']}"
    pages = [each["id"] for each in (await supervisor.get("notifications"))["items"]]
    body = {"subject_person_id": str(night.mentor.person_id)}
    await night.wing.clinician.put(f"{path}/subject", body)
    await learns_nothing(supervisor, raised)
    for page in pages:
        await supervisor.post(f"notifications/{page}/read", None, 404)
    await night.wing.governor.get(path)


async def test_an_action_given_before_is_out_of_reach_as_well(night: Night) -> None:
    raised = await paged_as_told(night)
    supervisor, path = night.wing.support_worker, f"concerns/{raised['id']}"
    await night.wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    due = clock.spell(clock.now() + timedelta(hours=1))
    action = {"what": "Ask him.", "owner_id": str(supervisor.staff_id), "due_at": due}
    shown = await night.wing.clinician.post(f"{path}/actions", action)
    body = {"subject_person_id": str(night.mentor.person_id)}
    await night.wing.clinician.put(f"{path}/subject", body)
    done = f"{path}/actions/{shown['actions'][0]['id']}/outcome"
    await supervisor.post(done, {"outcome": "Asked."}, 404)


async def test_a_replay_gives_the_line_nothing_back(night: Night) -> None:
    """The same key and body as before, or other words: no answer from a concern now kept back."""
    supervisor = night.wing.support_worker
    mine = {"Idempotency-Key": "mine"}
    body = concern(kind="misconduct", immediacy="today", account=WORDS)
    raised = await supervisor.post("concerns", body, headers=mine)
    path = f"concerns/{raised['id']}"
    added = {"Idempotency-Key": "added"}
    words = {"account": "Twice this week."}
    await supervisor.post(f"{path}/addenda", words, headers=added)
    subject = {"subject_person_id": str(night.mentor.person_id)}
    await night.wing.clinician.put(f"{path}/subject", subject)
    await night.wing.governor.post(f"{path}/acknowledgement", {}, 200)
    told = {"outcome": "acted", "text": "He was spoken to."}
    await night.wing.governor.post(f"{path}/feedback", told, 200)
    await supervisor.post(f"{path}/addenda", words, 404, headers=added)
    again = await supervisor.post("concerns", body, headers=mine)
    assert again == raised, "the receipt of that day, and nothing that became of it"
    other = await supervisor.post("concerns", {**body, "account": "More."}, headers=mine)
    assert other["id"] != raised["id"]
    assert (other["received"], other["feedback"], other["feedback_text"]) == (False, None, None)


async def test_what_was_kept_from_someone_is_not_merged_into_what_they_see(night: Night) -> None:
    """Two mentors' concerns have two lines: each would read of the other's."""
    raised = await about_the_mentor(night)
    other = await night.wing.active_mentor()
    colleague = await night.wing.hires(StaffRole.support_worker)
    supervisor = {"staff_id": str(colleague.staff_id)}
    await night.wing.support_worker.put(f"mentors/{other.mentor_id}/supervisor", supervisor)
    theirs = await about_the_mentor(night, subject_person_id=str(other.person_id))
    path = f"concerns/{raised['id']}"
    body = {"survivor_id": theirs["id"]}
    refused = await night.wing.governor.post(f"{path}/merge", body, 422)
    assert refused["errors"][0]["code"] == "routed_otherwise"


async def test_a_merge_target_kept_from_someone_is_as_unknown_as_none(night: Night) -> None:
    supervisor = night.wing.support_worker
    kept, plain = await about_the_mentor(night), await night.raises(night.wing.officer)
    refusals = [
        await supervisor.post(f"concerns/{plain['id']}/merge", {"survivor_id": survivor}, 422)
        for survivor in (kept["id"], UNKNOWN)
    ]
    assert [{**each, "instance": None} for each in refusals] == [
        {**refusals[0], "instance": None}
    ] * 2


async def test_a_lockdown_names_no_concern_that_is_kept_from_who_orders_it(night: Night) -> None:
    mentee = await night.wing.engaged()
    await night.wing.pairs(night.mentor, mentee["id"])
    accused = night.wing.support_worker
    await accuses(night, accused, subject_person_id=mentee["person_id"])
    begins, ends = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=2)
    plan = {
        "kind": "one_to_one",
        "mentor_id": str(night.mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": clock.spell(begins),
        "ends_at": clock.spell(ends),
    }
    await accused.post("sessions", plan)
    body = {"from": clock.spell(begins), "to": clock.spell(ends)}
    checks = (await accused.post("lockdowns", body))["welfare_checks"]
    assert [check["reasons"] for check in checks] == [["first_session"]]


# Prisoners and their own files


async def test_a_mentor_finds_nothing_of_his_own_time_as_mentee(night: Night) -> None:
    wing = night.wing
    person_id = str(night.mentor.person_id)
    body = {"person_id": person_id, "referred_by": "support_worker", "agreed_line": "Alone."}
    own = await wing.support_worker.post("mentees", body)
    path = f"mentees/{own['id']}"
    await wing.consents(own["id"])
    acct = {"person_id": person_id, "opened_on": str(clock.now().date())}
    pointer = await wing.clinician.post("acct-pointers", acct)
    ended = {"reason": "not_now"}
    for earlier in (False, True):
        if earlier:
            await wing.support_worker.move(path, "declined_by_person", **ended)
        await night.mentor.get(path, 404)
        assert (await night.mentor.get("mentees"))["items"] == []
        for hidden in ("history", "explanations"):
            await night.mentor.get(f"{path}/{hidden}", 403)
        await night.mentor.get(f"permissions?person_id={person_id}", 403)
        await night.mentor.get(f"acct-pointers/{pointer['id']}", 403)
    assert set(await night.mentor.get(f"people/{person_id}")) == {"id", "display_name"}


async def test_nobody_is_his_own_mentor(night: Night) -> None:
    person_id = str(night.mentor.person_id)
    body = {"person_id": person_id, "referred_by": "support_worker"}
    own = await night.wing.support_worker.post("mentees", body)
    for to in ("triage", "accepted"):
        await night.wing.support_worker.move(f"mentees/{own['id']}", to)
    pair = {"mentor_id": str(night.mentor.mentor_id), "mentee_id": own["id"]}
    refused = await night.wing.support_worker.post("pairings", pair, 409)
    assert [error["code"] for error in refused["errors"]] == ["same_person"]
    assert (await night.mentor.get("pairings"))["items"] == []


async def test_an_applicant_reads_no_training_and_no_observation_of_others(night: Night) -> None:
    wing = night.wing
    applicant = await wing.applicant()
    caller = wing.as_person(applicant["person_id"], applicant["id"])
    other = night.mentor.mentor_id
    trainings = (await wing.nurse.get(f"trainings?mentor_id={other}"))["items"]
    await caller.get("trainings", 403)
    await caller.get(f"trainings/{trainings[0]['id']}", 403)
    await caller.get(f"mentors/{other}", 404)
    await caller.get(f"mentors/{other}/observations", 404)
    await caller.get(f"mentors/{other}/history", 404)
    assert [row["id"] for row in (await caller.get("mentors"))["items"]] == [applicant["id"]]


async def test_a_mentor_reads_no_training_of_another_mentor(night: Night) -> None:
    other = await night.wing.active_mentor()
    mine = (await night.mentor.get("trainings?limit=200"))["items"]
    assert {row["mentor_id"] for row in mine} == {str(night.mentor.mentor_id)}
    theirs = (await other.get("trainings"))["items"][0]
    await night.mentor.get(f"trainings/{theirs['id']}", 404)
    assert (await night.mentor.get(f"trainings?mentor_id={other.mentor_id}"))["items"] == []
