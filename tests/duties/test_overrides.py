"""Somebody takes a part of another's duty, and nobody has a post."""

from asyncio import gather
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import clock, worker
from app.models.duties import Post
from app.models.staff import Staff, StaffRole
from app.services.duties.gaps import gaps
from app.services.duties.roster import Held, Roster, Taken
from tests.story import Caller, Wing

START = datetime(2026, 11, 30, 8, tzinfo=UTC)


def spelt(hours: float) -> str:
    return clock.spell(clock.now() + timedelta(hours=hours))


async def on_duty(
    wing: Wing, who: Caller, ends: float | None = None, post: str = "clinician"
) -> Any:
    body = {"staff_id": str(who.staff_id), "post": post, "starts_at": spelt(-1)}
    if ends is not None:
        body["ends_at"] = spelt(ends)
    return await wing.governor.post("duties", body)


def part(who: Caller, begins: float, ends: float) -> dict[str, Any]:
    return {"staff_id": str(who.staff_id), "starts_at": spelt(begins), "ends_at": spelt(ends)}


async def names(wing: Wing) -> list[str]:
    return [each["name"] for each in (await wing.officer.get("on-duty"))["staff"]]


async def test_whoever_takes_a_part_is_on_duty_for_just_that_part(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, 8)
    await wing.clinician.post(f"duties/{duty['id']}/overrides", part(wing.nurse, 1, 3))
    seen = []
    for _ in range(3):
        seen += await names(wing)
        clock.forward(hours=1.5)
    assert seen == [
        wing.clinician.subject.title(),
        wing.nurse.subject.title(),
        wing.clinician.subject.title(),
    ]


async def test_a_concern_pages_whoever_took_the_part(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, 8)
    await wing.clinician.post(f"duties/{duty['id']}/overrides", part(wing.nurse, 0, 3))
    body = {"immediacy": "this_session", "subject_as_told": "a lad", "account": "Words."}
    await wing.officer.post("concerns", body)
    await worker.sweep(wing.db, wing.prison_id)
    assert len((await wing.nurse.get("notifications"))["items"]) == 1
    assert (await wing.clinician.get("notifications"))["items"] == []


async def test_where_the_taker_leaves_the_duty_is_its_owners_again(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, 8)
    await wing.clinician.post(f"duties/{duty['id']}/overrides", part(wing.nurse, 0, 3))
    await wing.governor.patch(f"staff/{wing.nurse.staff_id}", {"active": False})
    assert await names(wing) == [wing.clinician.subject.title()]


async def test_a_part_is_taken_once_even_at_the_same_moment(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, 8)
    other = await wing.hires(StaffRole.clinician)
    path = f"duties/{duty['id']}/overrides"
    answers = await gather(
        *(wing.clinician.request("POST", path, json=part(who, 1, 3)) for who in (wing.nurse, other))
    )
    assert sorted(each.status_code for each in answers) == [201, 409]
    refused = next(each.json() for each in answers if each.status_code == 409)
    assert refused["code"] == "duty_part_taken"


async def test_a_part_that_is_given_back_may_be_taken_again(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, 8)
    path = f"duties/{duty['id']}/overrides"
    made = await wing.clinician.post(path, part(wing.nurse, 1, 3))
    await wing.clinician.post(f"{path}/{made['id']}/end", None, 200)
    await wing.clinician.post(f"{path}/{made['id']}/end", None, 409)
    await wing.clinician.post(path, part(wing.nurse, 0, 4))
    clock.forward(hours=1)
    second = (await wing.officer.get(path))["items"][0]
    ended = await wing.clinician.post(f"{path}/{second['id']}/end", None, 200)
    assert ended["ends_at"] < second["ends_at"]
    assert await names(wing) == [wing.clinician.subject.title()]


async def test_what_is_no_part_of_the_duty_is_refused_by_field(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, 8)
    path = f"duties/{duty['id']}/overrides"
    for body, field in (
        (part(wing.nurse, -2, 3), "starts_at"),
        (part(wing.nurse, 1, 9), "ends_at"),
        (part(wing.nurse, 3, 1), "ends_at"),
        (part(wing.nurse, -0.9, -0.5), "ends_at"),
        (part(wing.clinician, 1, 3), "staff_id"),
    ):
        refused = await wing.clinician.post(path, body, 422)
        assert [each["field"] for each in refused["errors"]] == [field]


async def test_only_a_governor_gives_a_part_of_the_last_resort(wing: Wing) -> None:
    duty = await on_duty(wing, wing.governor, post="last_resort")
    path = f"duties/{duty['id']}/overrides"
    await wing.clinician.post(path, part(wing.nurse, 1, 3), 403)
    await wing.governor.post(path, part(wing.nurse, 1, 3))


async def test_another_duty_has_no_such_part(wing: Wing) -> None:
    duty, other = await on_duty(wing, wing.clinician, 8), await on_duty(wing, wing.nurse, 8)
    made = await wing.clinician.post(f"duties/{duty['id']}/overrides", part(wing.nurse, 1, 3))
    await wing.clinician.post(f"duties/{other['id']}/overrides/{made['id']}/end", None, 404)


# Gaps


async def test_a_gap_between_two_duties_has_a_name(wing: Wing) -> None:
    first = await on_duty(wing, wing.clinician, 2)
    await wing.governor.post(
        "duties",
        {"staff_id": str(wing.nurse.staff_id), "post": "clinician", "starts_at": spelt(5)},
    )
    found = (await wing.officer.get("duties/gaps"))["items"]
    (gap,) = [each for each in found if each["post"] == "clinician"]
    assert gap["after_duty_id"] == first["id"]
    begins, ends = (datetime.fromisoformat(gap[name]) for name in ("starts_at", "ends_at"))
    assert ends - begins < timedelta(hours=3, seconds=5)
    never = [each for each in found if each["post"] == "support_worker"]
    assert [each["after_duty_id"] for each in never] == [None]


async def test_governors_are_told_of_a_gap_before_it_begins_and_no_more_when_it_is_filled(
    wing: Wing,
) -> None:
    duty = await on_duty(wing, wing.clinician, 30)
    await worker.housekeeping(wing.db, wing.prison_id)
    await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"]
    assert (task["thing_noun"], task["thing_id"]) == ("duties", duty["id"])
    assert task["due_at"] == duty["ends_at"]
    await worker.sweep(wing.db, wing.prison_id)
    (page,) = (await wing.governor.get("notifications"))["items"]
    assert page["why"] == "task_due_soon"
    await wing.governor.post(
        "duties",
        {
            "staff_id": str(wing.nurse.staff_id),
            "post": "clinician",
            "starts_at": duty["ends_at"],
        },
    )
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"] == []


async def test_a_governor_who_ended_the_task_is_not_told_of_the_same_gap_again(wing: Wing) -> None:
    await on_duty(wing, wing.clinician, 30)
    await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"]
    await wing.governor.move(f"tasks/{task['id']}", "done")
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"] == []


async def test_a_gap_that_was_filled_and_opens_again_is_told_again_and_when(wing: Wing) -> None:
    first = await on_duty(wing, wing.clinician, 30)
    await worker.housekeeping(wing.db, wing.prison_id)
    second = await on_duty(wing, wing.nurse, 90)
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"] == []
    await wing.governor.patch(f"duties/{second['id']}", {"ends_at": spelt(20)})
    await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"]
    assert task["due_at"] == first["ends_at"]
    await wing.governor.patch(f"duties/{first['id']}", {"ends_at": second["ends_at"]})
    await wing.governor.patch(f"duties/{second['id']}", {"ends_at": spelt(10)})
    await wing.governor.patch(f"duties/{first['id']}", {"ends_at": spelt(9)})
    await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"]
    due = datetime.fromisoformat(task["due_at"]) - clock.now()
    assert timedelta(hours=9.9) < due <= timedelta(hours=10)


async def test_another_gap_after_the_same_duty_is_told_though_one_was_known(wing: Wing) -> None:
    duty = await on_duty(wing, wing.clinician, 30)
    await worker.housekeeping(wing.db, wing.prison_id)
    (task,) = (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"]
    await wing.governor.move(f"tasks/{task['id']}", "done")
    ended = await wing.governor.patch(f"duties/{duty['id']}", {"ends_at": spelt(20)})
    await worker.housekeeping(wing.db, wing.prison_id)
    (sooner,) = (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"]
    assert sooner["due_at"] == ended["ends_at"]
    await wing.governor.move(f"tasks/{sooner['id']}", "done")
    clock.forward(hours=25)  # it runs, and they know
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"] == []
    longer = await wing.governor.patch(f"duties/{duty['id']}", {"ends_at": spelt(10)})
    await worker.housekeeping(wing.db, wing.prison_id)
    (later,) = (await wing.governor.get("tasks?kind=duty_gap&status=open"))["items"]
    assert later["due_at"] == longer["ends_at"]


async def test_a_post_that_nobody_ever_had_alarms_nobody(wing: Wing) -> None:
    await worker.housekeeping(wing.db, wing.prison_id)
    assert (await wing.governor.get("tasks?kind=duty_gap"))["items"] == []


@pytest.mark.parametrize(("first", "last"), [(2, 1), (1, 0.9), (0, 24 * 93)])
async def test_a_period_is_in_order_and_not_too_long(wing: Wing, first: float, last: float) -> None:
    query = {"from": spelt(first), "to": spelt(last)}
    refused = await wing.officer.get("duties/gaps", 422, params=query)
    assert refused["errors"][0]["field"] == "to"


PEOPLE = [UUID(int=number) for number in range(1, 5)]
HOURS = st.integers(-10, 40)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


@st.composite
def duties(draw: st.DrawFn) -> Held:
    begins, length = draw(HOURS), draw(st.integers(1, 30))
    whose = st.sampled_from(PEOPLE)
    first, hours = draw(st.integers(0, length - 1)), draw(st.integers(1, 10))
    taken = Taken(draw(whose), at(begins + first), at(min(begins + length, begins + first + hours)))
    ends = draw(st.sampled_from([None, at(begins + length)]))
    parts = draw(st.sampled_from([(), (taken,)]))
    return Held(UUID(int=draw(st.integers(1, 2**64))), Post.clinician, draw(whose), at(begins),
                ends, parts)  # fmt: skip


@settings(deadline=None)
@given(st.lists(duties(), max_size=6), st.sets(st.sampled_from(PEOPLE)))
def test_a_gap_is_exactly_where_nobody_is_on_duty(held: list[Held], here: set[UUID]) -> None:
    role = StaffRole.clinician
    staff = [Staff(prison_id="AAA", id=each, subject="s", name="N", role=role) for each in here]
    roster = Roster(staff, sorted(held, key=lambda each: each.starts_at))
    found = [each for each in gaps(roster, at(0), at(30)) if each.post is Post.clinician]
    for half_hours in range(60):
        instant = START + timedelta(minutes=30 * half_hours)
        empty = not roster.on_duty(instant)[Post.clinician]
        assert any(each.starts_at <= instant < each.ends_at for each in found) is empty


@settings(deadline=None)
@given(duties(), st.sets(st.sampled_from(PEOPLE)))
def test_the_turns_of_a_duty_are_who_has_it_at_each_instant(held: Held, here: set[UUID]) -> None:
    turns = held.turns(here)
    for half_hours in range(-20, 80):
        instant = START + timedelta(minutes=30 * half_hours)
        having = [
            turn.staff_id
            for turn in turns
            if turn.starts_at <= instant and (turn.ends_at is None or instant < turn.ends_at)
        ]
        holder = held.holder(instant, here)
        assert having == ([] if holder is None else [holder])
