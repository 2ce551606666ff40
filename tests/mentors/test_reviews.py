"""The review of a mentor's work: every year, and after three months where the approval says so."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.models.mentors import Mentor
from app.scope import everything
from app.services.mentors import reviews
from app.services.mentors.reviews import due_on
from app.services.working_days import add_calendar_months, close_of_day, local_date
from tests.story import Caller, Wing

DONE = {"note": "Works well; wants to lead a group."}


@pytest.mark.parametrize(
    ("since", "reviewed", "condition", "due"),
    [
        (date(2026, 11, 25), None, False, date(2027, 11, 25)),
        (date(2026, 11, 25), None, True, date(2027, 2, 25)),
        (date(2026, 11, 30), None, True, date(2027, 2, 28)),
        (date(2028, 2, 29), None, False, date(2029, 2, 28)),
        (date(2026, 11, 25), date(2027, 2, 20), True, date(2028, 2, 20)),
        (date(2026, 11, 25), date(2027, 11, 1), False, date(2028, 11, 1)),
        (date(2026, 11, 25), date(2028, 1, 10), False, date(2029, 1, 10)),
        (date(2026, 11, 25), date(2026, 11, 20), False, date(2027, 11, 25)),
    ],
)
def test_the_day_by_which_a_mentors_work_is_reviewed(
    since: date, reviewed: date | None, condition: bool, due: date
) -> None:
    assert due_on(since, reviewed, first_after_three=condition) == due


async def reviews_open(wing: Wing, status: str = "open") -> list[Any]:
    found = await wing.support_worker.get(f"tasks?kind=mentor_review&status={status}&limit=200")
    return [*found["items"]]


async def days_pass(wing: Wing, until: date, *, before: int) -> None:
    """The days up to so many before that day, and a round of housekeeping."""
    clock.forward(days=(until - local_date(clock.now())).days - before)
    await wing.tidies()


async def on_condition(wing: Wing, mentor: Caller) -> None:
    body = {"conditions": ["review_after_three_months"]}
    await wing.governor.put(f"mentors/{mentor.mentor_id}/conditions", body)


async def test_it_is_asked_for_once_in_the_four_weeks_before_the_year_is_over(wing: Wing) -> None:
    clock.forward(hours=(12 - clock.now().hour) % 24)  # at night summer time is another day
    mentor = await wing.active_mentor()
    due = add_calendar_months(local_date(clock.now()), 12)
    await days_pass(wing, due, before=29)
    assert await reviews_open(wing) == []
    await days_pass(wing, due, before=28)
    await wing.tidies()
    (task,) = await reviews_open(wing)
    assert (task["for_role"], task["person_id"]) == ("support_worker", str(mentor.person_id))
    assert task["due_at"] == clock.spell(close_of_day(due))
    assert (task["thing_noun"], task["thing_id"]) == ("mentors", str(mentor.mentor_id))


async def test_two_workers_at_once_ask_once(wing: Wing) -> None:
    await wing.active_mentor()
    clock.forward(days=350)

    async def round_() -> None:
        async with wing.db.write(wing.prison_id) as session:
            await reviews.reviews_due(session, wing.prison_id)

    await asyncio.gather(*[round_() for _ in range(4)])
    assert len(await reviews_open(wing)) == 1


async def test_a_mentor_whom_somebody_changes_is_left_to_the_next_round(wing: Wing) -> None:
    await wing.active_mentor()
    clock.forward(days=350)
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(everything(Mentor, wing.prison_id).with_for_update())
        async with wing.db.write(wing.prison_id) as other:
            waited = asyncio.wait_for(reviews.reviews_due(other, wing.prison_id), 10)
            assert await waited == 0
    await wing.tidies()
    assert len(await reviews_open(wing)) == 1


async def test_on_that_condition_the_first_is_after_three_months_and_then_a_year(
    wing: Wing,
) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    await on_condition(wing, mentor)
    first = add_calendar_months(local_date(clock.now()), 3)
    await days_pass(wing, first, before=28)
    (task,) = await reviews_open(wing)
    assert (task["person_id"], task["due_at"]) == (
        str(mentor.person_id),
        clock.spell(close_of_day(first)),
    )
    refused = await wing.support_worker.move(f"tasks/{task['id']}", "done", 422)
    assert refused["errors"][0]["field"] == "note"
    done = await wing.support_worker.move(f"tasks/{task['id']}", "done", **DONE)
    assert (done["status"], done["outcome"]) == ("done", DONE["note"])
    again = add_calendar_months(local_date(clock.now()), 12)
    keep = text("UPDATE training SET expires_on = expires_on + 365")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(keep)
    await days_pass(wing, again, before=29)
    assert {each["person_id"] for each in await reviews_open(wing)} == {str(other.person_id)}
    await days_pass(wing, again, before=28)
    found = {each["person_id"]: each["due_at"] for each in await reviews_open(wing)}
    assert found[str(mentor.person_id)] == clock.spell(close_of_day(again))


async def test_a_pause_puts_it_off_and_begins_nothing_anew(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    path = f"mentors/{mentor.mentor_id}"
    due = add_calendar_months(local_date(clock.now()), 12)
    clock.forward(days=200)
    await mentor.move(path, "paused", reason="own_wish")
    await days_pass(wing, due, before=20)
    assert await reviews_open(wing) == []
    await wing.support_worker.move(path, "active")
    await wing.tidies()
    assert [each["due_at"] for each in await reviews_open(wing)] == [clock.spell(close_of_day(due))]


async def test_a_condition_that_comes_later_leaves_a_week(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=150)
    await on_condition(wing, mentor)
    await wing.tidies()
    (task,) = await reviews_open(wing)
    in_a_week = local_date(clock.now()) + timedelta(days=7)
    assert task["due_at"] == clock.spell(close_of_day(in_a_week))


async def test_put_aside_without_a_review_it_comes_back_in_a_week(wing: Wing) -> None:
    await wing.active_mentor()
    clock.forward(days=340)
    await wing.tidies()
    (task,) = await reviews_open(wing)
    await wing.support_worker.move(f"tasks/{task['id']}", "cancelled", reason="other")
    await wing.tidies()
    assert await reviews_open(wing) == []
    clock.forward(days=7)
    await wing.tidies()
    assert len(await reviews_open(wing)) == 1


@pytest.mark.parametrize("end", ["stepped_down", "released", "deceased"])
async def test_nobody_is_reviewed_whose_episode_is_over(wing: Wing, end: str) -> None:
    mentor = await wing.active_mentor()
    clock.forward(days=340)
    await wing.tidies()
    assert len(await reviews_open(wing)) == 1
    reason = {"reason": "own_wish"} if end == "stepped_down" else {}
    await wing.support_worker.move(f"mentors/{mentor.mentor_id}", end, **reason)
    assert await reviews_open(wing) == []
    clock.forward(days=20)
    await wing.tidies()
    assert await reviews_open(wing) == []
