"""What was done before, or of somebody else, answers nothing of what is told now."""

from datetime import timedelta
from typing import Any

from app import clock
from tests.concerns.conftest import Night

DECISION = {"decision": "Plan.", "acct_decision": "already_open"}


async def dealt_with(night: Night, **fields: Any) -> str:
    """The path of a concern that was taken up, handed over, seen, signed off and decided."""
    raised = await night.raises(**fields)
    path, clinician = f"concerns/{raised['id']}", night.wing.clinician
    await clinician.post(f"{path}/acknowledgement", {}, 200)
    told = {"to": "Officer Testley", "at": clock.spell(clock.now())}
    await clinician.post(f"{path}/handover", told, 200)
    await night.wing.officer.post(f"{path}/seen", {}, 200)
    await clinician.post(f"{path}/decision", DECISION, 200)
    await clinician.post(f"{path}/sign-off", {}, 200)
    return path


async def close_with_feedback(night: Night, path: str, expect: int) -> Any:
    await night.wing.clinician.post(f"{path}/feedback", {"outcome": "acted"}, 200)
    await night.wing.clinician.move(path, "under_review")
    return await night.wing.clinician.move(path, "ready_to_close", expect)


async def test_who_was_seen_in_the_morning_is_seen_again_for_what_was_told_at_night(
    night: Night,
) -> None:
    """Merged into what is done with, a concern about tonight is not done with."""
    morning = await dealt_with(night, immediacy="within_24h")
    clock.forward(hours=9)
    tonight = await night.raises(kind="self_harm_or_suicide")
    body = {"survivor_id": morning.removeprefix("concerns/")}
    both = await night.wing.clinician.post(f"concerns/{tonight['id']}/merge", body, 200)
    assert both["immediacy"] == "now"
    undone = ("handed_over_at", "seen_at", "decided_at", "acct_decision", "clinician_signed_by")
    assert {name: both[name] for name in undone} == dict.fromkeys(undone)
    refused = await close_with_feedback(night, morning, 409)
    assert {each["code"] for each in refused["errors"]} == {"person_seen", "decided"}
    await night.sweep()
    assert await night.passes(minutes=10) >= 3, "an officer is to be told by word of mouth"


async def test_merged_what_was_done_of_the_later_one_stands(night: Night) -> None:
    morning = await dealt_with(night)
    clock.forward(hours=9)
    tonight = await dealt_with(night)
    later = await night.wing.clinician.get(tonight)
    body = {"survivor_id": morning.removeprefix("concerns/")}
    both = await night.wing.clinician.post(f"{tonight}/merge", body, 200)
    done = ("handed_over_at", "handed_over_to", "seen_at", "decided_at", "acct_decision")
    assert {name: both[name] for name in done} == {name: later[name] for name in done}
    await close_with_feedback(night, morning, 200)


async def test_seen_after_both_had_happened_counts_for_both(night: Night) -> None:
    happened = clock.spell(clock.now())
    clock.forward(minutes=5)
    first = await dealt_with(night)
    clock.forward(minutes=5)
    again = await night.raises(occurred_at=happened)
    body = {"survivor_id": first.removeprefix("concerns/")}
    both = await night.wing.clinician.post(f"concerns/{again['id']}/merge", body, 200)
    assert both["seen_at"] is not None
    assert both["decided_at"] is not None


async def test_why_one_was_not_seen_in_the_morning_says_nothing_of_the_night(night: Night) -> None:
    raised = await night.raises()
    reason = {"not_seen_reason": "At court."}
    await night.wing.officer.post(f"concerns/{raised['id']}/seen", reason, 200)
    clock.forward(hours=9)
    tonight = await night.raises()
    body = {"survivor_id": raised["id"]}
    both = await night.wing.clinician.post(f"concerns/{tonight['id']}/merge", body, 200)
    assert both["not_seen_reason"] is None


async def test_that_another_was_seen_does_not_count_for_whom_it_is_about(night: Night) -> None:
    one, other = await night.wing.person(), await night.wing.person()
    path = await dealt_with(night, subject_person_id=one["id"])
    await night.sweep()
    body = {"subject_person_id": other["id"]}
    shown = await night.wing.clinician.put(f"{path}/subject", body)
    undone = ("handed_over_at", "seen_at", "decided_at", "acct_decision", "clinician_signed_by")
    assert {name: shown[name] for name in undone} == dict.fromkeys(undone)
    assert await night.sweep() == 1
    await close_with_feedback(night, path, 409)


async def test_whoever_was_told_of_in_words_was_seen_and_is_named_later(night: Night) -> None:
    path = await dealt_with(night)
    person = await night.wing.person()
    body = {"subject_person_id": person["id"]}
    assert (await night.wing.clinician.put(f"{path}/subject", body))["seen_at"] is not None
    assert (await night.wing.clinician.put(f"{path}/subject", body))["seen_at"] is not None


async def test_what_was_done_before_it_was_reopened_answers_nothing_of_it(night: Night) -> None:
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    clock.forward(minutes=5)
    before = {"at": clock.spell(clock.now())}
    await night.closes(raised["id"])
    clock.forward(hours=2)
    await night.wing.clinician.move(path, "reopened", reason="new_information")
    clock.forward(minutes=10)
    for act, body in (
        ("acknowledgement", before),
        ("handover", {**before, "to": "Officer Testley"}),
        ("seen", before),
        ("decision", {**before, **DECISION}),
        ("receiving-side", {**before, "side": "HMP Exampleton", "received_by": "N. Testwell"}),
    ):
        refused = await night.wing.clinician.post(f"{path}/{act}", body, 422)
        assert refused["errors"][0]["field"] == "at", act
    assert (await night.wing.clinician.get(path))["seen_at"] is None
    since = {"at": clock.spell(clock.now() - timedelta(minutes=5))}
    await night.wing.officer.post(f"{path}/seen", since, 200)


async def test_what_was_decided_while_it_could_wait_is_decided_anew_when_it_cannot(
    night: Night,
) -> None:
    """Seen and decided, its ladder rests for a day: not once it is `now`."""
    path = await dealt_with(night, immediacy="within_24h")
    clock.forward(hours=2)
    await night.sweep()
    body = {"immediacy": "now", "reason": "He is worse."}
    shown = await night.wing.support_worker.put(f"{path}/immediacy", body)
    assert (shown["decided_at"], shown["acct_decision"]) == (None, None)
    assert await night.passes(minutes=30) >= 3
    assert await night.pages(night.deputy), "it climbs to the last resort"


async def test_two_people_are_never_one_concern_for_each_is_to_be_seen(night: Night) -> None:
    one, other = await night.wing.person(), await night.wing.person()
    first = await night.raises(subject_person_id=one["id"])
    second = await night.raises(subject_person_id=other["id"])
    body = {"survivor_id": second["id"]}
    refused = await night.wing.clinician.post(f"concerns/{first['id']}/merge", body, 422)
    assert refused["errors"][0]["field"] == "survivor_id"
    assert refused["errors"][0]["code"] == "another_person"


async def test_whom_a_duplicate_names_the_one_that_stays_is_about(night: Night) -> None:
    """Else whoever leaves, or is a patient, is neither to the concern that is left."""
    person = await night.wing.person()
    told = await night.raises()
    named = await night.raises(subject_person_id=person["id"])
    body = {"survivor_id": told["id"]}
    both = await night.wing.clinician.post(f"concerns/{named['id']}/merge", body, 200)
    assert both["subject_person_id"] == person["id"]


async def test_named_by_a_duplicate_it_does_not_stay_before_the_line(night: Night) -> None:
    """An officer told of misconduct in words; the other, of welfare, names the mentor."""
    person = str(night.mentor.person_id)
    told = await night.raises(night.wing.officer, kind="misconduct")
    named = await night.raises(night.wing.officer, subject_person_id=person)
    body = {"survivor_id": told["id"]}
    refused = await night.wing.clinician.post(f"concerns/{named['id']}/merge", body, 422)
    assert refused["errors"][0]["code"] == "routed_otherwise"
    shown = await night.wing.clinician.get(f"concerns/{told['id']}")
    assert shown["subject_person_id"] is None


async def test_a_clinicians_sign_off_is_of_what_was_decided_then(night: Night) -> None:
    path = await dealt_with(night)
    shown = await night.wing.clinician.post(f"{path}/decision", DECISION, 200)
    assert shown["clinician_signed_by"] == night.wing.clinician.subject
    other = {**DECISION, "decision": "No more visits."}
    shown = await night.wing.support_worker.post(f"{path}/decision", other, 200)
    assert shown["clinician_signed_by"] is None


async def test_an_officer_who_was_told_before_it_was_written_down_has_been_told(
    night: Night,
) -> None:
    """As the service asks: first tell an officer, then record."""
    told = {"to": "Officer Testley", "at": clock.spell(clock.now())}
    clock.forward(minutes=4)
    raised = await night.raises()
    path, officer = f"concerns/{raised['id']}", night.wing.officer
    shown = await night.wing.clinician.post(f"{path}/handover", told, 200)
    assert shown["handed_over_at"] == told["at"]
    long_ago = {**told, "at": clock.spell(clock.now() - timedelta(hours=2))}
    refused = await officer.post(f"{path}/handover", long_ago, 422)
    assert refused["errors"][0]["field"] == "at"


async def test_words_that_were_added_this_moment_are_not_closed_over(night: Night) -> None:
    """The page about them is still to be written, and closed it never would be."""
    path = await dealt_with(night)
    await close_with_feedback(night, path, 200)
    await night.sweep()
    await night.mentor.post(f"{path}/addenda", {"account": "He has cut his arm."})
    refused = await night.wing.clinician.move(path, "closed", 409)
    assert [each["code"] for each in refused["errors"]] == ["words_told"]
    assert await night.sweep() == 1
    await night.wing.clinician.move(path, "closed")
