"""Who is asked next, who may still join, who has completed: the pure part."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.enrolments.rules import (
    Waiting,
    free_place,
    has_completed,
    in_order,
    in_time,
    whom_to_ask,
)

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def waiting(number: int, **fields: object) -> Waiting:
    """The one with that number asked so many hours after the first."""
    since = NOW - timedelta(days=9) + timedelta(hours=number)
    values: dict[str, object] = {"safety_need": False, "waiting_since": since, **fields}
    return Waiting(UUID(int=number), **values)  # type: ignore[arg-type]


def asked(*everybody: Waiting, free_since: datetime = NOW) -> int | None:
    found = whom_to_ask(everybody, free_since)
    return found.enrolment_id.int if found else None


BEFORE, SINCE = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("everybody", "expected"),
    [
        ([], None),
        ([waiting(2), waiting(1)], 1),
        ([waiting(1), waiting(2, safety_need=True)], 2),
        ([waiting(1, safety_need=True), waiting(2, safety_need=True)], 1),
        ([waiting(1, ready=False), waiting(2)], 2),
        ([waiting(1, ready=False)], None),
        # Who did not answer for this place is passed over for it, and for no other.
        ([waiting(1, passed_over_at=SINCE), waiting(2)], 2),
        ([waiting(1, passed_over_at=NOW), waiting(2)], 2),
        ([waiting(1, passed_over_at=BEFORE), waiting(2)], 1),
        ([waiting(1, passed_over_at=SINCE, safety_need=True), waiting(2)], 2),
        # When everybody was asked it begins again from the first.
        ([waiting(2, passed_over_at=SINCE), waiting(1, passed_over_at=SINCE)], 1),
        ([waiting(1, passed_over_at=SINCE), waiting(2, ready=False)], 1),
    ],
)
def test_a_place_is_offered_in_a_fair_order(everybody: list[Waiting], expected: int | None) -> None:
    assert asked(*everybody) == expected


people = st.lists(
    st.builds(
        waiting,
        st.integers(1, 500),
        safety_need=st.booleans(),
        passed_over_at=st.sampled_from([None, BEFORE, SINCE]),
        ready=st.booleans(),
    ),
    unique_by=lambda each: each.enrolment_id,
    max_size=12,
)


@given(people, st.randoms(use_true_random=False))
def test_the_order_is_the_same_however_they_are_listed(
    everybody: list[Waiting], random: object
) -> None:
    shuffled = list(everybody)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert in_order(shuffled) == in_order(everybody)
    assert whom_to_ask(shuffled, NOW) == whom_to_ask(everybody, NOW)


@given(people)
def test_nobody_ready_waits_for_ever(everybody: list[Waiting]) -> None:
    """Offers that nobody answers come to everybody who is ready, each once, before anyone twice."""
    ready = [each for each in in_order(everybody) if each.ready]
    found, left = [], {each.enrolment_id: each for each in everybody}
    free_since = NOW + timedelta(days=1)
    for turn in range(len(ready)):
        chosen = whom_to_ask(left.values(), free_since)
        assert chosen is not None
        found.append(chosen.enrolment_id)
        at = free_since + timedelta(hours=turn)
        left[chosen.enrolment_id] = Waiting(
            chosen.enrolment_id, chosen.safety_need, chosen.waiting_since, at, True
        )
    assert found == [each.enrolment_id for each in ready]


@pytest.mark.parametrize(
    ("next_number", "join_until", "expected"),
    [
        (1, None, True),
        (8, None, True),
        (None, None, False),
        (3, 3, True),
        (4, 3, False),
        (None, 3, False),
    ],
)
def test_joining_late_is_possible_up_to_a_meeting(
    next_number: int | None, join_until: int | None, expected: bool
) -> None:
    assert in_time(next_number, join_until) is expected


@pytest.mark.parametrize(
    ("attended", "least", "expected"),
    [(6, 6, True), (7, 6, True), (5, 6, False), (0, None, False), (8, None, False)],
)
def test_a_course_is_completed_by_coming_often_enough(
    attended: int, least: int | None, expected: bool
) -> None:
    assert has_completed(attended, least) is expected


@pytest.mark.parametrize(
    ("places", "taken", "expected"),
    [(2, [], 1), (2, [1], 2), (2, [2], 1), (2, [1, 2], None), (1, [3], 1)],
)
def test_the_lowest_free_place_is_given(
    places: int, taken: list[int], expected: int | None
) -> None:
    assert free_place(places, taken) == expected
