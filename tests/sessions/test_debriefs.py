"""A mentor called out at night is debriefed within a day of its end."""

from datetime import timedelta
from typing import Any

from app import clock
from tests.story import Caller, Wing


def callout(mentor: Caller, mentee: Any, hours_ago: float) -> dict[str, Any]:
    starts = clock.now() - timedelta(hours=hours_ago)
    return {
        "kind": "night_callout",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": clock.spell(starts),
        "ends_at": clock.spell(starts + timedelta(hours=1)),
    }


async def test_a_night_call_out_asks_for_a_debrief_within_a_day_of_its_end(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    body = callout(mentor, mentee, 5)
    made = await wing.officer.post("sessions/held", body)
    (task,) = (await wing.support_worker.get("tasks?kind=debrief"))["items"]
    session_id = made["session"]["id"] if "session" in made else made["id"]
    assert (task["thing_noun"], task["thing_id"]) == ("sessions", session_id)
    assert task["person_id"] == str(mentor.person_id)
    assert task["for_staff_id"] == str(wing.support_worker.staff_id)
    left = timedelta(hours=20)
    assert task["due_at"][:16] == clock.spell(clock.now() + left)[:16]


async def test_entered_late_it_is_due_at_once(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    await wing.officer.post("sessions/held", callout(mentor, mentee, 60))
    clock.forward(seconds=1)
    (task,) = (await wing.support_worker.get("tasks?kind=debrief"))["items"]
    assert task["overdue"] is True


async def test_other_sessions_ask_for_none(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    body = {**callout(mentor, mentee, 5), "kind": "one_to_one"}
    await wing.support_worker.post("sessions/held", body)
    assert (await wing.support_worker.get("tasks?kind=debrief"))["items"] == []
