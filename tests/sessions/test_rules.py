"""Whether a plan can be, decided without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.mentees import MenteeStatus
from app.models.mentors import MentorStatus
from app.models.sessions import ClashKind, ParticipationStatus, SessionKind, SessionStatus
from app.services.scheduling import BOOKABLE, Facts, Limits, Plan, Taken, clashes
from app.services.sessions.moves import MOVES, PARTICIPATION_MOVES

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ROOM, MENTOR, LEAD = uuid4(), uuid4(), uuid4()
MENTEES = tuple(uuid4() for _ in range(3))
K = ClashKind


def at(hour: float) -> datetime:
    return NOW.replace(hour=0) + timedelta(hours=hour)


def plan(start: float = 10, end: float = 11, **fields: Any) -> Plan:
    whole: dict[str, Any] = {
        "kind": SessionKind.day_to_day,
        "starts_at": at(start),
        "ends_at": at(end),
        "room_id": ROOM,
        "mentor_id": MENTOR,
        "mentee_ids": MENTEES[:1],
        **fields,
    }
    return Plan(**whole)


def taken(kind: ClashKind, thing_id: UUID, start: float = 10, end: float = 11) -> Taken:
    return Taken(kind, thing_id, at(start), at(end))


def facts(*others: Taken, **fields: Any) -> Facts:
    whole: dict[str, Any] = {
        "now": NOW,
        "taken": others,
        "capacity": 8,
        "mentor": MentorStatus.active,
        "mentees": dict.fromkeys(MENTEES, MenteeStatus.engaged),
        "limits": Limits(25, 2),
        **fields,
    }
    return Facts(**whole)


def kinds(made: Plan, known: Facts) -> list[ClashKind]:
    return [clash.kind for clash in clashes(made, known)]


def test_a_plan_that_meets_nothing_has_no_clash() -> None:
    assert clashes(plan(), facts()) == []


@pytest.mark.parametrize(
    ("start", "end", "clash"),
    [
        (8.5, 10, False),  # it ends as the other begins
        (11, 12, False),  # it begins as the other ends
        (10, 11, True),
        (9, 10.02, True),
        (10.98, 12, True),
        (10.25, 10.75, True),  # within
        (9, 12, True),  # around
        (14, 15, False),
    ],
)
@pytest.mark.parametrize(
    ("kind", "thing_id"), [(K.room, ROOM), (K.mentor, MENTOR), (K.mentee, MENTEES[0])]
)
def test_times_are_half_open_for_rooms_mentors_and_mentees(
    kind: ClashKind, thing_id: UUID, start: float, end: float, clash: bool
) -> None:
    found = kinds(plan(start, end), facts(taken(kind, thing_id)))
    assert found == ([kind] if clash else [])


def test_another_room_mentor_or_mentee_at_the_same_time_is_no_clash() -> None:
    others = [taken(kind, uuid4()) for kind in (K.room, K.mentor, K.mentee)]
    assert clashes(plan(), facts(*others)) == []


def test_a_things_kind_counts_not_its_id_alone() -> None:
    assert clashes(plan(), facts(taken(K.mentor, ROOM))) == []


def test_every_reason_is_found_at_once_and_each_names_its_field() -> None:
    known = facts(
        taken(K.room, ROOM, 6, 7),
        taken(K.mentor, MENTOR, 6, 7),
        taken(K.mentee, MENTEES[0], 6, 7),
        taken(K.mentee, MENTEES[2], 6, 7),
        capacity=3,
        mentor=MentorStatus.suspended,
        mentees={
            MENTEES[0]: MenteeStatus.engaged,
            MENTEES[1]: MenteeStatus.paused,
            MENTEES[2]: MenteeStatus.released,
        },
    )
    found = clashes(plan(6, 7, mentee_ids=MENTEES), known)
    assert [(clash.kind, clash.field, clash.thing_id) for clash in found] == [
        (K.in_the_past, "starts_at", None),
        (K.room, "room_id", ROOM),
        (K.capacity, "room_id", ROOM),
        (K.mentor, "mentor_id", MENTOR),
        (K.mentor_not_active, "mentor_id", MENTOR),
        (K.mentee, "mentee_ids.0", MENTEES[0]),
        (K.mentee_not_engaged, "mentee_ids.1", MENTEES[1]),
        (K.mentee, "mentee_ids.2", MENTEES[2]),
        (K.mentee_not_engaged, "mentee_ids.2", MENTEES[2]),
    ]


def test_a_thing_taken_twice_clashes_once_and_names_the_earlier_time() -> None:
    known = facts(taken(K.room, ROOM, 10.5, 11), taken(K.room, ROOM, 9.5, 10.5))
    (clash,) = clashes(plan(), known)
    assert "from 2026-11-23T09:30:00+00:00 until 2026-11-23T10:30:00+00:00" in clash.detail


@pytest.mark.parametrize(("capacity", "clash"), [(2, True), (3, True), (4, False), (None, False)])
def test_capacity_counts_the_mentor(capacity: int | None, clash: bool) -> None:
    found = kinds(plan(mentee_ids=MENTEES), facts(capacity=capacity))
    assert found == ([K.capacity] if clash else [])


def test_capacity_counts_the_qualified_lead() -> None:
    full = facts(capacity=4)
    assert kinds(plan(mentee_ids=MENTEES, lead_staff_id=LEAD), full) == [K.capacity]


def test_without_a_room_neither_room_nor_capacity_can_clash() -> None:
    known = facts(taken(K.room, ROOM), capacity=None)
    assert clashes(plan(room_id=None, mentee_ids=MENTEES), known) == []


@pytest.mark.parametrize("status", MentorStatus)
def test_only_an_active_mentor_is_planned_with(status: MentorStatus) -> None:
    found = kinds(plan(), facts(mentor=status))
    assert found == ([] if status is MentorStatus.active else [K.mentor_not_active])


@pytest.mark.parametrize("status", MenteeStatus)
def test_mentees_are_planned_with_from_acceptance_until_pause_or_end(status: MenteeStatus) -> None:
    found = kinds(plan(), facts(mentees={MENTEES[0]: status}))
    assert found == ([] if status in BOOKABLE else [K.mentee_not_engaged])
    assert (status in BOOKABLE) == (status in {"accepted", "waiting", "offered", "engaged"})


@pytest.mark.parametrize(("start", "clash"), [(7.99, True), (8, False), (8.01, False)])
def test_a_plan_begins_in_the_future(start: float, clash: bool) -> None:
    found = kinds(plan(start, 9), facts())
    assert found == ([K.in_the_past] if clash else [])


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 1.0), ("2026-10-25", 1.0)], ids=["23 hours", "25 hours"]
)
def test_on_days_of_changing_clocks_an_hour_is_an_hour(day: str, hours: float) -> None:
    """01:30 exists twice on the long day; as instants the two are an hour apart."""
    first = datetime.fromisoformat(f"{day}T00:30:00+00:00")
    known = facts(Taken(K.room, ROOM, first, first + timedelta(hours=hours)), now=first)
    after = plan(starts_at=first + timedelta(hours=1), ends_at=first + timedelta(hours=2))
    assert clashes(after, known) == []
    assert kinds(plan(starts_at=first, ends_at=first + timedelta(minutes=1)), known) == [K.room]


half_hours = st.integers(min_value=16, max_value=47)


@given(st.tuples(half_hours, half_hours), st.tuples(half_hours, half_hours))
def test_two_spans_clash_exactly_when_they_share_a_half_hour(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    (a, b), (c, d) = sorted(one), sorted(other)
    known = facts(taken(K.room, ROOM, c / 2, (d + 1) / 2))
    shared = set(range(a, b + 1)) & set(range(c, d + 1))
    assert (kinds(plan(a / 2, (b + 1) / 2), known) == [K.room]) == bool(shared)


def test_sessions_and_participations_have_the_moves_of_the_scheme() -> None:
    drawn = {(start.value, to.value) for start, to in MOVES}
    assert drawn == {
        ("planned", "confirmed"),
        ("planned", "held"),
        ("confirmed", "held"),
        ("planned", "cancelled"),
        ("confirmed", "cancelled"),
        ("held", "noted"),
        ("held", "locked"),
        ("noted", "locked"),
    }
    corrected = {to for start, to in PARTICIPATION_MOVES if start is ParticipationStatus.attended}
    assert corrected == {ParticipationStatus.dna, ParticipationStatus.cancelled}
    assert (ParticipationStatus.dna, ParticipationStatus.cancelled) in PARTICIPATION_MOVES


def test_only_the_system_locks() -> None:
    locking = [move for (_, to), move in MOVES.items() if to is SessionStatus.locked]
    assert len(locking) == 2
    assert all(not move.by and not move.offered for move in locking)
