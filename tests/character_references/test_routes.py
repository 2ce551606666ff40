"""Character references over HTTP: what others say, kept from everyone it is said of."""

from datetime import timedelta
from typing import Any

import pytest

from app import clock
from tests.story import Wing


def said(mentor_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "mentor_id": mentor_id,
        "referee_name": "Officer R. Sample",
        "referee_role": "wing_staff",
        "supports": "yes",
        "text": "He listens.",
        "received_on": str(clock.now().date()),
        **fields,
    }


async def test_support_workers_and_clinicians_enter_and_governors_read_them(wing: Wing) -> None:
    mentor = await wing.applicant()
    first = await wing.support_worker.post("character-references", said(mentor["id"]))
    await wing.nurse.post("character-references", said(mentor["id"], supports="no"))
    assert first["recorded_by"] == str(wing.support_worker.staff_id)
    listed = (await wing.governor.get(f"character-references?mentor_id={mentor['id']}"))["items"]
    assert [each["supports"] for each in listed] == ["yes", "no"]
    assert (await wing.governor.get(f"character-references/{first['id']}"))["text"] == "He listens."
    await wing.governor.post("character-references", said(mentor["id"]), expect=403)


async def test_no_applicant_and_no_mentor_ever_reads_one(wing: Wing) -> None:
    applied = await wing.applicant()
    made = await wing.support_worker.post("character-references", said(applied["id"]))
    applicant = wing.as_person(applied["person_id"])
    mentor = await wing.active_mentor()
    for caller in (applicant, mentor, wing.officer):
        for path in ("character-references", f"character-references/{made['id']}"):
            await caller.get(path, expect=403)
        await caller.post("character-references", said(applied["id"]), expect=403)


async def test_a_wrong_entry_is_put_right_and_what_it_said_stays(wing: Wing) -> None:
    mentor = await wing.applicant()
    made = await wing.support_worker.post("character-references", said(mentor["id"]))
    path = f"character-references/{made['id']}"
    right = {**said(mentor["id"], supports="with_reservations", text="He listens, mostly.")}
    del right["mentor_id"]
    await wing.clinician.put(path, right, expect=428, headers={})
    changed = await wing.clinician.put(path, right)
    assert changed["supports"] == "with_reservations"
    assert changed["recorded_by"] == str(wing.clinician.staff_id)
    versions = (await wing.support_worker.get(f"{path}/versions"))["items"]
    assert [each["text"] for each in versions] == ["He listens.", "He listens, mostly."]
    await wing.governor.get(f"{path}/versions", expect=403)


async def test_once_decided_nothing_is_added_or_changed(wing: Wing) -> None:
    mentor = await wing.applicant()
    made = await wing.support_worker.post("character-references", said(mentor["id"]))
    await wing.approve(mentor["id"])
    refused = await wing.support_worker.post("character-references", said(mentor["id"]), 409)
    assert refused["code"] == "not_in_application"
    body = said(mentor["id"])
    del body["mentor_id"]
    refused = await wing.support_worker.put(f"character-references/{made['id']}", body, 409)
    assert refused["code"] == "not_in_application"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"received_on": "2020-01-01"}, "received_on"),
        ({"received_on": str((clock.now() + timedelta(days=2)).date())}, "received_on"),
        ({"referee_role": "friend"}, "referee_role"),
        ({"supports": "high"}, "supports"),
        ({"mentor_id": "0198c0de-0000-7000-8000-000000000002"}, "mentor_id"),
        ({"referee_name": "x" * 101}, "referee_name"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, change: Any, field: str) -> None:
    mentor = await wing.applicant()
    body = {**said(mentor["id"]), **change}
    refused = await wing.support_worker.post("character-references", body, expect=422)
    assert refused["errors"][0]["field"] == field
