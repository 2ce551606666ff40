"""Whoever raised what could not wait is looked after, and what mentors tell of coercion goes past
mentors."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app import clock
from app.config import Settings
from app.models.staff import StaffRole
from tests.concerns.conftest import Night
from tests.story import Caller

COERCION = "He says he will burn my letters unless I carry for him."


async def debriefs(caller: Caller) -> list[Any]:
    items: list[Any] = (await caller.get("tasks?kind=debrief"))["items"]
    return items


async def test_a_mentor_who_raised_what_could_not_wait_is_debriefed_within_a_day(
    night: Night,
) -> None:
    raised = await night.raises()
    (task,) = await debriefs(night.wing.support_worker)
    assert (task["thing_noun"], task["thing_id"]) == ("concerns", raised["id"])
    assert task["person_id"] == str(night.mentor.person_id)
    assert task["for_staff_id"] == str(night.wing.support_worker.staff_id)
    path = f"tasks/{task['id']}"
    refused = await night.wing.support_worker.move(path, "done", 422)
    assert refused["errors"][0]["field"] == "note"
    done = await night.wing.support_worker.move(path, "done", note="He slept; he is well.")
    assert (done["status"], done["outcome"]) == ("done", "He slept; he is well.")


@pytest.mark.parametrize("immediacy", ["this_session", "today", None])
async def test_what_can_wait_asks_for_none_until_it_cannot(
    night: Night, immediacy: str | None
) -> None:
    raised = await night.raises(immediacy=immediacy)
    assert await debriefs(night.wing.support_worker) == []
    body = {"immediacy": "now", "reason": "He has a blade."}
    await night.wing.clinician.put(f"concerns/{raised['id']}/immediacy", body)
    assert len(await debriefs(night.wing.support_worker)) == 1
    await night.wing.tidies()
    assert len(await debriefs(night.wing.support_worker)) == 1


async def test_staff_and_prisoners_who_are_no_mentors_are_not_debriefed_by_it(
    night: Night,
) -> None:
    await night.raises(night.wing.officer)
    applicant = await night.wing.applicant()
    await night.raises(night.wing.as_person(applicant["person_id"], applicant["id"]))
    assert await debriefs(night.wing.support_worker) == []


async def test_entered_by_staff_from_paper_it_is_owed_to_the_mentor_all_the_same(
    night: Night,
) -> None:
    await night.raises(night.wing.officer, raised_by_person_id=str(night.mentor.person_id))
    (task,) = await debriefs(night.wing.support_worker)
    assert task["person_id"] == str(night.mentor.person_id)


@pytest.mark.parametrize(
    ("kind", "role"), [("misconduct", "governor"), ("coercion_of_mentor", "clinician")]
)
async def test_where_it_is_about_the_supervisor_others_debrief(
    night: Night, kind: str, role: str
) -> None:
    about = str(night.wing.support_worker.staff_id)
    await night.raises(about_staff_id=about, kind=kind)
    assert await debriefs(night.wing.support_worker) == []
    (task,) = await debriefs(night.wing.governor)
    assert (task["for_role"], task["for_staff_id"]) == (role, None)


async def looks(night: Night) -> list[Any]:
    found: list[Any] = (await night.wing.governor.get("tasks?kind=welfare_check"))["items"]
    return found


async def test_a_mentor_who_raised_what_could_wait_is_looked_in_on_within_three_days(
    night: Night,
) -> None:
    wing = night.wing
    raised = await night.raises(immediacy="today")
    await night.raises(wing.officer, immediacy="today")
    await wing.tidies()
    await night.raises(immediacy="today")
    await wing.tidies()
    [task] = await looks(night)  # one for all that they raised
    assert (task["thing_id"], task["person_id"]) == (raised["id"], str(night.mentor.person_id))
    assert task["for_staff_id"] == str(wing.support_worker.staff_id)
    assert task["due_at"] <= clock.spell(clock.now() + timedelta(hours=72))
    await wing.support_worker.move(f"tasks/{task['id']}", "done", note="He is well.")
    await wing.tidies()
    assert len(await looks(night)) == 1
    await night.raises(immediacy="today")
    await wing.tidies()
    assert len(await looks(night)) == 2


async def test_who_is_debriefed_needs_no_look_besides_and_the_accused_makes_none(
    night: Night,
) -> None:
    await night.raises()
    await night.wing.tidies()
    assert await looks(night) == []
    clock.forward(days=8)
    about = str(night.wing.support_worker.staff_id)
    (task,) = await debriefs(night.wing.governor)
    await night.wing.governor.move(f"tasks/{task['id']}", "done", note="Well.")
    await night.raises(about_staff_id=about, kind="misconduct", immediacy="today")
    await night.wing.tidies()
    [look] = await looks(night)
    assert (look["for_role"], look["for_staff_id"]) == ("governor", None)
    assert (await night.wing.support_worker.get("tasks?kind=welfare_check"))["items"] == []


TRIGGER = """
CREATE FUNCTION no_debriefs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'debrief' THEN RAISE EXCEPTION 'no debriefs today'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_debriefs BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION no_debriefs();
"""


@pytest.fixture
async def broken(night: Night, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """The table of tasks takes no debriefs."""
    owner = await asyncpg.connect(settings.owner_database_url)
    await owner.execute(TRIGGER)
    yield owner
    await owner.execute("DROP FUNCTION no_debriefs() CASCADE")
    await owner.close()


async def test_a_debrief_that_cannot_be_opened_loses_no_concern_and_is_opened_later(
    night: Night, broken: asyncpg.Connection
) -> None:
    raised = await night.raises()
    slow = await night.raises(immediacy="today")
    path = f"concerns/{slow['id']}"
    body = {"immediacy": "now", "reason": "He has a blade."}
    assert (await night.wing.clinician.put(f"{path}/immediacy", body))["immediacy"] == "now"
    shown = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert shown["account"] == raised["account"]
    assert await debriefs(night.wing.support_worker) == []
    await broken.execute("DROP TRIGGER no_debriefs ON task")
    await night.wing.tidies()
    await night.wing.tidies()
    opened = {each["thing_id"] for each in await debriefs(night.wing.support_worker)}
    assert opened == {raised["id"], slow["id"]}


async def test_without_a_supervisor_the_support_workers_are_asked(night: Night) -> None:
    async with night.wing.db.write(night.wing.prison_id) as session:
        await session.execute(text("UPDATE mentor SET supervisor_id = NULL"))
    await night.raises()
    (task,) = await debriefs(night.wing.support_worker)
    assert (task["for_role"], task["for_staff_id"]) == ("support_worker", None)


async def told_to_staff(night: Night, concern_id: str) -> dict[str, bool]:
    wing, found = night.wing, {}
    for name, caller in (
        ("support_worker", wing.support_worker),
        ("clinician", wing.clinician),
        ("nurse", wing.nurse),
        ("governor", wing.governor),
    ):
        answer = await caller.request("GET", f"concerns/{concern_id}")
        found[name] = answer.status_code == 200
    return found


@pytest.mark.parametrize("immediacy", ["today", "now"])
async def test_a_report_of_coercion_goes_past_every_other_mentor(
    night: Night, immediacy: str
) -> None:
    """Not in their lists, not by its id, in no page and no count of theirs; staff have it."""
    wing = night.wing
    peer = await wing.active_mentor()
    before = (await peer.get("concerns"))["items"]
    raised = await night.raises(
        kind="coercion_of_mentor",
        account=COERCION,
        subject_person_id=str(peer.person_id),
        subject_as_told=None,
        immediacy=immediacy,
    )
    path = f"concerns/{raised['id']}"
    assert await told_to_staff(night, raised["id"]) == {
        "support_worker": True,
        "clinician": True,
        "nurse": True,
        "governor": immediacy == "now",  # the rest is theirs once a clock is broken, as ever
    }
    await night.passes(minutes=70)
    assert (await told_to_staff(night, raised["id"]))["governor"]
    assert (await peer.get("concerns"))["items"] == before == []
    await peer.get(path, 404)
    await peer.get(f"{path}/history", 403)
    for closed in ("notifications", "tasks", "audit"):
        await peer.get(closed, 403)
    for each in ("mentors", "supervisions", "check-ins", "people", "sessions", "pairings"):
        said = json.dumps(await peer.get(each))
        assert raised["id"] not in said
        assert COERCION not in said
    assert (await night.mentor.get(path))["id"] == raised["id"]


async def test_coercion_by_a_member_of_staff_goes_past_them_and_their_colleagues(
    night: Night,
) -> None:
    wing = night.wing
    raised = await night.raises(
        kind="coercion_of_mentor",
        account=COERCION,
        about_staff_id=str(wing.support_worker.staff_id),
        immediacy="today",
    )
    another = await wing.hires(StaffRole.support_worker)
    assert await told_to_staff(night, raised["id"]) == {
        "support_worker": False,
        "clinician": True,
        "nurse": True,
        "governor": True,
    }
    await another.get(f"concerns/{raised['id']}", 404)


async def test_a_look_in_for_what_is_kept_from_them_is_none_for_what_is_not(night: Night) -> None:
    """Else the supervisor, whose mentor nobody is to be looked in on for, learns that there is
    another concern."""
    supervisor = night.wing.support_worker
    about = {"about_staff_id": str(supervisor.staff_id), "kind": "misconduct"}
    await night.raises(immediacy="today", **about)
    await night.wing.tidies()
    raised = await night.raises(immediacy="today")
    await night.wing.tidies()
    tasks = (await supervisor.get("tasks?kind=welfare_check"))["items"]
    assert [each["thing_id"] for each in tasks] == [raised["id"]]
    await night.wing.tidies()
    assert len((await night.wing.governor.get("tasks?kind=welfare_check"))["items"]) == 2
