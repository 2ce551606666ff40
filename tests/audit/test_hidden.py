"""Nobody finds in the audit what is hidden from them."""

import asyncio
from typing import Any

import pytest

from app.audit import FLUSH_SECONDS
from app.integrations.notify.log import LogChannel
from app.models.staff import StaffRole
from app.worker import round_trip
from tests.story import Caller, Wing, with_some_others


async def everything_of(who: Caller) -> str:
    """All that somebody can get out of the audit, as text."""
    await asyncio.sleep(2 * FLUSH_SECONDS)
    listed = await who.request("GET", "audit", params={"limit": 200})
    exported = await who.request("GET", "audit/export")
    return listed.text + exported.text


async def accused(wing: Wing, staff: Caller) -> Any:
    """A concern about a member of staff, raised by a mentor."""
    mentor = await wing.active_mentor()
    return await mentor.post(
        "concerns",
        {
            "kind": "misconduct",
            "account": "He takes things from cells.",
            "immediacy": "today",
            "about_staff_id": str(staff.staff_id),
        },
    )


async def test_a_governor_finds_no_trace_of_the_concern_about_them(wing: Wing) -> None:
    other = await wing.hires(StaffRole.governor)
    concern = await accused(wing, wing.governor)
    path = f"concerns/{concern['id']}"
    await other.get(path)
    await other.get("concerns")
    await other.get(f"{path}/history")
    await other.post(f"{path}/acknowledgement", {}, expect=200)
    assert concern["id"] in await everything_of(other)
    assert concern["id"] not in await everything_of(wing.governor)
    for search in ({"thing_id": concern["id"]}, {"operation": "acknowledge_concern"}):
        found = await wing.governor.get("audit", params=search)
        assert found["items"] == []


async def test_pages_about_it_leave_no_trace_either(
    wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await wing.hires(StaffRole.governor)
    concern = await accused(wing, wing.governor)
    with_some_others(wing.db, wing, monkeypatch)
    await round_trip(wing.db, LogChannel())
    pages = await other.get("notifications")
    for page in pages["items"]:
        await other.post(f"notifications/{page['id']}/read", expect=200)
    seen = await everything_of(wing.governor)
    assert concern["id"] not in seen
    assert not [page["id"] for page in pages["items"] if page["id"] in seen]


async def test_a_supervisor_no_longer_finds_their_own_acts_on_it(wing: Wing) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    concern = await other.post(
        "concerns",
        {
            "kind": "misconduct",
            "account": "He asks for tobacco.",
            "immediacy": "today",
            "subject_as_told": "the lad in the end cell",
        },
    )
    path = f"concerns/{concern['id']}"
    await wing.support_worker.get(path)
    assert concern["id"] in await everything_of(wing.support_worker)
    await wing.clinician.put(f"{path}/subject", {"subject_person_id": str(mentor.person_id)})
    assert concern["id"] not in await everything_of(wing.support_worker)


async def test_ones_own_refusals_stay_whether_the_thing_is_hidden_or_not_there(
    wing: Wing,
) -> None:
    concern = await accused(wing, wing.governor)
    nothing = "0198c0de-0000-7000-8000-000000000009"
    for each in (concern["id"], nothing):
        await wing.governor.get(f"concerns/{each}", expect=404)
        found = await wing.governor.get("audit", params={"thing_id": each})
        assert [entry["act"] for entry in found["items"]] == ["refused"]
