"""The inbox: what waits for one person in all their prisons, in order, page by page."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock, worker
from app.audit import FLUSH_SECONDS
from app.db import Database
from app.models.base import new_id
from app.models.board import BoardBand
from app.models.prisons import Prison
from app.models.staff import Staff, StaffRole
from app.models.tasks import Task, TaskKind, TaskSource
from app.services import references
from tests.house.answers import problem
from tests.house.test_paging import walk
from tests.story import Caller, Wing, new_prison_id

INBOX = "/v1/me/inbox"
WORRY = {"subject_as_told": "the lad in the end cell", "account": "He gave his radio away."}


@pytest.fixture
async def another(wing: Wing, db: Database) -> Wing:
    """A second prison, with people of its own."""
    prison_id = new_prison_id()
    async with db.sessions() as session, session.begin():
        session.add(Prison(id=prison_id, name=f"HMP Test {prison_id}"))
    story = Wing(wing.http, db, wing.issuer, prison_id)
    await story.open()
    return story


async def in_both(wing: Wing, another: Wing, here: StaffRole, there: StaffRole) -> Caller:
    """Somebody who works in two prisons under one token."""
    caller = await wing.hires(here)
    row = Staff(prison_id=another.prison_id, subject=caller.subject, name="The same", role=there)
    async with wing.db.write(another.prison_id) as session:
        session.add(row)
    roles = sorted({here.value, there.value})
    prisons = [wing.prison_id, another.prison_id]
    caller.token = wing.issuer.issue(caller.subject, roles, prisons)
    return caller


async def raises(caller: Caller, immediacy: str = "today", **fields: Any) -> str:
    raised = await caller.post("concerns", {**WORRY, "immediacy": immediacy, **fields})
    return str(raised["id"])


async def items(caller: Caller, query: str = "") -> list[Any]:
    return list((await caller.get(f"{INBOX}{query}"))["items"])


async def rules(caller: Caller) -> list[str]:
    return [each["rule"] for each in await items(caller)]


async def test_what_waits_in_two_prisons_is_in_one_order(wing: Wing, another: Wing) -> None:
    both = await in_both(wing, another, StaffRole.clinician, StaffRole.clinician)
    later = await raises(wing.support_worker, "can_wait_a_day")
    sooner = await raises(another.support_worker, "today")
    at_once = await raises(another.support_worker, "right_now")
    found = await items(both)
    assert [(each["prison_id"], each["thing_id"], each["rule"]) for each in found] == [
        (another.prison_id, at_once, "concern_now"),
        (another.prison_id, sooner, "concern_to_answer"),
        (wing.prison_id, later, "concern_to_answer"),
    ]
    bands = [list(BoardBand).index(BoardBand(each["band"])) for each in found]
    assert bands == sorted(bands)
    assert found[0]["why"] == "A concern with the immediacy now is not settled"


async def test_each_prison_shows_what_the_role_there_may_see(wing: Wing, another: Wing) -> None:
    both = await in_both(wing, another, StaffRole.governor, StaffRole.clinician)
    about = {"kind": "misconduct", "about_staff_id": str(wing.nurse.staff_id)}
    here = await raises(wing.support_worker, **about)
    about = {"kind": "misconduct", "about_staff_id": str(another.nurse.staff_id)}
    there = await raises(another.support_worker, **about)
    things = {each["thing_id"] for each in await items(both)}
    assert here in things
    assert there not in things
    other = await raises(another.support_worker)
    assert other in {each["thing_id"] for each in await items(both)}


async def test_what_is_hidden_from_somebody_is_in_no_inbox_of_theirs(wing: Wing) -> None:
    accused = await wing.hires(StaffRole.governor)
    about = {"kind": "misconduct", "about_staff_id": str(accused.staff_id)}
    before = await items(accused)
    await raises(await wing.active_mentor(), "right_now", **about)
    await worker.sweep(wing.db, wing.prison_id)
    assert await items(accused) == before
    assert "concern_now" in await rules(wing.governor)


async def test_an_action_of_a_concern_found_to_be_about_its_owner_is_not_told(
    wing: Wing, db: Database
) -> None:
    path = f"concerns/{await raises(wing.support_worker)}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    due = clock.spell(clock.now() + timedelta(days=1))
    body = {"what": "Ring.", "owner_id": str(wing.nurse.staff_id), "due_at": due}
    await wing.clinician.post(f"{path}/actions", body)
    assert "action_to_do" in await rules(wing.nurse)
    async with db.write(wing.prison_id) as session:
        found_out = "UPDATE concern SET about_staff_id = :staff WHERE prison_id = :prison"
        values = {"staff": wing.nurse.staff_id, "prison": wing.prison_id}
        await session.execute(text(found_out), values)
    assert await rules(wing.nurse) == []
    board = await wing.nurse.get("board?days_ahead=31")
    assert path.split("/")[1] not in {each["thing_id"] for each in board["items"]}


async def test_a_page_waits_until_it_is_read_or_nobody_is_needed(wing: Wing) -> None:
    await on_duty(wing, wing.clinician)
    path = f"concerns/{await raises(wing.support_worker, 'right_now')}"
    await worker.sweep(wing.db, wing.prison_id)
    pages = [each for each in await items(wing.clinician) if each["rule"] == "page_to_read"]
    assert [each["thing_noun"] for each in pages] == ["notifications"]
    assert pages[0]["display_name"] is None
    assert "page_to_read" not in await rules(wing.nurse)
    await wing.clinician.post(f"notifications/{pages[0]['thing_id']}/read", None, 200)
    assert "page_to_read" not in await rules(wing.clinician)
    assert path.split("/")[1] in {each["thing_id"] for each in await items(wing.clinician)}


async def on_duty(wing: Wing, who: Caller) -> None:
    duty = {"post": "clinician", "staff_id": str(who.staff_id)}
    duty["starts_at"] = clock.spell(clock.now() - timedelta(minutes=1))
    await wing.support_worker.post("duties", duty)


async def test_who_is_on_duty_is_asked_to_accept_what_another_acknowledged(wing: Wing) -> None:
    await on_duty(wing, wing.clinician)
    path = f"concerns/{await raises(wing.support_worker)}"
    assert "concern_to_accept" not in await rules(wing.clinician)
    await wing.nurse.post(f"{path}/acknowledgement", {}, 200)
    assert "concern_to_accept" in await rules(wing.clinician)
    assert "concern_to_accept" not in await rules(wing.nurse)
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    assert "concern_to_accept" not in await rules(wing.clinician)


async def test_an_action_handed_over_waits_for_whom_it_was_handed_to(wing: Wing) -> None:
    path = f"concerns/{await raises(wing.support_worker)}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    due = clock.spell(clock.now() + timedelta(days=1))
    body = {"what": "Ring.", "owner_id": str(wing.clinician.staff_id), "due_at": due}
    made = (await wing.clinician.post(f"{path}/actions", body))["actions"][0]
    action = f"{path}/actions/{made['id']}"
    over = {"to_staff_id": str(wing.nurse.staff_id)}
    await wing.clinician.post(f"{action}/handover", over, 200)
    assert "action_to_accept" in await rules(wing.nurse)
    assert "action_to_do" in await rules(wing.clinician)
    await wing.nurse.post(f"{action}/acceptance", None, 200)
    assert "action_to_accept" not in await rules(wing.nurse)
    assert "action_to_do" in await rules(wing.nurse)
    assert "action_to_do" not in await rules(wing.clinician)


async def test_a_mentor_finds_what_they_were_told_back_for_two_weeks(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"concerns/{await raises(mentor)}"
    assert await items(mentor) == []
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    await wing.clinician.post(f"{path}/feedback", {"outcome": "acted"}, 200)
    [told] = await items(mentor)
    assert (told["rule"], told["thing_id"]) == ("told_back", path.split("/")[1])
    assert "person_id" not in told
    assert told["display_name"] is None
    clock.forward(days=15)
    assert await items(mentor) == []


async def test_a_walk_finds_every_item_once_whatever_the_size_of_the_pages(
    wing: Wing, another: Wing
) -> None:
    both = await in_both(wing, another, StaffRole.clinician, StaffRole.nurse)
    for number in range(4):
        for prison in (wing, another):
            await raises(prison.support_worker, ("today", "right_now")[number % 2])
    path = f"concerns/{await raises(wing.support_worker)}"
    await wing.clinician.post(f"{path}/acknowledgement", {}, 200)
    due = clock.spell(clock.now() + timedelta(days=1))
    for _ in range(3):  # alike in all but their own ids
        body = {"what": "Ring.", "owner_id": str(both.staff_id), "due_at": due}
        await wing.clinician.post(f"{path}/actions", body)
    whole = await items(both, "?limit=200")
    assert len(whole) == 12
    for limit in (1, 2, 5, 11, 12, 13):
        assert await walk(both, f"{INBOX}?limit={limit}") == whole


async def test_a_cursor_is_its_readers_own(wing: Wing) -> None:
    for _ in range(2):
        await raises(wing.support_worker)
    cursor = (await wing.clinician.get(f"{INBOX}?limit=1"))["next"]
    await wing.clinician.get(f"{INBOX}?cursor={cursor}")
    refused = await wing.nurse.request("GET", f"{INBOX}?cursor={cursor}")
    problem(refused, 422, "invalid")


async def test_what_was_shown_is_in_the_audit_of_each_prison(wing: Wing, another: Wing) -> None:
    both = await in_both(wing, another, StaffRole.clinician, StaffRole.clinician)
    here, there = await raises(wing.support_worker), await raises(another.support_worker)
    await items(both)
    await asyncio.sleep(2 * FLUSH_SECONDS)
    for prison, thing, other in ((wing, here, there), (another, there, here)):
        query = f"audit?operation=list_inbox&subject={both.subject}"
        [entry] = (await prison.governor.get(query))["items"]
        assert (entry["act"], entry["ids"]) == ("listed", [thing])
        assert other not in repr(entry)


async def test_who_is_nobody_in_a_prison_any_more_finds_nothing_of_it(
    wing: Wing, another: Wing
) -> None:
    both = await in_both(wing, another, StaffRole.clinician, StaffRole.clinician)
    here = await raises(wing.support_worker)
    await raises(another.support_worker)
    async with wing.db.write(another.prison_id) as session:
        gone = "UPDATE staff SET active = false WHERE prison_id = :id AND subject = :subject"
        await session.execute(text(gone), {"id": another.prison_id, "subject": both.subject})
    assert [each["thing_id"] for each in await items(both)] == [here]


async def test_whatever_the_task_whoever_it_falls_to_finds_it_once(wing: Wing) -> None:
    """Also of those that the board tells of by what they are about."""
    due = clock.now() + timedelta(days=3)
    opened = {
        kind: Task(
            prison_id=wing.prison_id,
            reference=references.new("T"),
            kind=kind,
            thing_noun=TaskSource.webhooks,
            thing_id=new_id(),
            for_staff_id=wing.support_worker.staff_id,
            due_at=due,
            next_step_at=due,
        )
        for kind in TaskKind
        # These are told by the glass and by the action, which are there themselves.
        if kind not in {TaskKind.break_glass_review, TaskKind.action_due}
    }
    async with wing.db.write(wing.prison_id) as session:
        session.add_all(opened.values())
    found = [each["thing_id"] for each in await items(wing.support_worker, "?limit=200")]
    assert sorted(found) == sorted(str(task.id) for task in opened.values())
    assert await items(wing.clinician) == []


async def test_a_machine_has_an_empty_inbox(wing: Wing) -> None:
    machine = await wing.lets_in("concerns.read")
    await raises(wing.support_worker)
    assert await machine.get(INBOX) == {"items": [], "next": None}
