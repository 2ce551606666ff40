"""Clinical notes over HTTP: who writes and reads them, how long, and what ends it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import clock
from app.models.staff import StaffRole
from tests.story import Caller, Wing

CANARY = "quillwort"


async def written(clinician: Caller, person_id: str, **fields: Any) -> Any:
    """A note by this clinician."""
    body = {"person_id": person_id, "kind": "contact", "text": "Slept four hours.", **fields}
    return await clinician.post("clinical-notes", body)


async def listed(clinician: Caller, person_id: str) -> list[str]:
    page = await clinician.get(f"clinical-notes?person_id={person_id}")
    return [row["id"] for row in page["items"]]


async def test_a_note_is_written_and_read_by_those_who_care_for_the_person(wing: Wing) -> None:
    mentee = await wing.engaged()
    yesterday = clock.now() - timedelta(days=1)
    note = await written(
        wing.nurse, mentee["person_id"], kind="telephone", occurred_at=str(yesterday)
    )
    assert note["author_staff_id"] == str(wing.nurse.staff_id)
    assert note["disclosure"] == "ordinary"
    assert note["occurred_at"] == clock.spell(yesterday) < note["recorded_at"]
    read = await wing.clinician.get(f"clinical-notes/{note['id']}")
    assert read == note
    assert await listed(wing.clinician, mentee["person_id"]) == [note["id"]]
    [row] = (await wing.clinician.get("clinical-notes?kind=telephone"))["items"]
    assert "text" not in row, "a list says that there is a note, not what it says"
    assert (await wing.clinician.get("clinical-notes?kind=plan"))["items"] == []


async def test_nobody_else_finds_a_note_or_its_words(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.pairs(mentor, mentee["id"])
    note = await written(wing.clinician, mentee["person_id"], text=CANARY)
    path = f"clinical-notes/{note['id']}"
    himself = wing.as_person(mentee["person_id"])
    body = {"person_id": mentee["person_id"], "kind": "contact", "text": "x"}
    for caller in (wing.support_worker, wing.officer, wing.governor, mentor, himself):
        for address in ("clinical-notes", path, f"{path}/versions"):
            assert CANARY not in str(await caller.get(address, expect=403))
        await caller.post("clinical-notes", body, expect=403)
        await caller.post(f"{path}/addenda", {"text": "x"}, expect=403)
        await caller.patch(path, {"text": "x"}, expect=403)
    for caller in (wing.support_worker, wing.governor, mentor):
        for address in (f"mentees/{mentee['id']}", "people", "mentees", "sessions?limit=200"):
            answer = await caller.request("GET", address)
            assert CANARY not in answer.text


async def test_a_mentor_who_was_a_mentee_does_not_see_their_own_file(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    body = {"person_id": str(mentor.person_id), "referred_by": "self"}
    await wing.support_worker.post("mentees", body)
    note = await written(wing.clinician, str(mentor.person_id), text=CANARY)
    for address in ("clinical-notes", f"clinical-notes/{note['id']}", "caseloads"):
        await mentor.get(address, expect=403)
    own = await mentor.request("GET", f"people/{mentor.person_id}")
    assert CANARY not in own.text


async def test_of_someone_in_nobodys_care_there_is_nothing_and_nothing_is_written(
    wing: Wing,
) -> None:
    person = await wing.person()
    body = {"person_id": person["id"], "kind": "contact", "text": "x"}
    assert (await wing.clinician.post("clinical-notes", body, expect=404))["code"] == "not_found"
    await wing.clinician.post("caseloads", {"person_id": person["id"]})
    note = await written(wing.clinician, person["id"])
    await wing.nurse.get(f"clinical-notes/{note['id']}", expect=404)
    assert await listed(wing.nurse, person["id"]) == []
    await wing.nurse.post(f"clinical-notes/{note['id']}/addenda", {"text": "x"}, expect=404)


async def test_a_restricted_note_is_its_authors_and_of_those_whose_patient_it_is(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    ordinary = await written(wing.clinician, mentee["person_id"])
    note = await written(wing.clinician, mentee["person_id"], disclosure="restricted")
    path = f"clinical-notes/{note['id']}"
    await wing.nurse.get(path, expect=404)
    assert await listed(wing.nurse, mentee["person_id"]) == [ordinary["id"]]
    assert len(await listed(wing.clinician, mentee["person_id"])) == 2
    mine = await wing.nurse.post("caseloads", {"person_id": mentee["person_id"]})
    assert (await wing.nurse.get(path))["disclosure"] == "restricted"
    await wing.nurse.patch(f"caseloads/{mine['id']}", {"ended_reason": "handed_over"})
    await wing.nurse.get(path, expect=404)


async def test_a_broken_glass_opens_the_notes_while_it_is_open(wing: Wing) -> None:
    person = await wing.person()
    await wing.clinician.post("caseloads", {"person_id": person["id"]})
    note = await written(wing.clinician, person["id"], disclosure="restricted")
    path = f"clinical-notes/{note['id']}"
    await wing.nurse.get(path, expect=404)
    body = {"person_id": person["id"], "reason_code": "danger_to_life", "reason": "Collapsed."}
    await wing.nurse.post("break-glass", {**body, "minutes": 30})
    assert (await wing.nurse.get(path))["id"] == note["id"]
    await wing.nurse.post(f"{path}/addenda", {"text": "Found by the night nurse."})
    other = await wing.hires(StaffRole.clinician)
    await other.get(path, expect=404)
    clock.forward(minutes=31)
    await wing.nurse.get(path, expect=404)
    await wing.nurse.post(f"{path}/addenda", {"text": "x"}, expect=404)


@pytest.mark.parametrize("end", ["transferred", "released"])
async def test_the_end_of_support_ends_the_colleagues_access_and_the_author_keeps_theirs(
    wing: Wing, end: str
) -> None:
    mentee = await wing.engaged()
    note = await written(wing.clinician, mentee["person_id"])
    path = f"clinical-notes/{note['id']}"
    await wing.nurse.get(path)
    await wing.clinician.move(f"mentees/{mentee['id']}", end)
    await wing.nurse.get(path, expect=404)
    assert (await wing.clinician.get(path))["text"] == note["text"]
    await wing.clinician.patch(path, {"text": "More."}, expect=404)


async def test_a_transfer_takes_the_patient_from_every_caseload(wing: Wing) -> None:
    mentee = await wing.engaged()
    note = await written(wing.clinician, mentee["person_id"])
    await wing.nurse.post("caseloads", {"person_id": mentee["person_id"]})
    await wing.presence(mentee["person_id"], "left")
    await wing.nurse.get(f"clinical-notes/{note['id']}", expect=404)
    assert await listed(wing.nurse, mentee["person_id"]) == []
    await wing.presence(mentee["person_id"], "here")
    await wing.nurse.get(f"clinical-notes/{note['id']}")


async def test_an_author_changes_their_note_for_a_day_and_every_save_stays(wing: Wing) -> None:
    mentee = await wing.engaged()
    note = await written(wing.clinician, mentee["person_id"], text="First.")
    path = f"clinical-notes/{note['id']}"
    await wing.clinician.patch(path, {"text": "Second."})
    clock.forward(hours=23)
    last = await wing.clinician.patch(path, {"disclosure": "serious_harm_test"})
    assert last["text"] == "Second."
    assert last["locks_at"] == note["locks_at"]
    versions = (await wing.nurse.get(f"{path}/versions"))["items"]
    assert [(each["text"], each["disclosure"]) for each in versions] == [
        ("First.", "ordinary"),
        ("Second.", "ordinary"),
        ("Second.", "serious_harm_test"),
    ]
    assert {each["author_subject"] for each in versions} == {wing.clinician.subject}
    clock.forward(hours=2)
    refused = await wing.clinician.patch(path, {"text": "Third."}, expect=409)
    assert refused["code"] == "note_locked"


async def test_what_was_restricted_once_stays_so_in_the_versions(wing: Wing) -> None:
    mentee = await wing.engaged()
    secret = await written(
        wing.clinician, mentee["person_id"], text=CANARY, disclosure="restricted"
    )
    path = f"clinical-notes/{secret['id']}"
    await wing.clinician.patch(path, {"text": "Plain.", "disclosure": "ordinary"})
    seen = await wing.nurse.get(f"{path}/versions")
    assert [each["text"] for each in seen["items"]] == ["Plain."]
    assert len((await wing.clinician.get(f"{path}/versions"))["items"]) == 2


async def test_others_change_no_note_and_add_to_it_instead(wing: Wing) -> None:
    mentee = await wing.engaged()
    note = await written(wing.clinician, mentee["person_id"])
    path = f"clinical-notes/{note['id']}"
    await wing.nurse.patch(path, {"text": "x"}, expect=403)
    clock.forward(days=3)
    await wing.nurse.post(f"{path}/addenda", {"text": "His sister rang."})
    shown = await wing.clinician.post(f"{path}/addenda", {"text": "She will come on Sunday."})
    assert [each["text"] for each in shown["addenda"]] == [
        "His sister rang.",
        "She will come on Sunday.",
    ]
    assert shown["text"] == note["text"]
    assert len((await wing.clinician.get(f"{path}/versions"))["items"]) == 1


async def test_a_restricted_addendum_shows_in_nothing_to_those_who_may_not_read_it(
    wing: Wing,
) -> None:
    mentee = await wing.engaged()
    note = await written(wing.clinician, mentee["person_id"])
    path = f"clinical-notes/{note['id']}"
    before = await wing.nurse.request("GET", path)
    added = await wing.clinician.post(
        f"{path}/addenda", {"text": CANARY, "disclosure": "restricted"}
    )
    assert len(added["addenda"]) == 1
    after = await wing.nurse.request("GET", path)
    assert (after.text, after.headers["etag"]) == (before.text, before.headers["etag"])


async def test_a_note_keeps_to_what_was(wing: Wing) -> None:
    mentee = await wing.engaged()
    tomorrow = str(clock.now() + timedelta(days=1))
    body = {"person_id": mentee["person_id"], "kind": "contact", "text": "x"}
    ahead = {**body, "occurred_at": tomorrow}
    refused = await wing.clinician.post("clinical-notes", ahead, expect=422)
    assert refused["errors"][0]["field"] == "occurred_at"
    note = await wing.clinician.post("clinical-notes", body)
    path = f"clinical-notes/{note['id']}"
    await wing.clinician.patch(path, {"occurred_at": tomorrow}, expect=422)
    for name in ("text", "kind", "disclosure"):
        await wing.clinician.patch(path, {name: None}, expect=422)
    await wing.clinician.patch(path, {"text": "y"}, expect=428, headers={})
    await wing.clinician.patch(path, {"text": "y"}, expect=412, headers={"If-Match": '"7"'})


@pytest.mark.parametrize(
    "change", ["UPDATE text_version SET text = 'x'", "DELETE FROM text_version"]
)
async def test_the_service_itself_cannot_change_a_version(wing: Wing, change: str) -> None:
    await written(wing.clinician, (await wing.engaged())["person_id"])
    with pytest.raises(DBAPIError, match="permission denied"):
        async with wing.db.write(wing.prison_id) as session:
            await session.execute(text(change))
