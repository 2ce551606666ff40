"""Raising a concern always works, and an answer other than 201 says that nothing was saved."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app import clock
from tests.concerns.conftest import Night, concern


async def test_a_mentor_raises_a_concern_and_gets_a_receipt(night: Night) -> None:
    raised = await night.raises()
    assert raised["account"].startswith("He gave his radio")
    assert raised["received"] is False
    assert raised["acted"] is False
    assert "status" not in raised
    assert raised["reference"].startswith("C")


async def test_now_without_a_handover_says_to_tell_an_officer(night: Night) -> None:
    assert "officer" in (await night.raises())["tell"]
    assert "NOW" in (await night.raises())["tell"]


async def test_now_with_a_handover_does_not_shout(night: Night) -> None:
    handover = {"to": "Officer Testwick", "at": clock.spell(clock.now())}
    assert "NOW" not in (await night.raises(handover=handover))["tell"]


@pytest.mark.parametrize("word", ["low", "medium", "high", "red", "amber", "green", "HIGH"])
async def test_risk_words_are_refused_with_why(night: Night, word: str) -> None:
    refused = await night.mentor.post("concerns", concern(immediacy=word), 422)
    assert refused["title"].startswith("NOT SAVED")
    assert refused["detail"].startswith("NOT SAVED, tell an officer now")
    assert refused["errors"][0]["field"] == "immediacy"
    assert "NG225" in refused["errors"][0]["message"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("right_now", "now"),
        ("today", "this_session"),
        ("can_wait_a_day", "within_24h"),
        (None, "this_session"),
    ],
)
async def test_the_mentors_words_become_an_immediacy(
    night: Night, said: str | None, kept: str
) -> None:
    assert (await night.raises(immediacy=said))["immediacy"] == kept


async def test_routine_is_staffs_alone_but_nothing_is_lost(night: Night) -> None:
    raised = await night.raises(immediacy="routine")
    assert raised["immediacy"] == "within_24h"
    assert raised["warnings"]
    by_staff = await night.raises(night.wing.support_worker, immediacy="routine")
    assert by_staff["immediacy"] == "routine"


async def test_a_person_who_is_not_known_is_never_refused(night: Night) -> None:
    unknown = "0198c0de-0000-7000-8000-000000000000"
    raised = await night.raises(subject_as_told=None, subject_person_id=unknown)
    known = await night.wing.person()
    other = await night.raises(subject_as_told=None, subject_person_id=known["id"])
    assert set(raised) == set(other)
    seen = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert unknown in seen["subject_as_told"]


async def test_words_beside_an_id_are_kept_to_their_last_letter(night: Night) -> None:
    unknown, words = "0198c0de-0000-7000-8000-000000000000", "the lad in the end cell " * 12
    body = {"subject_as_told": words, "subject_person_id": unknown}
    raised = await night.raises(**body, about_staff_id=unknown, about_staff_as_told=words)
    seen = await night.wing.governor.get(f"concerns/{raised['id']}")
    assert seen["subject_as_told"] == f"{words.strip()} (given as {unknown})"
    assert seen["about_staff_as_told"] == f"{words.strip()} (given as {unknown})"


async def test_someone_must_be_named_in_some_words(night: Night) -> None:
    refused = await night.mentor.post("concerns", concern(subject_as_told=None), 422)
    assert refused["errors"][0]["field"] == "subject_as_told"


async def test_the_same_key_and_body_is_one_concern(night: Night) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await night.mentor.post("concerns", concern(), headers=headers)
    again = await night.mentor.post("concerns", concern(), headers=headers)
    assert first == again
    assert len((await night.mentor.get("concerns"))["items"]) == 1


async def test_the_same_key_with_other_words_is_kept_as_an_addendum(night: Night) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await night.mentor.post("concerns", concern(), headers=headers)
    more = concern(account="Now he is crying.", immediacy="within_24h")
    again = await night.mentor.post("concerns", more, headers=headers)
    assert again["id"] == first["id"]
    assert again["warnings"]
    seen = await night.wing.clinician.get(f"concerns/{first['id']}")
    assert [words["account"] for words in seen["addenda"]] == ["Now he is crying."]
    assert seen["account"] == first["account"]


async def test_other_words_under_a_key_page_again_whoever_sent_them(night: Night) -> None:
    """Entered from paper by somebody who reviews concerns, too: they have read it, nobody else."""
    for caller in (night.mentor, night.wing.officer, night.wing.support_worker):
        headers = {"Idempotency-Key": "k1"}
        first = await caller.post("concerns", concern(immediacy="today"), headers=headers)
        await night.sweep()
        more = concern(account="Now he has cut his arm.", immediacy="today")
        await caller.post("concerns", more, headers=headers)
        shown = await night.wing.clinician.get(f"concerns/{first['id']}")
        assert [words["account"] for words in shown["addenda"]] == ["Now he has cut his arm."]
        assert await night.sweep() == 1


@pytest.mark.parametrize("kind", ["security_matter", "misconduct", "coercion_of_mentor"])
async def test_words_of_another_kind_under_a_key_are_read_by_none_but_its_readers(
    night: Night, kind: str
) -> None:
    """Who may read it goes by its kind: it is not added to what the whole wing reads."""
    headers = {"Idempotency-Key": "k1"}
    first = await night.mentor.post("concerns", concern(kind="welfare"), headers=headers)
    more = concern(kind=kind, account="An officer brings it in.")
    second = await night.mentor.post("concerns", more, headers=headers)
    assert second["id"] != first["id"]
    assert second["kind"] == kind
    shown = await night.wing.clinician.get(f"concerns/{first['id']}")
    assert shown["addenda"] == []


async def test_words_of_self_harm_under_a_key_belong_to_the_welfare_they_were_said_of(
    night: Night,
) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await night.mentor.post("concerns", concern(kind="welfare"), headers=headers)
    more = concern(kind="self_harm_or_suicide", account="He has a blade.")
    assert (await night.mentor.post("concerns", more, headers=headers))["id"] == first["id"]
    shown = await night.wing.clinician.get(f"concerns/{first['id']}")
    assert shown["mentions_self_harm"] is True


async def test_an_officers_words_page_and_open_again_what_was_closed(night: Night) -> None:
    """They read no account and review nothing: without a page nobody would read what they say."""
    raised = await night.raises()
    path = f"concerns/{raised['id']}"
    await night.closes(raised["id"])
    await night.sweep()
    await night.wing.officer.post(f"{path}/addenda", {"account": "He has cut his arm."})
    assert (await night.wing.clinician.get(path))["status"] == "reopened"
    assert await night.sweep() >= 1


async def test_what_a_reviewer_notes_pages_nobody(night: Night) -> None:
    raised = await night.raises(immediacy="today")
    await night.sweep()
    path = f"concerns/{raised['id']}/addenda"
    await night.wing.support_worker.post(path, {"account": "His sister rang."})
    assert await night.sweep() == 0


async def test_ten_at_once_under_one_key_are_one_concern(night: Night) -> None:
    headers = {"Idempotency-Key": "storm"}
    answers = await asyncio.gather(
        *[night.mentor.post("concerns", concern(), headers=headers) for _ in range(10)]
    )
    assert len({answer["id"] for answer in answers}) == 1
    assert len((await night.mentor.get("concerns"))["items"]) == 1


async def test_two_people_may_use_the_same_key(night: Night) -> None:
    headers = {"Idempotency-Key": "k1"}
    mine = await night.mentor.post("concerns", concern(), headers=headers)
    theirs = await night.wing.officer.post("concerns", concern(), headers=headers)
    assert mine["id"] != theirs["id"]


async def test_staff_enter_for_a_mentor_who_has_no_device(night: Night) -> None:
    person = str(night.mentor.person_id)
    raised = await night.raises(night.wing.officer, raised_by_person_id=person)
    assert raised["id"] in [each["id"] for each in (await night.mentor.get("concerns"))["items"]]
    seen = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert seen["recorded_by"] == night.wing.officer.subject
    assert seen["raised_by_person_id"] == person


async def test_paper_is_entered_late_and_its_clock_runs_from_the_entry(night: Night) -> None:
    earlier = clock.now() - timedelta(hours=5)
    raised = await night.raises(night.wing.officer, occurred_at=clock.spell(earlier))
    seen = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert seen["occurred_at"] == clock.spell(earlier)
    assert seen["raised_at"] > seen["occurred_at"]


async def test_what_has_not_happened_yet_is_refused(night: Night) -> None:
    later = clock.spell(clock.now() + timedelta(hours=1))
    refused = await night.mentor.post("concerns", concern(occurred_at=later), 422)
    assert refused["errors"][0]["field"] == "occurred_at"


async def test_a_suspended_mentor_may_still_raise_and_read_own_receipts(night: Night) -> None:
    path = f"mentors/{night.mentor.mentor_id}"
    await night.wing.governor.move(path, "suspended", reason="conduct")
    raised = await night.raises()
    assert (await night.mentor.get(f"concerns/{raised['id']}"))["id"] == raised["id"]
    await night.mentor.get("sessions", 403)


async def test_a_prisoner_who_is_no_mentor_may_raise(night: Night) -> None:
    person = await night.wing.person()
    assert (await night.raises(night.wing.as_person(person["id"])))["reference"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"account": ""}, "account"),
        ({"account": "a\x00b"}, "account"),
        ({"account": 5}, "account"),
        ({"surprise": 1}, "surprise"),
        ({"kind": "grumble"}, "kind"),
        ({"occurred_at": "2026-01-01T03:00:00"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+00:00"}, "occurred_at"),
        ({"handover": {"to": "x"}}, "handover.at"),
    ],
)
async def test_a_mistake_is_named_and_said_not_to_be_saved(
    night: Night, fields: dict[str, object], field: str
) -> None:
    refused = await night.mentor.post("concerns", concern(**fields), 422)
    assert refused["detail"].startswith("NOT SAVED, tell an officer now")
    assert refused["errors"][0]["field"] == field
    assert (await night.mentor.get("concerns"))["items"] == []


async def test_every_immediacy_starts_its_clocks(night: Night) -> None:
    raised = await night.raises(night.wing.support_worker, immediacy="within_24h")
    seen = await night.wing.support_worker.get(f"concerns/{raised['id']}")
    assert seen["acknowledge_by"] > seen["raised_at"]
    assert seen["seen_by"] > seen["acknowledge_by"]
    assert seen["decide_by"] > seen["seen_by"]
    assert seen["next_step_at"] == seen["raised_at"]


async def test_the_database_keeps_an_open_concern_from_losing_its_clock(night: Night) -> None:
    raised = await night.raises()
    statement = text("UPDATE concern SET next_step_at = NULL WHERE id = :id")
    with pytest.raises(Exception, match="open_has_next_step"):
        async with night.wing.db.write(night.wing.prison_id) as session:
            await session.execute(statement, {"id": raised["id"]})


async def test_the_mentor_never_learns_who_worked_on_it(night: Night) -> None:
    raised = await night.raises()
    await night.closes(raised["id"])
    told = await night.mentor.get(f"concerns/{raised['id']}")
    assert told["received"]
    assert told["acted"]
    assert told["feedback"] == "acted"
    assert not {"decision", "acct_decision", "acknowledged_by", "status", "actions"} & set(told)


async def test_another_mentors_concern_is_not_there(night: Night) -> None:
    raised = await night.raises()
    other = night.wing.as_person((await night.wing.person())["id"])
    await other.get(f"concerns/{raised['id']}", 404)
    assert (await other.get("concerns"))["items"] == []


@pytest.mark.parametrize("together", [False, True])
async def test_the_key_of_words_added_to_anothers_concern_gives_nothing_of_it_back(
    night: Night, together: bool
) -> None:
    """An officer reads whom to see, not the account: raising under that key tells no more."""
    raised = await night.raises(account="He said it to nobody else.")
    key = {"Idempotency-Key": "tablet-7-000113"}
    officer, path = night.wing.officer, f"concerns/{raised['id']}/addenda"
    await officer.post(path, {"account": "He is awake."}, headers=key)
    body = concern(account="He is pacing.")
    if together:
        items = [{**body, "key": "tablet-7-000113"}]
        kept = (await officer.post("concerns/batch", {"items": items}))["results"][0]["concern"]
    else:
        kept = await officer.post("concerns", body, headers=key)
    assert kept["account"] == "He is pacing."
    assert kept["id"] != raised["id"]
    assert "nobody else" not in str(kept)
