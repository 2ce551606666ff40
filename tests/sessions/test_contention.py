"""Two want the same: what the lock, the pure decision and the database's constraints make of it."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.models.mentees import MenteeStatus
from app.models.mentors import MentorStatus
from app.models.sessions import ClashKind, Session, SessionKind, SessionStatus
from app.services.scheduling import Facts, Limits, Plan, Taken, clashes
from app.services.sessions.booking import part_of
from app.services.sessions.facts import load_facts
from tests.sessions.scene import Scene, a_mentee, a_scene, tomorrow
from tests.story import Wing


@pytest.fixture
async def scene(wing: Wing) -> Scene:
    return await a_scene(wing)


async def test_of_twenty_bookings_of_one_room_at_one_instant_exactly_one_wins(
    wing: Wing,
) -> None:
    scene = await a_scene(wing, mentees=0)
    mentors = [await wing.active_mentor() for _ in range(4)]
    mentees = [await a_mentee(wing) for _ in range(20)]
    plans = [
        scene.plan(mentor_id=str(mentors[number % 4].mentor_id), mentee_ids=[mentee])
        for number, mentee in enumerate(mentees)
    ]
    answers = await asyncio.gather(
        *[wing.support_worker.request("POST", "sessions", json=plan) for plan in plans]
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["code"] in {"room_taken", "clash"}
            named = [clash for clash in problem["clashes"] if clash["kind"] == "room"]
            assert [clash["thing_id"] for clash in named] == [scene.room]
    assert len((await wing.support_worker.get("sessions"))["items"]) == 1


async def test_crossed_bookings_and_replannings_never_deadlock(scene: Scene) -> None:
    """Everyone wants the same mentees in another order, in a few rooms, at overlapping times."""
    rooms = [scene.room, None, (await scene.wing.room("Garden room"))["id"]]
    others = [scene.mentor, await scene.one_more()]
    planned = [await scene.books(tomorrow(hour)) for hour in (6, 7)]

    def plan(number: int) -> dict[str, Any]:
        turned = scene.mentees[number % 3 :] + scene.mentees[: number % 3]
        return scene.plan(
            tomorrow(9, 20 * (number % 3)),
            kind="group",
            room_id=rooms[number % 3],
            mentor_id=str(others[number % 2].mentor_id),
            mentee_ids=turned if number % 4 else turned[::-1],
        )

    change = {"starts_at": tomorrow(9).isoformat(), "ends_at": tomorrow(10).isoformat()}
    answers = await asyncio.gather(
        *[scene.support_worker.request("POST", "sessions", json=plan(n)) for n in range(12)],
        *[
            scene.support_worker.request(
                "PATCH", f"sessions/{each['id']}", json=change, headers={"If-Match": "*"}
            )
            for each in planned * 3
        ],
    )
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 201, 409}
    assert statuses[409] >= 1
    assert statuses[200] + statuses[201] >= 1


async def test_a_deadlock_in_the_database_is_tried_again_and_never_shown(scene: Scene) -> None:
    """A stranger takes the mentor's lock first and the mentee's second: the wrong order."""
    wing = scene.wing
    keys = [
        f"{wing.prison_id}:mentor:{scene.mentor.mentor_id}",
        f"{wing.prison_id}:mentee:{scene.mentees[0]}",
    ]
    lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
    async with wing.db.pool.acquire() as stranger:
        transaction = stranger.transaction()
        await transaction.start()
        await stranger.execute(lock, keys[0])
        booking = asyncio.create_task(
            scene.support_worker.request("POST", "sessions", json=scene.plan())
        )
        await _waiting_for_a_lock(wing)
        await stranger.execute(lock, keys[1])
        await transaction.rollback()
    assert (await booking).status_code == 201


async def _waiting_for_a_lock(wing: Wing) -> None:
    """Until some session of this database waits for a lock."""
    waits = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _ in range(500):
        if (await wing.db.fetch(wing.prison_id, waits))[0][0]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_a_plan_saved_by_a_stranger_without_locks_is_answered_like_any_clash(
    scene: Scene,
) -> None:
    """The constraint fires after the facts were clean; the answer still names the room."""
    wing = scene.wing
    other = await scene.one_more()
    async with wing.db.sessions() as session:
        await session.begin()
        await _scope(session, wing.prison_id)
        assert other.mentor_id is not None
        session.add(
            Session(
                prison_id=wing.prison_id,
                kind=SessionKind.day_to_day,
                room_id=UUID(scene.room),
                mentor_id=other.mentor_id,
                starts_at=tomorrow(9),
                ends_at=tomorrow(10),
            )
        )
        await session.flush()
        booking = asyncio.create_task(
            scene.support_worker.request("POST", "sessions", json=scene.plan())
        )
        await _waiting_for_a_lock(wing)
        await session.commit()
    answer = await booking
    assert answer.status_code == 409
    assert answer.json()["code"] == "room_taken"
    assert [clash["thing_id"] for clash in answer.json()["clashes"]] == [scene.room]


async def _scope(session: AsyncSession, prison_id: str) -> None:
    await session.execute(text(f"SET LOCAL app.prison_id = '{prison_id}'"))


# -- the pure decision and the constraints say the same

spans = st.tuples(st.integers(min_value=0, max_value=3), st.integers(min_value=1, max_value=2))
one_of_two = st.integers(min_value=0, max_value=1)
plans = st.fixed_dictionaries(
    {
        "span": spans,
        "room": st.one_of(st.none(), one_of_two),
        "mentor": one_of_two,
        "mentees": st.sets(one_of_two, min_size=1),
    }
)
made_plans = st.tuples(plans, st.sampled_from(["planned", "confirmed", "cancelled", "held"]))


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(others=st.lists(made_plans, min_size=1, max_size=3), new=plans)
async def test_a_plan_clashes_exactly_when_the_database_would_refuse_it(
    scene: Scene, two: "Two", others: list[tuple[dict[str, Any], str]], new: dict[str, Any]
) -> None:
    async with scene.wing.db.sessions() as db:
        await db.begin()
        await _scope(db, scene.wing.prison_id)
        taken: list[Taken] = []
        for drawn, status in others:
            if await two.saves(db, drawn, status) and status in {"planned", "confirmed"}:
                taken += two.taken(drawn)
        found = clashes(two.plan(new), two.facts(taken))
        saved = await two.saves(db, new, "planned")
        await db.rollback()
    assert saved == (not found), found


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(others=st.lists(made_plans, min_size=1, max_size=3), new=plans)
async def test_by_the_facts_that_are_loaded_it_clashes_exactly_when_the_database_would_refuse(
    scene: Scene, two: "Two", others: list[tuple[dict[str, Any], str]], new: dict[str, Any]
) -> None:
    """As booking does it: the queries, then the decision, then the constraints."""
    async with scene.wing.db.sessions() as db:
        await db.begin()
        await _scope(db, scene.wing.prison_id)
        for drawn, status in others:
            await two.saves(db, drawn, status)
        plan = two.plan(new)
        found = clashes(plan, await load_facts(db, scene.wing.prison_id, plan))
        saved = await two.saves(db, new, "planned")
        await db.rollback()
    assert saved == (not found), found


class Two:
    """Two rooms, two mentors and two mentees, and plans made of them."""

    def __init__(self, prison_id: str, rooms: list[UUID], mentors: list[UUID], mentees: list[UUID]):
        self.prison_id = prison_id
        self.rooms, self.mentors, self.mentees = rooms, mentors, mentees
        self.start = tomorrow(9)

    def plan(self, drawn: dict[str, Any]) -> Plan:
        begin, quarters = drawn["span"]
        starts_at = self.start + timedelta(minutes=15 * begin)
        return Plan(
            kind=SessionKind.group,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=15 * quarters),
            room_id=None if drawn["room"] is None else self.rooms[drawn["room"]],
            mentor_id=self.mentors[drawn["mentor"]],
            mentee_ids=tuple(self.mentees[number] for number in sorted(drawn["mentees"])),
        )

    def taken(self, drawn: dict[str, Any]) -> list[Taken]:
        plan = self.plan(drawn)
        things = [(ClashKind.mentor, plan.mentor_id)]
        things += [(ClashKind.room, plan.room_id)] if plan.room_id else []
        things += [(ClashKind.mentee, mentee_id) for mentee_id in plan.mentee_ids]
        return [Taken(kind, thing, plan.starts_at, plan.ends_at) for kind, thing in things]

    def facts(self, taken: list[Taken]) -> Facts:
        mentees = dict.fromkeys(self.mentees, MenteeStatus.engaged)
        return Facts(clock.now(), taken, 12, MentorStatus.active, mentees, Limits(60, 7))

    async def saves(self, db: AsyncSession, drawn: dict[str, Any], status: str) -> bool:
        """Insert the plan as it is; False when a constraint refuses it."""
        plan = self.plan(drawn)
        try:
            async with db.begin_nested():
                session = Session(
                    prison_id=self.prison_id,
                    kind=SessionKind.group,
                    status=SessionStatus(status),
                    room_id=plan.room_id,
                    mentor_id=plan.mentor_id,
                    starts_at=plan.starts_at,
                    ends_at=plan.ends_at,
                )
                db.add(session)
                await db.flush()
                db.add_all([part_of(session, mentee_id) for mentee_id in plan.mentee_ids])
        except IntegrityError as error:
            cause = error.orig and error.orig.__cause__
            assert isinstance(cause, asyncpg.ExclusionViolationError)
            return False
        return True


@pytest.fixture
async def two(scene: Scene) -> Two:
    other = await scene.one_more()
    rooms = [scene.room, (await scene.wing.room("Garden room"))["id"]]
    assert scene.mentor.mentor_id is not None
    assert other.mentor_id is not None
    return Two(
        scene.wing.prison_id,
        [UUID(room) for room in rooms],
        [scene.mentor.mentor_id, other.mentor_id],
        [UUID(mentee) for mentee in scene.mentees[:2]],
    )
