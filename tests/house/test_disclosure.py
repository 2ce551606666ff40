"""Free text carries its disclosure: said when it is written, kept with it, shown to staff."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Enum, String, Table

from app import clock
from app.models.base import Disclosure, Rewriting, Writing, metadata
from tests.story import Caller, Wing

LONGEST_CODE = 100
_HOUR = timedelta(hours=1)
# Text in tables without `disclosure`, each with the reason why it tells no story of anyone.
NO_STORY = {
    "prison.outside_last_resort": "a telephone number",
    "person.display_name": "a name",
    "staff.subject": "who a token is of",
    "staff.contact": "a telephone number",
    "notification.address": "a telephone number",
    "page_test.address": "a telephone number",
    "page_test.asked_by": "who a token is of",
    "page_test.confirmed_by": "who a token is of",
    "webhook.url": "where a program is",
    "address.value": "where one of the staff is reached",
    "address.ended_by": "who a token is of",
    "notification.text": "one sentence of the service's own that names nobody",
    "history.actor_subject": "who a token is of",
    "audit_entry.subject": "who a token is of",
    "audit_entry.client": "the name of a program",
    "former_value.subject": "who a token is of",
    "idempotency_key.subject": "who a token is of",
    "idempotency_key.key": "a caller's own number for a request",
    "client.client_id": "the name of a program",
    "client.asked_by": "who a token is of",
    "revocation.subject": "who a token is of",
    "revocation.token_id": "a token's number",
    "revocation.revoked_by": "who a token is of",
    "clearance.decided_by": "who a token is of",
    "clearance.extended_by": "who a token is of",
    "death.reported_by": "who a token is of",
    "death.corrected_by": "who a token is of",
    "legal_hold.placed_by": "who a token is of",
    "legal_hold.lift_asked_by": "who a token is of",
    "legal_hold.lifted_by": "who a token is of",
    "adoption.signed_by": "who a token is of",
    "adoption.withdrawn_by": "who a token is of",
    "profile.recorded_by": "who a token is of",
    "lockdown.declared_by": "who a token is of",
    "lockdown.lifted_by": "who a token is of",
    "welfare_check.looked_in_by": "who a token is of",
    "prison_event.recorded_by": "who a token is of",
    "prison_event.cancelled_by": "who a token is of",
    "match_proposal.made_by": "who a token is of",
    "rota_solve.asked_by": "who a token is of",
    "match_proposal_pair.refused_for": "codes",
    "turned_away.recorded_by": "who a token is of",
    "questionnaire.recorded_by": "who a token is of",
    "outcome_cohort.recorded_by": "who a token is of",
    "life_event.recorded_by": "who a token is of",
    "incident_count.recorded_by": "who a token is of",
    "survey_round.recorded_by": "who a token is of",
    "publication.recorded_by": "who a token is of",
    "publication.tables": "rounded counts under codes and titles",
    "outcome_cohort.frozen_by": "who a token is of",
    "contact_request.recorded_by": "who a token is of",
    "export_job.changed_since": "a cursor of ours",
    "export_job.same_as": "a cursor of ours",
    "export_job.next_cursor": "a cursor of ours",
    "export_job.subject": "who a token is of",
    "export_job.token_id": "a token's number",
    "stream_ticket.subject": "who a token is of",
    "stream_ticket.token_id": "a token's number",
    "calendar_feed.ended_by": "who a token is of",
    "release.purpose": "what an investigation is for; the bundle has the texts, each with its own",
}


def long_texts(table: Table) -> list[str]:
    """The columns that may hold more than a code."""
    found = []
    for column in table.columns:
        kind = getattr(column.type, "impl_instance", column.type)
        long = isinstance(kind, String) and (kind.length or LONGEST_CODE + 1) > LONGEST_CODE
        if long and not isinstance(column.type, Enum):
            found.append(f"{table.name}.{column.name}")
    return found


def test_every_table_with_free_text_says_what_may_be_disclosed() -> None:
    without = [
        column
        for table in metadata.sorted_tables
        if "disclosure" not in table.columns
        for column in long_texts(table)
    ]
    assert set(without) <= set(NO_STORY), set(without) - set(NO_STORY)


def test_where_there_is_disclosure_there_is_text_and_never_no_choice() -> None:
    carrying = [table for table in metadata.sorted_tables if "disclosure" in table.columns]
    assert len(carrying) >= 10
    for table in carrying:
        assert long_texts(table), table.name
        assert not table.columns["disclosure"].nullable
        assert set(table.columns["disclosure"].type.enums) == set(Disclosure)


def _bodies(app: FastAPI) -> dict[str, Any]:
    """The schemas of all bodies, by name."""
    document = app.openapi()
    names = {
        media["schema"].get("$ref", "").rsplit("/", 1)[-1]
        for item in document["paths"].values()
        for operation in item.values()
        for media in operation.get("requestBody", {}).get("content", {}).values()
    }
    return {name: document["components"]["schemas"][name] for name in names - {""}}


# Bodies with a long text and no choice, each with the reason.
NO_CHOICE = {
    "ExportAsked": "codes, days and cursors",
    "ExportJobCreate": "codes, days and cursors",
    "StaffCreate": "who works here, and their telephone",
    "WebhookCreate": "where a program is",
    "WebhookUpdate": "where a program is",
    "AddressCreate": "where one of the staff is reached",
    "StaffUpdate": "who works here, and their telephone",
    "PrisonUpdate": "settings",
    "ClientCreate": "the name of a program",
    "TokenCreate": "who a token is of",
    "RevocationCreate": "who a token is of",
    "ConsentPut": "a version and a language",
    "ExplanationCreate": "a version and a language",
    "HandoverCreate": "the name of who was told",
    "FeedbackCreate": "words meant for the mentor who raised it, who reads them",
    "ReleaseCreate": "what an investigation is for",
    "AdoptionCreate": "a name and a version",
}


def test_every_body_with_free_text_takes_the_choice(app: FastAPI) -> None:
    def long(schema: dict[str, Any]) -> bool:
        kinds = schema.get("anyOf", [schema])
        return any(kind.get("maxLength", 0) > LONGEST_CODE for kind in kinds)

    without = {
        name
        for name, schema in _bodies(app).items()
        if "disclosure" not in schema["properties"]
        and any(long(each) for each in schema["properties"].values())
    }
    assert without <= set(NO_CHOICE), without - set(NO_CHOICE)


def test_the_choice_is_ordinary_unless_told_and_a_change_keeps_it() -> None:
    assert Writing().disclosure is Disclosure.ordinary
    assert Rewriting().disclosure is None


@pytest.mark.parametrize(
    ("one", "other", "stricter"),
    [
        ("ordinary", None, "ordinary"),
        ("ordinary", "third_party", "third_party"),
        ("restricted", "ordinary", "restricted"),
        ("third_party", "serious_harm_test", "serious_harm_test"),
    ],
)
def test_of_several_texts_the_strictest_choice_holds(
    one: str, other: str | None, stricter: str
) -> None:
    found = Disclosure(one).stricter(Disclosure(other) if other else None)
    assert found is Disclosure(stricter)


async def test_staff_choose_and_see_what_was_chosen(wing: Wing) -> None:
    mentee = await wing.referred(referral_reason="As his brother says.", disclosure="third_party")
    path = f"mentees/{mentee['id']}"
    assert mentee["disclosure"] == "third_party"
    changed = await wing.clinician.patch(path, {"agreed_line": "Likes to draw."})
    assert changed["disclosure"] == "third_party"
    changed = await wing.clinician.patch(path, {"disclosure": "serious_harm_test"})
    assert changed["disclosure"] == "serious_harm_test"
    moved = {"to": "triage", "note": "Told by a cellmate.", "disclosure": "restricted"}
    await wing.support_worker.post(f"{path}/moves", moved, expect=200)
    history = (await wing.support_worker.get(f"{path}/history"))["items"]
    assert [row["disclosure"] for row in history] == ["ordinary", "restricted"]
    assert "disclosure" not in await wing.governor.get(path)


async def test_a_concern_is_as_restricted_as_the_strictest_word_of_it(wing: Wing) -> None:
    told = {"subject_as_told": "the lad in the end cell", "account": "He gave his radio away."}
    raised = await wing.support_worker.post("concerns", told)
    path = f"concerns/{raised['id']}"
    await wing.support_worker.post(
        f"{path}/addenda", {"account": "More.", "disclosure": "third_party"}
    )
    seen = {"not_seen_reason": "At court.", "disclosure": "serious_harm_test"}
    await wing.support_worker.post(f"{path}/seen", seen, expect=200)
    decision = {"decision": "Seen daily.", "disclosure": "third_party"}
    await wing.support_worker.post(f"{path}/decision", decision, expect=200)
    shown = await wing.clinician.get(path)
    assert shown["disclosure"] == "serious_harm_test"
    assert [each["disclosure"] for each in shown["addenda"]] == ["third_party"]


async def mentors_note(wing: Wing, **fields: Any) -> tuple[Caller, str, Any]:
    """A mentor who records a session they held, with its note; the path of it; the answer."""
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    room = await wing.room()
    body = {
        "kind": "day_to_day",
        "room_id": room["id"],
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": clock.spell(clock.now().replace(microsecond=0) - _HOUR),
        "ends_at": clock.spell(clock.now()),
        "note": "First.",
        **fields,
    }
    made = await mentor.post("sessions/held", body)
    return mentor, f"sessions/{made['id']}", made


async def test_a_mentors_note_has_a_disclosure_that_staff_see_and_mentors_do_not(
    wing: Wing,
) -> None:
    mentor, path, made = await mentors_note(wing, disclosure="third_party")
    assert "disclosure" not in made
    assert "disclosure" not in await mentor.get(path)
    assert (await wing.support_worker.get(path))["disclosure"] == "third_party"
    assert "disclosure" not in await wing.officer.get(path)


@pytest.mark.parametrize("choice", ["serious_harm_test", "restricted"])
async def test_what_staff_judge_is_not_a_mentors_choice(wing: Wing, choice: str) -> None:
    mentor, path, _ = await mentors_note(wing)
    body = {"note": "Second.", "disclosure": choice}
    refused = await mentor.put(f"{path}/note", body, expect=422)
    assert refused["errors"][0]["field"] == "disclosure"
    assert (await mentor.get(path))["note"] == "First."


async def test_nor_is_it_an_applicants_or_a_part_of_a_prisoners_move(wing: Wing) -> None:
    applicant = wing.as_person((await wing.person())["id"])
    body = {"person_id": str(applicant.person_id), "motivation": "To give it back."}
    await applicant.post("mentors", {**body, "disclosure": "restricted"}, expect=422)
    made = await applicant.post("mentors", {**body, "disclosure": "third_party"})
    path = f"mentors/{made['id']}"
    moved = {"note": "x", "disclosure": "restricted"}
    await applicant.move(path, "submitted", expect=422, **moved)
    assert (await wing.support_worker.get(path))["disclosure"] == "third_party"
    assert "disclosure" not in await applicant.get(path)


@pytest.mark.parametrize("choice", ["serious_harm_test", "restricted"])
async def test_raising_a_concern_never_fails_for_it(wing: Wing, choice: str) -> None:
    """It is kept as strict as a prisoner may choose, and the answer says so."""
    mentor = await wing.active_mentor()
    told = {"subject_as_told": "the lad in the end cell", "account": "x", "disclosure": choice}
    raised = await mentor.post("concerns", told)
    assert any("third_party" in warning for warning in raised["warnings"])
    assert "disclosure" not in raised
    path = f"concerns/{raised['id']}"
    added = await mentor.post(f"{path}/addenda", {"account": "More.", "disclosure": choice})
    assert "disclosure" not in added
    shown = await wing.support_worker.get(path)
    assert shown["disclosure"] == "third_party"
    assert [each["disclosure"] for each in shown["addenda"]] == ["third_party"]


async def test_every_save_of_a_note_is_a_version_for_those_who_may_read_it(wing: Wing) -> None:
    mentor, path, _ = await mentors_note(wing)
    await mentor.put(f"{path}/note", {"note": "Second."})
    await mentor.put(f"{path}/note", {"note": "Second."})
    await mentor.put(f"{path}/note", {"note": "Second.", "disclosure": "third_party"})
    for caller in (wing.support_worker, wing.clinician):
        versions = (await caller.get(f"{path}/note/versions"))["items"]
        assert [(each["text"], each["disclosure"]) for each in versions] == [
            ("First.", "ordinary"),
            ("Second.", "ordinary"),
            ("Second.", "third_party"),
        ]
        assert {each["author_subject"] for each in versions} == {mentor.subject}
        assert {each["author_role"] for each in versions} == {"mentor"}
    for caller in (wing.officer, wing.governor, mentor):
        await caller.get(f"{path}/note/versions", expect=403)
